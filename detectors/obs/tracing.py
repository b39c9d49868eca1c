"""Distributed tracing, of any vendor: an agent or tracer that runs, and what the project adds to it.

**What it sees.** OpenTelemetry, Datadog, New Relic, X-Ray, Jaeger, Zipkin, Elastic and their like set up in code that
can run or in a start command (``ddtrace-run``, ``newrelic-admin run-program``); Sentry where performance sampling is
asked for; spans of the project's own, and trace ids in its logs.

**Why it matters.** A request that crosses services can only be understood when its parts are joined.

**What it cannot tell.** Whether traces arrive anywhere, who reads them, and what a platform adds from outside.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, plural

_OTEL = "OpenTelemetry"
_CLAUSES = {
    "provider": "wired",
    "wrapped": "wired",
    "started": "started",
    "spans": "spans",
    "log_ids": "log_ids",
    "dependency": "dependency",
}


def _statement(sites: Sites) -> str:
    vendors = sorted(sites.subjects("wired", "started"))
    if not vendors:
        return f"{min(sites.subjects())} is named, but nothing that runs sets up its tracing."
    spans = plural(sites.count("spans"), "span") if sites.has("spans") else "no spans"
    ids = " and trace ids in logs" if sites.has("log_ids") else ""
    return f"Tracing is wired with {', '.join(vendors)}, with {spans} of the project's own{ids}."


TRACING = Signal(
    id="obs.tracing",
    title="Distributed tracing of any vendor",
    competency="observability",
    seeds=("S5.3", "C4.1"),
    counts="OpenTelemetry, Jaeger, Zipkin, X-Ray, Datadog, New Relic, Sentry performance tracing or an equal is wired.",
    strong="Spans of the project's own, or trace ids in its logs.",
    not_credited="The dependency alone; an agent that nothing starts; Sentry for errors only.",
    how_to_show="Start the agent with the application, and name spans around your own slow parts.",
    clauses=("wired", "started", "spans", "log_ids", "unused", "dependency"),
    leads=("unused", "dependency"),
    defining=("wired", "started", "spans", "log_ids", "unused"),
    practised=lambda sites: sites.count("wired", "started") > 0,
    sustained=lambda sites: sites.count("spans", "log_ids") > 0,
    measures=lambda sites: {"vendors": len(sites.subjects("wired", "started"))},
    statement=_statement,
)
SIGNALS = (TRACING,)


def detect(project: Project) -> Observations:
    """Every place that sets tracing up, adds to it, or only depends on it."""
    for use in project.telemetry.uses:
        clause = _CLAUSES.get(use.kind, "")
        if not clause or not use.traces:
            continue
        if not use.live and clause != "dependency":
            clause = "unused"
        yield TRACING, Site(path=use.path, start=use.start, end=use.end, clause=clause, subject=use.vendor)
