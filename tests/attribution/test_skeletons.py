"""Lines that a known generator wrote are nobody's work, in whichever commit they came."""

from __future__ import annotations

from base64 import b64encode
from importlib.resources import files

import pytest

from evidence.attribution import Skeletons
from evidence.attribution.plain import plain_lines, runs, told
from evidence.attribution.skeletons import RUN, hashed
from tests.attribution.conftest import Ask
from tests.attribution.telling import ADA, BOB, Story, lines, text

TEMPLATES = files("flask_migrate") / "templates" / "flask"
ONE = lines("ada", *range(1, 21))


def begun(story: Story) -> None:
    """Four commits of two people, as many projects have before they meet a database."""
    for n in range(1, 5):
        story.commit(BOB if n % 2 else ADA, {f"m{n}.py": text(ONE[:n])})


@pytest.mark.parametrize("name", ["env.py", "script.py.mako", "alembic.ini.mako"])
def test_only_what_was_changed_in_a_skeleton_is_the_candidates(story: Story, ask: Ask, name: str) -> None:
    """The candidate commits a generator's file in the fifth commit and changes three lines later: these are theirs."""
    path = f"migrations/{name.removesuffix('.mako') if name == 'alembic.ini.mako' else name}"
    skeleton = (TEMPLATES / name).read_text(encoding="utf-8").splitlines()
    begun(story)
    story.commit(ADA, {path: text(skeleton)}, "Add migrations\n")
    # a blank line belongs to what stands above it, so one must not follow
    at = next(n for n in range(1, len(skeleton)) if all(line.strip() for line in skeleton[n - 1 : n + 4]))
    changed = [*skeleton[:at], *ONE[:3], *skeleton[at + 3 :]]
    story.commit(ADA, {path: text(changed)}, "Adapt migrations\n")
    asked = ask(story.written(), "ada@example.org")
    shares = {site.start: share for site, share in asked.shares().items() if site.path == path}
    assert [number for number, share in shares.items() if share.high == 1.0] == [at + 1, at + 2, at + 3]
    assert shares[at].left_out == "template"


def test_a_file_of_the_same_name_is_its_authors(story: Story, ask: Ask) -> None:
    """The name of a generator's file proves nothing, and neither do a few lines of it among one's own."""
    skeleton = (TEMPLATES / "env.py").read_text(encoding="utf-8").splitlines()
    begun(story)
    story.commit(ADA, {"migrations/env.py": text(skeleton[:9], ONE)})
    asked = ask(story.written(), "ada@example.org")
    shares = [share.high for site, share in asked.shares().items() if site.path == "migrations/env.py"]
    assert shares == [1.0] * (9 + len(ONE))


def test_work_around_a_skeleton_is_the_candidates(story: Story, ask: Ask) -> None:
    """The generator's lines stay its own in a file that grew to several times their number."""
    skeleton = (TEMPLATES / "env.py").read_text(encoding="utf-8").splitlines()
    begun(story)
    own = lines("ada", *range(1, 301))
    story.commit(ADA, {"migrations/env.py": text(own[:150], skeleton, own[150:])})
    asked = ask(story.written(), "ada@example.org")
    shares = [share.high for site, share in asked.shares().items() if site.path == "migrations/env.py"]
    assert shares == [1.0] * 150 + [0.0] * len(skeleton) + [1.0] * 150


def shipped(content: str, commit: str) -> dict[str, str]:
    """The hashes of a file as a generator's are kept, read at this commit."""
    rows = told(plain_lines(content.encode()))
    found = {hashed(run) for length in (1, RUN) for _, run in runs(rows, length)}
    return {commit: b64encode(b"".join(sorted(found))).decode()}


@pytest.mark.parametrize(("reads", "expected"), [("own", False), ("later", True), ("another", True)])
def test_in_the_generators_own_history_its_lines_are_somebodys(
    story: Story, ask: Ask, reads: str, expected: bool
) -> None:
    """Who makes a generator wrote its lines; a later commit that brings them again, or another history, did not."""
    begun(story)
    story.commit(ADA, {"conf.py": text(ONE)}, "The template\n")
    story.commit(ADA, {"m1.py": text(ONE[:2])}, "More\n")
    commits = ask(story.written(), "ada@example.org").project.history.commits
    at = {"own": commits[0].sha, "later": commits[2].sha, "another": "1" * 40}[reads]
    skeletons = Skeletons({"conf.py": text(ONE).encode()}.get, commits, {"conf.py": shipped(text(ONE), at)})
    assert len(skeletons.lines("conf.py")) == len(ONE)
    assert skeletons.wrote("conf.py", 5, commits[1].sha) is expected


def test_another_generators_lines_stay_its_own_at_home(story: Story, ask: Ask) -> None:
    """What a template took from a further generator is nobody's in the template's own history too."""
    begun(story)
    story.commit(ADA, {"conf.py": text(ONE)}, "The template\n")
    commits = ask(story.written(), "ada@example.org").project.history.commits
    kept = {**shipped(text(ONE), commits[0].sha), **shipped(text(ONE[:12]), "2" * 40)}
    skeletons = Skeletons({"conf.py": text(ONE).encode()}.get, commits, {"conf.py": kept})
    assert [skeletons.wrote("conf.py", number, commits[0].sha) for number in (5, 18)] == [True, False]
