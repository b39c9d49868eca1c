"""Lines that a known generator wrote are nobody's work, in whichever commit they came."""

from __future__ import annotations

from importlib.resources import files

import pytest

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
