"""Deprecation and compatibility policy: what clients of the API are told before something goes away.

**What it sees.** ``Deprecation`` and ``Sunset`` headers that code sends, operations marked as deprecated in code or
in an OpenAPI document, a written guide on deprecating parts of the API; tests of those headers and comparisons of
documents in CI that refuse breaking changes. Notes in change logs and fields described as deprecated are leads.

**Why it matters.** Clients move in their own time; a promise of how long the old way works lets them plan.

**What it cannot tell.** Announcements by mail or on a portal outside the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.api import (
    Call,
    CiRun,
    Document,
    Expr,
    Node,
    Observations,
    Project,
    Role,
    Section,
    Signal,
    Site,
    Sites,
    plural,
    regex,
)

_HEADERS = frozenset(
    {"deprecation", "sunset", "x-api-deprecated", "x-deprecated", "x-api-deprecation-date", "x-sunset"}
)
_SETTERS = frozenset({"set", "add", "setdefault", "add_header", "update", "extend", "__setitem__"})
_ROUTING = frozenset(
    {
        "route",
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "doc",
        "expect",
        "spec",
        "api",
        "operation",
        "swag_from",
        "validate",
    }
)
_HTTP = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
# Tools whose business is to refuse a breaking change of an API document.
_BREAKING = {
    "oasdiff": ("breaking", "changelog", "diff"),
    "openapi-diff": (),
    "optic": ("diff",),
    "swagger-diff": (),
    "openapi-changes": (),
}
_WORD = regex(r"deprecat", re.IGNORECASE)
_POLICY_TITLE = regex(
    r"deprecat|sunset|end[- ]of[- ]life|backwards?[- ]compatib|breaking change|compatibility", re.IGNORECASE
)
_ABOUT_API = regex(r"\bAPIs?\b|\bendpoints?\b|\bclients?\b|\bconsumers?\b", re.IGNORECASE)
# A guide says when: a period, a date, a version, or what is announced before removal.
_SAYS_WHEN = regex(
    r"\b\d{1,3}[ -](?:day|week|month|year|release|version)|\bnotice\b|\bannounc|\bremov(?:e|ed|al)\b|\bsunset\b"
    r"|\bsupported (?:for|until)\b|\bmigrat",
    re.IGNORECASE,
)
_GUIDE_WORDS = 40
_NOTES = regex(
    r"(?:^|/)(?:change(?:s|log)|history|news|release[-_ ]?notes|upgrad\w{0,5}|migrat\w{0,5}"
    r"|[\w\-]{0,30}version\w{0,10})[^/]{0,40}$",
    re.IGNORECASE,
)
_NOTICE = regex(
    r"\bdeprecation notice|\bdeprecated?\b[^.\n]{0,120}\b(?:api|endpoint|route|client|version|removed?|support)"
    r"|(?:api|endpoint|version)[^.\n]{0,120}\bdeprecat",
    re.IGNORECASE,
)
_FIELD = regex(r"^\W{0,3}deprecated\b", re.IGNORECASE)


def _told(sites: Sites) -> bool:
    return bool(sites.of("header", "operation", "guide"))


def _statement(sites: Sites) -> str:
    if not _told(sites):
        return "Something is called deprecated, but no header, operation or guide tells clients of the API."
    parts = []
    if sites.of("header"):
        parts.append(f"deprecation headers in {plural(sites.count('header'), 'place')}")
    if sites.of("operation"):
        parts.append(f"{plural(sites.count('operation'), 'operation')} marked as deprecated")
    if sites.of("guide"):
        parts.append("a guide on how the API deprecates")
    tail = "; tests or CI hold to it" if sites.of("tested", "run_by_ci") else ""
    return f"Clients are told by {', '.join(parts)}{tail}."


DEPRECATION = Signal(
    id="api.deprecation",
    title="Deprecation and compatibility policy",
    competency="api-contracts",
    seeds=("S2.3", "C7.1"),
    counts=(
        "Deprecation or Sunset headers are sent, operations are marked as deprecated, or a guide says how the API "
        "deprecates."
    ),
    strong="Tests assert it, or CI refuses breaking changes of the API's document.",
    not_credited=(
        "A library's DeprecationWarning; a change log's line; flags of domain data that happen to be called deprecated."
    ),
    how_to_show=(
        "Send Deprecation and Sunset headers from one decorator, mark the operations in the OpenAPI document, and "
        "write down how long old versions are served."
    ),
    clauses=("header", "operation", "guide", "tested", "run_by_ci", "described", "notice", "flag"),
    leads=("notice", "flag"),
    defining=("header", "operation", "guide"),
    practised=_told,
    sustained=lambda sites: bool(sites.of("tested", "run_by_ci")),
    measures=lambda sites: {"operations": sites.count("operation", "header")},
    statement=_statement,
)
SIGNALS = (DEPRECATION,)


def detect(project: Project) -> Observations:
    """What tells clients, then what holds to it; leads only where nothing tells them."""
    found = [*_headers(project), *_operations(project), *_documents(project), *_guides(project)]
    if found:
        found.extend(_tested(project))
        found.extend(s for run in project.ci_runs for s in _compared(run))
    elif project.web.is_flask:
        found.extend(_leads(project))
    yield from ((DEPRECATION, s) for s in found)


def _site(path: str, start: int, end: int, clause: str, subject: str = "") -> Site:
    return Site(path=path, start=start, end=min(end, start + 39), clause=clause, subject=subject)


# ------------------------------------------------------------------------------------------- headers and flags


def _headers(project: Project) -> Iterator[Site]:
    written = {id(item) for _, item, part in project.expressions("dict") if _has_header(part)}
    for file in project.app:
        for item in file.module.assigns:
            sets = "headers" in item.target and _key(item.target).lower() in _HEADERS
            if (sets or id(item) in written) and project.reach.live(file.path, item.scope):
                yield _site(file.path, item.start, item.end, "header", _key(item.target))
        for call in file.module.calls:
            if (
                (id(call) in written or (call.last in _SETTERS and _sets_header(call)))
                and not _is_outgoing(call.name)
                and project.reach.live(file.path, call.scope)
            ):
                yield _site(file.path, call.start, call.end, "header", call.name)


def _key(target: str) -> str:
    return target.rpartition("[")[2].rstrip("]\"'").lstrip("\"'")


def _sets_header(call: Call) -> bool:
    """``response.headers.add("Sunset", ...)``."""
    first = next(iter(call.expr.args), None)
    named = first is not None and first.kind == "str" and first.text.lower() in _HEADERS
    return named and "headers" in call.name.rpartition(".")[0]


def _has_header(value: Expr) -> bool:
    """``{"Sunset": ...}`` as it stands in headers: with a capital, as no other data is written."""
    return any(k[:1].isupper() and k.lower() in _HEADERS for k in value.keys)


def _is_outgoing(name: str) -> bool:
    return name.partition(".")[0] in ("requests", "httpx", "aiohttp", "urllib", "urllib3")


def _operations(project: Project) -> Iterator[Site]:
    """Decorators that mark a view: ``doc(deprecated=True)``, flask-restx's ``@api.deprecated``."""
    for file in project.app:
        for definition in file.module.definitions:
            for decorator in definition.decorators:
                receiver, _, last = decorator.expr.text.rpartition(".")
                doc = decorator.expr.kwarg("doc")
                flag = decorator.expr.kwarg("deprecated") or (doc.kwarg("deprecated") if doc is not None else None)
                marked = last in _ROUTING and flag is not None and flag.text != "False"
                own = (
                    last == "deprecated"
                    and bool(receiver)
                    and project.web.instance(file, definition.parent, receiver) is not None
                )
                if (marked or own) and project.reach.live(file.path):
                    yield _site(file.path, decorator.line, definition.line, "operation", definition.qualname)


