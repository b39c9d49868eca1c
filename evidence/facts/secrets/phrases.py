"""Secrets that no assignment names: told in prose, given to a command or a function by position, or kept in markup."""

from __future__ import annotations

import re

from evidence.facts.secrets.guesses import (
    HIDDEN,
    credential_calls,
    guessed,
    hidden_argument,
    hidden_kind,
    is_long_word,
    is_mixed,
    is_passphrase,
)
from evidence.facts.secrets.names import kind_of_name
from evidence.patterns import regex

_STRING = r"\"(?:[^\"\\]|\\.){1,4096}\"|'(?:[^'\\]|\\.){1,4096}'"
_ARGUMENT = regex(rf"\s{{0,8}}[rbufRBUF]{{0,2}}({_STRING}|[A-Za-z_][\w.]{{0,100}}+)\s{{0,8}}(?:,|(?=\)))")
_LAST_ARGUMENT = regex(rf"\s{{0,40}}[rbufRBUF]{{0,2}}({_STRING})")
_ARGUMENTS = 6
_OPTION = regex(
    r"(?:\bcurl\b[^\n]{0,300}?\s(?:-u|--user)[ =]?[\"']?[^\s:\"']{1,100}:"
    r"|\b(?:docker|podman|az|npm|heroku|oc)\b[^\n]{0,100}?\blogin\b[^\n]{0,200}?\s-p[ =]?[\"']?"
    r"|\b(?:sshpass|mysql|mysqldump|mysqladmin|mariadb)\b[^\n]{0,200}?\s-p[\"']?"
    r"|\bredis-cli\b[^\n]{0,200}?\s-a[ ]{1,3}[\"']?|\brequirepass[ ]{1,8}[\"']?"
    r"|\bhtpasswd(?:[ ]-[a-zA-Z]{1,6}){1,3}[ ][^\s]{1,200}[ ][^\s]{1,80}[ ][\"']?)"
    r"([^\s\"']{6,300})"
)
_NOUN = regex(
    r"\b(pass(?:word|wd|phrase|code)|pwd|token|secret|credentials?|api[ _\-]?key|log[ ]?in|machine)s?\b", re.IGNORECASE
)
_TOLD = regex(
    r"(?:\b(?:is|was|to|from|with|as|now|of|and|password|secret)|[:=/]|->|→)[ ]{1,3}"
    r"(?:[\"'`]([^\"'`\n]{12,200}+)[\"'`]|[(<]?([^\s\"'`,;()<>\[\]{}]{12,300}))"
)
_TOLD_WITHIN = 160
_ELEMENT = regex(r"<([A-Za-z_][\w.:\-]{0,60})>([^<>\n]{8,4096}+)</")
_PAIR = regex(
    r"\b(?:name|key|id|type|Name|Key)[\"']?\s{0,3}[:=]\s{0,3}[\"']([A-Za-z_][\w.\-]{0,100})[\"']"
    r"[^<>{}\n]{0,200}?\b(?:value|default|Value)[\"']?\s{0,3}[:=]\s{0,3}[\"']([^\"'\n]{8,4096})[\"']"
)


def mask_phrases(line: str) -> str:
    """The line with such secrets masked."""
    if "(" in line:
        line = _without_arguments(line)
    if " -" in line or "requirepass" in line:
        line = _OPTION.sub(_last_group, line)
    if _NOUN.search(line):
        line = _without_told(line)
    if "</" in line:
        line = _ELEMENT.sub(_named_group, line)
    return _PAIR.sub(_named_group, line) if "alue" in line or "default" in line else line


def opens_credentials(line: str) -> bool:
    """Whether the line ends inside the call of a function that is given passwords by position."""
    end = line.rstrip()[-200:]
    return end.endswith(("(", ",")) and any(")" not in end[at:] for at in credential_calls(end))


def mask_argument(line: str) -> str:
    """A line of such a call's arguments, masked."""
    return _masked_arguments(line, 0)


def _without_arguments(line: str) -> str:
    for at in reversed(list(credential_calls(line))):
        line = _masked_arguments(line, at)
    return line


def _masked_arguments(line: str, at: int) -> str:
    for _ in range(_ARGUMENTS):
        argument = _ARGUMENT.match(line, at)
        if argument is None:
            # the last one may stand at the end of its line
            argument = _LAST_ARGUMENT.match(line, at)
        if argument is None:
            return line
        text = argument.group(1)
        kind = hidden_argument(text[1:-1]) if text[0] in "\"'" else None
        at = argument.end()
        if kind:
            shown = f"{text[0]}[masked:{kind}]{text[0]}"
            line = line[: argument.start(1)] + shown + line[argument.end(1) :]
            at += len(shown) - len(text)
    return line


def _last_group(match: re.Match[str]) -> str:
    value = match.group(match.lastindex or 0)
    kind = hidden_kind("password", value)
    return match.group()[: -len(value)] + f"[masked:{kind}]" if kind else match.group()


def _named_group(match: re.Match[str]) -> str:
    kind = kind_of_name(match.group(1))
    hidden = hidden_kind(kind, match.group(2)) if kind and kind != "database_url" else None
    if hidden is None:
        return match.group()
    start, end = match.start(2) - match.start(), match.end(2) - match.start()
    return f"{match.group()[:start]}[masked:{hidden}]{match.group()[end:]}"


def _without_told(line: str) -> str:
    parts: list[str] = []
    done = 0
    border = -1
    nouns = _NOUN.finditer(line)
    noun = next(nouns, None)
    for told in _TOLD.finditer(line):
        at = told.start(told.lastindex or 0)
        while noun is not None and noun.end() <= at:
            border, noun = noun.end() + _TOLD_WITHIN, next(nouns, None)
        value = told.group(told.lastindex or 0).rstrip(".:!?")
        quoted = told.lastindex == 1
        if done <= at <= border and _is_told(value, line[at + len(value) :], quoted=quoted):
            parts += [line[done:at], "[masked:password?]"]
            done = at + len(value)
    return "".join([*parts, line[done:]])


def _is_told(value: str, following: str, *, quoted: bool) -> bool:
    if HIDDEN.search(value) or following[:1] in ("(", "[") or "/" in value or "_" in value or "=" in value[:-2]:
        return False
    return guessed("password", value) and (is_mixed(value) or is_long_word(value) or (quoted and is_passphrase(value)))
