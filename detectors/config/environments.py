"""Configuration per environment: settings that come from outside the code and differ between environments.

**What it sees.** Variables read from the environment, dotenv and settings files, secret stores; classes, modules and
files named after environments; manifests that set what the code reads; and settings that tests or CI have of their
own.

**Why it matters.** The same build should run on a laptop, in tests and in production, with nothing but its settings
changed.

**What it cannot tell.** The values themselves, which live outside the repository, and whether environments are alike
in everything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from evidence.api import Call, Data, Observations, Project, PyFile, Signal, Site, Sites, environment_of, plural, regex

# Settings that one variable feeds are no configuration; below this only classes per environment can make up for it.
_FEW_READS = 2
# Environments are told apart where there are so many of them.
_SEVERAL = 2
# A manifest speaks of this application when it sets at least so many of the variables that its code reads.
_SHARED_NAMES = 2
_ENV_FILE = regex(r"(?:^|/)(?:\.env[\w.-]{0,40}|[\w.-]{1,60}\.env)(?:\.jinja|\.j2)?$")
_SAMPLE = regex(r"example|sample|template|dist\b|\.tpl|postman|insomnia|bruno", re.IGNORECASE)
_SETTINGS_FILE = regex(r"(?:^|/)\.?(?:settings|config|configuration|secrets)\.(?:toml|ya?ml|json|ini)$")
# What is loaded may be told from outside: ``from_object(os.environ.get("APP_SETTINGS"))``.
_CHOICE = ("os.environ", "os.getenv")
_COMPOSE = regex(r"(?:^|/)(?:docker-)?compose[\w.-]{0,40}\.ya?ml$")
_CONFIG_FOLDER = regex(r"(?:^|/)(?:config|configs|settings|conf|env|envs|environments)/")
_BRANCHES = regex(
    r"(?:^|/)(?:\.github|\.circleci|\.gitlab|\.vscode|\.devcontainer|node_modules|frontend|terraform|infra)/"
)


def _environments(sites: Sites) -> set[str]:
    return {s.subject for s in sites.of("environment", "file", "tested", "default") if s.subject}


def _statement(sites: Sites) -> str:
    names = sorted(_environments(sites))
    sources = sorted(sites.subjects("source"))
    if not sources:
        return f"Settings for {plural(len(names), 'environment')} stand in the code; none comes from outside it."
    if len(names) < _SEVERAL:  # one environment, of whatever name, is told from no other
        return f"Settings come from {' and '.join(sources)}; nothing here tells one environment from another."
    told = f"{len(names)} environments ({', '.join(names)})"
    tested = "; tests or CI have settings of their own" if sites.has("tested") else ""
    return f"Settings come from {' and '.join(sources)}; {told} told apart{tested}."


ENVIRONMENTS = Signal(
    id="config.environments",
    title="Configuration per environment, outside the code",
    competency="configuration",
    seeds=("S2.1", "S2.2", "C4.2"),
    counts="Settings come from environment variables or files and differ per environment (classes, files or "
    "values for each).",
    strong="Tests or CI use a configuration class or environment of their own.",
    not_credited="One module of literal constants; a single variable read.",
    how_to_show="Read settings from the environment in one module, name what differs per environment, and give "
    "the tests theirs.",
    clauses=("source", "tested", "environment", "default", "file", "read"),
    defining=("source", "environment", "file", "read"),
    uncited=("default", "file", "read"),
    applies="python",
    trace=lambda sites: sites.count("source", "environment", "file") > 0,
    practised=lambda sites: sites.has("source") and len(_environments(sites)) >= _SEVERAL,
    sustained=lambda sites: sites.has("tested"),
    measures=lambda sites: {"environments": len(_environments(sites)), "sources": len(sites.subjects("source"))},
    statement=_statement,
)
SIGNALS = (ENVIRONMENTS,)


def detect(project: Project) -> Observations:
    """Sources of settings; and where there are any, the environments they are for."""
    homes = _homes(project)
    sources = _without_tools(project, [*_variables(project, homes), *_others(project, homes)])
    yield from ((ENVIRONMENTS, s) for s in sources)
    classes = [c for c in project.settings.classes if c.environment and project.in_flask_part(c.file.path)]
    for item in classes:
        place = Site(
            path=item.file.path,
            start=item.definition.start,
            end=item.definition.end,
            clause="environment",
            subject=item.environment,
        )
        yield ENVIRONMENTS, place
    if not sources:
        return
    for path in sorted(project.settings.modules):
        environment = environment_of(path.rpartition("/")[2])
        if environment and project.in_flask_part(path):
            lines = project.python[path].module.lines
            yield ENVIRONMENTS, Site(path=path, start=1, end=max(lines, 1), clause="environment", subject=environment)
    # where code tells environments apart, manifests that set the same variables count and are not shown
    coded = bool(classes) or any(environment_of(p.rpartition("/")[2]) for p in project.settings.modules)
    for site in _files(project, homes):
        aside = coded and not _ENV_FILE.search(site.path) and not site.path.endswith(".py")
        yield ENVIRONMENTS, replace(site, clause="file") if aside else site
    # what no class or file is named after is what runs with the plain variables: production
    yield (
        ENVIRONMENTS,
        Site(path=sources[0].path, start=sources[0].start, end=sources[0].end, clause="default", subject="production"),
    )
    for own in project.test_settings:
        subject = "testing" if own.by == "test" else "ci"
        yield ENVIRONMENTS, Site(path=own.path, start=own.start, end=own.end, clause="tested", subject=subject)


def _without_tools(project: Project, sources: list[Site]) -> list[Site]:
    """Scripts that make the application for a task of their own count, and are not shown where settings have a home."""
    scripts = {
        f.path
        for f in project.app
        if f.module.main and f.path not in project.settings.modules and f.path not in _served(project)
    }
    if all(s.path in scripts for s in sources):
        return sources
    return [replace(s, clause="read") if s.path in scripts else s for s in sources]


def _served(project: Project) -> frozenset[str]:
    """Files that define the application, or that something outside the scripts imports."""
    graph = project.imports.graph
    made = {f.file.path for f in project.web.factories}
    imported = {f.path for f in project.app if f.path in graph and any(graph.predecessors(f.path))}
    return frozenset(made | imported)


def _homes(project: Project) -> frozenset[str]:
    """Files where an application's settings may stand: settings modules, and the files that make or start
    applications."""
    makers = {a.file.path for a in project.web.apps} | {f.file.path for f in project.web.factories}
    classes = {c.file.path for c in (*project.settings.classes, *project.settings.typed)}
    if not makers:
        makers = (
            {f.path for f in project.app if f.module.main and project.reach.live(f.path)}
            if not _is_library(project)
            else set()
        )
    loaders = {f.path for f, _ in project.settings.loads}
    return frozenset(p for p in project.settings.modules | makers | classes | loaders if project.in_flask_part(p))


def _is_library(project: Project) -> bool:
    return not project.settings.modules and not project.starts


def _variables(project: Project, homes: frozenset[str]) -> Iterator[Site]:
    """The variables read in one scope make one site: a settings class or module is read as a whole."""
    groups: dict[tuple[str, int], list[tuple[int, int, str]]] = {}
    for item in project.settings.reads:
        if item.file.path in homes:
            groups.setdefault((item.file.path, item.scope), []).append((item.start, item.end, item.name))
    names = {name for group in groups.values() for _, _, name in group}
    if len(names) >= _FEW_READS or (names and any(c.environment for c in project.settings.classes)):
        known: dict[str, set[str]] = {}
        for (path, _), group in groups.items():
            known.setdefault(path, set()).update(name for _, _, name in group)
        # what reads many variables for a purpose of its own is no home of settings where there is one
        named = {p: found for p, found in known.items() if p not in project.settings.reading_most}
        named = named if any(len(found) >= _FEW_READS for found in named.values()) else known
        most = max(len(found) for found in named.values())
        for (path, _), group in groups.items():
            yield Site(
                path=path,
                start=min(g[0] for g in group),
                end=max(g[1] for g in group),
                # beside the file that holds most settings, a file that reads a few of them is no place to look
                clause="source" if path in named and 2 * len(known[path]) >= most else "read",
                subject="environment variables",
            )
    for kept in project.settings.classes:
        # flask-env's metaclass gives every attribute of a class the value of the variable of that name
        of_env = any(i.target.startswith("flask_env.") for i in kept.file.module.imports)
        if of_env and kept.base and kept.file.path in homes:
            d = kept.definition
            yield Site(path=kept.file.path, start=d.start, end=d.end, clause="source", subject="environment variables")
    for typed in project.settings.typed:
        if project.in_flask_part(typed.file.path) and project.settings.runs(typed.file.path, typed.scope):
            d = typed.definition
            yield Site(path=typed.file.path, start=d.start, end=d.end, clause="source", subject="environment variables")


def _others(project: Project, homes: frozenset[str]) -> Iterator[Site]:
    def place(file: PyFile, call: Call, subject: str) -> Site:
        return Site(path=file.path, start=call.start, end=call.end, clause="source", subject=subject)

    for file, call in project.settings.files:
        if file.path in homes:
            yield place(file, call, "dotenv files" if "dotenv" in call.name else "settings files")
    for file, call in project.settings.loads:
        given = call.expr.args[0] if call.expr.args else None
        if call.name.endswith("from_pyfile") and given is not None and given.kind == "str" and file.path in homes:
            # a file of one environment is seldom committed: ``app.config.from_pyfile("development.py")``
            environment = environment_of(given.text)
            yield from [_named(file.path, call.start, call.end, environment)] if environment else []
        if call.name.endswith("from_prefixed_env") and file.path in homes:
            yield place(file, call, "environment variables")
        elif any(e.kind in ("call", "index") and e.text.startswith(_CHOICE) for a in call.expr.args for e in a.walk()):
            yield place(file, call, "what a variable names")
    for file, call in project.settings.vaults:
        if file.path in homes:
            yield place(file, call, "a secret store")


def _files(project: Project, homes: frozenset[str]) -> Iterator[Site]:
    """Files of values per environment, manifests that set what the code reads, and dotenv beside a secret store."""
    names = {r.name for r in project.settings.reads if r.file.path in homes}
    loads = _loads_files(project)
    for path, data in project.data.items():
        if not (_SAMPLE.search(path) or _BRANCHES.search(path)) and project.in_flask_part(path):
            if loads and _SETTINGS_FILE.search(path):
                keys = [(k, data.root.line_of(k)) for k in data.root.keys if environment_of(k)]
                yield from (_named(path, line, line, environment_of(key)) for key, line in keys)
            else:
                yield from _of_file(project, path, names, loads)
                yield from _handed_over(path, data) if names else ()
    if any(f.path in homes for f, _ in project.settings.vaults):
        for file, call in project.settings.files:
            if file.path in homes:
                yield _named(file.path, call.start, call.end, "development")


def _handed_over(path: str, data: Data) -> Iterator[Site]:
    """Dotenv files of one environment that Compose gives a service (``env_file: .env.prod``): the files themselves are
    seldom committed."""
    services = data.root.get("services") if _COMPOSE.search(path) else None
    for _, service in services.pairs() if services is not None else ():
        given = service.get("env_file")
        for text in given.texts() if given is not None else ():
            environment = environment_of(text.rpartition("/")[2])
            if given is not None and environment:
                yield _named(path, given.start, given.end, environment)


def _named(path: str, start: int, end: int, environment: str) -> Site:
    return Site(path=path, start=start, end=end, clause="environment", subject=environment)


def _of_file(project: Project, path: str, names: set[str], loads: bool) -> Iterator[Site]:
    """The environment that one structured file is for, by its name or because it sets what the code reads."""
    folder = _CONFIG_FOLDER.search(path) is not None
    environment = environment_of(path.rpartition("/")[2]) or (environment_of(path) if folder else "")
    keys = project.settings.named_in(path)
    shared = sorted(keys[n] for n in names & set(keys))
    last = max((root.end for root in project.data[path].roots), default=1)
    if _ENV_FILE.search(path) and (environment or shared):
        yield _named(path, 1, max(last, 1), environment or "development")
    elif environment and folder and loads:
        yield _named(path, 1, max(last, 1), environment)
    elif len(shared) >= _SHARED_NAMES:
        usual = "development" if "compose" in path.lower() else "production"
        yield _named(path, shared[0], shared[-1], environment or usual)


def _loads_files(project: Project) -> bool:
    return any(
        i.target.partition(".")[0] in ("yaml", "tomllib", "toml", "configparser", "dynaconf", "omegaconf", "json")
        for f in project.app
        for i in f.module.imports
    )
