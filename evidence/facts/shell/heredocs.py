"""Where here-documents end, looked up instead of searched: many openings with many words stay linear."""

from __future__ import annotations

from bisect import bisect_left

_MAX_WORD = 80


class HeredocEnds:
    """The lines of a file by what they could end: plain (``<<A``) and with tabs stripped (``<<-A``)."""

    def __init__(self, lines: list[str]) -> None:
        self._plain: dict[str, list[int]] = {}
        self._dashed: dict[str, list[int]] = {}
        for index, line in enumerate(lines):
            word = line.strip()
            if word and len(word) <= _MAX_WORD and len(line) <= 2 * _MAX_WORD:
                self._plain.setdefault(line.rstrip(), []).append(index)
                self._dashed.setdefault(line.lstrip("\t").rstrip(), []).append(index)

    def find(self, word: str, start: int, *, dashed: bool) -> int | None:
        """The index of the first line from ``start`` on that ends a here-document of this word; None without one."""
        places = (self._dashed if dashed else self._plain).get(word, [])
        at = bisect_left(places, start)
        return places[at] if at < len(places) else None


__all__ = ["HeredocEnds"]
