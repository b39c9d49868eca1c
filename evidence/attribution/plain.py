"""Lines as they are compared: without white space, blank ones belonging to what stands above them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

Told = tuple[int, bytes]
"""The number (1-based) of a line and what it says."""


def plain_lines(content: bytes) -> list[bytes]:
    """The lines of a file without their white space; the end of the last line begins no further one."""
    lines = content.translate(None, b" \t\r\v\f").split(b"\n")
    return lines if lines[-1] else lines[:-1]


def told(lines: Sequence[bytes]) -> list[Told]:
    """The lines that are not blank."""
    return [(number, line) for number, line in enumerate(lines, 1) if line]


def runs(lines: Sequence[Told], length: int) -> Iterator[tuple[tuple[int, ...], tuple[bytes, ...]]]:
    """Each so many lines in a row: their numbers and what they say."""
    for start in range(len(lines) - length + 1):
        some = lines[start : start + length]
        yield tuple(number for number, _ in some), tuple(line for _, line in some)


def with_blank_ones(lines: Sequence[bytes], found: Collection[int]) -> frozenset[int]:
    """These numbers, and those of the blank lines below each of them."""
    all_of_them, before = set(found), False
    for number, line in enumerate(lines, 1):
        if line:
            before = number in found
        elif before:
            all_of_them.add(number)
    return frozenset(all_of_them)
