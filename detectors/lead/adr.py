"""Architecture decision records: decisions written down with their reasons, while they are made.

**What it sees.** Documents with a context, a decision and what was weighed against it (consequences, alternatives,
risks): ADRs of any form and language, RFCs, design documents; their dates, statuses, and which ones replace others.

**Why it matters.** Code shows what was built and never what was turned down. A record lets the next person change the
decision on purpose.

**What it cannot tell.** Whether a record was written before or after the fact, who took part, or whether the code
follows it.
"""

from __future__ import annotations

import re

from evidence.api import Document, Observations, Project, Signal, Site, Sites, plural, regex

_MONTH = 30.44 * 86_400
_RATIONALE = regex(
    r"(?:why|rationale|philosophy|design[-_ ]?(?:opinions|decisions|rationale|notes|principles)"
    r"|tech(?:nical)?[-_ ]decisions)",
    re.IGNORECASE,
)
_RATIONALE_WORDS = 150
# Catalogue: two records; "five or more over three months or more".
_RECORDS, _MANY, _SPAN_MONTHS = 2, 5, 3


def _months(sites: Sites) -> int:
    """Whole months between the first and the last record."""
    days = [s.value for s in sites.of("record") if isinstance(s.value, int) and s.value > 0]
    return int((max(days) - min(days)) / _MONTH) if days else 0


def _upheld(sites: Sites) -> bool:
    return sites.count("superseded") > 0 or 2 * sites.count("status") >= sites.count("record")


def _statement(sites: Sites) -> str:
    records = sites.count("record")
    if not records:
        return "A document argues design decisions, but there are no decision records."
    superseded = sites.count("superseded")
    more = f", {superseded} of them superseded" if superseded else ""
    return f"{plural(records, 'decision record')} over {plural(_months(sites), 'month')}{more}."


ADR = Signal(
    id="lead.adr",
    title="Architecture decision records",
    competency="decisions",
    seeds=("S1.2", "S3.1", "C8.2"),
    counts="At least two decision records (ADR, RFC, design document) with a real context, a decision, and "
    "consequences or alternatives.",
    strong="Five or more over three months or more, with statuses or supersession.",
    not_credited="The template alone; an empty folder; records left unfilled or copied from one another.",
    how_to_show="Write a page per decision that was hard: what forced it, what was chosen, what was turned down "
    "and why.",
    clauses=("record", "rationale", "status", "superseded"),
    defining=("record", "rationale"),
    uncited=("status", "superseded"),
    practised=lambda sites: sites.count("record") >= _RECORDS,
    sustained=lambda sites: sites.count("record") >= _MANY and _months(sites) >= _SPAN_MONTHS and _upheld(sites),
    measures=lambda sites: {
        "records": sites.count("record"),
        "months": _months(sites),
        "superseded": sites.count("superseded"),
    },
    statement=_statement,
)
SIGNALS = (ADR,)
ALONE = True


def detect(project: Project) -> Observations:
    """Every filled-in record, with its date; else documents that argue decisions in prose."""
    records = project.decision_records
    first = {p: min(t) for p, t in project.history.dates([r.path for r in records]).items() if t}
    earliest = min((c.committed for c in project.history.commits), default=0)
    for item in records:
        written = max(item.day or first.get(item.path, 0), earliest)
        place = Site(
            path=item.path, start=item.start, end=item.end, clause="record", subject=item.path, value=written or None
        )
        yield ADR, place
        for clause, holds in (("status", item.status), ("superseded", item.superseded)):
            if holds:
                yield ADR, Site(path=item.path, start=item.start, end=item.end, clause=clause, subject=item.path)
    if not records:
        for path, document in project.documents.items():
            if _RATIONALE.match(path.rpartition("/")[2]) and (found := _argument(document)):
                yield ADR, Site(path=path, start=found[0], end=found[1], clause="rationale", subject=path)


def _argument(document: Document) -> tuple[int, int] | None:
    """The lines of a document that is long enough to argue anything."""
    if sum(s.words for s in document.sections) < _RATIONALE_WORDS:
        return None
    longest = max(document.sections, key=lambda s: (s.words, -s.start))
    return longest.start, longest.end
