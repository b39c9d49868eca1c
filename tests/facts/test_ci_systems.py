"""Every CI system gives the same records."""

from __future__ import annotations

from textwrap import dedent

import pytest

from evidence.facts.ci import Job, Pipeline
from evidence.testkit import Case, project_of

WORKFLOW = ".github/workflows/ci.yml"


def _pipeline(path: str, text: str, **more: str) -> Pipeline:
    files = {path: text, **{key.replace("__", "/"): value for key, value in more.items()}}
    found = project_of(Case("case", files, (), ())).ci
    return next(p for p in found if p.path == path)


def _job(path: str, text: str) -> Job:
    return _pipeline(path, text).jobs[0]


def _workflow(jobs: str, on: str = "push") -> str:
    return f"on: {on}\njobs:\n{jobs}"


@pytest.mark.parametrize(
    ("matrix", "instances"),
    [
        ("python: ['3.11', '3.12']", 2),
        ("{python: ['3.11', '3.12'], os: [a, b, c]}", 6),
        ("python: ['3.12']", 1),
        ("include: [{python: '3.11'}, {python: '3.12'}]", 2),
        ("{python: ['3.11'], include: [{python: '3.11', extra: x}]}", 1),
        ("{python: ['3.11', '3.12'], exclude: [{python: '3.11'}]}", 1),
        ("python: ${{ fromJSON(needs.list.outputs.versions) }}", 2),
    ],
)
def test_github_matrix_counts_its_jobs(matrix: str, instances: int) -> None:
    """A matrix makes as many jobs as it has combinations; an include row that only adds a key makes none."""
    inner = matrix if matrix.startswith("{") else "{" + matrix + "}"
    text = _workflow(f"  t:\n    strategy:\n      matrix: {inner}\n    steps: [{{run: pytest}}]\n")
    if "${{" in matrix:
        text = _workflow(f"  t:\n    strategy:\n      matrix:\n        {matrix}\n    steps: [{{run: pytest}}]\n")
    assert _job(WORKFLOW, text).instances == instances


@pytest.mark.parametrize(
    ("on", "triggers"),
    [
        ("push", ("push",)),
        ("[push, pull_request]", ("push", "pull_request")),
        ("{push: {tags: ['v*']}}", ("tag",)),
        ("{push: {branches: [main], tags: ['v*']}}", ("push",)),
        ("{workflow_dispatch: {}}", ("manual",)),
        ("{schedule: [{cron: '0 0 * * *'}]}", ("schedule",)),
        ("{pull_request_target: {}}", ("pull_request",)),
        ("{pull_request: {types: [closed]}}", ("other",)),
    ],
)
def test_github_triggers_are_normalised(on: str, triggers: tuple[str, ...]) -> None:
    """Events become the triggers that all systems share."""
    assert _pipeline(WORKFLOW, _workflow("  t:\n    steps: [{run: x}]\n", on)).triggers == triggers


@pytest.mark.parametrize(
    "on", ["{push: {branches: []}}", "{push: {branches-ignore: ['**']}}", "{push: {branches: [never]}}"]
)
def test_github_triggers_that_cannot_fire_are_dead(on: str) -> None:
    """A trigger that excludes everything starts nothing."""
    pipeline = _pipeline(WORKFLOW, _workflow("  t:\n    steps: [{run: x}]\n", on))
    assert pipeline.dead
    assert not pipeline.on_change


@pytest.mark.parametrize(
    ("condition", "dead"),
    [
        ("false", True),
        ("${{ false }}", True),
        ("${{ github.ref == 'refs/heads/main' && false }}", True),
        ("github.event_name == 'schedule'", True),
        ("github.ref == 'refs/heads/main'", False),
        ("false || github.ref == 'refs/heads/main'", False),
        ("always()", False),
    ],
)
def test_github_conditions_that_never_hold_are_dead(condition: str, dead: bool) -> None:
    """A job runs unless its condition can be seen to be false."""
    job = _job(WORKFLOW, _workflow(f'  t:\n    if: "{condition}"\n    steps: [{{run: x}}]\n'))
    assert bool(job.dead) is dead


