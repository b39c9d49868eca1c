"""Feature flags and gradual rollouts: code that is in production and not yet, or no longer, in use.

**What it sees.** LaunchDarkly, Unleash, OpenFeature, Flagsmith and their like set up and asked; tables and functions
of the project's own that say whether a feature is on; settings named as features that functions read; canary,
blue-green and rollback steps in deployment files and CI; tests that try a flag both ways.

**Why it matters.** Deploying and releasing become two decisions, and the second can be undone in seconds.

**What it cannot tell.** Which flags are on, how old they are, and whether anyone removes them.
"""

from __future__ import annotations

from collections import Counter

from evidence.api import FlagUse, Observations, Project, Signal, Site, Sites, plural, quoted

# One on/off setting is a product's setting; a second of its kind makes a habit of it.
_HABIT = 2
_READ = ("asked", "own", "declared", "targeted")
_SWITCHES = ("switch", "further_switch")
_TESTS = ("both_ways", "further_test")
_ROLLOUT = "rollout"
# What only counts: settings beside a mechanism or outside the central file, their readers, further tests of a flag.
_UNCITED = ("further_switch", "switch_read", "further_test")


def _practised(sites: Sites) -> bool:
    return sites.count(*_READ, _ROLLOUT) > 0 or len(sites.subjects(*_SWITCHES)) >= _HABIT


def _statement(sites: Sites) -> str:
    if not _practised(sites):
        return (
            f"{plural(len(sites.subjects('switch', 'single', 'setup')), 'on/off setting')} read by name; there is "
            f"no flag mechanism."
        )
    parts = []
    if sites.has("asked"):
        parts.append(f"a flag service asked in {plural(sites.count('asked'), 'place')}")
    if sites.has("own"):
        parts.append(f"{plural(sites.count('own'), 'flag function or table', 'flag functions or tables')} of its own")
    named = sorted(sites.subjects("declared", *_SWITCHES))
    if named:
        parts.append(f"{plural(len(named), 'setting')} named as features ({', '.join(quoted(n) for n in named[:2])})")
    if sites.has(_ROLLOUT):
        parts.append(plural(sites.count(_ROLLOUT), "gradual rollout or rollback step"))
    tail = "; asked per user or share" if sites.has("targeted") else ""
    both = "; tests try both ways" if sites.has("both_ways") else ""
    return f"Features are switched by {', '.join(parts) or 'flags'}{tail}{both}."


FEATURE_FLAGS = Signal(
    id="resilience.feature_flags",
    title="Feature flags and gradual rollouts",
    competency="incidents",
    seeds=("S1.1", "C4.2"),
    counts=(
        "A flag service, a table or settings named as features are read at run time, or deployment goes by "
        "canary, blue-green or rollback steps."
    ),
    strong="Flags differ per user or share of users, or tests try them both ways.",
    not_credited="DEBUG and other switches of libraries; one on/off setting of the product; flags that nothing reads.",
    how_to_show=(
        "Name the flag after the feature, read it where the feature starts, and test the code with it on and off."
    ),
    clauses=(
        "asked",
        "own",
        "declared",
        "switch",
        "both_ways",
        "read",
        "targeted",
        "rollout",
        "single",
        "setup",
        *_UNCITED,
    ),
    leads=("single",),
    defining=("asked", "own", "declared", *_SWITCHES, "targeted", "rollout", "setup", "single", "read", "switch_read"),
    uncited=_UNCITED,
    practised=_practised,
    sustained=lambda sites: sites.count("targeted", "both_ways") > 0,
    measures=lambda sites: {
        "flags": len(sites.subjects("declared", *_SWITCHES, "asked") - {""}),
        "tests": sites.count(*_TESTS),
        "rollouts": sites.count(_ROLLOUT),
    },
    statement=_statement,
)
SIGNALS = (FEATURE_FLAGS,)


def detect(project: Project) -> Observations:
    """Every flag, where it is read and tried, and every step of a gradual rollout."""
    uses = project.feature_flags.uses
    mechanism = any(u.kind in _READ for u in uses)
    central = _central(project, uses)
    tried: set[str] = set()
    for use in uses:
        clause = use.kind
        if clause == "switch" and (mechanism or use.path != central):
            clause = "further_switch"
        elif clause == "read" and not (mechanism and _declared(uses, use.name)):
            clause = "switch_read"
        elif clause == "both_ways":
            clause = "further_test" if use.name in tried else clause
            tried.add(use.name)
        yield FEATURE_FLAGS, Site(path=use.path, start=use.start, end=use.end, clause=clause, subject=use.name)
    for step in project.rollouts:
        yield FEATURE_FLAGS, Site(path=step.path, start=step.start, end=step.end, clause=_ROLLOUT, subject=step.kind)


def _central(project: Project, uses: tuple[FlagUse, ...]) -> str:
    """The file whose on/off settings a reader is shown: where the application is made, a settings module, or what
    holds most."""
    counts = Counter(u.path for u in uses if u.kind == "switch")
    made = {a.file.path for a in project.web.apps} | {f.file.path for f in project.web.factories}
    ranked = sorted(
        counts, key=lambda p: (p not in made or counts[p] < _HABIT, p not in project.settings.modules, -counts[p], p)
    )
    return ranked[0] if ranked else ""


def _declared(uses: tuple[FlagUse, ...], name: str) -> bool:
    return any(u.kind == "declared" and u.name == name for u in uses)
