"""OpenTelemetry: providers, exporters and instrumentation that run, and what the project adds to them.

**What it sees.** Calls of the SDK and of distributions built on it in code that can run, services started under
``opentelemetry-instrument``, an organisation's wrapper set up beside a locked exporter; then spans and metrics of the
project's own, sampling and propagation.

**Why it matters.** Automatic instrumentation answers the questions its authors had. Own spans and metrics show which
questions this service raised.

**What it cannot tell.** Whether a collector listens, what reaches it, and who looks.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites

_OTEL = "OpenTelemetry"
_SET_UP = ("provider", "started", "wrapped")
_CUSTOM = ("spans", "metrics", "sampling", "propagation")


def _kinds(sites: Sites) -> list[str]:
    """The distinct kinds of set-up: the wiring is one, each custom part another."""
    return (["set-up"] if sites.count(*_SET_UP) else []) + [k for k in _CUSTOM if sites.has(k)]


def _statement(sites: Sites) -> str:
    if not sites.count(*_SET_UP):
        if sites.has("instrumentation"):
            return "OpenTelemetry instruments the code, but no exporter or provider is set up."
        return "OpenTelemetry is named, but nothing that runs sets it up."
    custom = _kinds(sites)[1:]
    how = "in code" if sites.count("provider", "wrapped") else "by the start command"
    return f"OpenTelemetry is set up {how}, with {', '.join(custom) if custom else 'nothing'} of the project's own."


OPENTELEMETRY = Signal(
    id="obs.opentelemetry",
    title="OpenTelemetry",
    competency="observability",
    seeds=("S5.3", "C4.1"),
    counts="The SDK or instrumentation is wired in code that runs or in the start command, with an exporter or "
    "provider.",
    strong="Spans or metrics of the project's own, sampling, or propagation.",
    not_credited="The dependency alone, direct or through a lock file; set-up code that nothing calls.",
    how_to_show="Set up the provider and exporter where the application starts, and open a span around the work "
    "that matters.",
    clauses=(*_SET_UP, *_CUSTOM, "instrumentation", "unused", "dependency"),
    leads=("unused", "dependency"),
    defining=(*_SET_UP, *_CUSTOM, "instrumentation", "unused"),
    practised=lambda sites: sites.count(*_SET_UP) > 0,
    sustained=lambda sites: sites.count(*_CUSTOM) > 0,
    measures=lambda sites: {"kinds": len(_kinds(sites))},
    statement=_statement,
)
SIGNALS = (OPENTELEMETRY,)


def detect(project: Project) -> Observations:
    """Every place that sets OpenTelemetry up or uses it."""
    for use in project.telemetry.uses:
        if use.vendor != _OTEL or use.kind == "log_ids":
            continue
        clause = use.kind if use.live or use.kind == "dependency" else "unused"
        yield OPENTELEMETRY, Site(path=use.path, start=use.start, end=use.end, clause=clause, subject=use.kind)
