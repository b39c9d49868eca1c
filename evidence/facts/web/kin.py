"""Which names are Flask's classes or kin, through imports, subclasses, variables and factory functions."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Call, Definition, Expr
from evidence.patterns import regex

# Packages whose classes are Flask's own or built on them (flask_* covers the extensions).
_PACKAGES = ("flask", "quart", "apiflask", "connexion", "eve")
_CLASSES = {
    "Flask": "app", "Quart": "app", "APIFlask": "app", "FlaskApp": "app", "AsyncApp": "app", "OpenAPI": "app",
    "Eve": "app", "FlaskAPI": "app", "Blueprint": "blueprint", "APIBlueprint": "blueprint", "Namespace": "namespace",
    "Api": "api", "RestApi": "api", "Resource": "view", "MethodResource": "view", "MethodView": "view", "View": "view",
    "FlaskView": "flask_view", "BaseView": "view", "ModelView": "view", "ModelRestApi": "view", "BaseApi": "view",
}  # fmt: skip
_CONNEXION_APPS = frozenset({"App", "FlaskApp", "AsyncApp"})
APP_PARAMETERS = frozenset({"app", "application", "flask_app", "_app", "flask_application", "the_app"})
# Methods that make a part on their receiver: the kind of the receiver, and of what they make.
_MAKERS = {"namespace": ("api", "namespace"), "add_api": ("app", "api"), "create_app": ("app", "app")}
# Their namespaces are of sockets: none that routes are kept in.
_SOCKETS = frozenset({"flask_socketio", "flask_sockets", "flask_sock"})
# FOCA's function and class that make a connexion application of a configuration file.
_FOCA = frozenset({"foca.foca.foca", "foca.Foca", "foca.foca.Foca", "foca.foca"})
# An organisation's own subclass of Flask, kept in another package, is known by its name alone.
_SUBCLASS = regex(r"[A-Za-z0-9]Flask$")
_INSTANCES = ("app", "blueprint", "namespace", "api")
_MAX_DEPTH = 6


class Instance(Struct, frozen=True):
    """What a variable holds: its ``kind`` (app, blueprint, namespace, api), and the call that made it when known."""

    kind: str
    file: PyFile
    call: Call | None
    variable: str


def external_kind(dotted: str) -> str:
    """The kind of a class outside the project, "" when it is none of Flask's kin."""
    top, _, _ = dotted.partition(".")
    last = dotted.rpartition(".")[2]
    if top == "connexion" and last in _CONNEXION_APPS:
        return "app"
    if dotted in _FOCA:
        return "app"
    if top in _SOCKETS:
        return ""
    if top in _PACKAGES or top.startswith(("flask_", "quart_")):
        return _CLASSES.get(last, "")
    return "app" if _SUBCLASS.search(last) and "." in dotted else ""


