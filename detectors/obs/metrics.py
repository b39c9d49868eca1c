"""Metrics: numbers that the code itself counts and sends or exposes.

**What it sees.** Clients and instruments of Prometheus, StatsD, CloudWatch, OpenTelemetry, Datadog, New Relic and
their like made in code that can run, and the calls that count with them, through whatever module of the project hands
them on; dashboards and alert rules in the repository.

**Why it matters.** Logs tell what happened once, metrics how often and how long; only what was counted can be alerted
on.

**What it cannot tell.** Whether anything collects the numbers, and which dashboards exist elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from evidence.api import Call, Observations, Project, PyFile, Route, Signal, Site, Sites, plural, regex

# Constructors of instruments and clients, by their documents: what they make is counted with.
_INSTRUMENTS = regex(
    r"(?:prometheus_client|gds_metrics|prometheus_async"
    r"|prometheus_multiproc\w{0,10})(?:\.\w{1,30}){0,2}\.(?:Counter|Gauge|Histogram|Summary|Info|Enum)"
    r"|statsd(?:\.\w{1,30}){0,2}\.(?:StatsClient|TCPStatsClient|UnixSocketStatsClient|Client|Counter|Timer|Gauge"
    r"|Connection)"
    r"|statsd\.defaults\.env\.statsd|(?:datadog\.dogstatsd(?:\.base)?|datadog)\.DogStatsd|flask_statsd\.\w{1,20}"
    r"|pystatsd\.\w{1,20}"
    r"|markus\.get_metrics|aws_lambda_powertools(?:\.metrics)?\.Metrics|aws_embedded_metrics\.\w{1,60}"
    r"|graphyte\.(?:Sender|init)"
    r"|telegraf\.\w{1,20}|google\.cloud\.monitoring_v3\.MetricServiceClient"
)
# Extensions that count requests on their own once the application is theirs.
_EXPORTERS = regex(
    r"(?:prometheus_flask_exporter(?:\.multiprocess)?\.\w{0,30}PrometheusMetrics"
    r"|prometheus_flask_exporter\.multiprocess\.\w{1,60}"
    r"|gds_metrics\.GDSMetrics|flask_prometheus\.monitor|flask_prometheus_metrics\.register_metrics"
    r"|prometheus_flask_instrumentator\.\w{1,40}"
    r"|rest_framework_prometheus\.\w{1,40}|flask_prom\w{0,20}\.\w{1,40}|elasticapm\.metrics\.\w{1,40}"
    r"|opentelemetry\.exporter\.prometheus\.PrometheusMetricReader)"
)
# Functions that send a number by themselves.
_SENDERS = (
    "datadog.statsd", "datadog.api.Metric.send", "newrelic.agent.record_custom_metric",
    "newrelic.agent.record_custom_event", "newrelic.agent.record_custom_metrics", "sentry_sdk.metrics", "statsd.incr",
    "statsd.timing", "statsd.gauge", "ddtrace.dogstatsd", "graphyte.send", "prometheus_client.push_to_gateway",
    "aws_embedded_metrics.metric_scope", "logfire.metric_counter", "logfire.metric_histogram", "logfire.metric_gauge",
    "scout_apm.api.Context.add", "librato", "opencensus.stats", "azure_metrics",
)  # fmt: skip
_SENDING = tuple(f"{name}." for name in _SENDERS)
_OTEL = frozenset({
    "create_counter", "create_histogram", "create_up_down_counter", "create_gauge", "create_observable_gauge",
    "create_observable_counter", "create_observable_up_down_counter",
})  # fmt: skip
_CLOUD = frozenset({"put_metric_data", "create_time_series"})
_COUNTING = frozenset({
    "inc", "dec", "observe", "labels", "time", "track_inprogress", "count_exceptions", "incr", "decr", "increment",
    "decrement", "gauge", "timing", "timer", "timed", "histogram", "distribution", "set_to_current_time",
    "timing_since", "add_metric", "put_metric", "pipeline", "set", "info", "state", "send", "counter", "summary",
    "do_not_track",
})  # fmt: skip
# A client from an organisation's own package is told by its name and by methods that nothing else in use has.
_WRAPPED = regex(r"(?:^|[._])(?:statsd|stats_client|metrics_client|dogstatsd)(?:_client)?$", re.IGNORECASE)
_PLAIN = frozenset(
    {"incr", "decr", "increment", "decrement", "gauge", "timing", "timer", "timed", "histogram", "timing_with_dates"}
)
# A reader is shown calls of the files that count most; a script that counts once tells less.
_SHOWN_FILES = 3
_OWN = regex(r"(?:^|_)metrics?(?:_service)?$")
# Addresses that Prometheus and its kin scrape by convention.
_EXPOSED = regex(r"/(?:(?:management|internal|_|-|admin|monitoring|ops)/)?_?(?:metrics|prometheus)/?")
_WRITERS = ("prometheus_client", "opentelemetry", "gds_metrics", "prometheus_flask_exporter", "aioprometheus")
_PAGES = frozenset({"render_template", "render_template_string", "render", "redirect"})
_PACKAGES = frozenset({
    "prometheus-client", "prometheus-flask-exporter", "statsd", "datadog", "markus", "aws-embedded-metrics",
    "gds-metrics", "prometheus-flask-instrumentator", "flask-statsd", "graphyte", "prometheus-async",
})  # fmt: skip


def _emits(sites: Sites) -> bool:
    return sites.count("emitted", "further", "exporter", "custom") > 0


def _statement(sites: Sites) -> str:
    if not _emits(sites):
        if sites.has("own"):
            return "The project records numbers of its own, but sends them to no metrics system."
        return "A metrics library is named, but nothing that runs counts with it."
    made, calls = sites.count("made", "custom"), sites.count("emitted", "further", "custom")
    where = len({s.path for s in sites.of("emitted", "further", "custom")})
    kept = plural(sites.count("watched"), "dashboard or alert rule", "dashboards or alert rules")
    watched = f"; {kept} in the repository" if sites.has("watched") else ""
    if not made and not calls:
        return f"A library counts requests by itself; the project counts nothing of its own{watched}."
    counting = f"{plural(calls, 'call')} in {plural(where, 'file')}"
    if not made:
        return f"{counting} to send numbers{watched}."
    what = plural(made, "metric or client", "metrics and clients")
    return f"{what} defined, {counting} to count with them{watched}."


METRICS = Signal(
    id="obs.metrics",
    title="Metrics",
    competency="observability",
    seeds=("S5.3", "C4.1"),
    counts="Metrics of Prometheus, StatsD, CloudWatch, OpenTelemetry or an APM are emitted by code that runs.",
    strong="Dashboards or alert rules are kept in the repository.",
    not_credited=(
        "The dependency alone; instruments that nothing counts with; numbers kept in the application's own tables."
    ),
    how_to_show="Count what matters to your users, not only requests, and commit the dashboard or alert that reads it.",
    clauses=("made", "custom", "emitted", "exporter", "further", "watched", "unused", "own", "dependency"),
    leads=("unused", "own", "dependency"),
    defining=("made", "custom", "emitted", "further", "exporter", "unused"),
    uncited=("watched", "further"),
    practised=_emits,
    sustained=lambda sites: sites.has("watched"),
    measures=lambda sites: {
        "emitted": sites.count("emitted", "further", "custom"),
        "files": len({s.path for s in sites.of("emitted", "further", "custom")}),
    },
    statement=_statement,
)
SIGNALS = (METRICS,)


def detect(project: Project) -> Observations:
    """Instruments and clients, the calls that count with them, and what watches the numbers."""
    found = [*_made(project), *_methods(project)]
    names = {s.subject.rpartition(".")[2] for s in found if s.clause == "made"}
    found += [
        _site(r.file.path, r.start, r.end, "exporter", r.rule)
        for r in project.web.routes
        if _EXPOSED.fullmatch(r.rule) and _serves(project, r)
    ]
    found += _by_weight(list(_counted(project, names)))
    if any(s.clause in ("emitted", "further", "exporter", "custom") for s in found):
        watched = (m for m in project.monitors if m.kind in ("alert", "dashboard") and not m.prose)
        found += [_site(m.path, m.start, m.end, "watched", m.name) for m in watched]
    elif not any(s.clause in ("made", "unused") for s in found):
        found += [*_own(project), *_dependencies(project)]
    yield from ((METRICS, site) for site in found)


def _made(project: Project) -> Iterator[Site]:
    """Instruments, clients, exporters and direct calls of libraries."""
    for file in project.app:
        for call in file.module.calls:
            name = project.external(file, call.name)
            if not name:
                continue
            made, exports = _INSTRUMENTS.match(name), _EXPORTERS.match(name)
            sends = f"{name}.".startswith(_SENDING)
            if not (made or exports or sends):
                continue
            clause = "emitted" if sends and not exports else "exporter" if exports else "made"
            yield _placed(project, file, call, clause, call.target or name)


def _methods(project: Project) -> Iterator[Site]:
    """Instruments of OpenTelemetry and points sent to a cloud: methods that no other library in use has."""
    for file in project.app:
        for call in file.module.calls:
            receiver, _, method = call.name.rpartition(".")
            if receiver and (method in _OTEL or (method in _CLOUD and len(call.expr.items) > 0)):
                yield _placed(project, file, call, "custom", call.target or method)


def _counted(project: Project, names: set[str]) -> Iterator[Site]:
    """Calls that count: methods of what was made, under the names it was given, and of an organisation's own client."""
    for file in project.app:
        for call in file.module.calls:
            receiver, _, method = call.name.rpartition(".")
            if method not in _COUNTING or not receiver:
                continue
            last = receiver.partition("(")[0].partition("[")[0].rpartition(".")[2]
            known = last in names and _is_made(project, file, call, receiver)
            if (known or (method in _PLAIN and _WRAPPED.search(receiver))) and project.reach.live(
                file.path, call.scope
            ):
                yield _site(file.path, call.start, call.end, "emitted", last)


