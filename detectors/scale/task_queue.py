"""Background tasks through a queue: defined, sent by the application, and run by workers.

**What it sees.** Tasks of Celery, RQ, Dramatiq, Huey and their kin, by decorator or as functions handed to a queue; the
places that send them; the queue object; commands and code that start workers; schedules, named queues and tests of
tasks.

**Why it matters.** Slow and unsure work that holds up a request makes the whole service as slow as its slowest
neighbour.

**What it cannot tell.** Whether the broker keeps messages, and how many workers run.
"""

from __future__ import annotations

import re
from collections import Counter

from evidence.api import Observations, Project, Role, Signal, Site, Sites, plural, regex

_PACKAGES = frozenset(
    {"celery", "rq", "dramatiq", "huey", "flask-rq2", "taskiq", "procrastinate", "rq-scheduler", "arq"}
)
_BY_HAND = ("click", "typer", "flask.cli", "flask_script")
_COMMANDS = regex(r"(?:^|/)(?:cli|commands?|scripts?|manage)(?:/|\.py$|_)")
_ABOUT_TASKS = regex(r"task|job|queue|worker|celery|background", re.IGNORECASE)
_LONGEST = 40
_SEVERAL = 2
_SHOWN_FILES = 1


def _used(sites: Sites) -> bool:
    """Tasks that are sent; or a queue with a worker, to which the application sends what it decides as it runs."""
    worked = sites.has("made", "worker") or sites.has("taken")
    return sites.count("sent", "further") > 0 and (sites.has("task") or worked)


def _statement(sites: Sites) -> str:
    if not _used(sites):
        if sites.has("task", "schedule"):
            return f"{plural(sites.count('task'), 'background task')} defined, which a schedule sends."
        if sites.kinds("task", "made", "worker", "sent"):
            return "A task queue is there in part: tasks that nothing sends, or a queue that nothing here works off."
        return "A task queue is a dependency, and no code uses it."
    more = [w for c, w in (("schedule", "a schedule"), ("tested", "tests of tasks")) if sites.has(c)]
    if len(sites.subjects("queue")) >= _SEVERAL:
        more.append(f"{len(sites.subjects('queue'))} queues")
    one = more[:1] == ["a schedule"]
    beside = f" There {'is' if one else 'are'} {' and '.join(more)}." if more else ""
    worker = ", with a worker to run them" if sites.has("worker") or sites.has("taken") else ""
    tasks = (
        f"{plural(sites.count('task'), 'background task')} defined and sent" if sites.has("task") else "Tasks are sent"
    )
    return f"{tasks} from {plural(sites.count('sent', 'further'), 'place')}{worker}.{beside}"


TASK_QUEUE = Signal(
    id="scale.task_queue",
    title="Background task queue",
    competency="task-queues",
    seeds=("S7.1",),
    counts="Tasks of Celery, RQ, Dramatiq, Huey or their kin are defined and sent from the application.",
    strong="Periodic schedules, several queues, or tests of tasks.",
    not_credited="Threads; the dependency alone; tasks that nothing sends.",
    how_to_show="Send slow work to a queue, commit the command that starts the worker, and test the tasks.",
    clauses=("task", "worker", "taken", "schedule", "made", "tested", "sent", "further", "queue", "dependency"),
    leads=("dependency",),
    defining=("task", "sent", "made", "schedule", "taken"),
    uncited=("further", "queue"),
    applies="python",
    practised=lambda sites: _used(sites) or sites.has("task", "schedule"),
    sustained=lambda sites: sites.count("schedule", "tested") > 0 or len(sites.subjects("queue")) >= _SEVERAL,
    measures=lambda sites: {"tasks": sites.count("task"), "queues": len(sites.subjects("queue"))},
    statement=_statement,
)
SIGNALS = (TASK_QUEUE,)


def detect(project: Project) -> Observations:
    """Definitions, senders, queues, workers, schedules and tests; the dependency where there is no more."""
    tasks = project.tasks
    found = [
        _site(f.path, d.start, d.end, "task", d.qualname) for f, d in tasks.functions if project.reach.live(f.path)
    ]
    for use in tasks.sent:
        by_hand = _COMMANDS.search(use.path) is not None or any(
            i.target.startswith(_BY_HAND) for i in project.python[use.path].module.imports
        )
        found.append(_site(use.path, use.start, use.end, "further" if by_hand else "sent", use.name))
    for use in (*tasks.made, *tasks.schedules, *tasks.queues):
        found.append(_site(use.path, use.start, use.end, use.kind, use.name))
    if tasks.present:
        found += [_site(u.path, u.start, u.end, "worker", u.path) for u in tasks.workers if u.kind == "worker"]
    found += _cloud(project)
    found += _delivered(project, {s.path for s in found if s.clause == "taken"})
    if tasks.functions:
        found += _tested(project)
    yield from ((TASK_QUEUE, s) for s in found or _dependencies(project))


def _site(path: str, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=path, start=start, end=min(end, start + _LONGEST - 1), clause=clause, subject=subject)


def _cloud(project: Project) -> list[Site]:
    """Queues that no task library keeps: what sends to them, and what takes from them or is called by them."""
    queues = project.cloud_queues
    sites = [_site(u.path, u.start, u.end, "sent", u.name) for u in queues.sent]
    if sites:
        sites += [_site(u.path, u.start, u.end, "taken", u.name) for u in queues.taken]
        sites += [_site(f.path, d.start, d.end, "task", d.qualname) for f, d in queues.handlers]
    return sites


def _delivered(project: Project, takers: set[str]) -> list[Site]:
    """Tests that deliver a message to what takes it by a route; the first of each file."""
    first = {
        request.file.path: request.call
        for request, route in reversed(project.web.exercised)
        if request.checked and route.handler_file.path in takers
    }
    return [_site(path, call.start, call.end, "tested", path) for path, call in sorted(first.items())]


def _tested(project: Project) -> list[Site]:
    """Tests that refer to tasks, of the file named for them that does so most, else of any: elsewhere a task is often
    only replaced."""
    tests = [t for t in project.scenarios if t.checks and project.tasks.tried_by(t)]
    counts = Counter(t.file.path for t in tests)
    shown = sorted(counts, key=lambda p: (_ABOUT_TASKS.search(p) is None, -counts[p], p))[:_SHOWN_FILES]
    return [
        _site(t.file.path, t.definition.start, t.definition.end, "tested", t.name)
        for t in tests
        if t.file.path in shown
    ]


def _dependencies(project: Project) -> list[Site]:
    return [
        _site(path, item.line, item.line, "dependency", item.name)
        for path, listed in project.dependencies.items()
        if not listed.lock and not listed.compiled and project.role(path) is Role.APP
        for item in listed.items
        if item.name in _PACKAGES
    ]
