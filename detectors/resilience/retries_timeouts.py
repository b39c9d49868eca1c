"""Timeouts, retries and circuit breakers: what happens when something that is called does not answer.

**What it sees.** Timeouts given to clients, connections, engines and single calls that leave the process; retries by
tenacity, backoff, urllib3 and their like, by options of clients, and by loops of the project's own; circuit breakers;
code that goes on without its cache; tests that make a dependency fail.

**Why it matters.** Without a timeout one slow neighbour holds every worker; without a bound on retries the neighbour
never recovers.

**What it cannot tell.** Whether the numbers fit, what a mesh or gateway adds from outside, and defaults of the
libraries.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, plural

_MEASURES = ("retry", "breaker", "fallback")
# Timeouts of single calls are shown only where no client or set of options has one for all of them.
_TIMEOUTS = ("options", "timeout", "call_timeout", "further")


def _practised(sites: Sites) -> bool:
    return sites.count(*_TIMEOUTS) > 0 and sites.count(*_MEASURES) > 0


def _statement(sites: Sites) -> str:
    parts = [
        plural(count, noun, many)
        for count, noun, many in (
            (sites.count(*_TIMEOUTS), "explicit timeout", ""),
            (sites.count("retry"), "retry", "retries"),
            (sites.count("breaker"), "circuit breaker", ""),
            (sites.count("fallback"), "fallback", ""),
        )
        if count
    ]
    if not parts:
        return "A start script tries again until something answers; no call has a timeout or a retry."
    tail = (
        f"; {plural(sites.count('tested'), 'test makes', 'tests make')} a dependency fail"
        if sites.has("tested")
        else ""
    )
    return f"Calls that leave the process have {' and '.join(parts)}{tail}."


RETRIES_TIMEOUTS = Signal(
    id="resilience.retries_timeouts",
    title="Timeouts, retries and circuit breakers",
    competency="resilience",
    seeds=("S6.3", "S5.2"),
    counts=(
        "Calls to other services or the database have explicit timeouts, and retries, a circuit breaker or a "
        "fallback besides."
    ),
    strong="Tests make a dependency fail and check what happens.",
    not_credited="A timeout on one call and nothing else; the retries of a task queue.",
    how_to_show=(
        "Give one shared client a timeout and bounded retries with growing waits, and test it against a server "
        "that fails."
    ),
    clauses=("retry", "options", "tested", "timeout", "breaker", "fallback", "call_timeout", "waiting", "further"),
    leads=("waiting",),
    defining=("retry", "options", "timeout", "breaker", "fallback", "call_timeout", "further"),
    uncited=("further",),
    applies="python",
    practised=_practised,
    sustained=lambda sites: sites.has("tested"),
    measures=lambda sites: {
        "timeouts": sites.count(*_TIMEOUTS),
        "measures": sites.kinds(*_MEASURES),
        "tests": sites.count("tested"),
    },
    statement=_statement,
)
SIGNALS = (RETRIES_TIMEOUTS,)


def detect(project: Project) -> Observations:
    """Every place that bounds or repeats a call, and the tests of it where anything is there to test."""
    uses = project.faults.uses
    shared = any(u.kind in ("options", "timeout") for u in uses)
    for use in uses:
        clause = "further" if use.kind == "call_timeout" and shared else use.kind
        yield RETRIES_TIMEOUTS, Site(path=use.path, start=use.start, end=use.end, clause=clause, subject=use.path)
