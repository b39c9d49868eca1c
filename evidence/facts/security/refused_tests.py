"""Tests that expect a refusal: 401, 403, or an exception that stands for one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Definition
from evidence.facts.security.refusals import exception_code, status_of

if TYPE_CHECKING:
    from evidence.facts.project import Project

_RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex", "assert_raises"})
# Keywords by which test clients are told what to expect; WebTest's is ``status``.
_EXPECTED = re.compile(r"\w{0,20}(?:exp|assert)\w{0,30}|status", re.IGNORECASE)
_STAND_INS = re.compile(r"mock|responses|httpretty|respx|Response|patch|factory|fake", re.IGNORECASE)


@dataclass(frozen=True)
class RefusedTest:
    """One check of a test that expects a refusal: the status, the test's function and the line that checks it."""

    file: PyFile
    definition: Definition | None
    start: int
    end: int
    code: str


def refused_tests(project: Project) -> tuple[RefusedTest, ...]:
    """Every check of the project's tests that expects a refusal, in path and line order."""
    found = [t for file in project.tests for t in _expecting(project, file)]
    for file, expr, line in project.assertions():
        code = next((c for e in expr.walk() if (c := status_of(e))), "")
        if code:
            found.append(RefusedTest(file, _around(file, line), line, line, code))
    unique = {(t.file.path, t.start, t.code): t for t in found}
    return tuple(unique[k] for k in sorted(unique))


def _expecting(project: Project, file: PyFile) -> Iterator[RefusedTest]:
    for call in file.module.calls:
        last = call.last
        if last in _RAISES and call.expr.args:
            code = exception_code(project, file, call.expr.args[0].text)
        else:
            offset = len(call.expr.items) - len(call.expr.keys)
            given = zip(call.expr.keys, call.expr.items[offset:], strict=True)
            plain = not _STAND_INS.search(call.name)
            code = next((c for k, v in given if plain and _EXPECTED.fullmatch(k) and (c := status_of(v))), "")
        if code and call.scope:
            yield RefusedTest(file, file.function_of(call.scope), call.start, call.end, code)
    for definition in file.module.definitions:
        for decorator in definition.decorators:
            if decorator.expr.text.endswith("parametrize"):
                code = next((c for e in decorator.expr.walk() if e.kind != "str" and (c := status_of(e))), "")
                if code and definition.name.startswith("test"):
                    yield RefusedTest(file, definition, decorator.line, min(definition.end, decorator.line + 39), code)


def _around(file: PyFile, line: int) -> Definition | None:
    """The innermost function around a line."""
    return next(
        (d for d in reversed(file.module.definitions) if d.kind == "function" and d.start <= line <= d.end), None
    )
