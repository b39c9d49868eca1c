"""What tests check, taken apart once: several subjects ask each check for a status, a header or a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Expr


class Assertion(Struct, frozen=True, eq=False):
    """One check of a test: an asserted expression, or a call of an ``assert...`` method. ``parts`` are the expression
    and all below it."""

    file: PyFile
    expr: Expr
    line: int
    parts: tuple[Expr, ...]


def assertions(files: Iterable[PyFile]) -> Iterator[Assertion]:
    """What these test files check, in the order of the files."""
    for file in files:
        for check in file.module.checks:
            yield Assertion(file, check.expr, check.line, tuple(check.expr.walk()))
        for call in file.module.calls:
            if call.last.startswith("assert"):
                yield Assertion(file, call.expr, call.start, tuple(call.expr.walk()))
