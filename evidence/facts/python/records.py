"""What a Python file says. Names are resolved through the file's own imports; joining with other files comes later."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from evidence.facts.records import Lost


class Expr(Struct, frozen=True, array_like=True):
    """A compact expression.

    ======== ====================================================================================
    kind     meaning
    ======== ====================================================================================
    str      ``text`` is the string (masked where it looks like a secret)
    secret   a masked secret: ``text`` says what kind and whether it is a placeholder
    num      ``text`` is the number as written
    const    ``text`` is True, False, None or ...
    name     ``text`` is the dotted name, first segment resolved through the imports
    call     ``text`` is the callee's dotted name; ``items`` the arguments, the last ``len(keys)`` of them by keyword
    list     a list, tuple or set: ``items``
    dict     ``keys`` (string keys, "" where not constant) aligned with ``items``
    fstring  ``text`` with ``{}`` for each of ``items``; a constant's ``.format(...)`` too, which is no call then
    op       ``text`` is the operator (``or``, ``not``, ``+``, ``%``, ``if``, ``==``, ``in``...), ``items`` operands
    index    ``text`` the dotted name that is indexed, ``items`` the index: of a slice the operation ``:`` of both ends
    other    anything else, or too deep
    ======== ====================================================================================

    In a dotted name ``()`` marks a call in the middle (``flask.Flask().route``) and ``[]`` an index (``[:]`` a slice
    that begins where a variable says); a relative import
    keeps its dots (``..extensions.db``). A name that is neither imported nor built in stays as written.
    """

    kind: str
    text: str = ""
    items: tuple[Expr, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def args(self) -> tuple[Expr, ...]:
        """Positional arguments of a call."""
        if self.kind != "call":
            return ()
        return self.items[: -len(self.keys)] if self.keys else self.items

    def kwarg(self, name: str) -> Expr | None:
        """A keyword argument of a call, or the value of a dict's key."""
        if name not in self.keys:
            return None
        return self.items[len(self.items) - len(self.keys) + self.keys.index(name)]

    def walk(self) -> Iterator[Expr]:
        """This expression and all below it, depth first."""
        # half of all that are asked are leaves
        if not self.items:
            return iter((self,))
        found = [self]
        _add_below(self, found)
        return iter(found)


def _add_below(expr: Expr, found: list[Expr]) -> None:
    """Add all below an expression, depth first: extraction cuts what is deep, so this does not go far down."""
    for item in expr.items:
        found.append(item)
        if item.items:
            _add_below(item, found)


class Import(Struct, frozen=True, array_like=True, gc=False):
    """One imported name. ``target`` is the dotted module or module.name (relative ones keep their dots), ``alias`` the
    local name ("*" for a star import), ``module`` the part that is certainly a module. ``scope`` as in :class:`Call`.
    ``typing`` marks an import under ``if TYPE_CHECKING``."""

    target: str
    alias: str
    module: str
    line: int
    scope: int
    typing: bool = False


class Decorator(Struct, frozen=True, array_like=True):
    """A decorator as an expression (name or call)."""

    expr: Expr
    line: int


class Definition(Struct, frozen=True):
    """A function or class. ``start`` is its first decorator's line, ``line`` that of def/class.

    ``parent`` is the scope it stands in. Functions: ``params`` (names in order), ``returns`` (expressions returned, at
    most 20), ``complexity`` (radon's count, 0 where not asked for), ``asserts`` (checks that depend on a value: assert
    statements of something not constant, self.assert*, pytest.raises...), ``statements`` (statements in the body,
    docstring not counted), ``annotated`` (all parameters but self, or the return, are), ``yields``. Classes: ``bases``,
    ``keywords``.
    """

    kind: str
    name: str
    qualname: str
    start: int
    line: int
    end: int
    parent: int
    decorators: tuple[Decorator, ...] = ()
    params: tuple[str, ...] = ()
    returns: tuple[Expr, ...] = ()
    complexity: int = 0
    asserts: int = 0
    statements: int = 0
    annotated: bool = False
    yields: bool = False
    is_async: bool = False
    bases: tuple[Expr, ...] = ()
    keywords: tuple[str, ...] = ()
    docstring: bool = False


class Call(Struct, frozen=True, array_like=True):
    """One call. ``scope`` is 0 at module level, else 1 + the index of the enclosing definition. ``target`` is the name
    it is assigned to (``app``, ``self.db``), or "with" for a context manager, "return", "decorator", "raise", or "".

    ``name`` is the callee's dotted name and ``last`` its last segment: detectors ask for them a million times a scan,
    so they are kept beside the expression that has the name too."""

    expr: Expr
    start: int
    end: int
    scope: int
    target: str
    name: str
    last: str


class Assign(Struct, frozen=True, array_like=True):
    """One assignment of an expression that is not a call (calls carry their target), ``app.config["X"] = ...``
    included (target ``app.config[X]``). ``augmented`` for ``+=``. Names that are unpacked have an assignment each: of
    their own value (a call too), or of the operation ``item`` of the whole and the name's position. A loop or
    comprehension variable is assigned the operation ``for`` of what it iterates over (of ``for x, y in ...`` with the
    name's position as second operand); a ``with ... as x`` variable the context manager's call."""

    target: str
    value: Expr
    start: int
    end: int
    scope: int
    augmented: bool = False


class Raise(Struct, frozen=True, array_like=True, gc=False):
    """One raise: the dotted name of what is raised ("" for a bare one)."""

    name: str
    line: int
    scope: int


class Handler(Struct, frozen=True, array_like=True, gc=False):
    """One ``except``: the dotted names it catches (none: bare), and what the body does: ``pass``, ``raise``, ``log``,
    ``return`` or ``work``."""

    names: tuple[str, ...]
    start: int
    end: int
    scope: int
    does: str


class Check(Struct, frozen=True, array_like=True):
    """One assert statement of something that is not constant: the asserted expression."""

    expr: Expr
    line: int
    scope: int


class Module(Struct, frozen=True):
    """A Python file. ``refs`` gives, per scope, the dotted names loaded there (calls included, each once, sorted).
    ``strings`` are other string constants that look like a dotted module path, with their line. ``main`` is the line of
    ``if __name__ == "__main__"`` (0: none). ``dead`` lists line spans that can never run (after return, under False or
    TYPE_CHECKING); nothing in them is reported elsewhere, save imports under TYPE_CHECKING. ``created`` is the day
    (``2026-01-05``) that a migration's docstring gives as its "Create Date"."""

    lines: int
    docstring: str
    imports: tuple[Import, ...]
    definitions: tuple[Definition, ...]
    calls: tuple[Call, ...]
    assigns: tuple[Assign, ...]
    raises: tuple[Raise, ...]
    handlers: tuple[Handler, ...]
    refs: tuple[tuple[str, ...], ...]
    strings: tuple[tuple[str, int], ...]
    annotations: int
    checks: tuple[Check, ...] = ()
    main: int = 0
    dead: tuple[tuple[int, int], ...] = ()
    generated: bool = False
    lost: tuple[Lost, ...] = ()
    created: str = ""
