"""Secrets on lines of source: values whose name on the line, or just above, makes them one.

The language is not known here. Where a line could be code or data the choice is to mask: a masked label costs a reader
a word, a shown secret costs its owner more.
"""

from __future__ import annotations

import re

from evidence.facts.secret_names import kind_of_name
from evidence.facts.secret_values import MASKED, value_kind

_HINTS = ("secret", "pass", "pwd", "token", "key", "cred", "salt", "auth", "bearer", "pepper", "contrasena", "senha")
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
_FALLBACK = re.compile(r"(?:\bor|\belse|\?\??|\|\||\?.{0,40}:)\s{0,8}[rbufRBUF]{0,2}\Z")
_GETTER = r"(?:get|getenv|get_env|env|environ|config|setting|setdefault|pop|str|var)\(\s{0,8}"
_SECOND = re.compile(_GETTER + r"[\"'][\w.\-]{1,100}[\"']\s{0,4},\s{0,8}(?:default\s{0,4}=\s{0,4})?[rbufRBUF]{0,2}\Z")
_FIRST = re.compile(_GETTER + r"[\"']\Z")
_DEFAULT = re.compile(r"(?:(?:default|fallback|value)\s{0,4}=\s{0,4})?(?=[rbufRBUF]{0,2}[\"'])")
_ENV_LINE = re.compile(r"\s{0,40}(?:ENV|ARG)\s")
_BEARER = re.compile(r"\b(Bearer|Basic|Token)[ ]{1,4}([A-Za-z0-9+/=_.~\-]{12,2000}+)")
_NAME_LINE = re.compile(
    r"""\s{0,60}-?\s{0,8}["']?(?:name|key|Name|Key)["']?\s{0,4}[:=]\s{0,4}["']?([A-Za-z_][\w.\-]{0,100}+)["']?\s{0,4},?\s{0,4}"""
)
_VALUE_LINE = re.compile(r"""\s{0,60}-?\s{0,8}["']?(?:value|Value|default|defaultValue)["']?\s{0,12}[:=]\s{0,4}""")
_VARIABLE_LINE = re.compile(r"""\s{0,20}variable\s{1,4}"([\w\-]{1,100})"\s{0,4}\{""")
_OPEN_CODE = ("(", "\\", " or", "+", ",")
_BLOCK = frozenset({"|", ">", "|-", ">-", "|+", ">+"})
_AWAITED_LINES = 4
MAX_LINE = 20_000
"""Characters of a line in which names are looked for; a longer one that hints at a secret is masked whole."""


def may_assign(text: str) -> bool:
    """Whether any name in the text could promise a secret: the cheap question before the dear one."""
    low = text.lower()
    return any(hint in low for hint in _HINTS)


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
        hinted = may_assign(line)
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
        named = _NAMED.match(stripped.lstrip("\"'{"))
        if named is not None and named["separator"].strip() not in ("", ","):
            self.left = 0
            return line
        return _literals(name, line, alone=True)

    def _remember(self, line: str) -> None:
        variable = _VARIABLE_LINE.match(line)
        named = variable or _NAME_LINE.fullmatch(line)
        if named is not None:
            self._await(named.group(1), block=False, lines=8 if variable else 2)
            return
        for match in _assignments(line):
            rest = line[match.end() :].rstrip()
            if rest in _BLOCK or _goes_on(rest):
                self._await(match["name"], block=rest in _BLOCK, lines=_AWAITED_LINES)

    def _await(self, name: str, *, block: bool, lines: int) -> None:
        if _promises(name):
            self.name, self.block, self.left = name, block, lines


def _goes_on(rest: str) -> bool:
    """Whether the value is still to come: nothing follows the separator yet, or an expression that is left open."""
    if not rest.strip("(\\ "):
        return True
    return rest.endswith(_OPEN_CODE) and rest.count("(") > rest.count(")") and rest[0] not in "\"'"


