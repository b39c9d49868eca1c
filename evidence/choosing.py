"""Which few of a signal's sites a reader is shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
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
_Lines = tuple[str, int, int, str, str]
_NOTHING = (False, False, False, False)
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
    cited = [site for site in sites if site.clause in clauses]
    named = _named_after(signal, sites)
    places = {
        (clause, path): (aside(path), named(clause, path), -often)
        for (clause, path), often in Counter((site.clause, site.path) for site in cited).items()
    }
    turns: defaultdict[int, list[Site]] = defaultdict(list)
    for site in cited:
        turns[turn(site) if turn else 0].append(site)
    shown = _Shown(signal, aside)
    for number in sorted(turns):
        queues: dict[str, list[Site]] = {clause: [] for clause in clauses}
        for site in turns[number]:
            queues[site.clause].append(site)
        for queue in queues.values():
            queue.sort(key=lambda site: (places[site.clause, site.path], site.order()))
        _fill(shown, queues, limit)
    return tuple(shown.sites)


def _fill(shown: _Shown, queues: dict[str, list[Site]], limit: int) -> None:
    while any(queues.values()):
        for queue in queues.values():
            if len(shown.sites) >= limit:
                return
            best = shown.best(queue)
            if best is None:
                queue.clear()
            else:
                queue.remove(best)
                shown.add(best)


class _Shown:
    """What a reader is shown of one signal so far, indexed by what each of thousands of further sites is held
    against."""

    def __init__(self, signal: Signal, aside: Callable[[str], bool]) -> None:
        self.sites: list[Site] = []
        self._signal = signal
        self._aside = aside
        self._lines: set[_Lines] = set()
        # commits, and things on the forge, by clause
        self._elsewhere: set[tuple[str, _Lines]] = set()
        self._subjects: set[tuple[str, str]] = set()
        self._places: defaultdict[tuple[str, str], list[Site]] = defaultdict(list)
        self._often: Counter[str] = Counter()
        self._tested = False

    def add(self, site: Site) -> None:
        """Show one more."""
        self.sites.append(site)
        self._lines.add(_lines_of(site))
        self._elsewhere.add((site.clause, _lines_of(site)))
        self._subjects.add((site.clause, site.subject))
        self._places[site.clause, site.path].append(site)
        self._often[site.clause] += 1
        self._tested = self._tested or (site.clause not in self._signal.defining and _is_test(site.path))

    def best(self, queue: Iterable[Site]) -> Site | None:
        """The first of these sites that repeats the least of what is shown; None where that leaves nothing to any."""
        best, least = None, _NOTHING
        for site in queue:
            if self._is_enough(site):
                continue
            repeated = self._repeats(site)
            if best is None or repeated < least:
                best, least = site, repeated
            if least == _NOTHING:
                break
        return best

    def _is_enough(self, site: Site) -> bool:
        """Whether what is shown leaves nothing to this site: it lies within what its clause shows already, or only
        upholds what enough others do."""
        if not site.path and (site.clause, _lines_of(site)) in self._elsewhere:
            return True
        for other in self._places.get((site.clause, site.path), ()) if site.path else ():
            if site.start <= other.end and other.start <= site.end:
                return True
        if site.clause in self._signal.defining:
            return False
        return self._often[site.clause] >= UPHOLDING or (self._tested and _is_test(site.path))

    def _repeats(self, site: Site) -> tuple[bool, bool, bool, bool]:
        """Whether a site stands aside, and what a reader has seen of it already: its very lines, its subject, its file.
        False sorts first."""
        return (
            self._aside(site.path),
            _lines_of(site) in self._lines,
            (site.clause, site.subject) in self._subjects,
            (site.clause, site.path) in self._places,
        )


def _named_after(signal: Signal, sites: Sites) -> Callable[[str, str], tuple[int, int, bool]]:
    """A key that sorts tests (by clause and path) which uphold a signal by how much their names share with it and with
    the files of the work, what all tests share before single ones: of many tests that pass by some place, a reader
    would open the one made for it."""
    own = _stems(signal.id.rpartition(".")[2])
    files = {site.path for site in sites if site.clause in signal.defining}
    work = {stem for path in files if not _is_test(path) for stem in _stems(_name(path))}

    def key(clause: str, path: str) -> tuple[int, int, bool]:
        if clause in signal.defining or not _is_test(path):
            return (0, 0, False)
        name = _stems(path.rpartition(".")[0])
        return (-len(name & own), -len(name & work), _COLLECTED.search(path) is not None)

    return key


def _name(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0] or path


@lru_cache(maxsize=8_192)
def _stems(name: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(name.lower())) - _ANYWHERE


@lru_cache(maxsize=8_192)
def _is_test(path: str) -> bool:
    return role_of(path) is Role.TEST


def _lines_of(site: Site) -> _Lines:
    return (site.path, site.start, site.end, site.commit, site.item)
