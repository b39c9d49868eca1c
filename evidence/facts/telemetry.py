"""Tracing and OpenTelemetry in a project: what sets it up, what starts under it, and what is done beyond that.

Names come from the vendors' own documents. Only calls that resolve to their packages count, and each says whether it
can run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Expr
from evidence.facts.records import Node
from evidence.facts.roles import Role, role_of

if TYPE_CHECKING:
    from evidence.facts.project import Project

OTEL = "OpenTelemetry"
SET_UP = ("provider", "started", "wrapped")
_PROVIDERS = (
    "opentelemetry.sdk.trace.TracerProvider", "opentelemetry.sdk.metrics.MeterProvider",
    "opentelemetry.sdk._logs.LoggerProvider",
    "opentelemetry.trace.set_tracer_provider", "opentelemetry.metrics.set_meter_provider",
    "opentelemetry._logs.set_logger_provider",
    "opentelemetry.exporter",
)  # fmt: skip
# Distributions that set up provider, exporter and instrumentation in one call; each is documented as built on
# OpenTelemetry.
_DISTRIBUTIONS = (
    "opentelemetry.instrumentation.auto_instrumentation.initialize", "traceloop.sdk.Traceloop.init",
    "logfire.configure",
    "azure.monitor.opentelemetry.configure_azure_monitor", "uptrace.configure_opentelemetry", "openlit.init",
    "phoenix.otel.register",
    "splunk_otel.init_splunk_otel", "splunk_otel.start_tracing", "honeycomb.opentelemetry.configure_opentelemetry",
    "opentelemetry.launcher.configure_opentelemetry",
)  # fmt: skip
_NOT_TRACES = re.compile(r"metric|meter|prometheus|_log|logger", re.IGNORECASE)
_INSTRUMENT = (".instrument", ".instrument_app", "OpenTelemetryMiddleware")
_PARTS = (
    ("opentelemetry.instrumentation.logging", "log_ids"),
    ("opentelemetry.sdk.trace.sampling", "sampling"),
    ("opentelemetry.propagate", "propagation"),
    ("opentelemetry.propagators", "propagation"),
    ("opentelemetry.trace.propagation", "propagation"),
    ("opentelemetry.baggage", "propagation"),
)
# Methods of tracers and meters that no other library in use has; their objects travel through too many names to follow.
_METHODS = {
    "start_as_current_span": "spans", "create_counter": "metrics", "create_histogram": "metrics",
    "create_up_down_counter": "metrics",
    "create_observable_gauge": "metrics", "create_observable_counter": "metrics",
    "create_observable_up_down_counter": "metrics",
}  # fmt: skip
_WRAPPER = re.compile(r"(?:^|[._])(?:tracing|otel|opentelemetry|telemetry)(?:[._]|$)")
_SETS_UP = re.compile(r"\.(?:init_app|init|initialize|setup|set_up|configure|instrument|install)(?:_\w{1,30})?$")

# vendor: (calls that wire it, calls that make spans of one's own)
_VENDORS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Datadog": (
        ("ddtrace.patch_all", "ddtrace.patch", "ddtrace.contrib.flask.TraceMiddleware", "ddtrace.tracer.configure"),
        ("ddtrace.tracer.trace", "ddtrace.tracer.wrap", "ddtrace.tracer.start_span", "ddtrace.trace.tracer"),
    ),
    "New Relic": (
        ("newrelic.agent.initialize", "newrelic.agent.register_application", "newrelic.agent.WSGIApplicationWrapper"),
        ("newrelic.agent.BackgroundTask", "newrelic.agent.FunctionTrace", "newrelic.agent.background_task",
         "newrelic.agent.function_trace", "newrelic.agent.WebTransaction", "newrelic.agent.web_transaction"),
    ),
    "AWS X-Ray": (
        ("aws_xray_sdk.ext.flask.middleware.XRayMiddleware", "aws_xray_sdk.core.patch_all", "aws_xray_sdk.core.patch",
         "aws_xray_sdk.core.xray_recorder.configure", "aws_lambda_powertools.Tracer"),
        ("aws_xray_sdk.core.xray_recorder.capture", "aws_xray_sdk.core.xray_recorder.in_segment",
         "aws_xray_sdk.core.xray_recorder.in_subsegment", "aws_xray_sdk.core.xray_recorder.begin_segment",
         "aws_xray_sdk.core.xray_recorder.begin_subsegment", "aws_xray_sdk.core.xray_recorder.put_annotation"),
    ),
    "Jaeger": (
        ("jaeger_client.Config", "flask_opentracing.FlaskTracing", "flask_opentracing.FlaskTracer"),
        ("opentracing.tracer.start_span", "opentracing.tracer.start_active_span", "opentracing.global_tracer()"),
    ),
    "Zipkin": (
        ("flask_zipkin.Zipkin", "py_zipkin.zipkin.zipkin_span", "py_zipkin.zipkin.zipkin_server_span"),
        ("py_zipkin.zipkin.zipkin_client_span",),
    ),
    "Elastic APM": (("elasticapm.contrib.flask.ElasticAPM",), ("elasticapm.capture_span",)),
    "Scout": (("scout_apm.flask.ScoutApm",), ("scout_apm.api.instrument", "scout_apm.api.BackgroundTransaction")),
    "OpenCensus": (("opencensus.ext.flask.flask_middleware.FlaskMiddleware",), ("opencensus.trace.tracer.Tracer",)),
    "Honeycomb": (("beeline.init", "beeline.middleware.flask.HoneyMiddleware"), ("beeline.tracer", "beeline.traced")),
    "SkyWalking": (("skywalking.agent.start",), ("skywalking.decorators.trace",)),
    "Sentry": ((), ("sentry_sdk.start_span", "sentry_sdk.start_transaction", "sentry_sdk.trace",
    "sentry_sdk.tracing.trace")),
}  # fmt: skip
_WIRED_BY_IMPORT = {"ddtrace.auto": "Datadog", "instana": "Instana"}
_LOG_IDS = (
    ("newrelic.agent.get_linking_metadata", "New Relic"), ("newrelic.agent.NewRelicContextFormatter", "New Relic"),
    ("ddtrace.tracer.get_log_correlation_context", "Datadog"),
)  # fmt: skip
_SENTRY_SWITCHES = ("traces_sample_rate", "traces_sampler", "enable_tracing")
_OFF = frozenset({"0", "0.0", "None", "False"})
_STARTERS = {
    "opentelemetry-instrument": OTEL,
    "ddtrace-run": "Datadog",
    "newrelic-admin": "New Relic",
    "sw-python": "SkyWalking",
}
# The vendors' documented variables that choose a sampler or propagator, or put trace ids into log lines, without code.
_VARIABLES = {
    "OTEL_TRACES_SAMPLER": (OTEL, "sampling"), "OTEL_PROPAGATORS": (OTEL, "propagation"),
    "OTEL_PYTHON_LOG_CORRELATION": (OTEL, "log_ids"), "DD_LOGS_INJECTION": ("Datadog", "log_ids"),
}  # fmt: skip
_PACKAGES = {
    "ddtrace": "Datadog", "newrelic": "New Relic", "aws-xray-sdk": "AWS X-Ray", "jaeger-client": "Jaeger",
    "py-zipkin": "Zipkin",
    "flask-zipkin": "Zipkin", "elastic-apm": "Elastic APM", "scout-apm": "Scout", "flask-opentracing": "Jaeger",
}  # fmt: skip
_LOG_FORMAT = re.compile(r"%\((?:otelTraceID|dd\.trace_id|trace_id)\)s|\{(?:otelTraceID|trace_id)\}")


@dataclass(frozen=True)
class Use:
    """One place. ``kind``: provider (also agents and distributions; of traces unless ``traces`` is false),
    instrumentation, started, wrapped, spans, metrics, sampling, propagation, log_ids, dependency. ``live``: it can
    run."""

    path: str
    start: int
    end: int
    vendor: str
    kind: str
    live: bool = True
    traces: bool = True


class Telemetry:
    """What a project has of tracing and OpenTelemetry."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def _files(self) -> tuple[PyFile, ...]:
        """Application code, without load tests: those send telemetry of the tester's."""
        return tuple(f for f in self._project.app if not any(i.target.startswith("locust") for i in f.module.imports))

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every place, in path and line order: those of the Flask part of the repository where it sets tracing up; what
        is only depended on where nothing else was found."""
        found = {
            *self._otel(),
            *self._wrappers(),
            *self._vendors(),
            *self._sentry(),
            *self._started(),
            *self._variables(),
        }
        if any(u.vendor == OTEL and u.live for u in found):
            found.update(self._methods())
        found.update(self._logged(found))
        if not any(u.live for u in found):
            found.update(self._dependencies())
        near = {u for u in found if self._project.in_flask_part(u.path)}
        kept = near if any(u.live and u.kind in SET_UP for u in near) else found
        return tuple(sorted(kept, key=lambda u: (u.path, u.start, u.end, u.kind, u.vendor)))

    def _use(self, file: PyFile, call: Call, vendor: str, kind: str, traces: bool = True) -> Use:
        live = self._project.reach.live(file.path, call.scope)
        return Use(file.path, call.start, call.end, vendor, kind, live, traces)

    def _otel(self) -> Iterator[Use]:
        for file, call, name in self._project.calls(
            self._files, "opentelemetry", *(d.partition(".")[0] for d in _DISTRIBUTIONS)
        ):
            if name.startswith(_PROVIDERS):
                yield self._use(file, call, OTEL, "provider", not _NOT_TRACES.search(name))
            elif name.startswith(_DISTRIBUTIONS):
                yield self._use(file, call, OTEL, "provider")
            elif name.startswith("opentelemetry.instrumentation.") and name.endswith(_INSTRUMENT):
                yield self._use(file, call, OTEL, "instrumentation")
            for part, kind in _PARTS:
                if name.startswith(part):
                    yield self._use(file, call, OTEL, kind)

    def _methods(self) -> Iterator[Use]:
        for file in self._files:
            for call in file.module.calls:
                kind = _METHODS.get(call.name.rpartition(".")[2])
                if kind and "." in call.name:
                    yield self._use(file, call, OTEL, kind)

    def _wrappers(self) -> Iterator[Use]:
        """An organisation's own package around OpenTelemetry: named after tracing, set up in code, with OpenTelemetry
        among the packages that come with the project."""
        locked = [p.rpartition("/")[0] for p, r in self._project.dependencies.items() if _exports(r.items)]
        for file in self._files if locked else ():
            for call in file.module.calls:
                name = self._project.external(file, call.name) if _SETS_UP.search(call.name) else ""
                package = name.rpartition(".")[0]
                known = package.startswith(("opentelemetry", "flask_opentracing", "traceloop", *_DISTRIBUTIONS))
                if (
                    _WRAPPER.search(package)
                    and not known
                    and file.imported(call.name)
                    and any(_beside(file.path, p) for p in locked)
                ):
                    yield self._use(file, call, OTEL, "wrapped")

    def _vendors(self) -> Iterator[Use]:
        for vendor, (wiring, spans) in _VENDORS.items():
            for file, call, name in self._project.calls(self._files, *(n.partition(".")[0] for n in (*wiring, *spans))):
                if _is(name, wiring):
                    yield self._use(file, call, vendor, "provider")
                elif _is(name, spans):
                    yield self._use(file, call, vendor, "spans")
        for prefix, vendor in _LOG_IDS:
            yield from (self._use(f, c, vendor, "log_ids") for f, c, _ in self._project.calls(self._files, prefix))
        for file in self._files:
            for item in file.module.imports:
                if item.target in _WIRED_BY_IMPORT or item.module in _WIRED_BY_IMPORT:
                    vendor = _WIRED_BY_IMPORT.get(item.target) or _WIRED_BY_IMPORT[item.module]
                    live = self._project.reach.live(file.path, item.scope)
                    yield Use(file.path, item.line, item.line, vendor, "provider", live)

    def _sentry(self) -> Iterator[Use]:
        """Sentry counts where performance sampling is asked for: errors alone are no traces."""
        for file, call, _name in self._project.calls(self._files, "sentry_sdk.init"):
            given = [v for s in _SENTRY_SWITCHES if (v := call.expr.kwarg(s)) is not None]
            if call.expr.kwarg("**") is not None:
                given.extend(_set_elsewhere(file))
            if any(v.text not in _OFF for v in given):
                yield self._use(file, call, "Sentry", "provider")

    def _started(self) -> Iterator[Use]:
        for start in self._project.starts:
            for word, vendor in _STARTERS.items():
                if re.search(rf"(?:^|[\s/]){word}(?:\s|$)", start.text):
                    yield Use(start.path, start.start, start.end, vendor, "started")

    def _variables(self) -> Iterator[Use]:
        for path, data in self._project.data.items():
            if role_of(path) in (Role.APP, Role.MIGRATION):
                for root in data.roots:
                    for name, value, line in _settings(root):
                        if name in _VARIABLES and value.lower() not in ("", "false", "0", "null"):
                            yield Use(path, line, line, *_VARIABLES[name])
        for path, dockerfile in self._project.dockerfiles.items():
            for item in dockerfile.instructions:
                names = [
                    n
                    for n in _VARIABLES
                    if item.word == "ENV" and re.search(rf"\b{n}[= ]{{1,3}}[\"']?(?!false|0)", item.text)
                ]
                yield from (Use(path, item.start, item.end, *_VARIABLES[n]) for n in names)

    def _logged(self, found: set[Use]) -> Iterator[Use]:
        """Trace ids in a log format, or read from the current span, where something is traced at all."""
        vendors = sorted({u.vendor for u in found if u.live and u.kind in SET_UP})
        for file in self._files if vendors else ():
            for call in file.module.calls:
                reads = call.name.endswith("get_span_context") and OTEL in vendors
                if reads or any(e.kind == "str" and _LOG_FORMAT.search(e.text) for e in call.expr.walk()):
                    yield self._use(file, call, OTEL if reads else vendors[0], "log_ids")

    def _dependencies(self) -> Iterator[Use]:
        for path, listed in self._project.dependencies.items():
            for item in listed.items if not listed.lock and not listed.compiled else ():
                vendor = OTEL if item.name.startswith("opentelemetry-") else _PACKAGES.get(item.name, "")
                if vendor:
                    yield Use(path, item.line, item.line, vendor, "dependency", live=False)


def _is(name: str, targets: tuple[str, ...]) -> bool:
    return any(name == t or name.startswith((t + ".", t + "(")) for t in targets)


def _exports(items: tuple[object, ...]) -> bool:
    return any(getattr(i, "name", "").startswith(("opentelemetry-exporter", "opentelemetry-sdk")) for i in items)


def _beside(path: str, folder: str) -> bool:
    return not folder or path.startswith(folder + "/")


def _set_elsewhere(file: PyFile) -> Iterator[Expr]:
    """Values of the switches in dictionaries that the file builds before it passes them on."""
    for item in file.module.assigns:
        if any(item.target.endswith(f"[{s}]") for s in _SENTRY_SWITCHES):
            yield item.value
        for part in item.value.walk():
            yield from (v for s in _SENTRY_SWITCHES if part.kind == "dict" and (v := part.kwarg(s)) is not None)


def _settings(root: Node) -> Iterator[tuple[str, str, int]]:
    """(name, value, line) of variables in a manifest: ``NAME: value``, ``- NAME=value``, ``- name: NAME`` with a
    value."""
    for node in root.walk():
        if node.kind == "map":
            named = node.get("name")
            value = node.get("value")
            if named is not None and value is not None:
                yield named.text, value.text, named.start
            for key, item in node.pairs():
                if item.kind not in ("map", "list"):
                    yield key, item.text, item.start
        elif node.kind == "str" and "=" in node.text[:80]:
            name, _, text = node.text.partition("=")
            yield name, text, node.start
