"""Facts joined across files: names, imports, the web graph, reach, CI, and the parts of a monorepo."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self, cast

from evidence.facts.ci import CiInputs, CiRun, Pipeline, ci_runs, pipelines
from evidence.facts.files import Files
from evidence.facts.imports import ImportGraph
from evidence.facts.mentions import Mention, mentions
from evidence.facts.names import Names
from evidence.facts.people import People
from evidence.facts.reach import Reach
from evidence.facts.records import Requirements
from evidence.facts.requirements.declared import requirements_of
from evidence.facts.roles import Role
from evidence.facts.served_specs import ServedSpecs
from evidence.facts.web import WebGraph
from evidence.model import Changes
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project


# Documents are about all of a repository, wherever they stand.
_SCRIPTS = regex(r"(?:scripts?|tools|bin|hack|misc|contrib)/(?:.{0,300}/)?[^/]{1,200}\.py$")
_WRITTEN = (".md", ".rst", ".adoc", ".txt", ".png", ".svg", ".jpg")


class Joined(Files):
    """Graphs over the files, each built when first asked for."""

    @property
    def whole(self) -> Project:
        """This very object, as the facts of a topic ask for it."""
        return cast("Project", self)

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
        return WebGraph(self.names, self.mentions, self.served_specs)

    @cached_property
    def served_specs(self) -> ServedSpecs:
        """Specifications that connexion or FOCA serves."""
        return ServedSpecs(self.names, self.data)

    @cached_property
    def reach(self) -> Reach:
        """What can run."""
        specs = self.served_specs
        asked = [(o.file.path, o.definition.qualname) for o in specs.operations]
        asked += [(f.path, d.qualname) for f, d in specs.checks]
        # a start command makes the application by a factory that no module calls
        outside = [u.factory for u in self.web.factory_uses if u.file is None]
        asked += [(f.file.path, f.definition.qualname) for f in outside]
        return Reach(self.names, self.imports, [m.text for m in self.mentions], self.web.started, asked)

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
    def mentions(self) -> tuple[Mention, ...]:
        """The texts outside Python that may name a module or object to run."""
        return tuple(mentions(self.commands, self.dockerfiles, self.data))

    @cached_property
    def dependencies(self) -> dict[str, Requirements]:
        """Requirement and lock files, and what pyproject.toml and its like declare, by path."""
        declared = {p: r for p, d in self.data.items() if (r := requirements_of(p, d.root)) is not None}
        return dict(sorted({**self.requirements, **declared}.items()))

    @cached_property
    def people(self) -> People:
        """Everybody whom the history names, joined as far as addresses and the forge's accounts join them."""
        links = self.changes.committers if self.changes is not None else {}
        return People(self.history.commits, links, self.changes.host if self.changes is not None else "")

    def with_changes(self, changes: Changes | None, missing: Mapping[str, str]) -> Self:
        """The same files, history and people, with more from the same forge."""
        other = type(self)(self.blobs, self._facts, self.history, changes=changes, missing=missing)
        other.people = self.people
        return other

    def in_flask_part(self, path: str) -> bool:
        """Whether a path belongs to a part of the repository that a Flask application is made of, or to no part of
        its own.

        A part is a folder with its own list of Python dependencies. Everything belongs where nothing is Flask."""
        home = self._part(path)
        return not home or home in self._flask_parts or not self._flask_parts

    def stands_aside(self, path: str) -> bool:
        """Whether a path belongs to another part of a repository of several: Python that no Flask application is made
        of, or a front end that stands on its own."""
        if path.endswith(_WRITTEN):
            return False
        if path not in self._aside:
            self._aside[path] = not self.in_flask_part(path) or self._is_front_end(path)
        return self._aside[path]

    def comes_late(self, path: str) -> bool:
        """Whether a reader would open other files first: what stands aside, and scripts beside the application."""
        return self.stands_aside(path) or _SCRIPTS.match(path) is not None or path in self._jobs

    @cached_property
    def _jobs(self) -> frozenset[str]:
        """Files at the root of the repository that somebody runs for a task of its own: they make no application, and
        no part of it imports them, where the application is made further down."""
        makers = {a.file.path for a in self.web.apps} | {f.file.path for f in self.web.factories}
        makers |= {u.path for u in self.web.factory_uses}
        if not makers or not all("/" in a.file.path for a in self.web.apps):
            return frozenset()
        graph = self.imports.graph
        alone = (f.path for f in self.app if f.module.main and "/" not in f.path and f.path not in makers)
        parts = {f.path for f in self.app if "/" in f.path}
        return frozenset(p for p in alone if p not in graph or not parts & set(graph.predecessors(p)))

    def of_flask_part(self, run: CiRun) -> bool:
        """Whether what CI runs is about the Flask part of the repository, by its folder and the files it leads to."""
        folder = run.step.directory
        return self.in_flask_part(f"{folder}/x" if folder else "") and all(
            self.in_flask_part(p.path) for p in run.chain
        )

    @cached_property
    def _aside(self) -> dict[str, bool]:
        return {}

    def _is_front_end(self, path: str) -> bool:
        """Whether the nearest folder with a manifest is one of JavaScript alone, and of no application's."""
        folder = path.rpartition("/")[0]
        while folder and folder not in self._parts:
            if f"{folder}/package.json" in self.paths:
                return folder.partition("/")[0] not in self._flask_folders
            folder = folder.rpartition("/")[0]
        return False

    @cached_property
    def _flask_folders(self) -> frozenset[str]:
        """The outermost folders of the files that applications are made in."""
        return frozenset(a.file.path.partition("/")[0] for a in self.web.apps)

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

    def is_part(self, folder: str) -> bool:
        """Whether a folder has its own list of Python dependencies."""
        return folder in self._parts
