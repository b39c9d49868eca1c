"""Where a project's settings come from: variables that are read, classes and files per environment, and what selects
them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.deployment.environments import environment_of
from evidence.facts.deployment.manifests import variables
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Definition, Expr
from evidence.facts.setting_readers import from_package, is_handed, opens_a_file, uses_package
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_MODULE = regex(
    r"(?:(?:app_|default_|base_|env_|flask_|local_|custom_|my)?(?:config|settings|configuration|conf|configs)"
    r"|(?:config|settings)_\w{1,30}"
    r"|\w{1,40}_(?:config|settings|conf|configuration))"
)
_FOLDERS = frozenset({"config", "configs", "settings", "configuration", "conf"})
_STEMS = frozenset({
    "__init__", "base", "default", "common", "deployment", "deploy", "live", "docker", "parser", "loader", "reader",
    "env",
})  # fmt: skip
_CLASS = regex(r"(?:.*(?:Config|Settings|Configuration|Conf|Options|Environment|Env)|(?:Config|Settings).*)")
# What a class with such a base keeps or checks is data, whatever its name says (``InstanceConfig(db.Model)``).
_OTHER_BASE = regex(r"(?:^|\.)(?:Model|Document|Form|FlaskForm|Schema|TestCase|Enum|StrEnum|Exception)$")
_DOTENV = ("dotenv.load_dotenv", "dotenv.dotenv_values")
_GETTERS = frozenset(
    {"os.environ.get", "os.getenv", "os.environ.setdefault", "os.environ.pop", "environ.get", "os.environb.get"}
)
_OBJECT_METHODS = frozenset({
    "from_object", "from_pyfile", "from_file", "from_json", "from_envvar", "from_prefixed_env", "from_mapping",
    "from_toml", "from_yaml",
})  # fmt: skip
_FILE_METHODS = frozenset({"from_pyfile", "from_file", "from_json", "from_envvar", "from_toml", "from_yaml"})
_TYPED = frozenset({
    "pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings",
    "pydantic_settings.main.BaseSettings",
})  # fmt: skip
_MODELS = frozenset({"pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic.v1.BaseModel"})
_FILE_READERS = ("dynaconf", "configparser", "yaml", "tomllib", "toml", "omegaconf", "json.load")
# Settings that stand in a Python file outside the packages, which is run by its path.
_PYTHON_READERS = ("importlib.util.spec_from_file_location", "importlib.machinery.SourceFileLoader", "runpy.run_path")
# Fewer variables than this, read when a module is imported, are its own and not the project's settings, unless the
# module is named for them.
_MANY_READS, _FEW_READS = 5, 2
_OF_VARIABLES = regex(r"(?:^|/)_?env(?:iron|ironment|s|vars?)?\.py$")
# What servers and tools are set up by is their configuration, whatever it reads.
_OF_A_TOOL = regex(r"(?:^|/)(?:\w*gunicorn\w*(?:\.conf)?|hypercorn\w*|setup|locustfile|fabfile|noxfile|tasks)\.py$")
_VAULTS = ("google.cloud.secretmanager", "hvac.", "azure.keyvault.", "azure.identity.")


class SettingsClass(Struct, frozen=True):
    """A class of settings. ``environment`` is what its name says ("" for a base); ``base`` whether others build on
    it."""

    file: PyFile
    scope: int
    definition: Definition
    environment: str
    base: bool


class Read(Struct, frozen=True):
    """One variable read from the environment. ``default`` is the value used without it, None where it is required."""

    file: PyFile
    start: int
    end: int
    scope: int
    name: str
    default: Expr | None
    required: bool


class Settings:
    """The settings of one project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def modules(self) -> frozenset[str]:
        """Application files that hold settings: by name or folder, or because an application loads them."""
        return self._loaded_files | {f.path for f in self._project.app if _is_module(f.path)} | self.reading_most

    @cached_property
    def reading_most(self) -> frozenset[str]:
        """Files under other names (``constants.py``) that read so many variables when they are imported that they are
        where settings stand."""
        names: dict[str, set[str]] = {}
        for item in (r for r in self.reads if r.file.function_of(r.scope) is None):
            names.setdefault(item.file.path, set()).add(item.name)
        many = (p for p, read in names.items() if len(read) >= (_FEW_READS if _OF_VARIABLES.search(p) else _MANY_READS))
        return frozenset(p for p in many if not (_is_module(p) or p in self._loaded_files or _OF_A_TOOL.search(p)))

    def named_in(self, path: str) -> dict[str, int]:
        """Names of variables and settings that a structured file gives values to, with their line."""
        data = self._project.data[path]
        return {name: line for root in data.roots for name, _, line in variables(root)}

    @cached_property
    def _loaded_files(self) -> frozenset[str]:
        found = {self._loaded(file, value) for file, call in self.loads for value in call.expr.args[:1]}
        return frozenset(found - {""})

    def runs(self, path: str, scope: int) -> bool:
        """Whether settings in this scope are made: by code that can run, or because an application loads the module by
        its name (``from_object("config")``), which no import shows."""
        file = self._project.python[path]
        return self._project.reach.live(path, scope) or (path in self._loaded_files and file.function_of(scope) is None)

    def _loaded(self, file: PyFile, value: Expr) -> str:
        """The file that ``from_object`` was told: a module by name or reference, or the class of one."""
        if value.kind == "str":
            return self._project.names.module(file.path, value.text) or self._project.names.module(
                file.path, value.text.rpartition(".")[0]
            )
        ref = (
            self._project.resolve(file, value.text.partition("(")[0])
            if value.kind in ("name", "index", "call")
            else None
        )
        return ref.path if ref is not None and ref.path != file.path else ""

    @cached_property
    def loads(self) -> tuple[tuple[PyFile, Call], ...]:
        """Calls that load settings into an application: ``app.config.from_object(...)`` and its siblings."""
        return tuple(
            (f, c)
            for f in self._project.app
            for c in f.module.calls
            if c.last in _OBJECT_METHODS and (".config." in f".{c.name}" or c.name.endswith("config.from_object"))
        )

    @cached_property
    def classes(self) -> tuple[SettingsClass, ...]:
        """Classes of settings in application code, in path order."""
        chosen: dict[tuple[str, int], tuple[PyFile, Definition]] = {}
        for file in self._project.app:
            for number, definition in enumerate(file.module.definitions, 1):
                if definition.kind == "class" and definition.parent == 0 and self._is_class(file, number, definition):
                    chosen[file.path, number] = (file, definition)
        bases = {
            (found[0].path, found[1].qualname)
            for file, definition in chosen.values()
            for base in definition.bases
            if (found := self._project.defined(file, base.text)) is not None
        }
        return tuple(
            SettingsClass(file, number, d, environment_of(d.name), (file.path, d.qualname) in bases)
            for (_, number), (file, d) in chosen.items()
        )

    def _is_class(self, file: PyFile, scope: int, definition: Definition) -> bool:
        if not _CLASS.fullmatch(definition.name) and not (_is_module(file.path) and environment_of(definition.name)):
            return False
        if (scope, "__tablename__") in file.assigned or any(_OTHER_BASE.search(b.text) for b in definition.bases):
            return False
        constants = sum(target.isupper() for where, target in file.assigned if where == scope)
        inherits = any(_CLASS.fullmatch(b.text.rpartition(".")[2]) for b in definition.bases)
        if not inherits and not _is_module(file.path) and is_handed(file, definition):
            return False  # ``ErrorResponseConfig(parameters).validate()`` checks what a request brought
        return constants > 0 or (inherits and bool(environment_of(definition.name)))

    @cached_property
    def _own_readers(self) -> frozenset[tuple[str, str]]:
        """Functions of the project that read a variable named by their first parameter (``bool_env("DEBUG")``)."""
        found = set()
        for file in self._project.app:
            for call in (c for c in file.module.calls if c.name in _GETTERS):
                definition = file.function_of(call.scope)
                if definition is None or definition.parent or not definition.params:
                    continue
                first = call.expr.args[0] if call.expr.args else None
                if first is not None and any(
                    e.text.partition(".")[0] == definition.params[0] for e in first.walk() if e.kind in ("name", "call")
                ):
                    found.add((file.path, definition.qualname))
        return frozenset(found)

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """Variables that application code reads, in path and line order."""
        found: dict[tuple[str, int, str], Read] = {}
        for file in self._project.app:
            for item in self._file_reads(file):
                found.setdefault((file.path, item.start, item.name), item)
        return tuple(found[k] for k in sorted(found))

    def _file_reads(self, file: PyFile) -> Iterator[Read]:
        for call in file.module.calls:
            if self._reads(file, call):
                first = call.expr.args[0] if call.expr.args else call.expr.kwarg("var") or call.expr.kwarg("name")
                if first is not None and first.kind == "str":
                    rest = call.expr.args[1:2]
                    default = rest[0] if rest and call.name in _GETTERS else call.expr.kwarg("default")
                    if default is None and rest and not from_package(file, call):
                        default = rest[0]
                    required = from_package(file, call) and default is None
                    yield Read(file, call.start, call.end, call.scope, first.text, default, required)
            for argument in call.expr.items:
                yield from _indexed(file, argument, call)
        for item in file.module.assigns:
            yield from _indexed(file, item.value, item)

    @cached_property
    def _with_package(self) -> frozenset[str]:
        """Application files that call a settings package at all."""
        return frozenset(f.path for f in self._project.app if uses_package(f))

    def _reads(self, file: PyFile, call: Call) -> bool:
        if call.name in _GETTERS or (file.path in self._with_package and from_package(file, call)):
            return True
        if not call.name or not self._own_readers:
            return False
        ref = self._project.resolve(file, call.name)
        return not ref.external and (ref.path, ref.name) in self._own_readers

    @cached_property
    def typed(self) -> tuple[SettingsClass, ...]:
        """Classes that read and check their fields when they are made (pydantic's settings), bases without fields
        left out."""
        return tuple(self._built_on(_TYPED, self._project.app))

    @cached_property
    def modelled(self) -> tuple[SettingsClass, ...]:
        """Classes of settings modules that check what a settings file holds (pydantic's models)."""
        inside = [f for f in self._project.app if f.path in self.modules]
        return tuple(c for c in self._built_on(_MODELS, inside) if _CLASS.fullmatch(c.definition.name))

    def _built_on(self, bases: frozenset[str], files: Iterable[PyFile]) -> Iterator[SettingsClass]:
        for file in files:
            for number, definition in enumerate(file.module.definitions, 1):
                if (
                    definition.kind == "class"
                    and definition.bases
                    and self._project.class_of(file, definition.qualname) in bases
                ):
                    yield SettingsClass(file, number, definition, environment_of(definition.name), False)

    @cached_property
    def vaults(self) -> tuple[tuple[PyFile, Call], ...]:
        """Calls that fetch settings from a secret store, in settings modules."""
        return tuple(
            (f, c)
            for f, c, _ in self._project.calls(self._project.app, *(v.rstrip(".") for v in _VAULTS))
            if f.path in self.modules
        )

    @cached_property
    def files(self) -> tuple[tuple[PyFile, Call], ...]:
        """Calls that load files of settings: dotenv files, Flask's ``from_pyfile`` and its siblings, and in settings
        modules the readers of YAML, TOML, JSON, INI and dynaconf."""
        dotenv = [(f, c) for f, c, _ in self._project.calls(self._project.app, *_DOTENV)]
        flask = ((f, c) for f, c in self.loads if c.last in _FILE_METHODS)
        readers = self._project.calls(self._project.app, *_FILE_READERS, *_PYTHON_READERS)
        found = (
            (f, c)
            for f, c, n in readers
            if n.startswith("dynaconf")
            # a parser of INI files is made for one; what it reads may stand in another scope
            or (f.path in self.modules and (n.startswith(("configparser", *_PYTHON_READERS)) or opens_a_file(f, c)))
        )
        return (*dotenv, *flask, *found)


def _is_module(path: str) -> bool:
    *folders, name = path.lower().split("/")
    stem = name.split(".")[0]
    if _OF_A_TOOL.search(path):
        return False
    inside = bool(folders) and folders[-1] in _FOLDERS
    return _MODULE.fullmatch(stem) is not None or (inside and (bool(environment_of(stem)) or stem in _STEMS))


def _indexed(file: PyFile, value: Expr, item: Call | Assign) -> Iterator[Read]:
    """``os.environ["NAME"]``: required, by a KeyError where it is missing."""
    for part in value.walk():
        if part.kind == "index" and part.text.endswith("environ") and part.items and part.items[0].kind == "str":
            yield Read(file, item.start, item.end, item.scope, part.items[0].text, None, True)
