"""Models of object-relational (and document) mappers: which classes they are, what they refer to, what they constrain.

A model is told by its base, or by its columns; never by the name of a file. Names come from the libraries' documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile, Ref
from evidence.facts.pyfile import bare
from evidence.facts.python.records import Assign, Call, Definition, Expr
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Packages whose base classes make models, and the kind of store behind them.
_PACKAGES = {
    "sqlalchemy": "relational", "flask_sqlalchemy": "relational", "flask_sqlalchemy_lite": "relational",
    "sqlmodel": "relational", "flask_appbuilder": "relational", "peewee": "relational", "playhouse": "relational",
    "flask_peewee": "relational", "pony": "relational", "tortoise": "relational", "advanced_alchemy": "relational",
    "flask_sqlalchemy_base": "relational", "sqlalchemy_mixins": "relational", "orator": "relational",
    "masonite_orm": "relational", "mongoengine": "document", "flask_mongoengine": "document", "beanie": "document",
    "odmantic": "document", "umongo": "document", "mongokit": "document", "pynamodb": "key-value",
}  # fmt: skip
_BASES = frozenset({
    "Model", "SQLModel", "DeclarativeBase", "DeclarativeBaseNoMeta", "Document", "DynamicDocument", "EmbeddedDocument",
    "Entity", "Base", "MappedAsDataclass",
})  # fmt: skip
_BASE_MAKERS = frozenset({"declarative_base", "automap_base", "generate_base", "make_declarative_base"})
_COLUMNS = frozenset({"Column", "mapped_column"})
_RELATIONS = frozenset({"relationship", "relation", "dynamic_loader", "Relationship", "association_proxy"})
_KEYS = frozenset({"ForeignKey", "ForeignKeyConstraint"})
_LINK_FIELDS = frozenset({
    "ForeignKeyField", "ManyToManyField", "OneToOneField", "ReferenceField", "LazyReferenceField",
    "CachedReferenceField",
    "GenericReferenceField", "DeferredForeignKey", "Link", "BackLink", "Reference",
})  # fmt: skip
_CONSTRAINTS = frozenset({
    "UniqueConstraint", "CheckConstraint", "Index", "ExcludeConstraint", "composite_key", "composite_index",
    "SQL", "Check",
})  # fmt: skip
_MARKS = ("unique", "index", "unique_with", "unique_items", "sa_column_kwargs")
_PONY = frozenset({"Required", "Optional", "Set", "PrimaryKey", "Discriminator"})
_CONVENTIONAL = regex(r"(?:Model|Base|Entity|Document|db\.Table)$")
_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DEPTH = 6


class Model(Struct, frozen=True, eq=False):
    """One model class. ``store`` is relational, document or key-value. ``links`` are the class and table names that its
    foreign keys, references and relationships name; ``linked`` tells that there are any (some name nothing constant).
    ``constraints`` are the first lines of its explicit unique, check or index constraints."""

    file: PyFile
    scope: int
    definition: Definition
    store: str
    table: str
    links: frozenset[str]
    linked: bool
    constraints: tuple[int, ...]

    @property
    def name(self) -> str:
        """The class's name."""
        return self.definition.name


class _Body(Struct):
    """What the body of a class says, gathered call by call."""

    links: set[str]
    linked: bool = False
    columns: int = 0

    def refer(self, value: Expr | None) -> None:
        """Note a link, and where it leads when that is constant."""
        self.linked = True
        if value is not None and value.kind in ("str", "name"):
            # a class, one of its columns (``User.id``), or a table's (``users.id``, with a schema or without)
            self.links.update(value.text.split(".")[-2:])


