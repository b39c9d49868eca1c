"""Secrets on lines of source: values whose name on the line, or just above, makes them one.

The language is not known here. Where a line could be code or data the choice is to mask: a masked label costs a reader
a word, a shown secret costs its owner more.
"""

from __future__ import annotations

import re

from evidence.facts.secrets.guesses import guessed, hidden_kind, is_long_word, is_mixed
from evidence.facts.secrets.hints import hinting_lines
from evidence.facts.secrets.names import kind_of_name
from evidence.facts.secrets.phrases import mask_argument, mask_phrases, opens_credentials
from evidence.patterns import regex

_NAMED = regex(
    r"""(?<![A-Za-z0-9_.\-])(?P<flag>--?)?(?P<name>[A-Za-z_][A-Za-z0-9_.\-]{0,100}+)(?P<quote>["']?)\s{0,4}\]?
        (?::\s{0,2}[A-Za-z_][A-Za-z0-9_.\[\]| ]{0,60}+(?==)|:\s{0,2}[A-Za-z_][A-Za-z0-9_.\[\]|]{0,60}+\s(?==\s))?
        (?P<separator>\s{0,30}(?:[=!]==?|\|\|=|[:?+]?=(?!=)>?|:(?!:))\s{0,30}|\s{0,4},\s{0,8}|[ ]{1,4})""",
    re.VERBOSE,
)
_LITERAL = regex(r""""((?:[^"\\]|\\.){1,4096})"|'((?:[^'\\]|\\.){1,4096})'""")
_FIRST_LITERAL = regex(r"[rbufRBUF]{0,2}(?:" + _LITERAL.pattern + ")")
_BARE = regex(r"""[^\s"',;()\[\]{}|<>`]{1,4096}+""")
_DOTTED = regex(r"[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){1,12}")
_IDENTIFIER = regex(r"[A-Za-z_]\w{0,100}")
_FALLBACK = regex(r"(?:\bor|\belse|\?\??|\|\||\?.{0,40}:)\s{0,8}[rbufRBUF]{0,2}\Z")
_GETTER = r"(?:get|getenv|get_env|env|environ|config|setting|setdefault|pop|str|var)\(\s{0,8}"
_SECOND = regex(_GETTER + r"[\"'][\w.\-]{1,100}[\"']\s{0,4},\s{0,8}(?:default\s{0,4}=\s{0,4})?[rbufRBUF]{0,2}\Z")
_FIRST = regex(_GETTER + r"[\"']\Z")
_DEFAULT = regex(r"(?:(?:default|fallback|value)\s{0,4}=\s{0,4})?(?=[rbufRBUF]{0,2}[\"'])")
_ENV_LINE = regex(r"\s{0,40}(?:ENV|ARG)\s")
_BEARER = regex(r"\b(Bearer|Basic|Token)[ ]{1,4}([^\s\"'`<>(){}\[\],;]{12,2000}+)")
_OPENED = regex(
    r"[(\s]{0,8}(?:(?:\w{1,20}\.)?(?:SecretStr|Secret|Fernet|b64decode|bytes|str|quote|quote_plus)\(\s{0,4}){0,2}"
    r"(?=[rbufRBUF]{0,2}[\"'])"
)
_FLAGGED = regex(r"\bdefault\s{0,4}=\s{0,4}(?=[rbufRBUF]{0,2}[\"'])")
_TRIPLE = ('"""', "'''")
_NAME_LINE = regex(
    r"""\s{0,60}-?\s{0,8}["']?(?:name|key|Name|Key)["']?\s{0,4}[:=]\s{0,4}["']?([A-Za-z_][\w.\-]{0,100}+)["']?\s{0,4},?\s{0,4}"""
)
_VALUE_LINE = regex(r"""\s{0,60}-?\s{0,8}["']?(?:value|Value|default|defaultValue)["']?\s{0,12}[:=]\s{0,4}""")
_VARIABLE_LINE = regex(r"""\s{0,20}variable\s{1,4}"([\w\-]{1,100})"\s{0,4}\{""")
_ITEM_LINE = regex(r"\s{0,60}-\s{1,8}([^\s\"':{}\[\]]{1,4096}+)\s{0,8}")
_OPENING = " \tbrufBRUF(-[\"'"
_COMPARISONS = frozenset({"==", "!=", "===", "!=="})
_OPEN_CODE = ("(", "\\", " or", "+", ",")
_BLOCK = frozenset({"|", ">", "|-", ">-", "|+", ">+"})
_AWAITED_LINES = 4
REMEMBERED = 8
"""Lines below a name in which its value may stand: no line without a word that hints is told by others above."""
MAX_LINE = 20_000
"""Characters of a line in which names are looked for; a longer one that hints at a secret is masked whole."""