def test_github_reads_services_permissions_needs_and_environment() -> None:
    """What surrounds a job is read with its place."""
    text = _workflow(
        "  t:\n    needs: [lint]\n    environment: {name: staging}\n    permissions:\n      contents: read\n"
        "    services:\n      db:\n        image: postgres:16\n    steps: [{run: x}]\n"
    )
    job = _job(WORKFLOW, text)
    assert (job.needs, job.environment) == (("lint",), ("staging",))
    assert job.permissions is not None
    assert job.permissions.grants == (("contents", "read"),)
    assert [(s.image, s.place.start, s.place.end) for s in job.services] == [("postgres:16", 9, 10)]


def test_github_follows_calls_with_their_inputs() -> None:
    """The jobs of a called workflow stand in the caller's pipeline, with the inputs filled in and the way kept."""
    shared = dedent(
        """\
        on:
          workflow_call:
            inputs:
              target: {default: unit}
        jobs:
          run:
            steps:
              - run: make ${{ inputs.target }}
        """
    )
    text = "on: push\njobs:\n  all:\n    uses: ./.github/workflows/shared.yml\n    with:\n      target: full\n"
    pipeline = project_of(Case("c", {WORKFLOW: text, ".github/workflows/shared.yml": shared}, (), ())).ci[0]
    (job,) = pipeline.jobs
    assert job.name == "all / run"
    assert job.steps[0].commands[0].words == ("make", "full")
    assert (job.via[0].path, job.via[0].start) == (WORKFLOW, 3)


def test_github_workflows_that_call_each_other_end() -> None:
    """A cycle of workflow calls is read once."""
    text = "on: [push, workflow_call]\njobs:\n  a:\n    uses: ./.github/workflows/ci.yml\n"
    assert len(_pipeline(WORKFLOW, text).jobs) == 1


def test_github_places_commands_of_a_block_on_their_lines() -> None:
    """Each command of a literal block has its own line."""
    text = _workflow("  t:\n    steps:\n      - run: |\n          pip install .\n\n          pytest\n")
    commands = _job(WORKFLOW, text).steps[0].commands
    assert [(c.text, c.start) for c in commands] == [("pip install .", 6), ("pytest", 8)]


@pytest.mark.parametrize(
    ("path", "read"),
    [
        (".github/workflows/ci.yaml", True),
        (".github/workflows/sub/ci.yaml", False),
        ("docs/.github/workflows/ci.yml", False),
        ("{{ cookiecutter.name }}/.github/workflows/ci.yml", True),
        ("template/.github/workflows/ci.yml.jinja", True),
    ],
)
def test_only_workflows_that_the_host_runs_are_read(path: str, read: bool) -> None:
    """Workflows stand at the root of the repository, or of the project that a template makes."""
    found = project_of(Case("c", {path: _workflow("  t:\n    steps: [{run: x}]\n")}, (), ())).ci
    assert bool(found) is read


def test_gitlab_merges_includes_extends_and_defaults() -> None:
    """A job gets what it extends, what the defaults say, and what the included file defines."""
    text = dedent(
        """\
        include: ci/base.yml
        default:
          image: python:3.12
        stages: [check]
        unit:
          extends: .base
          stage: check
          parallel: 3
          script: [pytest]
        """
    )
    base = ".base:\n  services: [postgres:16]\n  before_script: [pip install .]\n"
    job = project_of(Case("c", {".gitlab-ci.yml": text, "ci/base.yml": base}, (), ())).ci[0].jobs[0]
    assert (job.name, job.image, job.stage, job.instances) == ("unit", "python:3.12", "check", 3)
    assert [s.image for s in job.services] == ["postgres:16"]
    assert [c.text for s in job.steps for c in s.commands] == ["pip install .", "pytest"]


