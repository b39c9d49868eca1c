"""What single statements amount to: tests that are constant, handlers that only pass."""

from __future__ import annotations

import ast

from evidence.facts.python.scopes import Function
from evidence.patterns import regex

_CREATE_DATE = regex(r"\bCreate Date: {0,4}(\d{4}-\d\d-\d\d)")
# A docstring's first line is masked in this length, whatever is kept of it.
_LONGEST_LINE = 4_000
_LOGGERS = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print", "capture_exception"}
)


def constant_test(test: ast.expr) -> str:
    """``never``, ``always``, ``typing``, ``main`` or "" for a test that depends on something."""
    if isinstance(test, ast.Constant):
        return "always" if test.value else "never"
    if isinstance(test, ast.Name | ast.Attribute):
        return "typing" if (test.id if isinstance(test, ast.Name) else test.attr) == "TYPE_CHECKING" else ""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Constant):
        return "never" if test.operand.value else "always"
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__":
        return "main"
    return ""


def bounded(branch: ast.If) -> list[ast.stmt]:
    """The body of an ``if``; where all it does is to bring a variable to a bound (``if limit > 100: limit = 100``),
    that is written as one conditional expression, which says the same."""
    step = branch.body[0]
    if len(branch.body) > 1 or branch.orelse or not isinstance(step, ast.Assign) or len(step.targets) > 1:
        return branch.body
    target, bound = step.targets[0], step.value
    if not isinstance(target, ast.Name) or not isinstance(bound, ast.Constant | ast.Name | ast.Attribute):
        return branch.body
    tests = branch.test.values if isinstance(branch.test, ast.BoolOp) else [branch.test]
    if not any(_compares(test, target.id) for test in tests):
        return branch.body
    chosen = ast.copy_location(ast.IfExp(branch.test, bound, ast.Name(target.id, ast.Load())), bound)
    return [ast.copy_location(ast.Assign(step.targets, chosen), step)]


def _compares(test: ast.expr, name: str) -> bool:
    """Whether a test asks if a variable is more or less than something."""
    if not isinstance(test, ast.Compare) or len(test.ops) > 1:
        return False
    orders = isinstance(test.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE)
    return orders and any(isinstance(e, ast.Name) and e.id == name for e in (test.left, *test.comparators))


def handler_does(handler: ast.ExceptHandler) -> str:
    """``pass``, ``raise``, ``log``, ``return`` or ``work``: what an ``except`` does with what it caught."""
    body = [s for s in handler.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if all(isinstance(s, ast.Pass | ast.Continue | ast.Break) for s in body):
        return "pass"
    last = body[-1]
    if isinstance(last, ast.Raise):
        return "raise"
    if all(_is_log(s) for s in body):
        return "log"
    return "return" if isinstance(last, ast.Return) else "work"


def _is_log(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in _LOGGERS


def is_docstring(body: list[ast.stmt]) -> bool:
    """Whether a body begins with its documentation."""
    first = body[0]
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def place(node: Function | ast.ClassDef, qualname: str) -> tuple[str, str, int, int, int]:
    """Name, qualified name, first decorator's line, own line and last line of a definition."""
    start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return node.name, qualname, start, node.lineno, node.end_lineno or node.lineno


def is_annotated(node: Function, named: list[ast.arg]) -> bool:
    """Whether all its ``named`` parameters but ``self`` and ``cls``, or what is returned, carry an annotation."""
    own = [a.annotation for a in named if a.arg not in ("self", "cls")]
    return node.returns is not None or (bool(own) and all(own))


def created(docstring: str | None) -> str:
    """The day in the line that Alembic's template writes into every revision's docstring."""
    found = _CREATE_DATE.search((docstring or "")[:2000])
    return found[1] if found else ""


def first_line(text: str | None) -> str:
    """The first line of a docstring, masked and cut to 200 characters."""
    from evidence.facts.secrets.masking import mask_text

    line = (text or "").strip().partition("\n")[0][:_LONGEST_LINE]
    return mask_text(line.encode("utf-8", "backslashreplace").decode())[:200]


def joined(owner: str, name: str) -> str:
    """The qualified name of what stands in a function or class."""
    owner = owner.removeprefix("class ")
    return f"{owner}.{name}" if owner else name
