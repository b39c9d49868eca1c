"""What calls that check data are given: models filled field by field with what the request says
(``Order(url=request.form.get("url"))``), or the one value that is checked."""

from __future__ import annotations

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Expr
from evidence.patterns import regex

_READS = regex(
    r"(?:^|\.)request\.(?:args|form|values|files|json|headers|cookies|data|view_args|get_json|get_data)(?:$|[.(\[])"
)
# What only changes the type of a value on its way.
_TURNS = frozenset({"int", "float", "str", "bool", "dict", "loads"})
# A model of this name words an answer, whatever of the request it repeats.
_ANSWERS = regex(r"(?:Response|Resp|Out(?:put)?|Reply|Answer|Result|Error)$")


def fills_from_request(file: PyFile, call: Call) -> bool:
    """Whether most of what a call is given by keyword is what the request says, straight or read into a variable of the
    function before. A field of something that was made of the request (``Answer(id=saved.id)``) is not."""
    if not call.name or _ANSWERS.search(call.last):
        return False
    given = [v for v in call.expr.items if v.kind not in ("const", "num", "str")]
    told = sum(_is_read(v) or _is_of_read(file, call.scope, v) for v in given)
    return bool(told) and 2 * told >= len(given)


def what_is_checked(call: Call) -> Expr | None:
    """What a call checks: its first argument, the one named so, or what it is spread from."""
    named = (v for k in ("instance", "data", "json_data", "**") if (v := call.expr.kwarg(k)) is not None)
    return call.expr.args[0] if call.expr.args else next(named, None)


def _is_read(value: Expr) -> bool:
    """``request.form.get("url")``, ``request.json["url"]``, also with another value beside it or turned to a type."""
    if value.kind in ("call", "index", "name") and _READS.search(value.text):
        return True
    turned = value.kind == "call" and value.text.rpartition(".")[2] in _TURNS
    return (turned or value.kind == "op") and any(map(_is_read, value.items))


def _is_of_read(file: PyFile, scope: int, value: Expr) -> bool:
    """A variable that the request was read into, or a field of it: ``data["url"]``, ``data.get("url")``,
    ``file.filename``."""
    if value.kind not in ("call", "index", "name"):
        return False
    head = value.text.partition(".")[0].partition("[")[0].partition("(")[0]
    held = file.assigned.get((scope, head), ()) if head else ()
    return any(_is_read(i.expr if isinstance(i, Call) else i.value) for i in held)
