"""Secrets on lines of source: values whose name on the line, or just above, makes them one.

The language is not known here. Where a line could be code or data the choice is to mask: a masked label costs a reader
a word, a shown secret costs its owner more.
"""

from __future__ import annotations

import re

from evidence.facts.secret_names import kind_of_name
from evidence.facts.secret_values import MASKED, value_kind

_HINT = re.compile(
    r"secret|passw|pwd|pass|token|key|cred|salt|senha|pepper|contrasena|authorization|bearer|\bpw\b", re.IGNORECASE
)
_NAMED = re.compile(
    r"""(?<![A-Za-z0-9_.\-])(?P<flag>--?)?(?P<name>[A-Za-z_][A-Za-z0-9_.\-]{0,100}+)(?P<quote>["']?)\s{0,4}\]?
        (?::\s{0,2}[A-Za-z_][A-Za-z0-9_.\[\]| ]{0,60}+(?==)|:\s{0,2}[A-Za-z_][A-Za-z0-9_.\[\]|]{0,60}+\s(?==\s))?
        (?P<separator>\s{0,30}(?:\|\|=|[:?+]?=(?!=)>?|:(?!:))\s{0,30}|\s{0,4},\s{0,8}|[ ]{1,4})""",
    re.VERBOSE,
)
_LITERAL = re.compile(r""""((?:[^"\\]|\\.){1,4096}+)"|'((?:[^'\\]|\\.){1,4096}+)'""")
_FIRST_LITERAL = re.compile(r"[rbufRBUF]{0,2}(?:" + _LITERAL.pattern + ")")
_BARE = re.compile(r"""[^\s"',;()\[\]{}|<>`]{1,4096}+""")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w{0,100}")
_FALLBACK = re.compile(r"(?:\bor|\belse|\?\?|\|\||[,=?:+])\s{0,8}[rbufRBUF]{0,2}\Z")
_ENV_LINE = re.compile(r"\s{0,40}(?:ENV|ARG)\s")
_BEARER = re.compile(r"\b(Bearer|Basic|Token)[ ]{1,4}([A-Za-z0-9+/=_.~\-]{12,2000}+)")
_NAME_LINE = re.compile(
    r"""\s{0,60}-?\s{0,8}["']?(?:name|key|Name|Key)["']?\s{0,4}[:=]\s{0,4}["']?([A-Za-z_][\w.\-]{0,100}+)["']?\s{0,4},?\s{0,4}"""
)
_VALUE_LINE = re.compile(r"""\s{0,60}-?\s{0,8}["']?(?:value|Value|default|defaultValue)["']?\s{0,12}[:=]\s{0,4}""")
_VARIABLE_LINE = re.compile(r"""\s{0,20}variable\s{1,4}"([\w\-]{1,100})"\s{0,4}\{""")
_OPEN_END = ("(", ",", "\\", "=", ":", "[", "|", ">", ">-", "|-", " or", "+")
_AWAITED_LINES = 4
MAX_LINE = 20_000
"""Characters of a line in which names are looked for; a longer one that hints at a secret is masked whole."""


def may_assign(text: str) -> bool:
    """Whether any name in the text could promise a secret: the cheap question before the dear one."""
    return _HINT.search(text) is not None


def mask_assignments(lines: list[str]) -> list[str]:
    """The lines with those values masked that their names make secrets."""
    walker = _Walker()
    return [walker.line(line) for line in lines]


class _Walker:
    """Remembers from line to line which name still awaits its value."""

    def __init__(self) -> None:
        self.name = ""
        self.left = 0
        self.block = False

    def line(self, line: str) -> str:
        """One line, masked."""
        awaited = self.name if self.left > 0 else ""
        self.left -= 1
        hinted = _HINT.search(line) is not None
        if not (awaited or hinted):
            return line
        if len(line) > MAX_LINE:
            return "[masked:long_line]"
        if awaited:
            line = self._continued(awaited, line)
        if hinted:
            line = _named(_BEARER.sub(_bearer, line))
            self._remember(line)
        return line

    def _continued(self, name: str, line: str) -> str:
        stripped = line.strip()
        if self.block:
            kind = _live(name, stripped)
            return line.replace(stripped, f"[masked:{kind}]") if kind else line
        value = _VALUE_LINE.match(line)
        if value is not None:
            return line[: value.end()] + _value(name, line[value.end() :], ": ")
        if (named := _NAMED.match(stripped)) is not None and named["separator"].strip() not in ("", ","):
            self.left = 0
            return line
        return _literals(name, line, alone=True)

    def _remember(self, line: str) -> None:
        variable = _VARIABLE_LINE.match(line)
        named = variable or _NAME_LINE.fullmatch(line)
        if named is not None:
            self._await(named.group(1), block=False, lines=8 if variable else 2)
            return
        stripped = line.rstrip()
        if not stripped.endswith(_OPEN_END):
            return
        for match in _NAMED.finditer(line):
            if _assigns(line, match) and line[match.end() : match.end() + 1] not in ("'", '"'):
                self._await(match["name"], block=stripped.endswith(("|", ">", "|-", ">-")), lines=_AWAITED_LINES)

    def _await(self, name: str, *, block: bool, lines: int) -> None:
        if _promises(name):
            self.name, self.block, self.left = name, block, lines


