"""What the vendors of tracing call things: packages, calls, commands and variables, from their own documents."""

from __future__ import annotations

import re

from evidence.patterns import regex

OTEL = "OpenTelemetry"
SET_UP = ("provider", "started", "wrapped")
PROVIDERS = (
    "opentelemetry.sdk.trace.TracerProvider", "opentelemetry.sdk.metrics.MeterProvider",
    "opentelemetry.sdk._logs.LoggerProvider",
    "opentelemetry.trace.set_tracer_provider", "opentelemetry.metrics.set_meter_provider",
    "opentelemetry._logs.set_logger_provider",
    "opentelemetry.exporter",
)  # fmt: skip
# Distributions that set up provider, exporter and instrumentation in one call; each is documented as built on
# OpenTelemetry.
DISTRIBUTIONS = (
    "opentelemetry.instrumentation.auto_instrumentation.initialize", "traceloop.sdk.Traceloop.init",
    "logfire.configure",
    "azure.monitor.opentelemetry.configure_azure_monitor", "uptrace.configure_opentelemetry", "openlit.init",
    "phoenix.otel.register",
    "splunk_otel.init_splunk_otel", "splunk_otel.start_tracing", "honeycomb.opentelemetry.configure_opentelemetry",
    "opentelemetry.launcher.configure_opentelemetry",
)  # fmt: skip
NOT_TRACES = regex(r"metric|meter|prometheus|_log|logger", re.IGNORECASE)
INSTRUMENT = (".instrument", ".instrument_app", "OpenTelemetryMiddleware")
PARTS = (
    ("opentelemetry.instrumentation.logging", "log_ids"),
    ("opentelemetry.sdk.trace.sampling", "sampling"),
    ("opentelemetry.propagate", "propagation"),
    ("opentelemetry.propagators", "propagation"),
    ("opentelemetry.trace.propagation", "propagation"),
    ("opentelemetry.baggage", "propagation"),
)
# Methods of tracers and meters that no other library in use has; their objects travel through too many names to follow.
METHODS = {
    "start_as_current_span": "spans", "create_counter": "metrics", "create_histogram": "metrics",
    "create_up_down_counter": "metrics",
    "create_observable_gauge": "metrics", "create_observable_counter": "metrics",
    "create_observable_up_down_counter": "metrics",
}  # fmt: skip
WRAPPER = regex(r"(?:^|[._])(?:tracing|otel|opentelemetry|telemetry)(?:[._]|$)")
SETS_UP = regex(r"\.(?:init_app|init|initialize|setup|set_up|configure|instrument|install)(?:_\w{1,30})?$")

# vendor: (calls that wire it, calls that make spans of one's own)
VENDORS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
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
    "OpenCensus": (
        ("opencensus.ext.flask.flask_middleware.FlaskMiddleware",
         "opencensus.trace.ext.flask.flask_middleware.FlaskMiddleware"),
        ("opencensus.trace.tracer.Tracer",),
    ),
    "Honeycomb": (("beeline.init", "beeline.middleware.flask.HoneyMiddleware"), ("beeline.tracer", "beeline.traced")),
    "SkyWalking": (("skywalking.agent.start",), ("skywalking.decorators.trace",)),
    "Sentry": ((), ("sentry_sdk.start_span", "sentry_sdk.start_transaction", "sentry_sdk.trace",
    "sentry_sdk.tracing.trace")),
}  # fmt: skip
WIRED_BY_IMPORT = {"ddtrace.auto": "Datadog", "instana": "Instana"}
LOG_IDS = (
    ("newrelic.agent.get_linking_metadata", "New Relic"), ("newrelic.agent.NewRelicContextFormatter", "New Relic"),
    ("ddtrace.tracer.get_log_correlation_context", "Datadog"),
)  # fmt: skip
SENTRY_SWITCHES = ("traces_sample_rate", "traces_sampler", "enable_tracing")
OFF = frozenset({"0", "0.0", "None", "False"})
STARTERS = {
    "opentelemetry-instrument": OTEL,
    "ddtrace-run": "Datadog",
    "newrelic-admin": "New Relic",
    "sw-python": "SkyWalking",
}
# The vendors' documented variables that choose a sampler or propagator, or put trace ids into log lines, without code.
VARIABLES = {
    "OTEL_TRACES_SAMPLER": (OTEL, "sampling"), "OTEL_PROPAGATORS": (OTEL, "propagation"),
    "OTEL_PYTHON_LOG_CORRELATION": (OTEL, "log_ids"), "DD_LOGS_INJECTION": ("Datadog", "log_ids"),
}  # fmt: skip
PACKAGES = {
    "ddtrace": "Datadog", "newrelic": "New Relic", "aws-xray-sdk": "AWS X-Ray", "jaeger-client": "Jaeger",
    "py-zipkin": "Zipkin",
    "flask-zipkin": "Zipkin", "elastic-apm": "Elastic APM", "scout-apm": "Scout", "flask-opentracing": "Jaeger",
}  # fmt: skip
LOG_FORMAT = regex(r"%\((?:otelTraceID|dd\.trace_id|trace_id)\)s|\{(?:otelTraceID|trace_id)\}")
