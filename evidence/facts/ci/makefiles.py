"""Makefile targets with their prerequisites."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from evidence.facts.ci.found import Found
from evidence.facts.ci.reading import bare, join
from evidence.facts.ci.records import CiInputs, Place
from evidence.facts.records import CommandLine, Commands
from evidence.facts.shell.lines import split
from evidence.patterns import regex

_NAMES = ("GNUmakefile", "makefile", "Makefile")
_VALUES = frozenset({"-C", "--directory", "-f", "--file", "-o", "-I", "-W"})
_MAX_TARGETS = 60
# Options by which make runs nothing, and the one by which it minds no failure; short ones may stand together.
_IDLE = {"n": "make -n", "t": "make -t", "q": "make -q"}
_IDLE |= {"--just-print": "make -n", "--dry-run": "make -n", "--recon": "make -n", "--touch": "make -t"}
_IDLE["--question"] = "make -q"
_FLAGS = regex(r"-[a-zA-Z]{1,12}")


class Makefiles(Struct, frozen=True):
    """All Makefiles by folder; the one that make would read comes first."""

    by_folder: dict[str, list[tuple[str, Commands]]]
    by_target: dict[tuple[str, str], list[CommandLine]]

    def targets(self, words: tuple[str, ...], directory: str) -> list[Found] | None:
        """The recipe lines that ``make`` runs for these words, prerequisites first; None when they are not to be
        had."""
        folder, file, names = _arguments(words[1:], directory)
        files = self.by_folder.get(folder, [])
        if file:
            files = [f for f in files if bare(f[0]) == join(folder, file)] or files
        if not files and not directory and names:
            # a folder that an expression names: any that has the target
            folder = next((f for f in sorted(self.by_folder) if self._has(f, names[0])), "")
            files = self.by_folder.get(folder, [])
        if not files:
            return None
        wanted = names or _default(files[0][1])
        found: list[Found] = []
        for name in wanted:
            recipes = list(self._recipes(files, folder, name))
            found.extend(recipes)
        muted = _muted([w for w in words[1:] if w.startswith("-")])
        return [replace(f, swallowed=f.swallowed or muted) for f in found] if muted else found or None

    def _has(self, folder: str, target: str) -> bool:
        files = self.by_folder[folder]
        return any((path, target) in self.by_target or target in commands.needs for path, commands in files)

    def _recipes(self, files: list[tuple[str, Commands]], folder: str, name: str) -> Iterator[Found]:
        order: list[str] = []
        stack = [name]
        while stack and len(order) < _MAX_TARGETS:
            target = stack.pop()
            if target in order:
                continue
            order.append(target)
            for _path, commands in self._defining(files, target):
                stack.extend(reversed(commands.needs.get(target, ())))
        for target in [*order[1:], name]:  # what it needs runs before it
            for path, commands in self._defining(files, target):
                yield from self._lines(path, commands, target, folder)

    def _defining(self, files: list[tuple[str, Commands]], target: str) -> list[tuple[str, Commands]]:
        """The files of a folder where they know a target; else the one other file that does: it is included."""
        known = [f for f in files if (f[0], target) in self.by_target or target in f[1].needs]
        if known:
            return known
        others = {p: (p, c) for fs in self.by_folder.values() for p, c in fs if (p, target) in self.by_target}
        return list(others.values()) if len(others) == 1 else []

    def _lines(self, path: str, commands: Commands, target: str, folder: str) -> Iterator[Found]:
        given = commands.variables.get("MAKEFLAGS", ("", 0))[0].split()
        heedless = _muted([w if w.startswith("-") else f"-{w}" for w in given])
        heedless = heedless or (".IGNORE of the Makefile" if ".IGNORE" in commands.needs else "")
        shell = " ".join(commands.variables.get(name, ("", 0))[0] for name in ("SHELL", ".SHELLFLAGS"))
        for line in self.by_target.get((path, target), ()):
            marks = line.text[: len(line.text) - len(line.text.lstrip("@-+ "))]
            yield Found(
                Place(path, line.start, line.end),
                commands=split(line.text.lstrip("@-+ "), first_line=line.start, pipefail="pipefail" in shell),
                directory=folder,
                swallowed="make ignores it (-)" if "-" in marks else heedless,
            )


def by_folder(inputs: CiInputs) -> Makefiles:
    """The Makefiles of a snapshot; ``*.mk`` files stand behind the Makefile of their folder (or of the one above)."""
    found: dict[str, list[tuple[str, Commands]]] = {}
    for path, commands in inputs.commands.items():
        if commands.kind != "makefile":
            continue
        folder, _, name = bare(path).rpartition("/")
        found.setdefault(folder, []).append((path, commands))
        if name.endswith(".mk") and "/" in folder:
            found.setdefault(folder.rpartition("/")[0], []).append((path, commands))
        elif name.endswith(".mk") and folder:
            found.setdefault("", []).append((path, commands))
    for files in found.values():
        files.sort(key=lambda f: (bare(f[0]).rsplit("/", 1)[-1] not in _NAMES, f[0]))
    targets: dict[tuple[str, str], list[CommandLine]] = {}
    for path, commands in inputs.commands.items():
        if commands.kind == "makefile":
            for line in commands.lines:
                targets.setdefault((path, line.section), []).append(line)
    return Makefiles(found, targets)


def _muted(options: list[str]) -> str:
    """Why no failure of what make runs with these options would be noticed."""
    letters = {letter for word in options if _FLAGS.fullmatch(word) and word[1] not in "CfoIW" for letter in word[1:]}
    asked = letters | {word for word in options if word.startswith("--")}
    idle = next((f"{said} runs nothing" for option, said in _IDLE.items() if option in asked), "")
    return idle or ("make -i" if asked & {"i", "--ignore-errors"} else "")


def _arguments(words: tuple[str, ...], directory: str) -> tuple[str, str, list[str]]:
    """Folder, file and targets of a make command line."""
    folder, file, names = directory, "", []
    at = 0
    while at < len(words):
        word = words[at]
        value = words[at + 1] if at + 1 < len(words) else ""
        if word in ("-C", "--directory"):
            folder = join(folder, value)
        elif word.startswith("--directory=") or (word.startswith("-C") and len(word) > 2):
            folder = join(folder, word.partition("=")[2] or word[2:])
        elif word in ("-f", "--file"):
            file = value
        elif not word.startswith("-") and "=" not in word:
            names.append(word)
        at += 2 if word in _VALUES else 1
    return folder, file, names


def _default(commands: Commands) -> list[str]:
    named = commands.variables.get(".DEFAULT_GOAL")
    if named:
        return [named[0]]
    sections = [line.section for line in commands.lines if line.section and not line.section.startswith(".")]
    first = next((name for name in commands.needs if not name.startswith(".")), "")
    return [first or sections[0]] if first or sections else []