def _by_weight(sites: list[Site]) -> list[Site]:
    """The same calls: the first of each file that is about metrics or counts most is shown, the others are further
    ones."""
    counts = Counter(s.path for s in sites)
    most = sorted(counts, key=lambda p: ("metric" not in p.lower(), -counts[p], p))[:_SHOWN_FILES]
    shown = {min(s.order() for s in sites if s.path == path) for path in most}
    return [s if s.order() in shown else _site(s.path, s.start, s.end, "further", s.subject) for s in sites]


def _is_made(project: Project, file: PyFile, call: Call, receiver: str) -> bool:
    """Whether the receiver is an instrument: an attribute is believed, a plain name is followed to where it is made."""
    head = receiver.partition("(")[0].partition("[")[0]
    if head.startswith(("self.", "cls.")):
        return True
    return _INSTRUMENTS.match(project.variable_class(file, call.scope, head)) is not None or _remade(
        project, file, head
    )


def _remade(project: Project, file: PyFile, head: str) -> bool:
    """A name that another module assigns in a function or class: ``metrics.requests`` of an object made there."""
    ref = project.resolve(file, head)
    return not ref.external and "." in ref.name


def _serves(project: Project, route: Route) -> bool:
    """Whether a route that can run answers with numbers: a page for people is none."""
    if not project.reach.live(route.file.path) or (route.methods and "GET" not in {m.upper() for m in route.methods}):
        return False
    calls = (c for c in route.file.module.calls if route.start <= c.start <= route.end)
    if any(c.last == "as_view" for c in calls):
        return False  # an exporter is a function; a class answers with the numbers of a business
    file, handler = route.handler_file, route.handler
    if (
        handler is not None
        and handler.kind == "class"
        and not any(c in handler.name for c in ("Prometheus", "Exporter"))
    ):
        written = (c for c in file.module.calls if handler.start <= c.start <= handler.end)
        return any(project.external(file, c.name).startswith(_WRITERS) for c in written)
    scope = file.scopes.get(handler.qualname, 0) if handler is not None else 0
    return not scope or not any(c.name.rpartition(".")[2] in _PAGES for c in file.calls_in(scope))


def _placed(project: Project, file: PyFile, call: Call, clause: str, subject: str) -> Site:
    live = project.reach.live(file.path, call.scope)
    return _site(file.path, call.start, call.end, clause if live else "unused", subject)


def _own(project: Project) -> Iterator[Site]:
    """Modules called after metrics that other code uses: a lead where no metrics system is there."""
    for file in project.app:
        if _OWN.search(file.path.rpartition("/")[2].removesuffix(".py")) and project.reach.live(file.path):
            first = next((d for d in file.module.definitions if d.kind == "function" and not d.parent), None)
            if first is not None:
                yield _site(file.path, first.start, min(first.end, first.start + 39), "own", first.name)


def _dependencies(project: Project) -> Iterator[Site]:
    for path, listed in project.dependencies.items():
        for item in listed.items:
            if item.name in _PACKAGES:
                yield _site(path, item.line, item.line, "dependency", item.name)


def _site(path: str, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=path, start=start, end=end, clause=clause, subject=subject)
