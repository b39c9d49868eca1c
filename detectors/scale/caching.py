"""Results kept for a while: caches with an end, and responses that say how long they hold.

**What it sees.** Functions and views cached by Flask-Caching, dogpile, cachetools and their kin; values written to
Redis, Memcached or a cache object with an expiry and read back under the same key; response headers that let others
cache; where entries are dropped when the data changes; tests of hits, misses and expiry.

**Why it matters.** The cheapest request is the one that is not computed again; the dearest bug is a stale answer.

**What it cannot tell.** The hit rate, and whether what is cached changes more often than it expires.
"""

from __future__ import annotations

from evidence.api import Observations, Occurrence, Project, Scenario, Signal, Sites, at, plural, site_of, stem

# Every resource has methods of these names: a test that calls ``client.get`` tells nothing of one.
_UNTOLD = frozenset({"", "__init__", "get", "post", "put", "patch", "delete", "head", "dispatch_request"})


def _statement(sites: Sites) -> str:
    cached, stored, header = sites.count("cached"), sites.count("stored"), sites.count("header")
    if not (cached or stored or header):
        unused = "A cache is set up and nothing is kept in it."
        return unused if sites.has("bound") else "Only static files carry a lifetime."
    places = plural(stored, "place that keeps values with an end", "places that keep values with an end")
    parts = [plural(cached, "cached function"), places, plural(header, "caching header")]
    tail = f"; dropped on change in {plural(sites.count('dropped'), 'place')}" if sites.has("dropped") else ""
    tested = f"; {plural(sites.count('tested'), 'test checks', 'tests check')} it" if sites.has("tested") else ""
    return f"Caching: {', '.join(p for p in parts if not p.startswith('0 '))}{tail}{tested}."


CACHING = Signal(
    id="scale.caching",
    title="Caching with expiry",
    competency="caching",
    seeds=("S4.3", "C4.3"),
    counts=(
        "Flask-Caching, Redis, Memcached, a cache with a lifetime or HTTP caching headers used on real paths, with an "
        "expiry or invalidation."
    ),
    strong="Entries are dropped when data changes, or tests check hits, misses or expiry.",
    not_credited=(
        "lru_cache on helpers; a cache that is set up and never used; lifetimes of static files; headers that forbid "
        "caching."
    ),
    how_to_show="Cache one slow read with a timeout, drop the entry where the data is written, and test both.",
    clauses=("cached", "stored", "tested", "dropped", "header", "bound", "static"),
    leads=("bound", "static"),
    defining=("cached", "stored", "dropped", "header", "bound"),
    applies="python",
    practised=lambda sites: sites.count("cached", "stored", "header") > 0,
    sustained=lambda sites: sites.count("dropped", "tested") > 0,
    measures=lambda sites: {
        "places": sites.count("cached", "stored", "header"),
        "dropped": sites.count("dropped"),
        "tested": sites.count("tested"),
    },
    statement=_statement,
)
SIGNALS = (CACHING,)


def detect(project: Project) -> Observations:
    """What is cached, for how long, and when it is dropped; what is only set up, where there is no more."""
    kept = project.caches.kept
    yield from ((CACHING, site_of(o)) for o in (*kept, *project.caches.dropped) if kept)
    yield from ((CACHING, site_of(o)) for o in project.caches.set_up if not kept)
    for test in _tests(project, kept) if kept else ():
        yield CACHING, site_of(at(test.file, test.definition, "tested", test.file.path))


def _tests(project: Project, kept: tuple[Occurrence, ...]) -> list[Scenario]:
    """Tests of caches; where some belong to what is cached, by name of the file or by what they run, those alone."""
    names = {o.subject for o in kept} - _UNTOLD
    stems = {stem(o.path) for o in kept}
    found = [t for t in project.scenarios if t.checks and _is_test(project, t, names)]
    named = [t for t in found if stem(t.file.path) in stems]
    return named or [t for t in found if t.mentions(*names)] or found


def _is_test(project: Project, test: Scenario, names: set[str]) -> bool:
    """Whether a test checks a cache: it says so, or it runs what is cached; and it looks at the cache, unless both."""
    if project.caches.says_none(test.name):
        return False
    said, runs = project.caches.speaks_of_one(test.definition.qualname), test.mentions(*names)
    if said and runs:
        return True
    looked_at = (r for r in test.file.module.refs[test.scope] if not r.isupper())
    return (said or runs) and any(map(project.caches.speaks_of_one, looked_at))
