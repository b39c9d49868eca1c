"""The vocabulary of evidence as frozen records; imports nothing of ours.

Everything that passes from one stage to the next is one of these. The records that reach the digest's JSON are
``msgspec.Struct`` (their field order is the order in the file); those with behaviour attached are dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Protocol

from msgspec import Struct, field

Scalar = int | float | bool | str


class Outcome(StrEnum):
    """What came of looking for a signal. ``unavailable`` means we could not look: never "did not do"."""

    FOUND = "found"
    ABSENT = "absent"
    NOT_APPLICABLE = "not_applicable"
    UNAVAILABLE = "unavailable"
    ERROR = "error"


class Grade(Enum):
    """How far a found signal goes. A trace is a lead for the reader and never credit."""

    TRACE = "trace"
    PRACTISED = "practised"
    SUSTAINED = "sustained"

    @property
    def rank(self) -> int:
        """1, 2 or 3: the order of the grades."""
        return _GRADE_ORDER.index(self.value) + 1

    def __lt__(self, other: Grade) -> bool:
        return self.rank < other.rank

    def __le__(self, other: Grade) -> bool:
        return self.rank <= other.rank


_GRADE_ORDER = ("trace", "practised", "sustained")


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


# ---------------------------------------------------------------------------------------------------- git


class Blob(Struct, frozen=True):
    """One path of the scanned commit. ``kind`` is file, symlink or submodule; ``size`` is bytes, -1 where unknown.

    ``path`` is UTF-8; a path that is not valid UTF-8 is written as git quotes it (``"caf\\351.py"``, quotes included).
    """

    path: str
    oid: str
    size: int
    kind: str = "file"
    executable: bool = False


class Person(Struct, frozen=True):
    """A name and e-mail as a commit claims them (no mailmap applied)."""

    name: str
    email: str


class Change(Struct, frozen=True, array_like=True, gc=False):
    """One path touched by a commit: git's status letter (A, M, D, T) and the path."""

    status: str
    path: str


class Commit(Struct, frozen=True):
    """One commit. Times are seconds since the epoch, UTC. ``changes`` is empty for merges (first-parent diff is not
    asked)."""

    sha: str
    parents: tuple[str, ...]
    author: Person
    authored: int
    committer: Person
    committed: int
    subject: str
    body: str
    changes: tuple[Change, ...]


# ------------------------------------------------------------------------------------------ sites and signals


class Site(Struct, frozen=True, kw_only=True):
    """One occurrence that bears on a signal.

    ``clause`` names what it proves (``defined``, ``registered``, ``called``, ``tested``, ``run_by_ci``...);
    ``subject`` names
    the thing it is about, so that clauses of one thing can be joined (the blueprint ``users`` defined here, registered
    there). ``start`` and ``end`` are 1-based, inclusive line numbers. ``value`` is a number or text the measures use.
    A site with an empty ``path`` and a ``commit`` cites a commit.
    """

    path: str
    start: int = 1
    end: int = 1
    clause: str
    subject: str = ""
    value: Scalar | None = None
    commit: str = ""

    def order(self) -> tuple[str, int, int, str, str, str, str]:
        """The key that sorts sites the same way on every run: equal only for equal sites."""
        return (self.path, self.start, self.end, self.clause, self.subject, self.commit, repr(self.value))


class Sites(tuple[Site, ...]):
    """Sites of one signal, with the questions that grades ask of them."""

    __slots__ = ()

    def of(self, *clauses: str) -> Sites:
        """Those that prove one of these clauses."""
        return Sites(s for s in self if s.clause in clauses)

    def about(self, subjects: set[str]) -> Sites:
        """Those whose subject is in ``subjects``."""
        return Sites(s for s in self if s.subject in subjects)

    def subjects(self, *clauses: str) -> set[str]:
        """The distinct subjects of these clauses (of all sites when none is named)."""
        return {s.subject for s in self if not clauses or s.clause in clauses}

    def has(self, *clauses: str) -> bool:
        """Whether every one of these clauses is proved by some site."""
        return {s.clause for s in self} >= set(clauses)

    def count(self, *clauses: str) -> int:
        """How many sites prove one of these clauses."""
        return sum(s.clause in clauses for s in self)

    def kinds(self, *clauses: str) -> int:
        """How many of these clauses are proved at all."""
        return len({s.clause for s in self} & set(clauses))


