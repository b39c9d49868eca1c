"""CI runs the tests: a pipeline that starts the test suite when the code changes.

**What it sees.** Pipelines of GitHub Actions, GitLab CI, CircleCI, Travis, Azure, Bitbucket, Drone, Taskcluster,
Concourse and Jenkins; the commands of their steps, followed through make, tox, nox, scripts, Compose and Flask
commands to a test runner; what starts the pipeline; databases and queues that run beside the tests; version matrices.

**Why it matters.** A suite that runs on every change is the one that people keep green. A suite that only runs by hand
stops running.

**What it cannot tell.** Whether the pipeline was green, or whether a branch rule makes it binding. Pipelines kept in
another repository cannot be seen.
"""

from __future__ import annotations

import re

from evidence.api import Action, CiRun, Job, Observations, Pipeline, Place, Project, Signal, Site, Sites, plural, regex

_NAMED = 4
_CALLED = regex(r"/\.github/workflows/[^@]{0,60}(?:test|(?<![a-z])ci(?![a-z]))")
_TESTS = regex(r"(?<![a-z])(?:unit_?)?test(?:s|ing)?(?![a-z])")
_ELSEWHERE = regex(r"(?:^|[_\-.])(?:ci|concourse|jenkins|travis|gitlab|buildkite|teamcity|bamboo|drone)(?:[_\-.]|$)")


def _statement(sites: Sites) -> str:
    runs = sites.of("runs_tests")
    if not runs:
        reasons = sorted({str(s.value) for s in sites if s.value})
        return "No pipeline runs the tests on changes" + (f": {reasons[0]}." if reasons else ".")
    beside = sorted({str(s.value).partition(":")[0] for s in sites.of("service")})
    beside = beside if len(beside) <= _NAMED else [*beside[: _NAMED - 1], "others"]
    extra = f", with {' and '.join(t for t in (', '.join(beside[:-1]), beside[-1]) if t)} beside them" if beside else ""
    extra += ", over a matrix" if sites.of("matrix") else ""
    systems = sorted({str(s.value) for s in runs})
    verb = "runs" if len(systems) == 1 else "run"
    return f"{' and '.join(systems)} {verb} the tests on changes, in {plural(len(runs.subjects()), 'job')}{extra}."


CI_PIPELINE = Signal(
    id="ci.pipeline",
    title="CI runs the tests",
    competency="ci-cd",
    seeds=("S8.2", "C6.2"),
    counts="A pipeline runs the test suite on pushes or pull requests, and a failing test fails it.",
    strong="The tests run beside real services (a database, Redis) or over a matrix.",
    not_credited=(
        "Pipelines that only label, release or print; a test step that cannot fail, never runs or collects only."
    ),
    how_to_show="Add a workflow that runs your test command on push and pull_request, with the database as a service.",
    clauses=(
        "runs_tests",
        "service",
        "matrix",
        "target",
        "not_binding",
        "not_on_change",
        "other_language",
        "elsewhere",
    ),
    leads=("not_binding", "not_on_change", "other_language", "elsewhere"),
    defining=("runs_tests",),
    uncited=("target",),
    practised=lambda sites: sites.has("runs_tests"),
    sustained=lambda sites: sites.has("runs_tests") and bool(sites.of("service", "matrix")),
    measures=lambda sites: {
        "jobs": len(sites.subjects("runs_tests")),
        "services": len({str(s.value).split(":")[0] for s in sites.of("service")}),
    },
    statement=_statement,
)
SIGNALS = (CI_PIPELINE,)
# Clients that a job calls only where a server answers.
_CLIENTS = {
    "psql": "postgres", "createdb": "postgres", "mysql": "mysql", "mysqladmin": "mysql", "mongo": "mongo",
    "mongosh": "mongo",
}  # fmt: skip
# Fixtures by which pytest-docker is told what to start.
_PYTEST_DOCKER = frozenset({
    "docker_compose_file", "docker_compose_command", "docker_compose_project_name", "docker_setup", "docker_cleanup",
})  # fmt: skip
_SERVED = regex(r"postg\w{0,12}|mysql|mariadb|mongo|redis|rabbitmq|elasticsearch")
_SETS_UP = regex(
    r"[\w.-]{1,60}/(?=[\w-]{0,60}(?:action|setup))(?:setup-|start-|actions?-){0,3}(postg\w{0,12}|mysql|mariadb|mongo\w{0,4}|redis)"
    r"(?:-github)?(?:-action)?",
    re.IGNORECASE,
)
# The daemon that builds images in a job, under whatever name its image is kept: nothing that a test talks to.
_DAEMON = regex(r"(?:.*/)?docker(?::.*)?$|.*\bdind\b|.*_dind", re.IGNORECASE)
_LEADS = ("not_binding", "not_on_change", "other_language", "elsewhere")