def _named(line: str) -> str:
    """The line with the values of its secret names masked, each as far as the next such name."""
    matches = _assignments(line)
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


def _assignments(line: str) -> list[re.Match[str]]:
    """Where a name that promises a secret gets a value. Another name's annotation may be such a name itself."""
    found: list[re.Match[str]] = []
    match = _NAMED.search(line)
    while match is not None:
        promising = _promises(match["name"]) and _assigns(line, match)
        if promising:
            found.append(match)
        match = _NAMED.search(line, match.end() if promising else match.end("name"))
    return found


def _promises(name: str) -> bool:
    return kind_of_name(name) not in (None, "database_url")


def _assigns(line: str, match: re.Match[str]) -> bool:
    """Whether the separator gives the name its value: a comma does in ``getenv("X", ...)`` and its kin, a space
    after a flag or in a Dockerfile's ENV."""
    separator = match["separator"].strip()
    if not separator:
        return bool(match["flag"]) or _ENV_LINE.match(line) is not None
    if separator != ",":
        return True
    before = line[max(0, match.start() - 40) : match.start()]
    if not match["quote"] or before[-1:] != match["quote"] or "." in match["name"]:
        return False
    return _FIRST.search(before) is not None or (not before[:-1].strip() and match["name"].isupper())


def _value(name: str, rest: str, separator: str) -> str:
    """What follows the separator, with the value masked: a literal, a bare word, or literals in an expression."""
    if separator.strip() == ",":
        default = _DEFAULT.match(rest)
        literal = _FIRST_LITERAL.match(rest, default.end()) if default is not None else None
        if default is None or literal is None or rest[literal.end() :].lstrip().startswith(":"):
            return rest
        at, stop = default.end(), literal.end()
        return rest[:at] + _literals(name, rest[at:stop], alone=True) + rest[stop:]
    if re.match(r"[rbufRBUF]{0,2}[\"']", rest):
        return _literals(name, rest, alone=True)
    bare = _BARE.match(rest)
    if bare is not None and _is_data(bare.group(), separator, rest[bare.end() : bare.end() + 5]):
        kind = _live(name, bare.group())
        if kind:
            return f"[masked:{kind}]" + rest[bare.end() :]
    return _literals(name, rest, alone=False)


def _is_data(word: str, separator: str, following: str) -> bool:
    """Whether an unquoted word is a value rather than a name in code."""
    if following[:1] in ("(", "[", "{"):
        return False
    if _IDENTIFIER.fullmatch(word) is None:
        return True
    if following[:1] in (",", ")", "]", "}") or following.startswith((" or ", " if ", " and ", " for ")):
        return False
    digits = any(c.isdigit() for c in word)
    if separator.strip().endswith("=") and separator != separator.strip():
        return digits
    return digits or not (word[0].isupper() and not word.isupper())


def _literals(name: str, text: str, *, alone: bool) -> str:
    """The text with those literals masked that stand where a value stands: first (``alone``), or as a fallback."""
    parts: list[str] = []
    done = 0
    for match in _LITERAL.finditer(text):
        before = text[max(0, match.start() - 160) : match.start()]
        placed = alone and match.start() < 400 and not text[: match.start()].strip(" \tbrufBRUF(-[")
        placed = placed or (_FALLBACK.search(before) or _SECOND.search(before)) is not None
        literal = match.group(1) or match.group(2)
        kind = _live(name, literal) if placed or _looks_like_key(literal) else None
        if kind:
            parts += [text[done : match.start() + 1], f"[masked:{kind}]"]
            done = match.end() - 1
    return "".join([*parts, text[done:]])


def _looks_like_key(literal: str) -> bool:
    """Whether a literal may be a secret wherever it stands: 12 characters without a space, letters and digits mixed."""
    return (
        len(literal) >= 12
        and not any(c.isspace() for c in literal)
        and any(c.isdigit() for c in literal)
        and any(c.isalpha() for c in literal)
    )


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
