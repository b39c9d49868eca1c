"""Named scripts of a project: package.json, just, Taskfile, and the script tables of pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.ci.found import Found
from evidence.facts.ci.programs import program
from evidence.facts.ci.reading import entries, find, join, strings, text
from evidence.facts.ci.records import CiInputs, Place
from evidence.facts.ci.wrappers import skip_options
from evidence.facts.records import Node
from evidence.facts.shell.lines import split

_OWN_COMMANDS = frozenset(
    [
        "install",
        "ci",
        "add",
        "remove",
        "publish",
        "audit",
        "pack",
        "link",
        "init",
        "config",
        "cache",
        "login",
        "version",
        "exec",
        "dlx",
        "create",
        "outdated",
        "update",
        "up",
        "set",
        "why",
        "store",
        "workspaces",
        "i",
        "import",
        "rebuild",
        "prune",
        "list",
        "ls",
        "info",
        "view",
        "whoami",
    ]
)


def scripts(inputs: CiInputs, words: tuple[str, ...], directory: str) -> list[Found] | None:
    """The script of package.json that ``npm run X`` (and yarn, pnpm, bun) runs."""
    folder = _folder(words, directory)
    tool = program(words[0])
    rest = skip_options(words[1:], tool)
    if rest[:1] in (("run",), ("run-script",)):
        rest = skip_options(rest[1:], tool)
    elif rest and (rest[0] in _OWN_COMMANDS or (tool == "npm" and rest[0] not in ("test", "t", "start"))):
        return None
    if not rest:
        return None
    name = "test" if rest[0] == "t" else rest[0]
    for base in dict.fromkeys((folder, directory, "")):
        path = find(inputs.data, join(base, "package.json"))
        script = inputs.data[path].root.get("scripts") if path else None
        if script is not None and script.get(name) is not None:
            return list(_script(path, script, name, path.rpartition("/")[0]))
    return None


def several(inputs: CiInputs, words: tuple[str, ...], directory: str) -> list[Found] | None:
    """The scripts of package.json that ``run-s``, ``run-p``, ``npm-run-all`` and ``concurrently`` run; ``*`` is a
    pattern."""
    path = next((p for d in dict.fromkeys((directory, "")) if (p := find(inputs.data, join(d, "package.json")))), "")
    table = inputs.data[path].root.get("scripts") if path else None
    if table is None:
        return None
    found: list[Found] = []
    for word in words[1:]:
        name = word.partition(":")[2] if word.startswith(("npm:", "yarn:", "pnpm:")) else word
        if program(words[0]) == "concurrently" and name == word:
            name = ""
        prefix, star, rest = name.partition("*")
        left_out = rest.strip("()").removeprefix("!")  # concurrently writes npm:lint:*(!fix)
        for key in table.keys:
            fits = bool(prefix) and key.startswith(prefix) and key != prefix + left_out if star else key == name
            if fits and not word.startswith("-"):
                found.extend(_script(path, table, key, path.rpartition("/")[0]))
    return found or None


def _folder(words: tuple[str, ...], directory: str) -> str:
    for at, word in enumerate(words[:-1]):
        if word in ("--prefix", "-C", "--cwd", "--dir"):
            return join(directory, words[at + 1])
        if word.startswith(("--prefix=", "--cwd=", "--dir=")):
            return join(directory, word.partition("=")[2])
    return directory


def _script(path: str, scripts_: Node, name: str, folder: str) -> Iterator[Found]:
    for key, node, where in entries(path, scripts_):
        if key in (f"pre{name}", name, f"post{name}"):
            yield Found(where, commands=split(text(node), first_line=where.start), directory=folder)


def recipes(inputs: CiInputs, words: tuple[str, ...], directory: str) -> list[Found] | None:
    """The recipe of a justfile, or the task of a Taskfile."""
    names = [w for w in words[1:] if not w.startswith("-")]
    if program(words[0]) == "task":
        return _taskfile(inputs, names or ["default"], directory)
    for folder in dict.fromkeys((directory, "")):
        for name in ("justfile", "Justfile", ".justfile"):
            path = find(inputs.commands, join(folder, name))
            if path:
                return _just(inputs, path, names, folder) or None
    return None


def _just(inputs: CiInputs, path: str, names: list[str], folder: str) -> list[Found]:
    commands = inputs.commands[path]
    wanted = names[:1] or [line.section for line in commands.lines[:1]]
    order = list(wanted)
    for name in order:  # grows while it is walked: what is needed by what is needed
        order.extend(n for n in commands.needs.get(name, ()) if n not in order and len(order) < 50)
    return [
        Found(
            Place(path, line.start, line.end), commands=split(line.text.lstrip("@- "), first_line=line.start),
            directory=folder, swallowed="just ignores it (-)" if line.text.lstrip("@").startswith("-") else "",
        )
        for line in commands.lines
        if line.section in order
    ]  # fmt: skip


def _taskfile(inputs: CiInputs, names: list[str], directory: str) -> list[Found] | None:
    for name in ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml"):
        path = find(inputs.data, join(directory, name))
        if path:
            tasks = inputs.data[path].root.get("tasks")
            found: list[Found] = []
            order = list(names)
            for task in order:
                node = tasks.get(task) if tasks is not None else None
                if node is not None:
                    order.extend(d for d in strings(node.get("deps")) if d not in order and len(order) < 50)
                    found.extend(_task(path, node, directory))
            return found or None
    return None


def _task(path: str, node: Node, directory: str) -> Iterator[Found]:
    listed = node.get("cmds") or node.get("cmd") or node
    for item in listed.each() if listed is not node else ():
        line = text(item) or text(item.get("cmd"))
        inner = text(item.get("task")) if item.kind == "map" else ""
        words = ("task", inner) if inner else ()
        ignored = "ignore_error" if text(item.get("ignore_error")) == "true" else ""
        place = Place(path, item.start, max(item.start, item.end))
        commands = () if inner else split(line, first_line=item.start)
        if inner or commands:
            yield Found(place, words=words, commands=commands, directory=directory, swallowed=ignored)


def project_scripts(inputs: CiInputs, words: tuple[str, ...], directory: str) -> list[Found] | None:
    """A script that pyproject.toml (PDM, Poe, Hatch, taskipy, rye, pixi) or the Pipfile names."""
    name = words[0]
    if program(name) in ("poe", "task", "taskipy") and len(words) > 1:
        name = words[1]
    for file, tables in _TABLES.items():
        path = find(inputs.data, join(directory, file))
        root = inputs.data[path].root if path else None
        for table in tables:
            holder = root.get(*table) if root is not None else None
            found = list(_named(path, holder, name, directory)) if holder is not None else []
            if found:
                return found
    return _hatch(inputs, name, directory)


_TABLES: dict[str, tuple[tuple[str, ...], ...]] = {
    "pyproject.toml": (
        ("tool", "pdm", "scripts"),
        ("tool", "poe", "tasks"),
        ("tool", "taskipy", "tasks"),
        ("tool", "rye", "scripts"),
        ("tool", "pixi", "tasks"),
    ),
    "Pipfile": (("scripts",),),
}


def _named(path: str, table: Node, name: str, directory: str) -> Iterator[Found]:
    """A script of a table: a string, a list of strings or of words, or a mapping with ``cmd``, ``shell``,
    ``sequence``."""
    for key, node, where in entries(path, table):
        if key != name:
            continue
        parts = node
        for inner in ("cmd", "shell", "composite", "sequence", "script", "chain"):
            parts = node.get(inner) or parts if node.kind == "map" else parts
        for item in parts.each():
            line = text(item) or text(item.get("cmd"))
            if line:
                yield Found(where, commands=split(line, first_line=item.start), directory=directory)


def _hatch(inputs: CiInputs, name: str, directory: str) -> list[Found] | None:
    for file, base in (("pyproject.toml", ("tool", "hatch", "envs")), ("hatch.toml", ("envs",))):
        path = find(inputs.data, join(directory, file))
        environments = inputs.data[path].root.get(*base) if path else None
        for _key, node in environments.pairs() if environments is not None else ():
            holder = node.get("scripts")
            found = list(_named(path, holder, name, directory)) if holder is not None else []
            if found:
                return found
    return None
