"""Configuration files of application servers: gunicorn's in Python and in other endings, and uWSGI's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.deployment.server_settings import FROM_OUTSIDE, LONGEST, Server, comes_from_outside, given, kinds_of
from evidence.facts.python.records import Assign, Call
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_HOOKS = frozenset({
    "on_starting", "on_reload", "when_ready", "pre_fork", "post_fork", "post_worker_init", "worker_int", "worker_abort",
    "pre_exec", "pre_request", "post_request", "child_exit", "worker_exit", "nworkers_changed", "on_exit",
})  # fmt: skip
_LINE = regex(r"^([a-z_]{3,40})[ \t]{0,8}=[ \t]{0,8}(?!=)(.{1,300})$")
_DEFINITION = regex(r"^def ([a-z_]{3,40})\(")
_CONNECTED = regex(r"^@[\w.]{0,60}\b([a-z_]{3,20})\.connect\b")


def configured(project: Project, given_to_gunicorn: set[str]) -> Iterator[Server]:
    """Each run of settings, and each hook, in the application's configuration files (those called after their server,
    and modules ``given_to_gunicorn`` by a command); ``used`` is not told yet."""
    yield from _in_python(project, given_to_gunicorn)
    yield from _plain(project)
    yield from _uwsgi(project)


def _runs(lines: list[tuple[int, int, str, bool, str]]) -> Iterator[tuple[int, int, tuple[str, ...], bool, str]]:
    """Settings (first line, last line, name, derived, worker class) that stand near each other, as one place."""
    group: list[tuple[int, int, str, bool, str]] = []
    for item in sorted(lines):
        if group and (item[0] - group[-1][1] > 12 or item[1] - group[0][0] >= LONGEST):
            yield _place(group)
            group = []
        group.append(item)
    if group:
        yield _place(group)


def _place(group: list[tuple[int, int, str, bool, str]]) -> tuple[int, int, tuple[str, ...], bool, str]:
    worker = next((g[4] for g in group if g[4]), "")
    return group[0][0], max(g[1] for g in group), kinds_of(g[2] for g in group), any(g[3] for g in group), worker


def as_module(path: str, named: set[str]) -> str:
    """Of these names the one that is this file as a module, as in ``-c python:config.gunicorn``; "" where none is."""
    dotted = "." + path.removesuffix(".py").replace("/", ".")
    return next((n for n in sorted(named) if "." in n and dotted.endswith(f".{n}")), "")


def _in_python(project: Project, given_to_gunicorn: set[str]) -> Iterator[Server]:
    """Settings of gunicorn in a Python file: of its own name, given to it by path or as a module, or of its own
    kind."""
    for file in project.app:
        given_it = file.path.rpartition("/")[2] in given_to_gunicorn or as_module(file.path, given_to_gunicorn)
        named = "gunicorn" in file.path.lower() or bool(given_it)
        custom = any(i.target.startswith("gunicorn.app") for i in file.module.imports)
        if not named and not custom:
            continue
        items: list[tuple[int, int, str, bool, str]] = []
        both: list[Assign | Call] = [*file.module.assigns, *file.module.calls]
        for item in both:
            value = item.expr if isinstance(item, Call) else item.value
            if named and item.scope == 0 and kinds_of(iter((item.target,))):
                items.append(
                    (
                        item.start,
                        item.end,
                        item.target,
                        comes_from_outside(file, value),
                        value.text if item.target == "worker_class" else "",
                    )
                )
            if custom and value.kind in ("dict", "call") and len(kinds_of(iter(value.keys))) > 0:
                items += [
                    (item.start, item.end, k, comes_from_outside(file, v), v.text if k == "worker_class" else "")
                    for k, v in given(value)
                ]
        for first, last, kinds, derived, worker in _runs(items):
            yield Server(
                file.path,
                first,
                min(last, first + LONGEST - 1),
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
                    min(definition.end, definition.start + LONGEST - 1),
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
            if setting and kinds_of(iter((setting[1],))):
                worker = setting[2].strip("\"' ") if setting[1] == "worker_class" else ""
                items.append((number, number, setting[1], bool(FROM_OUTSIDE.search(setting[2])), worker))
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
            (n.start, n.end, k, bool(FROM_OUTSIDE.search(n.text)), "gevent" if k == "gevent" else "")
            for k, n in section.pairs()
        ]
        kept = [i for i in items if kinds_of(iter((i[2],)))]
        for first, last, kinds, derived, worker in _runs(kept):
            yield Server(path, first, last, "uwsgi", "config", kinds, derived, "", worker)
