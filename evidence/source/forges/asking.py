"""How a forge is asked: what it takes besides the address."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, field

from evidence.source.forges.cache import AnswerCache, Warn
from evidence.source.forges.patience import Patience


def _silent(_sentence: str) -> None:
    """The default listener."""


class Subject(Struct, frozen=True):
    """The repository asked about: ``path`` is its name there (``owner/name``), ``id`` and ``page`` how the digest knows
    it, ``head`` the commit that is scanned; ``number`` is a change that is asked about by name, 0 for none."""

    path: str
    id: str
    page: str
    head: str
    number: int = 0


class Asking(Struct, frozen=True):
    """``cache`` is the folder where answers are kept (None: not beyond this run); ``resume`` goes on with what a crawl
    that broke off has stored; ``patience`` bounds all waiting; ``warn`` hears what the user should know."""

    cache: Path | None = None
    resume: bool = False
    patience: Patience = field(default_factory=Patience)
    warn: Warn = _silent

    def open_cache(self) -> AnswerCache:
        """The cache of answers."""
        return AnswerCache.open(self.cache, self.warn)
