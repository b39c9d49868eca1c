"""Many short git commands in few processes: a shell runs one after the other, and this process starts only the shells.

Starting a process from Python, watching it and reading it costs about as much as git needs for the blame of one file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from evidence.patterns import regex
from evidence.source.child import Child
from evidence.source.git import Git, Limits

# The words that the script itself may hold; all others are handed to it beside, and no shell reads them.
_PLAIN = regex(r"[A-Za-z0-9=,.-]+")
# What a command wrote ends with NUL, its exit code and NUL; git writes none where this is used.
_HEAD = 'run() { "$git" "$@"; printf "\\0%d\\0" "$?"; }\n'


def run_series(
    git: Git,
    commands: Sequence[Sequence[str]],
    *,
    at_once: int,
    folder: Path,
    env: Mapping[str, str],
    config: tuple[str, ...],
    limits: Limits,
) -> list[bytes | None]:
    """What each git command wrote, in their order; None for one that failed or was not come to.

    ``at_once`` of them run at the same time. ``limits`` are each command's, but for ``seconds``, which are those of
    all, and for ``file``, which bounds what one shell's commands write together."""
    shells = [range(n, len(commands), at_once) for n in range(min(at_once, len(commands)))]
    found: list[bytes | None] = [None] * len(commands)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        started: list[Child] = []
        try:
            for number, shell in enumerate(shells):
                script, words = _script([commands[n] for n in shell])
                file = Path(place) / f"{number}.sh"
                file.write_text(script)
                with open(Path(place) / f"{number}.out", "wb") as out:
                    child = git.start_script(file, words, stdout=out, env=env, config=config, limits=limits)
                started.append(child)
            for child in started:
                child.wait()
        finally:
            for child in started:
                git.end(child)
        for number, shell in enumerate(shells):
            told = _told((Path(place) / f"{number}.out").read_bytes())
            for n, wrote in zip(shell, told, strict=False):
                found[n] = wrote
    return found


def _script(commands: Sequence[Sequence[str]]) -> tuple[str, list[str]]:
    """The script that runs these commands, and the words that are handed to it."""
    lines, words = [_HEAD], list[str]()
    for command in commands:
        shown = []
        for word in command:
            if _PLAIN.fullmatch(word):
                shown.append(word)
            else:
                words.append(word)
                shown.append(f'"${{{len(words)}}}"')
        lines.append(f"run {' '.join(shown)}\n")
    return "".join(lines), words


def _told(out: bytes) -> list[bytes | None]:
    """What each command wrote, as far as they came."""
    pieces = out.split(b"\0")
    return [piece if code == b"0" else None for piece, code in zip(pieces[:-1:2], pieces[1::2], strict=False)]
