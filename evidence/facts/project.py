"""Everything that detectors may ask of one repository: its facts by path, joined into graphs when first asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from evidence.facts.api_documents import ApiDocument, api_documents
from evidence.facts.caches import Caches
from evidence.facts.ci import CiInputs, CiRun, Pipeline, Place, Step, ci_runs, pipelines
from evidence.facts.constants import Constants
from evidence.facts.data_access import DataAccess
from evidence.facts.debug_switches import DebugSwitch, debug_switches
from evidence.facts.decisions import DecisionRecord, decision_records
from evidence.facts.declared_requirements import requirements_of
from evidence.facts.diagrams import Diagram, diagrams
from evidence.facts.documentation_builds import documentation_build
from evidence.facts.error_shapes import ErrorHandler, ErrorHelper, error_handlers, error_helpers
from evidence.facts.faults import Faults
from evidence.facts.feature_flags import FeatureFlags
from evidence.facts.gates import complexity_gates
from evidence.facts.images import Hygiene, Stack, hygiene, stacks
from evidence.facts.imports import ImportGraph
from evidence.facts.infrastructure import Definition as Resources
from evidence.facts.infrastructure import Limit, definitions, limits
from evidence.facts.log_setup import LogSetup
from evidence.facts.mentions import Mention, mentions
from evidence.facts.messages import messages
from evidence.facts.migration_runs import MigrationRun, migration_runs
from evidence.facts.migrations import Migrations
from evidence.facts.monitors import Monitor, monitors
from evidence.facts.names import Names, PyFile, Ref
from evidence.facts.occurrences import Occurrence
from evidence.facts.orm import Models
from evidence.facts.paging import PageUse, page_uses
from evidence.facts.probes import Probe, probes
from evidence.facts.production import Production
from evidence.facts.proxy_limits import ProxyLimit, proxy_limits
from evidence.facts.python.records import Call, Definition, Expr, Module
from evidence.facts.reach import Reach
from evidence.facts.records import Commands, Data, Dockerfile, Document, Requirements, Template, Text
from evidence.facts.roles import Role, role_of
from evidence.facts.rollouts import RolloutStep, rollouts
from evidence.facts.runbooks import Runbook, runbooks
from evidence.facts.scenarios import Scenario, scenarios
from evidence.facts.schema_checks import SchemaChecks
from evidence.facts.secret_places import SecretPlace, secret_places
from evidence.facts.security import Access, CrossOrigin, Scan, cross_origins, scans
from evidence.facts.servers import Server, servers
from evidence.facts.settings import Settings
from evidence.facts.settings_in_tests import TestSettings, test_settings
from evidence.facts.stand_ins import StandIns
from evidence.facts.starts import Start, starts
from evidence.facts.suite import Suite
from evidence.facts.tasks import Tasks
from evidence.facts.telemetry import Telemetry
from evidence.facts.tool_configs import ToolConfig, tool_configs
from evidence.facts.tool_uses import ToolUse, tool_uses
from evidence.facts.transactions import transactions
from evidence.facts.web import WebGraph
from evidence.facts.writings import Writings
from evidence.facts.written_lines import written_lines
from evidence.model import Blob, History

Record = TypeVar("Record")
_COMPOSE = re.compile(r"\bdocker[ -]compose\b")


# Decorators that leave a function for others to call.
_PLAIN_DECORATORS = frozenset({
    "staticmethod", "classmethod", "property", "contextmanager", "asynccontextmanager", "wraps", "lru_cache", "cache",
    "cached_property", "abstractmethod", "overload", "dataclass", "setter",
})  # fmt: skip


class _NoHistory:
    """Stands in where a repository's history could not be read."""

    commits: tuple[()] = ()

    def dates(self, _paths: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
        return {}


class Project:
    """The facts of one commit.

    ``facts`` maps paths to records (see ``evidence.facts.records``); ``blobs`` are all paths, read or not; ``history``
    the commits before it.
    """

    def __init__(self, blobs: Iterable[Blob], facts: Mapping[str, Any], history: History | None = None) -> None:
        self.blobs = tuple(blobs)
        self.paths = frozenset(b.path for b in self.blobs)
        self._facts = facts
        self.history: History = history or _NoHistory()

    # ------------------------------------------------------------------------------------ facts by format

    def _of(self, kind: type[Record], roles: tuple[Role, ...] | None = None) -> dict[str, Record]:
        return {
            p: r
            for p, r in sorted(self._facts.items())
            if isinstance(r, kind) and (roles is None or role_of(p, getattr(r, "generated", False)) in roles)
        }

    @cached_property
    def python(self) -> dict[str, PyFile]:
        """Every Python file that was read, by path."""
        return {p: PyFile(p, m, role_of(p, m.generated)) for p, m in self._of(Module).items()}

    @cached_property
    def app(self) -> tuple[PyFile, ...]:
        """Python files of the project's own application code (no tests, migrations, examples, vendored or
        generated)."""
        return self.python_of(Role.APP)

    @cached_property
    def tests(self) -> tuple[PyFile, ...]:
        """Python files of the project's tests."""
        return self.python_of(Role.TEST)

    def python_of(self, *roles: Role) -> tuple[PyFile, ...]:
        """Python files that play one of these parts, in path order."""
        return tuple(f for f in self.python.values() if f.role in roles)

    @cached_property
    def data(self) -> dict[str, Data]:
        """YAML, TOML, JSON and INI files."""
        return self._of(Data)

    @cached_property
    def documents(self) -> dict[str, Document]:
        """Markdown, reStructuredText and AsciiDoc."""
        return self._of(Document)

    @cached_property
    def commands(self) -> dict[str, Commands]:
        """Makefiles, Procfiles and shell scripts."""
        return self._of(Commands)

    @cached_property
    def dockerfiles(self) -> dict[str, Dockerfile]:
        """Dockerfiles and Containerfiles."""
        return self._of(Dockerfile)

    @cached_property
    def requirements(self) -> dict[str, Requirements]:
        """Requirement and lock files."""
        return self._of(Requirements)

    @cached_property
    def templates(self) -> dict[str, Template]:
        """Jinja templates."""
        return self._of(Template)

    @cached_property
    def texts(self) -> dict[str, Text]:
        """Files kept as plain text."""
        return self._of(Text)

    def role(self, path: str) -> Role:
        """The part a path plays."""
        return role_of(path, getattr(self._facts.get(path), "generated", False))

    # -------------------------------------------------------------------------------------- joined graphs

    @cached_property
    def names(self) -> Names:
        """The module index."""
        return Names(self.python)

    @cached_property
    def imports(self) -> ImportGraph:
        """Who imports whom."""
        return ImportGraph(self.names)

    @cached_property
    def web(self) -> WebGraph:
        """Applications, blueprints, routes."""
        return WebGraph(self.names, self.mentions)

    @cached_property
    def reach(self) -> Reach:
        """What can run."""
        return Reach(self.names, self.imports, [m.text for m in self.mentions], self.web.started)

    @cached_property
    def _ci_inputs(self) -> CiInputs:
        modules = {p: f.module for p, f in self.python.items()}
        return CiInputs(
            data=self.data,
            commands=self.commands,
            texts=self.texts,
            python=modules,
            paths=self.paths,
            dockerfiles=self.dockerfiles,
        )

    @cached_property
    def ci(self) -> tuple[Pipeline, ...]:
        """Every CI pipeline of the repository, whatever the system."""
        return pipelines(self._ci_inputs)

    @cached_property
    def ci_runs(self) -> tuple[CiRun, ...]:
        """Every command CI runs, followed through make, tox, scripts and the like to the tool itself."""
        return ci_runs(self._ci_inputs, self.ci)

    @cached_property
    def dependencies(self) -> dict[str, Requirements]:
        """Requirement and lock files, and what pyproject.toml and its like declare, by path."""
        declared = {p: r for p, d in self.data.items() if (r := requirements_of(p, d.root)) is not None}
        return dict(sorted({**self.requirements, **declared}.items()))

    def in_flask_part(self, path: str) -> bool:
        """Whether a path belongs to a part of the repository that a Flask application is made of, or to no part of
        its own.

        A part is a folder with its own list of Python dependencies. Everything belongs where nothing is Flask."""
        home = self._part(path)
        return not home or home in self._flask_parts or not self._flask_parts

    @cached_property
    def _flask_parts(self) -> frozenset[str]:
        apps = {a.file.path for a in self.web.apps}
        return frozenset(self._part(p) for p in self.imports.reachable(apps)) if apps else frozenset()

    @cached_property
    def _parts(self) -> frozenset[str]:
        manifests = {p for p, r in self.dependencies.items() if r.items and self.role(p) is Role.APP}
        folders = {p.rpartition("/")[0] for p in manifests | {p for p in self.paths if p.endswith("/setup.py")}}
        return frozenset(f"/{f}/".partition("/requirements/")[0].strip("/") for f in folders)

    def _part(self, path: str) -> str:
        """The nearest folder above a path that lists its own dependencies; "" for none below the root."""
        folder = path.rpartition("/")[0]
        while folder and folder not in self._parts:
            folder = folder.rpartition("/")[0]
        return folder

    @cached_property
    def migrations(self) -> Migrations:
        """Schema migrations and the chains they form."""
        return Migrations(self)

    @cached_property
    def migration_runs(self) -> tuple[MigrationRun, ...]:
        """Where migrations are run or checked: by CI, tests, the start of a deployment."""
        return migration_runs(self)

    @cached_property
    def decision_records(self) -> tuple[DecisionRecord, ...]:
        """Decision records, RFCs and design documents that are filled in."""
        return decision_records(self)

    @cached_property
    def settings(self) -> Settings:
        """Where the project's settings come from, and what differs per environment."""
        return Settings(self)

    @cached_property
    def test_settings(self) -> tuple[TestSettings, ...]:
        """Where tests or CI have settings of their own."""
        return test_settings(self)

    @cached_property
    def scans(self) -> tuple[Scan, ...]:
        """Scanners of code, dependencies, images and secrets, and where they run."""
        return scans(self)

    @cached_property
    def cross_origins(self) -> tuple[CrossOrigin, ...]:
        """Where Flask-CORS lets other origins in, and whether it names them."""
        return tuple(cross_origins(self))

    @cached_property
    def access(self) -> Access:
        """What refuses requests, and what it stands before."""
        return Access(self)

    def is_part(self, folder: str) -> bool:
        """Whether a folder has its own list of Python dependencies."""
        return folder in self._parts

    @cached_property
    def secret_places(self) -> tuple[SecretPlace, ...]:
        """Where files hold literals that are secrets, with their surroundings; never their text."""
        return secret_places(self)

    @cached_property
    def production(self) -> Production:
        """What production does about defaults in the code."""
        return Production(self)

    @cached_property
    def debug_switches(self) -> tuple[DebugSwitch, ...]:
        """Where debug mode is switched on, and whether production comes by it."""
        return debug_switches(self)

    @cached_property
    def starts(self) -> tuple[Start, ...]:
        """The commands that start the project's services."""
        return starts(self)

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """How application servers are started and configured."""
        return servers(self)

    @cached_property
    def written_lines(self) -> tuple[Mention, ...]:
        """Every command line written down outside CI."""
        return written_lines(self)

    @cached_property
    def tasks(self) -> Tasks:
        """Background tasks and their queues."""
        return Tasks(self)

    @cached_property
    def faults(self) -> Faults:
        """What is done about failures of what the project calls."""
        return Faults(self)

    @cached_property
    def feature_flags(self) -> FeatureFlags:
        """What switches features at run time."""
        return FeatureFlags(self)

    @cached_property
    def rollouts(self) -> tuple[RolloutStep, ...]:
        """Canaries, blue-green switches and rollbacks in deployment files and CI."""
        return rollouts(self)

    @cached_property
    def runbooks(self) -> tuple[Runbook, ...]:
        """Runbooks, incident guides and postmortems."""
        return runbooks(self)

    def probes_of(self, paths: Iterable[str]) -> tuple[Probe, ...]:
        """Places outside Python that request one of these URL paths to see whether the service is well."""
        return probes(self, paths)

    @cached_property
    def log_setup(self) -> LogSetup:
        """How the project logs."""
        return LogSetup(self)

    @cached_property
    def monitors(self) -> tuple[Monitor, ...]:
        """Alert rules, dashboards and service level objectives kept as files."""
        return monitors(self)

    @cached_property
    def telemetry(self) -> Telemetry:
        """Tracing and OpenTelemetry, of any vendor."""
        return Telemetry(self)

    @cached_property
    def suite(self) -> Suite:
        """The tests one by one, and their fixtures."""
        return Suite(self)

    @cached_property
    def stand_ins(self) -> StandIns:
        """Factories, fakes and patches of the tests."""
        return StandIns(self)

    @cached_property
    def diagrams(self) -> tuple[Diagram, ...]:
        """Diagrams in documents, as sources, and as images named for what they show."""
        return diagrams(self)

    def documentation_build(self, pages: Iterable[str]) -> Place | None:
        """Where the documents at these paths are built or linted; None when nothing does."""
        return documentation_build(self, pages)

    @cached_property
    def writings(self) -> Writings:
        """Documents that people wrote about the project."""
        return Writings(self)

    @cached_property
    def tool_configs(self) -> tuple[ToolConfig, ...]:
        """Where linters, type checkers, coverage and test runners are configured."""
        return tool_configs(self.data)

    @cached_property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """Every command that Makefiles, tox, hooks, tasks and scripts of the repository would run."""
        return tool_uses(self)

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """The texts outside Python that may name a module or object to run."""
        return tuple(mentions(self.commands, self.dockerfiles, self.data))

    @cached_property
    def transactions(self) -> tuple[Occurrence, ...]:
        """Where transactions begin and end, and what they lock."""
        return transactions(self)

    @cached_property
    def caches(self) -> Caches:
        """What is cached, and where it is dropped."""
        return Caches(self)

    @cached_property
    def messages(self) -> tuple[Occurrence, ...]:
        """Described messages that are published or consumed, and plain ones that are published."""
        return messages(self)

    @cached_property
    def models(self) -> Models:
        """The models of object-relational and document mappers."""
        return Models(self)

    @cached_property
    def data_access(self) -> DataAccess:
        """Who reads and writes data: views themselves, or a layer that they call."""
        return DataAccess(self)

    @cached_property
    def called(self) -> Mapping[str, tuple[tuple[PyFile, Call], ...]]:
        """Calls of application code by the last segment of what is called, in path order: one index for all who ask."""
        found: dict[str, list[tuple[PyFile, Call]]] = {}
        for file in self.app:
            for call in file.module.calls:
                found.setdefault(call.name.rpartition(".")[2], []).append((file, call))
        return {name: tuple(places) for name, places in found.items()}

    def live_calls(self, *names: str) -> Iterator[tuple[PyFile, Call]]:
        """Calls of application code to one of these (last segments) that can run."""
        for name in names:
            yield from ((f, c) for f, c in self.called.get(name, ()) if self.reach.live(f.path, c.scope))

    @cached_property
    def _referred(self) -> dict[str, list[tuple[str, int]]]:
        """Where application code refers to each name (last segment): (path, scope) pairs."""
        found: dict[str, list[tuple[str, int]]] = {}
        for file in self.app:
            for scope, refs in enumerate(file.module.refs):
                for name in refs:
                    last = name.rpartition(".")[2].partition("(")[0].partition("[")[0]
                    found.setdefault(last, []).append((file.path, scope))
        return found

    def runs_for_app(self, file: PyFile, scope: int) -> bool:
        """Whether code in ``scope`` can run, and not for the tests alone: what leads to it is application code that
        a module runs, a decorator registers, or a base class calls."""
        if not self.reach.live(file.path, scope):
            return False
        pending, seen = [(file, scope)], set[tuple[str, int]]()
        while pending:
            current, number = pending.pop()
            around = current.function_of(number)
            if around is None or self._starts_by_itself(current, around):
                return True
            own = current.scopes.get(around.qualname, 0)
            if (current.path, own) in seen:
                continue
            seen.add((current.path, own))
            for path, place in self._referred.get(around.name, ()):
                if path != current.path or not current.inside(place, own):
                    pending.append((self.python[path], place))
        return False

    def _starts_by_itself(self, file: PyFile, function: Definition) -> bool:
        """Whether a function runs without being named: a decorator registers it, it answers requests, or it is a
        special method or one that a base class from outside may call."""
        special = function.name.startswith("__") and function.name.endswith("__")
        registered = any(d.expr.text.rpartition(".")[2] not in _PLAIN_DECORATORS for d in function.decorators)
        called = function.parent != 0 and self._overrides(file, function)
        return special or registered or called or id(function) in self._view_ids

    @cached_property
    def _view_ids(self) -> frozenset[int]:
        return frozenset(id(d) for _, d in self.web.views)

    def _overrides(self, file: PyFile, method: Definition) -> bool:
        """Whether a method may be called by a base class from outside the project."""
        owner = file.definition(method.parent)
        return owner is not None and any(b.text and not self.defined(file, b.text) for b in owner.bases)

    @cached_property
    def constants(self) -> Constants:
        """What strings made of constants come to."""
        return Constants(self.names, self.app)

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The project's test functions with what they request, call and check."""
        return scenarios(self.tests, self.web.requests)

    @cached_property
    def page_uses(self) -> tuple[PageUse, ...]:
        """Where lists are answered in pages."""
        return page_uses(self)

    @cached_property
    def error_handlers(self) -> tuple[ErrorHandler, ...]:
        """Error handlers that answer JSON."""
        return tuple(error_handlers(self))

    @cached_property
    def error_helpers(self) -> tuple[ErrorHelper, ...]:
        """Functions that make error responses for many places."""
        return error_helpers(self)

    @cached_property
    def proxy_limits(self) -> tuple[ProxyLimit, ...]:
        """Limits of requests in the configuration of proxies."""
        return tuple(proxy_limits(self))

    @cached_property
    def api_documents(self) -> tuple[ApiDocument, ...]:
        """OpenAPI and Swagger documents."""
        return tuple(api_documents(self))

    @cached_property
    def schema_checks(self) -> SchemaChecks:
        """Schemas and forms, and where data is checked against them."""
        return SchemaChecks(self)

    @cached_property
    def image_hygiene(self) -> tuple[Hygiene, ...]:
        """What each Dockerfile of the application does for its image."""
        return tuple(hygiene(self.dockerfiles, self.paths))

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """Compose files that start services."""
        return tuple(stacks(self.data, frozenset()))

    @cached_property
    def infrastructure(self) -> tuple[Resources, ...]:
        """Definitions of run-time resources."""
        return tuple(definitions(self.data, self.texts))

    @cached_property
    def runtime_limits(self) -> tuple[Limit, ...]:
        """Limits, probes, counts and scaling rules of what is deployed."""
        return tuple(limits(self.data, self.texts, frozenset(d.path for d in self.infrastructure)))

    @cached_property
    def ci_compose(self) -> tuple[tuple[str, int, int], ...]:
        """(path, first, last line) of the live CI steps that start or run a compose stack."""
        live = [r for r in self.ci_runs if not r.dead]
        found = {(r.step.path, r.step.start, r.step.end) for r in live if _runs_compose(r.step)}
        found |= {(p.path, p.start, p.end) for r in live for p in r.chain if self._composes(p)}
        return tuple(sorted(found))

    def _composes(self, place: Place) -> bool:
        """Whether the command line at a place of a script or Makefile runs compose."""
        commands = self.commands.get(place.path)
        lines = commands.lines if commands is not None else ()
        return any(li.start <= place.start <= li.end and _COMPOSE.search(li.text) for li in lines)

    # ---------------------------------------------------------------------------------- common questions

    def resolve(self, file: PyFile, name: str) -> Ref:
        """Where a dotted name of ``file``'s facts leads."""
        return self.names.resolve(file.path, name)

    def defined(self, file: PyFile, name: str) -> tuple[PyFile, Definition] | None:
        """The function or class of the project that a name means."""
        ref = self.resolve(file, name)
        if ref.external:
            return None
        other = self.python[ref.path]
        definition = other.definition(other.scopes.get(ref.name, 0))
        return (other, definition) if definition is not None else None

    def external(self, file: PyFile, name: str) -> str:
        """The dotted name outside the project that a name means through re-exports, "" when it is the project's own."""
        ref = self.resolve(file, name)
        return ref.name if ref.external else ""

    def calls(self, files: Iterable[PyFile], *packages: str) -> Iterator[tuple[PyFile, Call, str]]:
        """Calls whose callee is in one of these outside packages (dotted prefixes), with the callee's full name."""
        wanted = {f.path for f in files}
        found = [e for top in sorted({p.partition(".")[0] for p in packages}) for e in self._outside.get(top, ())]
        for _, file, call, name in sorted(found, key=lambda e: e[0]):
            if file.path in wanted and any(name == p or name.startswith((p + ".", p + "(")) for p in packages):
                yield file, call, name

    @cached_property
    def _outside(self) -> dict[str, list[tuple[int, PyFile, Call, str]]]:
        """Every call of something outside the project, by the first segment of its name, with its place in the
        order."""
        found: dict[str, list[tuple[int, PyFile, Call, str]]] = {}
        number = 0
        for file in self.python.values():
            for call in file.module.calls:
                name = self._callee(file, call.name)
                if name:
                    number += 1
                    top = name.partition(".")[0].partition("(")[0]
                    found.setdefault(top, []).append((number, file, call, name))
        return found

    def _callee(self, file: PyFile, name: str) -> str:
        ref = self.names.resolve(file.path, name) if name else None
        return ref.name if ref is not None and ref.external else ""

    def variable_class(self, file: PyFile, scope: int, name: str) -> str:
        """The outside class (dotted) of the object that a variable holds, through imports and module-level assignments;
        "" when it cannot be told. ``db.session`` asks for ``db``."""
        while True:
            for item in file.assigned.get((scope, name), ()):
                expr = item.expr if isinstance(item, Call) else item.value
                if expr.kind == "call":
                    return self.class_of(file, expr.text)
            if not scope:
                break
            definition = file.definition(scope)
            scope = definition.parent if definition else 0
        ref = self.resolve(file, name)
        if ref.external or (ref.path == file.path and ref.name == name):
            return ""
        return self.variable_class(self.python[ref.path], 0, ref.name)

    def class_of(self, file: PyFile, callee: str, depth: int = 0) -> str:
        """The outside class (dotted) that a class name means, through the project's own subclasses."""
        ref = self.resolve(file, callee)
        if ref.external:
            return ref.name
        found = self.defined(file, callee)
        if found is None or found[1].kind != "class" or depth > 6:
            return ""
        return next((c for b in found[1].bases if (c := self.class_of(found[0], b.text, depth + 1))), "")

    def tested_names(self) -> Mapping[str, list[tuple[PyFile, int]]]:
        """For each name referred to in tests (last segment), the (file, scope) pairs that refer to it."""
        return self._tested_names

    @cached_property
    def _tested_names(self) -> dict[str, list[tuple[PyFile, int]]]:
        found: dict[str, list[tuple[PyFile, int]]] = {}
        for file in self.tests:
            for scope, refs in enumerate(file.module.refs):
                for name in refs:
                    found.setdefault(name.rpartition(".")[2].partition("(")[0], []).append((file, scope))
        return found

    def assertions(self) -> Iterator[tuple[PyFile, Expr, int]]:
        """What tests check: asserted expressions, and calls of ``assert...`` methods, with their line."""
        for file in self.tests:
            for check in file.module.checks:
                yield file, check.expr, check.line
            for call in file.module.calls:
                if call.name.rpartition(".")[2].startswith("assert"):
                    yield file, call.expr, call.start

    def complexity_gates(self) -> list[tuple[str, int]]:
        """(path, line) of the settings that make a linter refuse complex functions."""
        return sorted(complexity_gates(self.data))

    @cached_property
    def has_python(self) -> bool:
        """Whether there is Python code of the project's own."""
        return bool(self.app)


def _runs_compose(step: Step) -> bool:
    return any("docker-compose" in c.words or {"docker", "compose"} <= set(c.words[:3]) for c in step.commands)