def _named(line: str) -> str:
    """The line with the values of its secret names masked, each as far as the next such name."""
    matches = [m for m in _NAMED.finditer(line) if _promises(m["name"]) and _assigns(line, m)]
    borders = [*(m.start() for m in matches), len(line)][1:]
    parts: list[str] = []
    done = 0
    for match, border in zip(matches, borders, strict=True):
        if match.end() < done:
            continue  # the name stands within the value before
        literal = _FIRST_LITERAL.match(line, match.end())
        stop = max(border, literal.end() if literal else 0)
        parts += [line[done : match.end()], _value(match["name"], line[match.end() : stop], match["separator"])]
        done = stop
    return "".join([*parts, line[done:]])


def _promises(name: str) -> bool:
    return kind_of_name(name) not in (None, "database_url")


def _assigns(line: str, match: re.Match[str]) -> bool:
    """Whether the separator gives the name its value: a comma does after a quoted name (``getenv("X", ...)``), a space
    after a flag or in a Dockerfile's ENV."""
    separator = match["separator"].strip()
    if not separator:
        return bool(match["flag"]) or _ENV_LINE.match(line) is not None
    return separator != "," or bool(match["quote"])


def _value(name: str, rest: str, separator: str) -> str:
    """What follows the separator, with the value masked: a literal, a bare word, or literals in an expression."""
    if re.match(r"[rbufRBUF]{0,2}[\"']", rest):
        return _literals(name, rest, alone=True)
    bare = _BARE.match(rest)
    if bare is not None and _is_data(bare.group(), separator, rest[bare.end() : bare.end() + 1]):
        kind = _live(name, bare.group())
        if kind:
            return f"[masked:{kind}]" + rest[bare.end() :]
    return _literals(name, rest, alone=False)


def _is_data(word: str, separator: str, following: str) -> bool:
    """Whether an unquoted word is a value rather than a name in code."""
    if following and following in "([{":
        return False
    if _IDENTIFIER.fullmatch(word) is None:
        return True
    if following and following in ",)]}":
        return False
    digits = any(c.isdigit() for c in word)
    if separator.strip() == "=" and separator != "=":
        return digits
    return digits or not (word[0].isupper() and not word.isupper())


def _literals(name: str, text: str, *, alone: bool) -> str:
    """The text with those literals masked that stand where a value stands: first (``alone``), or as a fallback."""
    parts: list[str] = []
    done = 0
    for match in _LITERAL.finditer(text):
        before = text[max(0, match.start() - 20) : match.start()]
        placed = (alone and not text[: match.start()].strip(" \tbrufBRUF(-")) or _FALLBACK.search(before) is not None
        literal = match.group(1) or match.group(2)
        kind = _live(name, literal) if placed or not re.fullmatch(r"[A-Za-z_\-]+", literal) else None
        if kind:
            parts += [text[done : match.start() + 1], f"[masked:{kind}]"]
            done = match.end() - 1
    return "".join([*parts, text[done:]])


def _live(name: str, value: str) -> str | None:
    """The kind of a value that must be masked; None for placeholders, references and what is masked already."""
    kind = kind_of_name(name)
    if kind is None or MASKED.search(value):
        return None
    found = value_kind(kind, value)
    return None if found is None or found.startswith("placeholder:") else found


def _bearer(match: re.Match[str]) -> str:
    word = match.group(2)
    random = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    return f"{match.group(1)} [masked:token]" if random else match.group()
