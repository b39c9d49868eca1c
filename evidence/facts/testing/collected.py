"""Which functions of a test file a runner would collect, and which of them have nothing to do with the project."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Definition, Expr
from evidence.patterns import regex

_CASES = regex(r"(?:^Test|Tests?$|TestCase$|TestSuite$|Case$|Spec$)")
# What has no knowledge of the project. Modules that start or load something else are not among them.
_INERT = frozenset(
    {
        "unittest", "pytest", "mock", "pytest_mock", "contextlib", "typing", "math", "random", "string", "datetime",
        "time", "json", "uuid", "copy", "itertools", "functools", "collections", "re", "decimal", "faker",
    }
)  # fmt: skip
_OPEN = frozenset({"open", "exec", "eval", "compile", "__import__", "globals", "locals", "getattr", "vars"})
# What a case offers of its own; other attributes may be anything that was set up.
_OF_CASES = ("self.assert", "self.fail", "self.skip", "self.subTest")


def candidates(file: PyFile) -> Iterator[tuple[int, Definition, Definition | None]]:
    """The functions named as tests, with their scope and class. Of several by one name the last hides the others; a
    class with an ``__init__`` of its own is not collected, nor one that says ``__test__ = False``."""
    places = file.module.definitions
    built = {d.parent for d in places if d.name == "__init__" and d.kind == "function"}
    last = {(d.parent, d.name): at for at, d in enumerate(places, 1)}
    for scope, definition in enumerate(places, 1):
        named = definition.name.lower().startswith("test") and definition.kind == "function"
        if not named or last[definition.parent, definition.name] != scope:
            continue
        around = file.definition(definition.parent)
        if around is not None and _declines(file, definition.parent):
            continue
        if around is None or (around.kind == "class" and _is_case(around, definition.parent in built)):
            yield scope, definition, around


def _declines(file: PyFile, scope: int) -> bool:
    return any(isinstance(a, Assign) and a.value.text == "False" for a in file.assigned.get((scope, "__test__"), ()))


def _is_case(definition: Definition, built: bool) -> bool:
    return bool(definition.bases) or (bool(_CASES.search(definition.name)) and not built)


def expected_to_fail(mark: Expr) -> bool:
    """Whether a mark lets a test fail or pass as it will: ``xfail`` with no condition, neither strict nor of one
    exception."""
    if not mark.text.endswith("mark.xfail"):
        return False
    return mark.kind != "call" or not (mark.args or {"condition", "strict", "raises", "run"} & set(mark.keys))


def is_apart(file: PyFile, scope: int, definition: Definition) -> bool:
    """Whether a test uses nothing but variables of its own, mocks and the standard library: what it checks is never
    the project's. Where anything else is at hand (a fixture, a decorator, a helper, a name in a string), it is not."""
    if definition.decorators or set(definition.params) - {"self"}:
        return False
    module = file.module
    inside = range(definition.start, definition.end + 1)
    if any(line in inside for _, line in module.strings) or any(i.alias == "*" for i in module.imports):
        return False
    scopes = [scope, *(at for at, d in enumerate(module.definitions, 1) if d.start in inside and at != scope)]
    if any(i.scope in scopes for i in module.imports):
        return False
    imported = {i.target.partition(".")[0] for i in module.imports}
    return all(_is_inert(file, name, imported) for at in scopes for name in module.refs[at])


def _is_inert(file: PyFile, name: str, imported: set[str]) -> bool:
    root = name.partition(".")[0].partition("(")[0].partition("[")[0]
    if root == "self":
        return name.startswith(_OF_CASES)
    if root in imported or not root:
        return root in _INERT
    return root not in file.defined and root not in _OPEN and root not in ("cls", "super")
