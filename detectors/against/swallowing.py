"""Failures that nobody hears of (counter-evidence): exceptions swallowed whole, and CI whose checks cannot fail.

**What it sees.** ``except:`` and ``except Exception:`` whose body only passes, in application code; CI commands for
tests or linters whose failure is thrown away, where no other command of that kind can fail.

**Why it matters.** What fails in silence is found by users.

**What it cannot tell.** Whether one of these exceptions really may be ignored.
"""

from __future__ import annotations

from evidence.api import Observations, Polarity, Project, Signal, Site, never, plural

_BROAD = frozenset({"Exception", "BaseException", "builtins.Exception"})
# One or two may have their reasons; three are a habit.
_HABIT = 3
_CHECKS = ("test", "lint", "type", "format")

SWALLOWED = Signal(
    id="against.swallowed_exceptions",
    title="Exceptions swallowed whole",
    competency="resilience",
    seeds=("S6.3",),
    counts="Three or more handlers catch everything, or every Exception, and only pass.",
    strong="Counter-evidence has no stronger form.",
    not_credited="One or two such handlers; handlers that log, answer, or catch a named exception.",
    how_to_show="Catch the exception you expect, and log what you decide to ignore.",
    clauses=("swallowed",),
    defining=("swallowed",),
    applies="python",
    polarity=Polarity.AGAINST,
    practised=lambda sites: len(sites) >= _HABIT,
    sustained=never,
    measures=lambda sites: {"places": len(sites)},
    statement=lambda sites: f"{plural(len(sites), 'handler')} for every exception, with nothing but `pass` inside.",
)
TOOTHLESS = Signal(
    id="against.toothless_ci",
    title="CI that cannot fail",
    competency="ci-cd",
    seeds=("S8.2", "C6.2"),
    counts="CI runs tests or linters, but throws their failure away, and no other command of that kind can fail.",
    strong="Counter-evidence has no stronger form.",
    not_credited="A step that may fail beside one of its kind that may not.",
    how_to_show="Drop `|| true` and continue-on-error from the steps that are meant to stop a bad change.",
    clauses=("muted",),
    defining=("muted",),
    polarity=Polarity.AGAINST,
    trace=never,
    practised=lambda sites: bool(sites),
    sustained=never,
    measures=lambda sites: {"kinds": len(sites.subjects("muted"))},
    statement=lambda sites: (
        f"CI throws away the failure of every {' and every '.join(sorted(sites.subjects('muted')))} command."
    ),
)
SIGNALS = (SWALLOWED, TOOTHLESS)


def detect(project: Project) -> Observations:
    """Silent handlers in live application code, and kinds of CI command that are all muted."""
    for file in project.app:
        for handler in file.module.handlers if project.reach.live(file.path) else ():
            if handler.does == "pass" and (not handler.names or _BROAD & set(handler.names)):
                yield (
                    SWALLOWED,
                    Site(
                        path=file.path,
                        start=handler.start,
                        end=handler.end,
                        clause="swallowed",
                        subject=f"{file.path}:{handler.start}",
                    ),
                )
    live = [r for r in project.ci_runs if not r.dead]
    for kind in _CHECKS:
        runs = [r for r in live if kind in r.kinds]
        if runs and not any(r.effective for r in runs):
            for run in runs:
                yield (
                    TOOTHLESS,
                    Site(path=run.place.path, start=run.place.start, end=run.place.end, clause="muted", subject=kind),
                )
