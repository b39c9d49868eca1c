"""Tracing and OpenTelemetry in a project: what sets it up, what starts under it, and what is done beyond that.

Names come from the vendors' own documents. Only calls that resolve to their packages count, and each says whether it
can run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.deployment.manifests import variables
from evidence.facts.names import PyFile
from evidence.facts.operations import telemetry_names as known
from evidence.facts.python.records import Call, Expr
from evidence.facts.roles import Role, role_of

if TYPE_CHECKING:
    from evidence.facts.project import Project


class Use(Struct, frozen=True):
    """One place. ``kind``: provider (also agents and distributions; of traces unless ``traces`` is false),
    instrumentation, started, wrapped, spans, metrics, sampling, propagation, log_ids, dependency. ``live``: it can
    run."""

    path: str
    start: int
    end: int
    vendor: str
    kind: str
    live: bool = True
    traces: bool = True


class Telemetry:
    """What a project has of tracing and OpenTelemetry."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def _files(self) -> tuple[PyFile, ...]:
        """Application code, without load tests: those send telemetry of the tester's."""
        return tuple(f for f in self._project.app if not any(i.target.startswith("locust") for i in f.module.imports))

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every place, in path and line order: those of the Flask part of the repository where it sets tracing up; what
        is only depended on where nothing else was found."""
        found = {
            *self._otel(),
            *self._wrappers(),
            *self._vendors(),
            *self._sentry(),
            *self._started(),
            *self._variables(),
        }
        if any(u.vendor == known.OTEL and u.live for u in found):
            found.update(self._methods())
        found.update(self._logged(found))
        if not any(u.live for u in found):
            found.update(self._dependencies())
        near = {u for u in found if self._project.in_flask_part(u.path)}
        kept = near if any(u.live and u.kind in known.SET_UP for u in near) else found
        return tuple(sorted(kept, key=lambda u: (u.path, u.start, u.end, u.kind, u.vendor)))

    def _use(self, file: PyFile, call: Call, vendor: str, kind: str, traces: bool = True) -> Use:
        live = self._project.reach.live(file.path, call.scope)
        return Use(file.path, call.start, call.end, vendor, kind, live, traces)

    def _otel(self) -> Iterator[Use]:
        for file, call, name in self._project.calls(
            self._files, "opentelemetry", *(d.partition(".")[0] for d in known.DISTRIBUTIONS)
        ):
            if name.startswith(known.PROVIDERS):
                yield self._use(file, call, known.OTEL, "provider", not known.NOT_TRACES.search(name))
            elif name.startswith(known.DISTRIBUTIONS):
                yield self._use(file, call, known.OTEL, "provider")
            elif name.startswith("opentelemetry.instrumentation.") and name.endswith(known.INSTRUMENT):
                yield self._use(file, call, known.OTEL, "instrumentation")
            for part, kind in known.PARTS:
                if name.startswith(part):
                    yield self._use(file, call, known.OTEL, kind)

    def _methods(self) -> Iterator[Use]:
        for file in self._files:
            for call in file.module.calls:
                kind = known.METHODS.get(call.last)
                if kind and "." in call.name:
                    yield self._use(file, call, known.OTEL, kind)

    def _wrappers(self) -> Iterator[Use]:
        """An organisation's own package around OpenTelemetry: named after tracing, set up in code, with OpenTelemetry
        among the packages that come with the project."""
        locked = [p.rpartition("/")[0] for p, r in self._project.dependencies.items() if _exports(r.items)]
        for file in self._files if locked else ():
            for call in file.module.calls:
                name = self._project.external(file, call.name) if known.SETS_UP.search(call.name) else ""
                package = name.rpartition(".")[0]
                is_known = package.startswith(("opentelemetry", "flask_opentracing", "traceloop", *known.DISTRIBUTIONS))
                if (
                    known.WRAPPER.search(package)
                    and not is_known
                    and file.imported(call.name)
                    and any(_beside(file.path, p) for p in locked)
                ):
                    yield self._use(file, call, known.OTEL, "wrapped")

    def _vendors(self) -> Iterator[Use]:
        for vendor, (wiring, spans) in known.VENDORS.items():
            for file, call, name in self._project.calls(self._files, *(n.partition(".")[0] for n in (*wiring, *spans))):
                if _is(name, wiring):
                    yield self._use(file, call, vendor, "provider")
                elif _is(name, spans):
                    yield self._use(file, call, vendor, "spans")
        for prefix, vendor in known.LOG_IDS:
            yield from (self._use(f, c, vendor, "log_ids") for f, c, _ in self._project.calls(self._files, prefix))
        for file in self._files:
            for item in file.module.imports:
                if item.target in known.WIRED_BY_IMPORT or item.module in known.WIRED_BY_IMPORT:
                    vendor = known.WIRED_BY_IMPORT.get(item.target) or known.WIRED_BY_IMPORT[item.module]
                    live = self._project.reach.live(file.path, item.scope)
                    yield Use(file.path, item.line, item.line, vendor, "provider", live)

    def _sentry(self) -> Iterator[Use]:
        """Sentry counts where performance sampling is asked for: errors alone are no traces."""
        for file, call, _name in self._project.calls(self._files, "sentry_sdk.init"):
            given = [v for s in known.SENTRY_SWITCHES if (v := call.expr.kwarg(s)) is not None]
            if call.expr.kwarg("**") is not None:
                given.extend(_set_elsewhere(file))
            if any(v.text not in known.OFF for v in given):
                yield self._use(file, call, "Sentry", "provider")

    def _started(self) -> Iterator[Use]:
        for start in self._project.starts:
            for word, vendor in known.STARTERS.items():
                if re.search(rf"(?:^|[\s/]){word}(?:\s|$)", start.text):
                    yield Use(start.path, start.start, start.end, vendor, "started")

    def _variables(self) -> Iterator[Use]:
        for path, data in self._project.data.items():
            if role_of(path) in (Role.APP, Role.MIGRATION):
                for root in data.roots:
                    for name, value, line in variables(root):
                        if name in known.VARIABLES and value.lower() not in ("", "false", "0", "null"):
                            yield Use(path, line, line, *known.VARIABLES[name])
        for path, dockerfile in self._project.dockerfiles.items():
            for item in dockerfile.instructions:
                names = [
                    n
                    for n in known.VARIABLES
                    if item.word == "ENV" and re.search(rf"\b{n}[= ]{{1,3}}[\"']?(?!false|0)", item.text)
                ]
                yield from (Use(path, item.start, item.end, *known.VARIABLES[n]) for n in names)

    def _logged(self, found: set[Use]) -> Iterator[Use]:
        """Trace ids in a log format, or read from the current span, where something is traced at all."""
        vendors = sorted({u.vendor for u in found if u.live and u.kind in known.SET_UP})
        formats = self._project.expressions("str") if vendors else ()
        told = {id(item) for _, item, part in formats if known.LOG_FORMAT.search(part.text)}
        for file in self._files if vendors else ():
            for call in file.module.calls:
                reads = call.name.endswith("get_span_context") and known.OTEL in vendors
                if reads or id(call) in told:
                    yield self._use(file, call, known.OTEL if reads else vendors[0], "log_ids")

    def _dependencies(self) -> Iterator[Use]:
        for path, listed in self._project.dependencies.items():
            for item in listed.items if not listed.lock and not listed.compiled else ():
                vendor = known.OTEL if item.name.startswith("opentelemetry-") else known.PACKAGES.get(item.name, "")
                if vendor:
                    yield Use(path, item.line, item.line, vendor, "dependency", live=False)


def _is(name: str, targets: tuple[str, ...]) -> bool:
    return any(name == t or name.startswith((t + ".", t + "(")) for t in targets)


def _exports(items: tuple[object, ...]) -> bool:
    return any(getattr(i, "name", "").startswith(("opentelemetry-exporter", "opentelemetry-sdk")) for i in items)


def _beside(path: str, folder: str) -> bool:
    return not folder or path.startswith(folder + "/")


def _set_elsewhere(file: PyFile) -> Iterator[Expr]:
    """Values of the switches in dictionaries that the file builds before it passes them on."""
    for item in file.module.assigns:
        if any(item.target.endswith(f"[{s}]") for s in known.SENTRY_SWITCHES):
            yield item.value
        for part in item.value.walk():
            yield from (v for s in known.SENTRY_SWITCHES if part.kind == "dict" and (v := part.kwarg(s)) is not None)
