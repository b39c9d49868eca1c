"""``--candidate`` from end to end: whose work, the question that is left, and a digest that can be derived again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.attribution.telling import ADA, BOB, Story
from tests.cli.conftest import Run

FACTORY = "from flask import Flask\n\n\ndef create_app(config):\n    app = Flask(__name__)\n    return app\n"
VIEWS = (
    "from flask import Blueprint\n\nbp = Blueprint('u', __name__)\n\n\n@bp.route('/')\ndef index():\n    return ''\n"
)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A repository in which Ada made the application and Bob a blueprint; a second Ada fixed a word."""
    story = Story(tmp_path / "shared")
    story.commit(ADA, {"app/__init__.py": FACTORY})
    story.commit(BOB, {"app/views.py": VIEWS})
    wired = FACTORY.replace("    return app", "    app.register_blueprint(bp)\n    return app")
    story.commit(ADA, {"app/__init__.py": "from app.views import bp\n" + wired})
    story.commit("Ada <ada@elsewhere.example>", {"README.md": "# Shared\n"})
    bot = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
    story.commit(
        bot, {"requirements.txt": "flask==3.0.0\n"}, "Bump\n\nCo-authored-by: Claude <noreply@anthropic.com>\n"
    )
    return story.written()


def scanned(cli: Run, repository: Path, folder: Path, *options: str) -> Any:
    """The digest of a scan with these options; all forms are in ``folder``."""
    done = cli("scan", str(repository), "--no-cache", "--output-dir", str(folder), *options)
    assert done.code in (0, 3), done.err
    return json.loads((folder / "digest.json").read_text())


def own_grades(digest: Any) -> dict[str, str | None]:
    """Own grades of the found signals."""
    return {s["id"]: s["own_grade"] for s in digest["signals"] if s["outcome"] == "found"}


def test_a_candidate_without_commits_has_no_dates(cli: Run, shared: Path, tmp_path: Path) -> None:
    """An assistant that is only named beside others never worked on the first of January 1970."""
    digest = scanned(cli, shared, tmp_path / "out", "--candidate", "Claude")
    assert [(i["commits"], i["first"], i["last"]) for i in digest["subject"]["candidate"]["identities"]] == [
        (0, "", "")
    ]
    assert "1970" not in (tmp_path / "out" / "digest.md").read_text()


def test_a_candidate_is_credited_with_their_own_work(cli: Run, shared: Path, tmp_path: Path) -> None:
    """Shares, own grades and cells tell Ada's application from Bob's blueprint, and the digest derives again."""
    digest = scanned(cli, shared, tmp_path / "ada", "--candidate", "ada@example.org")
    assert digest["subject"]["candidate"]["status"] == "found"
    grades = own_grades(digest)
    assert grades["flask.app_factory"] is not None
    assert grades["flask.blueprints"] is None
    blueprint = next(s for s in digest["signals"] if s["id"] == "flask.blueprints")
    defined = next(c for c in blueprint["citations"] if c["path"] == "app/views.py")
    assert (defined["share"]["high"], defined["share"]["role"]) == (0.0, "none")
    assert any(cell["status"] == "by_others" for cell in digest["cells"])
    checked = cli("verify", str(tmp_path / "ada" / "digest.json"), "--repo", str(shared), "--full")
    assert checked.code == 0, checked.out + checked.err


def test_no_form_tells_an_address(cli: Run, shared: Path, tmp_path: Path) -> None:
    """Neither the candidate's address, which was given, nor anybody else's comes out."""
    scanned(cli, shared, tmp_path / "out", "--candidate", "ada@example.org")
    for form in ("digest.json", "digest.html", "digest.md"):
        content = (tmp_path / "out" / form).read_text()
        assert "@example.org" not in content
        assert "ada@elsewhere" not in content


