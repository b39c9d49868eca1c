"""What refuses a request: status codes 401 and 403, exceptions that stand for them, and ways to the login page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Call, Definition, Expr
from evidence.facts.security.purpose import named
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_NUMBERS = {"401": "401", "403": "403"}
_STATUS = {"UNAUTHORIZED": "401", "FORBIDDEN": "403"}
_NAMES = tuple(_STATUS)
_STATUS_NAME = regex(r"(?:^|[._])(?:HTTP_)?(?:40[13]_)?(UNAUTHORIZED|FORBIDDEN)$")
# Exceptions by what their names say; whether the project's own class answers 401 or 403 is read from the class first.
_FORBIDS = regex(
    r"Forbidden|Permission(?:s)?(?:Denied|Error)|AccessDenied|NotAuthori[sz]ed|NotAllowed(?:Error|Exception)?$|AuthorizationE|InsufficientR|NotPermitted|NotOwner|OwnershipE"
)
_UNKNOWN = regex(
    r"Unauthori[sz]ed|Unauthenticated|(?:\w{1,20}[a-z])?Authentication\w{0,20}|AuthE\w{0,12}|Auth(?:Failed|Failure)\w{0,12}|Invalid(?:Auth|Credential|Token|Jwt|ApiKey)\w{0,20}|(?:Token|Jwt)\w{0,20}(?:Invalid|Error|Expired)\w{0,20}|NoAuthorization\w{0,12}|InvalidLogin\w{0,12}|LoginRequired\w{0,12}"
)
_NOT_REFUSING = frozenset({"PermissionError", "TokenError"})
_CODE_FIELDS = frozenset({"code", "status_code", "status", "http_status", "http_code", "statuscode"})
_HANDLERS = (
    "errorhandler",
    "app_errorhandler",
    "error_handler",
    "unauthorized_loader",
    "invalid_token_loader",
    "expired_token_loader",
    "unauthorized_handler",
    "revoked_token_loader",
)
# What a 403 is about that refuses nobody for who they are: "the question exists already", "unexpected sort method".
_ANOTHER_MATTER = regex(
    r"\b(?:already|exists?|duplicated?|taken|in use|unexpected|sort(?:ing)?|unsupported|too (?:long|short|many))\b",
    re.IGNORECASE,
)
_ERROR_HANDLERS = ("errorhandler", "app_errorhandler", "register_error_handler", "add_error_handler")
_LEAVING = frozenset({"wraps", "wraps()", "", "update_wrapper", "contextmanager", "cache", "lru_cache"})
_TO_LOGIN = regex(
    r"(?:^|[._/\-])(?:log_?in|sign_?in|anmelden|connexion|acceso|ingresar|entrar|inici(?:ar|o)_?sesi)", re.IGNORECASE
)


class Refusal(Struct, frozen=True):
    """A function (methods are functions of their own, nested ones belong to the outermost) that refuses somewhere.

    ``codes`` are "401" (who are you) and "403" (not you); ``start``/``end`` the first place that refuses; ``names`` all
    dotted names that the function reads.
    """

    file: PyFile
    definition: Definition
    scope: int
    codes: frozenset[str]
    start: int
    end: int
    names: frozenset[str]


def status_of(expr: Expr) -> str:
    """ "401" or "403" where an expression is that status; "" otherwise."""
    if expr.kind in ("num", "str"):
        return _NUMBERS.get(expr.text, "")
    if expr.kind == "name" and expr.text.removesuffix(".value").endswith(_NAMES):
        match = _STATUS_NAME.search(expr.text.removesuffix(".value"))
        return _STATUS[match[1]] if match else ""
    return ""


def exception_code(project: Project, file: PyFile, name: str) -> str:
    """The status that an exception stands for: by the class of the project, else by its name; "" for others."""
    last = name.rpartition(".")[2].partition("(")[0]
    found = project.defined(file, name.partition("(")[0]) if name else None
    if found is not None and found[1].kind == "class":
        code = _class_code(*found) or project.access.handled.get((found[0].path, found[1].qualname), "")
        if code:
            return code if code in ("401", "403") else ""
    if last in _NOT_REFUSING:
        return ""
    return "403" if _FORBIDS.search(last) else "401" if _UNKNOWN.match(last) else ""


def handled_codes(project: Project) -> dict[tuple[str, str], str]:
    """The statuses that error handlers answer for the project's own exceptions, by path and qualified name of these."""
    found: dict[tuple[str, str], str] = {}
    for callback in project.web.callbacks(*_ERROR_HANDLERS):
        file, handler = callback.handler_file, callback.handler
        handled = project.defined(callback.file, callback.args[0].text) if callback.args else None
        if file is None or handler is None or handled is None or handled[1].kind != "class":
            continue
        pairs = [v.items[1] for v in handler.returns if v.kind == "list" and len(v.items) > 1]
        code = next((status_of(v) or (v.text if v.kind == "num" else "") for v in pairs), "")
        if code:
            found.setdefault((handled[0].path, handled[1].qualname), code)
    return found


