"""Schema migrations: revisions that form a chain, and the care with which they are written.

**What it sees.** Alembic and Flask-Migrate revisions by their content (wherever they are kept), numbered migrations
in Python and SQL; how they hang together; over what time they were written; who runs them (CI, tests, the start of a
deployment). Of their text: backward steps that work, operations that do not lock a table in use, changes of data,
checks of the chain, and written guidance.

**Why it matters.** A schema outlives every deployment. A chain of small, reversible, tested steps is how a team
changes it without stopping the service or losing rows.

**What it cannot tell.** Whether a step was ever run on production, how long it locked, and whether a revision that a
tool drafted was reviewed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from evidence.api import Document, Observations, Project, Section, Signal, Site, Sites, plural, regex

_DAY = 86_400
_MONTH = 30.44 * _DAY
# Catalogue: "six months or more of history".
_SPAN_MONTHS = 6
_CHAIN = 3
_RUN_CLAUSES = {"ci": "run_by_ci", "test": "tested", "start": "run_at_start"}

_PRACTICES = ("reversible", "online", "backfill", "checked", "guided")
_PRACTICE_NAMES = {
    "reversible": "working downgrades",
    "online": "online-safe operations",
    "backfill": "data backfills",
    "checked": "checks of the chain",
    "guided": "written guidance",
}

_ABOUT = regex(
    r"migration|migracion|migraç|alembic|schema change|database change|multi(?:ple)?[- ]heads?", re.IGNORECASE
)
_ADVICE = (
    r"down ?grade|roll(?:ing|ed)? ?back|revert", r"back ?fill", r"\block", r"concurrently",
    r"(?:backwards?|forwards?)[ -]compatib",
    r"\bexpand\b", r"zero[ -]down", r"\bheads?\b|down_revision|conflict", r"\breview|\bcheck (?:the|that|for)|inspect",
    r"\bnull", r"\bsquash", r"never |do not |don't |must ",
    r"(?:two|three|multiple|separate) (?:step|phase|deploy|release)",
)  # fmt: skip
# Half a page on at least two dangers; Alembic's own README ("Generic single-database configuration.") has four words.
_GUIDE_WORDS = 100
# What moves is the schema: moving to another server, or to another library, is called migration too.
_OF_SCHEMAS = regex(
    r"alembic|flask[- ]db\b|flask-migrate|\brevisions?\b|down ?grade|\bcolumns?\b|schema (?:change|migration)|\.sql\b"
)
_GUIDE_TOPICS = 2
_NOT_GUIDES = regex(
    r"^\.(?!github)|(?:^|/)(?:adrs?|decisions?|rfcs?|plans?|specs?|proposals?|changelog|history|release)s?[/._-]",
    re.IGNORECASE,
)


def _months(sites: Sites) -> int:
    """Whole months between the first and the last of the revisions' days."""
    days = [s.value for s in sites.of("revision") if isinstance(s.value, int) and s.value > 0]
    return int((max(days) - min(days)) / _MONTH) if days else 0


def _migrations_statement(sites: Sites) -> str:
    chained = sites.count("revision")
    if not chained:
        loose = sites.count("loose")
        if loose:
            return f"{plural(loose, 'migration revision')}, fewer than {_CHAIN} non-empty ones in a chain."
        return "A migration tool is set up, but the repository holds no revisions."
    runs = [
        n
        for c, n in (("run_by_ci", "CI"), ("tested", "the tests"), ("run_at_start", "the start command"))
        if sites.has(c)
    ]
    told = f", run by {' and '.join(runs)}" if runs else ""
    months = _months(sites)
    span = f"over {plural(months, 'month')}" if months else "within one month"
    return f"{plural(chained, 'chained migration revision')} {span}{told}."


MIGRATIONS = Signal(
    id="data.migrations",
    title="Alembic migrations in use",
    competency="migrations",
    seeds=("S7.3", "S5.2", "C7.2"),
    counts="At least three non-empty revisions of Alembic, Flask-Migrate or an equal that form a chain.",
    strong="The revisions span six months or more, or CI or the tests run them.",
    not_credited="The extension set up without revisions; tables made with create_all alone.",
    how_to_show="Commit the migrations folder and let CI upgrade an empty database with it.",
    clauses=("revision", "tested", "run_by_ci", "loose", "bound", "run_at_start", "head"),
    defining=("revision", "loose", "bound"),
    uncited=("run_at_start", "head"),
    applies="python",
    trace=lambda sites: sites.count("revision", "loose", "bound") > 0,
    practised=lambda sites: sites.count("revision") >= _CHAIN,
    sustained=lambda sites: _months(sites) >= _SPAN_MONTHS or sites.count("run_by_ci", "tested") > 0,
    measures=lambda sites: {
        "revisions": sites.count("revision"),
        "months": _months(sites),
        "heads": sites.count("head"),
    },
    statement=_migrations_statement,
)


def _practices(sites: Sites) -> list[str]:
    """The practices shown. Downgrades count where most revisions have a working one."""
    shown = [p for p in _PRACTICES if sites.has(p)]
    if "reversible" in shown and sites.count("reversible") <= sites.count("one_way"):
        shown.remove("reversible")
    return shown


def _discipline_statement(sites: Sites) -> str:
    shown = _practices(sites)
    names = ", ".join(_PRACTICE_NAMES[p] for p in shown) or "none in most revisions"
    back, all_ = sites.count("reversible"), sites.count("reversible", "one_way")
    return f"Safe-migration practices: {names}; {back} of {plural(all_, 'revision')} can be undone."