@pytest.mark.parametrize(
    ("extra", "dead", "manual", "allowed"),
    [
        ("when: never", True, False, False),
        ("when: manual", False, True, False),
        ("allow_failure: true", False, False, True),
        ("rules: [{when: never}]", True, False, False),
        ("rules: [{if: $CI_COMMIT_TAG, when: manual}]", False, True, False),
        ("rules: [{if: $CI_COMMIT_TAG}, {when: never}]", False, False, False),
        ("except: [branches, tags]", True, False, False),
    ],
)
def test_gitlab_rules_decide_whether_a_job_runs(extra: str, dead: bool, manual: bool, allowed: bool) -> None:
    """Rules, when and allow_failure become the job's own marks."""
    job = _job(".gitlab-ci.yml", f"t:\n  script: pytest\n  {extra}\n")
    assert (bool(job.dead), job.manual, bool(job.allowed_to_fail)) == (dead, manual, allowed)


def test_circleci_uses_commands_parameters_and_approvals() -> None:
    """Commands are expanded with their parameters; an approval is a manual job."""
    text = dedent(
        """\
        version: 2.1
        commands:
          check:
            parameters:
              tool: {default: flake8}
            steps:
              - run: << parameters.tool >> app
        jobs:
          lint:
            docker: [{image: a}, {image: redis:7}]
            steps:
              - check:
                  tool: pylint
        workflows:
          w:
            jobs:
              - hold: {type: approval}
              - lint: {requires: [hold]}
        """
    )
    hold, lint = _pipeline(".circleci/config.yml", text).jobs
    assert hold.manual
    assert lint.needs == ("hold",)
    assert lint.steps[0].commands[0].words == ("pylint", "app")
    assert [s.image for s in lint.services] == ["redis:7"]


def test_azure_reads_stages_templates_and_environments() -> None:
    """Stages, deployment jobs and templates with parameters are followed."""
    text = dedent(
        """\
        trigger: [main]
        stages:
          - stage: Test
            jobs:
              - template: ci/job.yml
                parameters: {cmd: pytest}
          - stage: Ship
            dependsOn: Test
            jobs:
              - deployment: web
                environment: production
                strategy:
                  runOnce:
                    deploy:
                      steps:
                        - script: kubectl apply -f k
        """
    )
    job = "parameters:\n  cmd: x\njobs:\n  - job: unit\n    steps:\n      - script: ${{ parameters.cmd }} -q\n"
    pipeline = next(p for p in project_of(Case("c", {"azure-pipelines.yml": text, "ci/job.yml": job}, (), ())).ci)
    unit, web = pipeline.jobs
    assert unit.steps[0].commands[0].words == ("pytest", "-q")
    assert (web.environment, web.needs) == (("production",), ("Test",))


def test_bitbucket_reads_parallel_steps_and_services() -> None:
    """Steps under parallel start together, the next waits for them."""
    text = dedent(
        """\
        definitions:
          services:
            db: {image: postgres:16}
        pipelines:
          default:
            - parallel:
                - step: {name: lint, script: [flake8]}
                - step: {name: test, services: [db], script: [pytest]}
            - step: {name: ship, deployment: production, trigger: manual, script: [./ship]}
        """
    )
    lint, test, ship = _pipeline("bitbucket-pipelines.yml", text).jobs
    assert (lint.needs, test.needs, ship.needs) == ((), (), ("lint", "test"))
    assert [s.image for s in test.services] == ["postgres:16"]
    assert (ship.manual, ship.environment) == (True, ("production",))


def test_taskcluster_reads_the_command_of_each_task() -> None:
    """The shell text among the words of a task's command is its script."""
    text = dedent(
        """\
        version: 1
        tasks:
          - metadata: {name: unit}
            on: pull_request
            payload:
              image: python
              command: [/bin/bash, -c, 'pip install . && pytest']
        """
    )
    job = _job(".taskcluster.yml", text)
    assert [c.text for s in job.steps for c in s.commands] == ["pip install .", "pytest"]


