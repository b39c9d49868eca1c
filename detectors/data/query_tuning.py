"""Queries that were thought about: related rows loaded at once, bulk reads and writes, indexes for the way data is
asked.

**What it sees.** Eager-loading options, relationships with a tuned ``lazy``, bulk operations used in several places,
composite and partial indexes; tests that count statements, and hooks that time them.

**Why it matters.** A list of fifty rows that asks the database fifty-one times is the commonest slow page.

**What it cannot tell.** Whether the queries are fast on real data, or an index is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from evidence.api import Call, Observations, Project, PyFile, Signal, Site, Sites, at, plural, regex, site_of

_EAGER = (
    "joinedload", "selectinload", "subqueryload", "contains_eager", "raiseload", "immediateload", "joinedload_all",
    "subqueryload_all", "eagerload", "lazyload", "selectin_polymorphic", "with_polymorphic", "undefer",
    "load_only", "prefetch",
    "prefetch_related", "select_related", "noload", "defaultload", "fetch_related",
)  # fmt: skip
# Methods of other libraries have these names too: only the mapper's own function counts.
_COMMON_WORDS = frozenset({"prefetch", "load_only", "undefer", "noload"})
_LIBRARIES = ("sqlalchemy", "peewee", "playhouse", "tortoise", "mongoengine", "flask_sqlalchemy", "sqlmodel")
# The ways to load that are neither the default nor a query of one's own.
_TUNED = frozenset(
    {"joined", "selectin", "subquery", "raise", "raise_on_sql", "write_only", "immediate", "noload", "False"}
)
_BULK = (
    "bulk_insert_mappings", "bulk_save_objects", "bulk_update_mappings", "yield_per", "insert_many",
    "bulk_create", "bulk_update",
    "execute_values", "execute_batch", "copy_from", "copy_expert", "bulk_write",
)  # fmt: skip
# What relationships do that are told nothing: naming it tunes no more than leaving it out.
_DEFAULT = frozenset({"True", "select"})
# "Several places", and indexes of several columns for as many queries.
_SEVERAL = 3
_INDEXES = 2
_HOOKS = frozenset({
    "before_cursor_execute", "after_cursor_execute", "before_execute", "after_execute", "before_cursor", "after_cursor",
})  # fmt: skip
_RECORDERS = ("get_debug_queries", "get_recorded_queries")
_PROFILERS = (
    "nplusone", "sqltap", "sqlalchemy_easy_profile", "easy_profile", "flask_query_inspect",
    "flask_queryinspect",
)  # fmt: skip
_COUNTS = regex(
    r"(?i)(?:query|queries|sql|statement)s?_?count|count_?(?:of_)?(?:quer|sql|statement)|num_?queries|number_of_queries|n_plus_(?:1|one)|nplusone"
)


def _statement(sites: Sites) -> str:
    parts = [
        plural(sites.count("eager"), "eager-loading option"),
        plural(sites.count("lazy"), "relationship") + " with a tuned lazy",
        plural(sites.count("bulk"), "bulk operation"),
        plural(sites.count("index"), "composite or partial index", "composite or partial indexes"),
    ]
    shown = ", ".join(p for p in parts if not p.startswith("0 "))
    if not shown:
        begun = (
            (sites.count("column"), "single column with an index", "single columns with an index"),
            (sites.count("dynamic"), "relationship that is a query of its own", "relationships that are queries"),
        )
        return f"{' and '.join(plural(n, one, many) for n, one, many in begun if n)}, and no more."
    tail = "; statements are counted in tests" * sites.has("counted") + "; statements are timed" * sites.has("profiled")
    return f"Queries are tuned by {shown}{tail}."


def _practised(sites: Sites) -> bool:
    return sites.count("eager", "lazy") > 0 or sites.count("bulk") >= _SEVERAL or sites.count("index") >= _INDEXES


QUERY_TUNING = Signal(
    id="data.query_tuning",
    title="N+1 avoidance and query tuning",
    competency="transactions",
    seeds=("S5.2", "C4.3"),
    counts=(
        "Eager-loading options or a tuned lazy, bulk queries used in several places, or indexes made for the queries "
        "that are asked."
    ),
    strong="Tests count statements, or slow statements are measured or logged.",
    not_credited="One relationship that loads on request; an index on a single column; a query that nothing calls.",
    how_to_show="Load what a list shows with selectinload, and count the statements of that list in a test.",
    clauses=("eager", "counted", "profiled", "index", "lazy", "bulk", "dynamic", "column"),
    defining=("eager", "lazy", "bulk", "index", "dynamic", "column"),
    applies="python",
    practised=_practised,
    sustained=lambda sites: sites.count("counted", "profiled") > 0,
    measures=lambda sites: {
        "eager": sites.count("eager", "lazy"),
        "bulk": sites.count("bulk"),
        "indexes": sites.count("index"),
        "kinds": sites.kinds("eager", "lazy", "bulk", "index"),
    },
    statement=_statement,
)
SIGNALS = (QUERY_TUNING,)


def detect(project: Project) -> Observations:
    """Loading options, tuned relationships, bulk operations, indexes, and what watches them."""
    everywhere = [*_loads(project), *_mapped(project)]
    # what feeds a warehouse beside the application is another program
    found = [s for s in everywhere if project.in_flask_part(s.path)] or everywhere
    # jobs that somebody runs beside the application add nothing to what tunes its own queries
    near = [s for s in found if not project.comes_late(s.path)]
    found = near if _practised(Sites(near)) else found
    tuned = _practised(Sites(found))
    yield from ((QUERY_TUNING, site) for site in found if not tuned or site.clause not in ("dynamic", "column"))
    if tuned:
        yield from ((QUERY_TUNING, site) for site in _watched(project))


def _site(file: PyFile, call: Call, clause: str) -> Site:
    return site_of(at(file, call, clause, file.path))


def _loads(project: Project) -> Iterator[Site]:
    for clause, names in (("eager", _EAGER), ("bulk", _BULK)):
        for name in names:
            for file, call in project.called.get(name, ()):
                if _is_of_mapper(project, file, call, clause) and project.reach.live(file.path, call.scope):
                    yield _site(file, call, clause)


def _is_of_mapper(project: Project, file: PyFile, call: Call, clause: str) -> bool:
    """Whether a loading option is the mapper's: imported from it, or called on a query (``db.joinedload``,
    ``.prefetch``)."""
    outside = project.external(file, call.name)
    if clause == "bulk":
        return bool(project.models.all) and "." in call.name and not _is_command(file, call)
    if outside.startswith(_LIBRARIES):
        return True
    return "." in call.name and bool(project.models.all) and call.last not in _COMMON_WORDS


def _is_command(file: PyFile, call: Call) -> bool:
    """Whether a call stands in a command that someone runs once: bulk work there serves no request."""
    around = file.function_of(call.scope)
    return around is not None and any(d.expr.text.endswith("command") for d in around.decorators)


def _mapped(project: Project) -> Iterator[Site]:
    """Relationships by how they load, and indexes by what they cover."""
    bodies: dict[str, dict[int, list[Call]]] = {}
    for model in project.models.all:
        if not project.reach.live(model.file.path):
            continue
        for call in _body(model.file, model.scope, bodies):
            last = call.last
            lazy = call.expr.kwarg("lazy")
            if lazy is not None and last in ("relationship", "relation", "backref", "Relationship"):
                if lazy.text in _DEFAULT:
                    continue
                yield _site(model.file, call, "lazy" if lazy.text in _TUNED else "dynamic")
            elif last == "Index":
                yield _site(model.file, call, "index" if _is_for_queries(call) else "column")
            elif (index := call.expr.kwarg("index")) is not None and index.text == "True":
                yield _site(model.file, call, "column")


def _is_for_queries(call: Call) -> bool:
    """Whether an index covers several columns or a part of the rows; a unique one is a constraint first."""
    unique = call.expr.kwarg("unique")
    wide = len(call.expr.args) > 2 or any(k.endswith(("_where", "_using")) for k in call.expr.keys)
    return wide and (unique is None or unique.text != "True")


def _body(file: PyFile, model: int, bodies: dict[str, dict[int, list[Call]]]) -> list[Call]:
    """The calls in the body of a model's class, and in its inner ``Meta``."""
    if file.path not in bodies:
        found: dict[int, list[Call]] = {}
        for call in file.module.calls:
            found.setdefault(call.scope, []).append(call)
        bodies[file.path] = found
    definition = file.definition(model)
    meta = file.scopes.get(f"{definition.qualname}.Meta", -1) if definition is not None else -1
    return [*bodies[file.path].get(model, ()), *bodies[file.path].get(meta, ())]


