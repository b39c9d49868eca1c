"""What a string expression comes to when it is made of constants: names, f-strings, enum members, settings with
defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.patterns import regex

# Stands for the part of a text that is not constant.
UNKNOWN = "{}"
_MAX_HOPS = 8
_PLACE = regex(r"%[sd]")
_JOINING = ("os.path.join", "posixpath.join")
_WITH_DEFAULT = (".get", ".getenv", "getenv", "getattr", ".setdefault")


class Constants:
    """Resolves expressions of one project. ``files`` hold the settings that ``app.config["NAME"]`` may mean."""

    def __init__(self, names: Names, files: Iterable[PyFile]) -> None:
        self._names = names
        self._files = tuple(files)

    def text(self, file: PyFile, scope: int, value: Expr, hops: int = 0) -> str:
        """The text of ``value`` as used in ``scope``, with ``{}`` for each part that cannot be told."""
        if hops > _MAX_HOPS:
            return UNKNOWN
        if value.kind in ("str", "num"):
            return value.text
        if value.kind == "fstring":
            return self._filled(file, scope, value, hops)
        if value.kind == "op" and value.text == "+":
            return "".join(self.text(file, scope, item, hops + 1) for item in value.items)
        if value.kind == "op" and value.text == "%" and len(value.items) == 2:
            return self._formatted(file, scope, value.items[0], value.items[1], hops)
        if value.kind == "op" and value.text in ("or", "if"):
            return next(
                (t for i in reversed(value.items) if (t := self.text(file, scope, i, hops + 1)) != UNKNOWN), UNKNOWN
            )
        if value.kind == "index":
            return self._setting(value.items[0].text, hops) if value.items and value.items[0].kind == "str" else UNKNOWN
        if value.kind == "call":
            return self._called(file, scope, value, hops)
        return self._named(file, scope, value.text, hops) if value.kind == "name" else UNKNOWN

    def _filled(self, file: PyFile, scope: int, value: Expr, hops: int) -> str:
        parts = value.text.split(UNKNOWN)
        filled = [parts[0]]
        for part, item in zip(parts[1:], [*value.items, *[Expr("other")] * len(parts)], strict=False):
            filled.extend((self.text(file, scope, item, hops + 1), part))
        return "".join(filled)

    def _formatted(self, file: PyFile, scope: int, text: Expr, given: Expr, hops: int) -> str:
        """``"%s/orders" % ROOT``, with one value or a tuple of them."""
        items = given.items if given.kind == "list" else (given,)
        told = iter([self.text(file, scope, i, hops + 1) for i in items])
        return _PLACE.sub(lambda _found: next(told, UNKNOWN), self.text(file, scope, text, hops + 1))

    def _called(self, file: PyFile, scope: int, value: Expr, hops: int) -> str:
        """A reader of a setting: the setting's own value where the project gives it one, else the default. Parts of a
        path that are joined are joined by slashes, as web addresses are."""
        args = value.args
        if value.text == "str" and len(args) == 1:
            return self.text(file, scope, args[0], hops + 1)
        if value.text.endswith(_JOINING):
            return "/".join(self.text(file, scope, a, hops + 1).rstrip("/") for a in args)
        if not value.text.endswith(_WITH_DEFAULT) or not args:
            return UNKNOWN
        own = self._setting(args[0].text, hops) if ".config" in value.text and args[0].kind == "str" else UNKNOWN
        default = args[-1] if len(args) > 1 else value.kwarg("default")
        return own if own != UNKNOWN or default is None else self.text(file, scope, default, hops + 1)

    def _named(self, file: PyFile, scope: int, name: str, hops: int) -> str:
        name = name.removesuffix(".value")
        for item_scope, item in self._local(file, scope, name):
            return self.text(file, item_scope, item, hops + 1)
        ref = self._names.resolve(file.path, name)
        if ref.external:
            return UNKNOWN
        other = self._names.files[ref.path]
        head, _, member = ref.name.rpartition(".")
        inner = other.scopes.get(head, 0) if head else 0
        if (ref.path, ref.name) == (file.path, name) and not inner:
            return UNKNOWN
        found = [i for s, i in self._local(other, inner, member) if s == inner]
        return self.text(other, inner, found[0], hops + 1) if found else UNKNOWN

    @staticmethod
    def _local(file: PyFile, scope: int, name: str) -> Iterator[tuple[int, Expr]]:
        """What a name is first given, in the nearest scope around that gives it something, with that scope."""
        while True:
            for item in file.assigned.get((scope, name), ()):
                value = _value(item)
                if not (value.kind == "name" and value.text == name):
                    yield scope, value
                    return
            if not scope:
                return
            definition = file.definition(scope)
            scope = definition.parent if definition else 0

    def _setting(self, key: str, hops: int) -> str:
        found = self._settings.get(key)
        return self.text(found[0], found[1], found[2], hops + 1) if found else UNKNOWN

    @cached_property
    def _settings(self) -> dict[str, tuple[PyFile, int, Expr]]:
        """Upper-case names given a value in a module or class, the first in path order."""
        found: dict[str, tuple[PyFile, int, Expr]] = {}
        for file in self._files:
            for (scope, name), items in file.assigned.items():
                if name.isupper() and file.function_of(scope) is None:
                    found.setdefault(name, (file, scope, _value(items[0])))
        return found


def _value(item: Assign | Call) -> Expr:
    return item.expr if isinstance(item, Call) else item.value
