"""Citations: each is exactly what the repository holds."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from evidence.citations import EXCERPT_CHARACTERS, EXCERPT_LINES, LINE_CHARACTERS, cite, iso_date, split_lines
from evidence.model import Commit, CommitCitation, FileCitation, Person, Site
from tests.in_memory import COMMIT, TOKEN, Repository, oid, site


def cited(content: bytes, start: int, end: int) -> FileCitation:
    """The citation of some lines of one file."""
    place = Site(path="app.py", start=start, end=end, clause="defined")
    citation = cite([place], Repository({"app.py": content}), "r", {})[place]
    assert isinstance(citation, FileCitation)
    return citation


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\nb", [b"a\n", b"b"]),
        (b"a\r\nb\x0cc\n", [b"a\r\n", b"b\x0cc\n"]),
        (b"a\xe2\x80\xa8b\rc\n\n", [b"a\xe2\x80\xa8b\rc\n", b"\n"]),
    ],
)
def test_lines_end_at_line_feeds_alone(content: bytes, lines: list[bytes]) -> None:
    """Lines are counted as git and the forges count them, and nothing is lost."""
    assert split_lines(content) == lines


def test_the_hash_is_that_of_the_raw_lines() -> None:
    """Anyone can compute it with sed and sha256sum: carriage returns and line feeds included."""
    citation = cited(b"one\r\ntwo\r\nthree", 2, 3)
    assert citation.sha256 == hashlib.sha256(b"two\r\nthree").hexdigest()
    assert citation.excerpt == "two\nthree"
    assert not citation.masked


def test_the_hash_agrees_with_the_tools_that_readers_have(tmp_path: Path) -> None:
    """What the documentation promises is so: git's blob id, and sed and sha256sum on the file."""
    content = b"import flask\n\napp = flask.Flask(__name__)\n# end"
    (tmp_path / "app.py").write_bytes(content)
    citation = cited(content, 3, 4)
    lines = subprocess.run(["sed", "-n", "3,4p", "app.py"], cwd=tmp_path, capture_output=True, check=True)
    summed = subprocess.run(["sha256sum"], input=lines.stdout, capture_output=True, check=True)
    hashed = subprocess.run(["git", "hash-object", "app.py"], cwd=tmp_path, capture_output=True, check=True)
    assert summed.stdout.decode().split()[0] == citation.sha256
    assert hashed.stdout.decode().strip() == citation.blob


def test_the_link_and_the_place_belong_together() -> None:
    """The address opens the lines that the citation names."""
    citation = cited(b"1\n2\n3\n", 2, 3)
    assert (citation.start_line, citation.end_line, citation.commit) == (2, 3, COMMIT)
    assert citation.url.endswith("/app.py#L2-L3")


@pytest.mark.parametrize(("content", "expected"), [(b"1\n2\n", (2, 2)), (b"", (1, 1))])
def test_a_place_beyond_the_end_is_held_inside_the_file(content: bytes, expected: tuple[int, int]) -> None:
    """No citation names a line that the file does not have."""
    citation = cited(content, 7, 9)
    assert (citation.start_line, citation.end_line) == expected


def test_a_secret_is_masked_and_its_line_has_no_hash() -> None:
    """Neither the text nor a hash that would let anyone test guesses comes out."""
    citation = cited(f"import os\nTOKEN = '{TOKEN}'\n".encode(), 1, 2)
    assert citation.masked
    assert citation.sha256 == ""
    assert TOKEN[4:16] not in citation.excerpt
    assert citation.blob


