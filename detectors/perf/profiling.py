"""Profiling and timing: the code, its requests or its queries are measured while they run.

**What it sees.** Profilers in middleware, hooks and start commands, profiles of Sentry, Datadog and New Relic, recorded
queries that someone reads, events of SQLAlchemy that take the time, timers and durations that are sent or logged.

**Why it matters.** What is slow is seldom what one thinks; measured code can be changed with a reason.

**What it cannot tell.** Whether anybody looks at the numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evidence.api import Call, Node, Observations, Project, PyFile, Signal, Site, Sites, plural, regex

_PROFILERS = (
    "werkzeug.middleware.profiler.ProfilerMiddleware", "werkzeug.contrib.profiler.ProfilerMiddleware",
    "pyinstrument.Profiler", "cProfile.Profile",
    "yappi.start", "flask_profiler.init_app", "flask_profiler.Profiler", "line_profiler",
    "googlecloudprofiler.start", "pyroscope.configure",
    "ddtrace.profiling", "memory_profiler.profile", "memray.Tracker", "tracemalloc.start", "profile.Profile",
    "flask_debugtoolbar_lineprofilerpanel",
)  # fmt: skip
_QUERIES = (
    "flask_sqlalchemy.get_debug_queries",
    "flask_sqlalchemy.record_queries.get_recorded_queries",
    "flask_sqlalchemy.recorded_queries.get_recorded_queries",
)
_CLOCKS = (
    "time.time",
    "time.perf_counter",
    "time.monotonic",
    "timeit.default_timer",
    "time.perf_counter_ns",
    "time.monotonic_ns",
    "time.process_time",
)
_CURSOR = frozenset({"before_cursor_execute", "after_cursor_execute", "before_execute", "after_execute"})
_TIMERS = frozenset({"timer", "timed", "timing", "timing_with_dates", "timing_since", "time", "observe"})
_METERS = regex(r"(?i)stats|metric|histogram|summary|latency|duration|timer|prom")
_DURATION = regex(
    r"(?i)(?:^|[_.\s%{(\"])(?:duration|elapsed|latency|response[_.]?time|time_ms|took|time[_ ]taken"
    r"|query_time|run_?time)(?:$|[_.\s=:%{)\"])|(?:time|duration)_(?:ms|s|sec|secs|seconds)$"
)
_LABELLED = regex(r"(?i)(?:duration|elapsed|latency|response_?time|time_ms|took|query_time)=")
_HAND = ("click", "typer", "flask.cli", "flask_script")
_SENDS = regex(
    r"(?i)(?:^|[._])(?:info|debug|warning|log|set_metrics|record_metric|put_metric|observe|histogram|gauge|timing|send|emit)$"
)
_SWITCHES = ("profiles_sample_rate", "profiles_sampler", "profile_session_sample_rate")
_COMMAND = regex(
    r"\bpy-spy\s+(?:record|top|dump)|\bmemray\s+run\b|\bscalene\s|\bpython3?\s.{0,60}-m\s+(?:cProfile|pyinstrument|profile)\b|\bausterity?\s|\bperf\s+record\b|\bpyinstrument\s|ebpf[-_]profiler"
)
_MADE = regex(r"\blogging metrics (?:create|update)\b")
_KINDS = ("profiler", "queries", "timing")
_ABOUT = regex(r"metric|stats|timing|profil")
_BUDGETS = frozenset(
    {
        "assert_num_queries",
        "assertNumQueries",
        "assert_max_queries",
        "count_queries",
        "assert_query_count",
        "QueryCounter",
        "get_recorded_queries",
        "get_debug_queries",
    }
)
_SHOWN_FILES, _LONGEST = 2, 40


def _statement(sites: Sites) -> str:
    if not sites.kinds(*_KINDS):
        return "Profiling or timing is set up for tests or by hand only."
    told = {"profiler": "profiler", "queries": "place that times queries", "timing": "timing of code or requests"}
    many = {"queries": "places that time queries", "timing": "timings of code or requests"}
    parts = ", ".join(
        plural(sites.count(k, "further") if k == "timing" else sites.count(k), w, many.get(k, ""))
        for k, w in told.items()
        if sites.has(k)
    )
    return f"The code is measured by {parts}{', with budgets or alerts on them' if sites.has('budget') else ''}."


PROFILING = Signal(
    id="perf.profiling",
    title="Profiling and query timing",
    competency="performance",
    seeds=("C4.3", "S1.3"),
    counts="Profilers or timing are wired: profiler middleware, sampling profilers, slow-query logs, durations"
    " that are sent or logged.",
    strong="Alerts or budgets are made from them.",
    not_credited="A difference of two clock readings that is printed; recorded queries that nobody reads.",
    how_to_show="Time requests and queries where they run, and alert on the ones that matter.",
    clauses=("profiler", "queries", "timing", "budget", "further", "unused"),
    leads=("unused",),
    defining=("profiler", "queries", "timing", "unused"),
    uncited=("further",),
    practised=lambda sites: sites.count(*_KINDS) > 0,
    sustained=lambda sites: sites.has("budget"),
    measures=lambda sites: {"kinds": sites.kinds(*_KINDS), "places": sites.count(*_KINDS, "further")},
    statement=_statement,
)
SIGNALS = (PROFILING,)


def detect(project: Project) -> Observations:
    """Profilers, timed queries and timings that can run, with alerts on them; else what is there without running."""
    found = [*_profilers(project), *_settings(project), *_commands(project), *_queries(project), *_timings(project)]
    near = [s for s in found if project.in_flask_part(s.path)]
    kept = _ranked(_of_requests(project, near if any(s.clause in _KINDS for s in near) else found))
    if any(s.clause in _KINDS for s in kept):
        yield from ((PROFILING, s) for s in kept if s.clause != "unused")
        yield from ((PROFILING, s) for s in _budgets(project, {s.subject for s in kept if s.clause == "timing"}))
        return
    yield from ((PROFILING, s) for s in (*kept, *_by_hand(project)))


def _site(path: str, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=path, start=start, end=min(end, start + _LONGEST - 1), clause=clause, subject=subject)


def _budgets(project: Project, names: set[str]) -> Iterator[Site]:
    """Alerts called after something that is timed, and tests that count queries."""
    for monitor in project.monitors:
        if (
            monitor.kind == "alert"
            and not monitor.prose
            and any(n and n.lower() in monitor.name.lower() for n in names)
        ):
            yield _site(monitor.path, monitor.start, monitor.end, "budget", monitor.name)
    for test in project.scenarios:
        if test.checks and test.mentions(*_BUDGETS):
            yield _site(test.file.path, test.definition.start, test.definition.end, "budget", test.name)


def _placed(project: Project, file: PyFile, call: Call, clause: str, subject: str) -> Site:
    live = project.reach.live(file.path, call.scope)
    return _site(file.path, call.start, call.end, clause if live else "unused", subject)


def _profilers(project: Project) -> Iterator[Site]:
    for file, call, name in project.calls(project.app, *_PROFILERS):
        yield _placed(project, file, call, "profiler", name)
    for file, call, _ in project.calls(project.app, "sentry_sdk.init"):
        if any((v := call.expr.kwarg(s)) is not None and v.text not in ("0", "0.0", "None") for s in _SWITCHES):
            yield _placed(project, file, call, "profiler", "sentry")


def _settings(project: Project) -> Iterator[Site]:
    """The transaction tracer or thread profiler of New Relic, and Datadog's profiler, switched on in settings."""
    for path, data in project.data.items():
        section = data.root.get("newrelic")
        for key, node in _pairs(section):
            if key in ("thread_profiler.enabled", "transaction_tracer.enabled") and node.text.lower() == "true":
                yield _site(path, node.start, node.end, "profiler" if _loads_agent(project) else "unused", "newrelic")
        for root in data.roots:
            for node in root.walk():
                for key, value in node.pairs():
                    if key == "DD_PROFILING_ENABLED" and value.text.lower() in ("true", "1"):
                        yield _site(path, value.start, value.end, "profiler", "datadog")
                    elif key in ("image", "container_name") and _COMMAND.search(value.text):
                        yield _site(path, value.start, value.end, "profiler", "container")


