"""Where debug mode is switched on, and whether the default or production path of the project reaches it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.facts.debug_values import APART as _APART
from evidence.facts.debug_values import is_on, named_on
from evidence.facts.deployment.environments import environment_of
from evidence.facts.deployment.manifests import variables
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.facts.records import Node
from evidence.facts.settings import Read

if TYPE_CHECKING:
    from evidence.facts.project import Project

_SWITCH = re.compile(
    r"(?:FLASK_DEBUG\s{0,2}[=:]?\s{0,2}[\"']?(?:1|[Tt]rue|on|yes)\b|FLASK_ENV\s{0,2}[=:]?\s{0,2}[\"']?development\b)"
)
_FLAG = re.compile(r"\bflask\b.{0,80}\brun\b.{0,80}--debug(?:ger)?\b(?!-)|\bflask\s.{0,60}--debug\s.{0,60}\brun\b")
_CHOICES = re.compile(r"(?:^|_)(?:ENV|ENVIRONMENT|CONFIG|SETTINGS|STAGE|MODE)(?:_|$)|CONFIG$|SETTINGS$")
# A flag that the function is given, or a setting that it looks at before it switches.
_ASKED = re.compile(r"(?:[\w.]{1,60}\.)?(?:is_|in_|use_)?debug(?:_mode|_enabled|ging)?", re.IGNORECASE)
_ASIDE = re.compile(
    r"(?:^|/)(?:\.github|\.circleci|\.gitlab|\.vscode|\.idea|\.devcontainer|\.ci)(?:/|[-.])|example|sample"
    r"|override|\.flaskenv"
)
_SHOWN_APART = (*_APART, "preview")
# A container that somebody sits in front of: what is deployed has no terminal.
_BY_HAND = re.compile(r"\bdocker\s{1,4}run\b.{0,200}\s-(?:it|ti)\b")
_COMPOSE = re.compile(r"compose[\w.-]{0,60}\.ya?ml$")
_RUNNERS = frozenset(
    {"app", "application", "socketio", "flask_app", "server", "connexion_app", "create_app", "make_app", "current_app"}
)


@dataclass(frozen=True)
class DebugSwitch:
    """One switch. ``how``: run, setting, application, development (a configuration that is chosen), variable or
    command; ``reached`` means that the default or production path comes by it."""

    path: str
    start: int
    end: int
    how: str
    reached: bool


def debug_switches(project: Project) -> tuple[DebugSwitch, ...]:
    """Every switch that is not plainly for development alone, in path and line order."""
    found = {*_runs(project), *_assigned(project), *_chosen(project), *_set(project), *_started(project)}
    for config in project.served_specs.foca:
        node = config.root.get("server", "debug")
        if node is not None and node.text.lower() == "true" and environment_of(config.path) not in _APART:
            found.add(DebugSwitch(config.path, node.start, node.end, "setting", True))
    return tuple(sorted(found, key=lambda s: (s.path, s.start, s.end, s.how)))


def _served(project: Project) -> bool:
    """Whether some start command that is not for development uses a production server."""
    return any(s.serves and s.environment not in _APART for s in project.starts)


# ------------------------------------------------------------------------------------------------------- in code


def _runs(project: Project) -> Iterator[DebugSwitch]:
    """``app.run(debug=True)``: in the script that is started; aside where a server imports the application instead."""
    for file in project.app:
        if environment_of(file.path) in _APART:
            continue
        for call in file.module.calls:
            receiver, _, method = call.name.rpartition(".")
            value = call.expr.kwarg("debug") or call.expr.kwarg("use_debugger")
            if method != "run" or value is None or not _is_app(project, file, call.scope, receiver):
                continue
            if not is_on(value) and not named_on(project, file, call.scope, value):
                continue
            guarded = 0 < file.module.main < call.start or call.scope > 0
            started = any(_names_file(s.text, file.path) for s in project.starts if s.environment not in _APART)
            reached = started or not guarded or not _served(project)
            yield DebugSwitch(file.path, call.start, call.end, "run", reached)


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
        if environment_of(file.path) in _APART:
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
        return here.environment in ("production", "staging")
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
    return project.reach.live(file.path, item.scope) and not asks and not (guarded and _served(project))


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
        if first is not None and first.kind in ("str", "name") and first.text.rpartition(".")[2] in names and alone:
            yield DebugSwitch(file.path, call.start, call.end, "development", True)
    for read in project.settings.reads if _served(project) else ():
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
        f"{k}={v}" for p, d in project.data.items() if not _ASIDE.search(p) for k, v, _ in _all(d.roots) if k == name
    )
    found = [
        m[1]
        for text in texts
        for m in re.finditer(rf"\b{re.escape(name)}[\"']?\s{{0,3}}[=: ]\s{{0,3}}[\"']?([\w.${{}}:-]{{1,60}})", text)
    ]
    return any(environment_of(value) not in _APART for value in found)


# ----------------------------------------------------------------------------------------- images, manifests, scripts


def _set(project: Project) -> Iterator[DebugSwitch]:
    """``FLASK_DEBUG=1`` and ``FLASK_ENV=development`` where a service is described or started."""
    for path, dockerfile in project.dockerfiles.items():
        stages = [i.stage for i in dockerfile.instructions if i.word == "FROM"]
        for item in dockerfile.instructions:
            if (
                item.word == "ENV"
                and item.stage == max(stages, default=0)
                and _SWITCH.search(item.text)
                and not _apart(path)
            ):
                yield DebugSwitch(path, item.start, item.end, "variable", True)
    for path, data in project.data.items():
        name = path.rpartition("/")[2]
        if name.startswith((".flaskenv", ".env")) and "example" not in name and environment_of(name) not in _APART:
            yield from (
                DebugSwitch(path, line, line, "variable", False)
                for key, value, line in _all(data.roots)
                if _SWITCH.fullmatch(f"{key}={value}")
            )
        elif not _apart(path) and not name.endswith((".ini", ".cfg", ".toml")):
            aside = _sections_apart(data.roots)
            found = [line for k, v, line in _all(data.roots) if _SWITCH.fullmatch(f"{k}={v}") and line not in aside]
            if not (_COMPOSE.search(path) and _served(project)):
                yield from (DebugSwitch(path, line, line, "variable", True) for line in found)


def _apart(path: str) -> bool:
    return environment_of(path) in _APART or _ASIDE.search(path) is not None


def _sections_apart(roots: tuple[Node, ...]) -> frozenset[int]:
    """The lines of sections that are named, at the top, for an environment that is none of production's."""
    named = (v for root in roots for k, v in root.pairs() if v.kind == "map" and environment_of(k) in _SHOWN_APART)
    return frozenset(line for value in named for line in range(value.start, value.end + 1))


def _all(roots: tuple[Node, ...]) -> Iterator[tuple[str, str, int]]:
    for root in roots:
        yield from variables(root)


def _started(project: Project) -> Iterator[DebugSwitch]:
    """Start commands with the flag or the variable, in Procfiles, images and scripts that are not for development.

    A script that starts a production server before it is a choice of modes, of which debug is not the default."""
    for start in project.starts:
        if (
            start.environment in _APART
            or _ASIDE.search(start.path)
            or not (_FLAG.search(start.text) or _SWITCH.search(start.text))
        ):
            continue
        chosen = any(s.path == start.path and s.serves and s.start < start.start for s in project.starts)
        if not chosen and not (_COMPOSE.search(start.path) and _served(project)):
            by_hand = _BY_HAND.search(start.text) is not None
            yield DebugSwitch(start.path, start.start, start.end, "command", not by_hand)