def test_who_was_squashed_away_is_found(cli: Run, tmp_path: Path) -> None:
    """Ada's only commit is in a change that Bob squashed in his own name: she is found by her address, credited with
    what she wrote of it, and the digest, which names her by that commit, derives again."""
    story = Story(tmp_path / "squashed")
    base = story.commit(BOB, {"README.md": "# Squashed\n"})
    head = "refs/pull/4/head"
    one = story.commit(ADA, {"app/__init__.py": FACTORY}, branch=head, parents=(base,))
    story.commit(BOB, {"app/__init__.py": FACTORY, "app/views.py": VIEWS}, branch=head, parents=(one,))
    story.commit(BOB, {"app/__init__.py": FACTORY, "app/views.py": VIEWS}, "Make it (#4)\n", parents=(base,))
    repository = story.written()
    digest = scanned(cli, repository, tmp_path / "ada", "--candidate", "ada@example.org")
    subject = digest["subject"]
    assert (subject["candidate"]["status"], subject["candidate"]["name"]) == ("found", "Ada")
    assert subject["asked"] == [f"commit:{story.sha(one)}"]
    grades = own_grades(digest)
    assert grades["flask.app_factory"] is not None
    assert grades["flask.blueprints"] is None
    assert "@example.org" not in (tmp_path / "ada" / "digest.html").read_text()
    checked = cli("verify", str(tmp_path / "ada" / "digest.json"), "--repo", str(repository), "--full")
    assert checked.code == 0, checked.out + checked.err


def test_an_ambiguous_name_is_asked_about(cli: Run, shared: Path, tmp_path: Path) -> None:
    """Two people called Ada: nobody is credited, and every form asks which of them is meant and how to say so."""
    digest = scanned(cli, shared, tmp_path / "out", "--candidate", "Ada")
    candidate = digest["subject"]["candidate"]
    assert candidate["status"] == "question"
    assert set(own_grades(digest).values()) == {None}
    values = [choice["value"] for choice in candidate["questions"][0]["choices"]]
    for form in ("digest.html", "digest.md"):
        content = re.sub("<[^>]{1,200}>", "", (tmp_path / "out" / form).read_text())  # as it is read
        assert "Which of them is meant?" in content
        assert all(f"--candidate {value[:19]}" in content for value in values)
    answered = scanned(cli, shared, tmp_path / "answered", "--candidate", values[0], "--candidate", values[1])
    assert answered["subject"]["candidate"]["status"] == "found"


def test_all_names_of_the_candidate_are_shown(cli: Run, tmp_path: Path) -> None:
    """An address that two people use joins them, so the digest says under which names; another contributor of the same
    name is told with what to ask."""
    story = Story(tmp_path / "team")
    story.commit("Ada <team@example.org>", {"app.py": FACTORY})
    story.commit("Bob <team@example.org>", {"views.py": VIEWS})
    other = story.commit("Ada <ada@elsewhere.example>", {"README.md": "# Team\n"})
    repository = story.written()
    scanned(cli, repository, tmp_path / "out", "--candidate", "team@example.org")
    said = (tmp_path / "out" / "digest.md").read_text().partition("Who worked here")[2].partition("##")[0]
    assert "The candidate's commits go by `Ada`, `Bob`: what one address" in said
    assert f"`Ada` (`--candidate commit:{story.sha(other)[:12]}`). Name them too if they are." in said


def test_without_a_candidate_the_contributors_are_listed(cli: Run, shared: Path, tmp_path: Path) -> None:
    """The digest is about the repository; people are listed with the command to choose one, bots apart."""
    digest = scanned(cli, shared, tmp_path / "out")
    assert digest["subject"]["candidate"] is None
    assert [c["name"] for c in digest["subject"]["contributors"]] == ["Ada", "Bob", "Ada"]
    assert [b["tool"] for b in digest["subject"]["bots"]] == ["dependabot"]
    assert digest["subject"]["assistants"] == [{"tool": "claude", "commits": 1}]
    assert all(c["share"] is None for s in digest["signals"] for c in s["citations"])
    page = (tmp_path / "out" / "digest.html").read_text()
    assert "Who worked here" in page
    assert "Bots and tools are counted apart" in page


def test_people_of_several_repositories_are_listed_with_each(cli: Run, shared: Path, tmp_path: Path) -> None:
    """Nobody of one is joined with anybody of another, the command names the right one, and bots are counted over
    both."""
    other = Story(tmp_path / "other")
    other.commit(BOB, {"app.py": FACTORY})
    bot = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
    other.commit(bot, {"requirements.txt": "flask==3.0.0\n"}, "Bump\n")
    done = cli("scan", str(shared), str(other.written()), "--no-cache", "--output-dir", str(tmp_path / "out"))
    assert done.code in (0, 3), done.err
    subject = json.loads((tmp_path / "out" / "digest.json").read_text())["subject"]
    listed = [(c["repository"], c["name"]) for c in subject["contributors"]]
    assert listed == [("local/shared", "Ada"), ("local/shared", "Bob"), ("local/shared", "Ada"), ("local/other", "Bob")]
    assert [(b["tool"], b["commits"]) for b in subject["bots"]] == [("dependabot", 2)]
    assert subject["assistants"] == [{"tool": "claude", "commits": 1}]
    page = (tmp_path / "out" / "digest.md").read_text()
    assert "local/other" in page.partition("Who worked here")[2].partition("##")[0]