def _loads_agent(project: Project) -> bool:
    """Whether anything starts New Relic's agent: settings of its own are not read otherwise."""
    imported = any(i.target.startswith("newrelic") for f in project.app for i in f.module.imports)
    commands = [*(s.text for s in project.starts), *(w.text for w in project.written_lines)]
    return imported or any("newrelic-admin" in text for text in commands)


def _pairs(section: Node | None) -> Iterator[tuple[str, Node]]:
    if section is not None:
        yield from section.pairs()


def _commands(project: Project) -> Iterator[Site]:
    for start in project.starts:
        if _COMMAND.search(start.text) and "install" not in start.text:
            yield _site(start.path, start.start, start.end, "profiler", "command")
    for line in project.written_lines:
        if _COMMAND.search(line.text) and "install" not in line.text:
            yield _site(line.path, line.start, line.end, "profiler", "command")


def _queries(project: Project) -> Iterator[Site]:
    """Recorded queries that code reads, and cursor events in files that read the clock."""
    for file, call, _ in project.calls(project.app, *_QUERIES):
        yield _placed(project, file, call, "queries", file.path)
    for file in project.app:
        clocks = any(c.name in _CLOCKS for c in file.module.calls)
        for call in file.module.calls if clocks else ():
            if any(e.kind == "str" and e.text in _CURSOR for e in call.expr.items) and call.name.endswith(
                ("listen", "listens_for")
            ):
                around = _decorated(file, call)
                live = project.reach.live(file.path, call.scope)
                yield _site(file.path, around[0], around[1], "queries" if live else "unused", file.path)


