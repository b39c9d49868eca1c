"""Queues of a cloud or a broker that a project talks to without a task library: what sends, and what takes.

Names come from the documents of boto3 (SQS), Google Cloud Tasks and Pub/Sub, App Engine's task queue, Azure Service Bus
and pika (RabbitMQ). A queue of tasks is meant: events for whoever listens (Kafka, Redis channels) are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition
from evidence.facts.queues.use import TaskUse
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_LONGEST = 40
# Methods by the packages that a file must import for them to be meant (dotted prefixes); () where their keywords tell
# enough.
_SENDS = {
    "create_task": ("google.cloud.tasks",),
    "publish": ("google.cloud.pubsub",),
    "send_messages": ("azure.servicebus", "azure.storage.queue"),
    "basic_publish": ("pika", "amqp", "amqpstorm"),
    "send_message": ("azure.storage.queue",),
    "send_message_batch": ("azure.storage.queue",),
    "submit_single_message": (),
    "submit_message": (),
    "add": ("google.appengine.api.taskqueue",),
    "defer": ("google.appengine.ext.deferred",),
}
# What makes tasks that the platform pushes to a view.
_PUSHING = frozenset({"create_task", "add"})
_TAKES = {
    "basic_consume": ("pika", "amqp", "amqpstorm"),
    "subscribe": ("google.cloud.pubsub",),
    "pull": ("google.cloud.pubsub",),
    "receive_messages": ("azure.servicebus", "azure.storage.queue"),
    "receive_message": (),
    "get_simple_cloud_event": (),
}
_SQS = frozenset({"QueueUrl", "queue_url", "MessageBody", "Entries", "MaxNumberOfMessages", "WaitTimeSeconds"})
_SQS_OBJECT = regex(r"(?i)sqs")
# What an organisation's own client of a cloud queue is called; the queues of one process are none.
_OWN_QUEUES = frozenset({"publish", "get_simple_cloud_event"})
_QUEUE_CLASS = regex(r"\.\w{0,30}Queue(?:Client|Publisher|Service)?$")
_IN_PROCESS = frozenset({"queue", "multiprocessing", "asyncio", "gevent", "eventlet", "janus"})
# Addresses that Cloud Tasks and App Engine push to, and the headers that they alone may set.
_PUSHED = regex(r"(?i)(?:^|/)(?:cloud[-_]?)?(?:tasks?|_ah/queue|worker|jobs)(?:/|$)")
_HEADERS = frozenset({"x-appengine-queuename", "x-cloudtasks-queuename", "x-cloudtasks-taskname"})


class CloudQueues:
    """The queues of one project that are no task library's."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def sent(self) -> tuple[TaskUse, ...]:
        """Calls that put something into a queue, by code that can run."""
        return tuple(sorted(self._uses(_SENDS, "sent"), key=lambda u: (u.path, u.start, u.name)))

    @cached_property
    def taken(self) -> tuple[TaskUse, ...]:
        """Loops and callbacks that take from a queue."""
        return tuple(sorted(self._uses(_TAKES, "worker"), key=lambda u: (u.path, u.start, u.name)))

    @cached_property
    def handlers(self) -> tuple[tuple[PyFile, Definition], ...]:
        """Views that a queue pushes to: where tasks are made for it, those at addresses of tasks and those that ask for
        its headers."""
        if not any(u.name in _PUSHING for u in self.sent):
            return ()
        found = {
            id(r.handler): (r.handler_file, r.handler)
            for r in self._project.web.routes
            if r.handler is not None and (_PUSHED.search(r.rule) or self._pushed(r.owner))
        }
        for file in self._project.app:
            for call in file.module.calls:
                around = file.function_of(call.scope)
                asks = any(e.kind == "str" and e.text.lower() in _HEADERS for e in call.expr.walk())
                if asks and around is not None and call.last in ("get", "has", "abort"):
                    found.setdefault(id(around), (file, around))
        return tuple(sorted(found.values(), key=lambda p: (p[0].path, p[1].start)))

    def _pushed(self, owner: str) -> bool:
        blueprint = next((b for b in self._project.web.blueprints if b.key == owner), None)
        return blueprint is not None and bool(_PUSHED.search(blueprint.prefix or ""))

    def _uses(self, table: dict[str, tuple[str, ...]], kind: str) -> Iterator[TaskUse]:
        for name, packages in table.items():
            for file, call in self._project.called.get(name, ()):
                if self._meant(file, call, packages) and self._project.reach.live(file.path, call.scope):
                    yield TaskUse(file.path, call.start, min(call.end, call.start + _LONGEST - 1), kind, name)

    def _meant(self, file: PyFile, call: Call, packages: tuple[str, ...]) -> bool:
        if "." not in call.name:
            return False
        receiver = call.name.rpartition(".")[0]
        if call.last in ("add", "defer"):  # words of many libraries: only the module's own function is meant
            return self._project.external(file, call.name).startswith(packages)
        if call.last in _OWN_QUEUES:
            made = self._project.variable_class(file, call.scope, receiver)
            if _QUEUE_CLASS.search(made) and made.partition(".")[0] not in _IN_PROCESS:
                return True
        sqs = bool(_SQS.intersection(call.expr.keys)) or _SQS_OBJECT.search(receiver.rpartition(".")[2]) is not None
        if sqs and call.last.startswith(("send", "receive", "submit")):
            return True
        return any(i.target.startswith(packages) for i in file.module.imports) if packages else False