def _documents(project: Project) -> Iterator[Site]:
    for document in project.api_documents:
        paths = document.root.get("paths") if document.own else None
        for address, item in paths.pairs() if paths is not None else ():
            for method, operation in item.pairs():
                if method in _HTTP and _is_deprecated(operation):
                    line = operation.line_of("deprecated")
                    yield _site(document.path, line, line, "operation", f"{method} {address}")


def _is_deprecated(operation: Node) -> bool:
    flag = operation.get("deprecated")
    return flag is not None and flag.text == "true"


# ------------------------------------------------------------------------------------------------- documents


def _guides(project: Project) -> Iterator[Site]:
    """Sections about deprecating or staying compatible that speak of the API and say when."""
    if not project.web.is_flask:
        return
    for path, document in project.documents.items():
        if project.role(path) in (Role.APP, Role.EXAMPLE) and not _NOTES.search(path):
            for section in document.sections:
                if section.level and _is_policy(section):
                    yield _site(path, section.start, section.end, "guide", path)


def _is_policy(section: Section) -> bool:
    titled = bool(_POLICY_TITLE.search(section.title)) and bool(
        re.search(r"api|version|endpoint|polic|deprecat|sunset", section.title, re.IGNORECASE)
    )
    text = section.text
    return (
        titled
        and section.words >= _GUIDE_WORDS
        and bool(_WORD.search(f"{section.title} {text}"))
        and bool(_ABOUT_API.search(text))
        and bool(_SAYS_WHEN.search(text))
    )


# ------------------------------------------------------------------------------------------ what holds to it


def _tested(project: Project) -> Iterator[Site]:
    for scenario in project.scenarios:
        for expr, line in scenario.checks:
            if any(e.kind == "str" and e.text.lower() in _HEADERS for e in expr.walk()):
                yield _site(scenario.file.path, line, line, "tested", scenario.name)
                break


def _compared(run: CiRun) -> Iterator[Site]:
    program = run.words[0].rpartition("/")[2] if run.words else ""
    wanted = _BREAKING.get(program)
    if wanted is not None and run.effective and (not wanted or any(w in wanted for w in run.words)):
        yield _site(run.place.path, run.place.start, run.place.end, "run_by_ci", program)


# ----------------------------------------------------------------------------------------------------- leads


def _leads(project: Project) -> Iterator[Site]:
    """Fields described as deprecated, flags in code, notices in change logs and documents on versions."""
    yield from _described(project)
    for path, document in project.documents.items():
        if project.role(path) in (Role.APP, Role.EXAMPLE) and _NOTES.search(path):
            yield from _notices(path, document)


def _described(project: Project) -> Iterator[Site]:
    described = {id(i): (f, i) for f, i, part in project.expressions("dict", "call") if "description" in part.keys}
    for file, item in described.values():
        for value in item.expr.walk() if isinstance(item, Call) else ():
            text = value.kwarg("description") if value.kind in ("dict", "call") else None
            if text is not None and text.kind == "str" and _FIELD.match(text.text):
                yield _site(file.path, item.start, item.end, "described", text.text[:40])
                break
    for file in project.app:
        for item in file.module.assigns:
            if item.target == "deprecated" and item.scope and item.value.text in ("True", "False"):
                yield _site(file.path, item.start, item.end, "flag", file.path)


def _notices(path: str, document: Document) -> Iterator[Site]:
    for section in document.sections:
        if _NOTICE.search(section.text):
            yield _site(path, section.start, section.end, "notice", path)
