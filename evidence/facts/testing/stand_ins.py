"""What stands in for the real thing in tests: factories of models, generators of data, fakes and patches of
services."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Definition, Expr
from evidence.facts.roles import Role
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Base classes of factory_boy, polyfactory and kin, by the modules they come from.
_FACTORY_BASES = ("factory.", "polyfactory.", "pydantic_factories.")
_GENERATORS = ("faker.", "mixer.backend", "model_bakery.baker", "mimesis", "hypothesis.strategies.builds")
# Libraries that answer in place of a service; from their own documentation.
_FAKES = (
    "responses", "requests_mock", "moto", "vcr", "httpretty", "respx", "fakeredis", "mongomock", "pytest_httpx",
    "pytest_httpserver", "aioresponses", "betamax", "pook", "mockredis", "pyfakefs", "botocore.stub", "wiremock",
    "pytest_vcr", "smtpdfix", "birdisle", "mock_alchemy", "mockfirestore", "mockupdb",
)  # fmt: skip
_FAKE_HEADS = frozenset(f.partition(".")[0] for f in _FAKES)
_FAKE_FIXTURES = frozenset({
    "requests_mock", "rmock", "httpx_mock", "respx_mock", "vcr", "httpserver", "aioresponses", "fs", "smtpd",
})  # fmt: skip
_FAKE_MARKS = (".mark.vcr", ".mark.responses", ".mark.httpx_mock", ".mark.respx")
_PATCHES = ("patch", "patch.object", "patch.dict", "patch.multiple")
# Clients of services that run elsewhere, as they occur in the dotted target of a patch.
_SERVICES = frozenset({
    "requests", "httpx", "urllib", "urlopen", "aiohttp", "boto3", "botocore", "boto", "redis", "smtplib", "smtp",
    "stripe", "twilio", "sendgrid", "slack", "slack_sdk", "elasticsearch", "kafka", "pika", "ldap3", "ldap",
    "firebase_admin", "paramiko", "pymongo", "mailgun", "braintree", "openai", "s3", "sqs", "sns", "ses",
})  # fmt: skip
# The project's own modules and classes that speak to a service: ``GoogleApiClient``, ``message_client``.
_CLIENT = regex(r"(?!(?:flask|test|http|app|api)_?client)\w{3,40}(?:_client|Client|_gateway|Gateway)")
_MAKES = (
    "create_", "make_", "build_", "new_", "add_", "generate_", "factory_", "insert_", "sample_", "fake_", "dummy_",
    "seed_", "crear_", "criar_",
)  # fmt: skip
_SHOWN = 40


class StandIn(Struct, frozen=True):
    """One of them. ``kind`` is factory, generated, fake or patched; ``subject`` the model built, the library, or the
    service; ``start``..``end`` the class, function or call."""

    path: str
    start: int
    end: int
    kind: str
    subject: str


class StandIns:
    """The stand-ins of one project's tests, and the models that factories may build."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def all(self) -> tuple[StandIn, ...]:
        """Every stand-in, in path order."""
        found = {*self._declared(), *self._made()}
        for file in self._project.tests:
            found.update((*_generated(file), *_fakes(file), *_patches(file)))
        return tuple(sorted(found, key=lambda s: (s.path, s.start, s.end, s.kind, s.subject)))

    @cached_property
    def models(self) -> dict[str, tuple[PyFile, Definition]]:
        """The application's models by name; parts shared by models left out."""
        plain = (m for m in self._project.models.all if m.definition.bases and not m.name.endswith(("Mixin", "Base")))
        return {m.name: (m.file, m.definition) for m in plain}

    def _declared(self) -> Iterator[StandIn]:
        """Classes of a factory library, named by the model they build; bases of other factories left out."""
        for file in self._project.python_of(Role.TEST, Role.APP):
            if not any("factor" in i.target.lower() for i in file.module.imports):
                continue
            for index, definition in enumerate(file.module.definitions):
                if definition.kind == "class" and self._from_library(file, definition):
                    options = list(_options(file, index + 1))
                    if not any(a.target in ("abstract", "__is_base_factory__") for a in options):
                        yield _span(file, definition, "factory", _built(options) or definition.name)

    def _from_library(self, file: PyFile, definition: Definition) -> bool:
        return any(self._project.class_of(file, b.text).startswith(_FACTORY_BASES) for b in definition.bases)

    def _made(self) -> Iterator[StandIn]:
        """Functions of the tests that build a model for other files; objects of a factory class made for one."""
        used = self._project.tested_names()
        owners: dict[str, set[str]] = {}
        for file in self._project.tests:
            for definition in file.module.definitions:
                owners.setdefault(definition.name, set()).add(file.path)
        for file in self._project.tests:
            called: dict[int, set[str]] = {}
            for call in file.module.calls:
                called.setdefault(call.scope, set()).add(call.last)
                if call.scope == 0 and call.target and call.name.endswith("Factory"):
                    first = _first(call.expr)
                    if first in self.models:
                        yield StandIn(file.path, call.start, call.end, "factory", first)
            for index, definition in enumerate(file.module.definitions):
                if not _is_maker(definition):
                    continue
                built = sorted(self.models.keys() & called.get(index + 1, set()))
                # a file with a function of that name means its own
                elsewhere = {f.path for f, _ in used.get(definition.name, ())} - owners[definition.name]
                if built and elsewhere:
                    named = (b for b in built if b.lower() in definition.name.replace("_", ""))
                    yield _span(file, definition, "factory", next(named, built[0]))


