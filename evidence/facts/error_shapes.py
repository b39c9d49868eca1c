"""The shapes of error responses: handlers that answer JSON and functions that make error bodies, with their keys."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition, Expr
from evidence.facts.testing.scenarios import error_statuses
from evidence.facts.web.records import Callback
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_HANDLERS = (
    "errorhandler", "app_errorhandler", "register_error_handler", "add_error_handler", "error_processor",
    "error_handler",
)  # fmt: skip
_JSON = regex(
    r"(?:^|\.)(?:make_response|to_dict|as_dict|dumps|to_response|get_response|serialize)$|json|problem",
    re.IGNORECASE,
)
_HTML = regex(r"(?:^|\.)(?:render_template(?:_string)?|redirect|render|flash|send_file)$")
# So many variables, helpers and wrappers lie between an answer and the dictionary it is made of, at most.
_DEPTH = 6
# A helper used this often is the one place; a shape shared by this many handlers is a rule.
_USES = 3
# Steps from a response that is built before it is returned to its body: the variable, the call, the dictionary.
_BUILT = 3


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
        if (
            callback.method == "error_handler"
            and not callback.onto
            and not project.variable_class(callback.file, 0, callback.receiver)
        ):
            continue
        keys = _shape(project, file, definition.returns, file.scopes.get(definition.qualname, 0), _DEPTH)
        if keys is None:
            keys = _by_exception(project, callback, definition)
        # what APIFlask's processor returns is sent as JSON, whatever made it
        if keys is not None or callback.method == "error_processor":
            yield ErrorHandler(callback, file, definition, keys or frozenset())


def _by_exception(project: Project, callback: Callback, definition: Definition) -> frozenset[str] | None:
    """The keys of the JSON that the handled exception makes by a method of its own: ``return error.respond()``."""
    handled = project.defined(callback.file, callback.args[0].text) if callback.args else None
    given = definition.params[0] if definition.params else ""
    for value in definition.returns if handled is not None and given else ():
        body = value.items[0] if value.kind == "list" and value.items else value
        owner, _, method = body.text.rpartition(".")
        if handled is not None and body.kind == "name" and body.text == given:
            return _carried(project, *handled)
        if handled is not None and body.kind == "call" and owner == given:
            file, number = handled[0], handled[0].scopes.get(f"{handled[1].qualname}.{method}", 0)
            if number and (found := file.definition(number)) is not None:
                return _shape(project, file, found.returns, number, _DEPTH)
    return None


def _carried(project: Project, file: PyFile, exception: Definition) -> frozenset[str] | None:
    """The keys of the JSON that an exception of Werkzeug's kind carries as its response from when it is made."""
    scope = file.scopes.get(f"{exception.qualname}.__init__", 0)
    values = (i.expr if isinstance(i, Call) else i.value for i in file.assigned.get((scope, "self.response"), ()))
    return next((k for v in values if scope and (k := _body(project, file, v, scope, _DEPTH)) is not None), None)


def _shape(project: Project, file: PyFile, returns: tuple[Expr, ...], scope: int, depth: int) -> frozenset[str] | None:
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
        return _shape(project, inner[0], inner[1].returns, inner[0].scopes.get(inner[1].qualname, 0), depth - 1)
    if not _JSON.search(body.text) or (body.text.endswith("get_response") and not _writes_json(file, scope)):
        return None
    keys = set(body.keys if body.text.endswith("jsonify") else ()) - {"**", ""}
    for item in body.args[:1]:
        found = _body(project, file, item, scope, depth - 1) if depth else None
        if (
            found is None
            and body.text.endswith("make_response")
            and (item.kind in ("str", "fstring") or (item.kind == "call" and _HTML.search(item.text)))
        ):
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
            return _shape(project, file, method.returns, scope, depth - 1) or frozenset()
    bases = (b for b in definition.bases if not methods and depth)
    found = (b for base in bases if (b := project.defined(file, base.text)) is not None)
    return next((k for other, base in found if (k := _answered(project, other, base, depth - 1)) is not None), None)


def _writes_json(file: PyFile, scope: int) -> bool:
    """Werkzeug's own response to an exception is a page, unless the handler puts JSON into it."""
    return any(c.name.endswith(("dumps", "jsonify")) for c in file.calls_in(scope))


class ErrorHelper(Struct, frozen=True):
    """A function that makes error responses, the keys of its answer, and how often it is called."""

    file: PyFile
    definition: Definition
    keys: frozenset[str]
    uses: int


def error_helpers(project: Project) -> tuple[ErrorHelper, ...]:
    """Functions that make an error response (a JSON body with an error status, or one passed in) in several places,
    and decorators that answer JSON for whatever the function below raises."""
    return (*_helpers(project), *_catching(project))


def _helpers(project: Project) -> tuple[ErrorHelper, ...]:
    candidates: dict[tuple[str, str], tuple[PyFile, Definition, frozenset[str]]] = {}
    for file in project.app:
        for definition in file.module.definitions:
            if (
                definition.kind == "function"
                and definition.params
                and definition.parent == 0
                and ((plain := _answers_error(definition)) or _sets_error(file, definition))
            ):
                depth = 1 if plain else _BUILT
                keys = _shape(project, file, definition.returns, file.scopes.get(definition.qualname, 0), depth)
                if keys:
                    candidates[file.path, definition.qualname] = (file, definition, keys)
            elif definition.kind == "function" and definition.parent == 0 and (told := _own_responses(definition)):
                candidates[file.path, definition.qualname] = (file, definition, told)
    used: Counter[tuple[str, str]] = Counter()
    names = {q for _, q in candidates}
    for file in project.app if names else ():
        for call in file.module.calls:
            if call.last in names and project.reach.live(file.path, call.scope):
                ref = project.resolve(file, call.name)
                used[ref.path, ref.name] += 1
    return tuple(ErrorHelper(*v, used[k]) for k, v in candidates.items() if used[k] >= _USES)


