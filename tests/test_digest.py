"""The digest: what is put together of one repository or several, in one fixed order, sealed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import pytest

from evidence import detect
from evidence.digest import NO_DETECTOR, assemble
from evidence.matrix.load import PendingSignal, load_matrix, load_pending
from evidence.model import Digest, FileCitation, Grade, Ledger, Level, Outcome, Polarity
from evidence.scanned import Scanned
from evidence.seal import seal_holds
from tests.in_memory import COMMIT, Repository
from tests.projects import project

FACTORY = {
    "shop/__init__.py": "from flask import Flask\n\n\ndef create_app():\n    app = Flask(__name__)\n    return app\n",
    "wsgi.py": "from shop import create_app\n\napp = create_app()\n",
}
TESTED = {
    **FACTORY,
    "tests/conftest.py": "from shop import create_app\n\napp = create_app()\napp.config['TESTING'] = True\n",
}
GLOBAL = {"app.py": "from flask import Flask\n\napp = Flask(__name__)\n"}
FLASKLESS = {"tool.py": "def main():\n    return 1\n"}


class Opened(Repository):
    """A repository in memory with what the digest tells of one."""

    def __init__(self, name: str, files: dict[str, str]) -> None:
        super().__init__({path: text.encode() for path, text in files.items()})
        self.id = f"id-{name}"
        self.url = f"https://forge.test/o/{name}"
        self.host = "forge.test"
        self.name = f"o/{name}"
        self.commit = COMMIT
        self.default_branch = "main"
        self.committed = 1_700_000_000


@dataclass
class Request:
    """The options of a scan."""

    profile: str | None = None
    identity: str | None = None


def _scanned(name: str, files: dict[str, str], ledger: Ledger) -> Scanned:
    found = project(files)
    opened = Opened(name, files)
    return Scanned.of(opened, found, detect.run(detect.discover(), found, opened.id, ledger))


def _digest(
    *repositories: tuple[str, dict[str, str]], ledger: Ledger | None = None, request: Request | None = None
) -> Digest:
    ledger = ledger or Ledger()
    scanned = [_scanned(name, files, ledger) for name, files in repositories]
    return assemble(scanned, detect.discover(), ledger, request or Request())


def _signal(digest: Digest, signal: str = "flask.app_factory") -> tuple[Outcome, Grade | None, list[str]]:
    found = next(s for s in digest.signals if s.id == signal)
    return found.outcome, found.grade, [c.path for c in found.citations if isinstance(c, FileCitation)]


def test_every_signal_appears_once() -> None:
    """Answered or pending, found or not, each has one entry, in the order of the ids."""
    digest = _digest(("shop", FACTORY))
    ids = [s.id for s in digest.signals]
    assert ids == sorted({s.id for s in detect.signals()} | {p.id for p in load_pending()})
    assert _signal(digest) == (Outcome.FOUND, Grade.PRACTISED, ["shop/__init__.py", "wsgi.py"])


def test_what_nobody_looks_for_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal without a detector is never absent: it was not looked for, and the ledger says so."""
    waiting = PendingSignal("x.later", "Later", "routing", ("S1.1",), "tree", Polarity.FOR)
    monkeypatch.setattr("evidence.digest.load_pending", lambda: (waiting,))
    digest = _digest(("shop", FACTORY))
    (signal,) = (each for each in digest.signals if each.id == "x.later")
    assert (signal.outcome, signal.grade, signal.reason) == (Outcome.UNAVAILABLE, None, NO_DETECTOR)
    assert not signal.findings
    assert not signal.citations
    assert {e.subject for e in digest.ledger if e.code == "no_detector"} == {"x.later"}


def test_citations_are_of_the_repository() -> None:
    """Each citation names repository, commit, lines and the hash of what stands there."""
    digest = _digest(("shop", FACTORY))
    cited = next(s for s in digest.signals if s.id == "flask.app_factory").citations[0]
    assert isinstance(cited, FileCitation)
    assert (cited.repository, cited.commit, cited.start_line, cited.end_line) == ("id-shop", COMMIT, 4, 6)
    assert cited.excerpt.startswith("def create_app():")
    assert cited.url.endswith("shop/__init__.py#L4-L6")