def _span(file: PyFile, definition: Definition, kind: str, subject: str) -> StandIn:
    return StandIn(file.path, definition.start, min(definition.end, definition.start + _SHOWN - 1), kind, subject)


def _options(file: PyFile, scope: int) -> Iterator[Assign]:
    """Assignments of a class and of the ``Meta`` in it."""
    for item in file.module.assigns:
        inner = file.definition(item.scope)
        if item.scope == scope or (inner is not None and inner.name == "Meta" and inner.parent == scope):
            yield item


def _built(options: list[Assign]) -> str:
    """The name of the model that a factory class builds."""
    keys = ("model", "__model__", "FACTORY_FOR")
    return next((a.value.text.rpartition(".")[2] for a in options if a.target in keys), "")


def _is_maker(definition: Definition) -> bool:
    named = definition.name.startswith(_MAKES) or definition.name.endswith("_factory")
    return named and definition.kind == "function" and not definition.parent


def _first(expr: Expr) -> str:
    """Last name of the first argument."""
    return expr.args[0].text.rpartition(".")[2] if expr.args and expr.args[0].kind == "name" else ""


def _generated(file: PyFile) -> Iterator[StandIn]:
    call = next((c for c in file.module.calls if c.name.startswith(_GENERATORS)), None)
    if call is not None:
        yield StandIn(file.path, call.start, call.end, "generated", call.name.partition(".")[0])


def _fakes(file: PyFile) -> Iterator[StandIn]:
    """Libraries that stand in for a service, each where a test or fixture of the file first uses it."""
    seen: set[str] = set()
    for call in file.module.calls:
        library = _library(call.name)
        if library and library not in seen:
            seen.add(library)
            yield StandIn(file.path, call.start, call.end, "fake", library)
    for definition in file.module.definitions:
        library = _asked(definition) if definition.kind == "function" else ""
        if library and library not in seen:
            seen.add(library)
            yield _span(file, definition, "fake", library)


def _library(name: str) -> str:
    """The fake that a dotted name belongs to; "" for none."""
    if name.partition(".")[0] not in _FAKE_HEADS:
        return ""
    return next((f for f in _FAKES if name == f or name.startswith(f + ".")), "")


def _asked(definition: Definition) -> str:
    """The fake that a function asks for with a decorator, a mark, or a parameter."""
    texts = [d.expr.text for d in definition.decorators]
    library = next((found for t in texts if (found := _library(t))), "")
    library = library or next((m.rpartition(".")[2] for t in texts for m in _FAKE_MARKS if t.endswith(m)), "")
    return library or next((p for p in definition.params if p in _FAKE_FIXTURES), "")


def _patches(file: PyFile) -> Iterator[StandIn]:
    """Patches whose target names a client of an external service."""
    for call in file.module.calls:
        if call.name.endswith(_PATCHES) and call.expr.args:
            target = call.expr.args[0]
            text = target.text if target.kind in ("str", "name") else ""
            if service := next((p for p in text.split(".") if p in _SERVICES or _CLIENT.fullmatch(p)), ""):
                yield StandIn(file.path, call.start, call.end, "patched", service)
