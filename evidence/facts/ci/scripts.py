"""Scripts of the repository: shell files with their functions and ``case`` arms, and Python files that start a
runner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec.structs import replace

from evidence.facts.ci import pythonic
from evidence.facts.ci.found import Found
from evidence.facts.ci.reading import bare, find, join
from evidence.facts.ci.records import CiInputs, Place
from evidence.facts.records import Commands
from evidence.facts.shell.lines import Simple, runs, split
from evidence.patterns import regex

_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ash", "ksh", "source", "."})
_MAX_CALLS, _MAX_DEPTH, _MAX_WORDS = 200, 4, 2_000
# What a script or function was given: all of it, one of it, all but the first.
_ALL = frozenset({"$@", "$*", "${@}", "${*}", "${@:-help}", "${@:-default}"})
_ONE = regex(r"\$\{?([1-9])\}?")
_REST = regex(r"\$\{@:([1-9])\}")


def files(inputs: CiInputs, words: tuple[str, ...], directory: str, root: str, beside: str = "") -> list[Found] | None:
    """The script that a command line starts; None when it starts none of the repository's. ``beside`` is the folder of
    the script that the command line stands in, which a variable in front of a name most often means."""
    name, rest = words[0], words[1:]
    if name in _SHELLS:
        rest = tuple(w for i, w in enumerate(rest) if i or not w.startswith("-"))
        while rest and rest[0].startswith(("-", "+")):
            rest = rest[1:]
        return called(inputs, locate(inputs, rest[0], directory, root), rest[1:]) if rest else None
    if name == "python":
        path = next((p for w in rest if not w.startswith("-") and (p := locate(inputs, w, directory, root))), "")
        return pythonic.script(inputs, path, words) if path in inputs.python else None
    if "/" in name or name in inputs.commands or name.endswith(".sh"):
        path = locate(inputs, name, directory, root) or _beside(inputs, name, beside)
        path = path or _copied(inputs, name.rpartition("/")[2])
        if path in inputs.python:
            return pythonic.script(inputs, path, ("python", *words))
        return called(inputs, path, rest)
    return None


def called(inputs: CiInputs, path: str, arguments: tuple[str, ...]) -> list[Found] | None:
    """The commands of a shell script when it gets ``arguments``."""
    script = inputs.commands.get(path)
    if script is None or script.kind != "shell":
        return None
    functions = inputs.kept.get(f"script {path}") or inputs.kept.setdefault(f"script {path}", parsed(script))
    chosen = islice(_running(functions, "", arguments, 0), _MAX_CALLS)
    return [Found(Place(path, c.start, c.end), commands=(replace(c, function="", arm=""),)) for c in chosen]


def selected(commands: Iterable[Simple], arguments: tuple[str, ...]) -> Iterator[Simple]:
    """The commands of an inline text that run: those of a function only where it is called."""
    listed = list(commands)
    bodies: dict[str, list[Simple]] = {}
    for command in listed:
        bodies.setdefault(command.function, []).append(command)
    yield from _running(bodies, "", arguments, 0) if set(bodies) - {""} else iter(listed)


def parsed(script: Commands) -> dict[str, list[Simple]]:
    """The commands of a script by function; "" holds those outside of any."""
    sections: dict[str, list[tuple[int, str]]] = {}
    for line in script.lines:
        sections.setdefault(line.section, []).append((line.start, line.text))
    out: dict[str, list[Simple]] = {}
    for section, rows in sections.items():
        first = rows[0][0]
        text: list[str] = []
        for start, row in rows:
            text.extend([""] * (start - first - len(text)))
            text.append(row)
        for command in split("\n".join(text), first_line=first):
            out.setdefault(command.function or section, []).append(command)
    return out


def _running(functions: dict[str, list[Simple]], name: str, arguments: tuple[str, ...], depth: int) -> Iterator[Simple]:
    """Commands of a function (of the script itself for ""), with calls of other functions followed; what a function is
    given stands where it uses it (``"$@"``, ``$1``)."""
    if depth > _MAX_DEPTH:
        return
    for command in runs(functions.get(name, ()), arguments):
        if command.words == ("shift",):
            arguments = arguments[1:]
        words = _given(command.words, arguments) if arguments or name else command.words
        words = words[words[:1] in (("time",), ("command",), ("exec",)) and len(words) > 1 and words[1] in functions :]
        if not words:
            continue
        command = replace(command, words=words)
        yield command  # of a call the call itself, for what follows it
        if words[0] in functions and words[0]:
            passed = tuple(word for word in words[1:] if word not in _ALL)
            for inner in _running(functions, words[0], passed, depth + 1):
                yield replace(inner, swallowed=inner.swallowed or command.swallowed)


def _given(words: tuple[str, ...], arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a command with the arguments of its function or script in the places where they are used."""
    if not any("$" in word for word in words):
        return words
    found: list[str] = []
    for word in words:
        one, rest = _ONE.fullmatch(word), _REST.fullmatch(word)
        if word in _ALL:
            found.extend(arguments)
        elif one is not None and int(one[1]) <= len(arguments):
            found.append(arguments[int(one[1]) - 1])
        elif rest is not None:
            found.extend(arguments[int(rest[1]) - 1 :])
        else:
            found.append(word.replace("$@", " ".join(arguments)).replace("$*", " ".join(arguments)))
    return tuple(found[:_MAX_WORDS])


def locate(inputs: CiInputs, name: str, directory: str, root: str = "") -> str:
    """The path of a script as a command line names it; absolute paths (inside a container) by their longest known
    tail."""
    plain = name.removeprefix("$(pwd)/").removeprefix("${PWD}/").removeprefix("$PWD/")
    for variable in ("$GITHUB_WORKSPACE/", "${GITHUB_WORKSPACE}/", "$CI_PROJECT_DIR/", "${CI_PROJECT_DIR}/"):
        plain = plain.removeprefix(variable)
    for folder in dict.fromkeys((directory, root, "")):
        path = find(inputs.paths, join(folder, plain))
        if path and bare(path):
            return path
    if plain.startswith("/") or plain.startswith("$"):
        parts = plain.strip("/").split("/")
        for at in range(1, min(len(parts), 8)):
            path = find(inputs.paths, "/".join(parts[at:]))
            if path:
                return path
    return ""


def _beside(inputs: CiInputs, name: str, folder: str) -> str:
    """``"$DIR/name"`` as a script of the same folder."""
    variable, _, rest = name.partition("/")
    path = join(folder, rest) if variable.startswith("$") and rest else ""
    return path if path in inputs.paths else ""


def _copied(inputs: CiInputs, name: str) -> str:
    """The one script of this name that stands beside the Dockerfile of an image that takes it in."""
    beside = {d.rpartition("/")[0] for d in inputs.dockerfiles}
    found = [p for p in inputs.commands if p.rpartition("/")[2] == name and p.rpartition("/")[0] in beside]
    return found[0] if len(found) == 1 else ""
