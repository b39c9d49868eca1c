"""Pagination: lists are answered page by page, as the request asks.

**What it sees.** Paging of queries (``paginate``, ``limit`` with ``offset``, slices, cursors of DynamoDB and others)
with values that are not constant; the parameters of the request that choose the page, in reads of the request, in
schemas and in URL rules; caps on the page size; tests that ask for pages.

**Why it matters.** A list that grows with the data ends in slow answers and exhausted memory; a page with a bound
does not.

**What it cannot tell.** Whether every list that can grow is paged, or whether the order of the pages is stable.
"""

from __future__ import annotations

import re

from evidence.api import (
    Expr,
    Observations,
    Project,
    PyFile,
    Scenario,
    Signal,
    Site,
    Sites,
    is_parameter,
    names_page,
    plural,
    regex,
)

_MAX_LINES = 39


# What a test, or a function that it runs, is called where it is about pages.
_PAGES = regex(r"pag(?:e|in)|limit|offset|cursor", re.IGNORECASE)


def _paged(sites: Sites) -> bool:
    return bool(sites.of("query")) and bool(sites.of("parameter"))


def _statement(sites: Sites) -> str:
    if not _paged(sites):
        return "A query is cut to pages, but no request chooses the page."
    queries = plural(sites.count("query"), "query", "queries")
    cap = "the page size is capped" if sites.of("capped") else "no cap on the page size was seen"
    tail = "; tests ask for pages" if sites.of("tested") else ""
    return f"Parameters of the request choose the page of {queries}; {cap}{tail}."


PAGINATION = Signal(
    id="api.pagination",
    title="Pagination",
    competency="api-contracts",
    seeds=("S2.3", "C3.3", "C7.1"),
    counts=(
        "List endpoints page their results (paginate(), limit and offset, a cursor) with parameters from the request."
    ),
    strong="The page size is capped, and tests cover paging.",
    not_credited="A LIMIT in a one-off query; paging through the answers of another service.",
    how_to_show=(
        "Page lists in one shared function, cap the page size there, and test the first page, a later one and a "
        "size beyond the cap."
    ),
    clauses=("query", "parameter", "capped", "tested"),
    defining=("query", "parameter", "capped"),
    trace=lambda sites: bool(sites.of("query")),
    practised=_paged,
    sustained=lambda sites: bool(sites.of("capped")) and bool(sites.of("tested")),
    measures=lambda sites: {"queries": sites.count("query"), "capped": sites.count("capped")},
    statement=_statement,
)
SIGNALS = (PAGINATION,)


def detect(project: Project) -> Observations:
    """Paged queries, the parameters that drive them, caps, and tests."""
    uses = project.page_uses
    for use in uses:
        yield PAGINATION, _site(use.file, use.start, use.end, use.kind, use.subject)
    paging = {u.subject for u in uses if u.kind == "query" and "." not in u.subject} - {""}
    for scenario in project.scenarios if uses else ():
        line = _asks(scenario, paging)
        if line:
            start = scenario.definition.line if line - scenario.definition.line < _MAX_LINES else line
            yield PAGINATION, _site(scenario.file, start, max(line, start), "tested", scenario.name)


def _site(file: PyFile, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=file.path, start=start, end=min(end, start + _MAX_LINES), clause=clause, subject=subject)


def _asks(scenario: Scenario, paging: set[str]) -> int:
    """The line where a test asks for a page (or runs a function that pages) and checks something; 0 for none."""
    if not scenario.checks:
        return 0
    for call in scenario.calls:
        keys = call.expr.keys
        if _asked(call.expr):
            return call.start
        if (scenario.requests or "url_for" in call.name) and any(map(names_page, keys)):
            return call.start
        if call.last in paging and (_PAGES.search(f"{call.last} {scenario.name}") or any(map(is_parameter, keys))):
            return call.start
    return 0


def _asked(call: Expr) -> bool:
    """``get("/users?page=2")``, ``get(query_string={"page": 2})``, ``post(json={"paging": {"page_size": 1}})``."""
    for part in call.walk():
        if part.kind in ("str", "fstring") and "?" in part.text:
            query = part.text[:600].partition("?")[2]
            if any(is_parameter(p.partition("=")[0]) for p in query.split("&") if "=" in p):
                return True
        if part.kind == "dict" and any(names_page(k) for k in part.keys):
            return True
    return False
