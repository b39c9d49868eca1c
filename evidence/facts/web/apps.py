"""Applications and the functions that make them."""

from __future__ import annotations

from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Definition
from evidence.facts.web.kin import _APP_PARAMETERS, Kin
from evidence.facts.web.records import App, Factory

# What a function does to an application it was handed: enough of these, and it completes it.
_COMPLETING = (
    ".register_blueprint",
    ".init_app",
    ".config.from_object",
    ".config.from_mapping",
    ".config.update",
    ".register_error_handler",
)
_MAX_RETURN_DEPTH = 3


def find_apps(files: list[PyFile], kin: Kin) -> list[App]:
    """Every creation of an application object, in path and line order."""
    return [
        App(file, call, call.name.rpartition(".")[2])
        for file in files
        for call in file.module.calls
        if kin.made_by(file, call) == "app"
    ]


def find_factories(files: list[PyFile], apps: list[App], names: Names, kin: Kin) -> list[Factory]:
    """Functions that create and return an application, return what another factory made, or complete one they
    receive."""
    creating = {(a.file.path, d.qualname) for a in apps if (d := a.in_function) is not None}
    found: list[Factory] = []
    for file in files:
        for index, definition in enumerate(file.module.definitions):
            if definition.kind != "function":
                continue
            scope = index + 1
            if (file.path, definition.qualname) in creating and _returns_app(file, scope, definition, kin):
                found.append(Factory(file, definition, False))
            elif _completes(file, scope, definition):
                found.append(Factory(file, definition, True))
            elif _passes_on(file, scope, definition, kin):
                found.append(Factory(file, definition, False))
    return found


def _returns_app(file: PyFile, scope: int, definition: Definition, kin: Kin) -> bool:
    for value in definition.returns:
        candidates = value.items if value.kind in ("list", "op") else (value,)
        for item in candidates:
            if item.kind == "call" and kin.class_kind(file.path, item.text) == "app":
                return True
            name = item.text.removesuffix(".app")
            instance = kin.instance(file, scope, name) if item.kind in ("name", "call") else None
            if instance is not None and instance.kind == "app":
                return True
    return False


def _passes_on(file: PyFile, scope: int, definition: Definition, kin: Kin) -> bool:
    """A function that gets an app from another function, configures it and returns it (not a plain test fixture)."""
    if not definition.name.startswith(("create", "make", "build", "init", "get", "setup", "configure")):
        return False
    return (
        definition.parent == 0
        and bool(definition.returns)
        and _returns_app(file, scope, definition, kin)
        and _configures(file, scope)
    )


def _completes(file: PyFile, scope: int, definition: Definition) -> bool:
    handed = [p for p in definition.params if p in _APP_PARAMETERS]
    if not handed or definition.parent != 0 or not definition.name.startswith(("create", "make", "build")):
        return False
    return _configures(file, scope)


def _configures(file: PyFile, scope: int) -> bool:
    return any(c.name.endswith(_COMPLETING) for c in file.calls_in(scope))
