"""Links as people paste them: each checked, in one sentence, before any process or connection starts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from evidence.model import UsageError
from evidence.patterns import regex
from evidence.report.visible import shortened, visible
from evidence.source.address import locate
from evidence.source.owner import owner_of
from evidence.web.context import settings

_SHOWN = 80
_GLOB = regex(r"[\w./*?\[\]!+~-]{1,200}", re.ASCII)
_MOST_GLOBS = 20


def checked(text: str) -> str:
    """The link as it will be fetched: of a repository, a commit, a change, a person or a group. Raises UsageError."""
    text = text.strip()
    if is_of_owner(text):
        return text
    if isinstance(locate(text, settings().places), Path):
        raise UsageError("A folder of this machine is for the command line: give https://host/owner/name.")
    return text


def is_of_owner(text: str) -> bool:
    """Whether this is the page of a person or group, of which several repositories may be read."""
    return text.isprintable() and owner_of(text, settings().places) is not None


def wrong(links: list[str]) -> list[str]:
    """One sentence for each link that cannot be read, with its place where there are several."""
    found = []
    for at, link in enumerate(links, 1):
        try:
            checked(link)
        except UsageError as error:
            where = f"Link {at}, {visible(shortened(link, _SHOWN))}: " if len(links) > 1 else ""
            found.append(f"{where}{error}")
    return found


def globs(text: str) -> tuple[str, ...]:
    """The globs over owner/name in a field, apart by blanks or commas. Raises UsageError, one sentence."""
    return checked_globs(re.split(r"[\s,]+", text.strip(" \t\r\n,")) if text.strip(" \t\r\n,") else ())


def checked_globs(given: Iterable[str]) -> tuple[str, ...]:
    """The globs, each once. Raises UsageError, one sentence."""
    words = tuple(dict.fromkeys(given))
    odd = next((word for word in words if not _GLOB.fullmatch(word)), None)
    if odd is not None:
        raise UsageError(f"'{visible(odd[:_SHOWN])}' matches no repository: give patterns such as owner/* or */name.")
    if len(words) > _MOST_GLOBS:
        raise UsageError(f"That is {len(words)} patterns; {_MOST_GLOBS} are possible.")
    return words
