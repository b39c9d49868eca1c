"""Where debug mode is switched on, and whether the default or production path of the project reaches it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.debug.loaded import loaded
from evidence.facts.debug.places import ASIDE, DebugSwitch, served
from evidence.facts.debug.started import described, named_values, started
from evidence.facts.debug.values import APART, is_on, named_on
from evidence.facts.deployment.environments import environment_of
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.facts.roles import Role
from evidence.facts.settings import Read
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_CHOICES = regex(r"(?:^|_)(?:ENV|ENVIRONMENT|CONFIG|SETTINGS|STAGE|MODE)(?:_|$)|CONFIG$|SETTINGS$")
# A flag that the function is given, or a setting that it looks at before it switches.
_ASKED = regex(r"(?:[\w.]{1,60}\.)?(?:is_|in_|use_)?debug(?:_mode|_enabled|ging)?", re.IGNORECASE)
_RUNNERS = frozenset(
    {"app", "application", "socketio", "flask_app", "server", "connexion_app", "create_app", "make_app", "current_app"}
)


def debug_switches(project: Project) -> tuple[DebugSwitch, ...]:
    """Every switch that is not plainly for development alone, in path and line order."""
    found = {
        *_runs(project),
        *_assigned(project),
        *_chosen(project),
        *described(project),
        *started(project),
        *loaded(project),
    }
    for config in project.served_specs.foca:
        node = config.root.get("server", "debug")
        if node is not None and node.text.lower() == "true" and environment_of(config.path) not in APART:
            found.add(DebugSwitch(config.path, node.start, node.end, "setting", True))
    return tuple(sorted(found, key=lambda s: (s.path, s.start, s.end, s.how)))


# ------------------------------------------------------------------------------------------------------- in code


def _runs(project: Project) -> Iterator[DebugSwitch]:
    """``app.run(debug=True)``: in the script that is started; aside where a server imports the application instead."""
    for file in project.app:
        if environment_of(file.path) in APART:
            continue
        for call in file.module.calls:
            receiver, _, method = call.name.rpartition(".")
            value = call.expr.kwarg("debug") or call.expr.kwarg("use_debugger")
            if method != "run" or value is None or not _is_app(project, file, call.scope, receiver):
                continue
            if not is_on(value) and not named_on(project, file, call.scope, value):
                continue
            guarded = 0 < file.module.main < call.start or call.scope > 0
            begun = any(_names_file(s.text, file.path) for s in project.starts if s.environment not in APART)
            reached = begun or not served(project) or not (guarded or _stands_alone(project, file))
            yield DebugSwitch(file.path, call.start, call.end, "run", reached)


def _stands_alone(project: Project, file: PyFile) -> bool:
    """Whether only a command of its own runs this file: no server is given it, and no other code imports it."""
    module = file.path.removesuffix(".py").replace("/", ".")
    named = {module, module.rpartition(".")[2]}
    given = (w.strip("'\"").partition(":")[0] for s in project.starts if s.serves for w in s.text.split())
    importers = project.imports.graph.predecessors(file.path)
    return named.isdisjoint(given) and all(project.python[path].role is Role.TEST for path in importers)


def _is_app(project: Project, file: PyFile, scope: int, receiver: str) -> bool:
    instance = project.web.instance(file, scope, receiver)
    if instance is not None:
        return instance.kind == "app"
    return receiver.rpartition(".")[2].partition("(")[0] in _RUNNERS


def _names_file(text: str, path: str) -> bool:
    """Whether a command runs this file with Python: by its path, or as a module."""
    words = text.split()
    module = path.removesuffix(".py").replace("/", ".")
    runs = [i for i, w in enumerate(words) if re.fullmatch(r"(?:.{0,80}/)?python[\d.]{0,5}", w)]
    named = {path, module, path.rpartition("/")[2]}
    return any(w in named or w.rpartition("/")[2] in named for i in runs for w in words[i + 1 : i + 4])


def _assigned(project: Project) -> Iterator[DebugSwitch]:
    """``DEBUG = True`` in settings that production uses, and on the application itself."""
    for file in project.app:
        if environment_of(file.path) in APART:
            continue
        items: list[Assign | Call] = [*file.module.assigns, *file.module.calls]
        for item in items:
            how = _what(project, file, item)
            if how:
                reached = how == "setting" or _reached(project, file, item)
                yield DebugSwitch(file.path, item.start, item.end, how, reached)


def _what(project: Project, file: PyFile, item: Assign | Call) -> str:
    """``setting`` for DEBUG in settings of production, ``application`` for the switch of the object, else ""."""
    if isinstance(item, Call) and item.name.endswith((".config.update", ".config.from_mapping")):
        value = item.expr.kwarg("DEBUG")
        return "application" if value is not None and is_on(value) else ""
    if item.target != "DEBUG" and not item.target.endswith((".debug", ".config[DEBUG]")):
        return ""
    if not is_on(item.expr if isinstance(item, Call) else item.value):
        return ""
    if item.target == "DEBUG":
        return "setting" if _is_for_production(project, file, item.scope) else ""
    receiver = re.sub(r"\.(?:debug|config\[DEBUG\])$", "", item.target)
    return "application" if receiver != item.target and _is_app(project, file, item.scope, receiver) else ""


def _is_for_production(project: Project, file: PyFile, scope: int) -> bool:
    """Whether production uses the settings of this scope: its own class, a base that it does not correct, or a module
    that the application loads."""
    classes = project.settings.classes
    here = next((c for c in classes if c.file is file and c.scope == scope), None)
    if here is None:
        return scope == 0 and file.path in project.settings.modules and bool(project.settings.loads)
    if here.environment:
        return here.environment == "production"
    corrected = any(c.environment == "production" and _sets_debug(c.file, c.scope) for c in classes)
    return not corrected and (here.base or len(classes) == 1)


def _sets_debug(file: PyFile, scope: int) -> bool:
    return (scope, "DEBUG") in file.assigned


def _reached(project: Project, file: PyFile, item: Assign | Call) -> bool:
    """Not so in the part that only a script's own start runs, nor in a scope that asks for the environment first."""
    guarded = 0 < file.module.main < item.start and item.scope == 0
    asks = any(
        re.search(r"environ|getenv|ENV\b|\.env$|get_debug_flag", r) or _ASKED.fullmatch(r)
        for r in file.module.refs[item.scope]
    )
    return project.reach.live(file.path, item.scope) and not asks and not (guarded and served(project))