def test_taskcluster_reads_a_program_with_its_arguments() -> None:
    """A command without a shell's script is one call; it runs in the folder that the task names."""
    text = dedent(
        """\
        task-defaults:
          run:
            command: [uv, run, --locked, tox]
        tasks:
          lint:
            run: {cwd: '{checkout}/agent'}
            worker: {env: {TOXENV: check}}
        """
    )
    files = {".taskcluster.yml": "version: 1\ntasks: []\n", "taskcluster/kinds/test/kind.yml": text}
    (pipeline,) = project_of(Case("c", files, (), ())).ci
    ((step,),) = [job.steps for job in pipeline.jobs]
    assert [c.text for c in step.commands] == ["uv run --locked tox"]
    assert (step.directory, step.env) == ("agent", {"TOXENV": "check"})


def test_concourse_reads_tasks_of_the_repository() -> None:
    """A task's configuration may stand in another file; a put is an action."""
    text = dedent(
        """\
        resources: [{name: src, type: git}, {name: app, type: cf}]
        jobs:
          - name: unit
            plan:
              - {get: src, trigger: true}
              - {task: t, file: src/ci/task.yml}
              - {put: app}
        """
    )
    task = "platform: linux\nrun:\n  path: sh\n  args: [-c, 'pip install . && pytest']\n"
    pipeline = next(p for p in project_of(Case("c", {"ci/pipeline.yml": text, "ci/task.yml": task}, (), ())).ci)
    steps = pipeline.jobs[0].steps
    assert pipeline.on_change
    assert [c.text for c in steps[0].commands] == ["pip install .", "pytest"]
    assert steps[1].action is not None
    assert steps[1].action.name == "concourse/cf"


def test_jenkins_reads_stages_and_what_hides_failures() -> None:
    """Stages are jobs; catchError and a post block hide failures; comments and when-false run nothing."""
    text = dedent(
        """\
        pipeline {
          stages {
            stage('Lint') {
              steps {
                catchError { sh 'flake8' }
              }
            }
            stage('Test') {
              steps {
                // sh 'mypy'
                sh '''
                  pytest
                '''
              }
            }
            stage('Off') {
              when { expression { false } }
              steps { sh 'tox' }
            }
          }
          post { always { sh 'pytest --lf' } }
        }
        """
    )
    lint, test, off, *rest = _pipeline("Jenkinsfile", text).jobs
    assert lint.steps[0].cannot_fail
    assert [(c.text, c.start) for c in test.steps[0].commands] == [("pytest", 12)]
    assert not test.steps[0].cannot_fail
    assert not test.dead
    assert off.dead
    assert all(step.cannot_fail for job in rest for step in job.steps)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (WORKFLOW, "on: push\njobs: [1, {a: b}]\n"),
        (WORKFLOW, "on: [[push]]\njobs:\n  a: x\n  b: {steps: {run: y}}\n  c: {uses: 1, strategy: {matrix: x}}\n"),
        (
            ".gitlab-ci.yml",
            "include: [1, {local: [a]}]\na: {extends: a, script: [[x, {b: c}]]}\nb: {extends: [a, c]}\n",
        ),
        (".circleci/config.yml", "jobs: x\nworkflows: {w: {jobs: [{}, 1, [a]]}, v: 2}\n"),
        (".travis.yml", "script: {a: b}\nmatrix: {include: [1, {script: x}]}\ndeploy: [1]\n"),
        ("azure-pipelines.yml", "jobs: [{template: azure-pipelines.yml}, 1]\nstages: [{}]\n"),
        ("bitbucket-pipelines.yml", "pipelines: {default: [1, {parallel: x}, {step: 2}]}\n"),
        (".drone.yml", "steps: [1, {commands: {}}]\nservices: x\n"),
        (".taskcluster.yml", "tasks: [{payload: {command: {}}}]\n"),
        ("ci/pipeline.yml", "resources: x\njobs: [1, {plan: [{task: {}}]}]\n"),
        ("Jenkinsfile", "}}}{{{'''\"\"\" sh 'x"),
    ],
)
def test_odd_shapes_are_survived(path: str, text: str) -> None:
    """Whatever stands where something else was expected is skipped."""
    project = project_of(Case("c", {path: text}, (), ()))
    assert all(isinstance(p, Pipeline) for p in project.ci)
    assert isinstance(project.ci_runs, tuple)
