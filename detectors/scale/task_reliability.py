"""Background tasks that survive failure: retries, limits, late acknowledgement, routing, handling of what failed.

**What it sees.** Options of tasks and settings of Celery, RQ, Dramatiq, Huey and their kin; what task functions do with
their own errors; limits and monitors in the commands that start workers; tests of retrying and failing.

**Why it matters.** A queue delivers more than once, late, or never; what tasks do then decides whether work is lost.

**What it cannot tell.** Whether the numbers fit the work, and what the broker is set to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from evidence.api import Definition, Expr, Observations, Project, PyFile, Signal, Site, Sites, regex

_KINDS = ("retries", "acknowledgement", "time_limits", "failures", "rates", "routing", "once", "monitoring")
# Options on a task or on a call that sends one, and settings, by what they are for; lower case, from the libraries'
# documents.
_OPTIONS = {
    **dict.fromkeys(
        (
            "autoretry_for",
            "retry_backoff",
            "retry_kwargs",
            "max_retries",
            "default_retry_delay",
            "min_backoff",
            "retry",
            "retries",
            "retry_policy",
            "retry_when",
        ),
        "retries",
    ),
    **dict.fromkeys(("acks_late", "reject_on_worker_lost", "visibility_timeout"), "acknowledgement"),
    **dict.fromkeys(
        ("time_limit", "soft_time_limit", "job_timeout", "max_age", "task_timeout", "default_timeout"), "time_limits"
    ),
    **dict.fromkeys(
        ("failure_ttl", "on_failure", "link_error", "throws", "dead_letter", "exception_handlers"), "failures"
    ),
    "rate_limit": "rates",
    **dict.fromkeys(("queue", "queue_name", "priority"), "routing"),
    **dict.fromkeys(("once", "unique", "job_id", "lock"), "once"),
}
_SETTINGS = (
    (regex(r"(?:acks_late|visibility_timeout|reject_on_worker_lost|prefetch_multiplier)\]?$"),
     "acknowledgement"),
    (regex(r"(?:task_(?:soft_)?time_limit|taskd?_(?:soft_)?time_limit"
         r"|celeryd_task_(?:soft_)?time_limit|job_(?:default_)?(?:expiry_time|timeout)|default_job_timeout)\]?$"),
     "time_limits"),
    (regex(r"(?:task_(?:queues|routes|default_queue|create_missing_queues)|celery_(?:queues|routes))\]?$"),
     "routing"),
    (regex(r"(?:failure_ttl|task_default_retry_delay)\]?$"), "failures"),
    (regex(r"(?:task_annotations|task_default_rate_limit)\]?$"), "rates"),
    (regex(r"(?:task_send_sent_event|worker_send_task_events)\]?$"), "monitoring"),
)  # fmt: skip
_CALLS = (
    ("rq.Retry", "retries"), ("rq.job.Retry", "retries"), ("celery.signals.task_failure", "failures"),
    ("rq.registry.FailedJobRegistry", "failures"),
    ("celery.signals.task_retry", "failures"), ("celery_once", "once"), ("celery_singleton", "once"),
    ("celery.signals.task_postrun", "monitoring"),
    ("celery.signals.task_prerun", "monitoring"), ("rq_dashboard", "monitoring"),
    ("rq.get_current_job", "monitoring"), ("dramatiq.middleware", "failures"),
)  # fmt: skip
_COMMANDS = (
    (regex(r"--(?:soft-)?time-limit\b"), "time_limits"),
    (regex(r"(?:\s-Q|--queues)[= ]|\brq\b.{0,40}\bworker\s+[\w$]"), "routing"),
    (regex(r"--max-(?:tasks|memory)-per-child|--max-jobs"), "acknowledgement"),
)
_MONITORS = regex(
    r"\bcelery\b.{0,300}\b(?:flower|inspect\s+ping|events)\b|\brq-dashboard\b|celery[-_]exporter|\bflower\b.{0,30}--"
)
_METHODS = {
    "on_failure": "failures",
    "on_retry": "failures",
    "handle_job_failure": "failures",
    "enforce_hard_limit": "time_limits",
    "soft_limit_exceeded": "time_limits",
}
# What these are told by keyword is the task's own (``resize.delay(job_id=job.id)``), save by RQ's decorated functions.
_HANDS_ON, _RQ = frozenset({"delay", "s", "si", "send", "kiq", "defer", "defer_async"}), ("rq", "flask_rq", "django_rq")
# Calls that make tasks of functions, or decorators that do.
_MAKES_TASKS = frozenset({"partial", "job", "task", "context_task", "db_task"})
# Huey's: ``@huey.signal(signals.SIGNAL_ERROR)``.
_ON_ERROR = regex(r"(?:^|\.)signal$")
_ERROR_SIGNAL = regex(r"SIGNAL_(?:ERROR|EXPIRED|INTERRUPTED|LOCKED)")
_LIMIT_ERRORS = ("SoftTimeLimitExceeded", "TimeLimitExceeded", "JobTimeoutException")
_TESTS = regex(r"(?i)retr(?:y|ies)|fail|error|exception|exceed|timeout|limit|dead_?letter|max_retries")
_LONGEST = 40
_ENOUGH = 2


def _found(sites: Sites) -> set[str]:
    """The kinds that are there; of those that only a command shows, the subject tells which."""
    return {s.clause for s in sites.of(*_KINDS)} | sites.subjects("started")


def _told(sites: Sites) -> str:
    words = {
        "time_limits": "time limits",
        "failures": "handling of failures",
        "rates": "rate limits",
        "once": "protection against repetition",
    }
    return ", ".join(words.get(k, k) for k in _KINDS if k in _found(sites))


def _statement(sites: Sites) -> str:
    tested = " Tests check what happens on failure." if sites.has("tested") else ""
    return f"Background tasks have {_told(sites)}.{tested}"


TASK_RELIABILITY = Signal(
    id="scale.task_reliability",
    title="Reliable tasks",
    competency="task-queues",
    seeds=("S7.1",),
    counts="Two or more of: retries, late acknowledgement, time limits, handling of failures, rate limits,"
    " named queues,"
    " protection against repetition, monitoring.",
    strong="Tests check retrying or failing.",
    not_credited="Tasks with the defaults of their library.",
    how_to_show="Give tasks retries, limits and a place for what failed, and test a task that fails.",
    clauses=(
        "retries",
        "failures",
        "time_limits",
        "tested",
        "acknowledgement",
        "routing",
        "once",
        "rates",
        "monitoring",
        "started",
    ),
    uncited=("started",),
    defining=_KINDS,
    applies="python",
    practised=lambda sites: len(_found(sites)) >= _ENOUGH,
    sustained=lambda sites: sites.has("tested") and bool(_found(sites) & {"retries", "failures", "time_limits"}),
    trace=lambda sites: bool(_found(sites)),
    measures=lambda sites: {"kinds": len(_found(sites))},
    statement=_statement,
)
SIGNALS = (TASK_RELIABILITY,)


def detect(project: Project) -> Observations:
    """Everything that makes tasks reliable, where there are tasks."""
    if not project.tasks.functions:
        return
    found = [*_options(project), *_settings(project), *_handled(project), *_called(project), *_commands(project)]
    yield from ((TASK_RELIABILITY, s) for s in found)
    if found:
        yield from ((TASK_RELIABILITY, s) for s in _tested(project))


def _site(path: str, start: int, end: int, clause: str) -> Site:
    return Site(path=path, start=start, end=min(end, start + _LONGEST - 1), clause=clause, subject=path)


def _started(path: str, start: int, end: int, kind: str) -> Site:
    return Site(path=path, start=start, end=end, clause="started", subject=kind)


def _kinds(expr: Expr) -> set[str]:
    return {kind for key in expr.keys if (kind := _OPTIONS.get(key.lower())) and _given(expr, key)}


def _given(expr: Expr, key: str) -> bool:
    value = expr.kwarg(key)
    return value is not None and value.text not in ("None", "False", "0")


def _options(project: Project) -> Iterator[Site]:
    """Options of tasks, where they are defined and where they are sent."""
    defined = [
        _site(file.path, definition.start, definition.end, kind)
        for file, definition in project.tasks.functions
        for decorator in definition.decorators
        for kind in sorted(_kinds(decorator.expr))
    ]
    yield from defined
    routed = any(s.clause == "routing" for s in defined)
    # where tasks name their queue themselves, a call that names it again adds nothing
    yield from (s for s in _sending(project) if not (routed and s.clause == "routing"))


def _sending(project: Project) -> Iterator[Site]:
    """Options of the calls that send tasks or make queues, and of calls of the library itself."""
    places = {(u.path, u.start) for u in (*project.tasks.sent, *project.tasks.made)}
    files = {p for p, _ in places}
    by_name = any(i.module.startswith(_RQ) for f in project.tasks.files for i in f.module.imports)
    for path in sorted(files):
        for call in project.python[path].module.calls:
            if (path, call.start) in places:
                # a signature of Celery may be told what to call: ``task.s(1).on_error(failed.s(1))``
                told = {"failures"} if call.last == "on_error" and call.expr.args else set[str]()
                options = _kinds(call.expr) if by_name or call.last not in _HANDS_ON else set[str]()
                for kind in sorted(options - {"retries"} | told):
                    yield _site(path, call.start, call.end, kind)
    for use in project.tasks.made:
        if use.name:
            yield _site(use.path, use.start, use.end, "routing")
    for file in project.tasks.files:
        for call in file.module.calls:
            named = call.last in _MAKES_TASKS and call.target != "decorator"
            named = named or (call.name.startswith("rq.") and "Registry" not in call.last)
            for kind in sorted(_kinds(call.expr)) if named else ():
                yield _site(file.path, call.start, call.end, kind)


def _settings(project: Project) -> Iterator[Site]:
    for file in project.app:
        for item in file.module.assigns:
            yield from _setting(file, item.target, item.start, item.end)
            for part in item.value.walk():
                if part.kind == "dict":
                    for key in part.keys:
                        yield from _setting(file, key, item.start, item.end)
        for call in file.module.calls:
            for key in _told_keys(call.expr):
                yield from _setting(file, key, call.start, call.end)


def _told_keys(call: Expr) -> Iterator[str]:
    """The settings that a call is given, those for the broker's transport among them."""
    yield from call.keys
    yield from (k for v in call.items if v.kind == "dict" for k in v.keys)