Bar = Callable[[Sites], bool]


def any_site(sites: Sites) -> bool:
    """The usual bar of a trace: something is there."""
    return bool(sites)


def never(_sites: Sites) -> bool:
    """A bar no repository reaches: for signals without a trace, or without a sustained grade."""
    return False


def no_measures(_sites: Sites) -> Mapping[str, Scalar]:
    """For a signal of which the matrix needs nothing but the grade."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One thing worth knowing, declared by its detector.

    ``counts``, ``strong`` and ``not_credited`` say in words what ``practised``, ``sustained`` and the fixtures say
    in code.
    Bars are pure functions of the sites, so that a grade can be computed again over a candidate's own sites.
    ``clauses`` lists every clause its sites may carry, best citation first; those in ``defining`` are the work itself
    (the rest is wiring, which may be others'); those in ``uncited`` only count.
    ``applies`` names the condition under which looking makes sense: ``flask`` (there is a Flask application),
    ``python``
    (there is Python code of the project's own) or ``any``.
    ``how_to_show`` tells a candidate how to make the practice visible honestly.
    """

    id: str
    title: str
    competency: str
    seeds: tuple[str, ...]
    counts: str
    strong: str
    not_credited: str
    clauses: tuple[str, ...]
    defining: tuple[str, ...]
    practised: Bar
    sustained: Bar
    statement: Callable[[Sites], str]
    how_to_show: str
    trace: Bar = any_site
    measures: Callable[[Sites], Mapping[str, Scalar]] = no_measures
    uncited: tuple[str, ...] = ()
    applies: str = "any"
    polarity: Polarity = Polarity.FOR
    where: str = "tree"

    def grade(self, sites: Sites) -> Grade | None:
        """The grade these sites reach; None when they reach none (the signal is absent)."""
        if not sites:
            return None
        if self.practised(sites):
            return Grade.SUSTAINED if self.sustained(sites) else Grade.PRACTISED
        return Grade.TRACE if self.trace(sites) else None


class Finding(Struct, frozen=True, kw_only=True):
    """One signal looked for in one repository. ``sites`` are capped, in a fixed order; ``site_count`` is the true
    number."""

    id: str
    signal: str
    repository: str
    detector: str
    outcome: Outcome
    grade: Grade | None
    polarity: Polarity
    measures: dict[str, Scalar]
    statement: str
    reason: str | None
    site_count: int
    sites: tuple[Site, ...]


# ------------------------------------------------------------------------------------------------- citations


class Share(Struct, frozen=True):
    """How much of a cited site the candidate wrote: line fractions from 0 to 1, what they rest on, and the role."""

    low: float
    high: float
    basis: str
    role: str


class FileCitation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="file"):
    """Lines of a file at a commit. ``sha256`` is of the raw cited lines; empty where a secret in them is masked."""

    repository: str
    path: str
    start_line: int
    end_line: int
    clause: str
    commit: str
    blob: str
    sha256: str
    url: str
    excerpt: str
    masked: bool = False
    share: Share | None = None


class CommitCitation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="commit"):
    """One commit. ``authored`` is an ISO date, UTC."""

    repository: str
    commit: str
    clause: str
    subject: str
    authored: str
    url: str
    share: Share | None = None


class PullRequestCitation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="pull_request"):
    """One pull or merge request."""

    repository: str
    number: int
    clause: str
    title: str
    url: str
    created: str
    updated: str
    sha256: str
    share: Share | None = None


class ReviewCommentCitation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="review_comment"):
    """One comment of a review; ``excerpt`` is quoted text of its author."""

    repository: str
    number: int
    comment: str
    clause: str
    path: str
    line: int
    excerpt: str
    url: str
    created: str
    updated: str
    sha256: str
    share: Share | None = None


