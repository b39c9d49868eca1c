"""The API objects of extensions: what each hangs on, and under which prefix it serves its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Expr
from evidence.facts.web.kin import Instance, Kin
from evidence.facts.web.records import Blueprint

_HOLDERS = ("app", "blueprint")


class Place(Struct, frozen=True):
    """Where an API hangs: ``bound`` to something at all, ``parent`` the key of the blueprint it is on ("" for the
    application), ``prefix`` its own."""

    bound: bool
    parent: str
    prefix: str


class Apis:
    """Answers where API objects hang."""

    def __init__(self, files: Iterable[PyFile], blueprints: Iterable[Blueprint], kin: Kin) -> None:
        self._kin = kin
        self._by_place = {(b.file.path, b.call.start): b for b in blueprints}
        self._bound: dict[tuple[str, int], Instance | None] = {}
        for file in files:
            for call in file.module.calls:
                if call.name.endswith(".init_app"):
                    self._bind(file, call)

    def _bind(self, file: PyFile, call: Call) -> None:
        api = self._kin.instance(file, call.scope, call.name.removesuffix(".init_app"))
        if api is not None and api.kind == "api" and api.call is not None:
            self._bound.setdefault((api.file.path, api.call.start), self._holder(file, call))

    def _holder(self, file: PyFile, call: Call) -> Instance | None:
        return next((i for value in _given(call.expr) if (i := self._kin.instance(file, call.scope, value.text))), None)

    def place(self, api: Instance) -> Place:
        """Where an API hangs; one whose making is not known counts as bound to the application."""
        if api.call is None:
            return Place(True, "", "")
        prefix = api.call.expr.kwarg("prefix")
        text = "" if prefix is None else prefix.text if prefix.kind == "str" else "?"
        key = (api.file.path, api.call.start)
        if key in self._bound:
            return Place(True, self._key(self._bound[key]), text)
        holder = self._holder(api.file, api.call)
        return Place(any(True for _ in _given(api.call.expr)), self._key(holder), text)

    def _key(self, holder: Instance | None) -> str:
        if holder is None or holder.kind not in _HOLDERS or holder.call is None:
            return ""
        found = self._by_place.get((holder.file.path, holder.call.start))
        return found.key if found is not None else ""


def _given(call: Expr) -> Iterator[Expr]:
    """The application or blueprint that an API is handed."""
    values = (*call.args[:1], *(v for k in ("app", "blueprint") if (v := call.kwarg(k)) is not None))
    yield from (v for v in values if v.kind in ("name", "call"))