DISCIPLINE = Signal(
    id="data.migration_discipline",
    title="Safe migration practice",
    competency="migrations",
    seeds=("S7.3", "S5.2", "C7.2"),
    counts="At least two of: working downgrades in most revisions, online-safe operations, data backfills, "
    "migration checks or "
    "tests in CI, written guidelines.",
    strong="Three or more of them.",
    not_credited="Revisions as the tool drafted them; batch mode for SQLite; a downgrade that only passes or raises.",
    how_to_show="Test that the chain has one head and upgrades cleanly, and write down how a risky change is "
    "rolled out.",
    clauses=("checked", "online", "backfill", "guided", "reversible", "one_way"),
    defining=("reversible", "online", "backfill", "checked", "guided"),
    uncited=("one_way",),
    applies="python",
    trace=lambda sites: bool(_practices(sites)),
    practised=lambda sites: len(_practices(sites)) >= 2,
    sustained=lambda sites: len(_practices(sites)) >= 3,
    measures=lambda sites: {"practices": len(_practices(sites))},
    statement=_discipline_statement,
)
SIGNALS = (MIGRATIONS, DISCIPLINE)


def detect(project: Project) -> Observations:
    """Revisions and who runs them; then, where there are revisions, the care taken."""
    revisions = [r for r in project.migrations.revisions if not r.empty and project.in_flask_part(r.path)]
    if not revisions:
        yield from _bound(project)
        return
    days = _days(project)
    parents = {(r.folder, p) for r in project.migrations.revisions for p in r.parents}
    for item in revisions:
        clause = "revision" if item.path in project.migrations.chained else "loose"
        place = Site(
            path=item.path,
            start=item.start,
            end=item.end,
            clause=clause,
            subject=item.folder,
            value=days.get(item.path),
        )
        yield MIGRATIONS, place
        if clause == "revision" and (item.folder, item.id) not in parents:
            yield MIGRATIONS, Site(path=item.path, start=item.start, end=item.start, clause="head", subject=item.folder)
    for run in project.migration_runs:
        if run.does != "check" and project.in_flask_part(run.path):
            yield (
                MIGRATIONS,
                Site(path=run.path, start=run.start, end=run.end, clause=_RUN_CLAUSES[run.by], subject=run.does),
            )
    yield from _care(project)


def _bound(project: Project) -> Observations:
    """Flask-Migrate set up: a lead where there are no revisions."""
    for file, call, _name in project.calls(project.app, "flask_migrate.Migrate", "flask_alembic.Alembic"):
        if project.reach.live(file.path, call.scope):
            yield MIGRATIONS, Site(path=file.path, start=call.start, end=call.end, clause="bound", subject="extension")


def _days(project: Project) -> dict[str, int]:
    """When each revision was written, as seconds since the epoch: the day in its docstring, else its first commit.

    A docstring is a claim, so none is taken to be older than the repository's first commit, where that is known.
    """
    revisions = project.migrations.revisions
    first = {path: min(times) for path, times in project.history.dates([r.path for r in revisions]).items() if times}
    earliest = min((c.committed for c in project.history.commits), default=0)
    found: dict[str, int] = {}
    for item in revisions:
        written = _seconds(item.created) or first.get(item.path, 0)
        if written:
            found[item.path] = max(written, earliest)
    return found


def _seconds(day: str) -> int:
    try:
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) if day else 0
    except (ValueError, OverflowError):
        return 0


def _care(project: Project) -> Observations:
    for item in project.migrations.revisions:
        if item.empty or not project.in_flask_part(item.path):
            continue
        start, end = item.back if item.reversible and item.back[0] else (item.start, item.end)
        clause = "reversible" if item.reversible else "one_way"
        yield DISCIPLINE, Site(path=item.path, start=start, end=end, clause=clause, subject=item.folder)
    for step in (o for o in project.migrations.operations if project.in_flask_part(o.path)):
        yield DISCIPLINE, Site(path=step.path, start=step.start, end=step.end, clause=step.kind, subject=step.path)
    exercised = [r for r in project.migration_runs if r.by in ("ci", "test") and project.in_flask_part(r.path)]
    checked = [r for r in exercised if r.does in ("check", "downgrade")]
    for run in checked or exercised:
        yield DISCIPLINE, Site(path=run.path, start=run.start, end=run.end, clause="checked", subject=run.does)
    for path, document in project.documents.items():
        for first, last in _guides(path, document) if not _NOT_GUIDES.search(path) else ():
            yield DISCIPLINE, Site(path=path, start=first, end=last, clause="guided", subject=path)


def _guides(path: str, document: Document) -> Iterator[tuple[int, int]]:
    """The parts of a document under headings about migrations, where together they give advice."""
    whole = "migration" in path.rpartition("/")[2].lower()
    about: list[Section] = []
    level = 0
    for section in document.sections:
        if level and section.level > level:
            about.append(section)
            continue
        level = 0
        if whole or _ABOUT.search(section.title):
            about.append(section)
            level = section.level
    if about and _advises(about):
        best = max(about, key=lambda s: (_topics([s]), s.words, -s.start))
        yield best.start, best.end


def _advises(sections: list[Section]) -> bool:
    if not any(_OF_SCHEMAS.search(f"{s.title} {s.text}".lower()) for s in sections):
        return False
    return sum(s.words for s in sections) >= _GUIDE_WORDS and _topics(sections) >= _GUIDE_TOPICS


def _topics(sections: list[Section]) -> int:
    text = " ".join(f"{s.title} {s.text}" for s in sections).lower()
    return sum(bool(re.search(a, text)) for a in _ADVICE)