def _decorated(file: PyFile, call: Call) -> tuple[int, int]:
    return next(
        ((d.start, d.end) for d in file.module.definitions if d.start <= call.start < d.line), (call.start, call.end)
    )


def _timings(project: Project) -> Iterator[Site]:
    """Timers of metrics clients, and durations that are logged or sent where a clock is read."""
    for name in sorted(_TIMERS):
        for file, call in project.called.get(name, ()):
            receiver = call.name.rpartition(".")[0]
            if (
                receiver
                and not call.name.startswith(("time.", "datetime"))
                and (_METERS.search(receiver) or _is_meter(project, file, call.scope, receiver))
                and project.reach.live(file.path, call.scope)
            ):
                yield _site(file.path, call.start, call.end, "timing", _named(call))
    for file in project.app:
        if any(i.target.startswith(_HAND) for i in file.module.imports) or not any(
            c.name in _CLOCKS for c in file.module.calls
        ):
            continue
        for call in file.module.calls:
            if (
                _SENDS.search(call.name)
                and not call.name.startswith("print")
                and _measures(call)
                and project.reach.live(file.path, call.scope)
            ):
                yield _site(file.path, call.start, call.end, "timing", "")


def _is_meter(project: Project, file: PyFile, scope: int, receiver: str) -> bool:
    """Whether a variable, whatever its name, holds a histogram or summary of Prometheus."""
    made = project.variable_class(file, scope, receiver.partition(".labels")[0])
    return made.startswith("prometheus_client.") and made.endswith(("Histogram", "Summary"))


def _named(call: Call) -> str:
    """The name of a metric as its timer is given it; "" for short or other names, which would fit anything."""
    first = call.expr.args[0] if call.expr.args else None
    return first.text if first is not None and first.kind == "str" and len(first.text) > 5 else ""


def _measures(call: Call) -> bool:
    """Whether a call sends a named duration: as a keyword, a key, or labelled in a text that its values fill."""
    for part in call.expr.walk():
        if any(_DURATION.search(k) for k in part.keys):
            return True
    first = call.expr.args[0] if call.expr.args else None
    return (
        len(call.expr.args) > 1
        and first is not None
        and first.kind == "str"
        and _LABELLED.search(first.text) is not None
    )


def _of_requests(project: Project, sites: list[Site]) -> list[Site]:
    """Where what answers requests is measured, the timings of jobs beside it only count."""
    served = project.imports.reachable({a.file.path for a in project.web.apps})
    if not any(s.clause in _KINDS and s.path in served for s in sites):
        return sites
    return [
        _site(s.path, s.start, s.end, "further", s.subject) if s.clause == "timing" and s.path not in served else s
        for s in sites
    ]


def _ranked(sites: list[Site]) -> list[Site]:
    """Timings of the files that measure most are shown; the others count."""
    counts = Counter(s.path for s in sites if s.clause == "timing")
    shown = sorted(counts, key=lambda p: (_ABOUT.search(p) is None, -counts[p], p))[:_SHOWN_FILES]
    return [
        s if s.clause != "timing" or s.path in shown else _site(s.path, s.start, s.end, "further", s.subject)
        for s in sites
    ]


def _by_hand(project: Project) -> Iterator[Site]:
    """Leads: recorded queries in any settings, and scripts that make metrics from logs."""
    for file in project.app:
        for item in file.module.assigns:
            if item.target.endswith("SQLALCHEMY_RECORD_QUERIES") and item.value.text == "True":
                yield _site(file.path, item.start, item.end, "unused", "recorded queries")
    for path, commands in project.commands.items():
        for line in commands.lines:
            if _MADE.search(line.text):
                yield _site(path, line.start, line.end, "unused", "log metric")
