"""Transaction boundaries that someone chose: where a unit of work begins, ends, and is undone.

**What it sees.** Functions that commit or roll back on behalf of others (decorators, context managers, helpers, the end
of a request), ``begin`` blocks, savepoints, row and advisory locks, isolation levels, version columns whose conflicts
are answered; and tests of rollback or concurrency.

**Why it matters.** A change of several rows either happens or does not. Commits scattered over views leave halves.

**What it cannot tell.** Whether every boundary is in the right place, or the isolation level strong enough.
"""

from __future__ import annotations

from evidence.api import Expr, Observations, Project, Scenario, Signal, Sites, at, plural, regex, site_of

_TEST_NAMES = regex(
    r"roll(?:s|ed|ing)?_?back|atomic|concurren|race_condition|savepoint|optimistic|deadlock|isolation_level"
    r"|stale_data|for_update|double_spend|parallel_(?:request|update|write)"
)
_RAISES = ("raises", "assertRaises", "assert_raises")
_KINDS = {
    "boundary": ("place that commits or rolls back for others", "places that commit or roll back for others"),
    "helper": ("helper that commits or rolls back", "helpers that commit or roll back"),
    "begin": ("explicit begin block", ""), "savepoint": ("savepoint", ""), "lock": ("lock", ""),
    "isolation": ("isolation level", ""), "optimistic": ("optimistic lock", ""),
}  # fmt: skip
_CHOSEN = tuple(_KINDS)
# Leads, which say nothing more once there are boundaries.
_LEADS = ("shared", "rollback", "versioned")


def _chosen(sites: Sites) -> bool:
    """Whether someone chose boundaries: a helper counts where more functions use it than commit by themselves."""
    helped = sum(s.value for s in sites.of("helper") if isinstance(s.value, int))
    return sites.count(*_CHOSEN) > sites.count("helper") or helped > sites.count("commit")


def _statement(sites: Sites) -> str:
    shown = [plural(n, one, many) for c, (one, many) in _KINDS.items() if (n := sites.count(c))]
    scattered = sites.count("commit")
    if not shown:
        back = sites.count("rollback")
        return f"{plural(scattered, 'commit')} in single functions, {plural(back, 'rollback')}, and no shared boundary."
    tail = "; rollback or concurrency is tested" if sites.has("tested") else ""
    return f"Transactions are bounded by {', '.join(shown)}{tail}; {plural(scattered, 'commit')} outside them."


TRANSACTIONS = Signal(
    id="data.transactions",
    title="Explicit transaction boundaries",
    competency="transactions",
    seeds=("S5.2",),
    counts=(
        "A session scope, commit and rollback in one place, decorators or context managers, savepoints, isolation "
        "levels, locks, optimistic locking whose conflicts are answered, or a unit of work."
    ),
    strong="Tests check rollback or concurrent change.",
    not_credited="Commits scattered over views; a hook that commits and never rolls back; a rollback here and there.",
    how_to_show=(
        "Let one decorator or context manager commit or roll back, and test that a failure leaves nothing behind."
    ),
    clauses=(
        "boundary",
        "tested",
        "lock",
        "helper",
        "savepoint",
        "begin",
        "optimistic",
        "isolation",
        "shared",
        "rollback",
        "versioned",
        "commit",
    ),
    defining=(*_CHOSEN, "shared", "rollback", "versioned", "commit"),
    uncited=("commit",),
    applies="python",
    trace=lambda sites: sites.count(*_CHOSEN, "shared", "rollback", "versioned") > 0,
    practised=_chosen,
    sustained=lambda sites: sites.has("tested"),
    measures=lambda sites: {
        "kinds": sites.kinds(*_CHOSEN),
        "boundaries": sites.count("boundary", "helper", "begin", "savepoint"),
        "locks": sites.count("lock", "optimistic"),
        "tested": sites.count("tested"),
    },
    statement=_statement,
)
SIGNALS = (TRANSACTIONS,)


def detect(project: Project) -> Observations:
    """Ends of transactions and who owns them, begins, savepoints, locks; and tests, where there is something to
    test."""
    everywhere = [site_of(o) for o in project.transactions]
    # what feeds a warehouse beside the application is another program
    sites = Sites([s for s in everywhere if project.in_flask_part(s.path)] or everywhere)
    chosen = _chosen(sites)
    yield from ((TRANSACTIONS, s) for s in sites if not chosen or s.clause not in _LEADS)
    if chosen:
        for test in project.scenarios:
            if _tests(test, sites.has("optimistic")):
                yield TRANSACTIONS, site_of(at(test.file, test.definition, "tested", test.file.path))


def _tests(test: Scenario, conflicts: bool) -> bool:
    """Whether a test checks rollback or concurrency: by what it checks, by what it expects, or by its name."""
    if not test.checks:
        return False
    refs = " ".join(test.file.module.refs[test.scope])
    told = "rollback" in refs or "StaleData" in refs
    if told and any(_mentions_rollback(e) for expr, _ in test.checks for e in expr.walk()):
        return True
    named = _TEST_NAMES.search(test.name.lower())
    # what a product calls a rollback is no transaction: something must go wrong for one
    if named and "roll" in named[0] and not (told or test.statuses or _goes_wrong(test)):
        return False
    return bool(named) or (conflicts and 409 in test.statuses)


def _goes_wrong(test: Scenario) -> bool:
    """Whether a test expects an error, or has one raised."""
    lasts = {r.rpartition(".")[2] for r in test.file.module.refs[test.scope]}
    raised = any("side_effect" in c.expr.keys for c in test.calls)
    return raised or any(n.endswith(("Error", "Exception", "Failure")) or n.startswith(_RAISES) for n in lasts)


def _mentions_rollback(expr: Expr) -> bool:
    """``session.rollback.assert_called_once()``, ``call.rollback()``, or the conflict that is expected."""
    return expr.kind in ("name", "call") and ("rollback" in expr.text.split(".") or "StaleDataError" in expr.text)
