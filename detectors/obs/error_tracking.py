"""Error tracking: exceptions that reach a service where they are grouped, counted and assigned.

**What it sees.** Sentry, Rollbar, Bugsnag, Airbrake, New Relic and their like initialised in code that can run, or
started around the application; what the initialisation says of environment, release and data to be left out; errors
captured explicitly. Mail handlers for errors are a lead.

**Why it matters.** An error that only a log line knows waits until a user complains.

**What it cannot tell.** Whether the address of the service is set in production, and whether anybody reads what
arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from evidence.api import Call, Expr, Node, Observations, Project, PyFile, Role, Signal, Site, Sites, quoted, regex

# vendor -> calls that start the capture of errors, by the vendors' documents (kin that keeps Sentry's protocol
# included).
_INITIALISED = {
    "Sentry": (
        "sentry_sdk.init", "raven.contrib.flask.Sentry", "raven.Client", "raven.base.Client", "flask_sentry.Sentry",
        "sentry_sdk.integrations.wsgi.SentryWsgiMiddleware", "raven.middleware.Sentry", "raven.conf.setup_logging",
    ),
    "Rollbar": ("rollbar.init",),
    "Bugsnag": ("bugsnag.configure", "bugsnag.flask.handle_exceptions"),
    "Airbrake": ("pybrake.Notifier", "pybrake.flask.init_app", "airbrake.Airbrake", "airbrake.getLogger"),
    "New Relic": ("newrelic.agent.initialize", "newrelic.agent.WSGIApplicationWrapper"),
    "Honeybadger": ("honeybadger.honeybadger.configure", "honeybadger.contrib.FlaskHoneybadger",
    "honeybadger.contrib.flask.FlaskHoneybadger"),
    "Raygun": ("raygun4py.middleware.flask.Provider", "raygun4py.raygunprovider.RaygunSender"),
    "AppSignal": ("appsignal.Appsignal",),
    "Application Insights": ("applicationinsights.flask.ext.AppInsights", "applicationinsights.exceptions.enable"),
    "Google Error Reporting": ("google.cloud.error_reporting.Client",),
    "Elastic APM": ("elasticapm.contrib.flask.ElasticAPM",),
    "Datadog Error Tracking": ("ddtrace.errortracking.enable",),
}  # fmt: skip
_OWN = {
    **dict.fromkeys(("init_sentry", "setup_sentry", "configure_sentry", "initialize_sentry", "sentry_init"), "Sentry"),
    **dict.fromkeys(("init_rollbar", "setup_rollbar"), "Rollbar"),
}
_STARTED = {"newrelic-admin": "New Relic"}
_CAPTURED = frozenset({
    "capture_exception", "captureException", "capture_message", "captureMessage", "report_exc_info", "notice_error",
    "record_exception",
})  # fmt: skip
# Decorators that register a function for errors: of Flask, of signals, of blueprints and workers.
_HANDLER = regex(r"error_?handler|handle|\.connect$|receiver|failure|on_error|exception")
# Keywords that set an environment, tag a release, or keep data out; one given as None or an empty list sets nothing.
_CARE = frozenset({
    "environment", "release", "before_send", "before_send_transaction", "send_default_pii", "ignore_errors",
    "event_scrubber", "data_collection", "release_stage", "app_version", "params_filters", "notify_release_stages",
    "before_notify", "code_version", "scrub_fields", "exception_level_filters", "environment_name", "keys_blocklist",
    "keys_blacklist", "ignored_exceptions", "processors", "sanitize_keys", "exclude_paths", "max_request_body_size",
    "request_bodies", "filters",
})  # fmt: skip
_CARE_CALLS = (
    "sentry_sdk.set_tag",
    "sentry_sdk.set_tags",
    "sentry_sdk.set_user",
    "sentry_sdk.set_context",
    "bugsnag.before_notify",
)
_SETTING = regex(
    r"SENTRY_(?:ENVIRONMENT|RELEASE|CONFIG)|ROLLBAR_ENV(?:IRONMENT)?|BUGSNAG_RELEASE_STAGE|NEW_RELIC_ENVIRONMENT"
    r"|AIRBRAKE_ENVIRONMENT"
)
_AGENT = regex(
    r"error_collector\.(?:ignore_errors|ignore_classes|expected_classes|ignore_status_codes)|attributes\.exclude"
)
_NODES = 20_000
# The environment's position among the arguments, where a vendor takes it so: rollbar.init(token, environment).
_POSITIONS = {"rollbar.init": 1}
_PACKAGES = {
    "sentry-sdk": "Sentry", "raven": "Sentry", "rollbar": "Rollbar", "bugsnag": "Bugsnag", "pybrake": "Airbrake",
    "airbrake": "Airbrake", "newrelic": "New Relic", "honeybadger": "Honeybadger", "raygun4py": "Raygun",
    "appsignal": "AppSignal", "flask-sentry": "Sentry",
}  # fmt: skip
_MAILED = (
    "logging.handlers.SMTPHandler",
    "logging.handlers.HTTPHandler",
    "slack_logger",
    "slacker_log_handler",
    "flask_error_mail",
)


def _statement(sites: Sites) -> str:
    vendors = sorted(sites.subjects("initialised", "careful"))
    if vendors:
        care = f" with {', '.join(_told(sites))}" if _told(sites) else " as it comes"
        explicit = (
            f"; errors are captured explicitly in {sites.count('captured', 'reported')} places"
            if sites.count("captured", "reported") > 1
            else ""
        )
        return f"Errors go to {' and '.join(vendors)}, set up{care}{explicit}."
    if sites.has("mailed"):
        return "Errors are sent by a log handler; there is no error tracker."
    return f"{sorted(sites.subjects())[0]} is named, but nothing that runs initialises it."


def _told(sites: Sites) -> list[str]:
    return sorted({quoted(str(s.value)) for s in sites.of("careful", "setting", "variable") if s.value})[:4]


ERROR_TRACKING = Signal(
    id="obs.error_tracking",
    title="Error tracking",
    competency="observability",
    seeds=("C4.1",),
    counts=(
        "Capture of errors by Sentry, Rollbar, Bugsnag, Airbrake, New Relic or an equal is initialised in code "
        "that runs."
    ),
    strong="The initialisation sets an environment or a release, or filters what is sent.",
    not_credited="The dependency alone; an initialisation that nothing calls; errors sent by mail.",
    how_to_show=(
        "Initialise the tracker in create_app() with environment, release and a before_send that drops personal data."
    ),
    clauses=("careful", "initialised", "setting", "captured", "reported", "variable", "mailed", "unused", "dependency"),
    leads=("mailed", "unused", "dependency"),
    defining=("careful", "initialised", "captured", "setting", "variable", "unused"),
    uncited=("variable", "reported"),
    practised=lambda sites: sites.count("initialised", "careful") > 0,
    sustained=lambda sites: sites.count("careful", "setting", "variable") > 0,
    measures=lambda sites: {
        "captured": sites.count("captured", "reported"),
        "vendors": len(sites.subjects("initialised", "careful")),
    },
    statement=_statement,
)
SIGNALS = (ERROR_TRACKING,)


def detect(project: Project) -> Observations:
    """Initialisations and what goes with them; leads where there is none."""
    found = [*_initialised(project), *_handed_over(project), *_started(project)]
    if any(s.clause in ("initialised", "careful") for s in found):
        vendor = min(s.subject for s in found if s.clause in ("initialised", "careful"))
        beginnings = frozenset(s.path for s in found if s.clause in ("initialised", "careful"))
        found = [*found, *_captured(project, vendor, beginnings), *_settings(project, vendor)]
    else:
        found = [*found, *_mailed(project), *_dependencies(project)]
    yield from ((ERROR_TRACKING, site) for site in found)


def _initialised(project: Project) -> Iterator[Site]:
    vendors = {name: vendor for vendor, names in _INITIALISED.items() for name in names}
    built: dict[str, list[tuple[str, Expr]]] = {}
    for file, call, name in project.calls(project.app, *vendors):
        if name not in vendors:
            continue
        if file.path not in built:
            built[file.path] = list(_built(file))
        care = _care(built[file.path], call, name)
        told = call.expr.kwarg("dsn") or next(iter(call.expr.args), None)
        nowhere = name == "sentry_sdk.init" and told is not None and _empty(told)  # an empty DSN sends nothing
        live = not nowhere and project.reach.live(file.path, call.scope)
        clause = "unused" if not live else "careful" if care else "initialised"
        yield _site(file.path, call.start, call.end, clause, vendors[name], care)


def _handed_over(project: Project) -> Iterator[Site]:
    """An organisation's own package that is told to start the capture: ``init_sentry()`` of its shared code."""
    for name in sorted(_OWN):
        for file, call in project.called.get(name, ()):
            if project.external(file, call.name).rpartition(".")[2] == name and file.imported(call.name):
                care = next((k for k in sorted(_CARE) if (v := call.expr.kwarg(k)) is not None and not _empty(v)), "")
                live = project.reach.live(file.path, call.scope)
                clause = "unused" if not live else "careful" if care else "initialised"
                yield _site(file.path, call.start, call.end, clause, _OWN[name], care)


