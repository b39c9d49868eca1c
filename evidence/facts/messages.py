"""Messages between services: the classes that describe them, who publishes them and who reads them.

A message is told by what is done with it: a class goes to a broker, or is made of what came from one. Where a
broker's class is not known, the name of the variable that holds it decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from evidence.facts.contracts import contracts
from evidence.facts.names import PyFile
from evidence.facts.occurrences import Occurrence, at, between
from evidence.facts.python.records import Assign, Call, Definition
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# What brokers' clients call handing over a message, and what such clients are called where their class is unknown.
_PUBLISH = (
    "publish", "send_message", "send_messages", "send_message_batch", "send_messages_batch", "basic_publish",
    "publish_batch",
    "put_events", "produce", "put_record", "put_records", "xadd", "publish_message", "publish_event",
    "send_event", "emit_event",
    "send_and_wait", "schedule_messages",
)  # fmt: skip
_BROKER_NAME = regex(
    r"(?i)sqs|sns|queue|topic|publisher|producer|channel|kafka|nats|(?:event|message|service)_?bus|broker|pubsub|rabbit|amqp|kinesis|eventbridge|exchange|jetstream|redis|outbox|stream"
)
_NOT_BROKERS = regex(
    r"(?i)smtp|mail|bot\b|telegram|slack|socket|sse|chat|sentry|webhook_client|twilio|graphite|statsd|signal"
)
_BROKERS = (
    "boto3", "pika", "kafka", "confluent_kafka", "aiokafka", "nats", "google.cloud.pubsub", "kombu", "stomp",
    "pulsar", "azure.servicebus", "aio_pika", "faust", "stan", "redis",
)  # fmt: skip
_ENVELOPES = ("SimpleCloudEvent", "CloudEvent")
_ENVELOPE_READS = (
    "from_http", "get_simple_cloud_event", "from_queue_message", "from_json", "to_structured", "to_binary",
)  # fmt: skip
_SHAPES = (
    "dataclasses.dataclass", "pydantic.dataclasses.dataclass", "attr.s", "attr.attrs", "attrs.define",
    "attrs.frozen", "attr.define", "dataclass", "dataclass_json", "dataclasses_json.dataclass_json",
)  # fmt: skip
_SHAPE_BASES = ("TypedDict", "NamedTuple", "AvroModel", "Record", "Struct", "AvroBaseModel")
_LOADS = (
    "model_validate", "model_validate_json", "parse_obj", "parse_raw", "from_dict", "from_json", "load",
    "loads", "schema",
    "structure", "ParseFromString", "FromString",
)  # fmt: skip
_SETTINGS = regex(r"(?:Config|Settings|Options)$")
_RECEIVED = frozenset({
    "message", "msg", "event", "record", "body", "payload", "envelope", "cloud_event", "delivery", "data",
    "raw", "frame", "event_message", "sqs_message", "raw_message", "raw_event",
})  # fmt: skip
_CONSUMER = regex(r"(?i)message|event|record|consum|queue|subscri|listener|handler|worker|kafka|sqs|pubsub")
_RECEIVES = frozenset({
    "receive_message", "receive_messages", "consume", "basic_consume", "subscribe", "poll", "xread",
    "xreadgroup", "start_consuming", "get_records", "delete_message", "pull", "KafkaConsumer",
})  # fmt: skip
_VERSION_FIELD = regex(r"(?i)^(?:schema|event|message|spec|payload|data)?_?version$|^schema_?version|^specversion$")
_VERSION_NAME = regex(r"(?:V|_v|\.v)\d{1,3}(?:$|[._A-Z])|(?:^|[/._])v\d{1,3}(?:$|[/._])")

Shape = tuple[PyFile, Definition]


def messages(project: Project) -> tuple[Occurrence, ...]:
    """Everything about messages that can run.

    Kinds: ``published`` and ``consumed`` (the subject is the class, ``CloudEvent`` or ``JSON Schema``), ``contract``
    (the class itself, or a definition in a language of its own), ``used`` (generated code), ``versioned`` (a version
    in a field, name or package), ``plain`` (what goes to a broker without a described shape)."""
    publishers = tuple(_publishers(project))
    described = [*_published(project, publishers), *_consumed(project), *_envelopes(project)]
    plain = [at(f, c, "plain", c.last) for f, c in publishers]
    return (*described, *contracts(project), *plain)


def _is_shape(project: Project, file: PyFile, definition: Definition) -> bool:
    """Whether a class describes data: by a library of schemas, or as a dataclass or typed dictionary. Settings and
    models are left out."""
    if definition.kind != "class" or _SETTINGS.search(definition.name) or project.models.find(file, definition.name):
        return False
    names = [d.expr.text for d in definition.decorators]
    if any(n in _SHAPES or n.endswith(".dataclass") for n in names):
        return True
    if any(b.text.rpartition(".")[2] in _SHAPE_BASES for b in definition.bases):
        return True
    return project.schema_checks.kind(file, definition.name) in ("pydantic", "marshmallow")


def _shape(project: Project, file: PyFile, name: str) -> Shape | None:
    """The class that a dotted name begins with, where it describes data."""
    plain = name.replace("()", "")
    for candidate in (plain, plain.rpartition(".")[0]):
        found = project.defined(file, candidate) if candidate else None
        if found is not None and _is_shape(project, *found):
            return found
    return None


def _described(file: PyFile, definition: Definition) -> Iterator[Occurrence]:
    """A class that describes a message, and where it carries a version."""
    yield at(file, definition, "contract", definition.name)
    scope = file.scopes.get(definition.qualname, 0)
    given: list[Assign | Call] = [*file.module.assigns, *file.module.calls]
    version = next((i for i in given if i.scope == scope and i.target and _VERSION_FIELD.search(i.target)), None)
    if version is not None:
        yield between(file.path, version.start, version.end, "versioned", definition.name)
    elif _VERSION_NAME.search(definition.name):
        yield between(file.path, definition.line, definition.line, "versioned", definition.name)


def _publishers(project: Project) -> Iterator[tuple[PyFile, Call]]:
    """Live calls that hand a message to a broker."""
    for file, call in project.live_calls(*_PUBLISH):
        receiver = call.name.rpartition(".")[0]
        if receiver and call.expr.items and _is_broker(project, file, call, receiver):
            yield file, call


def _is_broker(project: Project, file: PyFile, call: Call, receiver: str) -> bool:
    last = receiver.replace("()", "").rpartition(".")[2]
    if _NOT_BROKERS.search(last):
        return False
    return bool(_BROKER_NAME.search(last)) or project.variable_class(file, call.scope, receiver).startswith(_BROKERS)


def _published(project: Project, publishers: Iterable[tuple[PyFile, Call]]) -> Iterator[Occurrence]:
    """Shapes in the function that publishes, and in what its callers hand to it."""
    for file, call in publishers:
        around = file.function_of(call.scope)
        found = [*_in_scope(project, file, call.scope)]
        for caller, handed in project.called.get(around.name, ()) if around is not None else ():
            if project.defined(caller, handed.name) == (file, around):
                found.extend(_handed(project, caller, handed))
        shapes = {(f.path, d.qualname): (f, d) for f, d in found}
        for _, (home, definition) in sorted(shapes.items(), key=lambda s: s[0]):
            yield at(file, call, "published", definition.name)
            yield from _described(home, definition)


def _in_scope(project: Project, file: PyFile, scope: int) -> Iterator[Shape]:
    """Shapes that a function names, and those that its annotated parameters are named after."""
    around = file.function_of(scope)
    number = file.scopes.get(around.qualname, 0) if around is not None else scope
    found = [_shape(project, file, name) for name in file.module.refs[number]]
    if around is not None and around.annotated:
        known = [i.target for i in file.module.imports if i.scope == 0 and _names(around, i.alias)]
        known += [d.name for d in file.module.definitions if d.parent == 0 and _names(around, d.name)]
        found += [_shape(project, file, name) for name in known]
    yield from (s for s in found if s is not None)


def _names(function: Definition, name: str) -> bool:
    """Whether a parameter is named after a class (``workflow_event`` after ``WorkflowEvent``): annotations are not
    kept, names are. ``data`` may be anything."""
    plain = [p.replace("_", "").lower() for p in function.params]
    return any(p == "data" or p == name.lower() or (len(p) > 4 and name.lower().endswith(p)) for p in plain)


def _handed(project: Project, file: PyFile, call: Call) -> Iterator[Shape]:
    """Shapes made in a call's arguments, or held by a variable that is one of them."""
    for part in (p for value in call.expr.items for p in value.walk()):
        names = [part.text] if part.kind == "call" else []
        if part.kind == "name":
            given = file.assigned.get((call.scope, part.text), ())
            names = [i.expr.text if isinstance(i, Call) else i.value.text for i in given]
        yield from (s for n in names if (s := _shape(project, file, n)) is not None)