def test_a_secret_that_begins_above_the_cited_lines_is_masked() -> None:
    """The middle of a private key is a secret although the line that says so is not cited."""
    body = [f"{n:02d}" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2"[:62] for n in range(60)]
    label = "RSA PRIVATE " + "KEY"
    content = "\n".join([f"-----BEGIN {label}-----", *body, f"-----END {label}-----", ""]).encode()
    citation = cited(content, 40, 42)
    assert citation.masked
    assert body[38] not in citation.excerpt


def test_a_secret_below_the_shown_lines_still_takes_the_hash() -> None:
    """The hash covers all cited lines, so a secret in those that the excerpt leaves out counts too."""
    content = b"x = 1\n" * 50 + f"TOKEN = '{TOKEN}'\n".encode()
    citation = cited(content, 1, 51)
    assert citation.masked
    assert citation.sha256 == ""


@pytest.mark.parametrize("content", [b"x" * 10_000, b"y = 1\n" * 500, (b"z" * 290 + b"\n") * 500])
def test_excerpts_stay_small(content: bytes) -> None:
    """However long the cited lines are, a reader is shown what fits beside the statement."""
    citation = cited(content, 1, 500)
    shown = citation.excerpt.split("\n")
    assert len(shown) <= EXCERPT_LINES
    assert len(citation.excerpt) <= EXCERPT_CHARACTERS
    assert max(map(len, shown)) <= LINE_CHARACTERS


def test_a_line_that_is_cut_shows_that_it_is() -> None:
    """An ellipsis stands for the rest of a long line."""
    assert cited(b"x" * 1_000, 1, 1).excerpt == "x" * (LINE_CHARACTERS - 1) + "…"


def test_bytes_that_are_not_text_are_shown_as_such() -> None:
    """Content that is not UTF-8 is cited all the same."""
    citation = cited(b"name = 'caf\xe9'\n", 1, 1)
    assert citation.excerpt == "name = 'caf�'"
    assert citation.sha256 == hashlib.sha256(b"name = 'caf\xe9'\n").hexdigest()


def test_every_blob_is_read_once_and_all_in_one_batch() -> None:
    """Reading is one request whatever the number of sites."""
    repository = Repository({"a.py": b"1\n2\n", "b.py": b"3\n", "copy.py": b"3\n"})
    sites = [site("x", "a.py", 1), site("y", "a.py", 2), site("x", "b.py"), site("x", "copy.py")]
    citations = cite(sites, repository, "r", {})
    assert set(citations) == set(sites)
    assert repository.snapshot.reads == [sorted({oid(b"1\n2\n"), oid(b"3\n")})]


def test_what_cannot_be_opened_is_not_cited() -> None:
    """A file that is not in the tree, and one whose content a partial clone lacks, have no citation."""
    repository = Repository({"a.py": b"1\n", "gone.py": b"2\n"}, gone=("gone.py",))
    assert set(cite([site("x", "a.py"), site("x", "gone.py"), site("x", "none.py")], repository, "r", {})) == {
        site("x", "a.py")
    }


# ------------------------------------------------------------------------------------------------- commits


def commit(subject: str, authored: int = 1_700_000_000) -> Commit:
    """A commit that somebody claims."""
    someone = Person("A", "a@example.org")
    return Commit(COMMIT, (), someone, authored, someone, authored, subject, "", ())


def test_a_commit_is_cited_by_hash_subject_and_day() -> None:
    """A site without a path cites its commit."""
    place = Site(path="", clause="reverted", commit=COMMIT)
    citation = cite([place], Repository({}), "r", {COMMIT: commit("Revert the cache")})[place]
    assert citation == CommitCitation(
        repository="r",
        commit=COMMIT,
        clause="reverted",
        subject="Revert the cache",
        authored="2023-11-14",
        url=f"https://forge.test/o/r/commit/{COMMIT}",
    )


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Translate by Ada <ada@example.org>", "Translate by Ada <[address]>"),
        ("ada.l+x@mail.example.co.uk: the new contact", "[address]: the new contact"),
        ("Bump lodash@4.17.21 and actions/checkout@v4", "Bump lodash@4.17.21 and actions/checkout@v4"),
        ("Merge branch 'x' of git@github.com:owner/shop", "Merge branch 'x' of git@github.com:owner/shop"),
    ],
)
def test_an_address_in_a_subject_is_not_repeated(subject: str, shown: str) -> None:
    """Third parties' addresses are shown nowhere; versions and the names of servers are no addresses of people."""
    place = Site(path="", clause="reverted", commit=COMMIT)
    citation = cite([place], Repository({}), "r", {COMMIT: commit(subject)})[place]
    assert isinstance(citation, CommitCitation) and citation.subject == shown


def test_a_secret_in_a_subject_is_masked() -> None:
    """Commit subjects are text of the repository like any other."""
    place = Site(path="", clause="reverted", commit=COMMIT)
    citation = cite([place], Repository({}), "r", {COMMIT: commit(f"Use {TOKEN}")})[place]
    assert isinstance(citation, CommitCitation)
    assert TOKEN[4:16] not in citation.subject


def test_a_commit_that_is_not_there_is_not_cited() -> None:
    """A shallow clone ends somewhere; nothing is made up beyond."""
    assert cite([Site(path="", clause="reverted", commit=COMMIT)], Repository({}), "r", {}) == {}


@pytest.mark.parametrize("seconds", [10**18, -(10**18)])
def test_a_year_that_no_calendar_has_is_left_empty(seconds: int) -> None:
    """A commit may claim any number as its time."""
    assert iso_date(seconds) == ""
