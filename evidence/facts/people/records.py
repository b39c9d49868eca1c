"""Who stands behind commits, as records: contributors, what they did, a candidate, and the questions left open."""

from __future__ import annotations

from msgspec import Struct

from evidence.model import Person


class Contributor(Struct, frozen=True):
    """One person (or bot) as far as e-mails and accounts join names. No field holds an e-mail address.

    ``key`` is stable for equal histories and forge answers; ``name`` is the most used one, ``names`` all of them;
    ``accounts`` are ``host/login`` pairs that the forge links or a noreply address names; ``tool`` is what bot or tool
    it is ("" for people).
    """

    key: str
    name: str
    names: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    linked: bool = False
    tool: str = ""


class Contribution(Struct, frozen=True):
    """What one contributor did: commits authored and co-authored (merges left out), the times of the first and last
    (seconds since the epoch, as authored; of merges for whoever made nothing else), and ``newest``, the full id of the
    newest commit authored ("" for none)."""

    contributor: Contributor
    authored: int
    coauthored: int
    first: int
    last: int
    newest: str


class Question(Struct, frozen=True):
    """A name that several contributors carry: ``asked`` as it was given, and between whom the asker must choose."""

    asked: str
    choices: tuple[Contribution, ...]


class Candidate(Struct, frozen=True):
    """Whom ``--candidate`` means. ``keys`` are their contributors' keys and ``accounts`` their logins in lower case;
    both are empty while a question is open or nobody fits. ``aside`` are claims of name and address of theirs that only
    own commits of squashed changes make.

    ``unmatched`` are the values that fit nobody; ``alike`` are other contributors of the same name that no value
    confirms, and ``mailmap`` the names that the repository's mailmap would join to them: both are shown, never joined.
    """

    asked: tuple[str, ...]
    keys: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    name: str = ""
    matched: tuple[Contribution, ...] = ()
    questions: tuple[Question, ...] = ()
    unmatched: tuple[str, ...] = ()
    alike: tuple[Contribution, ...] = ()
    mailmap: tuple[str, ...] = ()
    aside: frozenset[Person] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.keys or self.accounts or self.aside)
