"""Which failures of a script nobody would notice."""

from __future__ import annotations

from msgspec import Struct

#: Commands that succeed whatever happened before: after ``||`` they hide the failure on their left.
_SUCCEED = frozenset({"true", ":", "echo", "printf", "/bin/true", "set", "export", "continue"})


class Draft(Struct):
    """A command under construction, and what may yet turn out to hide its failure."""

    words: tuple[str, ...]
    assigned: tuple[str, ...]
    start: int
    end: int
    arm: str
    function: str
    hidden: str = ""
    deferred: str = ""
    alone: bool = False


def is_success(words: tuple[str, ...]) -> bool:
    """Whether a command does nothing but succeed."""
    return words in (("true",), (":",), ("exit", "0"), ("/bin/true",))


def cannot_fail(words: tuple[str, ...]) -> bool:
    """Whether a command succeeds whatever happened before: after ``||`` it hides the failure on its left."""
    return not words or words[0] in _SUCCEED or words in (("exit", "0"), ("return", "0"))


def _fails(draft: Draft) -> bool:
    """Whether this command ends the script with a failure on purpose, or hands an earlier exit code on."""
    words = draft.words
    return bool(words) and ((words[0] in ("exit", "return") and words[1:] != ("0",)) or words[0] in ("false", "wait"))


def settle(drafts: list[Draft]) -> None:
    """Drop the doubts that a later ``exit 1`` (or being the last command) resolves; trailing ``exit 0`` hides all."""
    if len(drafts) > 1 and is_success(drafts[-1].words) and drafts[-1].alone and not drafts[-1].arm:
        for draft in drafts[:-1]:
            draft.hidden = draft.hidden or f"followed by {' '.join(drafts[-1].words)}"
    noticed = False
    for at in range(len(drafts) - 1, -1, -1):
        draft = drafts[at]
        last_after_set = at == len(drafts) - 1 and draft.deferred == "runs after set +e"
        if draft.deferred and not noticed and not last_after_set:
            draft.hidden = draft.hidden or draft.deferred
        noticed = noticed or _fails(draft)
