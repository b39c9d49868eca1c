"""The ledger's codes and what each means to a reader, from ``ledger_codes.toml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from msgspec import Struct, convert


class Code(Struct, frozen=True):
    """A short title ("File over the size limit") and one plain sentence of what it means for the digest."""

    title: str
    meaning: str


@lru_cache(maxsize=1)
def codes() -> dict[str, Code]:
    """All codes in alphabetical order."""
    import tomllib

    text = Path(__file__).with_name("ledger_codes.toml").read_text(encoding="utf-8")
    return dict(sorted(convert(tomllib.loads(text), dict[str, Code]).items()))


def code(name: str) -> Code:
    """The words for one code; a code that is not in the file is shown as it is written."""
    return codes().get(name) or Code(title=name.replace("_", " ").capitalize(), meaning="")