def mask_assignments(lines: list[str]) -> list[str]:
    """The lines with those values masked that their names make secrets."""
    hinted, told = hinting_lines(lines)
    if not told:
        return lines
    walker = _Walker()
    return [walker.line(line, hinted=n in hinted, told=n in told) for n, line in enumerate(lines)]


class _Walker:
    """Remembers from line to line which name still awaits its value."""

    def __init__(self) -> None:
        self.name = ""
        self.left = 0
        self.block = False
        self.items = False
        self.arguments = 0

    def line(self, line: str, *, hinted: bool, told: bool) -> str:
        """One line, masked. ``hinted``: it has a word that promises a secret; ``told``: that or a word of a phrase."""
        awaited = self.name if self.left > 0 else ""
        self.left -= 1
        self.arguments -= 1
        if not (awaited or told or self.arguments > 0):
            return line
        if len(line) > MAX_LINE:
            return "[masked:long_line]"
        if self.arguments > 0:
            line = mask_argument(line)
            self.arguments *= ")" not in line
        if awaited:
            line = self._continued(awaited, line)
        if hinted:
            line = _BEARER.sub(_bearer, line)
            found = _assignments(line)
            masked = _named(line, found)
            self._remember(masked, found if masked == line else _assignments(masked))
            line = masked
        if told:
            line = mask_phrases(line)
            if opens_credentials(line):
                self.arguments = _AWAITED_LINES
        return line

    def _continued(self, name: str, line: str) -> str:
        stripped = line.strip()
        if self.block:
            kind = _live(name, stripped)
            return line.replace(stripped, f"[masked:{kind}]") if kind else line
        value = _VALUE_LINE.match(line)
        if value is not None:
            return line[: value.end()] + _value(name, line[value.end() :], ": ")
        item = _ITEM_LINE.fullmatch(line)
        if item is not None:
            kind = _live(name, item.group(1))
            return line.replace(item.group(1), f"[masked:{kind}]") if kind else line
        named = _NAMED.match(stripped.lstrip("\"'{"))
        if named is not None and named["separator"].strip() not in ("", ",") and not self.items:
            self.left = 0
            return line
        return _items(name, line) if self.items else _literals(name, line, alone=True)

    def _remember(self, line: str, assignments: list[re.Match[str]]) -> None:
        variable = _VARIABLE_LINE.match(line)
        named = variable or _NAME_LINE.fullmatch(line)
        if named is not None:
            self._await(named.group(1), block=False, lines=REMEMBERED if variable else 2)
            return
        for match in assignments:
            rest = line[match.end() :].rstrip()
            block = rest in _BLOCK or rest.endswith(_TRIPLE)
            if block or _goes_on(rest):
                self._await(match["name"], block=block, lines=_AWAITED_LINES, items=rest.endswith(("{", "[")))

    def _await(self, name: str, *, block: bool, lines: int, items: bool = False) -> None:
        if _promises(name):
            self.name, self.block, self.left, self.items = name, block, lines, items


def _goes_on(rest: str) -> bool:
    """Whether the value is still to come: nothing follows the separator yet, or an expression that is left open."""
    if not rest.strip("([{\\ "):
        return True
    return rest.endswith(_OPEN_CODE) and rest.count("(") > rest.count(")") and rest[0] not in "\"'"


def _named(line: str, matches: list[re.Match[str]]) -> str:
    """The line with the values of its secret names masked, each as far as the next such name."""
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
    return (
        bool(match["flag"])
        or _FIRST.search(before) is not None
        or (not before[:-1].strip() and match["name"].isupper())
    )


