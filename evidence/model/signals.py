"""Sites, the signals that they bear on, and the finding of one signal in one repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from evidence.model.vocabulary import Grade, Outcome, Polarity, Scalar


class Site(Struct, frozen=True, kw_only=True):
    """One occurrence that bears on a signal.

    ``clause`` names what it proves (``defined``, ``registered``, ``called``, ``tested``, ``run_by_ci``...);
    ``subject`` names
    the thing it is about, so that clauses of one thing can be joined (the blueprint ``users`` defined here, registered
    there). ``start`` and ``end`` are 1-based, inclusive line numbers. ``value`` is a number or text the measures use.
    A site with an empty ``path`` and a ``commit`` cites a commit; one with an ``item`` cites something on the forge:
    ``change/12``, ``comment/12/345`` (a comment of change 12), ``review/12/678``, ``issue/7``, ``note/7/345`` (a
    comment of issue 7), ``release/v1.2`` or ``elsewhere/`` with the address of a change. Of such a site ``subject`` is
    the login, lower-case, of the person whose doing it is.
    """

    path: str
    start: int = 1
    end: int = 1
    clause: str
    subject: str = ""
    value: Scalar | None = None
    commit: str = ""
    item: str = ""

    def order(self) -> tuple[str, int, int, str, str, str, str, str]:
        """The key that sorts sites the same way on every run: equal only for equal sites."""
        return (self.path, self.start, self.end, self.clause, self.subject, self.commit, self.item, repr(self.value))


class Sites(tuple[Site, ...]):
    """Sites of one signal, with the questions that grades ask of them."""

    __slots__ = ()

    def of(self, *clauses: str) -> Sites:
        """Those that prove one of these clauses."""
        return Sites(s for s in self if s.clause in clauses)

    def about(self, subjects: set[str]) -> Sites:
        """Those whose subject is in ``subjects``."""
        return Sites(s for s in self if s.subject in subjects)

    def by_subject(self, *clauses: str) -> dict[str, Sites]:
        """The sites of each subject that these clauses are about (every subject when none is named), by subject."""
        grouped: dict[str, list[Site]] = {}
        for site in self:
            grouped.setdefault(site.subject, []).append(site)
        wanted = self.subjects(*clauses)
        return {subject: Sites(grouped[subject]) for subject in sorted(wanted)}

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


class Signal(Struct, frozen=True, kw_only=True):
    """One thing worth knowing, declared by its detector.

    ``counts``, ``strong`` and ``not_credited`` say in words what ``practised``, ``sustained`` and the fixtures say
    in code.
    Bars are pure functions of the sites, so that a grade can be computed again over a candidate's own sites.
    ``clauses`` lists every clause its sites may carry, best citation first; those in ``defining`` are the work itself
    (the rest is wiring, which may be others'); those in ``uncited`` only count; those in ``leads`` make no more than a
    trace, and are cited only where there is nothing better.
    ``applies`` names the condition under which looking makes sense: ``flask`` (there is a Flask application),
    ``python``
    (there is Python code of the project's own) or ``any``.
    ``needs`` names the inputs without which nothing can be said (``history``, ``lines``, ``authorship``, ``changes``,
    ``reviews``, ``comments``, ``issues``, ``releases``, ``elsewhere``): where one is missing the outcome is
    ``unavailable``, with the reason. ``how_to_show`` tells a candidate how to make the practice visible honestly.
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
    leads: tuple[str, ...] = ()
    applies: str = "any"
    needs: tuple[str, ...] = ()
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
