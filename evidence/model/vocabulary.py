"""The words of the product as enumerations, and the errors a user can meet."""

from __future__ import annotations

from enum import Enum, StrEnum

Scalar = int | float | bool | str


class Outcome(StrEnum):
    """What came of looking for a signal. ``unavailable`` means we could not look: never "did not do"."""

    FOUND = "found"
    ABSENT = "absent"
    NOT_APPLICABLE = "not_applicable"
    UNAVAILABLE = "unavailable"
    ERROR = "error"


_GRADE_ORDER = ("trace", "practised", "sustained")


class Grade(Enum):
    """How far a found signal goes. A trace is a lead for the reader and never credit."""

    TRACE = "trace"
    PRACTISED = "practised"
    SUSTAINED = "sustained"

    def __init__(self, word: str) -> None:
        self.rank = _GRADE_ORDER.index(word) + 1
        """1, 2 or 3: the order of the grades."""

    def __lt__(self, other: Grade) -> bool:
        return self.rank < other.rank

    def __le__(self, other: Grade) -> bool:
        return self.rank <= other.rank


class Polarity(StrEnum):
    """Whether a signal speaks for a practice or is counter-evidence."""

    FOR = "for"
    AGAINST = "against"


class Level(StrEnum):
    """The four bands of the matrix, lowest first."""

    JUNIOR = "Junior"
    MID = "Mid"
    SENIOR = "Senior"
    STAFF = "Staff"


class CellStatus(StrEnum):
    """What the digest says of one cell; see docs/matrix.md for how each is reached."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    BY_OTHERS = "by_others"
    NOT_SEEN = "not_seen"
    NOT_LOOKED = "not_looked"
    NOT_APPLICABLE = "not_applicable"
    NOT_OBSERVABLE = "not_observable"


class EvidenceError(Exception):
    """A condition the user can meet. ``str()`` is one sentence; ``exit_code`` is what the command line returns."""

    exit_code = 3


class UsageError(EvidenceError):
    """The request itself is wrong: a bad address, an unknown signal, a revision that is not there."""

    exit_code = 2