def _class_code(file: PyFile, definition: Definition) -> str:
    scope = file.scopes.get(definition.qualname, 0)
    for item in file.module.assigns:
        if item.scope == scope and item.target.lower() in _CODE_FIELDS:
            code = status_of(item.value) or item.value.text
            if code.isdigit() or item.value.kind == "name":
                return code  # a text such as ``code = "AUTHORIZATION_ERROR"`` names the error for clients
    inside = (c for call in file.calls_in(scope) for i in call.expr.items if (c := status_of(i)))
    return next(inside, "")


def units(file: PyFile) -> list[int]:
    """For each scope number (0 is the module), the scope of the function it belongs to; 0 outside functions.

    Nested functions belong to the outermost one (a decorator and its wrapper), save those that a decorator of their own
    registers somewhere (views and hooks inside an application factory), and those that decorate others beside them.
    """
    found = [0]
    decorating = {
        (d.parent, e.expr.text.replace("()", "")) for d in file.module.definitions if d.parent for e in d.decorators
    }
    for number, definition in enumerate(file.module.definitions, 1):
        outer = found[definition.parent] if definition.parent < len(found) else 0
        own = definition.kind == "function" and (
            not outer or _registered(definition) or (definition.parent, definition.name) in decorating
        )
        found.append(number if own else outer)
    return found


def _registered(definition: Definition) -> bool:
    """Whether a decorator hands the function to something; ``wraps`` and guards (``@jwt_required()``) leave it where it
    is."""
    return any(
        d.expr.text.rpartition(".")[2] not in _LEAVING and "." in d.expr.text and not named(d.expr.text)
        for d in definition.decorators
    )


def refusals(project: Project) -> Iterator[Refusal]:
    """Every function of the application that refuses requests, in path and line order."""
    for file in project.app:
        owner = units(file)
        places: dict[int, list[tuple[int, int, str]]] = {}
        for scope, start, end, code in _refusing(project, file):
            if owner[scope]:
                places.setdefault(owner[scope], []).append((start, end, code))
        for scope in sorted(places):
            definition = file.module.definitions[scope - 1]
            if _answers(file, definition):
                continue
            first = min(places[scope])
            codes = frozenset(code for _, _, code in places[scope])
            yield Refusal(file, definition, scope, codes, first[0], first[1], _reads(file, owner, scope))


def _reads(file: PyFile, owner: list[int], scope: int) -> frozenset[str]:
    """The names that a function reads, those nested in it included."""
    inside = (s for s, unit in enumerate(owner) if unit == scope and s < len(file.module.refs))
    return frozenset(name for s in inside for name in file.module.refs[s])


def _answers(file: PyFile, definition: Definition) -> bool:
    """Whether a function only words a refusal that happened elsewhere: an error handler, or part of an exception."""
    if any(d.expr.text.endswith(_HANDLERS) for d in definition.decorators):
        return True
    parent = file.definition(definition.parent)
    classes = (parent.name, *(b.text for b in parent.bases)) if parent is not None and parent.kind == "class" else ()
    return any(name.endswith(("Error", "Exception", "HTTPException", "Forbidden", "Unauthorized")) for name in classes)


def _refusing(project: Project, file: PyFile) -> Iterator[tuple[int, int, int, str]]:
    """(scope, first line, last line, status) of every place that refuses."""
    for call in file.module.calls:
        code = _call_code(project, file, call)
        if code and call.scope:
            yield call.scope, call.start, call.end, code
    about_else = {c.start for c in file.module.calls if c.target == "raise" and _about_another_matter(c)}
    for item in file.module.raises:
        code = exception_code(project, file, item.name) if item.name else ""
        if code and item.scope and not (code == "403" and item.line in about_else):
            yield item.scope, item.line, item.line, code
    for assigned in file.module.assigns:
        # ``response.status_code = 403``
        code = status_of(assigned.value) if assigned.target.endswith((".status_code", ".status")) else ""
        if code and assigned.scope:
            yield assigned.scope, assigned.start, assigned.end, code
    for number, definition in enumerate(file.module.definitions, 1):
        for value in definition.returns:
            code = next((c for i in value.items if (c := status_of(i))), "") if value.kind == "list" else ""
            if code:
                yield number, definition.line, min(definition.end, definition.line + 39), code


def _call_code(project: Project, file: PyFile, call: Call) -> str:
    last = call.last
    direct = next((c for i in call.expr.items if (c := status_of(i))), "")
    if direct == "403" and _about_another_matter(call):
        return ""
    if direct:
        return direct
    if call.target == "raise":
        code = exception_code(project, file, call.name)
        return "" if code == "403" and _about_another_matter(call) else code
    if last == "unauthorized":
        return "401"
    if last == "redirect" and call.expr.items and _leads_to_login(call.expr.items[0]):
        return "401"
    return ""


def _about_another_matter(call: Call) -> bool:
    """Whether the message of a refusal says that something other than who is asking is wrong."""
    return any(e.kind in ("str", "fstring") and _ANOTHER_MATTER.search(e.text[:300]) for e in call.expr.walk())


def _leads_to_login(value: Expr) -> bool:
    return any(e.kind in ("str", "name") and _TO_LOGIN.search(e.text[:200]) for e in value.walk())
