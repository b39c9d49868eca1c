"""Configuration checked at start: a bad or missing setting stops the application instead of a request.

**What it sees.** Settings classes that check their fields when they are made (pydantic), readers that demand or
convert a variable (environs, decouple), dynaconf validators, and explicit checks that raise or exit, in settings
modules or where the application is made; tests that give them a bad or missing setting.

**Why it matters.** A service that starts with half of its settings fails later, in front of a user, and far from the
cause.

**What it cannot tell.** Whether the checks cover the settings that matter most.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import (
    ABOUT_SETTINGS,
    Call,
    Observations,
    Project,
    PyFile,
    Signal,
    Site,
    Sites,
    asked_by_properties,
    looks_at_settings,
    plural,
    reads_a_setting,
    refusals_at,
    regex,
    run_in,
    stops_for_a_setting,
)

_VALIDATORS = (
    "dynaconf.Validator",
    "dynaconf.validator.Validator",
    "environ.to_config",
    "typed_settings.load",
    "cerberus.Validator",
    "jsonschema.validate",
    "voluptuous.Schema",
    "schema.Schema",
    "strictyaml.load",
    "pykwalify.core.Core",
)
_TYPED_READS = frozenset({
    "int", "float", "bool", "list", "dict", "json", "url", "uuid", "enum", "timedelta", "decimal", "path",
    "log_level", "dj_db_url", "email", "date", "datetime", "subset",
})  # fmt: skip
# Methods of a settings class that run when it is made or given to an application.
_BOOT_METHODS = regex(r"\.(?:init_app|__init__|__post_init__|validate\w{0,30}|check\w{0,30}|_validate\w{0,30})$")
# Ways by which a model of pydantic is made of data.
_FILLED = {last: f".{last}" for last in ("model_validate", "model_validate_json", "parse_obj", "parse_raw")}
_RAISES = ("raises", "assertRaises", "assertRaisesRegex")


def _checks(sites: Sites) -> int:
    return sum(s.value if isinstance(s.value, int) else 1 for s in sites.of("typed", "demanded", "checked"))


def _statement(sites: Sites) -> str:
    count = _checks(sites)
    if not count:
        return "A settings class is declared, but every field has a default or nothing makes it at start."
    tested = "; tests cover a bad or missing one" if sites.has("tested") else "; no test covers a bad or missing one"
    return f"{plural(count, 'setting')} checked when the application starts{tested}."


VALIDATED = Signal(
    id="config.validated",
    title="Configuration validated at boot",
    competency="configuration",
    seeds=("S2.2", "S6.2", "C4.2"),
    counts="Settings are typed and checked when the application starts, or explicit checks raise on a missing or "
    "bad one.",
    strong="Tests cover a missing or bad setting.",
    not_credited="Reads with defaults only; a KeyError by accident; a settings class that nothing makes.",
    how_to_show="Declare settings as typed fields without defaults where none is safe, make them at start, and "
    "test that a missing one is refused.",
    clauses=("checked", "typed", "demanded", "tested", "unchecked"),
    leads=("unchecked",),
    defining=("checked", "typed", "demanded", "unchecked"),
    applies="python",
    practised=lambda sites: _checks(sites) > 0,
    sustained=lambda sites: sites.has("tested"),
    measures=lambda sites: {"checks": _checks(sites)},
    statement=_statement,
)
SIGNALS = (VALIDATED,)


def detect(project: Project) -> Observations:
    """Checks in settings classes, reads and explicit conditions; then their tests."""
    sites = [*_typed(project), *_demanded(project), *_explicit(project), *_beside_the_application(project)]
    yield from ((VALIDATED, s) for s in sites)
    subjects = {s.subject for s in sites if s.clause != "unchecked"}
    if subjects:
        yield from ((VALIDATED, s) for s in _tested(project, subjects))


def _typed(project: Project) -> Iterator[Site]:
    """Settings classes with the number of fields that can refuse a value; bases without fields pass theirs on."""
    made = {
        (ref.path, ref.name)
        for file in project.app
        for call in file.module.calls
        if call.name
        and project.reach.live(file.path, call.scope)
        and not (ref := project.resolve(file, call.name.removesuffix(_FILLED.get(call.last, "")))).external
    }
    for item in (*project.settings.typed, *project.settings.modelled):
        if not project.in_flask_part(item.file.path):
            continue
        fields = _fields(project, item.file, item.scope)
        live = (item.file.path, item.definition.qualname) in made
        clause = "typed" if fields and live else "unchecked"
        if fields or live:
            d = item.definition
            subject = f"{item.file.path}:{d.qualname}"
            yield Site(path=item.file.path, start=d.start, end=d.end, clause=clause, subject=subject, value=fields)


def _fields(project: Project, file: PyFile, scope: int) -> int:
    """Fields whose value comes from outside and is checked: those without a default, or with a constant one.

    A default that a function of the project computes is not checked, and takes the place of what was demanded.
    """
    module = file.module
    assigned = [a for a in module.assigns if a.scope == scope and a.target != "model_config"]
    calls = [c for c in module.calls if c.scope == scope and c.target and c.target not in ("decorator", "model_config")]
    configured = len(file.assigned.get((scope, "model_config"), ()))
    inner = sum(d.parent == scope for d in module.definitions)
    definition = file.definition(scope)
    statements = definition.statements if definition else 0
    bare = statements - len(assigned) - len(calls) - configured - inner
    # ``pass`` is a statement too, but no annotation
    bare = max(bare, 0) if module.refs[scope] else 0
    computed = sum(not project.external(file, c.name).startswith("pydantic") for c in calls)
    constant = sum(not any(e.kind == "call" for e in a.value.walk()) for a in assigned)
    return bare + constant + len(calls) - computed


def _demanded(project: Project) -> Iterator[Site]:
    """Variables that a settings package demands or converts, and validators given to one."""
    for item in project.settings.reads:
        if item.file.path in _settings_files(project) and project.settings.runs(item.file.path, item.scope):
            by_package = item.required and not _is_index(item.file, item.start, item.name)
            if by_package or _converts(item.file, item.start):
                yield Site(
                    path=item.file.path, start=item.start, end=item.end, clause="demanded", subject=item.file.path
                )
    booted = _booted(project, _homes(project))
    for file, call, _name in project.calls(project.app, *_VALIDATORS):
        outer = file.function_of(call.scope)
        if file.path in _settings_files(project) and (outer is None or (file.path, outer.qualname) in booted):
            yield Site(path=file.path, start=call.start, end=call.end, clause="demanded", subject=file.path)


def _settings_files(project: Project) -> frozenset[str]:
    classes = {c.file.path for c in project.settings.classes}
    makers = {f.file.path for f in project.web.factories} | {a.file.path for a in project.web.apps}
    return frozenset(p for p in project.settings.modules | classes | makers if project.in_flask_part(p))


def _is_index(file: PyFile, line: int, name: str) -> bool:
    """Whether the read is ``os.environ[name]``: a KeyError by accident."""
    return not any(c.start == line and c.expr.args and c.expr.args[0].text == name for c in file.module.calls)


def _converts(file: PyFile, line: int) -> bool:
    """``env.int("PORT", 80)``, ``config("PORT", cast=int)``: a value of the wrong type is refused."""
    return any(
        c.start == line and (c.expr.kwarg("cast") is not None or (c.last in _TYPED_READS and "env" in c.name.lower()))
        for c in file.module.calls
    )


def _explicit(project: Project) -> Iterator[Site]:
    """Raises and exits in settings, and in what settings or a factory calls, where a setting is looked at."""
    homes = _homes(project)
    booted = _booted(project, homes)
    classes = {(c.file.path, c.definition.name) for c in project.settings.classes}
    settled = [project.python[path] for path in sorted(homes & project.python.keys())]
    answering = {f.path for f, _ in project.web.views}  # ``endpoints/device_settings.py`` holds no settings
    for path in sorted(homes | {p for p, _ in booted}):
        file = project.python.get(path)
        if file is None or not project.in_flask_part(path):
            continue
        for line, scope in refusals_at(file) if path not in answering else ():
            outer = file.function_of(scope)
            name = outer.qualname if outer is not None else ""
            own = path in project.settings.modules or (path, name.partition(".")[0]) in classes
            at_boot = path in homes and own and (not name or _at_boot(file, name) or asked_by_properties(settled, name))
            if at_boot or (path, name) in booted:
                yield Site(
                    path=path, start=line, end=line, clause="checked", subject=f"{path}:{name}" if name else path
                )
    for factory in project.web.factories:
        scope = factory.file.scopes.get(factory.definition.qualname, 0)
        for line, where in refusals_at(factory.file):
            if where == scope and looks_at_settings(factory.file, scope) and factory.file.path not in homes:
                yield Site(path=factory.file.path, start=line, end=line, clause="checked", subject=factory.key)
    yield from _by_name(project, homes)


def _at_boot(file: PyFile, name: str) -> bool:
    """Whether a method runs when a settings class is made: by its name, or because one that does calls it."""
    if _BOOT_METHODS.search(name):
        return True
    owner, _, method = name.rpartition(".")
    makers = (n for q, n in file.scopes.items() if q.startswith(f"{owner}.") and _BOOT_METHODS.search(q))
    return bool(owner) and any(c.name == f"self.{method}" for n in makers for c in file.calls_in(n))


def _by_name(project: Project, homes: frozenset[str]) -> Iterator[Site]:
    """Functions elsewhere that are called at start, where they refuse and say which setting it is."""
    for file, definition in project.called_at_start:
        scope = file.scopes.get(definition.qualname, 0)
        about = ABOUT_SETTINGS.search(definition.name) is not None
        if file.path in homes or not looks_at_settings(file, scope):
            continue
        for raised in file.calls_in(scope):
            if stops_for_a_setting(raised, about):
                subject = f"{file.path}:{definition.qualname}"
                yield Site(path=file.path, start=raised.start, end=raised.end, clause="checked", subject=subject)


def _beside_the_application(project: Project) -> Iterator[Site]:
    """Checks at module level of the file that makes the application there: they run when it is imported."""
    homes = _homes(project)
    made = {a.file.path: a.file for a in project.web.apps if not a.call.scope and a.file in project.app}
    made |= {u.file.path: u.file for u in project.web.factory_uses if not u.scope and u.file in project.app}
    for path in sorted(set(made) - homes):
        file = made[path]
        places = [(c.start, c.end) for c in run_in(file, 0) if stops_for_a_setting(c, about=False)]
        places += [(c.line, c.line) for c in file.module.checks if not c.scope and reads_a_setting(c.expr)]
        for start, end in places if looks_at_settings(file, 0) and project.in_flask_part(path) else ():
            yield Site(path=path, start=start, end=end, clause="checked", subject=path)


def _homes(project: Project) -> frozenset[str]:
    return project.settings.modules | {c.file.path for c in project.settings.classes}


def _booted(project: Project, homes: frozenset[str]) -> set[tuple[str, str]]:
    """Functions that run when settings are imported, classes of settings are made, or the application is."""
    found: set[tuple[str, str]] = set()
    places: list[tuple[PyFile, Call]] = []
    for path in homes:
        file = project.python.get(path)
        if file is not None:
            places.extend((file, c) for c in file.module.calls if file.function_of(c.scope) is None)
    for file, call in places:
        ref = project.resolve(file, call.name) if call.name else None
        if ref is not None and not ref.external:
            found.add((ref.path, ref.name))
    for file, scope in project.starting:
        for call in run_in(file, scope):
            ref = project.resolve(file, call.name) if call.name else None
            if ref is not None and ref.path in homes:
                found.add((ref.path, ref.name))
    return found


def _tested(project: Project, subjects: set[str]) -> Iterator[Site]:
    """Tests that expect a refusal of one of these: by naming it, or by loading its module again."""
    modules = {s.partition(":")[0] for s in subjects}
    pairs = [(path, name) for path, _, name in (s.partition(":") for s in subjects)]
    owners = {f"{path}:{name.partition('.')[0]}": f"{path}:{name}" for path, name in pairs}
    plain = {name: f"{path}:{name}" for path, name in pairs if ABOUT_SETTINGS.search(name)}
    for file in project.tests:
        for scope, definition in enumerate(file.module.definitions, 1):
            inside = (h for h in file.module.handlers if definition.start <= h.start <= definition.end)
            lasts = {r.replace("()", "").rpartition(".")[2] for r in file.module.refs[scope]}
            caught = {n.rpartition(".")[2] for h in inside for n in h.names}
            if definition.kind != "function" or not (caught or lasts.intersection(_RAISES)):
                continue
            targets = [project.resolve(file, r) for r in file.module.refs[scope]]
            named = {owners.get(f"{t.path}:{t.name.partition('.')[0]}", "") for t in targets if t.path}
            named |= {subject for name, subject in plain.items() if name in lasts}
            again = lasts.intersection(("reload", "import_module")) and any(t.path in modules for t in targets)
            if again or any(_expects(project, subject, lasts | caught) for subject in named - {""}):
                yield Site(
                    path=file.path, start=definition.start, end=definition.end, clause="tested", subject="refused"
                )


def _expects(project: Project, subject: str, names: set[str]) -> bool:
    """Whether a test names an error that this function raises; what a class of a package raises is not told."""
    path, _, name = subject.partition(":")
    file = project.python[path]
    scope = file.scopes.get(name, 0)
    definition = file.definition(scope)
    if definition is None or definition.kind == "class":
        return not names.isdisjoint(_RAISES)
    raised = {r.name.rpartition(".")[2] for r in file.raises_in(scope)} | {"Exception", "SystemExit", "AssertionError"}
    return not names.isdisjoint(raised)
