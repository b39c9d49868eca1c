"""The thresholds of attribution, from ``limits.toml``."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from msgspec import Struct, convert


class Limits(Struct, frozen=True):
    """See the comments of ``limits.toml``."""

    own_share: float
    blamed_files: int
    blamed_work: int
    signal_files: int
    sweep_files: int
    sweep_commits: int
    sweep_checks: int
    copied_characters: int
    copied_from: int
    copied_files: int
    change_heads: int
    rounds: int


@lru_cache(maxsize=1)
def limits() -> Limits:
    """The thresholds as they are shipped."""
    text = Path(__file__).with_name("limits.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), Limits)
