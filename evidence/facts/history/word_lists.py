"""Lists of words that subjects of commits use, from ``word_lists.toml``."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=4)
def word_list(name: str) -> frozenset[str]:
    """The words of one list of the file."""
    lists = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return frozenset(lists[name])