def _care(built: list[tuple[str, Expr]], call: Call, name: str) -> str:
    """The first setting that says where an error comes from or what is left out of it; "" for none."""
    position = _POSITIONS.get(name)
    if position is not None and len(call.expr.args) > position:
        return "environment"
    given = [(k, v) for k in sorted(_CARE) if (v := call.expr.kwarg(k)) is not None]
    if call.expr.kwarg("**") is not None:
        given.extend(built)
    return next((k for k, v in given if not _empty(v)), "")


def _empty(value: Expr) -> bool:
    return value.kind in ("const", "str", "list", "dict") and value.text in ("None", "") and not value.items


def _built(file: PyFile) -> Iterator[tuple[str, Expr]]:
    """Settings in dictionaries that the file builds before it hands them on."""
    for item in file.module.assigns:
        key = item.target.rpartition("[")[2].rstrip("]")
        if item.target.endswith("]") and key in _CARE:
            yield key, item.value
        if item.value.kind in ("dict", "call"):
            yield from ((k, v) for k in sorted(_CARE) if (v := item.value.kwarg(k)) is not None)


def _started(project: Project) -> Iterator[Site]:
    for start in project.starts:
        for word, vendor in _STARTED.items():
            if f"{word} run-" in start.text:
                yield _site(start.path, start.start, start.end, "initialised", vendor)


