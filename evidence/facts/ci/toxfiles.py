"""tox environments: tox.ini, setup.cfg, tox.toml and pyproject.toml (native and legacy)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from evidence.facts.ci.found import Found
from evidence.facts.ci.reading import find, join, strings, text, truth
from evidence.facts.ci.records import CiInputs, Place
from evidence.facts.records import Node
from evidence.facts.shell.lines import split
from evidence.patterns import regex

_FACTOR = regex(r"(!?[\w.{},!-]{1,120}):[ \t]+(.*)")
_REFERENCE = regex(r"\{\[([\w:.-]{1,100})\]([\w.-]{1,60})\}")
# What stands behind ``--`` on the command line, else the default behind the colon.
_POSARGS = regex(r"\{posargs(?::((?:[^{}]|\{[^{}]{0,200}\}){0,2000}))?\}")
_BRACES = regex(r"\{([\w.,-]{1,200})\}")
_PLAIN_ENVIRONMENT = regex(r"(?:py|pypy|python|cpython)[0-9.t]{0,6}")

# What sets environments up or tells of them, and runs none of their commands.
_IDLE = frozenset({"--notest", "-n", "-l", "--listenvs", "-a", "--listenvs-all", "--showconfig", "list", "config", "l"})


class _Config(Struct, frozen=True):
    path: str
    root: Node
    ini: bool

    def environment(self, name: str) -> list[Node]:
        """The nodes that describe an environment, most exact first; the base last."""
        if self.ini:
            exact = [self.root.get(f"testenv:{name}")]
            parts = [v for k, v in self.root.pairs() if k.startswith("testenv:") and name in _names(k[8:])]
            return [n for n in (*exact, *parts, self.root.get("testenv")) if n is not None]
        base = self.root.get("env_run_base")
        plain = self.root.get("env", name) or self.root.get("env", name.split("-")[0])
        return [n for n in (plain, base) if n is not None]

    def listed(self) -> tuple[str, ...]:
        """The environments that run when none is asked for."""
        if not self.ini:
            return strings(self.root.get("env_list"))
        raw = text(self.root.get("tox", "envlist")) or text(self.root.get("tox", "env_list"))
        return tuple(_names(raw.replace("\n", ",")))


def environments(
    inputs: CiInputs, words: tuple[str, ...], directory: str, env: Mapping[str, str]
) -> list[Found] | None:
    """The commands of the environments that this ``tox`` command runs; None without a configuration."""
    config = _config(inputs, words, directory)
    if config is None:
        return None
    found: list[Found] = []
    idle = next((f"{w} runs nothing" for w in words[1:] if w in _IDLE), "")
    given = shlex.join(words[words.index("--") + 1 :]) if "--" in words else ""
    for name in _asked(words, env) or config.listed() or ("py",):
        outcome = next((o for n in config.environment(name) if (o := n.get("ignore_outcome")) is not None), None)
        muted = idle or ("ignore_outcome" if truth(outcome) else "")
        part = (replace(f, swallowed=f.swallowed or muted) for f in _commands(config, name, directory, given))
        found.extend(f for f in part if f not in found)
    return found or None


def _config(inputs: CiInputs, words: tuple[str, ...], directory: str) -> _Config | None:
    named = next((words[i + 1] for i, w in enumerate(words[:-1]) if w in ("-c", "--conf")), "")
    for name in (named, "tox.ini", "setup.cfg", "pyproject.toml", "tox.toml"):
        path = find(inputs.data, join(directory, name)) if name else ""
        root = inputs.data[path].root if path else None
        if root is None:
            continue
        if name.endswith(".toml"):
            native = root.get("tool", "tox") if name == "pyproject.toml" else root
            if native is not None and native.get("legacy_tox_ini") is not None:
                kept = inputs.kept.get(f"tox {path}") or _legacy(native.get("legacy_tox_ini"))
                return _Config(path, inputs.kept.setdefault(f"tox {path}", kept), ini=True)
            if native is not None and ("env_run_base" in native.keys or "env" in native.keys):
                return _Config(path, native, ini=False)
        elif any(k.startswith("testenv") for k in root.keys):
            return _Config(path, root, ini=True)
    return None


def _legacy(node: Node | None) -> Node:
    """The INI text inside pyproject.toml, its lines counted from where it stands."""
    from evidence.facts.formats.ini_nodes import extract

    if node is None:
        return Node("map", 1, 1)
    # The text starts behind the opening quotes; padding with empty lines keeps every line number right.
    return extract(("\n" * (node.start - 1) + node.text).encode()).root


def _asked(words: tuple[str, ...], env: Mapping[str, str]) -> tuple[str, ...]:
    """Environments named by ``-e``, ``TOXENV`` or ``TOX_ENV``; an expression that is not known means the plain one."""
    asked: list[str] = []
    for at, word in enumerate(words):
        if word in ("-e", "--env") and at + 1 < len(words):
            asked.append(words[at + 1])
        elif word.startswith("-e") and len(word) > 2 and not word.startswith("--"):
            asked.append(word[2:])
    if not asked:
        asked = [env[name] for name in ("TOXENV", "TOX_ENV") if env.get(name)]
    return tuple(name for value in asked for name in (_names(value) if "$" not in value else ["py"]))


def _names(value: str) -> list[str]:
    """Names of a comma list with braces: ``py{310,311}-x`` is two; at most 100."""
    out: list[str] = []
    for item in _split(value):
        expanded = [item]
        while any("{" in name for name in expanded) and len(expanded) < 100:
            name = next(n for n in expanded if "{" in n)
            match = _BRACES.search(name)
            expanded.remove(name)
            if match is not None:
                expanded.extend(name[: match.start()] + part + name[match.end() :] for part in match[1].split(","))
        out.extend(expanded)
    return out[:100]


def _split(value: str) -> Iterator[str]:
    """A comma list, with commas inside of braces left alone."""
    depth, part = 0, ""
    for char in value:
        depth += (char == "{") - (char == "}")
        if char == "," and depth <= 0:
            yield part.strip()
            part = ""
        else:
            part += char
    if part.strip():
        yield part.strip()


def _commands(config: _Config, name: str, directory: str, given: str) -> Iterator[Found]:
    nodes = config.environment(name)
    if not nodes or (len(nodes) == 1 and config.root.get("testenv") is None and config.ini and not nodes[0].keys):
        return
    commands = next((c for n in nodes if (c := n.get("commands")) is not None), None)
    if commands is None:
        return
    if not config.ini:
        for item in commands.items:
            words = tuple(w.text for w in item.items if w.kind not in ("map", "list")) if item.kind == "list" else ()
            yield Found(Place(config.path, item.start, max(item.start, item.end)), words=words, directory=directory)
        return
    yield from _ini_commands(config, commands, name, directory, given)


def _ini_commands(config: _Config, commands: Node, name: str, directory: str, given: str) -> Iterator[Found]:
    """One command per line, a factor in front (``lint: flake8``) limiting it to environments that have it; ``given``
    is what stands behind ``--`` and takes the place of ``{posargs}``."""
    lines = _joined(_followed(config, commands.text))
    exact = commands.end - commands.start + 1 >= sum(rows for _, rows, _ in lines)
    for offset, rows, line in lines:
        match = _FACTOR.match(line)
        if match is not None and not _applies(match[1], name):
            continue
        body = match[2] if match is not None else line
        first = min(commands.start + offset, commands.end) if exact else commands.start
        last = min(first + rows - 1, commands.end) if exact else commands.end
        where = Place(config.path, min(first, commands.end), last)
        plain = _POSARGS.sub(lambda m: given or m[1] or "", body)
        plain = plain.replace("{toxinidir}/", "").replace("{tox_root}/", "").lstrip("- ")
        run = tuple(replace(c, end=where.end) for c in split(plain, first_line=where.start))
        yield Found(
            where, commands=run, directory=directory,
            swallowed="tox ignores it (-)" if body.startswith("-") else "",
        )  # fmt: skip


def _followed(config: _Config, value: str) -> str:
    """The text with ``{[section]key}`` replaced by what it names, one level deep."""
    return _REFERENCE.sub(lambda m: text(config.root.get(m[1], m[2])), value)


def _joined(value: str) -> list[tuple[int, int, str]]:
    """Logical lines with the line each starts at, counted from that of the key, and the lines that it takes."""
    out: list[tuple[int, int, str]] = []
    rows = value.split("\n")
    # Where the first command is not on the key's own line, it is on the next one.
    shift = 0
    held = ""
    start = 0
    for number, row in enumerate(rows):
        if not held:
            start = number
        held += row.strip().removesuffix("\\")
        if row.rstrip().endswith("\\"):
            continue
        if held.strip():
            out.append((start + shift, number - start + 1, held.strip()))
        held = ""
    return out


def _applies(factors: str, name: str) -> bool:
    parts = set(name.split("-"))
    for choice in _names(factors):
        wanted = choice.split("-")
        if all((w[1:] not in parts) if w.startswith("!") else w in parts for w in wanted):
            return True
        if _PLAIN_ENVIRONMENT.fullmatch(name) and name == "py" and choice.startswith("py"):
            return True
    return False
