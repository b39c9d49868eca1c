"""What keeps a test from failing: checks of what cannot be otherwise, failures caught and dropped, tests skipped."""

from __future__ import annotations

import ast

from evidence.facts.python.scopes import Function

_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
# Calls after which a test goes no further, and is not counted as failed.
_SKIPS = frozenset({("pytest", "skip"), ("pytest", "xfail"), ("self", "skipTest"), ("cls", "skipTest")})
_SKIPPED = frozenset({"pytest.mark.skip", "mark.skip", "unittest.skip", "unittest.case.skip"})
_SKIPPED_IF = {"skipif": True, "skipIf": True, "skipUnless": False}
_CATCHING = frozenset({"AssertionError", "Exception", "BaseException"})
_CONTAINERS = (ast.Tuple, ast.List, ast.Set, ast.Dict)
# Checks of one value; those of two compare them.
_OF_ONE = frozenset({"assertTrue", "assertFalse", "assertIsNone", "assertIsNotNone", "assert_"})
_OF_TWO = frozenset({"assertEqual", "assertEquals", "assertIs", "assertIn", "assertGreater", "assertGreaterEqual"})


def checks(test: ast.expr) -> bool:
    """Whether an assertion can fail for a reason in the code: not a constant, a filled container, a function, a
    comparison with itself, or with one of these as an alternative."""
    if isinstance(test, ast.Constant | ast.Lambda):
        return False
    if isinstance(test, _CONTAINERS):  # what is unpacked into it may be nothing
        return _may_be_empty(test)
    if isinstance(test, ast.JoinedStr):
        return not any(isinstance(v, ast.Constant) and v.value for v in test.values)
    if isinstance(test, ast.BoolOp):
        every = isinstance(test.op, ast.Or)  # ``x or True`` holds always; ``x and True`` does as x does
        return all(map(checks, test.values)) if every else any(map(checks, test.values))
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return checks(test.operand)
    if isinstance(test, ast.Compare) and len(test.comparators) == 1:
        return _differ(test.left, test.comparators[0]) and not _is_a_length(test)
    return True


def _may_be_empty(container: ast.Tuple | ast.List | ast.Set | ast.Dict) -> bool:
    if isinstance(container, ast.Dict):
        return not any(container.keys) if container.keys else False
    return bool(container.elts) and all(isinstance(e, ast.Starred) for e in container.elts)


def _differ(left: ast.expr, right: ast.expr) -> bool:
    """Whether two sides may be different: not two constants, nor twice the same variable or attribute."""
    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
        return False
    return not (name := _dotted(left)) or name != _dotted(right)


def _is_a_length(test: ast.Compare) -> bool:
    """``len(x) >= 0``, which holds of anything."""
    left, right = test.left, test.comparators[0]
    sized = isinstance(left, ast.Call) and isinstance(left.func, ast.Name) and left.func.id == "len"
    zero = isinstance(right, ast.Constant) and right.value == 0 and isinstance(test.ops[0], ast.GtE)
    return sized and zero


def _dotted(node: ast.expr) -> str:
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *names[::-1]]) if isinstance(node, ast.Name) else ""


def call_checks(node: ast.Call, method: str) -> bool:
    """Whether an ``assert...`` method is given something that may be otherwise: ``assertTrue("x", status)`` is not."""
    if method in _OF_ONE and node.args:
        return checks(node.args[0])
    return method not in _OF_TWO or len(node.args) < 2 or _differ(node.args[0], node.args[1])


def hushes(node: ast.Try | ast.TryStar) -> bool:
    """Whether a failed assertion in the body of a ``try`` is caught, and whatever is done then lets the test pass."""
    for handler in node.handlers:
        if handler.type is not None and not _catches(handler.type):
            continue
        return not any(_fails(below) for statement in handler.body for below in ast.walk(statement))
    return False


def suppresses(node: ast.With | ast.AsyncWith) -> bool:
    """``with contextlib.suppress(AssertionError):``."""
    calls = [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call)]
    named = [c for c in calls if _dotted(c.func).rpartition(".")[2] == "suppress"]
    return any(_catches(argument) for call in named for argument in call.args)


def _catches(kind: ast.expr) -> bool:
    listed = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(_dotted(k).rpartition(".")[2] in _CATCHING for k in listed)


def _fails(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = _dotted(node.func).rpartition(".")[2].lower()
        return "fail" in name or "assert" in name or name in ("exit", "_exit", "abort")
    # an exception that is kept is looked at later
    return isinstance(node, ast.Raise | ast.Assert | ast.Assign | ast.AugAssign)


def leaves(node: ast.stmt) -> bool:
    """Whether what follows a statement in its block never runs: a return, a raise, a skip of the test; in a module or
    class of tests, the mark that skips them all. (``__test__ = False`` is no such mark: it tells collectors to leave a
    class of the application alone that is named like tests.)"""
    if isinstance(node, _LEAVING):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        owner = called.value if isinstance(called, ast.Attribute) else None
        return isinstance(owner, ast.Name) and (owner.id, getattr(called, "attr", "")) in _SKIPS
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return False
    name, value = node.targets[0].id, node.value
    return name == "pytestmark" and any(map(_skips, value.elts if isinstance(value, ast.List | ast.Tuple) else [value]))


def is_skipped(node: Function | ast.ClassDef) -> bool:
    """Whether a decorator skips a test, or a class of tests, whatever the circumstances."""
    return any(map(_skips, node.decorator_list))


def _skips(mark: ast.expr) -> bool:
    name = _dotted(mark.func if isinstance(mark, ast.Call) else mark)
    if name in _SKIPPED:
        return True
    framework, _, last = name.rpartition(".")
    given = mark.args[0] if isinstance(mark, ast.Call) and mark.args else None
    if not isinstance(given, ast.Constant) or framework not in ("pytest.mark", "mark", "unittest"):
        return False
    return last in _SKIPPED_IF and not isinstance(given.value, str) and bool(given.value) is _SKIPPED_IF[last]
