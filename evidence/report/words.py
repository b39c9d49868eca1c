"""The words and signs for outcomes, grades, statuses and roles, the same in every form of the digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.model import CellStatus, Grade, Level, Outcome, Share

LEVELS = tuple(Level)


@dataclass(frozen=True)
class Word:
    """A label, the sign that stands for it where only text is possible, and one sentence that explains it."""

    label: str
    sign: str
    meaning: str


STATUS = {
    CellStatus.SUPPORTED: Word("Supported", "●", "What the marker describes was found, and can be opened."),
    CellStatus.PARTLY: Word("Partly", "◐", "Some of what the marker asks for was found."),
    CellStatus.BY_OTHERS: Word("By others", "◇", "It is in the repository, and somebody else wrote it."),
    CellStatus.NOT_SEEN: Word("Not seen", "○", "Looked for and not found here. It may well exist elsewhere."),
    CellStatus.NOT_LOOKED: Word("Not looked", "?", "Something needed for an answer was missing: nothing can be said."),
    CellStatus.NOT_APPLICABLE: Word("Not applicable", "—", "The question does not arise for what was read."),
    CellStatus.NOT_OBSERVABLE: Word("Not observable", "⊘", "No repository can show this. Ask about it."),
}
CONTRADICTED = Word("Counter-evidence", "▲", "Something was found that speaks against this cell.")

GRADE = {
    Grade.TRACE: Word("Trace", "▪▫▫", "Named, depended on, or begun. A lead for the reader and never credit."),
    Grade.PRACTISED: Word("Practised", "▪▪▫", "Wired and used."),
    Grade.SUSTAINED: Word("Sustained", "▪▪▪", "Practised, and upheld by tests, CI or history."),
}

OUTCOME = {
    Outcome.FOUND: Word("Found", "●", "Found, with places that can be opened."),
    Outcome.ABSENT: Word("Looked for and not found", "○", "Not in what was read. This is neutral."),
    Outcome.NOT_APPLICABLE: Word("Not applicable", "—", "The question does not arise for what was read."),
    Outcome.UNAVAILABLE: Word(
        "Could not be looked for", "?", "An input was missing: this never means that it is absent."
    ),
    Outcome.ERROR: Word("Looking for it failed", "?", "The detector failed: this never means that it is absent."),
}

NOTICE = (
    "This is evidence, not a verdict: it holds no score, no rank and no recommendation. "
    "Absence is neutral: work that is private, or was done elsewhere, cannot be seen from here."
)

_BASIS = {
    "linked": "by accounts that the forge links",
    "signed": "by verified signatures",
    "claimed": "as the commits claim",
}
_LEFT_OUT = {
    "vendored": "it is code of others",
    "generated": "a tool wrote the file",
    "template": "lines stand unchanged since a template",
    "baseline": "lines stand in the baseline",
    "own_change": "it is on a change of another account of theirs",
    "upstream": "it is of the repository that this one was forked from",
}
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def number(count: int) -> str:
    """``count`` as a reader says it: a word up to twelve, then digits in groups of three."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else f"{count:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """``count`` with its noun: "one file", "1,024 files"."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def capital(text: str) -> str:
    """``text`` with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def joined(items: Sequence[str]) -> str:
    """Items as a sentence lists them: "a", "a and b", "a, b and c"."""
    return " and ".join(part for part in (", ".join(items[:-1]), items[-1] if items else "") if part)


def day(iso: str) -> str:
    """The date of an ISO time in words, "12 March 2024"; the text itself when it is not one."""
    parts = iso[:10].split("-")
    if len(parts) != 3 or not all(p.isascii() and p.isdecimal() for p in parts) or not 1 <= int(parts[1]) <= 12:
        return iso
    return f"{int(parts[2])} {_MONTHS[int(parts[1]) - 1]} {parts[0]}"


def clause(name: str) -> str:
    """A clause as words: ``run_by_ci`` is "run by CI"."""
    return " ".join("CI" if part == "ci" else part for part in name.split("_"))


def who(share: Share | None) -> str:
    """The candidate's part in a citation, in words; empty when no candidate was asked about."""
    if share is None:
        return ""
    basis = _BASIS.get(share.basis, share.basis)
    role = "no part in it" if share.role in ("none", "") else share.role
    left = f", {_LEFT_OUT[share.left_out]}" if share.left_out in _LEFT_OUT else ""
    if share.unknown:
        left += f", of {round(share.unknown * 100)} % the history is missing"
        role = "not known" if share.unknown >= 1 else role
    if share.high <= 0:
        return f"Candidate: {role}{left}"
    return f"Candidate: {role}, {_percent(share)} of it, {basis}{left}"


def _percent(share: Share) -> str:
    low, high = round(share.low * 100), round(share.high * 100)
    return f"{high} %" if low == high else f"{low} to {high} %"
