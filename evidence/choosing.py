"""Which few of a signal's sites a reader is shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from functools import lru_cache

from evidence.facts.roles import Role, role_of
from evidence.model import Signal, Site, Sites
from evidence.patterns import regex

# Five places are what a reader opens.
CITED = 5
UPHOLDING = 2
# So many letters tell words of one kind together: cache and caching, retry and retries, migrations and migrate.
_STEM = 4
# Files whose tests a runner collects; what stands beside them (``conftest.py``, ``testing.py``) serves them all.
_COLLECTED = regex(r"(?:^|/)(?:test_[^/]{1,100}|[^/]{1,100}_tests?|tests?)\.py$|\.(?:spec|test|cy)\.[cm]?[jt]sx?$")
_WORD = regex(r"[a-z]{3,40}")
# Stems of names that say nothing of what a file is about.
_ANYWHERE = frozenset({
    "test", "conf", "init", "app", "api", "main", "core", "base", "util", "comm", "help", "view", "rout", "serv", "src",
    "unit", "inte", "func", "acce",
})  # fmt: skip


def choose(
    signal: Signal,
    sites: Sites,
    limit: int = CITED,
    turn: Callable[[Site], int] | None = None,
    aside: Callable[[str], bool] = lambda path: False,
) -> tuple[Site, ...]:
    """The ``limit`` sites that best show a signal, best first; fewer where more would only repeat what upholds it.
    Those of a lower ``turn`` come before all others; those in a file that stands ``aside`` (in a part of the repository
    that the application is not made of) behind all others of their clause.

    Clauses take turns in the signal's own order, so that each one proved is seen once before any is seen twice; clauses
    that only count are never shown, leads only where there is nothing better. Within a clause come lines not shown yet,
    then subjects and then paths not shown yet for that clause, then tests named after the work, then the file where
    most of it happens, then path order: the choice depends on the set of sites alone. The work itself may fill all
    places; what wires or upholds it is shown ``UPHOLDING`` times a clause, and one test stands for all of them.
    """
    clauses = [clause for clause in signal.clauses if clause not in signal.uncited]
    if sites.count(*clauses) > sites.count(*signal.leads):
        clauses = [clause for clause in clauses if clause not in signal.leads]
    often = Counter((site.clause, site.path) for site in sites)
    named = _named_after(signal, sites)
    turns: defaultdict[int, list[Site]] = defaultdict(list)
    for site in sites:
        turns[turn(site) if turn else 0].append(site)
    shown = _Shown(signal, aside)
    for number in sorted(turns):
        queues: dict[str, list[Site]] = {clause: [] for clause in clauses}
        for site in turns[number]:
            if site.clause in queues:
                queues[site.clause].append(site)
        for queue in queues.values():
            queue.sort(key=lambda site: (aside(site.path), named(site), -often[site.clause, site.path], *site.order()))
        _fill(shown, queues, limit)
    return tuple(shown.sites)


def _fill(shown: _Shown, queues: dict[str, list[Site]], limit: int) -> None:
    while len(shown.sites) < limit and any(queues.values()):
        for queue in queues.values():
            queue[:] = [site for site in queue if not shown.is_enough(site)]
            if queue and len(shown.sites) < limit:
                best = min(queue, key=shown.repeats)
                queue.remove(best)
                shown.add(best)


class _Shown:
    """What a reader is shown of one signal so far, indexed by what each of thousands of further sites is held
    against."""

    def __init__(self, signal: Signal, aside: Callable[[str], bool]) -> None:
        self.sites: list[Site] = []
        self._signal = signal
        self._aside = aside
        self._lines: set[tuple[str, int, int, str, str]] = set()
        self._subjects: set[tuple[str, str]] = set()
        self._places: defaultdict[tuple[str, str], list[Site]] = defaultdict(list)
        self._often: Counter[str] = Counter()
        self._tested = False

    def add(self, site: Site) -> None:
        """Show one more."""
        self.sites.append(site)
        self._lines.add(_lines_of(site))
        self._subjects.add((site.clause, site.subject))
        self._places[site.clause, site.path].append(site)
        self._often[site.clause] += 1
        self._tested = self._tested or (site.clause not in self._signal.defining and _is_test(site.path))

    def is_enough(self, site: Site) -> bool:
        """Whether what is shown leaves nothing to this site: it lies within what its clause shows already, or only
        upholds what enough others do."""
        alike = self._places.get((site.clause, site.path), ())
        if site.path and any(site.start <= other.end and other.start <= site.end for other in alike):
            return True
        if not site.path and any(_lines_of(site) == _lines_of(other) for other in alike):
            return True  # the same commit, or thing on the forge
        if site.clause in self._signal.defining:
            return False
        return self._often[site.clause] >= UPHOLDING or (self._tested and _is_test(site.path))

    def repeats(self, site: Site) -> tuple[bool, bool, bool, bool]:
        """Whether a site stands aside, and what a reader has seen of it already: its very lines, its subject, its file.
        False sorts first."""
        return (
            self._aside(site.path),
            _lines_of(site) in self._lines,
            (site.clause, site.subject) in self._subjects,
            (site.clause, site.path) in self._places,
        )


def _named_after(signal: Signal, sites: Sites) -> Callable[[Site], tuple[int, int, bool]]:
    """A key that sorts tests which uphold a signal by how much their names share with it and with the files of the
    work, what all tests share before single ones: of many tests that pass by some place, a reader would open the one
    made for it."""
    own = _stems(signal.id.rpartition(".")[2])
    work = {stem for site in sites.of(*signal.defining) if not _is_test(site.path) for stem in _stems(_name(site.path))}

    def key(site: Site) -> tuple[int, int, bool]:
        if site.clause in signal.defining or not _is_test(site.path):
            return (0, 0, False)
        name = _stems(site.path.rpartition(".")[0])
        return (-len(name & own), -len(name & work), _COLLECTED.search(site.path) is not None)

    return key


def _name(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0] or path


@lru_cache(maxsize=8_192)
def _stems(name: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(name.lower())) - _ANYWHERE


@lru_cache(maxsize=8_192)
def _is_test(path: str) -> bool:
    return role_of(path) is Role.TEST


def _lines_of(site: Site) -> tuple[str, int, int, str, str]:
    return (site.path, site.start, site.end, site.commit, site.item)
