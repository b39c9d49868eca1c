"""Private keys in texts: every line of one is masked, whole or cut, and no line is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.patterns import regex

KEY_BEGIN = regex(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = regex(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINE = regex(r"""[\s"'#+,\\|>*/;.-]{0,40}(?:\\n)?[A-Za-z0-9+/=]{16,200}(?:\\n)?[\s"',+\\);]{0,20}""")
_HEADER_LINE = regex(
    r"""[\s"'#+,\\|>*/;.-]{0,40}(?:(?:Proc-Type|DEK-Info|Version|Comment|Hash): .{0,100}+|=[\w+/]{4})?"""
)
# A text that is nothing but one end of a key: a literal from which code puts keys together.
KEY_MARKER = regex(r"\s{0,8}-----(?:BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----\s{0,8}")
_MARKER_ALONE = regex(r"[\"'][\s,;)\]:]{0,20}$")
_BLOCK = regex(r"[A-Za-z0-9+/]{60}")
_BLOCK_LENGTH = 60
_BLOCK_LINE = regex(r"""[\s"'#+,\\|>*/;.(-]{0,40}(?:\\n)?[A-Za-z0-9+/]{60,200}={0,2}(?:\\n)?[\s"',+\\);]{0,20}""")
_DER = regex(r"(?<![A-Za-z0-9+/])MII[A-Za-z0-9+/]{57,}+={0,2}")
# Put together here: written in one piece it would be read as a key that was masked.
_MASK, _GUESS = (f"[masked:{kind}]" for kind in ("private_key", "private_key?"))
_LONGEST = 400
"""Lines between the two ends of a key. RSA with 16,384 bits, the longest in use, takes about 200."""


def mask_private_keys(text: str) -> str:
    """The text with private keys masked, line by line.

    A key without its end goes as far as its lines look like one; so does, backwards, an end without its beginning.
    Lines of base64 without either end, two or more in a row or one that begins like a key's encoding, may be the middle
    of a key and are masked as a guess.
    """
    if "PRIVATE KEY" in text and not KEY_MARKER.fullmatch(text):
        text = _without_keys(text)
    if not any(map(_BLOCK.search, [word for word in text.split() if len(word) >= _BLOCK_LENGTH])):
        return text
    text = _without_blocks(text)
    return text if "-----BEGIN " in text else _DER.sub(_GUESS, text)


def _without_keys(text: str) -> str:
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        begin = KEY_BEGIN.search(lines[at])
        if begin is not None and not _is_marker_alone(lines, at, begin, 1):
            at = _mask_key(lines, at, begin)
        elif (end := _KEY_END.search(lines[at])) is not None and not _is_marker_alone(lines, at, end, -1):
            _mask_body(lines, range(at - 1, -1, -1))
            lines[at] = _tail_masked(lines[at], end)
        at += 1
    return "\n".join(lines)


def _is_marker_alone(lines: list[str], number: int, marker: re.Match[str], step: int) -> bool:
    """Whether code names one end of a key and there is no key: the marker is a literal of its own, and the next line
    in the key's direction (``step``) is neither base64 nor one that may stand within a key."""
    line, beside = lines[number], number + step
    quoted = line[: marker.start()].endswith(("'", '"')) and _MARKER_ALONE.match(line, marker.end()) is not None
    body = lines[beside] if 0 <= beside < len(lines) else ""
    return quoted and bool(body.strip()) and not (_KEY_LINE.fullmatch(body) or _HEADER_LINE.fullmatch(body))


def _mask_key(lines: list[str], first: int, begin: re.Match[str]) -> int:
    """Mask the key that begins on this line; the last line that belongs to it."""
    head, rest = lines[first][: begin.start()], lines[first][begin.end() :]
    end = _KEY_END.search(rest)
    if end is not None:
        lines[first] = head + _MASK + rest[end.end() :]
        return first
    lines[first] = head + _MASK
    last = _end_of(lines, first)
    if last is None:
        return _mask_body(lines, range(first + 1, len(lines)))
    for number in range(first + 1, last):
        lines[number] = _MASK
    end = _KEY_END.search(lines[last])
    lines[last] = _MASK + (lines[last][end.end() :] if end else "")
    return last


def _end_of(lines: list[str], first: int) -> int | None:
    """The line with the end of the key that begins on ``first``; None when another begins before, or none is near."""
    for number in range(first + 1, min(first + 1 + _LONGEST, len(lines))):
        if "-----" in lines[number]:
            if KEY_BEGIN.search(lines[number]):
                return None
            if _KEY_END.search(lines[number]):
                return number
    return None


def _tail_masked(line: str, end: re.Match[str]) -> str:
    """A line that ends a key, with what stands before the end on the same line masked where it looks like the key."""
    before = line[: end.start()]
    return (_MASK if before.strip(" \t\"'") else before) + line[end.start() :]


def _mask_body(lines: list[str], numbers: range) -> int:
    """Mask lines as long as they look like a key's; the last one that did."""
    last = numbers.start - numbers.step
    for number in numbers:
        if _KEY_LINE.fullmatch(lines[number]):
            last = number
        elif not _HEADER_LINE.fullmatch(lines[number]):
            break
    step = numbers.step
    for number in range(numbers.start, last + step, step):
        lines[number] = _MASK
    return last


def _without_blocks(text: str) -> str:
    lines = text.split("\n")
    like = list(_like_blocks(lines))
    for number, found in enumerate(like):
        near = found and ((number > 0 and like[number - 1]) or (number + 1 < len(like) and like[number + 1]))
        if near:
            lines[number] = _GUESS
            # the last line of a block is shorter than the others
            if number + 1 < len(lines) and not like[number + 1] and _KEY_LINE.fullmatch(lines[number + 1]):
                lines[number + 1] = _GUESS
    return "\n".join(lines)


def _like_blocks(lines: list[str]) -> Iterator[bool]:
    """Which lines may be of a key. What stands between the ends of something public (a certificate) is not."""
    public = False
    for line in lines:
        if "-----" in line:
            public = ("-----BEGIN " in line or public) and "-----END " not in line
        yield not public and len(line) >= 60 and _BLOCK_LINE.fullmatch(line) is not None and not _is_plain(line)


def _is_plain(line: str) -> bool:
    """Whether a line is all of one case, as rules of dashes made of letters and hexadecimal dumps are."""
    return line == line.lower() or line == line.upper()
