"""Test functions as small stories: which requests they make, what they call, what they check, which refusals they
expect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from http import HTTPStatus

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition, Expr
from evidence.facts.web.records import Request
from evidence.patterns import regex

_BY_NAME = {status.name: int(status) for status in HTTPStatus}
_IN_NAME = regex(r"(?:HTTP_|assert_?|status_?)(\d{3})(?!\d)")
_SAYS_STATUS = regex(r"(?i)stat|code|err|http")
_NAMES_STATUS = regex(r"(?i)stat|code|expect")
# Werkzeug's ``response.status``: "404 NOT FOUND".
_LINE = regex(r"[45]\d\d [A-Z][A-Za-z ]{3,40}")
# Keywords of helpers that say which status they expect. A bare ``status`` is WebTest's; with mocks it is what they
# answer.
_EXPECTED_KEY = regex(r"exp(?:ect(?:ed|s)?)?_.{0,20}(?:status|code)|(?:status|code)_.{0,10}expected")
_CLIENT = regex(r"(?:app|client)(?:\.|$)")
# Functions that run without being called by a test.
_NO_HELPERS = ("test", "setUp", "setup", "tearDown", "teardown")
_SKIPS = ("mark.skip", "unittest.skip", "pytest.skip")


class Scenario(Struct, frozen=True, dict=True):
    """One test function that is collected and not skipped.

    ``requests`` are its own and those of the tests' helpers that it calls; ``checks`` are what it asserts (expression,
    line), checked keywords of its own helpers (``expected_status=422``) included; ``statuses`` maps each HTTP error
    status it expects to the first line that says so."""

    file: PyFile
    scope: int
    definition: Definition
    calls: tuple[Call, ...]
    requests: tuple[Request, ...]
    checks: tuple[tuple[Expr, int], ...]
    statuses: Mapping[int, int]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.definition.name

    def mentions(self, *names: str) -> bool:
        """Whether it refers to one of these names, by their last segment."""
        return not self._referred.isdisjoint(names)

    @cached_property
    def _referred(self) -> frozenset[str]:
        refs = self.file.module.refs
        own = refs[self.scope] if self.scope < len(refs) else ()
        return frozenset(name.rpartition(".")[2].partition("(")[0] for name in own)


def scenarios(files: Iterable[PyFile], requests: Iterable[Request]) -> tuple[Scenario, ...]:
    """The scenarios of these test files, in path and line order."""
    by_file: dict[str, list[Request]] = {}
    helpers: dict[str, list[Request]] = {}
    for request in requests:
        by_file.setdefault(request.file.path, []).append(request)
        around = request.file.outermost_function(request.call.scope)
        if around is not None and not around.name.startswith(_NO_HELPERS):
            helpers.setdefault(around.name, []).append(request)
    return tuple(s for file in files for s in _of_file(file, by_file.get(file.path, []), helpers))


def _of_file(file: PyFile, requests: list[Request], helpers: Mapping[str, list[Request]]) -> Iterator[Scenario]:
    owners = _owners(file)
    calls: dict[int, list[Call]] = {}
    asked: dict[int, list[Request]] = {}
    checks: dict[int, list[tuple[Expr, int]]] = {}
    for call in file.module.calls:
        calls.setdefault(owners[call.scope], []).append(call)
    for request in requests:
        asked.setdefault(owners[request.call.scope], []).append(request)
    for check in file.module.checks:
        checks.setdefault(owners[check.scope], []).append((check.expr, check.line))
    for index, definition in enumerate(file.module.definitions):
        scope = index + 1
        if owners[scope] == scope and not _skipped(definition):
            found = [*checks.get(scope, []), *(p for c in calls.get(scope, []) for p in _checking(c))]
            found.sort(key=lambda c: c[1])
            statuses = _statuses(definition, found, _kept(file, scope))
            own = tuple(calls.get(scope, ()))
            helped = (r for c in own if _is_helper(c) for r in helpers.get(c.last, ()))
            requested = (*asked.get(scope, ()), *helped)
            yield Scenario(file, scope, definition, own, requested, tuple(found), statuses)


def _is_helper(call: Call) -> bool:
    """Whether a call is of a method of the test's own class, or of a function of the tests: ``self.register(data)``."""
    head, _, rest = call.name.partition(".")
    return not rest or head in ("self", "cls") or "test" in call.name.lower() or not head


