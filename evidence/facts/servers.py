"""Application servers (gunicorn, uWSGI, uvicorn, waitress and their like): how they are started, and with which
settings.

Options and setting names come from the servers' own reference documents. A setting that is needed merely to start
(address, application, log destination) is not one here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.facts.manifests import variables
from evidence.facts.python.records import Assign, Call, Expr
from evidence.facts.roles import Role, role_of

if TYPE_CHECKING:
    from evidence.facts.names import PyFile
    from evidence.facts.project import Project

# Settings by what they are about. Underscores and hyphens are the same; the first name is the kind's.
_KINDS = (
    ("workers", "workers processes w p numprocs web-concurrency worker-processes cheaper"),
    ("threads", "threads enable-threads runtime-threads"),
    ("worker class", "worker-class k gevent worker-type asyncio async-mode loop"),
    ("timeout", "timeout t harakiri channel-timeout timeout-worker-healthcheck cleanup-interval http-timeout"
     " socket-timeout"),
    ("keep-alive", "keepalive keep-alive timeout-keep-alive http-keepalive keep-alive-timeout"),
    ("preload", "preload preload-app lazy-apps lazy"),
    ("recycling", "max-requests max-requests-jitter limit-max-requests limit-max-requests-jitter"
     " max-worker-lifetime reload-on-rss"),
    ("graceful shutdown", "graceful-timeout timeout-graceful-shutdown worker-reload-mercy die-on-term"
     " shutdown-timeout workers-kill-timeout"),
    ("proxy headers", "forwarded-allow-ips proxy-headers proxy-protocol proxy-allow-ips proxy-allow-from"
     " trusted-proxy trusted-proxy-headers"
                      " trusted-proxy-count secure-scheme-headers"),
    ("connections", "worker-connections limit-concurrency connection-limit backlog max-connections listen"),
    ("worker files", "worker-tmp-dir"),
    ("request limits", "limit-request-line limit-request-fields limit-request-field-size"),
)  # fmt: skip
_KIND_OF = {name: kind for kind, names in _KINDS for name in names.split()}
_PROGRAM = re.compile(
    r"(?:^|[\s/\"'\[(=&;|])(gunicorn|uwsgi|uvicorn|waitress-serve|waitress|hypercorn|daphne|mod_wsgi-express|granian)(?=[\s\"',\])]|$)"
)
_OPTION = re.compile(r"(?<=[\s\"'\[,=])(--?[a-zA-Z][\w-]{0,40})(?:[=\s\"',]{1,4}([^\s\"',-][^\s\"',]{0,300}))?")
_SHORT = re.compile(r"-([wkt])=?(\S{1,100})")
_INSTALLS = re.compile(
    r"(?:pip3?|uv|poetry|apt(?:-get)?|apk|conda|brew|pipenv)\b.{0,40}\b(?:install|add)\b|^\s*(?:which|kill|pkill|killall|echo|ps)\b"
)
_FROM_OUTSIDE = re.compile(r"\$|nproc|%\(ENV_|getenv|environ|cpu_count|affinity|\{\{|%[dkn]\b")
_BASENAME = re.compile(r"[\w.\-]{1,100}\.(?:py|conf|ini|toml|xml|ya?ml|json)|(?<=python:)[\w.]{1,100}")
_HOOKS = frozenset({
    "on_starting", "on_reload", "when_ready", "pre_fork", "post_fork", "post_worker_init", "worker_int", "worker_abort",
    "pre_exec", "pre_request", "post_request", "child_exit", "worker_exit", "nworkers_changed", "on_exit",
})  # fmt: skip
_LINE = re.compile(r"^([a-z_]{3,40})[ \t]{0,8}=[ \t]{0,8}(?!=)(.{1,300})$")
_DEFINITION = re.compile(r"^def ([a-z_]{3,40})\(")
_CONNECTED = re.compile(r"^@[\w.]{0,60}\b([a-z_]{3,20})\.connect\b")
# Calls that start a server from Python.
_RUNNERS = {
    "uvicorn.run": "uvicorn", "uvicorn.Config": "uvicorn", "waitress.serve": "waitress",
    "gevent.pywsgi.WSGIServer": "gevent",
    "eventlet.wsgi.server": "eventlet", "hypercorn.asyncio.serve": "hypercorn", "gevent.wsgi.WSGIServer": "gevent",
    "cheroot.wsgi.Server": "cheroot", "cherrypy.wsgiserver.CherryPyWSGIServer": "cheroot",
}  # fmt: skip
_LONGEST = 40


@dataclass(frozen=True)
class Server:
    """One place that starts or configures a server. ``program`` is its name; ``settings`` the kinds it sets, sorted;
    ``derived`` that a value comes from the environment or the machine, or that a comment above explains it;
    ``config`` the configuration file it names (base name); ``worker`` the worker class; ``group`` joins a start
    with its configuration. ``part``: start, config, hook, variable or proxy. ``used`` tells that something starts it
    so."""

    path: str
    start: int
    end: int
    program: str
    part: str
    settings: tuple[str, ...] = ()
    derived: bool = False
    config: str = ""
    worker: str = ""
    group: str = ""
    used: bool = True


def servers(project: Project) -> tuple[Server, ...]:
    """Every such place, in path and line order."""
    started = [*_started(project), *_run(project)]
    configs = [*_configured(project), *_plain(project), *_uwsgi(project)]
    named = {s.config for s in started if s.config}
    programs = {s.program for s in started} | {
        "uwsgi" for d in project.dockerfiles.values() for i in d.instructions if "uwsgi" in i.text and i.word == "FROM"
    }
    joined = [_joined(c, named, programs) for c in configs]
    found = {*started, *joined, *_variables(project, programs), *_proxies(project)}
    return tuple(sorted(found, key=lambda s: (s.path, s.start, s.end, s.part, s.settings)))


def _joined(config: Server, named: set[str], programs: set[str]) -> Server:
    base = config.path.rpartition("/")[2]
    default = base in ("gunicorn.conf.py", "uwsgi.ini") and config.program in programs
    used = base in named or base.removesuffix(".py") in named or default
    group = base.removesuffix(".py") if used else ""
    return Server(
        config.path,
        config.start,
        config.end,
        config.program,
        config.part,
        config.settings,
        config.derived,
        "",
        config.worker,
        group,
        used,
    )


def _kinds(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(sorted({k for n in names if (k := _KIND_OF.get(n.lower().strip("-").replace("_", "-")))}))


# ------------------------------------------------------------------------------------------------------ started


def _started(project: Project) -> Iterator[Server]:
    seen = set()
    lines = [(s.path, s.start, s.end, s.text) for s in project.starts]
    lines += [(w.path, w.start, w.end, w.text) for w in project.written_lines if _PROGRAM.search(w.text)]
    for path, start, end, text in lines:
        match = _PROGRAM.search(text)
        if (
            match is None
            or _INSTALLS.search(text[: match.start() + 1])
            or (path, start) in seen
            or role_of(path) is not Role.APP
        ):
            continue
        seen.add((path, start))
        yield _command(project, path, start, end, match[1], text[match.end() :])


def _command(project: Project, path: str, start: int, end: int, program: str, rest: str) -> Server:
    options = {m[1].strip("-"): m[2] or "" for m in _OPTION.finditer(rest)}
    options.update(
        {
            m[1]: m[2]
            for m in _SHORT.finditer(rest)
            if f"-{m[1]}" + m[2] in rest and len(m[1]) == 1 and not m[2].startswith("-")
        }
    )
    kinds = _kinds(iter(options))
    values = [v for n, v in options.items() if n.lower().replace("_", "-") in _KIND_OF]
    derived = any(_FROM_OUTSIDE.search(v) for v in values) or any(_set_above(project, path, v) for v in values)
    named = next(
        (
            b[0]
            for n in ("c", "config", "ini", "paste", "i")
            if (v := options.get(n)) and (b := _BASENAME.search(v.rpartition("/")[2]))
        ),
        "",
    )
    if not named and program == "uwsgi":
        first = _BASENAME.search(rest[:200])
        named = first[0] if first else ""
    worker = (
        options.get("worker-class")
        or options.get("k")
        or ("gevent" if "gevent" in options and program == "uwsgi" else "")
    )
    explained = bool(kinds) and _explained(project, path, start)
    default = (
        "gunicorn.conf"
        if program == "gunicorn" and not named
        else "uwsgi.ini"
        if program == "uwsgi" and not named
        else ""
    )
    group = (named or default).removesuffix(".py") or f"{path}:{start}"
    return Server(path, start, end, program, "start", kinds, derived or explained, named, worker, group)


def _set_above(project: Project, path: str, value: str) -> bool:
    return value.startswith("$") and path in project.commands


def _explained(project: Project, path: str, start: int) -> bool:
    """Whether at least three lines of comments stand right above an instruction: nothing else is left out there."""
    dockerfile = project.dockerfiles.get(path)
    before = [i.end for i in dockerfile.instructions if i.end < start] if dockerfile is not None else []
    return bool(before) and start - max(before) > 3


def _run(project: Project) -> Iterator[Server]:
    for file, call, name in project.calls(project.app, *_RUNNERS):
        if name in _RUNNERS and project.reach.live(file.path, call.scope):
            kinds = _kinds(iter(call.expr.keys))
            derived = any(_outside(file, v) for k, v in _given(call.expr) if k.replace("_", "-") in _KIND_OF)
            program = _RUNNERS[name]
            worker = program if program in ("gevent", "eventlet") else ""
            yield Server(
                file.path,
                call.start,
                min(call.end, call.start + _LONGEST - 1),
                program,
                "start",
                kinds,
                derived,
                "",
                worker,
                f"{file.path}:{call.start}",
            )


def _given(expr: Expr) -> Iterator[tuple[str, Expr]]:
    offset = len(expr.items) - len(expr.keys)
    yield from zip(expr.keys, expr.items[offset:], strict=True)


def _outside(file: PyFile, value: Expr, depth: int = 0) -> bool:
    """Whether a value comes from the environment or the machine: itself, or through a name of the same module."""
    for part in value.walk():
        if part.kind in ("call", "name", "index") and (
            _FROM_OUTSIDE.search(part.text) or re.search(r"(?i)\benv\b|config\.|settings\.", part.text)
        ):
            return True
        if part.kind == "name" and depth < 3:
            given = [
                i for i in file.assigned.get((0, part.text), ()) if not (isinstance(i, Assign) and i.value == value)
            ]
            if any(_outside(file, i.expr if isinstance(i, Call) else i.value, depth + 1) for i in given[:4]):
                return True
    return False


# --------------------------------------------------------------------------------------------------- configured


def _runs(lines: list[tuple[int, int, str, bool, str]]) -> Iterator[tuple[int, int, tuple[str, ...], bool, str]]:
    """Settings (first line, last line, name, derived, worker class) that stand near each other, as one place."""
    group: list[tuple[int, int, str, bool, str]] = []
    for item in sorted(lines):
        if group and (item[0] - group[-1][1] > 12 or item[1] - group[0][0] >= _LONGEST):
            yield _place(group)
            group = []
        group.append(item)
    if group:
        yield _place(group)


def _place(group: list[tuple[int, int, str, bool, str]]) -> tuple[int, int, tuple[str, ...], bool, str]:
    worker = next((g[4] for g in group if g[4]), "")
    return group[0][0], max(g[1] for g in group), _kinds(g[2] for g in group), any(g[3] for g in group), worker


def _configured(project: Project) -> Iterator[Server]:
    """Settings of gunicorn in a Python file: of its own name, or of its own kind."""
    for file in project.app:
        named = "gunicorn" in file.path.lower()
        custom = any(i.target.startswith("gunicorn.app") for i in file.module.imports)
        if not named and not custom:
            continue
        items: list[tuple[int, int, str, bool, str]] = []
        both: list[Assign | Call] = [*file.module.assigns, *file.module.calls]
        for item in both:
            value = item.expr if isinstance(item, Call) else item.value
            if named and item.scope == 0 and _kinds(iter((item.target,))):
                items.append(
                    (
                        item.start,
                        item.end,
                        item.target,
                        _outside(file, value),
                        value.text if item.target == "worker_class" else "",
                    )
                )
            if custom and value.kind in ("dict", "call") and len(_kinds(iter(value.keys))) > 0:
                items += [
                    (item.start, item.end, k, _outside(file, v), v.text if k == "worker_class" else "")
                    for k, v in _given(value)
                ]
        for first, last, kinds, derived, worker in _runs(items):
            yield Server(
                file.path,
                first,
                min(last, first + _LONGEST - 1),
                "gunicorn",
                "start" if custom else "config",
                kinds,
                derived,
                "",
                worker,
                file.path,
            )
        for definition in file.module.definitions if named else ():
            if definition.name in _HOOKS and definition.kind == "function" and not file.function_of(definition.parent):
                yield Server(
                    file.path,
                    definition.start,
                    min(definition.end, definition.start + _LONGEST - 1),
                    "gunicorn",
                    "hook",
                )


def _plain(project: Project) -> Iterator[Server]:
    """The same in files of another ending."""
    for path, text in project.texts.items():
        if "gunicorn" not in path.lower() or role_of(path) is not Role.APP:
            continue
        items: list[tuple[int, int, str, bool, str]] = []
        for number, line in enumerate(text.text.split("\n"), 1):
            setting = _LINE.match(line)
            hook = _DEFINITION.match(line) or _CONNECTED.match(line)
            if setting and _kinds(iter((setting[1],))):
                worker = setting[2].strip("\"' ") if setting[1] == "worker_class" else ""
                items.append((number, number, setting[1], bool(_FROM_OUTSIDE.search(setting[2])), worker))
            elif hook and hook[1] in _HOOKS:
                yield Server(path, number, number, "gunicorn", "hook")
        for first, last, kinds, derived, worker in _runs(items):
            yield Server(path, first, last, "gunicorn", "config", kinds, derived, "", worker)


def _uwsgi(project: Project) -> Iterator[Server]:
    for path, data in project.data.items():
        section = data.root.get("uwsgi")
        if section is None or section.kind != "map" or role_of(path) is not Role.APP:
            continue
        items = [
            (n.start, n.end, k, bool(_FROM_OUTSIDE.search(n.text)), "gevent" if k == "gevent" else "")
            for k, n in section.pairs()
        ]
        kept = [i for i in items if _kinds(iter((i[2],)))]
        for first, last, kinds, derived, worker in _runs(kept):
            yield Server(path, first, last, "uwsgi", "config", kinds, derived, "", worker)


def _variables(project: Project, programs: set[str]) -> Iterator[Server]:
    """Settings in the environment that the servers read by themselves."""
    if not programs & {"gunicorn", "uvicorn"}:
        return
    for path, data in project.data.items():
        if role_of(path) is Role.APP:
            for root in data.roots:
                for name, value, line in variables(root):
                    yield from _variable(path, line, name, value)
    yield from _in_images(project)


def _in_images(project: Project) -> Iterator[Server]:
    for path, dockerfile in project.dockerfiles.items():
        for item in dockerfile.instructions:
            if item.word == "ENV":
                for name in ("WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"):
                    if name in item.text:
                        yield from _variable(path, item.start, name, item.text.partition(name)[2].strip("= "))


def _variable(path: str, line: int, name: str, value: str) -> Iterator[Server]:
    if name == "WEB_CONCURRENCY" and value:
        yield Server(path, line, line, "gunicorn", "variable", ("workers",))
    elif name == "GUNICORN_CMD_ARGS" and value:
        options = {m[1] for m in _OPTION.finditer(f" {value}")}
        if kinds := _kinds(iter(options)):
            yield Server(path, line, line, "gunicorn", "variable", kinds, bool(_FROM_OUTSIDE.search(value)))


def _proxies(project: Project) -> Iterator[Server]:
    names = ("werkzeug.middleware.proxy_fix.ProxyFix", "werkzeug.contrib.fixers.ProxyFix")
    for file, call, _ in project.calls(project.app, *names):
        if project.reach.live(file.path, call.scope):
            yield Server(file.path, call.start, call.end, "", "proxy", ("proxy headers",))
