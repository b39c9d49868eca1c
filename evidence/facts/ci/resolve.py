"""From the command a pipeline names to the tool that really runs: make, tox, nox, npm, scripts, compose, pre-commit.

``Resolver.resolve`` follows at most eight steps and never the same target twice; what it cannot follow it hands back as
it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from msgspec import Struct, field
from msgspec.structs import replace
from msgspec.structs import replace as replace_struct

from evidence.facts.ci import compose, makefiles, nodes, precommit, pythonic, scripts, toxfiles
from evidence.facts.ci.deploy_names import deploys_by_name
from evidence.facts.ci.found import Found
from evidence.facts.ci.programs import program
from evidence.facts.ci.reading import join
from evidence.facts.ci.records import CiInputs, Place, Resolved, Service
from evidence.facts.ci.tool_table import PROGRAMS
from evidence.facts.ci.tools import classify
from evidence.facts.ci.wrappers import Unwrapped, unwrap
from evidence.facts.shell.lines import Simple, split

MAX_DEPTH = 8
MAX_FOUND = 300
MAX_STEPS = 2_000
"""Commands looked at while one command is followed: recipes that call each other a thousand times lead nowhere."""
MAX_WORK = 60_000
"""The same for all commands of a snapshot together."""


class Context(Struct, frozen=True):
    """Where a command runs: ``directory`` relative to the repository, ``root`` of its project, environment ``env``;
    how it was reached: ``chain``, ``swallowed``; the ``services`` beside it."""

    directory: str
    chain: tuple[Place, ...]
    root: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    swallowed: str = ""
    services: tuple[Service, ...] = ()
    seen: frozenset[tuple[str, ...]] = frozenset()


_Way = Callable[[tuple[str, ...], Context], list[Found] | None]


class Resolver:
    """Follows commands within one snapshot."""

    def __init__(self, inputs: CiInputs) -> None:
        self.inputs = inputs
        self._makefiles = makefiles.by_folder(inputs)
        self._folders = _folders(inputs.paths)
        self._ways = self._way_table()
        self._work = self._left = MAX_WORK
        self._known: dict[tuple[object, ...], tuple[Resolved, ...]] = {}

    def resolve(self, command: Simple, context: Context) -> tuple[Resolved, ...]:
        """What ``command`` comes down to, in the order it runs; at most 300 commands."""
        here = self._with(command, context)
        key = (
            command.words,
            here.swallowed,
            here.directory,
            here.root,
            here.services,
            tuple(sorted(here.env.items())),
            here.chain[-1],
        )
        if key not in self._known:  # a reusable workflow is read once for each caller, its commands are followed once
            self._left = min(self._work, MAX_STEPS)
            given = self._left
            found = islice(self._follow(command.words, replace(here, chain=here.chain[-1:]), 0), MAX_FOUND)
            self._known[key] = tuple(found)
            self._work -= given - self._left
        return tuple(replace_struct(r, chain=(*here.chain[:-1], *r.chain)) for r in self._known[key])

    def changed(self, directory: str, target: str) -> str:
        """The directory after ``cd target``; unchanged when the repository has no such folder."""
        if target.startswith(("$", "~", "-")):
            return directory
        folder = join("" if target.startswith("/") else directory, target)
        return folder if not folder or folder in self._folders else directory

    def _with(self, command: Simple, context: Context) -> Context:
        env = dict(context.env)
        for assignment in command.assigned:
            name, _, value = assignment.partition("=")
            env[name] = value
        return replace(context, env=env, swallowed=context.swallowed or command.swallowed)

    def _follow(self, words: tuple[str, ...], context: Context, depth: int) -> Iterator[Resolved]:
        bare = unwrap(words)
        context = self._enter(bare, context)
        key = (context.directory, *bare.words[:12], bare.text[:200], bare.container.name if bare.container else "")
        self._left -= 1
        if depth >= MAX_DEPTH or key in context.seen or self._left <= 0:
            return
        context = replace(context, seen=context.seen | {key})
        found = self._expand(bare, context)
        if found is None and bare.container is not None and bare.container.compose:
            yield from self._follow(bare.words, context, depth + 1)  # a command of its own in the container
            return
        if found is None:
            if bare.words:
                yield Resolved(bare.words, context.chain, context.swallowed, context.services)
            return
        inner = (resolved for part in found for resolved in self._part(part, context, depth))
        yield from _deploying(bare.words, context, inner) if bare.words and deploys_by_name(bare.words) else inner

    def _part(self, part: Found, context: Context, depth: int) -> Iterator[Resolved]:
        """Follow what a target holds, from the place it is written at."""
        inner = replace(
            context,
            directory=context.directory if part.directory is None else part.directory,
            chain=(*context.chain, part.place),
            swallowed=context.swallowed or part.swallowed,
        )
        if part.final:
            yield Resolved(part.words, inner.chain, inner.swallowed, inner.services)
            return
        moved = inner
        commands = part.commands or (Simple(part.words, (), part.place.start, part.place.end),)
        for command in scripts.selected(commands, part.arguments):
            if command.words[:1] == ("cd",) and len(command.words) > 1:
                moved = replace(moved, directory=self.changed(moved.directory, command.words[1]))
                continue
            place = Place(part.place.path, command.start, command.end)
            here = self._with(command, replace(moved, chain=(*context.chain, place)))
            yield from self._follow(command.words, here, depth + 1)

    def _enter(self, bare: Unwrapped, context: Context) -> Context:
        """Step into a container: services started beside it, paths seen from the repository."""
        if bare.container is None:
            return context
        services = compose.services(self.inputs, bare.container, context.directory, context.env)
        return replace(context, services=(*context.services, *services))

    def _expand(self, bare: Unwrapped, context: Context) -> Iterable[Found] | None:
        """What the command leads to; None when it is a tool itself (or cannot be followed)."""
        if bare.text:
            return [Found(context.chain[-1], commands=_moved(split(bare.text), context.chain[-1]))]
        if bare.container is not None and bare.container.compose:
            return compose.started(self.inputs, bare.container, bare.words, context.directory, context.env)
        if not bare.words:
            return []
        words, where = bare.words, context.directory
        follow = self._ways.get(program(words[0]))
        if follow is not None:
            return follow(words, context)
        beside = context.chain[-1].path.rpartition("/")[0]
        in_files = scripts.files(self.inputs, words, where, context.root, beside)
        return in_files or (None if program(words[0]) in PROGRAMS else nodes.project_scripts(self.inputs, words, where))

    def _way_table(self) -> dict[str, _Way]:
        """By program, how to find what it runs; each answers None when it cannot tell."""
        inputs = self.inputs

        def make(words: tuple[str, ...], at: Context) -> list[Found] | None:
            return self._makefiles.targets(words, at.directory)

        def package(words: tuple[str, ...], at: Context) -> list[Found] | None:
            return nodes.scripts(inputs, words, at.directory)

        def several(words: tuple[str, ...], at: Context) -> list[Found] | None:
            return nodes.several(inputs, words, at.directory)

        def recipes(words: tuple[str, ...], at: Context) -> list[Found] | None:
            return nodes.recipes(inputs, words, at.directory)

        def commands(words: tuple[str, ...], at: Context) -> list[Found] | None:
            return pythonic.commands(inputs, words, at.directory)

        def tox(words: tuple[str, ...], at: Context) -> list[Found] | None:
            return toxfiles.environments(inputs, words, at.directory, at.env)

        def nox(words: tuple[str, ...], at: Context) -> list[Found] | None:
            return pythonic.sessions(inputs, words, at.directory, at.env)

        def hooks(words: tuple[str, ...], at: Context) -> list[Found] | None:
            return precommit.hooks(inputs, words, at.directory, at.root, at.env)

        return {
            **dict.fromkeys(("make", "gmake"), make),
            **dict.fromkeys(("npm", "yarn", "pnpm", "bun", "dotrun"), package),
            **dict.fromkeys(("run-s", "run-p", "npm-run-all", "concurrently"), several),
            **dict.fromkeys(("just", "task"), recipes),
            **dict.fromkeys(("invoke", "inv", "fab", "flask"), commands),
            **dict.fromkeys(("pre-commit", "prek"), hooks),
            "tox": tox,
            "nox": nox,
        }


# What only says what would be done.
_TALK = frozenset(
    {"echo", "printf", "exit", "true", "false", ":", "sleep", "set", "cd", "export", "test", "[", "source"}
)
# What prepares a machine: a target called "deploy" that does no more sets up a place to work in.
_SETS_UP = frozenset(
    {"pip", "pip3", "conda", "mamba", "micromamba", "apt", "apt-get", "apk", "brew", "virtualenv", "venv"}
)


def _deploying(words: tuple[str, ...], context: Context, inner: Iterable[Resolved]) -> Iterator[Resolved]:
    """What a script or target called after a deployment comes down to, and itself, where none of that is known to ship
    anything: its name tells what the team's own tools are for."""
    found = list(inner)
    yield from found
    acts = any(program(r.words[0]) not in _TALK | _SETS_UP for r in found if r.words)
    if acts and not any("deploy" in classify(r.words).kinds for r in found):
        yield Resolved(words, context.chain, context.swallowed, context.services)


def _moved(commands: tuple[Simple, ...], place: Place) -> tuple[Simple, ...]:
    """Commands of an inline text, placed where that text stands."""
    return tuple(replace_struct(c, start=place.start, end=place.end) for c in commands)


def _folders(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found
