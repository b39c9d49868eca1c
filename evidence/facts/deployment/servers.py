"""Application servers (gunicorn, uWSGI, uvicorn, waitress and their like): how they are started, and with which
settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.deployment.base_images import read_by_bases
from evidence.facts.deployment.server_configs import as_module, configured
from evidence.facts.deployment.server_settings import (
    FROM_OUTSIDE,
    KIND_OF,
    LONGEST,
    OPTION,
    Server,
    comes_from_outside,
    given,
    kinds_of,
)
from evidence.facts.deployment.server_variables import explained, variables_read
from evidence.facts.python.records import Assign, Call, Expr
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.names import PyFile
    from evidence.facts.project import Project

_PROGRAM = regex(
    r"(?:^|[\s/\"'\[(=&;|])(gunicorn|uwsgi|uvicorn|waitress-serve|waitress|hypercorn|daphne|mod_wsgi-express|granian)(?=[\s\"',\])]|$)"
)
_PYTHON = regex(r"(?:^|[\s/])python[\d.]{0,5}\s")
_SHORT = regex(r"(?<![\w-])-([wkt])=?(\S{1,100})")
_INSTALLS = regex(
    r"(?:pip3?|uv|poetry|apt(?:-get)?|apk|conda|brew|pipenv)\b.{0,40}\b(?:install|add)\b|^\s*(?:which|kill|pkill|killall|echo|ps)\b"
)
_COMMANDS = regex(r";|&&|\|\|?")
_HANDED_ON = regex(r"(?:exec\s{1,4})?\"?\$\{?@\}?\"?(?=\s)")
_BASENAME = regex(r"[\w.\-]{1,100}\.(?:py|conf|ini|toml|xml|ya?ml|json)|(?<=python:)[\w.\-]{1,100}")
# Calls that start a server from Python.
_RUNNERS = {
    "uvicorn.run": "uvicorn", "uvicorn.Config": "uvicorn", "waitress.serve": "waitress",
    "waitress.create_server": "waitress", "waitress.server.create_server": "waitress",
    "gevent.pywsgi.WSGIServer": "gevent",
    "eventlet.wsgi.server": "eventlet", "hypercorn.asyncio.serve": "hypercorn", "gevent.wsgi.WSGIServer": "gevent",
    "cheroot.wsgi.Server": "cheroot", "cherrypy.wsgiserver.CherryPyWSGIServer": "cheroot",
}  # fmt: skip
# Calls that run another program.
_PROCESSES = (
    "subprocess.Popen", "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output",
    "os.system", "os.execvp", "os.execv", "os.execvpe",
)  # fmt: skip
# A command is read so far: longer ones are data.
_WORDS, _LONGEST_COMMAND = 60, 2_000


def servers(project: Project) -> tuple[Server, ...]:
    """Every such place, in path and line order."""
    started = [*_started(project), *_run(project)]
    configs = configured(project, {s.config for s in started if s.program == "gunicorn"})
    named = {s.config for s in started if s.config}
    programs = {s.program for s in started} | {
        "uwsgi" for d in project.dockerfiles.values() for i in d.instructions if "uwsgi" in i.text and i.word == "FROM"
    }
    run = {w.rpartition("/")[2] for s in project.starts if _PYTHON.search(s.text) for w in s.text.split()}
    named |= read_by_bases(project)
    joined = [_joined(project, c, named, programs, run) for c in configs]
    found = {*started, *joined, *variables_read(project, programs), *_proxies(project)}
    return tuple(sorted(found, key=lambda s: (s.path, s.start, s.end, s.part, s.settings)))


def _joined(project: Project, config: Server, named: set[str], programs: set[str], run: set[str]) -> Server:
    """A configuration with whether it is in use: a command names it or runs the script that it is a part of, or code
    that can run starts the server itself."""
    base = config.path.rpartition("/")[2]
    default = base in ("gunicorn.conf.py", "uwsgi.ini") and config.program in programs
    script = config.part == "start" and (base in run or project.reach.live(config.path))
    module = as_module(config.path, named)
    used = base in named or base.removesuffix(".py") in named or default or script or bool(module)
    group = module or base.removesuffix(".py")
    group = group if used else ""
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


# ------------------------------------------------------------------------------------------------------ started


def _started(project: Project) -> Iterator[Server]:
    seen = set()
    lines = [(s.path, s.start, s.end, s.text) for s in project.starts]
    lines += [(w.path, w.start, w.end, w.text) for w in project.written_lines if _PROGRAM.search(w.text)]
    lines += _completed(project)
    lines += _spawned(project)
    for path, start, end, text in lines:
        match = _PROGRAM.search(text)
        if (
            match is None
            or _INSTALLS.search(_COMMANDS.split(text[: match.start() + 1])[-1])
            or (path, start) in seen
            or role_of(path) is not Role.APP
        ):
            continue
        seen.add((path, start))
        yield _command(project, path, start, end, match[1], text[match.end() :])


def _completed(project: Project) -> Iterator[tuple[str, int, int, str]]:
    """Entrypoints that add settings to the command they are given (``exec "$@" --timeout 60``), where an image gives
    them the start of a server."""
    given = {
        words[-1].rpartition("/")[2]: _PROGRAM.search(command)
        for dockerfile in project.dockerfiles.values()
        for item in dockerfile.instructions
        if item.word == "ENTRYPOINT" and (words := list(item.words) or item.text.split())
        for command in (" ".join(i.words) or i.text for i in dockerfile.instructions if i.word == "CMD")
    }
    for path, commands in project.commands.items():
        match = given.get(path.rpartition("/")[2]) if commands.kind == "shell" else None
        for line in commands.lines if match is not None else ():
            if match is not None and (found := _HANDED_ON.match(line.text)):
                yield path, line.start, line.end, f"{match[1]} {line.text[found.end() :]}"


def _spawned(project: Project) -> Iterator[tuple[str, int, int, str]]:
    """Commands that Python code runs as another process, written as one text or as a list of words."""
    for file, call, _ in project.calls(project.app, *_PROCESSES):
        first = call.expr.args[0] if call.expr.args else None
        if first is not None and project.reach.live(file.path, call.scope):
            place, command = _written(file, call, first)
            words = command.items if command.kind == "list" else (command,)
            text = " ".join(_word(file, call.scope, w) for w in words[:_WORDS])[:_LONGEST_COMMAND]
            yield file.path, place.start, min(place.end, place.start + LONGEST - 1), text
    for call_file, call in project.live_calls("join"):
        # ``" ".join(["gunicorn", ...])``: what a charm or a supervisor's settings are handed as their command
        given = call.expr.args[0] if call.expr.args else None
        if given is not None and given.kind == "list" and given.items and _PROGRAM.fullmatch(given.items[0].text):
            text = " ".join(_word(call_file, call.scope, w) for w in given.items[:_WORDS])[:_LONGEST_COMMAND]
            yield call_file.path, call.start, min(call.end, call.start + LONGEST - 1), text


def _written(file: PyFile, call: Call, given: Expr) -> tuple[Call | Assign, Expr]:
    """A command where it is written: in the call, or in the list or text that a name there holds, joined or split."""
    names = {e.text.removesuffix(".split") for e in given.walk() if e.kind in ("name", "call")}
    for item in file.module.assigns if given.kind not in ("list", "str", "fstring") else ():
        held = item.value.kind in ("list", "str", "fstring") and item.scope in (call.scope, 0)
        if held and item.target in names:
            return item, item.value
    return call, given


def _word(file: PyFile, scope: int, word: Expr) -> str:
    """One word of a command; a ``$`` before it tells, as in a shell, that it comes from outside. Where a name holds the
    path of a file, that stands for it."""
    if word.kind == "str":
        return word.text
    if word.kind == "fstring":
        parts = word.text.split("{}")
        filled = [_word(file, scope, e) for e in word.items] + [""] * len(parts)
        return "".join(part + value for part, value in zip(parts, filled, strict=False))
    for item in file.module.assigns if word.kind == "name" else ():
        if item.target == word.text and item.scope in (scope, 0):
            named = [e.text for e in item.value.walk() if e.kind == "str" and _BASENAME.search(e.text)]
            if named:
                return named[-1]
    return f"${word.text}" if comes_from_outside(file, word) else word.text


def _command(project: Project, path: str, start: int, end: int, program: str, rest: str) -> Server:
    options = {m[1].strip("-"): m[2] or "" for m in OPTION.finditer(rest)}
    options.update(
        {
            m[1]: m[2]
            for m in _SHORT.finditer(rest)
            if f"-{m[1]}" + m[2] in rest and len(m[1]) == 1 and not m[2].startswith("-")
        }
    )
    worker = (
        options.get("worker-class")
        or options.get("k")
        or ("gevent" if "gevent" in options and program == "uwsgi" else "")
    )
    worker = _resolved(project, worker)
    kinds = kinds_of(iter(options))
    values = [v for n, v in options.items() if n.lower().replace("_", "-") in KIND_OF]
    derived = any(FROM_OUTSIDE.search(v) for v in values) or any(_set_above(project, path, v) for v in values)
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
    told = bool(kinds) and explained(project, path, start)
    default = {"gunicorn": "gunicorn.conf", "uwsgi": "uwsgi.ini"}.get(program, "")
    group = (named or default).removesuffix(".py") or f"{path}:{start}"
    return Server(path, start, end, program, "start", kinds, derived or told, named, worker, group)


def _resolved(project: Project, value: str) -> str:
    """A worker class that a variable names, as an image sets that variable, else as the shell falls back to; any other
    value as it is."""
    name, _, fallback = value.strip("\"'${}").partition(":-")
    if not value.startswith("$"):
        return value
    setting = re.compile(rf"\b{re.escape(name)}[= ]\s{{0,2}}[\"']?([\w.]{{1,60}})")
    for dockerfile in project.dockerfiles.values():
        for item in dockerfile.instructions:
            if item.word == "ENV" and (found := setting.search(item.text)):
                return found[1]
    return fallback or value


def _set_above(project: Project, path: str, value: str) -> bool:
    return value.startswith("$") and path in project.commands


def _run(project: Project) -> Iterator[Server]:
    for file, call, name in project.calls(project.app, *_RUNNERS):
        if name in _RUNNERS and project.reach.live(file.path, call.scope):
            kinds = kinds_of(iter(call.expr.keys))
            derived = any(comes_from_outside(file, v) for k, v in given(call.expr) if k.replace("_", "-") in KIND_OF)
            program = _RUNNERS[name]
            worker = program if program in ("gevent", "eventlet") else ""
            yield Server(
                file.path,
                call.start,
                min(call.end, call.start + LONGEST - 1),
                program,
                "start",
                kinds,
                derived,
                "",
                worker,
                f"{file.path}:{call.start}",
            )


def _proxies(project: Project) -> Iterator[Server]:
    names = ("werkzeug.middleware.proxy_fix.ProxyFix", "werkzeug.contrib.fixers.ProxyFix")
    for file, call, _ in project.calls(project.app, *names):
        if project.reach.live(file.path, call.scope):
            yield Server(file.path, call.start, call.end, "", "proxy", ("proxy headers",))
