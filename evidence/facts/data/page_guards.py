"""Sizes of pages that are refused or brought down by conditions of the code, where a page is cut or a request read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.facts.data.page_caps import chooses_the_lesser, names_maximum
from evidence.facts.data.page_names import SIZES, is_parameter, names_page
from evidence.facts.data.page_requests import reads_request
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call
from evidence.patterns import regex

_SAYS_SIZE = regex(r"(?:page.?size|per.?page|\blimit\b|\bsize\b|maximum|at most)", re.IGNORECASE)
# "limit must be greater than 0" bounds nothing.
_TOO_LARGE = regex(r"max|at most|exceed|too (?:large|big|high)|not be (?:greater|more) than|between", re.IGNORECASE)


def guards(file: PyFile, scopes: set[int]) -> Iterator[tuple[Assign | Call, str]]:
    """Refusals of a size, in functions that page (``scopes``) and receive the size; of one that is too large also where
    a request is read for it; and sizes that are brought down to a maximum (``if limit > max_limit: limit =
    max_limit``), in either. Each comes with the name of the function or size."""
    reading = {c.scope for c in file.module.calls if _asks_size(c)}
    for item in file.module.assigns:
        size = item.scope in scopes | reading and SIZES.search(item.target) and names_page(item.target)
        if size and (names_maximum(item.value) or chooses_the_lesser(item.value)):
            yield item, item.target
    for call in file.module.calls:
        definition = file.function_of(call.scope) if call.scope in scopes | reading else None
        if definition is None or not (call.last == "abort" or call.target == "raise"):
            continue
        told = call.scope in scopes and any(SIZES.search(p) for p in definition.params)
        said = [e.text[:300] for e in call.expr.walk() if e.kind in ("str", "fstring")]
        if any(_SAYS_SIZE.search(s) and (told or (call.scope in reading and _TOO_LARGE.search(s))) for s in said):
            yield call, definition.name


def _asks_size(call: Call) -> bool:
    """``request.args.get("limit")``, ``positive(request.args, "limit")``."""
    args = call.expr.args
    place = 0 if call.last == "get" else 1
    if len(args) <= place:
        return False
    asked, source = args[place], args[0].text if place else call.name.rpartition(".")[0]
    named = asked.kind == "str" and is_parameter(asked.text) and SIZES.search(asked.text) is not None
    return named and reads_request(source)
