"""Functions and decorators of the project that make the bodies of errors, where several places use them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.error_shapes import MAKES_JSON, keys_of
from evidence.facts.names import PyFile
from evidence.facts.python.records import Definition, Handler
from evidence.facts.testing.scenarios import error_statuses

if TYPE_CHECKING:
    from evidence.facts.project import Project

# A helper used this often is the one place.
_USES = 3
# Steps from a response that is built before it is returned to its body: the variable, the call, the dictionary.
_BUILT = 3
# Packages whose errors tell of the token that was sent: a guard answers for these, and not for what the view does.
_TOKENS = ("jwt.", "jose.", "itsdangerous.", "flask_jwt_extended.", "authlib.jose.")


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
                and ((plain := _answers_error(definition)) or _sets_error(file, definition) or _given_error(definition))
            ):
                depth = 1 if plain and definition.returns[0].kind == "list" else _BUILT
                keys = keys_of(project, file, definition.returns, file.scopes.get(definition.qualname, 0), depth)
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
    pairs = [v for v in definition.returns if len(v.items) > 1 and (v.kind == "list" or "make_response" in v.text)]
    if not pairs or len(pairs) < len(definition.returns):
        return False
    return all(
        bool(error_statuses(v.items[1]))
        # handed over, alone or as a part of what is (``error["status"]``, ``error.code``)
        or (v.items[1].kind in ("name", "index") and v.items[1].text.partition(".")[0] in definition.params)
        for v in pairs
    )


def _given_error(definition: Definition) -> bool:
    """Whether every answer is a ``Response`` that is made with an error's status, or with one that is a parameter."""
    statuses = [v.kwarg("status") if v.text.rpartition(".")[2] == "Response" else None for v in definition.returns]
    return bool(statuses) and all(
        s is not None and (bool(error_statuses(s)) or s.text.partition(".")[0] in definition.params) for s in statuses
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
            if (
                inner is None
                or outer is None
                or inner is outer
                or not outer.params
                or _of_tokens(project, file, handler)
            ):
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


def _of_tokens(project: Project, file: PyFile, handler: Handler) -> bool:
    """Whether all that is caught says that a token is wrong or too old."""
    return bool(handler.names) and all(project.external(file, name).startswith(_TOKENS) for name in handler.names)


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
            return keys_of(project, found[0], found[1].returns, inside, 1) or frozenset()
    return frozenset()


def _answered_within(file: PyFile, scope: int, start: int, end: int) -> frozenset[str]:
    """The keys of the JSON that is made between two lines of a function."""
    calls = [c for c in file.calls_in(scope) if start <= c.start <= end and MAKES_JSON.search(c.name)]
    bodies = (v for c in calls for v in (c.expr, *c.expr.args[:1]) if v.kind == "dict" or c.name.endswith("jsonify"))
    return frozenset(k for body in bodies for k in body.keys if k and k != "**")
