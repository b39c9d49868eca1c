"""What can run: the modules that entry points import, and the functions that something there refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING

from evidence.facts.imports import ImportGraph
from evidence.facts.loading import LOADERS, loaded_from
from evidence.facts.names import Names, PyFile
from evidence.facts.pyfile import bare
from evidence.facts.python.records import Definition
from evidence.facts.roles import Role
from evidence.patterns import regex

if TYPE_CHECKING:
    import networkx

# Files that servers, tools and people run by convention (Flask, Alembic, Celery, setuptools, nox, pytest).
_ENTRY_NAMES = frozenset({
    "wsgi.py", "asgi.py", "manage.py", "app.py", "main.py", "run.py", "application.py", "server.py",
    "__main__.py", "setup.py", "noxfile.py", "tasks.py", "fabfile.py", "gunicorn.py", "gunicorn_config.py",
    "gunicorn.conf.py", "lambda_handler.py", "index.py", "flask_app.py", "autoapp.py", "celery_worker.py",
    "worker.py", "run_celery.py", "celeryapp.py", "locustfile.py", "env.py", "cli.py", "serve.py", "start.py",
})  # fmt: skip
# Decorators that leave a function uncalled until something names it.
_INERT = frozenset({
    "staticmethod", "classmethod", "property", "contextmanager", "asynccontextmanager", "wraps", "lru_cache",
    "cache", "cached_property", "abstractmethod", "overload", "dataclass", "total_ordering", "singledispatch",
    "fixture", "setter", "getter", "deleter",
})  # fmt: skip
# Functions of a configuration that gunicorn itself calls; source: docs.gunicorn.org, "Server Hooks".
_SERVER_CALLS = frozenset({
    "on_starting", "on_reload", "when_ready", "pre_fork", "post_fork", "post_worker_init", "worker_int", "worker_abort",
    "pre_exec", "pre_request", "post_request", "child_exit", "worker_exit", "nworkers_changed", "on_exit",
})  # fmt: skip
_RUNS_TEXT = frozenset({"eval", "exec", "compile", "runpy.run_path", "runpy.run_module"})
_SETTINGS_FROM = frozenset({"from_object", "from_pyfile"})
_WORD = regex(r"[\w./\-]+(?::[\w.]+)?")
_TOP = "<module>"


class Reach:
    """Reachability from entry points. ``mentions`` are the words of commands and configuration that may name a
    module; ``started`` are paths that make an application when they are loaded, whatever their name; ``answering`` are
    functions (path, qualified name) that run though no module refers to them: a served specification has requests
    answered by them, or a start command makes the application by them."""

    def __init__(
        self,
        names: Names,
        imports: ImportGraph,
        mentions: Iterable[str],
        started: Iterable[str] = (),
        answering: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._names = names
        self._imports = imports
        self._mentions = mentions
        self._started = frozenset(started)
        self._answering = frozenset(answering)
        self._listed: dict[str, list[str]] = {}

    @cached_property
    def roots(self) -> frozenset[str]:
        """Files that something outside Python runs: tests, conventional entry points, scripts, what commands name."""
        found = {p for p, f in self._names.files.items() if f.role in (Role.TEST, Role.MIGRATION) or _is_entry(f)}
        for text in self._mentions:
            found.update(self._mentioned(text))
        return frozenset(found) | self._started | {path for path, _ in self._answering}

    @cached_property
    def _by_basename(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._names.files:
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    def _mentioned(self, text: str) -> Iterable[str]:
        for word in _WORD.findall(text[:4000]):
            if word.endswith(".py"):
                path = word.removeprefix("./")
                alike = self._by_basename.get(path.rpartition("/")[2], ())
                yield from (p for p in alike if p == path or p.endswith("/" + path))
            elif "." in word or ":" in word:
                dotted = word.partition(":")[0]
                for candidate in (dotted, dotted.rpartition(".")[0]):
                    found = self._names.module("", candidate) if candidate else ""
                    if found:
                        yield found

    @cached_property
    def modules(self) -> frozenset[str]:
        """Paths of the modules that can run."""
        seen: frozenset[str] = frozenset()
        fresh = self._imports.reachable(self.roots)
        while fresh:
            seen |= fresh
            named = {t for p in fresh for t in self._by_string(self._names.files[p])}
            fresh = self._imports.reachable(named - seen, seen)
        return seen

    def _by_string(self, file: PyFile) -> Iterable[str]:
        """Modules that a file names in strings, or loads from its own folder without naming them."""
        for text, _ in file.module.strings:
            dotted = text.partition(":")[0]
            for candidate in (dotted, dotted.rpartition(".")[0]):
                found = self._names.module(file.path, candidate) if candidate else ""
                if found:
                    yield found
        for call in file.module.calls:
            given = call.expr.args[0] if call.last in _SETTINGS_FROM and call.expr.args else None
            if given is not None and given.kind == "str":
                yield from self._settings(file, call.last, given.text)
        for scope in sorted({c.scope for c in file.module.calls if c.name.endswith(LOADERS) or c.name in _RUNS_TEXT}):
            yield from (p for folder in loaded_from(self._names, file, scope) for p in self._below(folder))

    def _settings(self, file: PyFile, method: str, text: str) -> Iterable[str]:
        """The module that Flask is told to take settings from: by its name, or by the name of its file."""
        if method == "from_pyfile":
            alike = self._by_basename.get(text.rpartition("/")[2], ())
            yield from (p for p in alike if p == text or p.endswith("/" + text.removeprefix("./")))
        elif text.isidentifier() and (found := self._names.module(file.path, text)):
            yield found

    def _below(self, folder: str) -> Iterable[str]:
        if folder not in self._listed:
            self._listed[folder] = [p for p in self._names.files if p.startswith(folder)]
        return self._listed[folder]

    @cached_property
    def calls(self) -> networkx.DiGraph[tuple[str, str]]:
        """Who refers to whom: nodes are (path, qualified name), with ``<module>`` for a module's own level.

        A reference that cannot be followed (``self.store.save``) leads to every function of that last name: liveness
        errs on the side of the author. One that no function bears (``append``) leads nowhere and is left out: they are
        two thirds of all.
        """
        import networkx

        graph: networkx.DiGraph[tuple[str, str]] = networkx.DiGraph()
        # in one call: each costs as much as some edges, and most functions have few
        graph.add_edges_from(self._steps())
        return graph

    def _steps(self) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
        for path in sorted(self.modules):
            file = self._names.files[path]
            for definition in file.module.definitions:
                yield _any(definition.name), (path, definition.qualname)
            if file.role is Role.TEST:
                # all of a test file runs: one node for it keeps the graph of a large suite small
                named = sorted(set[str]().union(*file.module.refs))
                yield from zip(repeat((path, _TOP)), set(self._targets(file, named)), strict=False)
                continue
            for scope, refs in enumerate(file.module.refs):
                around = file.definition(scope)
                node = (path, around.qualname if around else _TOP)
                yield from zip(repeat(node), set(self._targets(file, refs)), strict=False)
                yield from zip(_runs_with(file, around) if around else (), repeat(node), strict=False)

    @cached_property
    def _defined(self) -> frozenset[str]:
        """Names of all functions and classes in modules that can run."""
        return frozenset(d.name for path in self.modules for d in self._names.files[path].module.definitions)

    def _targets(self, file: PyFile, refs: Iterable[str]) -> Iterable[tuple[str, str]]:
        for name in refs:
            path, inside = self._names.resolve(file.path, name)
            if path:
                head, dot, _ = inside.partition(".")
                head = bare(head)
                if head in self._names.files[path].scopes:
                    yield path, head
                elif file.path == path and head in self._defined:
                    yield _any(head)
                if not dot:
                    continue
            last = bare(name.rpartition(".")[2])
            if last in self._defined:
                yield _any(last)

    @cached_property
    def functions(self) -> frozenset[tuple[str, str]]:
        """(path, qualified name) of the functions and classes that can run."""
        import networkx

        source = ("", "")
        graph = self.calls
        graph.add_edges_from((source, (path, _TOP)) for path in self.modules)
        graph.add_edges_from((source, node) for node in self._answering if node[0] in self.modules)
        return frozenset(networkx.descendants(graph, source))

    def live(self, path: str, scope: int = 0) -> bool:
        """Whether code in ``scope`` of ``path`` can run."""
        if path not in self.modules:
            return False
        file = self._names.files[path]
        definition = file.definition(scope)
        return definition is None or file.role is Role.TEST or (path, definition.qualname) in self.functions


def _any(name: str) -> tuple[str, str]:
    """The node that stands for every function of a name, whatever its file."""
    return ("", "." + name)


def _is_entry(file: PyFile) -> bool:
    name = file.path.rpartition("/")[2]
    return name in _ENTRY_NAMES or name.endswith(".wsgi") or bool(file.module.main)


def _runs_with(file: PyFile, definition: Definition) -> Iterable[tuple[str, str]]:
    """The nodes whose running makes this definition run, besides references: its class, its outer function, or the
    module when a decorator registers it."""
    parent = file.definition(definition.parent)
    if parent is not None:
        yield file.path, parent.qualname
        return
    if definition.name in _SERVER_CALLS and "gunicorn" in file.path.lower():
        yield file.path, _TOP
    words = [d.expr.text.rpartition(".")[2] for d in definition.decorators]
    if any(w and w not in _INERT for w in words):
        yield file.path, _TOP
