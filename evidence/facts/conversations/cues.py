"""The word patterns of the text rules, read from ``comments.toml`` and ``descriptions.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from msgspec import Struct, convert


class _Entry(Struct):
    about: str
    cues: list[str]
    headings: list[str] = []


class Cue(Struct, frozen=True):
    """One rule: what it stands for, the pattern of its sentences, and of the titles that ask for it (or None)."""

    about: str
    words: re.Pattern[str]
    titles: re.Pattern[str] | None


@cache
def cues(table: str) -> dict[str, Cue]:
    """The rules of ``comments`` or ``descriptions``, by name."""
    text = Path(__file__).with_name(f"{table}.toml").read_text(encoding="utf-8")
    entries = convert(tomllib.loads(text), dict[str, _Entry])
    return {
        name: Cue(entry.about, _any(entry.cues), _any(entry.headings) if entry.headings else None)
        for name, entry in entries.items()
    }


def _any(patterns: list[str]) -> re.Pattern[str]:
    """One pattern for all. Those that begin at the edge of a word share it, which is four times as fast."""
    edge = r"\b"
    inner = [pattern.removeprefix(edge) for pattern in patterns if pattern.startswith(edge)]
    others = [f"(?:{pattern})" for pattern in patterns if not pattern.startswith(edge)]
    return re.compile("|".join([*([f"{edge}(?:{'|'.join(inner)})"] if inner else []), *others]), re.MULTILINE)