class Models:
    """The models of one project's application code."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._bases: dict[tuple[str, str], str] = {}

    @cached_property
    def all(self) -> tuple[Model, ...]:
        """Every model, in path and line order."""
        return tuple(m for f in self._project.app for m in self._of_file(f))

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all models' classes."""
        return frozenset(m.name for m in self.all)

    @cached_property
    def _by_place(self) -> dict[Ref, Model]:
        return {Ref(m.file.path, m.definition.qualname): m for m in self.all}

    def find(self, file: PyFile, name: str) -> Model | None:
        """The model that a dotted name of ``file`` begins with (``User.query.filter`` is of ``User``); None for
        none."""
        segments = name.split(".")
        for index, segment in enumerate(segments):
            plain = bare(segment)
            if plain not in self.names:
                continue
            ref = self._project.resolve(file, ".".join((*segments[:index], plain)))
            found = self._by_place.get(ref)
            if found is not None:
                return found
        return None

    @cached_property
    def mentions(self) -> dict[tuple[str, str], int]:
        """How many other models refer to each model, by (path, class name)."""
        named: dict[str, set[tuple[str, str]]] = {}
        for model in self.all:
            for link in model.links:
                named.setdefault(link, set()).add((model.file.path, model.name))
        found = {}
        for model in self.all:
            key = (model.file.path, model.name)
            found[key] = len((named.get(model.name, set()) | named.get(model.table, set())) - {key})
        return found

    @cached_property
    def tables(self) -> tuple[tuple[PyFile, Call], ...]:
        """Tables of SQLAlchemy Core: a name, metadata, columns; association tables of the models included."""
        return tuple(
            (f, c)
            for f, c in self._project.called.get("Table", ())
            if any(_last(e.text) == "Column" for e in c.expr.args)
        )

    # ------------------------------------------------------------------------------------------------- one class

    def _of_file(self, file: PyFile) -> Iterator[Model]:
        classes = [(i + 1, d) for i, d in enumerate(file.module.definitions) if d.kind == "class"]
        if not classes:
            return
        calls: dict[int, list[Call]] = {}
        assigns: dict[int, list[Assign]] = {}
        for call in file.module.calls:
            calls.setdefault(call.scope, []).append(call)
        for item in file.module.assigns:
            assigns.setdefault(item.scope, []).append(item)
        for scope, definition in classes:
            given = assigns.get(scope, [])
            if any(a.target == "__abstract__" and a.value.text == "True" for a in given):
                continue
            body = self._body(file, definition, calls.get(scope, []))
            store = self._store(file, definition, body.columns, given)
            if store:
                marks = _constraints(calls.get(scope, []), given) + self._meta(file, definition, calls, assigns)
                table = next((a.value.text for a in given if a.target == "__tablename__"), "")
                links, lines = frozenset(body.links), tuple(sorted(set(marks)))
                table = table or _snake(definition.name)
                yield Model(file, scope, definition, store, table, links, body.linked, lines)

    def _store(self, file: PyFile, definition: Definition, columns: int, given: list[Assign]) -> str:
        """The kind of store of a model class, "" for a class that is none (or only a base or mixin of others)."""
        named = any(a.target in ("__tablename__", "__table__") for a in given)
        bases = [self._base(file, b.text) for b in definition.bases if b.text]
        store = next((b for b in bases if b), "")
        if store == "sqlmodel":
            return "relational" if "table" in definition.keywords else ""
        if store:
            return store if columns or named or any(a.target == "__mapper_args__" for a in given) else ""
        conventional = any(_CONVENTIONAL.search(b.text) for b in definition.bases) and not self._is_schema(
            file, definition
        )
        return "relational" if definition.bases and columns and (named or conventional) else ""

    def _is_schema(self, file: PyFile, definition: Definition) -> bool:
        """Whether a class describes data that is sent: pydantic's ``BaseModel`` has fields too."""
        return bool(self._project.schema_checks.kind(file, definition.qualname))

    def _base(self, file: PyFile, name: str, depth: int = 0) -> str:
        """The kind of store of the models that a base class makes, "" when it makes none."""
        key = (file.path, name)
        if key not in self._bases:
            self._bases[key] = ""
            self._bases[key] = self._find_base(file, name, depth)
        return self._bases[key]

    def _find_base(self, file: PyFile, name: str, depth: int) -> str:
        ref = self._project.resolve(file, name)
        if ref.external:
            return _outside(ref.name)
        if depth > _DEPTH:
            return ""
        home = self._project.python[ref.path]
        definition = home.definition(home.scopes.get(ref.name, 0))
        if definition is not None:
            return next((s for b in definition.bases if (s := self._base(home, b.text, depth + 1))), "")
        head, _, last = ref.name.rpartition(".")
        if head and last in _BASES:
            made = self._project.variable_class(home, 0, head)
            return _PACKAGES.get(made.partition(".")[0], "") or ("relational" if head.endswith("db") else "")
        for item in home.assigned.get((0, ref.name), ()):
            if isinstance(item, Call):
                return "relational" if _last(item.name) in _BASE_MAKERS else self._base(home, item.name, depth + 1)
            if item.value.kind == "name" and item.value.text != ref.name:
                return self._base(home, item.value.text, depth + 1)
        return ""

    def _body(self, file: PyFile, definition: Definition, calls: list[Call]) -> _Body:
        body = _Body(set())
        for call in calls:
            last = _last(call.name)
            first = call.expr.args[0] if call.expr.args else None
            if last in _RELATIONS or last in _KEYS:
                body.refer(first)
            elif call.target and last in _LINK_FIELDS:
                body.columns += 1
                body.refer(first)
            elif call.target and last in _PONY:
                body.columns += 1
                if last == "Set" or (first is not None and (first.kind == "str" or first.text[:1].isupper())):
                    body.refer(first)
            elif call.target and (last in _COLUMNS or last.endswith(("Field", "Attribute")) or last == "Field"):
                body.columns += 1
                if call.expr.kwarg("foreign_key") is not None:
                    body.refer(call.expr.kwarg("foreign_key"))
            elif call.target and self._makes_column(file, call):
                body.columns += 1
                body.refer(first)
        return body

    def _makes_column(self, file: PyFile, call: Call) -> bool:
        """Whether a function of the project, called in a model's body, makes a column with a foreign key."""
        found = self._project.defined(file, call.name)
        if found is None or found[1].kind != "function":
            return False
        scope = found[0].scopes.get(found[1].qualname, 0)
        return any(_last(c.name) in _KEYS for c in found[0].calls_in(scope))

    @staticmethod
    def _meta(
        file: PyFile, definition: Definition, calls: dict[int, list[Call]], assigns: dict[int, list[Assign]]
    ) -> list[int]:
        """Constraints in peewee's (and kin's) inner ``class Meta``."""
        scope = file.scopes.get(f"{definition.qualname}.Meta", 0)
        if not scope:
            return []
        named = [
            a.start
            for a in assigns.get(scope, [])
            if a.target in ("indexes", "constraints", "unique_together") and a.value.items
        ]
        return named + [c.start for c in calls.get(scope, []) if _last(c.name) in _CONSTRAINTS]


def _constraints(calls: list[Call], given: list[Assign]) -> list[int]:
    found = []
    for call in calls:
        marked = any((v := call.expr.kwarg(k)) is not None and v.text not in ("False", "None") for k in _MARKS)
        if _last(call.name) in _CONSTRAINTS or (marked and call.target):
            found.append(call.start)
    found.extend(
        a.start for a in given if a.target == "meta" and (v := a.value.kwarg("indexes")) is not None and v.items
    )
    return found


def _outside(name: str) -> str:
    """The kind of store of models with this outside base class."""
    package, last = name.partition(".")[0], _last(name)
    if package == "sqlmodel" and last == "SQLModel":
        return "sqlmodel"
    return _PACKAGES.get(package, "") if last in _BASES or last in _BASE_MAKERS else ""


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _snake(name: str) -> str:
    """The table name that Flask-SQLAlchemy gives a class."""
    return _CAMEL.sub("_", name).lower()