def _consumed(project: Project) -> Iterator[Occurrence]:
    """Shapes that a message is read into, outside the views' own bodies of requests."""
    views = {(f.path, d.qualname) for f, d in project.web.views}
    for file, call in project.live_calls(*_LOADS, "validate"):
        around = file.function_of(call.scope)
        if around is None or (file.path, around.qualname) in views:
            continue
        if not _receives(file, around, call) and not _passed_on(project, file, around, call):
            continue
        found = _shape(project, file, call.name)
        if found is not None:
            yield at(file, around, "consumed", found[1].name)
            yield from _described(*found)
        elif project.external(file, call.name) in ("jsonschema.validate", "fastjsonschema.validate"):
            yield at(file, around, "consumed", "JSON Schema")

    yield from _made(project, views)


def _made(project: Project, views: set[tuple[str, str]]) -> Iterator[Occurrence]:
    """Shapes that are made of the parts of a message: ``ChangeQuantity(ref=data["ref"])``."""
    for file in project.app:
        if not any(c.last in _RECEIVES for c in file.module.calls) or not project.reach.live(file.path):
            continue
        for call in file.module.calls:
            around = file.function_of(call.scope)
            found = _shape(project, file, call.name) if around is not None and call.expr.items else None
            if found is None or around is None or (file.path, around.qualname) in views:
                continue
            if found[1].name == call.last and _receives(file, around, call):
                yield at(file, around, "consumed", found[1].name)
                yield from _described(*found)


