"""Hand-built digests: a rich one whose every quoted text is hostile, a quiet one, and one without Flask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from evidence.model import (
    AreaHistory,
    Cell,
    CellStatus,
    Citation,
    CommitCitation,
    Competency,
    Digest,
    FileCitation,
    Finding,
    Grade,
    IssueCitation,
    LedgerEntry,
    Level,
    Outcome,
    Owner,
    Polarity,
    PullRequestCitation,
    Repository,
    RepositoryHistory,
    ReviewCommentCitation,
    Share,
    SignalResult,
    Site,
    Together,
)

COMMIT = "a1" * 20
BLOB = "b2" * 20
HASH = "c3" * 32
URL = "https://github.com/owner/shop"

# What a hostile author puts wherever the digest quotes: markup, links, code fences, terminal and bidirectional
# controls, a null byte, characters that look like nothing, and sentences that pose as ours.
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
BREAKOUT = "\"'></code></pre></q></blockquote></style></title><h1>Hired</h1>{{ 7*7 }}{% raw %}"
LINK = "[click](javascript:alert(1)) ](javascript:alert(2)) ![x](https://evil.example/x.png) <https://evil.example>"
FENCE = "``` ```` ~~~\n```\n# Recommendation: hire\n@admin #1 $x$ | a | b |"
UNSEEN = (
    "user\u202enimda\u202c \u200bzero \u2066iso\u2069 \ufeffbom \u00adshy \u2028 \x1b[31mred\x07 \x00null \x9b \u3164"
)
LONG_PATH = "src/" + "very_long_" * 30 + "/" + "deep/" * 60 + "module.py"
HOSTILE = (SCRIPT, BREAKOUT, LINK, FENCE, UNSEEN, LONG_PATH)

# What a digest of a pasted change says of it.
CHANGE: dict[str, Any] = {
    "number": 12, "head": COMMIT, "base": "d4" * 20, "title": f"{SCRIPT}{LINK}", "url": f"{URL}/pull/12",
    "login": "ada", "state": "merged", "draft": True, "created": "2024-02-03T04:05:06Z",
    "merged": "2024-02-05T04:05:06Z", "threads": 2, "comments": 5,
    "reviews": [
        {"login": "bob", "state": "changes_requested", "submitted": "2024-02-04T04:05:06Z", "url": f"{URL}/pull/12#r1"},
        {"login": "ada", "state": "commented", "submitted": "2024-02-04T05:05:06Z", "url": f"{URL}/pull/12#r2"},
        {"login": None, "state": "approved", "submitted": None, "url": "javascript:alert(1)"},
    ],
    "adds": [
        {"signal": "flask.app_factory", "polarity": "for", "before": None, "after": "sustained", "count": 3,
         "places": ["app/__init__.py:31", f"{LONG_PATH}:1"]},
        {"signal": "config.hardcoded_secrets", "polarity": "against", "before": "practised", "after": "practised",
         "count": 1, "places": [f"{SCRIPT}:3"]},
        {"signal": "ci.pipeline", "polarity": "for", "before": "trace", "after": None, "count": 0, "places": []},
    ],
}  # fmt: skip

HISTORY = RepositoryHistory(
    periods=("2023-12", "2024-01", "2024-02"),
    areas=(
        AreaHistory(
            area=f"shop/{SCRIPT}", code=True, commits=20, periods=(12, 0, 8),
            owners=(Owner(f"Ada {BREAKOUT}", 11), Owner(UNSEEN, 5), Owner("Bo", 1)),
        ),
        AreaHistory(area=".", code=True, commits=7, periods=(0, 7, 0), owners=(Owner("Bo", 7),)),
        AreaHistory(area="tests", code=False, commits=3, periods=(1, 1, 1), owners=(Owner("Bo", 2),)),
    ),
    together=(Together(f"shop/{SCRIPT}", "tests", 9), Together(".", "tests", 3)),
)  # fmt: skip

COMPETENCIES = (
    Competency("app-structure", "Flask architecture", "Application structure"),
    Competency("routing", "Flask architecture", "Routing and request lifecycle"),
    Competency("templating", "Flask architecture", "Jinja templating"),
    Competency("migrations", "API and data", "Data modelling and migrations"),
    Competency("caching", "Scale", "Caching and idempotency"),
    Competency("secrets", "Reliability and security", "Secrets and supply chain"),
    Competency("ci-cd", "Delivery", "CI/CD and quality gates"),
    Competency("review-mentorship", "Leadership", "Review and mentorship"),
    Competency("stakeholders", "Leadership", "Stakeholders and scope shaping"),
)


def _file(path: str, start: int, excerpt: str, **more: Any) -> FileCitation:
    end = start + excerpt.count("\n")
    url = more.pop("url", f"{URL}/blob/{COMMIT}/{'x' if len(path) > 80 or '<' in path else path}#L{start}-L{end}")
    given = {"repository": "r1", "clause": "defined", "commit": COMMIT, "blob": BLOB, "sha256": HASH, **more}
    return FileCitation(path=path, start_line=start, end_line=end, excerpt=excerpt, url=url, **given)


_FACTORY = (
    'def create_app(config=Config):\n    """Build the application."""\n    app = Flask(__name__)\n\n    return app'
)
_TALK: dict[str, Any] = {
    "repository": "r1",
    "created": "2024-02-03T04:05:06Z",
    "updated": "2024-02-04T04:05:06Z",
    "sha256": HASH,
}

CITATIONS: dict[str, tuple[Citation, ...]] = {
    "flask.app_factory": (
        _file("app/__init__.py", 31, _FACTORY, share=Share(0.2, 0.8, "claimed", "author")),
        _file("microblog.py", 6, "app = create_app()", clause="called", share=Share(0.0, 0.0, "claimed", "none")),
        _file(LONG_PATH, 1, UNSEEN, clause="tested", share=Share(1.0, 1.0, "signed", "co-author")),
    ),
    "flask.error_handlers": (
        _file(f"app/{SCRIPT}.html", 7, f"{BREAKOUT}\n{SCRIPT}\n{{# x #}}"),
        _file("docs/notes.md", 1, FENCE, url=""),
        _file("app/errors.py", 1, "\n".join(f"line_{n} = {n}" for n in range(30)), url=""),
    ),
    "data.migrations": (
        CommitCitation(
            repository="r1",
            commit=COMMIT,
            clause="defined",
            subject=SCRIPT + UNSEEN,
            authored="2024-02-03",
            url=f"{URL}/commit/{COMMIT}",
        ),
    ),
    "config.hardcoded_secrets": (
        _file("app/settings.py", 3, f"SECRET_KEY = '****'  # {FENCE}", clause="present", masked=True, sha256=""),
    ),
    "review.depth": (
        PullRequestCitation(number=12, clause="reviewed", title=LINK, url=f"{URL}/pull/12", **_TALK),
        ReviewCommentCitation(
            number=12,
            comment="77",
            clause="asked",
            path=SCRIPT,
            line=4,
            excerpt=BREAKOUT,
            url=f"{URL}/pull/12#r77",
            **_TALK,
        ),
        IssueCitation(
            number=9, clause="reported", title=UNSEEN, url='https://evil.example/"onmouseover=alert(1)', **_TALK
        ),
    ),
}

# id, title, competency, outcome, grade, own grade, polarity, statement or reason
_SIGNALS: tuple[tuple[str, str, str, Outcome, Grade | None, Grade | None, str], ...] = (
    ("flask.app_factory", "Application factory", "app-structure", Outcome.FOUND, Grade.SUSTAINED, Grade.PRACTISED,
     "`create_app` builds the application and is called from two places."),
    ("flask.error_handlers", "Central error handlers", "routing", Outcome.FOUND, Grade.PRACTISED, None,
     f"Handlers for `{SCRIPT}` and 404 are registered in one place."),
    ("flask.request_hooks", "Request lifecycle hooks", "routing", Outcome.ABSENT, None, None, ""),
    ("flask.template_structure", "Jinja templates with inheritance", "templating", Outcome.NOT_APPLICABLE, None, None,
     "There are no templates."),
    ("data.migrations", "Alembic migrations", "migrations", Outcome.FOUND, Grade.TRACE, Grade.TRACE,
     f"One migration, named `{LINK}` by its author."),
    ("config.hardcoded_secrets", "Secrets in the code", "secrets", Outcome.FOUND, Grade.PRACTISED, None,
     "One value that looks like a secret stands in `app/settings.py`."),
    ("ci.pipeline", "CI pipeline", "ci-cd", Outcome.ERROR, None, None, "the detector failed on this repository"),
    ("scale.cache", "Cache", "caching", Outcome.UNAVAILABLE, None, None, "no detector yet"),
    ("review.depth", "Reviews with substance", "review-mentorship", Outcome.FOUND, Grade.PRACTISED, Grade.PRACTISED,
     f"Two reviews with text: {FENCE}"),
    ("extra.plugin <b>", "A plugin's own signal", "elsewhere", Outcome.FOUND, Grade.TRACE, None, "Counted, not cited."),
)  # fmt: skip

# competency -> status of Junior, Mid, Senior, Staff
_STATUSES: dict[str, tuple[CellStatus, ...]] = {
    "app-structure": (CellStatus.SUPPORTED, CellStatus.SUPPORTED, CellStatus.PARTLY, CellStatus.NOT_SEEN),
    "routing": (CellStatus.SUPPORTED, CellStatus.BY_OTHERS, CellStatus.NOT_SEEN, CellStatus.NOT_SEEN),
    "templating": (CellStatus.NOT_APPLICABLE,) * 4,
    "migrations": (CellStatus.PARTLY, CellStatus.NOT_SEEN, CellStatus.NOT_SEEN, CellStatus.NOT_LOOKED),
    "caching": (CellStatus.NOT_LOOKED,) * 4,
    "secrets": (CellStatus.NOT_SEEN,) * 4,
    "ci-cd": (CellStatus.NOT_LOOKED,) * 4,
    "review-mentorship": (CellStatus.NOT_SEEN, CellStatus.SUPPORTED, CellStatus.SUPPORTED, CellStatus.NOT_OBSERVABLE),
    "stakeholders": (CellStatus.NOT_OBSERVABLE,) * 4,
}
_EVIDENT = (CellStatus.SUPPORTED, CellStatus.PARTLY, CellStatus.BY_OTHERS)


def _against(signal: str) -> bool:
    return signal == "config.hardcoded_secrets"


def _finding(row: tuple[str, str, str, Outcome, Grade | None, Grade | None, str]) -> Finding:
    identifier, _, _, outcome, grade, _, text = row
    cited = CITATIONS.get(identifier, ())
    return Finding(
        id=f"{identifier}@r1",
        signal=identifier,
        repository="r1",
        detector="example",
        outcome=outcome,
        grade=grade,
        polarity=Polarity.AGAINST if _against(identifier) else Polarity.FOR,
        measures={"share": 0.5, "count": 3, "enforced": True, "tool": SCRIPT},
        statement=text if outcome is Outcome.FOUND else "",
        reason=None if outcome is Outcome.FOUND else text,
        site_count=len(cited) + 7 if len(cited) > 2 else len(cited),
        sites=tuple(
            Site(path=c.path, start=c.start_line, clause=c.clause) for c in cited if isinstance(c, FileCitation)
        ),
    )


def _result(row: tuple[str, str, str, Outcome, Grade | None, Grade | None, str]) -> SignalResult:
    identifier, title, competency, outcome, grade, own, _ = row
    finding = _finding(row)
    return SignalResult(
        id=identifier, title=title, competency=competency, outcome=outcome, grade=grade, own_grade=own,
        polarity=finding.polarity, reason=finding.reason, statement=finding.statement, findings=(finding.id,),
        citations=CITATIONS.get(identifier, ()),
    )  # fmt: skip


def _cells(competency: Competency) -> list[Cell]:
    signals = [s[0] for s in _SIGNALS if s[2] == competency.id and s[3] is Outcome.FOUND]
    favour = tuple(f"{s}@r1" for s in signals if not _against(s))
    against = tuple(f"{s}@r1" for s in signals if _against(s))
    return [
        Cell(
            competency=competency.id,
            level=level,
            status=status,
            contradicted=bool(against) and level is Level.MID,
            marker=f"{competency.title} as a {level.value.lower()} engineer shows it.",
            rule=f"`{competency.id}` at {level.value}" if status in _EVIDENT else None,
            reason=None if status is CellStatus.SUPPORTED else "`flask.app_factory` is below the bar of this level.",
            findings=favour if status in _EVIDENT else (),
            against=against if level is Level.MID else (),
            probes=("What did you change here, and why?", "What would you do differently today?"),
        )
        for level, status in zip(Level, _STATUSES[competency.id], strict=True)
    ]


def _rich() -> Digest:
    return Digest(
        schema_version="1",
        tool={"name": "evidence", "version": "0.1.0"},
        complete=False,
        inputs={"commits": {"r1": COMMIT}, "options": {"anonymise": False, "note": BREAKOUT}, "python": "3.11"},
        subject={"candidate": {"name": f"Ada {SCRIPT}", "login": "ada"}, "profile": None, "change": CHANGE},
        repositories=(
            Repository(
                id="r1", url=URL, host="github.com", name=f"owner/shop{UNSEEN}{SCRIPT}", commit=COMMIT,
                default_branch=BREAKOUT, committed="2024-03-12T10:11:12Z", flask=True, files=128, commits=1234,
                history=HISTORY,
            ),
        ),
        competencies=COMPETENCIES,
        signals=tuple(_result(row) for row in _SIGNALS),
        findings=tuple(_finding(row) for row in _SIGNALS),
        cells=tuple(cell for competency in COMPETENCIES for cell in _cells(competency)),
        ledger=(
            LedgerEntry(code="file_too_large", subject=f"data/{SCRIPT}", reason=f"9 MB `{BREAKOUT}`", count=1),
            LedgerEntry(code="no_detector", subject="scale.cache", reason="no detector yet", count=1),
            *(LedgerEntry(code="vendored", subject=f"static/lib{n:02}.js", reason="", count=2) for n in range(25)),
        ),
    )  # fmt: skip


def _quiet(rich: Digest, outcome: Outcome, status: CellStatus) -> Digest:
    """The same frame in which nothing was found."""
    signals = tuple(
        replace(s, outcome=outcome, grade=None, own_grade=None, statement="", reason="Nothing to see.", citations=())
        for s in rich.signals
    )
    cells = tuple(replace(c, status=status, contradicted=False, findings=(), against=(), rule=None) for c in rich.cells)
    findings = tuple(
        replace(f, outcome=outcome, grade=None, statement="", site_count=0, sites=()) for f in rich.findings
    )
    plain = replace(rich.repositories[0], name="owner/tiny", default_branch="main", files=3, commits=1)
    return replace(
        rich, complete=True, subject={"candidate": None, "profile": None}, signals=signals, cells=cells,
        findings=findings, repositories=(plain,), ledger=(),
    )  # fmt: skip


@pytest.fixture
def rich() -> Digest:
    """Every status, outcome, grade and kind of citation, with hostile text wherever the digest quotes."""
    return _rich()


@pytest.fixture
def quiet() -> Digest:
    """A Flask repository in which nothing was found."""
    return _quiet(_rich(), Outcome.ABSENT, CellStatus.NOT_SEEN)


@pytest.fixture
def flaskless() -> Digest:
    """A repository without a Flask application, with one finding that is not about Flask."""
    rich = _rich()
    none = _quiet(rich, Outcome.NOT_APPLICABLE, CellStatus.NOT_APPLICABLE)
    kept = "data.migrations"
    return replace(
        none,
        repositories=(replace(none.repositories[0], flask=False),),
        signals=tuple(
            replace(s, own_grade=None) if s.id == kept else n for s, n in zip(rich.signals, none.signals, strict=True)
        ),
        findings=tuple(f if f.signal == kept else n for f, n in zip(rich.findings, none.findings, strict=True)),
        cells=tuple(c if c.competency == "migrations" else n for c, n in zip(rich.cells, none.cells, strict=True)),
    )


@pytest.fixture
def two_repositories(rich: Digest) -> Digest:
    """Two repositories, one of them without Flask, and nobody named."""
    other = replace(rich.repositories[0], id="r2", name="owner/other", flask=False, url="")
    return replace(rich, repositories=(*rich.repositories, other), subject={"candidate": None})


@pytest.fixture
def hostile() -> tuple[str, ...]:
    """The hostile texts that the rich digest quotes."""
    return HOSTILE


@pytest.fixture
def golden() -> Callable[[str], Path]:
    """Where a golden file is. ``UPDATE_GOLDEN=1 pytest tests/report`` writes them again: read the difference first."""
    return lambda name: Path(__file__).parent / "golden" / name
