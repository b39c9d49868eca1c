"""Applications and the functions that make them."""

from __future__ import annotations

from collections.abc import Iterable

from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Call, Definition
from evidence.facts.web.kin import APP_PARAMETERS, Kin
from evidence.facts.web.records import App, Factory

# What a function may do to an application it was handed, by kind of work.
_COMPLETING = {
    ".register_blueprint": "parts", ".register_error_handler": "parts", ".add_url_rule": "parts",
    ".register_api": "parts",
    ".init_app": "extensions", ".config.from_object": "settings", ".config.from_mapping": "settings",
    ".config.update": "settings", ".config.from_pyfile": "settings", ".config.from_envvar": "settings",
}  # fmt: skip
# A function named so completes an application with one kind of work; where no function creates one, any name with two.
_MAKING = ("create", "make", "build")


def find_apps(made: Iterable[tuple[PyFile, Call, str]]) -> list[App]:
    """The application objects among what calls make, told with its kind."""
    return [App(file, call, call.last) for file, call, kind in made if kind == "app"]


def find_factories(files: list[PyFile], apps: list[App], names: Names, kin: Kin) -> list[Factory]:
    """Functions that create and return an application, pass on what another one made, or complete one they receive."""
    creating = {(a.file.path, d.qualname) for a in apps if (d := a.in_function) is not None}
    made: list[Factory] = []
    completed: list[Factory] = []
    for file in files:
        for index, definition in enumerate(file.module.definitions):
            if definition.kind != "function":
                continue
            scope = index + 1
            creates = (file.path, definition.qualname) in creating
            makes = creates or _passes_on(file, scope, definition, names) or _fills(file, scope, definition)
            if makes and _returns_app(file, scope, definition, kin):
                made.append(Factory(file, definition, False))
            elif _completes(file, scope, definition):
                completed.append(Factory(file, definition, True))
    kept = [f for f in completed if not made or f.definition.name.startswith(_MAKING)]
    return sorted([*made, *kept], key=lambda f: (f.file.path, f.definition.line))


def _returns_app(file: PyFile, scope: int, definition: Definition, kin: Kin) -> bool:
    for value in definition.returns:
        for item in value.items if value.kind in ("list", "op") else (value,):
            if item.kind == "call" and kin.class_kind(file.path, item.text) == "app":
                return True
            instance = kin.instance(file, scope, item.text) if item.kind in ("name", "call") else None
            if instance is not None and instance.kind == "app":
                return True
    return False


def _fills(file: PyFile, scope: int, definition: Definition) -> bool:
    """A function that completes the application of its module, which the callers get from it."""
    return definition.parent == 0 and definition.name.startswith(_MAKING) and bool(_work(file, scope))


def _passes_on(file: PyFile, scope: int, definition: Definition, names: Names) -> bool:
    """A function that gets what it returns from another function of the project, and completes it."""
    for value in definition.returns:
        given = file.assigned.get((scope, value.text), ()) if value.kind == "name" else ()
        if any(isinstance(i, Call) and not names.resolve(file.path, i.name).external for i in given):
            return bool(_work(file, scope))
    return False


def _completes(file: PyFile, scope: int, definition: Definition) -> bool:
    if definition.parent != 0 or not APP_PARAMETERS & set(definition.params):
        return False
    return len(_work(file, scope)) >= (1 if definition.name.startswith(_MAKING) else 2)


def _work(file: PyFile, scope: int) -> set[str]:
    """The kinds of completing work that a function does."""
    return {kind for c in file.calls_in(scope) for ending, kind in _COMPLETING.items() if c.name.endswith(ending)}
