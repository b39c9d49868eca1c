"""The shapes of error responses: handlers that answer JSON, and the keys of what a function answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition, Expr
from evidence.facts.web.records import Callback
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_HANDLERS = (
    "errorhandler", "app_errorhandler", "register_error_handler", "add_error_handler", "error_processor",
    "error_handler",
)  # fmt: skip
MAKES_JSON = regex(
    r"(?:^|\.)(?:make_response|to_dict|as_dict|dumps|to_response|get_response|serialize)$|json|problem",
    re.IGNORECASE,
)
"""What makes JSON, by the dotted name that is called."""
_HTML = regex(r"(?:^|\.)(?:render_template(?:_string)?|redirect|render|flash|send_file)$")
# So many variables, helpers and wrappers lie between an answer and the dictionary it is made of, at most.
_DEPTH = 6


class ErrorHandler(Struct, frozen=True):
    """A handler that answers JSON: its registration, the function, and the keys of its answer where they are told."""

    callback: Callback
    file: PyFile
    definition: Definition
    keys: frozenset[str]


def error_handlers(project: Project) -> Iterator[ErrorHandler]:
    """Handlers of errors in code that can run whose answers are JSON."""
    for callback in project.web.callbacks(*_HANDLERS):
        file, definition = callback.handler_file, callback.handler
        if file is None or definition is None or not project.reach.live(callback.file.path):
            continue
        loose = callback.method == "error_handler" and not callback.onto
        if loose and not project.variable_class(callback.file, 0, callback.receiver):
            continue
        keys = keys_of(project, file, definition.returns, file.scopes.get(definition.qualname, 0), _DEPTH)
        told = None if keys else _by_exception(project, callback, definition)
        keys = keys if told is None else told
        # what APIFlask's processor returns is sent as JSON, whatever made it
        if keys is not None or callback.method == "error_processor":
            yield ErrorHandler(callback, file, definition, keys or frozenset())


def _by_exception(project: Project, callback: Callback, definition: Definition) -> frozenset[str] | None:
    """The keys of the JSON that the handled exception makes by a method of its own: ``return error.respond()``."""
    handled = project.defined(callback.file, callback.args[0].text) if callback.args else None
    around, given = callback.handler_file, next(iter(definition.params), "")
    if handled is None or around is None or not given:
        return None
    # a response that is built first: ``response = jsonify(error.to_json())``
    calls = around.calls_in(around.scopes.get(definition.qualname, 0))
    built = [a for c in calls if c.last in ("jsonify", "make_response", "dumps") for a in c.expr.args[:1]]
    for value in (*definition.returns, *built):
        body = value.items[0] if value.kind == "list" and value.items else value
        owner, _, method = body.text.rpartition(".")
        if body.kind == "name" and body.text == given:
            return _carried(project, *handled)
        number = handled[0].scopes.get(f"{handled[1].qualname}.{method}", 0)
        found = handled[0].definition(number) if body.kind == "call" and owner == given else None
        if found is not None:
            return keys_of(project, handled[0], found.returns, number, _DEPTH)
    return None


def _carried(project: Project, file: PyFile, exception: Definition) -> frozenset[str] | None:
    """The keys of the JSON that an exception of Werkzeug's kind carries as its response from when it is made."""
    scope = file.scopes.get(f"{exception.qualname}.__init__", 0)
    values = (i.expr if isinstance(i, Call) else i.value for i in file.assigned.get((scope, "self.response"), ()))
    return next((k for v in values if scope and (k := _body(project, file, v, scope, _DEPTH)) is not None), None)


def keys_of(project: Project, file: PyFile, returns: tuple[Expr, ...], scope: int, depth: int) -> frozenset[str] | None:
    """The keys of the JSON that a function answers (empty when they cannot be told); None when it answers no JSON."""
    keys: set[str] = set()
    found = False
    for value in returns:
        body = value.items[0] if value.kind == "list" and value.items else value
        inner = _body(project, file, body, scope, depth)
        if inner is not None:
            found = True
            keys |= inner
    return frozenset(keys) if found else None


def _body(project: Project, file: PyFile, body: Expr, scope: int, depth: int) -> frozenset[str] | None:
    if body.kind == "dict" or (body.kind == "call" and body.text == "dict" and not body.args):
        return frozenset(k for k in body.keys if k and k != "**")
    if body.kind == "call":
        return _called(project, file, body, scope, depth)
    if body.kind == "name" and depth:
        for item in file.assigned.get((scope, body.text), ()):
            value = item.expr if isinstance(item, Call) else item.value
            found = _body(project, file, value, scope, depth - 1)
            if found is not None:
                return found
    if body.kind == "op" and body.items:
        return next((k for i in body.items if (k := _body(project, file, i, scope, depth)) is not None), None)
    return None


def _called(project: Project, file: PyFile, body: Expr, scope: int, depth: int) -> frozenset[str] | None:
    if _HTML.search(body.text):
        return None
    inner = project.defined(file, body.text) if depth else None
    if inner is None and depth and "()." in body.text:
        # a method that hands its own object on: ``ApiError(message).with_code(code)``
        inner = project.defined(file, body.text.partition("()")[0])
    if inner is not None and inner[1].kind == "class":
        return _answered(project, *inner, depth)
    if inner is not None and inner[1].kind == "function":
        return keys_of(project, inner[0], inner[1].returns, inner[0].scopes.get(inner[1].qualname, 0), depth - 1)
    if body.text.rpartition(".")[2] == "Response":
        # ``Response(json.dumps(body), status=400)``: a body that is no call of a serializer is text
        given = body.args[0] if body.args else body.kwarg("response")
        dumped = given is not None and given.kind in ("call", "name") and depth
        return _body(project, file, given, scope, depth - 1) if given is not None and dumped else None
    if not MAKES_JSON.search(body.text) or (body.text.endswith("get_response") and not _writes_json(file, scope)):
        return None
    keys = set(body.keys if body.text.endswith("jsonify") else ()) - {"**", ""}
    for item in body.args[:1]:
        found = _body(project, file, item, scope, depth - 1) if depth else None
        page = item.kind in ("str", "fstring") or (item.kind == "call" and _HTML.search(item.text) is not None)
        if found is None and page and body.text.endswith("make_response"):
            return None
        keys |= found or frozenset()
    return frozenset(keys)


def _answered(project: Project, file: PyFile, definition: Definition, depth: int) -> frozenset[str] | None:
    """The keys of what an exception answers by itself: of the body that a class of Werkzeug's kin writes as JSON."""
    around = file.scopes.get(definition.qualname, 0)
    methods = [d for d in file.module.definitions if d.parent == around and d.name in ("get_body", "get_response")]
    for method in methods:
        scope = file.scopes.get(method.qualname, 0)
        if _writes_json(file, scope):
            return keys_of(project, file, method.returns, scope, depth - 1) or frozenset()
    bases = (b for b in definition.bases if not methods and depth)
    found = (b for base in bases if (b := project.defined(file, base.text)) is not None)
    return next((k for other, base in found if (k := _answered(project, other, base, depth - 1)) is not None), None)


def _writes_json(file: PyFile, scope: int) -> bool:
    """Werkzeug's own response to an exception is a page, unless the handler puts JSON into it."""
    return any(c.name.endswith(("dumps", "jsonify")) for c in file.calls_in(scope))