class Kin:
    """Answers what names stand for, with a cache per question."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._classes: dict[tuple[str, str], str] = {}
        self._instances: dict[tuple[str, int, str], Instance | None] = {}

    def class_kind(self, path: str, name: str, depth: int = 0) -> str:
        """The kind of the class that ``name`` means in ``path``; "" when it is no kin."""
        key = (path, name)
        if key in self._classes:
            return self._classes[key]
        self._classes[key] = ""
        ref = self._names.resolve(path, name)
        if ref.external:
            kind = external_kind(ref.name)
        elif depth > _MAX_DEPTH:
            kind = ""
        else:
            file = self._names.files[ref.path]
            scope = file.scopes.get(ref.name, 0)
            definition = file.definition(scope)
            bases = definition.bases if definition and definition.kind == "class" else ()
            kind = next((k for b in bases if (k := self.class_kind(ref.path, b.text, depth + 1))), "")
        self._classes[key] = kind
        return kind

    def made_by(self, file: PyFile, scope: int, callee: str, depth: int = 0) -> str:
        """The kind of object that calling ``callee`` makes: of a kin class, or a part made on an API; else ""."""
        kind = self.class_kind(file.path, callee) if callee else ""
        if kind in _INSTANCES:
            return kind
        receiver, _, method = callee.rpartition(".")
        if method not in _MAKERS or not receiver:
            return ""
        on, makes = _MAKERS[method]
        instance = self.instance(file, scope, receiver, depth + 1)
        return makes if instance is not None and instance.kind == on else ""

    def instance(self, file: PyFile, scope: int, name: str, depth: int = 0) -> Instance | None:
        """What the variable ``name`` holds when used in ``scope`` of ``file``."""
        key = (file.path, scope, name)
        if key not in self._instances:
            self._instances[key] = None
            self._instances[key] = self._instance(file, scope, name, depth)
        return self._instances[key]

    def _instance(self, file: PyFile, scope: int, name: str, depth: int) -> Instance | None:
        if depth > _MAX_DEPTH or not name:
            return None
        if name.endswith("()"):
            return self._made(file, name[:-2], depth)
        local = self._assigned_in_scopes(file, scope, name, depth)
        if local is not None:
            return local
        if self._is_app_parameter(file, scope, name):
            return Instance("app", file, None, name)
        if name.endswith(".app"):
            # connexion's application keeps Flask's own under this name
            wrapped = self.instance(file, scope, name.removesuffix(".app"), depth + 1)
            if wrapped is not None and wrapped.kind == "app":
                return wrapped
        ref = self._names.resolve(file.path, name)
        if ref.external:
            last = ref.name.rpartition(".")[2]
            return Instance("app", file, None, name) if last == "current_app" else None
        other = self._names.files[ref.path]
        of_class = self._of_class(other, ref.name, depth)
        if of_class is not None or (other is file and ref.name == name):
            return of_class
        return self.instance(other, 0, ref.name, depth + 1)

    def _of_class(self, file: PyFile, name: str, depth: int) -> Instance | None:
        """What an attribute of a class holds that is given it in the class's body: ``UserDto.api``."""
        head, _, attribute = name.partition(".")
        number = file.scopes.get(head, 0) if attribute else 0
        definition = file.definition(number)
        if definition is None or definition.kind != "class" or (number, attribute) not in file.assigned:
            return None
        return self.instance(file, number, attribute, depth + 1)

    def _assigned_in_scopes(self, file: PyFile, scope: int, name: str, depth: int) -> Instance | None:
        if file.imported(name):
            return None
        if name.startswith(("self.", "cls.")):
            return self._on_object(file, scope, name, depth)
        while True:
            for item in file.assigned.get((scope, name), ()):
                found = self._from_value(
                    file, scope, item.expr if isinstance(item, Call) else item.value, item, name, depth
                )
                if found is not None:
                    return found
            if not scope:
                return None
            definition = file.definition(scope)
            scope = definition.parent if definition else 0

    def _on_object(self, file: PyFile, scope: int, name: str, depth: int) -> Instance | None:
        """What an attribute of ``self`` holds: given in any method of the class, or in its body."""
        for number, attribute in attribute_places(file, scope, name):
            for item in file.assigned.get((number, attribute), ()):
                value = item.expr if isinstance(item, Call) else item.value
                found = self._from_value(file, number, value, item, name, depth)
                if found is not None:
                    return found
        return None

    def _from_value(
        self, file: PyFile, scope: int, value: Expr, item: object, name: str, depth: int
    ) -> Instance | None:
        if value.kind == "call":
            call = item if isinstance(item, Call) else None
            kind = self.made_by(file, scope, value.text, depth)
            return Instance(kind, file, call, name) if kind else self._made(file, value.text, depth)
        if value.kind == "name" and value.text != name:
            return self.instance(file, scope, value.text, depth + 1)
        return None

    def _made(self, file: PyFile, callee: str, depth: int) -> Instance | None:
        """What calling a function of the project returns, when its returned variable is kin."""
        ref = self._names.resolve(file.path, callee)
        if ref.external or depth > _MAX_DEPTH:
            return None
        other = self._names.files[ref.path]
        scope = other.scopes.get(ref.name, 0)
        definition = other.definition(scope)
        if definition is None or definition.kind != "function":
            return None
        for value in definition.returns:
            if value.kind == "name":
                found = self.instance(other, scope, value.text, depth + 1)
            elif value.kind == "call":
                kind = self.class_kind(other.path, value.text)
                found = Instance(kind, other, None, "") if kind in _INSTANCES else None
            else:
                found = None
            if found is not None:
                return found
        return None

    @staticmethod
    def _is_app_parameter(file: PyFile, scope: int, name: str) -> bool:
        if name in ("self.app", "self._app", "current_app"):
            return True
        return name in APP_PARAMETERS and any(name in d.params for d in enclosing(file, scope))


def attribute_places(file: PyFile, scope: int, name: str) -> Iterator[tuple[int, str]]:
    """Where ``self.x``, used in ``scope``, may be given its value: (scope, name as assigned there)."""
    for number in file.attribute_scopes(scope, name):
        yield number, name
    around = next((d for d in enclosing(file, scope) if d.kind == "class"), None)
    if around is not None:
        yield file.scopes[around.qualname], name.partition(".")[2]


def enclosing(file: PyFile, scope: int) -> Iterator[Definition]:
    """The definitions around a scope, innermost first."""
    definition = file.definition(scope)
    while definition is not None:
        yield definition
        definition = file.definition(definition.parent)
