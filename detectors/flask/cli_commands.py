"""Custom CLI commands: operations that run inside the application, by name, from a shell.

**What it sees.** Commands on ``app.cli``, on a blueprint's ``cli``, in an ``AppGroup`` or ``FlaskGroup``, click
groups whose commands make the application, Flask-Script managers, and tests that run them with a CLI runner.

**Why it matters.** Back-fills, seeds and maintenance that live beside the application share its configuration and can
be tested; a folder of loose scripts cannot.

**What it cannot tell.** Whether the commands are safe to run twice, or who runs them.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Call, Definition, Observations, Project, PyFile, Signal, Site, Sites, plural

_GROUPS = ("flask.cli.AppGroup", "flask.cli.FlaskGroup", "flask.AppGroup", "flask.FlaskGroup", "quart.cli.AppGroup")
_SCRIPT = ("flask_script.Manager",)
_CLICK = ("click", "rich_click", "asyncclick", "typer")
_RUNNERS = ("click.testing.CliRunner", "flask.testing.FlaskCliRunner")
# Commands that only start or stop the server, or that the extensions bring along.
_SERVER_ONLY = frozenset({"run", "runserver", "serve", "shell", "server", "start"})


def _commands(sites: Sites) -> set[str]:
    return {s.subject for s in sites.of("command") if s.subject.rpartition(":")[2] not in _SERVER_ONLY}


def _statement(sites: Sites) -> str:
    commands = _commands(sites)
    names = sorted({c.rpartition(":")[2] for c in commands})
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    if not commands and sites.of("unattached"):
        return "There are commands, but nothing that runs attaches them to the application."
    if not commands:
        return "There are command-line tasks, but none that runs inside the application."
    tail = "; tests run them with a CLI runner" if sites.of("tested") else ""
    return f"{plural(len(commands), 'command')} run inside the application ({shown}){tail}."


CLI_COMMANDS = Signal(
    id="flask.cli_commands",
    title="Custom CLI commands",
    competency="extensions",
    seeds=("S2.1",),
    counts=(
        "Commands are registered on the application, a blueprint, an AppGroup or a FlaskGroup, or in a click "
        "group that makes the application."
    ),
    strong="Tests run them with test_cli_runner or CliRunner.",
    not_credited="A manage.py that only starts the server; tasks of a task runner outside the application.",
    how_to_show=(
        "Register commands with @app.cli.command or an AppGroup, and run one in a test with app.test_cli_runner()."
    ),
    clauses=("command", "tested", "unattached", "brought", "task"),
    leads=("unattached", "brought", "task"),
    defining=("command",),
    applies="flask",
    practised=lambda sites: bool(_commands(sites)),
    sustained=lambda sites: bool(sites.of("tested")),
    measures=lambda sites: {"commands": len(_commands(sites)), "tested": sites.count("tested")},
    statement=_statement,
)
SIGNALS = (CLI_COMMANDS,)


class _Wiring:
    """What of the project wires commands, looked up once: names that code or entry points refer to, those added to an
    application's command line, and the files that make an application."""

    def __init__(self, project: Project) -> None:
        self.factories = factories = {(f.file.path, f.definition.qualname) for f in project.web.factories}
        self.referred_to = {m.text.rpartition(":")[2] for m in project.mentions if ":" in m.text}
        self.added: set[str] = set()
        self.making: set[str] = set()
        for file in project.app:
            refs = {r for scope in file.module.refs for r in scope}
            self.referred_to.update(r.rpartition(".")[2] for r in refs)
            if any(project.resolve(file, r) in factories for r in refs):
                self.making.add(file.path)
            for call in file.module.calls:
                if call.name.endswith(".cli.add_command") and call.expr.args:
                    self.added.add(call.expr.args[0].text.rpartition(".")[2])


def detect(project: Project) -> Observations:
    """Commands wired to the application, and tests that run them."""
    found = False
    wiring = _Wiring(project)
    for file in project.app:
        for definition in file.module.definitions:
            clause = _clause(project, wiring, file, definition)
            if clause:
                clause = clause if project.reach.live(file.path, definition.parent) else "unattached"
                found = found or clause == "command"
                yield CLI_COMMANDS, _site(file, definition, clause, f"{file.path}:{definition.name}")
        for call in file.module.calls:
            if _adds(project, file, call) and project.reach.live(file.path, call.scope):
                clause, subject = _added(project, file, call)
                found = found or clause == "command"
                yield CLI_COMMANDS, _site(file, call, clause, subject)
    if found:
        yield from _tested(project)


def _site(file: PyFile, at: Definition | Call, clause: str, subject: str) -> Site:
    return Site(path=file.path, start=at.start, end=at.end, clause=clause, subject=subject)


def _clause(project: Project, wiring: _Wiring, file: PyFile, definition: Definition) -> str:
    """What the decorators of a definition make of it; "" nothing of a command."""
    for decorator in definition.decorators:
        receiver, _, method = decorator.expr.text.rpartition(".")
        if decorator.expr.text in ("invoke.task", "fabric.task"):
            return "task"
        if decorator.expr.text.startswith("flask.cli.with_appcontext"):
            return "command" if definition.name in wiring.referred_to else "unattached"
        if method in ("command", "group", "option") and _hung(project, wiring, file, definition, receiver, method):
            return "command"
    return ""


