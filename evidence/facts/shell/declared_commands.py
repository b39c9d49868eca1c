"""Command lines that structured files declare: tox environments, npm scripts, task tables of pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.records import CommandLine, Commands, Node

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
    return commands_of_pyproject_scripts(root) if name == "pyproject.toml" else None


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


__all__ = ["commands_of", "commands_of_package_json", "commands_of_pyproject_scripts", "commands_of_tox"]
