"""How tests and CI come by settings of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.deployment.environments import environment_of
from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Expr
from evidence.facts.web.records import Factory

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Switches that any test turns; they alone make no configuration of its own.
_SWITCHES = frozenset(
    {
        "TESTING",
        "DEBUG",
        "WTF_CSRF_ENABLED",
        "WTF_CSRF_METHODS",
        "SERVER_NAME",
        "PROPAGATE_EXCEPTIONS",
        "LOGIN_DISABLED",
    }
)
_ON = Expr("const", "True")
_READERS = ("os.environ.get", "os.getenv")
_SHARED = frozenset(
    {"conftest.py", "__init__.py", "base.py", "common.py", "fixtures.py", "test_config.py", "test_settings.py"}
)


class TestSettings(Struct, frozen=True):
    """One place where tests or CI set, choose or subclass settings. ``by`` is test or ci."""

    path: str
    start: int
    end: int
    by: str

    __test__ = False


def test_settings(project: Project) -> tuple[TestSettings, ...]:
    """What the test runner is told; else places that tests share; else in single tests; else in CI; in path order."""
    told = set(_in_pytest(project))
    found = set() if told else set(_in_tests(project))
    shared = {s for s in found if s.path.rpartition("/")[2] in _SHARED}
    chosen = told or shared or found or set(_in_ci(project))
    return tuple(sorted(chosen, key=lambda s: (s.path, s.start, s.end)))


test_settings.__test__ = False  # type: ignore[attr-defined]


def _in_tests(project: Project) -> Iterator[TestSettings]:
    classes = {(c.file.path, c.definition.qualname): c for c in (*project.settings.classes, *project.settings.typed)}
    factories = {(f.file.path, f.definition.qualname) for f in project.web.factories}
    switched = {(f.file.path, f.definition.qualname) for f in project.web.factories if _has_settings_for_tests(f)}
    for file in project.tests:
        for definition in file.module.definitions:
            if definition.kind == "class" and any(project.resolve(file, b.text) in classes for b in definition.bases):
                yield TestSettings(file.path, definition.line, definition.end, "test")
        for call in file.module.calls:
            made = project.resolve(file, call.name)
            chosen = (made in factories and _chooses(project, file, call, set(classes))) or (
                made in switched and _says_it_is_a_test(call)
            )
            loaded = ".config." in call.name and (_overrides(call) or _chooses(project, file, call, set(classes)))
            sets = call.name in ("os.environ.setdefault", "os.environ.update", "os.putenv") or call.name.endswith(
                "monkeypatch.setenv"
            )
            if chosen or loaded or sets or call.target.startswith("os.environ["):
                yield TestSettings(file.path, call.start, call.end, "test")
        for item in file.module.assigns:
            key = item.target.rpartition("[")[2].rstrip("]")
            # Flask takes upper-case names alone; other objects have a ``config`` too
            setting = ".config[" in item.target and key not in _SWITCHES and not key.islower()
            if item.target.startswith("os.environ[") or setting:
                yield TestSettings(file.path, item.start, item.end, "test")


def _chooses(project: Project, file: PyFile, call: Call, classes: set[tuple[str, str]]) -> bool:
    """Whether an argument names the testing environment, a settings class, or overrides of settings."""
    for value in call.expr.items:
        if value.kind == "str" and environment_of(value.text) == "testing":
            return True
        if value.kind in ("name", "call") and (
            project.resolve(file, value.text) in classes or environment_of(value.text) == "testing"
        ):
            return True
        if value.kind == "name" and _is_own_module(project, file, value.text):
            return True
        # the project's table of settings classes by name: ``from_object(configs["testing"])``, or the variable that
        # names the class for tests: ``create_app(os.environ.get("TEST_SETTINGS"))``
        named = value.kind == "index" or (value.kind == "call" and value.text.startswith(_READERS))
        if named and any(i.kind == "str" and environment_of(i.text) == "testing" for i in value.items):
            return True
        if value.kind == "dict" and _settings_of(value):
            return True
    return False


def _has_settings_for_tests(factory: Factory) -> bool:
    """Whether a factory itself loads the settings for tests, when it is told to."""
    scope = factory.file.scopes.get(factory.definition.qualname, 0)
    inside = factory.file.calls_in(scope)
    loaded = [value for call in inside if ".config." in call.name for value in call.expr.items]
    # ``app.config["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL")``
    set_one_by_one = [(call.target, call.expr) for call in inside]
    set_one_by_one += [(i.target, i.value) for i in factory.file.module.assigns if i.scope == scope]
    loaded += [v for t, v in set_one_by_one if ".config[" in t and t.rpartition("[")[2].rstrip("]") not in _SWITCHES]
    return any(
        part.kind in ("str", "name") and environment_of(part.text) == "testing"
        for value in loaded
        for part in value.walk()
    )


def _says_it_is_a_test(call: Call) -> bool:
    """``create_app(testing=True)``"""
    return any(environment_of(key) == "testing" and call.expr.kwarg(key) == _ON for key in call.expr.keys)


def _is_own_module(project: Project, file: PyFile, name: str) -> bool:
    """Whether a name is a module of the tests that holds settings: ``from tests import settings``."""
    ref = project.resolve(file, name)
    found = project.python.get(ref.path) if not ref.external and not ref.name else None
    return found is not None and found in project.tests and any(a.target.isupper() for a in found.module.assigns)


def _overrides(call: Call) -> bool:
    """``app.config.update(SQLALCHEMY_DATABASE_URI=...)``, or with a dictionary, of more than switches."""
    keys = set(call.expr.keys) - {"**"}
    return call.name.endswith((".update", ".from_mapping")) and (
        bool({k for k in keys if k.isupper()} - _SWITCHES) or any(_settings_of(a) for a in call.expr.args)
    )


def _settings_of(value: Expr) -> bool:
    return value.kind == "dict" and bool({k for k in value.keys if k.isupper()} - _SWITCHES)


def _in_pytest(project: Project) -> Iterator[TestSettings]:
    """Variables that pytest (with pytest-env or pytest-dotenv) or tox gives the tests."""
    for path, data in project.data.items():
        name = path.rpartition("/")[2]
        keys: tuple[tuple[str, ...], ...] = ()
        if name in ("pytest.ini", "tox.ini", "setup.cfg"):
            keys = (
                ("pytest", "env"),
                ("pytest", "env_files"),
                ("tool:pytest", "env"),
                ("tool:pytest", "env_files"),
                ("testenv", "setenv"),
            )
        elif name == "pyproject.toml":
            keys = (
                ("tool", "pytest", "ini_options", "env"),
                ("tool", "pytest", "ini_options", "env_files"),
                ("tool", "pytest_env"),
            )
        for key in keys:
            node = data.root.get(*key)
            if node is not None and (node.text or node.items):
                yield TestSettings(path, node.start, node.end, "test")


def _in_ci(project: Project) -> Iterator[TestSettings]:
    names = {r.name for r in project.settings.reads}
    for run in project.ci_runs:
        if "test" in run.kinds and not run.dead and names & set(run.step.env):
            yield TestSettings(run.place.path, run.place.start, run.place.end, "ci")