def _hung(project: Project, wiring: _Wiring, file: PyFile, definition: Definition, receiver: str, method: str) -> bool:
    """Whether ``@receiver.method`` hangs a function on something that runs inside the application."""
    if method == "option" or not receiver:
        return _holds(project, file, definition.parent, receiver, _SCRIPT)
    if receiver.endswith(".cli") or _is_command_line(file, definition.parent, receiver):
        return True
    if method == "command" and (
        _is_group(project, wiring, file, definition.parent, receiver)
        or _holds(project, file, definition.parent, receiver, _SCRIPT)
    ):
        return True
    click = receiver.partition(".")[0] in _CLICK or project.defined(file, receiver) is not None
    return (
        click
        and definition.kind == "function"
        and file.path in wiring.making
        and not _only_serves(project, wiring, file, definition)
    )


def _is_command_line(file: PyFile, scope: int, name: str) -> bool:
    """Whether a variable is the application's command line under a name of its own: ``cli = cast(Group, app.cli)``."""
    for item in file.assigned.get((scope, name), ()):
        value = item.expr if isinstance(item, Call) else item.value
        held = value.args[-1] if value.kind == "call" and value.text.endswith("cast") and value.args else value
        if held.kind in ("name", "index") and held.text.endswith("app.cli"):
            return True
    return False


def _only_serves(project: Project, wiring: _Wiring, file: PyFile, definition: Definition) -> bool:
    """Whether a command makes the application and starts its server, whatever it is called, and does no more."""
    does = {c.last for c in file.calls_in(file.scopes.get(definition.qualname, 0)) if c.target != "decorator"}
    makes = {name.rpartition(".")[2] for _, name in wiring.factories}
    return bool(does & _SERVER_ONLY) and does <= _SERVER_ONLY | makes


def _holds(project: Project, file: PyFile, scope: int, name: str, classes: tuple[str, ...]) -> bool:
    """Whether a variable holds an object of one of these outside classes."""
    return bool(name) and project.variable_class(file, scope, name) in classes


def _is_group(project: Project, wiring: _Wiring, file: PyFile, scope: int, receiver: str) -> bool:
    """Whether commands hung on this name belong to an AppGroup or to a group declared as FlaskGroup."""
    if not receiver:
        return False
    if _holds(project, file, scope, receiver, _GROUPS):
        return True
    found = project.defined(file, receiver)
    if found is None:
        return False
    for decorator in found[1].decorators:
        cls = decorator.expr.kwarg("cls")
        if cls is not None and project.class_of(found[0], cls.text) in _GROUPS:
            return True
        if decorator.expr.text.rpartition(".")[0].endswith(".cli"):
            return True
    return found[1].name in wiring.added


def _adds(project: Project, file: PyFile, call: Call) -> bool:
    """``app.cli.add_command(...)``, ``app.cli.command()(f)``, or a class or function added to a Flask-Script
    manager."""
    if call.name.endswith(".cli.command()"):
        return True
    receiver, _, method = call.name.rpartition(".")
    if method != "add_command" or not receiver:
        return False
    return receiver.endswith(".cli") or _holds(project, file, call.scope, receiver, (*_SCRIPT, *_GROUPS))


def _added(project: Project, file: PyFile, call: Call) -> tuple[str, str]:
    """What a call adds: the project's own command, or one that an extension brought along; and its name after the file
    that defines it, so that a command which is decorated in one place and added in another is one command."""
    args = call.expr.args
    what = next((a for a in args if a.kind in ("name", "call")), None)
    if what is not None and (found := project.defined(file, what.text)) is not None:
        return "command", f"{found[0].path}:{found[1].name}"
    named = next((a.text for a in args if a.kind == "str"), "") or (what.text.rpartition(".")[2] if what else "command")
    brought = what is not None and file.imported(what.text) and project.external(file, what.text)
    return ("brought" if brought else "command"), f"{file.path}:{named}"


def _tested(project: Project) -> Observations:
    made = {id(call) for _, call, name in project.calls(project.tests, *_RUNNERS) if name in _RUNNERS}
    for file in project.tests:
        for call in file.module.calls:
            if id(call) in made or call.name.endswith(".test_cli_runner"):
                around = file.function_of(call.scope)
                if around is None or around.asserts or not around.name.startswith("test"):
                    place = Site(path=file.path, start=call.start, end=call.end, clause="tested", subject=file.path)
                    asking = list(_asking(project, around.name)) if around is not None and around.decorators else []
                    yield from ((CLI_COMMANDS, site) for site in asking or [place])


def _asking(project: Project, fixture: str) -> Iterator[Site]:
    """The first test of each file that asks for a fixture which makes a runner."""
    for file in project.tests:
        for item in file.module.definitions:
            if item.name.startswith("test") and fixture in item.params:
                yield Site(path=file.path, start=item.start, end=item.end, clause="tested", subject=file.path)
                break