def test_the_repository_is_told() -> None:
    """What was scanned, at which commit and when; whether it has a Flask application, and how much of it there is."""
    shop, tool = _digest(("shop", FACTORY), ("tool", FLASKLESS)).repositories
    assert (shop.id, shop.name, shop.commit, shop.committed) == ("id-shop", "o/shop", COMMIT, "2023-11-14T22:13:20Z")
    assert (shop.flask, shop.files, shop.commits) == (True, 2, 0)
    assert (tool.flask, tool.files) == (False, 1)


@pytest.mark.parametrize(
    ("repositories", "outcome", "grade", "first"),
    [
        ([("a", FACTORY), ("b", TESTED)], Outcome.FOUND, Grade.SUSTAINED, "id-b"),
        ([("b", TESTED), ("a", FACTORY)], Outcome.FOUND, Grade.SUSTAINED, "id-b"),
        ([("a", GLOBAL), ("b", FACTORY)], Outcome.FOUND, Grade.PRACTISED, "id-b"),
        ([("a", FACTORY), ("b", FACTORY)], Outcome.FOUND, Grade.PRACTISED, "id-a"),
        ([("a", FLASKLESS), ("b", GLOBAL)], Outcome.ABSENT, None, None),
        ([("a", FLASKLESS)], Outcome.NOT_APPLICABLE, None, None),
    ],
)
def test_the_best_repository_speaks_for_a_signal(
    repositories: list[tuple[str, dict[str, str]]], outcome: Outcome, grade: Grade | None, first: str | None
) -> None:
    """Of several repositories the one that reaches furthest decides and is cited first; the others are cited too."""
    digest = _digest(*repositories)
    assert _signal(digest)[:2] == (outcome, grade)
    signal = next(s for s in digest.signals if s.id == "flask.app_factory")
    findings = [f for f in digest.findings if f.signal == "flask.app_factory"]
    assert [c.repository for c in signal.citations][:1] == ([first] if first else [])
    found = {f.repository for f in findings if f.outcome is Outcome.FOUND}
    assert {c.repository for c in signal.citations} == found
    assert sorted(signal.findings) == sorted(f.id for f in findings)
    assert [f.repository for f in findings] == [f"id-{name}" for name, _ in repositories]


def test_cells_cover_the_matrix() -> None:
    """Each competency has its four levels; what was found supports cells by the finding's id."""
    digest = _digest(("shop", TESTED))
    assert [(c.competency, c.level) for c in digest.cells] == [
        (row.id, level) for row in load_matrix().rows for level in Level
    ]
    assert [c.id for c in digest.competencies] == [row.id for row in load_matrix().rows]
    factory = next(f.id for f in digest.findings if f.signal == "flask.app_factory")
    assert factory in {each for c in digest.cells if c.competency == "app-structure" for each in c.findings}


def test_inputs_say_what_the_digest_rests_on() -> None:
    """Commits, options, versions of the plugins and of Python: equal inputs give equal digests."""
    digest = _digest(("shop", FACTORY), request=Request(profile="api-first", identity="https://forge.test/me/shop"))
    assert digest.inputs["commits"] == {"id-shop": COMMIT}
    assert digest.inputs["options"] == {
        "profile": "api-first",
        "identity": "https://forge.test/me/shop",
        "candidates": [],
        "baseline": None,
    }
    assert set(digest.inputs["plugins"]) == {d.__name__ for d in detect.discover()}
    assert all(digest.inputs["plugins"].values())
    assert digest.subject["candidate"] is None
    assert digest.subject["profile"] == "api-first"


def test_the_same_input_gives_the_same_bytes() -> None:
    """Two runs are identical to the byte, and the seal fits; one altered word breaks it."""
    one, other = (_digest(("shop", TESTED), ("tool", FLASKLESS)) for _ in range(2))
    assert msgspec.json.encode(one) == msgspec.json.encode(other)
    assert seal_holds(one)
    assert not seal_holds(msgspec.structs.replace(one, subject={"candidate": "somebody", "profile": None}))


@pytest.mark.parametrize(
    ("codes", "complete"), [([], True), (["vendored"], True), (["parser_timeout"], False), (["detector_failed"], False)]
)
def test_what_was_stopped_makes_it_incomplete(codes: Iterable[str], complete: bool) -> None:
    """A digest in which something was stopped says so; what was left out on purpose does not make it incomplete."""
    ledger = Ledger()
    for code in codes:
        ledger.note(code, "a.py", "for a reason")
    digest = _digest(("shop", FACTORY), ledger=ledger)
    assert digest.complete is complete
    assert set(codes) <= {e.code for e in digest.ledger}