def _captured(project: Project, vendor: str, beginnings: frozenset[str]) -> Iterator[Site]:
    """Errors reported by hand, through whatever module hands the client on, and what is set for all of them."""
    for file, call, name in project.calls(project.app, *_CARE_CALLS):
        if project.reach.live(file.path, call.scope):
            yield _site(file.path, call.start, call.end, "setting", vendor, name.rpartition(".")[2])
    for file in project.app:
        for call in file.module.calls:
            span = call.last == "record_exception" and "span" in call.name.lower()  # of a trace
            if call.last in _CAPTURED and not span and project.reach.live(file.path, call.scope):
                clause = "captured" if file.path in beginnings or _handles(file, call) else "reported"
                yield _site(file.path, call.start, call.end, clause, vendor)


def _handles(file: PyFile, call: Call) -> bool:
    """Whether an error is captured by what was registered for errors, not in the middle of other work."""
    around = file.function_of(call.scope)
    return around is not None and any(_HANDLER.search(d.expr.text) for d in around.decorators)


def _settings(project: Project, vendor: str) -> Iterator[Site]:
    """Variables and Flask settings that name environment or release: the SDKs read them by themselves."""
    for item in project.settings.reads:
        if _SETTING.fullmatch(item.name):
            yield _site(item.file.path, item.start, item.end, "setting", vendor, item.name)
    for path, data in project.data.items():
        if project.role(path) is Role.APP:
            yield from (
                _site(path, line, line, "variable", vendor, k) for root in data.roots for k, line in _variables(root)
            )
    for file in project.app:
        for assign in file.module.assigns:
            if _SETTING.fullmatch(assign.target.rpartition("[")[2].rstrip("]")) and not _empty(assign.value):
                yield _site(file.path, assign.start, assign.end, "setting", vendor, assign.target)


def _variables(root: Node) -> Iterator[tuple[str, int]]:
    """Variables of a manifest (also ``- NAME=value``), and New Relic's own file where it says what to leave out."""
    for node in islice(root.walk(), _NODES):
        name, _, value = node.text.partition("=") if node.kind == "str" else ("", "", "")
        for key, text, line in ((name, value, node.start), *((k, n.text, n.start) for k, n in node.pairs())):
            if text and (_SETTING.fullmatch(key) or _AGENT.fullmatch(key)):
                yield key, line


def _mailed(project: Project) -> Iterator[Site]:
    for file, call, name in project.calls(project.app, *_MAILED):
        if project.reach.live(file.path, call.scope):
            yield _site(file.path, call.start, call.end, "mailed", name.rpartition(".")[2])


def _dependencies(project: Project) -> Iterator[Site]:
    for path, listed in project.dependencies.items():
        for item in listed.items:
            if item.name in _PACKAGES:
                yield _site(path, item.line, item.line, "dependency", _PACKAGES[item.name])


def _site(path: str, start: int, end: int, clause: str, subject: str, value: str = "") -> Site:
    return Site(path=path, start=start, end=end, clause=clause, subject=subject, value=value or None)
