"""The registration graph: applications, blueprints and routes, and how they hang together, on networkx."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from evidence.facts.constants import Constants
from evidence.facts.mentions import Mention
from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Call, Definition
from evidence.facts.roles import Role
from evidence.facts.web.apps import find_apps, find_factories
from evidence.facts.web.blueprints import find_blueprints
from evidence.facts.web.callbacks import Callbacks
from evidence.facts.web.kin import Instance, Kin
from evidence.facts.web.matching import RuleIndex
from evidence.facts.web.records import App, Blueprint, Callback, Factory, Registration, Request, Route, Use
from evidence.facts.web.registration import Registrations, url_prefixes
from evidence.facts.web.requests import Requests
from evidence.facts.web.routes import Routes
from evidence.facts.web.uses import Uses

if TYPE_CHECKING:
    import networkx

    from evidence.facts.served_specs import ServedSpecs

_APP = "app"


class WebGraph:
    """What of the project's own code is Flask. Everything is computed once, when first asked for."""

    def __init__(self, names: Names, mentions: Iterable[Mention] = (), specs: ServedSpecs | None = None) -> None:
        self._names = names
        self._specs = specs
        self._mentions = mentions
        self._kin = Kin(names)
        files = [f for _, f in sorted(names.files.items())]
        self._app_files = [f for f in files if f.role is Role.APP]
        self._constants = Constants(names, self._app_files)
        self._test_files = [f for f in files if f.role is Role.TEST]

    @cached_property
    def apps(self) -> list[App]:
        """Application objects made in application code."""
        return find_apps(self._made)

    @cached_property
    def _made(self) -> list[tuple[PyFile, Call, str]]:
        """The calls that make an application, a blueprint or their kin, with the kind."""
        calls = ((file, call) for file in self._app_files for call in file.module.calls)
        return [(file, call, kind) for file, call in calls if (kind := self._kin.made_by(file, call.scope, call.name))]

    @cached_property
    def factories(self) -> list[Factory]:
        """Functions that make or complete an application."""
        return find_factories(self._app_files, self.apps, self._names, self._kin)

    @cached_property
    def factory_uses(self) -> list[Use]:
        """Who runs the factories: application code, tests, and start commands."""
        return Uses(self.factories, self._names).find([*self._app_files, *self._test_files], self._mentions)

    @property
    def started(self) -> frozenset[str]:
        """Paths of the modules that make an application when loaded: a server may run them, whatever their name; and of
        those that a framework loads for the specifications it serves."""
        answering = {o.file.path for o in self._specs.operations} if self._specs is not None else set()
        made = answering | {a.file.path for a in self.apps if a.in_function is None}
        return frozenset(made | {u.path for u in self.factory_uses if u.file in self._app_files and not u.scope})

    @cached_property
    def blueprints(self) -> list[Blueprint]:
        """Blueprints and kin made in application code."""
        return find_blueprints(self._made, self._constants)

    @cached_property
    def registrations(self) -> list[Registration]:
        """Which blueprint is registered where."""
        return Registrations(self._app_files, self.blueprints, self._names, self._kin, self._constants).find()

    @cached_property
    def _routes(self) -> Routes:
        return Routes(self._app_files, self.blueprints, self._names, self._kin, self._constants)

    @cached_property
    def routes(self) -> list[Route]:
        """URL rules in application code, and those of specifications that are served."""
        operations = self._specs.operations if self._specs is not None else ()
        described = [
            Route(o.file, o.file, o.definition, o.rule, (o.method.upper(),), "", o.definition.name, d.start, d.line)
            for o in operations
            if (d := o.definition)
        ]
        return sorted([*self._routes.find(), *described], key=lambda r: (r.file.path, r.start, r.rule))

    @cached_property
    def views(self) -> list[tuple[PyFile, Definition]]:
        """Functions that answer requests, each once."""
        return self._routes.views(self.routes)

    @cached_property
    def requests(self) -> list[Request]:
        """Requests made in tests."""
        names = {b.key: b.name for b in self.blueprints}
        endpoints = {f"{names[r.owner]}.{r.endpoint}" for r in self.routes if r.owner in names}
        return Requests(self._names, endpoints).find(self._test_files)

    def callbacks(self, *methods: str) -> list[Callback]:
        """Functions hung on an app, blueprint or extension under one of ``methods``."""
        return self._callbacks.find(frozenset(methods))

    @cached_property
    def _callbacks(self) -> Callbacks:
        return Callbacks(self._app_files, self.blueprints, self._names, self._kin)

    @cached_property
    def _rules(self) -> RuleIndex:
        prefixes = {b.key: set(self.prefixes(b)) or {b.prefix or ""} for b in self.blueprints}
        names = {b.key: b.name for b in self.blueprints}
        return RuleIndex(self.routes, prefixes, names)

    @cached_property
    def exercised(self) -> list[tuple[Request, Route]]:
        """The requests of tests with the route that answers each; requests that match no rule are left out."""
        return [(r, route) for r in self.requests if (route := self._rules.match(r.target)) is not None]

    @cached_property
    def graph(self) -> networkx.DiGraph[str]:
        """``app`` -> blueprint keys -> ``rule <n>`` nodes; an edge is a registration (``prefix``, ``line``)."""
        import networkx

        graph: networkx.DiGraph[str] = networkx.DiGraph()
        graph.add_node(_APP)
        graph.add_nodes_from(b.key for b in self.blueprints)
        for item in self.registrations:
            graph.add_edge(item.parent or _APP, item.blueprint.key, prefix=item.prefix, line=item.call.start)
        for number, route in enumerate(self.routes):
            graph.add_edge(route.owner or _APP, f"rule {number}", line=route.start)
        return graph

    @cached_property
    def registered(self) -> frozenset[str]:
        """Keys of the blueprints that hang, directly or through others, on an application."""
        import networkx

        return frozenset(networkx.descendants(self.graph, _APP) & {b.key for b in self.blueprints})

    def prefixes(self, blueprint: Blueprint) -> frozenset[str]:
        """Every URL prefix under which a blueprint is reachable; "?" stands for what is not constant."""
        return self._prefixes.get(blueprint.key, frozenset())

    @cached_property
    def _prefixes(self) -> dict[str, frozenset[str]]:
        return url_prefixes(self.registrations)

    def within(self, key: str) -> frozenset[str]:
        """The key of a blueprint and of those it is nested in."""
        if key not in self._within:
            import networkx

            self._within[key] = frozenset({key, *(networkx.ancestors(self.graph, key) - {_APP})})
        return self._within[key]

    @cached_property
    def _within(self) -> dict[str, frozenset[str]]:
        return {}

    def instance(self, file: PyFile, scope: int, name: str) -> Instance | None:
        """What a variable holds: an app, a blueprint, a namespace, an API; None when none of these."""
        return self._kin.instance(file, scope, name)

    def class_kind(self, file: PyFile, name: str) -> str:
        """The kind of Flask's classes that a class name means (app, blueprint, namespace, api, view), or ""."""
        return self._kin.class_kind(file.path, name)

    @property
    def is_flask(self) -> bool:
        """Whether the project's own code makes a Flask (or kin) application, or at least blueprints with routes."""
        return (
            bool(self.apps) or (bool(self.blueprints) and bool(self.routes)) or any(f.completes for f in self.factories)
        )
