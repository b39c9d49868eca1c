"""Lint, format or type gates in CI: checks of the code that fail the build.

**What it sees.** Linters, formatters in checking mode and type checkers that a pipeline runs on changes, directly or
through make, tox, nox, pre-commit and scripts; and those that tests start, where a pipeline runs the tests.

**Why it matters.** A rule that a machine enforces needs no discussion in review, and holds on a busy day.

**What it cannot tell.** How strict the rules are, or whether the findings were fixed or silenced.
"""

from __future__ import annotations

from evidence.api import CiRun, Observations, Place, Project, Role, Signal, Site, Sites, regex

_KINDS = ("lint", "format", "type")
_WORDS = {"lint": "a linter", "format": "a format check", "type": "a type checker"}
#: Linters of workflows, images, scripts and prose: gates too, but beside those of the code nobody opens them.
_OF_OTHER_FILES = frozenset({
    "actionlint", "zizmor", "yamllint", "hadolint", "shellcheck", "codespell", "typos", "doc8", "rstcheck",
    "pymarkdown", "cfn-lint", "tflint", "kube-linter", "ansible-lint", "dotenv-linter", "validate-pyproject",
    "check-manifest", "spectral", "redocly", "vacuum", "sqlfluff", "squawk", "djlint", "curlylint", "terraform",
})  # fmt: skip
_FOR_CI = regex(r"(?:^|[_\-./])ci(?:[_\-.]|$)")


def _statement(sites: Sites) -> str:
    tools = sorted({str(s.value) for s in sites.of(*_KINDS)})
    if not tools:
        reasons = sorted({str(s.value) for s in sites if s.value})
        return "No check of the code binds in CI" + (f": {reasons[0]}." if reasons else ".")
    kinds = [_WORDS[k] for k in _KINDS if sites.of(k)]
    return f"CI fails on {' and '.join(kinds)}: {', '.join(tools[:6])}."


QUALITY_GATES = Signal(
    id="ci.quality_gates",
    title="Lint, format or type gates in CI",
    competency="ci-cd",
    seeds=("S8.2", "C6.2"),
    counts="A linter, a formatter in checking mode or a type checker runs in CI on changes.",
    strong="Two or more of these kinds, failing the build.",
    not_credited=(
        "continue-on-error, || true or --exit-zero; configuration that only developers run; a formatter that rewrites."
    ),
    how_to_show="Run ruff check, ruff format --check and mypy in the workflow that runs your tests.",
    clauses=(*_KINDS, "target", "not_binding", "rewrites", "other_language", "not_on_change", "for_ci"),
    leads=("not_binding", "rewrites", "other_language", "not_on_change", "for_ci"),
    defining=_KINDS,
    practised=lambda sites: sites.kinds(*_KINDS) >= 1,
    sustained=lambda sites: sites.kinds(*_KINDS) >= 2,
    measures=lambda sites: {"kinds": sites.kinds(*_KINDS)},
    statement=_statement,
)
SIGNALS = (QUALITY_GATES,)


def detect(project: Project) -> Observations:
    """Steps that check the code, with the target they come down to, and steps that only look so."""
    seen: set[Site] = set()
    for run in project.ci_runs:
        if not run.job.checks_out_other:
            seen.update(_sites(run))
    seen.update(_as_tests(project))
    if not seen:
        seen.update(_scripts_for_ci(project))
    if any(s.clause in _KINDS for s in seen):
        # what checks another part, or cannot fail, shows nothing of the checks that bind
        seen = {s for s in seen if s.clause in (*_KINDS, "target")}
    if any(s.clause in _KINDS and s.subject not in _OF_OTHER_FILES for s in seen):
        seen = {s for s in seen if s.subject not in _OF_OTHER_FILES}
    yield from ((QUALITY_GATES, site) for site in sorted(seen, key=Site.order))


def _site(place: Place, clause: str, subject: str, value: str) -> Site:
    return Site(path=place.path, start=place.start, end=place.end, clause=clause, subject=subject, value=value)


def _sites(run: CiRun) -> list[Site]:
    kinds = [k for k in run.kinds if k in _KINDS]
    other = [k for k in run.kinds if k.removesuffix("-other") in _KINDS and k not in _KINDS]
    if not kinds and not other and "format-write" not in run.kinds:
        return []
    if run.dead or run.muted:
        return [_site(run.place, "not_binding", run.tool, run.dead or run.muted)]
    if not run.pipeline.on_change:
        return [_site(run.place, "not_on_change", run.tool, "not started by a push or a pull request")]
    if other:
        return [_site(run.place, "other_language", run.tool, f"{run.tool} checks another part")]
    if not kinds:
        return [_site(run.place, "rewrites", run.tool, f"{run.tool} rewrites files instead of failing")]
    target = [_site(run.chain[-1], "target", run.tool, run.tool)] if len(run.chain) > 1 else []
    return [_site(run.place, kind, run.tool, run.tool) for kind in kinds] + target


def _as_tests(project: Project) -> list[Site]:
    """Checks that tests start, where CI runs the tests: a finding fails a test, and with it the build."""
    if not any("test" in run.kinds and run.effective and run.pipeline.on_change for run in project.ci_runs):
        return []
    return [
        _site(Place(use.path, use.start, use.end), kind, use.tool, use.tool)
        for use in project.tool_uses
        if project.role(use.path) is Role.TEST and not use.muted
        for kind in use.kinds
        if kind in _KINDS
    ]


def _scripts_for_ci(project: Project) -> list[Site]:
    """Scripts named for CI that check something, although no pipeline here runs them."""
    found = []
    for path, commands in project.commands.items():
        name = path.rsplit("/", 1)[-1]
        if commands.kind == "shell" and _FOR_CI.search(name) and ("lint" in name or "check" in name) and commands.lines:
            place = Place(path, commands.lines[0].start, commands.lines[-1].end)
            found.append(_site(place, "for_ci", name, "a script is made for a pipeline that is not here"))
    return found
