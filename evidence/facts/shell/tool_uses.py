"""The commands that developers and scripts of a repository run: Makefiles, tox, tasks, npm scripts, hooks, nox, shell.

Unlike :mod:`evidence.facts.ci` nothing is followed here: every line that a command file would run is told apart by the
tool it starts, whoever starts the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.ci import CiRun
    from evidence.facts.ci.found import Found
    from evidence.facts.project import Project
    from evidence.facts.shell.lines import Simple

_STARTERS = frozenset({
    "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen",
    "os.system", "pytest.main",
})  # fmt: skip
_TASK_FILES = frozenset({"noxfile.py", "tasks.py", "fabfile.py", "dodo.py"})
_TASK_FOLDER = "tasks/"
_RUNS = frozenset({"run", "run_always", "local", "sudo"})
_HOOKS = ".pre-commit-config.yaml"
_ROLES = (Role.APP, Role.TEST)
_INSTALLERS = ("pip", "pip3", "pipenv", "poetry", "pdm", "uv", "pip-sync", "tox", "nox")
_MAX_LINE = 4_000
_PROGRAM = regex(r"[A-Za-z][\w.\-]{0,60}")


class ToolUse(Struct, frozen=True):
    """One command of a file. ``words`` are as written (wrappers such as ``poetry run`` or ``coverage run`` included);
    ``tool`` and ``kinds`` as in :class:`evidence.facts.ci.CiRun`; ``muted`` says why its failure is lost. ``section``
    is the Makefile target, tox environment, task, or ``hook`` for a pre-commit hook."""

    path: str
    start: int
    end: int
    section: str
    words: tuple[str, ...]
    tool: str
    kinds: tuple[str, ...]
    muted: str = ""

    @property
    def measures_coverage(self) -> bool:
        """Whether it runs something under coverage."""
        return measures_coverage(self.words)


def measures_coverage(words: tuple[str, ...]) -> bool:
    """Whether a command measures coverage of Python: ``coverage run``, or a runner with ``--cov``."""
    # data is combined only where several processes measured
    if any(a.rpartition("/")[2] in ("coverage", "coverage3") and b in ("run", "combine") for a, b in pairwise(words)):
        return True
    return any(w in ("--cov", "--with-coverage") or w.startswith(("--cov=", "--cov-report")) for w in words)


def written(run: CiRun) -> tuple[str, ...]:
    """The words of a CI run as its pipeline writes them, before anything was followed; () for a ready-made action."""
    places = [place.start for place in run.chain if place.path == run.step.path]
    return next((c.words for at in places for c in run.step.commands if c.start <= at <= c.end), ())


def tool_uses(project: Project) -> tuple[ToolUse, ...]:
    """Every command that a line naming a known tool or installer holds, in the project's own files, in path order."""
    found = {*_command_files(project), *_declared(project), *_hooks(project), *_started(project)}
    return tuple(sorted(found, key=lambda u: (u.path, u.start, u.end, u.section, u.words)))


def _use(path: str, section: str, command: Simple) -> ToolUse:
    from evidence.facts.ci.tools import classify
    from evidence.facts.ci.wrappers import unwrap
    from evidence.facts.shell.lines import split

    bare = unwrap(command.words)
    inner = split(bare.text)[:1] if bare.text else ()
    verdict = classify(unwrap(inner[0].words).words if inner else bare.words)
    muted = command.swallowed or verdict.muted
    return ToolUse(path, command.start, command.end, section, command.words[:60], verdict.tool, verdict.kinds, muted)


def _lines(path: str, section: str, text: str, start: int) -> Iterator[ToolUse]:
    from evidence.facts.shell.lines import split

    if not _known().isdisjoint(_PROGRAM.findall(text[:_MAX_LINE])):
        for command in split(text[:_MAX_LINE], first_line=start):
            yield _use(path, section, command)


@cache
def _known() -> frozenset[str]:
    """The programs worth parsing a line for: most lines of most scripts name none of them."""
    from evidence.facts.ci.tool_table import PROGRAMS

    return frozenset({*PROGRAMS, *_INSTALLERS, "coverage", "coverage3"}) - {"curl", "wget", "http", "https"}


def _command_files(project: Project) -> Iterator[ToolUse]:
    for path, commands in project.commands.items():
        if role_of(path) in _ROLES:
            for line in commands.lines:
                yield from _lines(path, line.section, line.text, line.start)


def _declared(project: Project) -> Iterator[ToolUse]:
    from evidence.facts.shell.declared_commands import commands_of, commands_of_services

    for path, data in project.data.items():
        if role_of(path) not in _ROLES:
            continue
        commands = commands_of(path, data.root)
        for line in (*(commands.lines if commands is not None else ()), *commands_of_services(path, data.root)):
            yield from _lines(path, line.section, line.text, line.start)


def _hooks(project: Project) -> Iterator[ToolUse]:
    """The hooks of every pre-commit configuration."""
    from evidence.facts.ci import CiInputs, precommit
    from evidence.facts.shell.lines import Simple

    inputs = CiInputs(data=project.data, commands={}, texts={}, python={}, paths=project.paths)
    for path in project.data:
        folder, _, name = path.rpartition("/")
        if name != _HOOKS or role_of(path) not in _ROLES:
            continue
        found: list[Found] = precommit.hooks(inputs, ("pre-commit", "run"), folder, folder, {}) or []
        for item in found:
            for command in item.commands or (Simple(item.words, (), item.place.start, item.place.end),):
                yield _use(path, "hook", command)


def _started(project: Project) -> Iterator[ToolUse]:
    """Programs that Python starts: nox sessions, invoke tasks, and calls of subprocess."""
    from evidence.facts.shell.lines import Simple

    for path, file in project.python.items():
        if file.role not in _ROLES:
            continue
        tasks = path.rpartition("/")[2] in _TASK_FILES or path.startswith(_TASK_FOLDER)
        for call in file.module.calls:
            if not (call.name in _STARTERS or (tasks and call.last in _RUNS)):
                continue
            around = file.definition(call.scope)
            section = around.name if around is not None else ""
            words, text = _told(file, call)
            if text:
                yield from _lines(path, section, text, call.start)
            elif words:
                yield _use(path, section, Simple(words, (), call.start, call.end))


def _told(file: PyFile, call: Call) -> tuple[tuple[str, ...], str]:
    """The words a call starts (from a list, or one by one), or the one text it hands to a shell; a variable of the same
    scope stands for what it is first assigned. Of a sum the first part tells what is started."""
    arguments = call.expr.args
    if not arguments:
        return (), ""
    first = arguments[0]
    first = first.items[0] if first.kind == "op" and first.text == "+" and first.items else first
    if first.kind == "name":
        given = next(iter(file.assigned.get((call.scope, first.text), ())), None)
        first = given.value if isinstance(given, Assign) else first
    if first.kind == "list":
        words = _words(first.items)
        return (("pytest", *words) if call.name == "pytest.main" else words), ""
    if first.kind in ("str", "fstring") and len(arguments) == 1:
        return (), first.text
    return _words(arguments), ""


def _words(items: tuple[Expr, ...]) -> tuple[str, ...]:
    return tuple(i.text for i in items if i.kind in ("str", "fstring") and i.text)[:60]