def _setting(file: PyFile, name: str, start: int, end: int) -> Iterator[Site]:
    for kind in _told_by(name):
        yield _site(file.path, start, end, kind)


@lru_cache(1 << 14)
def _told_by(name: str) -> tuple[str, ...]:
    """What a setting of this name is about."""
    low = name.lower()
    return tuple(kind for pattern, kind in _SETTINGS if pattern.search(low)) if len(name) < 100 else ()


def _handled(project: Project) -> Iterator[Site]:
    """What task functions do with their errors, and hooks of tasks and workers that answer failure."""
    for file, definition in project.tasks.functions:
        yield from _own_errors(file, definition)
    for file in project.tasks.files:
        for definition in file.module.definitions:
            kind = _METHODS.get(definition.name) if definition.parent else ""
            if any(_ON_ERROR.search(d.expr.text) and _is_about_errors(d.expr) for d in definition.decorators):
                kind = "failures"
            if kind and definition.kind == "function":
                yield _site(file.path, definition.start, definition.end, kind)


def _is_about_errors(decorator: Expr) -> bool:
    return any(_ERROR_SIGNAL.search(part.text) for item in decorator.items for part in item.walk())


def _own_errors(file: PyFile, definition: Definition) -> Iterator[Site]:
    scope = file.scopes.get(definition.qualname, 0)
    for call in file.calls_in(scope):
        if call.name.endswith((".retry",)) and not call.name.startswith(("urllib3", "tenacity")):
            yield _site(file.path, definition.start, definition.end, "retries")
    for handler in file.module.handlers:
        if file.inside(handler.scope, scope) and handler.does not in ("pass", "raise"):
            limit = any(n.endswith(_LIMIT_ERRORS) for n in handler.names)
            yield _site(file.path, definition.start, definition.end, "time_limits" if limit else "failures")


def _called(project: Project) -> Iterator[Site]:
    kinds = dict(_CALLS)
    for file, call, name in project.calls(project.app, *kinds):
        kind = next(k for n, k in _CALLS if name == n or name.startswith((n + ".", n + "(")))
        yield _site(file.path, call.start, call.end, kind)


def _commands(project: Project) -> Iterator[Site]:
    for use in project.tasks.workers:
        for pattern, kind in _COMMANDS:
            if pattern.search(use.name):
                yield _started(use.path, use.start, use.end, kind)
    for start in project.starts:
        if _MONITORS.search(start.text):
            yield _started(start.path, start.start, start.end, "monitoring")


def _tested(project: Project) -> Iterator[Site]:
    """Tests of tasks that make something fail or retry, and say so in what they check or are called."""
    tests = [t for t in project.scenarios if t.checks and _TESTS.search(t.name) and project.tasks.tried_by(t)]
    counts = Counter(t.file.path for t in tests)
    shown = sorted(counts, key=lambda p: (-counts[p], p))[:1]
    yield from (
        _site(t.file.path, t.definition.start, t.definition.end, "tested") for t in tests if t.file.path in shown
    )