def _value(name: str, rest: str, separator: str) -> str:
    """What follows the separator, with the value masked: a literal, a bare word, or literals in an expression."""
    if separator.strip() == ",":
        default = _DEFAULT.match(rest) or _FLAGGED.search(rest)
        literal = _FIRST_LITERAL.match(rest, default.end()) if default is not None else None
        if default is None or literal is None or rest[literal.end() :].lstrip().startswith(":"):
            return rest
        at, stop = default.end(), literal.end()
        return rest[:at] + _literals(name, rest[at:stop], alone=True) + rest[stop:]
    opened = _OPENED.match(rest)
    if opened is not None:
        return rest[: opened.end()] + _literals(name, rest[opened.end() :], alone=True)
    if rest[:1] in ("[", "{"):
        return _items(name, _literals(name, rest, alone=False))
    bare = _BARE.match(rest)
    if bare is None or separator.strip() in _COMPARISONS:
        return rest if bare is not None else _literals(name, rest, alone=False)
    word, following = bare.group(), rest[bare.end() : bare.end() + 5]
    is_name = _DOTTED.fullmatch(word) is not None and not is_mixed(word)
    kind = _live(name, word) if not is_name and _is_data(name, word, separator, following) else None
    return f"[masked:{kind}]" + rest[bare.end() :] if kind else _literals(name, rest, alone=False)


def _is_data(name: str, word: str, separator: str, following: str) -> bool:
    """Whether an unquoted word is a value rather than a name in code."""
    if following[:1] in ("(", "[", "{"):
        return False
    if _IDENTIFIER.fullmatch(word) is None or is_long_word(word):
        return True
    if following[:1] in (",", ")", "]", "}") or following.startswith((" or ", " if ", " and ", " for ")):
        return False
    digits = any(c.isdigit() for c in word)
    if name.isupper() and separator == "=":
        return True
    if separator.strip().endswith("=") and separator != separator.strip():
        return digits
    return digits or not (word[0].isupper() and not word.isupper())


def _literals(name: str, text: str, *, alone: bool) -> str:
    """The text with those literals masked that stand where a value stands: first (``alone``), or as a fallback."""
    parts: list[str] = []
    done = 0
    for match in _LITERAL.finditer(text):
        before = text[max(0, match.start() - 160) : match.start()]
        placed = alone and match.start() < 400 and not text[: match.start()].strip(_OPENING)
        placed = placed or (_FALLBACK.search(before) or _SECOND.search(before)) is not None
        literal = match.group(1) or match.group(2)
        kind = _live(name, literal) if placed or _looks_like_key(literal) else None
        if kind:
            parts += [text[done : match.start() + 1], f"[masked:{kind}]"]
            done = match.end() - 1
    return "".join([*parts, text[done:]])


def _items(name: str, text: str) -> str:
    """The text of a list or mapping under a secret's name, with those literals masked that may be its values."""
    kind = kind_of_name(name)
    if kind is None:
        return text

    def masked(match: re.Match[str]) -> str:
        quote, literal = match.group()[0], match.group(1) or match.group(2)
        is_key = text[match.end() : match.end() + 3].lstrip().startswith(":")
        return match.group() if is_key or not guessed(kind, literal) else f"{quote}[masked:{kind}?]{quote}"

    return _LITERAL.sub(masked, text)


def _looks_like_key(literal: str) -> bool:
    """Whether a literal may be a secret wherever it stands: 12 characters without a space, letters and digits mixed."""
    return (
        len(literal) >= 12
        and not any(c.isspace() for c in literal)
        and any(c.isdigit() for c in literal)
        and any(c.isalpha() for c in literal)
    )


def _live(name: str, value: str) -> str | None:
    """How a value is masked; None for placeholders, references and what is masked already."""
    kind = kind_of_name(name)
    return None if kind is None else hidden_kind(kind, value)


def _bearer(match: re.Match[str]) -> str:
    word = match.group(2)
    digits = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    random = digits or _is_camel(word) or (is_long_word(word) and guessed("token", word))
    return f"{match.group(1)} [masked:token]" if random else match.group()


def _is_camel(word: str) -> bool:
    """Whether capitals stand within the word, as in base64 without a digit."""
    return word.isalpha() and sum(c.isupper() for c in word[1:]) > 2 and not word.isupper()