def detect(project: Project) -> Observations:
    """Steps that run tests, what runs beside them, and steps that only look as if they did."""
    seen: set[Site] = set()
    tests = [r for r in project.ci_runs if {"test", "test-other"} & set(r.kinds) and not r.job.checks_out_other]
    near = [r for r in tests if project.of_flask_part(r)]
    tests = near if any(_counts(r) for r in near) else tests
    for run in tests:
        seen.update(_run_sites(run))
    effective = [r for r in tests if _counts(r)]
    for pipeline in {r.pipeline.path: r.pipeline for r in effective}.values():
        seen.update(_services(pipeline))
    for run in effective:
        seen.update(_site(s.place, "service", run.job.name, s.image) for s in run.services)
        if run.job.instances > 1 and run.job.matrix_place is not None:
            seen.add(_site(run.job.matrix_place, "matrix", run.job.name, run.job.instances))
    if not any(s.clause == "service" for s in seen):
        for job in {r.job.name: r.job for r in effective}.values():
            seen.update(_prepared(job))
        seen.update(_started(project) if effective else ())
    if not tests:
        seen.update(_elsewhere(project))
    if any(s.clause == "runs_tests" for s in seen):
        # what tests another part, or cannot fail, shows nothing of a pipeline that does run the tests
        seen = {s for s in seen if s.clause not in _LEADS}
    yield from ((CI_PIPELINE, site) for site in sorted(seen, key=Site.order))


def _counts(run: CiRun) -> bool:
    return "test" in run.kinds and run.effective and run.pipeline.on_change


def _site(place: Place, clause: str, subject: str, value: str | int) -> Site:
    return Site(path=place.path, start=place.start, end=place.end, clause=clause, subject=subject, value=value)


def _run_sites(run: CiRun) -> list[Site]:
    subject = f"{run.pipeline.path}:{run.job.name}"
    if run.dead or run.muted:
        return [_site(run.place, "not_binding", subject, run.dead or run.muted)]
    if not run.pipeline.on_change:
        return [_site(run.place, "not_on_change", subject, "not started by a push or a pull request")]
    if "test" not in run.kinds:
        return [_site(run.place, "other_language", subject, f"{run.tool} tests another part")]
    target = [_site(run.chain[-1], "target", subject, run.tool)] if len(run.chain) > 1 else []
    return [_site(run.place, "runs_tests", subject, run.pipeline.system), *target]


def _services(pipeline: Pipeline) -> list[Site]:
    """Services of the pipeline's jobs, whichever job they stand beside."""
    return [
        _site(service.place, "service", job.name, service.image)
        for job in pipeline.jobs
        for service in job.services
        if not job.dead and not _DAEMON.match(service.image)
    ]


def _prepared(job: Job) -> list[Site]:
    """Steps that prepare a database: its client or the start of its service on the job's machine, or an action that
    sets one up."""
    found = []
    for step in job.steps:
        if step.action is not None and not step.dead and (brought := _SETS_UP.fullmatch(step.action.name)):
            found.append(_site(Place(step.path, step.start, step.end), "service", job.name, brought[1].lower()))
        for command in step.commands:
            words = command.words[command.words[:1] == ("sudo",) :]
            name = words[0].rpartition("/")[2] if words else ""
            started = name in ("service", "systemctl") and "start" in words
            served = next((w for w in words[1:] if _SERVED.match(w)), "") if started else ""
            if name in _CLIENTS or served:
                place = Place(step.path, command.start, max(command.start, command.end))
                found.append(_site(place, "service", job.name, served or _CLIENTS[name]))
    return found[:2]


def _started(project: Project) -> list[Site]:
    """Where the tests start containers themselves: Testcontainers, or the compose file of pytest-docker."""
    found = [Place(f.path, c.start, c.end) for f, c, _ in project.calls(project.tests, "testcontainers")]
    found += [
        Place(f.file.path, f.definition.start, f.definition.end)
        for f in project.suite.fixtures
        if f.definition.name in _PYTEST_DOCKER or "docker_services" in f.definition.params
    ]
    return [_site(place, "service", "tests", "containers of the tests") for place in found[:1]]


def _is_of_tests(job: Job, action: Action) -> bool:
    """Whether a workflow of another repository is called for tests, by its name or by what its caller names."""
    named = "/.github/workflows/" in action.name and _TESTS.search(" ".join((job.name, *action.inputs)).lower())
    return bool(_CALLED.search(action.name) or named)


def _elsewhere(project: Project) -> list[Site]:
    """Workflows of other repositories, and image stages made for a CI system whose configuration is not here."""
    found = [
        _site(Place(step.path, step.start, step.end), "elsewhere", job.name, "the workflow is in another repository")
        for pipeline in project.ci
        for job in pipeline.jobs
        for step in job.steps
        if step.action is not None and pipeline.on_change and _is_of_tests(job, step.action)
    ]
    for path, dockerfile in project.dockerfiles.items():
        for instruction in dockerfile.instructions:
            name = instruction.text.lower().partition(" as ")[2].strip()
            if instruction.word == "FROM" and name and _ELSEWHERE.search(name) and "test" in name:
                place = Place(path, instruction.start, instruction.end)
                found.append(
                    _site(place, "elsewhere", name, "an image stage is made for tests in a pipeline that is not here")
                )
    return found