def _answers_error(definition: Definition) -> bool:
    """Whether every answer carries an error status, or one that is a parameter, beside its body."""
    pairs = [v for v in definition.returns if v.kind == "list" and len(v.items) > 1]
    if not pairs or len(pairs) < len(definition.returns):
        return False
    return all(
        bool(error_statuses(v.items[1]))
        # handed over, alone or as a part of what is (``error["status"]``, ``error.code``)
        or (v.items[1].kind in ("name", "index") and v.items[1].text.partition(".")[0] in definition.params)
        for v in pairs
    )


def _sets_error(file: PyFile, definition: Definition) -> bool:
    """Whether every answer is a response whose status is set to an error's, or to one that is a parameter, before it is
    returned: ``response = jsonify(body)``, ``response.status_code = code``."""
    scope = file.scopes.get(definition.qualname, 0)
    set_on = {
        item.target.rpartition(".")[0]
        for item in file.module.assigns
        if item.scope == scope
        and item.target.endswith(".status_code")
        and (bool(error_statuses(item.value)) or item.value.text.partition(".")[0] in definition.params)
    }
    answers = [v.text for v in definition.returns if v.kind == "name"]
    return bool(answers) and len(answers) == len(definition.returns) and set_on.issuperset(answers)


def _own_responses(definition: Definition) -> frozenset[str]:
    """The keys of the bodies where every answer is a response object of the project's own making that is given an
    error's status and a body: ``return HttpResponse(status_code=error.status_code, body={...})``."""
    keys: set[str] = set()
    for value in definition.returns:
        status = value.kwarg("status_code") or value.kwarg("status") if value.kind == "call" else None
        bodies = [b for k in ("body", "content", "data") if (b := value.kwarg(k)) is not None and b.kind == "dict"]
        taken = status is not None and status.text.partition(".")[0] in definition.params
        if status is None or not bodies or not (taken or error_statuses(status)):
            return frozenset()
        keys.update(k for k in bodies[0].keys if k and k != "**")
    return frozenset(keys)


def _catching(project: Project) -> Iterator[ErrorHelper]:
    """Decorators whose inner function catches what the decorated one raises, not a check before it, and answers
    JSON, where several use them."""
    candidates: dict[tuple[str, str], tuple[PyFile, Definition, frozenset[str]]] = {}
    for file in project.app:
        for handler in file.module.handlers:
            inner, outer = file.definition(handler.scope), file.outermost_function(handler.scope)
            if inner is None or outer is None or inner is outer or not outer.params:
                continue
            keys = _answered_within(file, handler.scope, handler.start, handler.end)
            keys = keys or _handed_over(project, file, handler.scope, (handler.start, handler.end))
            if not keys and handler.does == "return":
                keys = frozenset(
                    k
                    for v in inner.returns
                    if v.kind == "list"
                    and len(v.items) > 1
                    and v.items[0].kind == "dict"
                    and error_statuses(v.items[1])
                    for k in v.items[0].keys
                )
            if keys and any(c.name in outer.params and c.start < handler.start for c in file.calls_in(handler.scope)):
                known = candidates.get((file.path, outer.qualname))
                candidates[file.path, outer.qualname] = (file, outer, keys | (known[2] if known else frozenset()))
    used: Counter[tuple[str, str]] = Counter()
    names = {d.name for _, d, _ in candidates.values()}
    for file in project.app if names else ():
        for decorator in (d for f in file.module.definitions for d in f.decorators):
            if decorator.expr.text.rpartition(".")[2] in names:
                ref = project.resolve(file, decorator.expr.text)
                used[ref.path, ref.name] += project.reach.live(file.path)
    yield from (ErrorHelper(*v, used[k]) for k, v in sorted(candidates.items()) if used[k] >= _USES)


def _handed_over(project: Project, file: PyFile, scope: int, lines: tuple[int, int]) -> frozenset[str]:
    """The keys of the JSON with an error status that a function makes which is called between two lines: one of the
    project's, or one beside the inner function."""
    around = file.outermost_function(scope)
    beside = file.scopes.get(around.qualname, 0) if around is not None else 0
    for call in file.calls_in(scope):
        if not lines[0] <= call.start <= lines[1]:
            continue
        local = (d for d in file.module.definitions if beside and d.parent == beside and d.name == call.name)
        found = next(((file, d) for d in local), None) or project.defined(file, call.name)
        if found is not None and found[1].kind == "function" and _answers_error(found[1]):
            inside = found[0].scopes.get(found[1].qualname, 0)
            return _shape(project, found[0], found[1].returns, inside, 1) or frozenset()
    return frozenset()


def _answered_within(file: PyFile, scope: int, start: int, end: int) -> frozenset[str]:
    """The keys of the JSON that is made between two lines of a function."""
    calls = [c for c in file.calls_in(scope) if start <= c.start <= end and _JSON.search(c.name)]
    bodies = (v for c in calls for v in (c.expr, *c.expr.args[:1]) if v.kind == "dict" or c.name.endswith("jsonify"))
    return frozenset(k for body in bodies for k in body.keys if k and k != "**")