def _owners(file: PyFile) -> list[int]:
    """For each scope the test function that it belongs to, 0 for none."""
    owners = [0]
    for index, definition in enumerate(file.module.definitions):
        own = definition.kind == "function" and definition.name.startswith("test")
        owners.append(owners[definition.parent] or (index + 1 if own else 0))
    return owners


def _skipped(definition: Definition) -> bool:
    return any(d.expr.text.endswith(_SKIPS) for d in definition.decorators)


def _checking(call: Call) -> Sequence[tuple[Expr, int]]:
    """What a call checks: methods called assert..., expected exceptions, keywords that name an expected status."""
    if call.last.startswith("assert") or call.name.endswith("raises"):
        return ((call.expr, call.start),)
    keys = call.expr.keys
    if not keys:
        return ()
    given = zip(keys, call.expr.items[-len(keys) :], strict=True)
    return [(value, call.start) for key, value in given if _says_expected(key, call)]


def _says_expected(key: str, call: Call) -> bool:
    return _EXPECTED_KEY.search(key) is not None or (key == "status" and _CLIENT.search(call.name) is not None)


def _kept(file: PyFile, scope: int) -> dict[str, int]:
    """Statuses that a test gives a name before it checks them: ``expected_status = 404``."""
    named = (i for i in file.assigns_in(scope) if i.value.kind in ("num", "str") and _NAMES_STATUS.search(i.target))
    codes = {i.target: int(i.value.text) for i in named if i.value.text.isdecimal()}
    return {name: code for name, code in codes.items() if 400 <= code < 600}


def _statuses(definition: Definition, checks: list[tuple[Expr, int]], kept: dict[str, int]) -> dict[int, int]:
    found: dict[int, int] = {}
    given = {c for d in definition.decorators if "parametrize" in d.expr.text for c in error_statuses(d.expr)}
    for expr, line in checks:
        codes = error_statuses(expr)
        if kept:
            codes |= {kept[e.text] for e in expr.walk() if e.text in kept}
        if given and any(e.kind == "name" and e.text in definition.params for e in expr.walk()):
            codes |= given
        for code in sorted(codes):
            found.setdefault(code, line)
    return found


def error_statuses(expr: Expr) -> set[int]:
    """The HTTP error statuses (400 to 599) that an expression names: as numbers, ``HTTPStatus`` members or in names.

    What an answer holds under another key than a status is none: ``result["cleared"] == 419``."""
    found = {code for part in expr.walk() if 400 <= (code := _status(part)) < 600}
    if found and _is_keyed(expr) and not any(_SAYS_STATUS.search(p.text) for p in expr.walk()):
        return set()
    return found


def _status(expr: Expr) -> int:
    """The status that is written here itself, 0 for none."""
    kind, text = expr.kind, expr.text
    if kind in ("name", "call"):
        return _status_named(text)
    if kind == "num":
        return int(text) if len(text) == 3 and text.isdecimal() else 0
    return int(text[:3]) if kind == "str" and _LINE.fullmatch(text) else 0


def _is_keyed(expr: Expr) -> bool:
    """Whether it looks up a key in something."""
    return any(p.kind == "index" and any(i.kind == "str" for i in p.items) for p in expr.walk())


@lru_cache(1 << 14)
def _status_named(name: str) -> int:
    """The status that a name is of, as ``HTTPStatus.NOT_FOUND`` and ``status.HTTP_404_NOT_FOUND``; 0 for none."""
    match = _IN_NAME.search(name)
    holder, _, member = name.removesuffix(".value").rpartition(".")
    return int(match[1]) if match else _BY_NAME.get(member, 0) if "tatus" in holder else 0


def says(expr: Expr) -> list[str]:
    """The texts that a check expects to be there; those that must not be there left out."""
    if expr.kind == "op" and expr.text in ("not in", "not", "!="):
        return []
    if expr.kind == "call" and expr.text.rpartition(".")[2] in ("assertNotIn", "assertNotEqual", "assertFalse"):
        return []
    inner = [t for item in expr.items for t in says(item)]
    return [expr.text, *inner] if expr.kind in ("str", "fstring") else inner
