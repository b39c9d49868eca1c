"""Programs that run another program: what stands behind ``poetry run``, ``coverage run -m``, ``docker run IMAGE`` and
kin."""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct

from evidence.facts.ci.programs import program
from evidence.facts.ci.wrapper_table import PLAIN, VALUES
from evidence.patterns import regex

_COMPOSE_VERBS = frozenset({
    "run", "exec", "up", "build", "pull", "push", "down", "stop", "start", "restart", "rm", "kill", "ps", "logs",
    "create", "config",
})  # fmt: skip
_VARIABLE = regex(r"\$(?:\([\w.@-]{1,80}\)|\{[^{}]{1,80}\}|[A-Za-z_]\w{0,80})")
_PYTHON = regex(r"(?:python|pypy|py)(?:[0-9.]{0,6}|\.exe)")
_ASSIGNMENT = regex(r"[A-Za-z_][A-Za-z0-9_]*=")
# Where programs are installed: a ``bin/`` of the repository holds scripts of its own.
_INSTALLED = regex(r"^[/~$].{0,200}bin/|(?:env|\.tox|\.nox|node_modules|\.local|conda)[^/]{0,80}/.{0,80}bin/")

_LONGEST = 3
_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ash", "ksh"})
_ROUNDS = 12


class Container(Struct, frozen=True):
    """A command that runs inside a container: its service (or image), whether ``--no-deps``, and the compose files
    named."""

    name: str
    compose: bool
    files: tuple[str, ...]
    alone: bool


class Unwrapped(Struct, frozen=True):
    """What is left of a command: words, a shell text (``bash -c``), and the container it runs in, if any."""

    words: tuple[str, ...]
    text: str = ""
    container: Container | None = None


def unwrap(words: tuple[str, ...]) -> Unwrapped:
    """Take wrappers off until none is left."""
    container: Container | None = None
    for _round in range(_ROUNDS):
        words = _without_variables(words)
        if not words:
            break
        name = program(words[0])
        if name in ("docker", "docker-compose", "podman", "podman-compose"):
            inner, found = _docker(name, words)
            if found is None:
                return Unwrapped((name, *words[1:]), container=container)
            container = container or found
            if not inner or found.compose:
                return Unwrapped(inner, container=container)
            words = inner
            continue
        if name in _SHELLS or name == "su":
            text = _after_flag(words)
            return Unwrapped((name, *words[1:]), text, container)
        step = _step(name, words)
        if step is None:
            first = words[0] if "/" in words[0] and not _INSTALLED.search(words[0]) else name
            return Unwrapped((first, *words[1:]), container=container)
        words = step
    return Unwrapped(words, container=container)


def _without_variables(words: tuple[str, ...]) -> tuple[str, ...]:
    """Drop assignments and unknown variables in front: ``$(PYTHON) -m x`` is ``python -m x``, ``$(RUN) x`` is ``x``."""
    while words and (_VARIABLE.fullmatch(words[0]) or _ASSIGNMENT.match(words[0]) or words[0] in ("@", "-", "+", "!")):
        rest = words[1:]
        if words[0] in ("$(MAKE)", "${MAKE}"):
            return ("make", *rest)
        if rest and rest[0] == "-m":
            return ("python", *rest)
        words = rest
    if words and words[0][:1] in "@-+" and len(words[0]) > 1 and not words[0].startswith("--"):
        words = (words[0].lstrip("@-+"), *words[1:])
    return words


def _step(name: str, words: tuple[str, ...]) -> tuple[str, ...] | None:
    """One wrapper less; None when the command is no wrapper."""
    if _PYTHON.fullmatch(name):
        return _python(words)
    if name == "devcontainer" and words[1:2] == ("exec",) and "--" not in words:
        return skip_options(words[2:], name)
    if "wait" in name or name in ("retry", "chamber", "aws-vault", "devcontainer"):
        return words[words.index("--") + 1 :] if "--" in words else None
    if name == "timeout":
        return skip_options(words[1:], "timeout")[1:]
    if name == "nix" and "-c" in words:
        return words[words.index("-c") + 1 :]
    for length in range(min(_LONGEST, len(words)), 0, -1):
        kind = PLAIN.get((name, *words[1:length]))
        if kind:
            rest = skip_options(words[length:], kind)
            if kind == "coverage":
                return _covered(words[length:])
            return (rest[0].split(":", 1)[-1], *rest[1:]) if kind == "hatch" and rest and ":" in rest[0] else rest
    if len(words) > 2 and name in ("poetry", "uv") and words[1].startswith("-"):
        rest = skip_options(words[1:], name)
        return (name, *rest) if rest != words[1:] else None
    return None


