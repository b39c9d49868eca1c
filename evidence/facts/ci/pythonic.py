"""Python that starts tools: nox sessions, invoke tasks, Flask commands, and scripts that call a runner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from evidence.facts.ci.found import Found
from evidence.facts.ci.programs import program
from evidence.facts.ci.reading import find, join
from evidence.facts.ci.records import CiInputs, Place
from evidence.facts.python.records import Call, Definition, Expr, Module
from evidence.facts.shell.lines import split

_RUNNERS = {
    "pytest.main": "pytest",
    "unittest.main": "unittest",
    "unittest.TextTestRunner": "unittest",
    "unittest.TextTestRunner().run": "unittest",
    "unittest.TestLoader": "unittest",
    "unittest.defaultTestLoader.discover": "unittest",
    "nose.main": "nose",
    "nose.run": "nose",
    "tests.main": "unittest",
}
_STARTERS = (
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.Popen",
)
# The first argument is a command line, or the program's name.
_BY_NAME = ("os.system", "subprocess.getoutput", "os.execvp", "os.execlp")
# Of these only the value tells that the program failed.
_SILENT = frozenset({"subprocess.run", "subprocess.call", "os.system"})
_ENDS = frozenset({"exit", "_exit", "quit", "SystemExit", "check_returncode", "abort", "fail"})
_COMMAND_WORDS = ("command", "task", "cli")
# Where a module adds commands by calls, any function of its may be one: ``app.cli.add_command(app.cli.command()(f))``.
_ADDERS = (".cli.add_command", ".cli.command")
# Options by which nox runs no session.
_IDLE = frozenset({"-l", "--list", "--list-sessions", "--install-only"})
# Options that a command hands on to the formatters it starts.
_CHECKS = frozenset({"--check", "--check-only", "--diff"})


def sessions(inputs: CiInputs, words: tuple[str, ...], directory: str, _env: Mapping[str, str]) -> list[Found] | None:
    """What the nox sessions of this command line run."""
    path = find(inputs.python, join(directory, _after(words, ("-f", "--noxfile")) or "noxfile.py"))
    if not path:
        return None
    idle = next((f"{w} runs nothing" for w in words[1:] if w in _IDLE), "")
    module = inputs.python[path]
    named = {n.split("-")[0].split("(")[0] for n in _listed(words, ("-s", "--session", "--sessions", "-e"))}
    named = {n for n in named if "$" not in n}
    found: list[Found] = []
    for definition in module.definitions:
        if not any(_decorated(d.expr, "nox.session") for d in definition.decorators):
            continue
        aliases = {_text(d.expr.kwarg("name")) for d in definition.decorators} | {definition.name}
        if not named or aliases & named:
            found.extend(_run_calls(path, module, definition, directory))
            found.extend(_called_on(path, module, definition, directory, shared=True))
    return [replace(f, swallowed=f.swallowed or idle) for f in found] or None


def commands(inputs: CiInputs, words: tuple[str, ...], directory: str) -> list[Found] | None:
    """What a command (``flask test``), an invoke task or a fabric task runs; None when none of that name is found."""
    from evidence.facts.ci.wrappers import skip_options

    rest = skip_options(words[1:], program(words[0]))
    if not rest:
        return None
    tasks = program(words[0]) in ("invoke", "inv", "fab")
    # ``inv app.tests``: a task of the module ``app``, or the one of its name in ``app/tests.py``
    *homes, name = rest[0].split(".") if tasks else rest[:1]
    files = {"tasks.py", "fabfile.py", "__init__.py", *(f"{home}.py" for home in (*homes, name) if homes)}
    for path, module, definition in _named(inputs).get(name, ()):
        if tasks and path.rsplit("/", 1)[-1] not in files:
            continue
        found = [*_run_calls(path, module, definition, directory), *_started(path, module, definition)]
        found = (
            found
            or list(_called_on(path, module, definition, directory))
            or list(_handed_on(path, module, definition, tuple(w for w in rest[1:] if w in _CHECKS)))
        )
        if found:
            return found
    return None


def _named(inputs: CiInputs) -> dict[str, list[tuple[str, Module, Definition]]]:
    """Every command and task of the snapshot by the names it goes by."""
    known: dict[str, list[tuple[str, Module, Definition]]] | None = inputs.kept.get("commands")
    if known is None:
        known = inputs.kept["commands"] = {}
        for path in sorted(inputs.python):
            module = inputs.python[path]
            listed = any(c.name.endswith(_ADDERS) for c in module.calls)
            for definition in module.definitions:
                names = _command_names(definition)
                if listed and not names and definition.kind == "function" and not definition.parent:
                    names = {definition.name, definition.name.replace("_", "-")}
                for name in sorted(names):
                    known.setdefault(name, []).append((path, module, definition))
    return known


def script(inputs: CiInputs, path: str, words: tuple[str, ...]) -> list[Found] | None:
    """What a Python script runs: ``manage.py COMMAND`` its command, another file the runners it calls."""
    if not path:
        return None
    module = inputs.python[path]
    at = next((i for i, w in enumerate(words) if w.endswith(program(path))), len(words))
    for name in words[at + 1 : at + 3]:
        for where, _module, definition in _named(inputs).get(name, ()):
            if where == path:
                return [*_started(path, module, definition)] or None
        if name in ("test", "tests"):
            followed = commands(inputs, ("flask", name), "")
            if followed:
                return followed
    return list(_started(path, module, None)) or None


def _command_names(definition: Definition) -> set[str]:
    """The names of a function that is decorated as a command or a task; none for another."""
    names: set[str] = set()
    for decorator in definition.decorators if definition.kind != "class" else ():
        expr = decorator.expr
        if expr.text.rpartition(".")[2] in _COMMAND_WORDS:
            given = (expr.args[0] if expr.args else expr.kwarg("name")) if expr.kind == "call" else None
            own = definition.name.replace("_", "-").removesuffix("-command")
            names |= {_text(given), definition.name, own} - {""}
    return names


def _decorated(expr: Expr, name: str) -> bool:
    return expr.text in (name, name.rpartition(".")[2])


def _text(expr: Expr | None) -> str:
    return expr.text if expr is not None and expr.kind in ("str", "fstring") else ""


def _after(words: tuple[str, ...], options: tuple[str, ...]) -> str:
    return next((words[i + 1] for i, w in enumerate(words[:-1]) if w in options), "")


def _listed(words: tuple[str, ...], options: tuple[str, ...]) -> Iterator[str]:
    """The values of options that take several words."""
    taking = False
    for word in words[1:]:
        if word in options:
            taking = True
        elif word.startswith("-"):
            taking = False
            if word.partition("=")[0] in options:
                yield word.partition("=")[2]
        elif taking:
            yield word


def _scopes(module: Module, definition: Definition | None) -> set[int] | None:
    """The scopes of a function and of those defined in it; None for the whole module."""
    if definition is None:
        return None
    scopes = {module.definitions.index(definition) + 1}
    for at, other in enumerate(module.definitions, 1):
        if other.parent in scopes:
            scopes.add(at)
    return scopes


def _calls(module: Module, definition: Definition | None) -> Iterator[Call]:
    scopes = _scopes(module, definition)
    yield from (c for c in module.calls if scopes is None or c.scope in scopes)


def _run_calls(path: str, module: Module, definition: Definition, directory: str) -> Iterator[Found]:
    """``session.run("pytest", ...)`` of nox, ``c.run("pytest ...")`` of invoke."""
    first = definition.params[0] if definition.params else "session"
    for call in _calls(module, definition):
        if call.name not in (f"{first}.run", f"{first}.run_always", f"{first}.local", f"{first}.sudo"):
            continue
        texts = [_text(a) or _first_of(module, call, a) for a in call.expr.args]
        place = Place(path, call.start, call.end)
        ignored = call.expr.kwarg("success_codes") is not None
        warn = call.expr.kwarg("warn")
        muted = "success_codes" if ignored else "warn=True" if warn is not None and warn.text == "True" else ""
        if len(texts) == 1 and " " in texts[0]:
            yield Found(place, commands=split(texts[0], first_line=call.start), directory=directory, swallowed=muted)
        elif texts and texts[0]:
            yield Found(place, words=tuple(t for t in texts if t), directory=directory, swallowed=muted)


def _called_on(
    path: str, module: Module, definition: Definition, directory: str, *, shared: bool = False
) -> Iterator[Found]:
    """What the other tasks of the file run that a task calls: ``coverage`` runs ``test_cov`` and a report. ``shared``
    takes in functions that are handed the session."""
    for call in _calls(module, definition):
        other = next((d for d in module.definitions if d.name == call.name and d is not definition), None)
        if other is not None and (other.decorators or (shared and other.params[:1] == definition.params[:1])):
            yield from _run_calls(path, module, other, directory)


def _handed_on(path: str, module: Module, definition: Definition, flags: tuple[str, ...]) -> Iterator[Found]:
    """Tools that a command names to a function of its own which starts what it is given: ``execute("Style",
    "flake8")``."""
    scopes = _scopes(module, definition) or set()
    inner = {at for at in scopes if module.definitions[at - 1] is not definition}
    starting = {c.scope for c in module.calls if c.scope in inner and c.name in _STARTERS}
    helpers = {module.definitions[at - 1].name for at in starting}
    for call in _calls(module, definition):
        words = tuple(t for a in call.expr.args if (t := _text(a)) and " " not in t)
        if call.last in helpers and words:
            yield Found(Place(path, call.start, call.end), words=(*words, *flags))


def _first_of(module: Module, call: Call, value: Expr) -> str:
    """The command that a variable begins with: ``cmd = ["pytest app"]``, given as ``" ".join(cmd)``."""
    names = {e.text for e in value.walk() if e.kind == "name"}
    for item in module.assigns:
        if item.scope == call.scope and item.target in names:
            first = item.value.items[0] if item.value.kind == "list" and item.value.items else item.value
            if text := _text(first):
                return text
    return ""


def _started(path: str, module: Module, definition: Definition | None) -> Iterator[Found]:
    """Runners called from Python, and programs started with subprocess or os.system."""
    seen = set()
    for call in _calls(module, definition):
        place = Place(path, call.start, call.end)
        runner = _RUNNERS.get(call.name)
        if runner and runner not in seen:
            seen.add(runner)
            arguments = [t for a in call.expr.args for t in ([_text(i) for i in a.items] or [_text(a)]) if t]
            yield Found(place, words=(runner, *arguments), final=True)
        elif call.name in (*_STARTERS, *_BY_NAME) and call.expr.args:
            argument = call.expr.args[0]
            words = tuple(t for t in (_text(i) for i in argument.items) if t) if argument.kind == "list" else ()
            lost = _unheeded(module, call)
            if words:
                yield Found(place, words=words, swallowed=lost)
            elif argument.kind == "str":
                yield Found(place, commands=split(argument.text, first_line=call.start), swallowed=lost)


def _unheeded(module: Module, call: Call) -> str:
    """Why a failure of a program started from Python is lost: its exit code is kept nowhere, and nothing in the file
    ends with one."""
    if call.name not in _SILENT or call.target or call.expr.kwarg("check") is not None:
        return ""
    ends = module.raises or module.checks or any(c.last in _ENDS for c in module.calls)
    told = any(name.endswith("returncode") for names in module.refs for name in names)
    return "" if ends or told else "its exit code is not looked at"