def _receives(file: PyFile, around: Definition, call: Call) -> bool:
    """Whether a function reads messages: it is handed one, in a module that takes them from a broker or names one."""
    parts = (e for a in call.expr.items for e in a.walk() if e.kind in ("name", "index", "call"))
    names = {e.text.partition(".")[0].partition("[")[0] for e in parts} | set(around.params)
    if names.isdisjoint(_RECEIVED) or not _CONSUMER.search(f"{file.path} {around.qualname}"):
        return False
    if any(c.last in _RECEIVES for c in file.module.calls):
        return True
    return any(_BROKER_NAME.search(i.target) or i.target.startswith(_BROKERS) for i in file.module.imports)


def _passed_on(project: Project, file: PyFile, around: Definition, call: Call) -> bool:
    """Whether a function reads what a listener of messages hands to it: ``save_order(json.loads(frame.body))``."""
    read = {e.text.partition(".")[0] for a in call.expr.items for e in a.walk() if e.kind == "name"}
    if read.isdisjoint(around.params):
        return False
    return any(
        project.defined(caller, handed.name) == (file, around)
        for caller, handed in project.called.get(around.name, ())
        if (listener := caller.function_of(handed.scope)) is not None and _receives(caller, listener, handed)
    )


def _envelopes(project: Project) -> Iterator[Occurrence]:
    """CloudEvents made or read: the envelope is a schema of its own."""
    for file, call in project.live_calls(*_ENVELOPES):
        if "cloudevent" in project.external(file, call.name).lower():
            yield at(file, file.function_of(call.scope) or call, "published", "CloudEvent")
    for file, call in project.live_calls(*_ENVELOPE_READS):
        own = call.last == "get_simple_cloud_event"
        if own or "cloudevents" in project.external(file, call.name):
            yield at(file, file.function_of(call.scope) or call, "consumed", "CloudEvent")