def _watched(project: Project) -> Iterator[Site]:
    """Hooks and recorders that time or count statements, in the application; then what tests count."""
    yield from _hooked(project.app, "profiled")
    for file, call in project.live_calls("listen", *_RECORDERS):
        if call.name.endswith(_RECORDERS) or _listens(call):
            yield _site(file, call, "profiled")
    using = [f for f in project.app if any(i.module.startswith(_PROFILERS) for i in f.module.imports)]
    for file, call, _name in project.calls(using, *_PROFILERS):
        if project.reach.live(file.path, call.scope):
            yield _site(file, call, "profiled")
    yield from _hooked(project.tests, "counted")
    yield from _counted(project)


def _hooked(files: tuple[PyFile, ...], clause: str) -> Iterator[Site]:
    for file in files:
        for definition in file.module.definitions:
            for decorator in definition.decorators:
                named = any(a.text in _HOOKS for a in decorator.expr.args)
                if named and decorator.expr.text.rpartition(".")[2] == "listens_for":
                    yield site_of(at(file, definition, clause, file.path))


def _counted(project: Project) -> Iterator[Site]:
    """Tests that check how many statements were run: with a counter, or with a fixture that listens to the engine."""
    listening = [f.function_of(c.scope) for f in project.tests for c in f.module.calls if _listens(c)]
    names = {d.name for d in listening if d is not None} - {"__enter__", "__init__"}
    counters = {
        owner.name
        for f in project.tests
        for c in f.module.calls
        if _listens(c) and (d := f.function_of(c.scope)) is not None and (owner := f.definition(d.parent)) is not None
    }
    fixtures = names | {
        x.definition.name
        for x in project.suite.fixtures
        if any(n.rpartition(".")[2] in names for n in x.file.module.refs[x.scope])
    }
    for test in project.scenarios:
        given = fixtures & set(test.definition.params)
        counted = test.checks and any(c.target == "with" and c.last in counters for c in test.calls)
        if counted:
            yield site_of(at(test.file, test.definition, "counted", test.file.path))
        if counted or (not given and not any(map(_is_count, test.file.module.refs[test.scope]))):
            continue
        asserted = [e for expr, _ in test.checks for e in expr.walk() if e.kind in ("name", "call")]
        counts = any(_is_count(e.text) or e.text in given for e in asserted)
        if counts or any(c.target == "with" and _is_count(c.name) for c in test.calls):
            yield site_of(at(test.file, test.definition, "counted", test.file.path))


@lru_cache(maxsize=20_000)
def _is_count(name: str) -> bool:
    """Whether a name counts statements; tests use the same few hundred names again and again."""
    return _COUNTS.search(name) is not None


def _listens(call: Call) -> bool:
    return call.last == "listen" and any(a.text in _HOOKS for a in call.expr.args)
