"""Which function of the project a call runs: by name, through an object that a variable holds, or on ``self``."""

from __future__ import annotations

from evidence.facts.names import Names, PyFile, Ref
from evidence.facts.python.records import Call, Definition

# A chain of base classes or variables longer than this is a maze.
_MAX_HOPS = 6
# Of a variable that is given many values, the first few tell its class.
_MAX_VALUES = 8


def callee(names: Names, file: PyFile, scope: int, name: str) -> Ref | None:
    """The function or method that ``name``, called in ``scope`` of ``file``, means: its file and qualified name.

    None when it is not of the project or cannot be told.
    """
    plain = name.replace("()", "")
    if not plain.strip("."):
        return None
    local = _local(file, scope, plain) if scope and "." not in plain else ""
    if local:
        return Ref(file.path, local)
    ref = names.resolve(file.path, plain)
    if ref.path and ref.name in names.files[ref.path].scopes:
        return ref
    receiver, _, method = plain.rpartition(".")
    owner = _class_of(names, file, scope, receiver) if receiver else None
    return _method(names, owner, method) if owner is not None else None


def _local(file: PyFile, scope: int, name: str) -> str:
    """The qualified name of the function of this name that is defined in the same scope or in a function around it (a
    guard that an application factory defines for its views); "" where there is none."""
    around, visible = file.definition(scope), True
    while around is not None:
        if visible and f"{around.qualname}.{name}" in file.scopes:
            return f"{around.qualname}.{name}"
        around = file.definition(around.parent)
        visible = around is not None and around.kind == "function"  # what a class defines is hidden from its methods
    return ""


def _class_of(names: Names, file: PyFile, scope: int, name: str, hops: int = 0) -> Ref | None:
    """The class of the project whose object a variable (or ``self``) holds."""
    if hops > _MAX_HOPS:
        return None
    if name in ("self", "cls"):
        around = _class_around(file, scope)
        return Ref(file.path, around.qualname) if around is not None else None
    for item in _assigned(file, scope, name)[:_MAX_VALUES]:
        ref = names.resolve(file.path, item.name.replace("()", ""))
        if not ref.external and _is_class(names, ref):
            return ref
    ref = names.resolve(file.path, name)
    if ref.external:
        return None
    if _is_class(names, ref):
        return ref
    return (
        None
        if (ref.path, ref.name) == (file.path, name)
        else _class_of(names, names.files[ref.path], 0, ref.name, hops + 1)
    )


def _is_class(names: Names, ref: Ref) -> bool:
    file = names.files[ref.path]
    found = file.definition(file.scopes.get(ref.name, 0))
    return found is not None and found.kind == "class"


def _class_around(file: PyFile, scope: int) -> Definition | None:
    found = file.definition(scope)
    while found is not None and found.kind != "class":
        found = file.definition(found.parent)
    return found


def _assigned(file: PyFile, scope: int, name: str) -> list[Call]:
    """The calls whose result the variable is given, in the nearest scope that gives it one."""
    if name not in file.assigned_names:
        return []
    while True:
        found = [i for i in file.assigned.get((scope, name), ()) if isinstance(i, Call)]
        if found or not scope:
            return found
        definition = file.definition(scope)
        scope = definition.parent if definition else 0


def _method(names: Names, owner: Ref, method: str, hops: int = 0) -> Ref | None:
    """The method of a class or of the first of its bases in the project that has it."""
    file = names.files[owner.path]
    definition = file.definition(file.scopes.get(owner.name, 0))
    if definition is None or hops > _MAX_HOPS:
        return None
    own = f"{owner.name}.{method}"
    if own in file.scopes:
        return Ref(owner.path, own)
    for base in definition.bases:
        ref = names.resolve(owner.path, base.text)
        found = _method(names, ref, method, hops + 1) if not ref.external else None
        if found is not None:
            return found
    return None
