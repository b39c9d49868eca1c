"""Contracts written in languages of their own (protobuf, Avro), and the code of the project that uses them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.occurrences import Occurrence, at, between
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_AVRO = (
    "fastavro", "avro", "confluent_kafka.schema_registry", "confluent_kafka.avro", "dataclasses_avroschema",
    "schema_registry",
)  # fmt: skip
# Enough of a service or message to see its shape.
_BLOCK_LINES = 20
_CODECS = ("FromString", "ParseFromString", "SerializeToString")
_READS = regex(r"(?i)read|deserial|consumer")
_BLOCK = regex(r"(?m)^(service|message)[ \t]{1,8}(\w{1,80})")
_VERSION = regex(r"(?m)^package[ \t]{1,8}[\w.]{0,80}\.v\d{1,3}\w{0,12}[ \t]{0,8};")


def contracts(project: Project) -> tuple[Occurrence, ...]:
    """``used`` generated code, the ``contract`` it was generated from (a line of it, and where it is ``versioned``),
    and Avro messages that are ``published`` or ``consumed``."""
    used = tuple(_generated(project))
    protos = _protos(project, {o.subject for o in used})
    return (*used, *protos, *_avro(project))


def _generated(project: Project) -> Iterator[Occurrence]:
    """Servers, clients and messages generated from protobuf, in use; the subject is the definition's name."""
    for file in project.app:
        names = {s for i in file.module.imports for s in (i.target, i.module)}
        if not any(_source(n) for n in names) or not project.reach.live(file.path):
            continue
        for definition in file.module.definitions:
            sources = sorted({_source(b.text) for b in definition.bases if b.text.endswith("Servicer")} - {""})
            yield from (at(file, definition, "used", source) for source in sources)
        for call in file.module.calls:
            last = call.last
            if _source(call.name) and (last.endswith("Stub") or last in _CODECS):
                yield at(file, call, "used", _source(call.name))


def _source(name: str) -> str:
    """The definition that a module was generated from: ``demo`` of ``pkg.demo_pb2_grpc.CartStub``; "" for others."""
    found = next((s for s in name.split(".") if s.endswith(("_pb2", "_pb2_grpc"))), "")
    return found.removesuffix("_grpc").removesuffix("_pb2")


def _protos(project: Project, used: set[str]) -> Iterator[Occurrence]:
    for path, text in project.texts.items():
        name = path.rpartition("/")[2].removesuffix(".proto").replace("-", "_")
        if not path.endswith(".proto") or name not in used:
            continue
        block, version = _BLOCK.search(text.text), _VERSION.search(text.text)
        if block is not None:
            line = text.text.count("\n", 0, block.start()) + 1
            yield between(path, line, min(line + _BLOCK_LINES, max(text.lines, line)), "contract", block[2])
        if version is not None:
            line = text.text.count("\n", 0, version.start()) + 1
            yield between(path, line, line, "versioned", name)


def _avro(project: Project) -> Iterator[Occurrence]:
    using = [f for f in project.app if any(i.module.startswith(_AVRO) for i in f.module.imports)]
    for file, call, name in project.calls(using, *_AVRO):
        if project.reach.live(file.path, call.scope):
            kind = "consumed" if _READS.search(name) else "published"
            yield at(file, call, kind, name.rpartition(".")[2])
