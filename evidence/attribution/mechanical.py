"""Whether a change of a file was made by a formatter: the same words in the same order, whatever stands around them."""

from __future__ import annotations

import re

from evidence.patterns import regex

# Formatters move white space, quotes, commas, parentheses and continuation marks; all else is somebody's work.
_WORDS = regex(rb"\w+|[^\w\s,()'\"\\;]")
_FORM = b" \t\n\r\v\f,()'\"\\;"


def only_formatted(old: bytes, new: bytes, *, listed: bool) -> bool:
    """Whether nothing but form differs. Of a commit that the project lists in ``.git-blame-ignore-revs`` lines may also
    be in another order (sorted imports); an unlisted one must leave every word in its place."""
    if not listed and old.translate(None, _FORM) != new.translate(None, _FORM):
        return False  # what most comparisons end with, at a tenth of the cost
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    return before == after or (listed and sorted(before) == sorted(after))


def words(line: bytes) -> list[bytes]:
    """What a formatter leaves of a line."""
    found: list[bytes] = _WORDS.findall(line)
    return found


def listed_revisions(content: bytes) -> frozenset[str]:
    """Full commit ids of a ``.git-blame-ignore-revs`` file (git-blame(1): one a line, ``#`` begins a comment)."""
    lines = (line.partition(b"#")[0].strip() for line in content.split(b"\n"))
    return frozenset(line.decode() for line in lines if re.fullmatch(rb"[0-9a-f]{40}", line))
