"""Background tasks of queue libraries: where they are defined, sent, scheduled and run, whatever the library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition
from evidence.facts.queues.handed import handed
from evidence.facts.queues.table import (
    BEATS,
    DEFINES,
    OBJECTS,
    PACKAGES,
    SCHEDULERS,
    SCHEDULES,
    SENDS,
    TASK_CLASSES,
    WORKERS,
    run_by,
)
from evidence.facts.queues.use import TaskUse
from evidence.facts.roles import Role, role_of

if TYPE_CHECKING:
    from evidence.facts.project import Project
    from evidence.facts.testing.scenarios import Scenario

_LONGEST = 40
_PERIODIC = ("add_periodic_task", "periodic_task", "on_after_configure")


class Tasks:
    """What a project has of background tasks."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def files(self) -> tuple[PyFile, ...]:
        """Application files that import a queue library, or something of the project's that is made with one."""
        return tuple(f for f in self._project.app if any(_of(i.target) for i in f.module.imports))

    @cached_property
    def present(self) -> bool:
        """Whether any application file imports a queue library."""
        return bool(self.files)

    @cached_property
    def functions(self) -> tuple[tuple[PyFile, Definition], ...]:
        """The functions that workers run: decorated as tasks, or handed to a queue; and the classes that are tasks."""
        if not self.present:
            return ()
        found = [
            (f, d)
            for f in self._project.app
            for n, d in enumerate(f.module.definitions, 1)
            if (d.kind == "function" and self._decorated(f, d)) or (d.kind == "class" and self._is_task(f, n, d))
        ]
        each = {id(d): (f, d) for f, d in (*found, *handed(self._project), *self._by_call())}
        return tuple(sorted(each.values(), key=lambda p: (p[0].path, p[1].start)))

    def _is_task(self, file: PyFile, number: int, definition: Definition) -> bool:
        """Whether a class is a task of Celery's: it says what to run. One that only wraps all tasks does not."""
        based = any(self._project.external(file, b.text) in TASK_CLASSES for b in definition.bases)
        return based and any(d.parent == number and d.name == "run" for d in file.module.definitions)

    def _decorated(self, file: PyFile, definition: Definition) -> bool:
        for item in definition.decorators:
            receiver, _, last = item.expr.text.rpartition(".")
            if last not in DEFINES and not _of(self._project.external(file, item.expr.text)):
                continue
            name = self._project.external(file, item.expr.text) if item.expr.text else ""
            if _of(name) and last != "crontab" and not name.startswith("celery.signals"):
                return True
            if (
                last in ("job", "task", "actor")
                and not receiver
                and not self._project.resolve(file, item.expr.text).external
            ):
                return True
            if (
                receiver
                and not name.startswith(("invoke", "locust", "nox", "fabric", "prefect", "airflow"))
                and self._queue(file, receiver)
            ):
                return True
            if (
                last in DEFINES
                and not self._project.resolve(file, item.expr.text).external
                and self._made_of(file, item.expr.text)
            ):
                return True
        return False

    def _by_call(self) -> Iterator[tuple[PyFile, Definition]]:
        """Functions that a call of what decorates makes tasks of: ``resize_task = app.task(resize, name="resize")``."""
        for file, call in self._calls(DEFINES):
            receiver = call.name.rpartition(".")[0]
            given = call.expr.args[0] if call.expr.args else None
            if call.target == "decorator" or given is None or given.kind != "name":
                continue
            if _of(self._project.external(file, call.name)) or (receiver and self._queue(file, receiver)):
                found = self._project.defined(file, given.text)
                if found is not None and found[1].kind == "function":
                    yield found

    def _queue(self, file: PyFile, receiver: str) -> bool:
        """Whether a name holds a queue: by its class, or by where it comes from when that cannot be told."""
        made = self._project.variable_class(file, 0, receiver)
        if made not in ("", "object"):  # a class of the project's own tells as little as none
            return _of(made) or any(w in made.rpartition(".")[2].lower() for w in ("celery", "huey", "dramatiq"))
        last = receiver.rpartition(".")[2].lower()
        named = any(w in last for w in ("celery", "huey", "dramatiq", "broker", "rq"))
        return named or (last == "app" and file in self.files)

    def _made_of(self, file: PyFile, name: str) -> bool:
        ref = self._project.resolve(file, name)
        return not ref.external and self._project.python[ref.path] in self.files

    def _calls(self, names: frozenset[str]) -> Iterator[tuple[PyFile, Call]]:
        for name in sorted(names):
            yield from self._project.called.get(name, ())

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of the task functions."""
        return frozenset(d.name for _, d in self.functions)

    def tried_by(self, test: Scenario) -> bool:
        """Whether a test refers to a task, in a file that imports their module: ``dataset.harvest`` is a field."""
        file, homes = test.file, {f.path for f, _ in self.functions}
        if not test.mentions(*self.names):
            return False
        refs = (r.partition("(")[0] for r in file.module.refs[test.scope])
        named = (r for r in refs if r.rpartition(".")[2] in self.names)
        refers = any("." not in r or not self._project.resolve(file, r).external for r in named)
        return refers and any(self._project.resolve(file, i.target).path in homes for i in file.module.imports)

    @cached_property
    def sent(self) -> tuple[TaskUse, ...]:
        """Where tasks are sent to a queue, by code that can run."""
        if not self.present:
            return ()
        found = set()
        for file, call in self._calls(SENDS):
            receiver, _, method = call.name.rpartition(".")
            if (
                receiver
                and self._project.reach.live(file.path, call.scope)
                and self._sends(file, call, receiver, method)
            ):
                found.add(_use(file, call, "sent", receiver.rpartition(".")[2]))
        for file in self._project.app:
            for call in file.module.calls:
                handed = any(i.kind != "str" and self._handed_over(file, i.text) for i in call.expr.items)
                if handed and self._project.reach.live(file.path, call.scope):
                    found.add(_use(file, call, "sent", call.last))
        for file, call, _ in self._project.calls(
            self._project.app, "celery.chain", "celery.group", "celery.chord", "celery.signature"
        ):
            found.add(_use(file, call, "sent", "chain"))
        return tuple(sorted(found, key=lambda u: (u.path, u.start, u.end, u.name)))

    def _handed_over(self, file: PyFile, text: str) -> bool:
        """Whether an argument is a task's own way of being sent: the delay of an event is a number."""
        receiver, _, method = text.rpartition(".")
        if method != "delay" or receiver.rpartition(".")[2] in self.names:
            return method in ("delay", "apply_async")
        ref = self._project.resolve(file, receiver)  # a class that is a task has an object somewhere
        return not ref.external and bool(ref.name)

    def _sends(self, file: PyFile, call: Call, receiver: str, method: str) -> bool:
        last = receiver.rpartition(".")[2].partition("(")[0]
        if last in self.names:
            return True
        if method in ("enqueue", "enqueue_call", "enqueue_in", "enqueue_at", "schedule"):
            return (
                "queue" in last.lower()
                or "schedul" in last.lower()
                or last in ("q", "rq")
                or _of(self._project.variable_class(file, call.scope, receiver))
            )
        return method == "send_task" or (method in ("delay", "apply_async"))

    @cached_property
    def made(self) -> tuple[TaskUse, ...]:
        """Where the queue or its application object is made."""
        found = []
        for file, call, name in self._project.calls(self._project.app, *PACKAGES):
            if (
                OBJECTS.search(name)
                and not name.startswith("kombu")
                and self._project.reach.live(file.path, call.scope)
            ):
                found.append(_use(file, call, "made", _first(call)))
        return tuple(found)

    @cached_property
    def workers(self) -> tuple[TaskUse, ...]:
        """Commands and code that start workers or schedulers; a schedule's start is of that kind."""
        found = {
            (
                s.path,
                s.start,
                s.end,
                "schedule" if BEATS.search(text) and not WORKERS.search(text) else "worker",
                s.text,
            )
            for s in self._project.starts
            if (WORKERS.search(s.text) or BEATS.search(s.text))
            and (WORKERS.search(text := run_by(s.text)) or BEATS.search(text))
        }
        for line in self._project.written_lines:
            if WORKERS.search(line.text) and WORKERS.search(run_by(line.text)) and role_of(line.path) is Role.APP:
                found.add((line.path, line.start, line.end, "worker", line.text))
        for file, call, name in self._project.calls(
            self._project.app, "rq.Worker", "rq.worker", "huey.consumer", "dramatiq.Worker", "rq.SimpleWorker"
        ):
            found.add((file.path, call.start, call.end, "worker", name))
        return tuple(TaskUse(*item) for item in sorted(found))

    @cached_property
    def schedules(self) -> tuple[TaskUse, ...]:
        """Where tasks are given times to run at."""
        if not self.present:
            return ()
        found = [u for u in self.workers if u.kind == "schedule"]
        for file in self._project.app:
            for item in file.module.assigns:
                if SCHEDULES.search(item.target) and item.value.items:
                    found.append(self._schedule(file, item.start, item.end))
            for call in file.module.calls:
                last = call.last
                if call.expr.kwarg("beat_schedule") is not None or last in _PERIODIC:
                    found.append(self._schedule(file, call.start, call.end))
        for file, call, _ in self._project.calls(self._project.app, *SCHEDULERS):
            found.append(self._schedule(file, call.start, call.end))
        return tuple(sorted(set(found), key=lambda u: (u.path, u.start, u.end)))

    @staticmethod
    def _schedule(file: PyFile, start: int, end: int) -> TaskUse:
        return TaskUse(file.path, start, min(end, start + _LONGEST - 1), "schedule", "")

    @cached_property
    def queues(self) -> tuple[TaskUse, ...]:
        """Queues that are named, each where it is."""
        if not self.present:
            return ()
        found = [TaskUse(u.path, u.start, u.end, "queue", u.name) for u in self.made if u.name]
        for use in self.workers:
            for match in re.finditer(r"(?:-Q|--queues)[= ]{1,3}([\w.,\-$\{\}]{1,200})", use.name):
                found += [TaskUse(use.path, use.start, use.end, "queue", n) for n in match[1].split(",") if n]
        for file in self._project.app:
            for call in file.module.calls:
                named = call.expr.kwarg("queue") or call.expr.kwarg("queue_name")
                last = call.last
                if named is not None and (last in DEFINES or last in SENDS) and named.text:
                    found.append(_use(file, call, "queue", named.text))
                elif last == "Queue" and call.name.startswith("kombu") and _first(call):
                    found.append(TaskUse(file.path, call.start, call.end, "queue", _first(call)))
        return tuple(sorted(set(found), key=lambda u: (u.path, u.start, u.end, u.name)))


def _of(name: str) -> bool:
    return name.partition(".")[0].partition("(")[0] in PACKAGES


def _use(file: PyFile, call: Call, kind: str, name: str) -> TaskUse:
    return TaskUse(file.path, call.start, min(call.end, call.start + _LONGEST - 1), kind, name)


def _first(call: Call) -> str:
    """The name that a queue is given; nothing for a Celery application, whose name is no queue's."""
    first = call.expr.args[0] if call.expr.args else None
    return (
        first.text if first is not None and first.kind in ("str", "name", "index") and "Celery" not in call.name else ""
    )
