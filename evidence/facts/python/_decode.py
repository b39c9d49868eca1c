"""Bytes of a Python file to text, the way the interpreter would read them but never failing."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right

from evidence.patterns import regex

_COOKIE = regex(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = regex(rb"[ \t\f]*(?:#|\r|\n|$)")

# Encodings in which every ASCII byte means itself and that decode in linear time. Others (utf-7, punycode, rot13...)
# would let a file show one text here and another to its readers, or cost quadratic time.
_PLAIN_CODECS = frozenset(
    {
        "ascii",
        "big5",
        "big5hkscs",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "cp437",
        "cp850",
        "cp852",
        "cp866",
        "cp874",
        "cp932",
        "cp936",
        "cp949",
        "cp950",
        "euc_jp",
        "euc_kr",
        "gb18030",
        "gb2312",
        "gbk",
        "iso8859-1",
        "iso8859-10",
        "iso8859-13",
        "iso8859-14",
        "iso8859-15",
        "iso8859-16",
        "iso8859-2",
        "iso8859-3",
        "iso8859-4",
        "iso8859-5",
        "iso8859-6",
        "iso8859-7",
        "iso8859-8",
        "iso8859-9",
        "koi8-r",
        "koi8-u",
        "mac-roman",
        "shift_jis",
        "tis-620",
        "utf-8",
    }
)
_COOKIE_LINE_BYTES = 512


def decode(content: bytes) -> str:
    """The text of a Python file: byte order mark, PEP 263 cookie, UTF-8, and Latin-1 for what is none of these.

    ``\\r\\n`` becomes ``\\n``. A lone ``\\r`` stays: the interpreter ends a line there, git and the forges do not.
    """
    marked = content.startswith(codecs.BOM_UTF8)
    raw = content[3:] if marked else content
    encoding = "utf-8" if marked else _declared(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeError:
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n")


def _declared(raw: bytes) -> str:
    """The encoding of the cookie in the first two lines; utf-8 without one, or for one that is not plain."""
    first, _, rest = raw[: 2 * _COOKIE_LINE_BYTES].partition(b"\n")
    lines = [first, rest.partition(b"\n")[0]] if _BLANK.match(first) else [first]
    for line in lines:
        cookie = _COOKIE.match(line[:_COOKIE_LINE_BYTES])
        if cookie:
            return _plain(cookie[1].decode("ascii", "replace"))
    return "utf-8"


def _plain(name: str) -> str:
    """The codec of this name when it is a plain one, else utf-8."""
    name = re.sub(r"-(unix|dos|mac)$", "", name.lower())
    try:
        found = codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError):
        return "utf-8"
    return found if found in _PLAIN_CODECS else "utf-8"


def git_lines(text: str) -> list[int]:
    """For each line as the interpreter counts (a lone ``\\r`` ends one), its number for git; entry 0 is unused."""
    newlines = [m.start() for m in re.finditer("\n", text)]
    starts = [0, *(m.end() for m in re.finditer("\r\n?|\n", text))]
    return [0, *(bisect_right(newlines, start - 1) + 1 for start in starts)]
