"""Structured, correlated logging: log lines that machines can search and that belong to a request.

**What it sees.** Formatters that write JSON or key=value, in code, in ``dictConfig`` dictionaries and in files that
something loads; filters, adapters and context variables that put ids or fields on every record; calls with fields of
their own; ids handed on to other services or tasks; tests that look at the fields of what was logged.

**Why it matters.** With several workers and services, lines without an id cannot be put together again.

**What it cannot tell.** What a platform adds to the lines, and whether anyone searches them.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, plural

# Fields in one or two calls are an accident; a central set-up with several such calls is a habit.
_HABIT = 3
# A formatter set in more files than this is copied, not central.
_CENTRAL_FILES = 2
_FORMED = ("structured", "context", "request_id")
# Calls with fields are shown where they are the evidence, and only counted beside a central set-up.
_FIELDS = ("fields", "field_calls")


def _practised(sites: Sites) -> bool:
    return sites.count(*_FORMED) > 0 or (
        sites.has("wrapped") and (sites.count("fields") >= _HABIT or sites.count("passed_on", "tested") > 0)
    )


def _statement(sites: Sites) -> str:
    if not _practised(sites):
        return (
            "Logging is set up centrally, as plain text without ids."
            if sites.has("configured")
            else "Structured logging is begun, but not in use."
        )
    parts = [
        text
        for clauses, text in (
            (("structured",), "a structured format"),
            (("context", "request_id"), "ids or context fields on records"),
            (("wrapped",), "a shared logging package"),
        )
        if sites.count(*clauses)
    ]
    count = sites.count(*_FIELDS)
    fields = f" and {plural(count, 'call')} with fields" if count else ""
    more = [t for c, t in (("passed_on", "ids are passed on"), ("tested", "what is logged is tested")) if sites.has(c)]
    return f"Logging has {', '.join(parts)}{fields}{'; ' + ' and '.join(more) if more else ''}."


STRUCTURED_LOGGING = Signal(
    id="obs.structured_logging",
    title="Structured, correlated logging",
    competency="observability",
    seeds=("C4.1", "S5.3"),
    counts=(
        "Logging is set up in one place with a JSON or other structured format, request ids, or context fields "
        "on records."
    ),
    strong="Ids are passed on to other services or tasks, or tests look at what is logged.",
    not_credited="basicConfig, print and plain calls of app.logger; a plain-text format, however central.",
    how_to_show=(
        "Configure a JSON formatter in create_app(), add the request id with a filter, and test one line of the output."
    ),
    clauses=(
        "structured",
        "context",
        "wrapped",
        "tested",
        "passed_on",
        "request_id",
        "fields",
        "configured",
        "unused",
        "field_calls",
    ),
    leads=("unused",),
    defining=("structured", "context", "wrapped", "request_id", "fields", "configured", "unused"),
    uncited=("field_calls",),
    applies="python",
    practised=_practised,
    sustained=lambda sites: sites.count("passed_on", "tested") > 0,
    measures=lambda sites: {
        "kinds": sites.kinds(*_FORMED, "wrapped", "passed_on", "tested"),
        "fields": sites.count(*_FIELDS),
    },
    statement=_statement,
)
SIGNALS = (STRUCTURED_LOGGING,)


def detect(project: Project) -> Observations:
    """Every place that shapes log lines; a plain set-up only where it is central."""
    uses = project.log_setup.uses
    copied = len({u.path for u in uses if u.kind == "configured"}) > _CENTRAL_FILES
    formed = any(u.live and u.kind in _FORMED for u in uses)
    shaped = any(u.live and u.kind in (*_FORMED, "wrapped", "configured") for u in uses)
    shaping = {u.path for u in uses if u.live and u.kind in _FORMED}
    for use in uses:
        if use.kind == "configured" and shaping and use.path not in shaping:
            continue  # a plain format of some other log shows nothing beside the structured one
        alone = use.kind in ("fields", "passed_on", "tested") and not shaped
        if alone or (use.kind == "configured" and (copied or not use.live)):
            continue
        clause = use.kind if use.live else "unused"
        if clause == "fields" and formed:
            clause = "field_calls"
        if use.live or use.kind in _FORMED:
            yield STRUCTURED_LOGGING, Site(path=use.path, start=use.start, end=use.end, clause=clause, subject=use.name)