class IssueCitation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="issue"):
    """One issue."""

    repository: str
    number: int
    clause: str
    title: str
    url: str
    created: str
    updated: str
    sha256: str
    share: Share | None = None


Citation = FileCitation | CommitCitation | PullRequestCitation | ReviewCommentCitation | IssueCitation


# ---------------------------------------------------------------------------------------------------- digest


class LedgerEntry(Struct, frozen=True, kw_only=True, order=True):
    """One thing that was read, sampled, skipped or not available, and why. ``count`` is how many (files, lines,
    objects)."""

    code: str
    subject: str
    reason: str
    count: int = 1


class SignalResult(Struct, frozen=True, kw_only=True):
    """A signal over all repositories of the digest: its best finding, and up to five citations, best first."""

    id: str
    title: str
    competency: str
    outcome: Outcome
    grade: Grade | None
    own_grade: Grade | None
    polarity: Polarity
    reason: str | None
    statement: str
    findings: tuple[str, ...]
    citations: tuple[Citation, ...]


class Probes(Struct, frozen=True):
    """Two interview questions for when evidence is there (``seen``) and two for when it is not (``unseen``)."""

    seen: tuple[str, ...]
    unseen: tuple[str, ...]


class Cell(Struct, frozen=True, kw_only=True):
    """Competency x level. ``findings`` support it, ``against`` speak against it; ``probes`` fit the status."""

    competency: str
    level: Level
    status: CellStatus
    contradicted: bool
    marker: str
    rule: str | None
    reason: str | None
    findings: tuple[str, ...]
    against: tuple[str, ...]
    probes: tuple[str, ...]


class Competency(Struct, frozen=True):
    """One row of the matrix, as the digest carries it."""

    id: str
    domain: str
    title: str


class Repository(Struct, frozen=True, kw_only=True):
    """One scanned repository. ``url`` is empty for a local path without a public remote; ``flask`` tells whether it has
    a Flask application. ``committed`` is the ISO time of the scanned commit: the digest's only "now"."""

    id: str
    url: str
    host: str
    name: str
    commit: str
    default_branch: str
    committed: str
    flask: bool
    files: int
    commits: int


class Digest(Struct, frozen=True, kw_only=True):
    """The one complete form; every renderer reads this and adds nothing."""

    schema_version: str
    tool: dict[str, str]
    complete: bool
    inputs: dict[str, Any]
    subject: dict[str, Any]
    repositories: tuple[Repository, ...]
    competencies: tuple[Competency, ...]
    signals: tuple[SignalResult, ...]
    findings: tuple[Finding, ...]
    cells: tuple[Cell, ...]
    ledger: tuple[LedgerEntry, ...] = field(default=())


# ------------------------------------------------------------------------------- what a source must offer


class Snapshot(Protocol):
    """The tree of one commit. ``read`` yields (oid, content) for the oids that exist and are within the cap, in the
    order asked; what it cannot give lands in the source's ledger."""

    commit: str

    @property
    def blobs(self) -> tuple[Blob, ...]: ...

    def read(self, oids: list[str]) -> Iterator[tuple[str, bytes]]: ...


class Ledger:
    """Collects ledger entries; equal (code, subject, reason) are counted together."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}

    def note(self, code: str, subject: str, reason: str, count: int = 1) -> None:
        """Record ``count`` more of this."""
        key = (code, subject, reason)
        self._counts[key] = self._counts.get(key, 0) + count

    def entries(self) -> tuple[LedgerEntry, ...]:
        """All of it, in a fixed order."""
        return tuple(sorted(LedgerEntry(code=c, subject=s, reason=r, count=n) for (c, s, r), n in self._counts.items()))


class History(Protocol):
    """The commits that lead to the scanned one, newest first, as far as they are there."""

    @property
    def commits(self) -> Sequence[Commit]: ...

    def dates(self, paths: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
        """For each path, the sorted commit times (epoch seconds) of the commits that touch it."""
        ...
