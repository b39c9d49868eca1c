"""What a string expression may be when code runs: constants followed through names, loops and parametrised tests."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Call, Expr
from evidence.facts.web.kin import attribute_places
from evidence.patterns import regex

_OPEN = "{}"
_PERCENT = regex(r"%(?:\([^()]{0,60}\))?[-0-9.]{0,6}[a-zA-Z]")
_MAX_DEPTH = 4
# So many values of one expression are followed; a test with more is seen well enough by these.
_MAX_VALUES = 12


class Strings:
    """Evaluates string expressions; what is not constant becomes ``{}``."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known: dict[tuple[str, int, str], list[str]] = {}

    def of(self, file: PyFile, scope: int, value: Expr) -> list[str]:
        """The values an expression may have, at most twelve; nothing when it is no string at all."""
        return [t for t in self._values(file, scope, value, 0) if t != _OPEN][:_MAX_VALUES]

    def _values(self, file: PyFile, scope: int, value: Expr, depth: int) -> list[str]:
        """Never empty: ``{}`` stands for what cannot be told."""
        if value.kind == "str":
            return [value.text]
        if depth > _MAX_DEPTH:
            return [_OPEN]
        if value.kind == "fstring":
            return self._filled(file, scope, value, depth)
        if value.kind == "op":
            return self._operation(file, scope, value, depth)
        return self._named(file, scope, value.text, depth) if value.kind == "name" else [_OPEN]

    def _named(self, file: PyFile, scope: int, name: str, depth: int) -> list[str]:
        key = (file.path, scope, name)
        if key not in self._known:
            # names that are made of each other would go on for ever
            self._known[key] = [_OPEN]
            given = islice(self._given(file, scope, name), _MAX_VALUES)
            found = [t for value, where, at in given for t in self._values(where, at, value, depth + 1)]
            self._known[key] = list(dict.fromkeys(found))[:_MAX_VALUES] or [_OPEN]
        return self._known[key]

    def _filled(self, file: PyFile, scope: int, value: Expr, depth: int) -> list[str]:
        parts = value.text.split(_OPEN)
        holes = [self._values(file, scope, i, depth + 1) for i in value.items[: len(parts) - 1]]
        holes += [[_OPEN]] * (len(parts) - 1 - len(holes))
        found = []
        for filling in self._combinations(holes):
            found.append(parts[0] + "".join(f + p for f, p in zip(filling, parts[1:], strict=True)))
        return found

    def _operation(self, file: PyFile, scope: int, value: Expr, depth: int) -> list[str]:
        if value.text == "+":
            sides = [self._values(file, scope, i, depth + 1) for i in value.items]
            return ["".join(s) for s in self._combinations(sides)]
        if value.text == "%" and value.items:
            return [_PERCENT.sub(_OPEN, t) for t in self._values(file, scope, value.items[0], depth + 1)]
        if value.text in ("if", "or"):
            branches = value.items[1:] if value.text == "if" else value.items
            return [t for b in branches for t in self._values(file, scope, b, depth + 1)][:_MAX_VALUES] or [_OPEN]
        return [_OPEN]

    @staticmethod
    def _combinations(options: list[list[str]]) -> Iterator[tuple[str, ...]]:
        """Every choice of one per list while there are few; the first of each where there are many."""
        count = 1
        for each in options:
            count *= len(each)
        return product(*options) if count <= _MAX_VALUES else product(*(o[:1] for o in options))

    def _given(self, file: PyFile, scope: int, name: str) -> Iterator[tuple[Expr, PyFile, int]]:
        """The expressions that a name is given: (expression, its file, its scope)."""
        places = list(_scopes(file, scope, name))
        for number, written in places:
            for item in file.assigned.get((number, written), ()):
                for value in _elements(item.expr if isinstance(item, Call) else item.value):
                    yield value, file, number
        yield from ((v, file, 0) for v in _parametrised(file, scope, name))
        ref = self._names.resolve(file.path, name)
        if not ref.external and ref.path != file.path:
            other = self._names.files[ref.path]
            for item in other.assigned.get((0, ref.name), ()):
                yield (item.expr if isinstance(item, Call) else item.value), other, 0


def _scopes(file: PyFile, scope: int, name: str) -> Iterator[tuple[int, str]]:
    """Where a name used in ``scope`` may be given its value, nearest first: (scope, name as written there)."""
    if name.startswith(("self.", "cls.")):
        yield from attribute_places(file, scope, name)
        return
    while True:
        if (scope, name) in file.assigned or not scope:
            yield scope, name
            return
        definition = file.definition(scope)
        scope = definition.parent if definition else 0


def _elements(value: Expr) -> list[Expr]:
    """What a loop gives its variable, one by one; any other value alone."""
    if value.kind != "op" or value.text != "for":
        return [value]
    over = value.items[0].items if value.items[0].kind == "list" else ()
    if len(value.items) == 1:
        return list(over)
    position = int(value.items[1].text)
    return [e.items[position] for e in over if e.kind == "list" and position < len(e.items)]


def _parametrised(file: PyFile, scope: int, name: str) -> Iterator[Expr]:
    """The values that ``pytest.mark.parametrize`` gives a parameter."""
    around = file.function_of(scope)
    for decorator in around.decorators if around is not None else ():
        args = decorator.expr.args
        if not decorator.expr.text.endswith(".parametrize") or len(args) < 2:
            continue
        written = args[0].items if args[0].kind == "list" else ()
        names = [i.text for i in written] or [n.strip() for n in args[0].text.split(",")]
        if name in names:
            position = names.index(name)
            for row in args[1].items:
                values = row.items if row.kind == "list" or row.text == "pytest.param" else (row,)
                if position < len(values):
                    yield values[position]
