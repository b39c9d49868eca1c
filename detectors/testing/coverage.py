"""Coverage measured: somebody can see which lines no test runs.

**What it sees.** Commands of CI, scripts, tasks and hooks that run tests under coverage, pytest options that do so at
every run, the settings of coverage; thresholds below which a run fails; uploads to a coverage service and the targets
set there.

**Why it matters.** A number alone proves little, but a line that is never run is a line that is never checked. A
threshold keeps the share from sinking unnoticed.

**What it cannot tell.** How high coverage is, what the service's own pages demand, and whether covered lines are
checked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from evidence.api import (
    CiRun,
    Node,
    Observations,
    Place,
    Project,
    Signal,
    Site,
    Sites,
    ToolUse,
    measures_coverage,
    regex,
    written,
)

_RUNS = ("ci", "local", "option")
_SERVICES = (
    "codecov",
    "coveralls",
    "codacy",
    "codeclimate",
    "code-climate",
    "qlty",
    "deepsource",
    "sonarcloud",
    "sonarqube",
)
_UPLOADERS = frozenset(
    [
        "codecov",
        "coveralls",
        "codecovcli",
        "python-codacy-coverage",
        "cc-test-reporter",
        "sonar-scanner",
        "codacy-coverage-reporter",
    ]
)
_TARGET_FILES = frozenset({"codecov.yml", ".codecov.yml", "codecov.yaml", ".codecov.yaml"})
# Where Codecov's settings keep statuses: of the whole, of components, of flags.
_STATUSES = (("coverage", "status"), ("component_management",), ("flag_management",))
_PACKAGES = frozenset({"coverage", "pytest-cov", "nose-cov", "codecov", "coveralls"})
# The measuring started by hand, and options of runners handed over from code.
_ENGINES = ("coverage.Coverage", "coverage.coverage")
_OPTION = regex(r"(?:^|\s)--(?:cov(?:=|\s|$)|cov-report|with-coverage)|(?:^|\s)coverage run\s")
_FROM_CODE = ("pytest.main", "py.test.cmdline.main", "nose.run", "nose.main", "nose2.main")
_THRESHOLDS = ("--cov-fail-under", "--fail-under")


def _statement(sites: Sites) -> str:
    if not sites.of(*_RUNS):
        return "Coverage is set up or depended on, but nothing here runs it."
    by = [
        words
        for c, words in (("ci", "CI"), ("local", "a script or task"), ("option", "every run of pytest"))
        if sites.has(c)
    ]
    text = f"Coverage is measured by {' and '.join(by)}"
    levels = {int(s.value) for s in sites.of("threshold") if s.value}
    if levels:
        return f"{text}, and must not fall below {max(levels)} percent."
    if sites.has("target", "upload"):
        return f"{text}, and is uploaded to a service that has a target."
    return text + (", and is uploaded to a service." if sites.has("upload") else ".")


COVERAGE = Signal(
    id="test.coverage",
    title="Coverage measured",
    competency="testing",
    seeds=("S8.1", "C7.3"),
    counts="coverage or pytest-cov is run by CI, a script, a task or the settings of pytest.",
    strong="A threshold (fail_under) that a run enforces, or an upload to a service with a target in the repository.",
    not_credited="The dependency alone; settings that nothing uses; a badge; a threshold of zero.",
    how_to_show="Run pytest with --cov in CI and set fail_under to what you have today.",
    clauses=("ci", "threshold", "option", "local", "config", "target", "upload", "dependency"),
    defining=("ci", "threshold", "option", "local", "config", "target"),
    uncited=("upload",),
    practised=lambda sites: sites.kinds(*_RUNS) > 0,
    sustained=lambda sites: sites.has("threshold") or sites.has("target", "upload"),
    trace=lambda sites: bool(sites.of(*_RUNS, "config", "dependency")),
    measures=lambda sites: {
        "threshold": max((int(s.value) for s in sites.of("threshold") if isinstance(s.value, int)), default=0),
    },
    statement=_statement,
)
SIGNALS = (COVERAGE,)


def detect(project: Project) -> Observations:
    """What runs coverage, how it is set up, and what its result must be."""
    runs = {*_in_ci(project), *_options(project)} or set(_local(project))
    yield from ((COVERAGE, s) for s in sorted(runs, key=Site.order))
    yield from ((COVERAGE, s) for s in _configured(project))
    if runs:
        yield from ((COVERAGE, s) for s in _thresholds(project))
        yield from ((COVERAGE, s) for s in (*_uploads(project), *_targets(project)))
    else:
        yield from ((COVERAGE, s) for s in _dependencies(project))


def _site(place: Place, clause: str, value: int | None = None) -> Site:
    return Site(path=place.path, start=place.start, end=place.end, clause=clause, value=value)


def _in_ci(project: Project) -> Iterator[Site]:
    """Effective steps that measure, themselves or where they lead."""
    known = {(u.path, u.start) for u in project.tool_uses if u.measures_coverage}
    for run in project.ci_runs:
        if not run.effective or run.job.checks_out_other:
            continue
        last = run.chain[-1]
        led = (last.path, last.start) in known and bool({"test", "coverage"} & set(run.kinds))
        if led or measures_coverage(run.words) or (measures_coverage(written(run)) and _is_python(run)):
            yield _site(run.place, "ci")
            if led and len(run.chain) > 1:
                yield _site(last, "local")


def _is_python(run: CiRun) -> bool:
    """Whether what the step leads to is a test run, and no script of another language."""
    return (
        "test" in run.kinds or "coverage" in run.kinds or written(run)[:1] in (("coverage",), ("python",), ("python3",))
    )


def _local(project: Project) -> Iterator[Site]:
    for use in project.tool_uses:
        if use.measures_coverage and not _is_npm(use):
            yield _site(Place(use.path, use.start, use.end), "local")

    yield from _in_code(project)


def _in_code(project: Project) -> Iterator[Site]:
    """Commands and runners written in Python that start the measuring themselves, or hand its options to a runner."""
    for file in (*project.app, *project.tests):
        started = {c.scope for c in file.module.calls if c.last == "start"}
        runs = any(c.name in _FROM_CODE for c in file.module.calls)
        for call in file.module.calls:
            engine = call.name in _ENGINES and bool(started)
            if engine or (
                runs and any(e.kind in ("str", "fstring") and _OPTION.search(e.text) for e in call.expr.walk())
            ):
                yield _site(Place(file.path, call.start, call.end), "local")
        for item in file.module.assigns if runs else ():
            if any(e.kind in ("str", "fstring") and _OPTION.search(e.text) for e in item.value.walk()):
                yield _site(Place(file.path, item.start, item.end), "local")


def _is_npm(use: ToolUse) -> bool:
    """Scripts of package.json measure other languages, unless they start a runner of Python."""
    return use.path.endswith("package.json") and use.tool not in ("pytest", "py.test", "coverage", "nosetests")


def _options(project: Project) -> Iterator[Site]:
    """``--cov`` among the options that pytest takes from its settings; it needs tests to do anything."""
    if not project.suite.functions:
        return
    for config in project.tool_configs:
        for node in config.values("addopts") if config.tool == "pytest" else ():
            if measures_coverage(_words(node)):
                yield _site(Place(config.path, node.start, node.end), "option")


def _words(node: Node) -> tuple[str, ...]:
    return tuple(w for text in node.texts() for w in text.split())


def _configured(project: Project) -> Iterator[Site]:
    for config in project.tool_configs:
        if config.tool == "coverage" and project.in_flask_part(config.path):
            yield _site(Place(config.path, config.start, min(config.end, config.start + 19)), "config")


def _thresholds(project: Project) -> Iterator[Site]:
    """Thresholds above zero: in the settings where reports are made, and on command lines."""
    for path, node, level in _set_levels(project):
        if level:
            yield _site(Place(path, node.start, node.end), "threshold", level)
    for use in project.tool_uses:
        if not use.muted and _reports(use.words) and (level := _demanded(use.words)):
            yield _site(Place(use.path, use.start, use.end), "threshold", level)
    for run in project.ci_runs:
        words = written(run) if _reports(written(run)) else run.words
        if run.effective and _reports(words) and (level := _demanded(words)):
            yield _site(run.place, "threshold", level)


def _set_levels(project: Project) -> Iterator[tuple[str, Node, int]]:
    """Percentages that settings demand: of pytest's options, and of coverage's own settings where a report is made."""
    runs = (*(u.words for u in project.tool_uses), *(r.words for r in project.ci_runs))
    reported = any(_reports(words) for words in runs) or any(True for _ in _options(project))
    for config in project.tool_configs:
        if config.tool == "coverage" and reported:
            yield from ((config.path, node, _percent(node.text)) for node in config.values("fail_under"))
        elif config.tool == "pytest":
            yield from ((config.path, node, _demanded(_words(node))) for node in config.values("addopts"))


def _reports(words: tuple[str, ...]) -> bool:
    """Whether a command makes a report of coverage, which is when a threshold is looked at."""
    if any(w == "--cov" or w.startswith(("--cov=", "--cov-report", "--cov-fail-under")) for w in words):
        return True
    pairs = ((a.rpartition("/")[2], b) for a, b in pairwise(words))
    return any(a in ("coverage", "coverage3") and b in ("report", "xml", "html", "json", "lcov") for a, b in pairs)


def _demanded(words: tuple[str, ...]) -> int:
    """The percentage a command line demands; 0 for none."""
    for at, word in enumerate(words):
        name, _, value = word.partition("=")
        if name in _THRESHOLDS:
            return _percent(value or (words[at + 1] if at + 1 < len(words) else ""))
    return 0


def _percent(text: str) -> int:
    whole = text.strip("\"' %").partition(".")[0]
    return int(whole) if whole.isdecimal() and len(whole) <= 3 else 0


def _uploads(project: Project) -> Iterator[Site]:
    for pipeline in project.ci:
        for job in pipeline.jobs if not pipeline.dead else ():
            for step in job.steps if not job.dead else ():
                if not step.dead and step.action is not None and step.action.name.lower().startswith(_SERVICES):
                    yield _site(Place(step.path, step.start, step.end), "upload")
    for run in project.ci_runs:
        words = (*run.words, *written(run))
        if not run.dead and any(w.rpartition("/")[2] in _UPLOADERS or "codecov.io/bash" in w for w in words):
            yield _site(run.place, "upload")


def _targets(project: Project) -> Iterator[Site]:
    """Targets that Codecov enforces: its statuses, unless they only inform."""
    for path, data in project.data.items():
        if path.rpartition("/")[2].lower() not in _TARGET_FILES:
            continue
        found = (data.root.get(*keys) for keys in _STATUSES)
        for node in (n for status in found if status is not None for n in status.walk()):
            target, informs = node.get("target"), node.get("informational")
            if (
                target is not None
                and target.text not in ("", "0", "0%")
                and (informs is None or informs.text != "true")
            ):
                yield _site(Place(path, target.start, target.end), "target")


def _dependencies(project: Project) -> Iterator[Site]:
    for path, listed in project.dependencies.items():
        for item in listed.items if not listed.lock and not listed.compiled else ():
            if item.name in _PACKAGES:
                yield _site(Place(path, item.line, item.line), "dependency")