def _python(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """``python -m X``; a script stays ``python X``; inline code is nothing."""
    for at, word in enumerate(words[1:6], 1):
        if word == "-m":
            return words[at + 1 :]
        if word.startswith("-m") and len(word) > 2:
            return (word[2:], *words[at + 1 :])
        if word == "-c":
            return ()
        if not word.startswith("-"):
            break
    return ("python", *words[1:]) if program(words[0]) != "python" else None


def _covered(words: tuple[str, ...]) -> tuple[str, ...]:
    """``coverage run [-m] X``: a module, or a script."""
    for at, word in enumerate(words):
        if word == "-m":
            return words[at + 1 :]
        if not word.startswith("-") and not (at and words[at - 1] in VALUES["coverage"]):
            name = program(word)
            return words[at:] if not name.endswith(".py") else ("python", *words[at:])
    return ()


def skip_options(words: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """The words after leading options (and their values, as known for ``kind``)."""
    values = VALUES.get(kind, frozenset())
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            return words[at + 1 :]
        if word.startswith("-") and len(word) > 1:
            at += 2 if word in values else 1
        elif kind == "env" and _ASSIGNMENT.match(word):
            at += 1
        else:
            break
    return words[at:]


def _after_flag(words: tuple[str, ...]) -> str:
    """The script given to a shell with ``-c`` (or ``-lc``, ``-ec``...)."""
    for at, word in enumerate(words[1:-1], 1):
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            return words[at + 1]
    return ""


def _after_variables(words: tuple[str, ...]) -> tuple[str, ...]:
    at = next((i for i, w in enumerate(words) if not _VARIABLE.fullmatch(w)), len(words))
    return words[at:]


def _docker(name: str, words: tuple[str, ...]) -> tuple[tuple[str, ...], Container | None]:
    """What runs in the container of ``docker run``, ``docker exec`` and ``docker compose run|exec|up``."""
    rest = words[1:]
    compose = name.endswith("-compose")
    if not compose and rest[:1] == ("compose",):
        compose, rest = True, rest[1:]
    files = tuple(rest[i + 1] for i, w in enumerate(rest[:-1]) if w in ("-f", "--file")) if compose else ()
    rest = skip_options(rest, "docker")
    if compose and rest and _VARIABLE.fullmatch(rest[0]):
        after = skip_options(_after_variables(rest), "docker")
        # the variable holds options, or a script chooses between exec and run by it
        rest = after if after[:1] and after[0] in _COMPOSE_VERBS else ("exec", *_after_variables(rest))
    if not rest or rest[0] not in ("run", "exec", "up"):
        return (), None
    verb, options = rest[0], rest[1:]
    inner = skip_options(options, "docker")
    if verb == "up":
        gated = [w for w in options if w.startswith(("--exit-code-from", "--abort-on-container-exit"))]
        if not compose or not gated:
            return (), None
        chosen = gated[0].partition("=")[2] or (inner[0] if inner else "")
        chosen = chosen or (options[options.index(gated[0]) + 1] if options[-1] != gated[0] else "")
        return (), Container(chosen, True, files, False)
    if not inner:
        return (), None
    entry = [w.partition("=")[2] or follows for w, follows in pairwise(options) if w.startswith("--entrypoint")]
    if entry:
        return (*entry[:1], *inner[1:]), Container(inner[0], compose, files, "--no-deps" in options)
    return inner[1:], Container(inner[0], compose, files, "--no-deps" in options)
