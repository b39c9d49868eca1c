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


def guards(file: PyFile, scopes: set[int]) -> Iterator[tuple[Assign | Call, str]]:
    """Refusals of a size, in functions that page (``scopes``) and receive the size; and sizes that are brought down to
    a maximum (``if limit > max_limit: limit = max_limit``), there or where a request is read for them. Each comes with
    the name of the function or size."""
    reading = {c.scope for c in file.module.calls if _asks_size(c)}
    for item in file.module.assigns:
        size = item.scope in scopes | reading and SIZES.search(item.target) and names_page(item.target)
        if size and (names_maximum(item.value) or chooses_the_lesser(item.value)):
            yield item, item.target
    for call in file.module.calls:
        definition = file.function_of(call.scope) if call.scope in scopes else None
        if definition is None or not any(SIZES.search(p) for p in definition.params):
            continue
        refuses = call.last == "abort" or call.target == "raise"
        if refuses and any(v.kind in ("str", "fstring") and _SAYS_SIZE.search(v.text[:300]) for v in call.expr.items):
            yield call, definition.name


def _asks_size(call: Call) -> bool:
    """``request.args.get("limit")``."""
    first = call.expr.args[0] if call.expr.args else None
    if call.last != "get" or first is None or first.kind != "str" or not is_parameter(first.text):
        return False
    return SIZES.search(first.text) is not None and reads_request(call.name.rpartition(".")[0])