# ------------------------------------------------------------------------------------- a development configuration


def _chosen(project: Project) -> Iterator[DebugSwitch]:
    """A development class with debug on that is loaded by name, or chosen by a variable that the repository's own
    start of a production server leaves unset. Chosen by default alone it is a development configuration and no
    more."""
    debugging = [
        c
        for c in project.settings.classes
        if c.environment == "development"
        and any(a.scope == c.scope and a.target == "DEBUG" and is_on(a.value) for a in c.file.module.assigns)
    ]
    if not debugging:
        return
    names = {c.definition.name for c in debugging}
    homes = {c.file.path for c in debugging}
    for file, call in project.settings.loads:
        first = call.expr.args[0] if call.expr.args else None
        alone = sum(c.scope == call.scope for f, c in project.settings.loads if f is file) == 1
        if first is not None and alone and (_names_one_of(first, names) or _takes_development(first)):
            yield DebugSwitch(file.path, call.start, call.end, "development", True)
    for read in project.settings.reads if served(project) else ():
        loads = any(f is read.file and c.scope == read.scope for f, c in project.settings.loads)
        inside = read.file.definition(read.scope)
        chooses = loads or (read.file.path in homes and (inside is None or inside.kind == "function"))
        if (
            chooses
            and _CHOICES.search(read.name)
            and _means_development(read, names, homes, project)
            and not _selects(project, read.name)
        ):
            yield DebugSwitch(read.file.path, read.start, read.end, "development", True)


def _names_one_of(value: Expr, names: set[str]) -> bool:
    return value.kind in ("str", "name") and value.text.rpartition(".")[2] in names


def _takes_development(value: Expr) -> bool:
    """``configs["development"]``"""
    key = value.items[0] if value.kind == "index" and value.items else None
    return key is not None and key.kind == "str" and environment_of(key.text) == "development"


def _means_development(read: Read, names: set[str], homes: set[str], project: Project) -> bool:
    """Whether the value without the variable is development, or the default of a mapping that leads there."""
    values = [read.default] if read.default is not None else []
    values.extend(_alternatives(read))
    if any(environment_of(v.text) == "development" for v in values):
        return True
    mapped = (
        a.value.kwarg("default") for p in homes for a in project.python[p].module.assigns if a.value.kind == "dict"
    )
    default = any(v is not None and v.text.rpartition(".")[2] in names for v in mapped)
    return default and any(v.text == "default" for v in values)


def _alternatives(read: Read) -> Iterator[Expr]:
    """What stands after ``or`` beside the read: ``os.getenv("FLASK_CONFIG") or "default"``, wherever it is used."""
    module, function = read.file.module, read.file.definition(read.scope)
    around = [a.value for a in module.assigns if a.start <= read.start <= a.end]
    around.extend(c.expr for c in module.calls if c.start <= read.start <= c.end)
    around.extend(function.returns if function is not None else ())
    for value in around:
        for part in value.walk():
            if part.kind == "op" and part.text == "or" and any(e.text == read.name for e in part.walk()):
                yield part.items[-1]


def _selects(project: Project, name: str) -> bool:
    """Whether an image, manifest, command or script of the repository sets the variable to something that is not for
    development or tests."""
    texts = [line.text for c in project.commands.values() for line in c.lines]
    texts.extend(f"{name}={c.variables[name][0]}" for c in project.commands.values() if name in c.variables)
    texts.extend(
        i.text for d in project.dockerfiles.values() for i in d.instructions if i.word in ("ENV", "CMD", "ENTRYPOINT")
    )
    texts.extend(t.text for p, t in project.texts.items() if p.endswith((".tf", ".service", ".conf")))
    texts.extend(
        f"{k}={v}"
        for p, d in project.data.items()
        if not ASIDE.search(p)
        for k, v, _ in named_values(d.roots)
        if k == name
    )
    found = [
        m[1]
        for text in texts
        for m in re.finditer(rf"\b{re.escape(name)}[\"']?\s{{0,3}}[=: ]\s{{0,3}}[\"']?([\w.${{}}:-]{{1,60}})", text)
    ]
    return any(environment_of(value) not in APART for value in found)
