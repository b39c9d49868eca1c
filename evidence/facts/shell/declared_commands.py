"""Command lines that structured files declare: tox environments, npm scripts, task tables of pyproject.toml, scripts of
a Pipfile, tasks of a Taskfile, test commands of Skaffold, commands of Compose services."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.records import CommandLine, Commands, Node
from evidence.patterns import regex

_COMPOSE = regex(r"(?:docker-)?compose[\w.-]{0,60}\.ya?ml")
_SKAFFOLD = regex(r"skaffold[\w.-]{0,60}\.ya?ml")
_TASKFILE = regex(r"taskfile(?:\.dist)?\.ya?ml")
_TOX_KEYS = ("commands_pre", "commands", "commands_post")
_TASK_KEYS = ("cmd", "shell", "script", "composite", "sequence", "chain", "env_script", "expr")


def commands_of(path: str, root: Node) -> Commands | None:
    """What the structured file at ``path`` declares; None when files of its name declare none."""
    name = path.rpartition("/")[2].lower()
    for suffix in (".jinja", ".jinja2", ".j2"):
        name = name.removesuffix(suffix)
    if name in ("tox.ini", "setup.cfg"):
        return commands_of_tox(root)
    if name == "package.json":
        return commands_of_package_json(root)
    if name == "pyproject.toml":
        return commands_of_pyproject_scripts(root)
    return _other_tables(name, root)


def _other_tables(name: str, root: Node) -> Commands | None:
    """Scripts of a Pipfile, tasks of a Taskfile, custom tests of Skaffold."""
    found: list[CommandLine] = []
    if name == "pipfile":
        scripts = root.get("scripts")
        found = [line for key, node in (scripts.pairs() if scripts is not None else ()) for line in _task(key, node)]
    elif _TASKFILE.fullmatch(name):
        found = list(_taskfile(root))
    elif _SKAFFOLD.fullmatch(name):
        commands = (node.get("command") for node in root.walk() if node.kind == "map" and node.get("timeoutSeconds"))
        found = [line for node in commands if node is not None for line in _text_lines("test", node)]
    return Commands("tasks", tuple(found)) if found else None


def commands_of_services(path: str, root: Node) -> Iterator[CommandLine]:
    """What the services of a Compose file run instead of their image's own command."""
    services = root.get("services") if _COMPOSE.fullmatch(path.rpartition("/")[2].lower()) else None
    for key, service in services.pairs() if services is not None else ():
        node = service.get("command")
        if node is not None and node.texts():
            yield CommandLine(key, " ".join(node.texts()), node.start, node.end)


def _taskfile(root: Node) -> Iterator[CommandLine]:
    tasks = root.get("tasks")
    for name, task in tasks.pairs() if tasks is not None else ():
        listed = task.get("cmds") or task.get("cmd") or task
        for item in listed.each():
            line = item if item.kind == "str" else item.get("cmd")
            if line is not None and line.kind == "str":
                yield from _text_lines(name, line)


def commands_of_tox(root: Node) -> Commands:
    """The commands of each environment of a tox.ini; ``[testenv:lint]`` is ``lint``, ``[testenv]`` is ``testenv``."""
    found: list[CommandLine] = []
    needs: dict[str, tuple[str, ...]] = {}
    for section, node in root.pairs():
        if node.kind != "map" or not (section == "testenv" or section.startswith(("testenv:", "tox:"))):
            continue
        name = section.rpartition(":")[2] if ":" in section else section
        for key in _TOX_KEYS:
            value = node.get(key)
            found += _text_lines(name, value) if value is not None else []
        depends = node.get("depends")
        if depends is not None:
            needs[name] = tuple(depends.text.replace(",", " ").split())
    return Commands("tox", tuple(found), needs)


def commands_of_package_json(root: Node) -> Commands:
    """The scripts of a package.json; ``prebuild`` and the like are sections of their own."""
    scripts = root.get("scripts")
    pairs = scripts.pairs() if scripts is not None else ()
    return Commands("npm", tuple(CommandLine(k, n.text, n.start, n.end) for k, n in pairs if n.kind == "str"))


def commands_of_pyproject_scripts(root: Node) -> Commands:
    """The tasks of poe, taskipy, pdm and hatch, and tox's own TOML; ``kind`` is ``tasks``."""
    found: list[CommandLine] = []
    for path in (("poe", "tasks"), ("taskipy", "tasks"), ("pdm", "scripts")):
        table = root.get("tool", *path)
        for name, node in table.pairs() if table is not None else ():
            found += _task(name, node)
    envs = root.get("tool", "hatch", "envs")
    for _, env in envs.pairs() if envs is not None else ():
        scripts = env.get("scripts")
        for name, node in scripts.pairs() if scripts is not None else ():
            found += _task(name, node)
    found += _tox_toml(root.get("tool", "tox"))
    return Commands("tasks", tuple(found))


def _tox_toml(tox: Node | None) -> Iterator[CommandLine]:
    envs = tox.get("env") if tox is not None else None
    base = tox.get("env_run_base") if tox is not None else None
    tables = [("testenv", base)] if base is not None else []
    for name, env in [*tables, *(envs.pairs() if envs is not None else ())]:
        for key in _TOX_KEYS:
            rows = env.get(key)
            for row in rows.each() if rows is not None else ():
                yield CommandLine(name, " ".join(row.texts()), row.start, row.end)


def _task(name: str, node: Node) -> Iterator[CommandLine]:
    """A task written as a text, as a list of texts or tasks, or as a table with one of these."""
    todo = [node]
    while todo:
        current = todo.pop()
        if current.kind == "str":
            yield from _text_lines(name, current)
        elif current.kind == "list":
            todo.extend(reversed(current.items))
        elif current.kind == "map":
            todo.extend(item for key in reversed(_TASK_KEYS) if (item := current.get(key)) is not None)


def _text_lines(section: str, node: Node) -> Iterator[CommandLine]:
    """The lines of a value, continuations joined. A value spans one line of the file for each of its own."""
    rows = node.text.split("\n")
    aligned = len(rows) == node.end - node.start + 1
    parts: list[str] = []
    start = node.start
    for number, row in enumerate(rows):
        here = node.start + number if aligned else node.start
        start = start if parts else here
        stripped = row.strip()
        if stripped.endswith("\\"):
            parts.append(stripped[:-1].rstrip())
            continue
        joined = " ".join([*parts, stripped]).strip()
        parts = []
        if joined and not joined.startswith("#"):
            yield CommandLine(section, joined, start, here if aligned else node.end)


__all__ = [
    "commands_of",
    "commands_of_package_json",
    "commands_of_pyproject_scripts",
    "commands_of_services",
    "commands_of_tox",
]
