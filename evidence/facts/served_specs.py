"""Specifications that a framework serves: connexion by ``add_api``, FOCA by its own configuration file. Both route each
operation to a function of the project and check requests against the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from posixpath import normpath

from msgspec import Struct

from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Assign, Call, Definition, Expr
from evidence.facts.records import Data, Node
from evidence.facts.roles import Role, role_of

_FOCA = frozenset({"foca.foca.foca", "foca.Foca", "foca.foca.Foca", "foca.foca"})
_CONTROLLERS = ("x-openapi-router-controller", "x-swagger-router-controller")
# Connexion's names for the function that checks what a request brings.
_INFO_FUNCTIONS = ("x-bearerInfoFunc", "x-tokenInfoFunc", "x-basicInfoFunc", "x-apikeyInfoFunc")
_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})


class Operation(Struct, frozen=True):
    """One operation of a served document and the function that answers it; ``secured`` tells that the document asks
    for one of its security schemes before."""

    spec: str
    rule: str
    method: str
    file: PyFile
    definition: Definition
    secured: bool = False


class FocaConfig(Struct, frozen=True):
    """A configuration file that FOCA is given: ``file`` and ``call`` are where."""

    path: str
    root: Node
    file: PyFile
    call: Call


class ServedSpecs:
    """The served documents of one repository."""

    def __init__(self, names: Names, data: Mapping[str, Data]) -> None:
        self._names = names
        self._data = data

    @cached_property
    def foca(self) -> tuple[FocaConfig, ...]:
        """Configuration files of FOCA, in the order of the calls that name them."""
        return tuple(c for f, call in self._calls() if (c := self._config(f, call)) is not None)

    def _calls(self) -> Iterator[tuple[PyFile, Call]]:
        for file in self._names.files.values():
            if file.role is Role.APP and any(i.module.partition(".")[0] == "foca" for i in file.module.imports):
                yield from ((file, c) for c in file.module.calls if self._is_foca(file, c))

    def _is_foca(self, file: PyFile, call: Call) -> bool:
        ref = self._names.resolve(file.path, call.name)
        return ref.external and ref.name in _FOCA

    def _config(self, file: PyFile, call: Call) -> FocaConfig | None:
        given = call.expr.kwarg("config_file") or call.expr.kwarg("config") or next(iter(call.expr.args), None)
        path = self._found(file, given) if given is not None else ""
        return FocaConfig(path, self._data[path].root, file, call) if path else None

    def _found(self, file: PyFile, given: Expr) -> str:
        """The document whose name is among the texts of an expression: beside the file first, then anywhere."""
        named = [e.text.rpartition("/")[2] for e in given.walk() if e.kind in ("str", "fstring")]
        for name in (n for n in named if n.endswith((".yaml", ".yml", ".json"))):
            near = f"{file.path.rpartition('/')[0]}/{name}".lstrip("/")
            if near in self._data:
                return near
            return next((p for p in sorted(self._data) if p.rpartition("/")[2] == name), "")
        return ""

    @cached_property
    def exceptions(self) -> tuple[tuple[PyFile, Assign], ...]:
        """The mappings of exceptions to answers that FOCA is given: the file and the assignment of each."""
        found: list[tuple[PyFile, Assign]] = []
        for config in self.foca:
            named = config.root.get("exceptions", "exceptions")
            module, _, variable = named.text.rpartition(".") if named is not None else ("", "", "")
            file = self._module(module) if module else None
            items = file.assigned.get((0, variable), ()) if file is not None else ()
            found.extend((file, i) for i in items if file is not None and isinstance(i, Assign))
        return tuple(found)

    @cached_property
    def documents(self) -> tuple[str, ...]:
        """Paths of the served documents."""
        found = {p for c in self.foca for p in self._of_foca(c)}
        unnamed = False
        for _, call, path in self.added:
            found.update([path] if path else [])
            unnamed = unnamed or (not path and bool(call.expr.args))
        if unnamed:
            # the document's name comes from elsewhere: those whose operations are the project's functions
            found.update(p for p in sorted(self._data) if role_of(p) is Role.APP and any(self._operations(p)))
        return tuple(sorted(found))

    @cached_property
    def added(self) -> tuple[tuple[PyFile, Call, str], ...]:
        """Calls that add a document to a connexion application, with its path ("" where the call does not name it)."""
        found = []
        for file in self._names.files.values():
            if file.role is Role.APP:
                for call in file.module.calls:
                    if call.name.endswith(".add_api") and (call.expr.args or "specification" in call.expr.keys):
                        given = call.expr.args[0] if call.expr.args else call.expr.kwarg("specification")
                        found.append((file, call, self._found(file, given) if given is not None else ""))
        connexion = any(
            i.module.partition(".")[0] == "connexion" for f in self._names.files.values() for i in f.module.imports
        )
        return tuple(found) if connexion else ()

    def _of_foca(self, config: FocaConfig) -> Iterator[str]:
        for spec in _each(config.root.get("api", "specs")):
            for item in _each(spec.get("path")):
                name = item.text.rpartition("/")[2]
                yield from (p for p in self._data if name and p.rpartition("/")[2] == name)

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Operations whose function is the project's, in the order of the documents."""
        return tuple(o for path in self.documents for o in self._operations(path))

    @cached_property
    def _added(self) -> str:
        """The module that FOCA's configuration gives operations without one."""
        added = (s.get("add_operation_fields") for c in self.foca for s in _each(c.root.get("api", "specs")))
        return next((n.text for a in added if a is not None for k in _CONTROLLERS if (n := a.get(k)) is not None), "")

    def _operations(self, spec: str) -> Iterator[Operation]:
        root = self._data[spec].root
        paths = root.get("paths")
        everywhere = root.get("security")
        for rule, named in paths.pairs() if paths is not None else ():
            operations = self._referred(spec, named)
            for method, operation in operations.pairs():
                if method in _METHODS:
                    found = self._function(operations, operation)
                    asked = operation.get("security") or everywhere
                    if found is not None:
                        yield Operation(spec, rule, method, *found, bool(_each(asked)))

    def _referred(self, spec: str, node: Node) -> Node:
        """The path item that ``$ref: "./paths/orders.yaml"`` means, where its file is read; else the node itself."""
        named = node.get("$ref")
        path = normpath(f"{spec.rpartition('/')[0]}/{named.text.partition('#')[0]}") if named is not None else ""
        other = self._data.get(path.lstrip("/"))
        return other.root if other is not None and named is not None and "#" not in named.text else node

    @cached_property
    def checks(self) -> tuple[tuple[PyFile, Definition], ...]:
        """Functions of the project that connexion runs for the security schemes of a served document
        (``x-bearerInfoFunc``): they say who asks, or refuse."""
        found = []
        for path in self.documents:
            root = self._data[path].root
            schemes = root.get("components", "securitySchemes") or root.get("securityDefinitions")
            for _, scheme in schemes.pairs() if schemes is not None else ():
                for key in _INFO_FUNCTIONS:
                    named = scheme.get(key)
                    module, _, function = named.text.rpartition(".") if named is not None else ("", "", "")
                    file = self._module(module) if module else None
                    definition = file.definition(file.scopes.get(function, 0)) if file is not None else None
                    if file is not None and definition is not None:
                        found.append((file, definition))
        return tuple(found)

    def _function(self, around: Node, operation: Node) -> tuple[PyFile, Definition] | None:
        named = operation.get("operationId")
        controller = next((c for n in (operation, around) for k in _CONTROLLERS if (c := n.get(k)) is not None), None)
        text = named.text if named is not None else ""
        module, _, function = text.rpartition(".")
        if controller is not None or not module:
            module, function = controller.text if controller is not None else self._added, text
        file = self._module(module) if module else None
        definition = file.definition(file.scopes.get(function, 0)) if file is not None else None
        return (file, definition) if file is not None and definition is not None else None

    def _module(self, dotted: str) -> PyFile | None:
        """The file of a module, named from the root or from the folder that the server is started in."""
        path = self._names.module("", dotted)
        ending = "/" + dotted.replace(".", "/") + ".py"
        ways = (p for p in sorted(self._names.files) if p.endswith(ending) and self._names.files[p].role is Role.APP)
        return self._names.files.get(path) or next((self._names.files[p] for p in ways), None)


def _each(node: Node | None) -> tuple[Node, ...]:
    return node.each() if node is not None else ()