def test_who_is_not_here_is_said(cli: Run, shared: Path, tmp_path: Path) -> None:
    """A candidate whom nothing here shows leaves the digest about the repository."""
    digest = scanned(cli, shared, tmp_path / "out", "--candidate", "Grace Hopper")
    assert digest["subject"]["candidate"]["status"] == "not_found"
    assert digest["subject"]["candidate"]["unmatched"] == ["Grace Hopper"]
    assert not any(cell["status"] == "by_others" for cell in digest["cells"])


def test_an_address_that_is_not_here_is_said_in_words(cli: Run, shared: Path, tmp_path: Path) -> None:
    """No form has the address, and none calls it by a name that nobody asked about."""
    scanned(cli, shared, tmp_path / "out", "--candidate", "grace@x.org", "--candidate", "Grace")
    text = (tmp_path / "out" / "digest.md").read_text()
    assert "No commit and no account here is known by the e-mail address that was asked about." in text
    assert "No commit and no account here is known as `Grace`." in text
    assert "grace@x.org" not in text


def test_of_several_repositories_it_is_said_where_the_candidate_is_not(cli: Run, shared: Path, tmp_path: Path) -> None:
    """Whoever worked in one of them is not said to be nowhere."""
    other = Story(tmp_path / "other")
    other.commit(ADA, {"app.py": "x = 1\n"})
    folder = tmp_path / "out"
    options = ("--no-cache", "--output-dir", str(folder), "--candidate", "Bob")
    done = cli("scan", str(shared), str(other.written()), *options)
    assert "No commit and no account in other is the candidate's" in done.err
    assert "No commit and no account in `local/other` is known as `Bob`." in (folder / "digest.md").read_text()


def test_a_baseline_is_subtracted(cli: Run, shared: Path, tmp_path: Path) -> None:
    """What stood at the baseline's revision is nobody's; what came after is whoever's work it is."""
    digest = scanned(cli, shared, tmp_path / "out", "--baseline", "HEAD~4")
    shares = [c["share"] for s in digest["signals"] for c in s["citations"] if c.get("path") == "app/__init__.py"]
    assert {share["left_out"] for share in shares} >= {"baseline"}
    assert digest["inputs"]["options"]["baseline"].startswith("local/shared@")
    checked = cli("verify", str(tmp_path / "out" / "digest.json"), "--repo", str(shared), "--full")
    assert checked.code == 0, checked.out + checked.err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")
def test_asking_about_somebody_leaves_two_processes_to_look(shared: Path, tmp_path: Path) -> None:
    """What blame prepares has ended when the detectors begin: whatever still watches it would forbid them a fork."""
    asked = ["scan", str(shared), "--no-cache", "-o", str(tmp_path / "digest.json"), "--candidate", "ada@example.org"]
    code = (
        "from evidence import twofold\n"
        "from evidence.cli import run\n"
        "may, told = twofold._may_fork, []\n"
        "twofold._may_fork = lambda: told.append(may()) or told[-1]\n"
        f"run({asked!r})\n"
        "assert told[0], told\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_baseline_of_its_own_must_be_given_again(cli: Run, shared: Path, tmp_path: Path) -> None:
    """Without the repository that the work started from nothing is derived: that is said, not a list of differences."""
    seed = Story(tmp_path / "seed")
    seed.commit(BOB, {"app/__init__.py": FACTORY})
    start = str(seed.written())
    scanned(cli, shared, tmp_path / "out", "--baseline", start)
    digest = str(tmp_path / "out" / "digest.json")
    without = cli("verify", digest, "--repo", str(shared), "--full")
    assert (without.code, without.out) == (2, "")
    assert "The digest's work started from local/seed@" in without.err and "--baseline" in without.err
    assert cli("verify", digest, "--repo", str(shared), "--full", "--baseline", start).code == 0
    assert cli("verify", digest, "--repo", str(shared)).code == 0
