"""Commands are followed to the tools they come down to."""

from __future__ import annotations

import time
from textwrap import dedent

import pytest

from evidence.facts.ci import CiRun
from evidence.testkit import Case, project_of

WORKFLOW = ".github/workflows/ci.yml"


def _runs(command: str, **files: str) -> list[CiRun]:
    """The runs of a workflow with one step; ``files`` are named with ``__`` for a slash and ``_dot_`` for a dot."""
    block = "".join(f"          {line}\n" for line in dedent(command).strip("\n").split("\n"))
    text = f"on: push\njobs:\n  t:\n    steps:\n      - run: |\n{block}"
    named = {k.replace("__", "/").replace("_dot_", "."): dedent(v).lstrip("\n") for k, v in files.items()}
    return list(project_of(Case("c", {WORKFLOW: text, **named}, (), ())).ci_runs)


def _tools(command: str, **files: str) -> list[tuple[str, ...]]:
    return [run.kinds for run in _runs(command, **files) if run.kinds]


@pytest.mark.parametrize(
    "command",
    [
        "pytest",
        "python -m pytest -q",
        "python3.12 -m unittest discover",
        "venv/bin/pytest",
        "./.venv/bin/python -m pytest",
        "poetry run pytest",
        "pipenv run python -m pytest",
        "uv run --group dev --python 3.12 pytest",
        "uvx --from pytest pytest",
        "hatch run test:pytest",
        "coverage run --source app -m pytest",
        "coverage run manage.py test",
        "xvfb-run -a pytest",
        "sudo -E env A=1 timeout -k 5 60 pytest",
        "A=1 time pytest",
        "bash -c 'cd app && pytest'",
        "sh -ec 'pytest'",
        "docker run --rm -v $PWD:/app -e A=1 image:latest pytest -q",
        "docker exec -t web pytest",
        "docker compose exec -T web python -m pytest",
        "docker-compose -f a.yml -f b.yml run --rm -e A=1 web pytest",
        "dockerize -wait tcp://db:5432 -- pytest",
        "./wait-for-it.sh db:5432 -- pytest",
        "$(PYTHON) -m pytest",
        "python manage.py test",
        "python setup.py test",
        "python tests/test_app.py",
        "python -Wd -m nose",
        "newman run api.json",
        "cross-env A=1 pytest",
    ],
)
def test_wrappers_are_seen_through(command: str) -> None:
    """Whatever is put before a test runner, it is the runner that counts."""
    assert _tools(command) == [("test",)]


@pytest.mark.parametrize(
    "command",
    [
        "echo pytest",
        "pip install pytest flake8",
        "poetry add --dev pytest",
        "which pytest",
        "cat tests/pytest.ini",
        "grep -r pytest .",
        "apt-get install python3-pytest",
        "python -c 'import pytest'",
        "docker build -t pytest .",
        "git push origin main",
        "cp pytest.ini /tmp",
        "pip-compile requirements/test.in",
    ],
)
def test_a_name_is_not_a_run(command: str) -> None:
    """A tool's name among other words runs nothing."""
    assert _tools(command) == []


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        ("ruff check .", ("lint",)),
        ("ruff .", ("lint",)),
        ("ruff format --check .", ("format",)),
        ("ruff format .", ("format-write",)),
        ("black --check .", ("format",)),
        ("black .", ("format-write",)),
        ("isort --check-only .", ("format",)),
        ("isort -c .", ("format",)),
        ("mypy app", ("type",)),
        ("npx eslint src", ("lint-other",)),
        ("npx prettier --check .", ("format-other",)),
        ("docker push ghcr.io/a/b", ("deploy",)),
        ("docker buildx build --push -t a .", ("deploy",)),
        ("kubectl apply -f k8s", ("deploy",)),
        ("kubectl get pods", ()),
        ("helm upgrade --install app chart", ("deploy",)),
        ("git push https://git.heroku.com/app.git main", ("deploy",)),
        ("rsync -a . deploy@example.org:/srv/app", ("deploy",)),
        ("rsync -a src dst", ()),
        ("ssh deploy@example.org 'cd app && git pull && systemctl restart app'", ("deploy",)),
        ("curl -X POST $RENDER_DEPLOY_HOOK", ("deploy",)),
        ("aws ecs update-service --cluster c", ("deploy",)),
        ("aws sts get-caller-identity", ()),
        ("twine upload dist/*", ("publish",)),
        ("gh release create v1", ("release",)),
        ("syft packages dir:.", ("sbom",)),
        ("cosign sign img", ("sign",)),
        ("terraform apply -auto-approve", ("deploy",)),
        ("terraform fmt -check", ("format",)),
        ("terraform plan", ()),
    ],
)
def test_tools_are_told_apart_by_their_use(command: str, kinds: tuple[str, ...]) -> None:
    """The sub-command and options decide what a tool is used for."""
    assert [k for run in _runs(command) for k in run.kinds] == list(kinds)


@pytest.mark.parametrize(
    "command",
    [
        "pytest --collect-only",
        "pytest --co -q",
        "pytest --version",
        "flake8 --exit-zero",
        "pylint app --exit-zero",
        "kubectl apply --dry-run=client -f k",
    ],
)
def test_runs_that_cannot_fail_are_muted(command: str) -> None:
    """An option that keeps a tool from doing or failing anything mutes it."""
    (run,) = _runs(command)
    assert run.muted


def test_make_runs_prerequisites_first_and_once() -> None:
    """A target runs what it needs before its own recipe; the chain leads from the step to the recipe line."""
    makefile = """
        all: lint test

        lint:
        \t@flake8 app

        test: lint
        \tpytest
        """
    runs = _runs("make all", Makefile=makefile)
    assert [r.tool for r in runs] == ["flake8", "pytest"]
    assert [(p.path, p.start) for p in runs[1].chain] == [(WORKFLOW, 6), ("Makefile", 7)]


def test_make_without_a_target_runs_the_first() -> None:
    """The first target is the default one."""
    assert _tools("make", Makefile="check:\n\tmypy .\n\ntest:\n\tpytest\n") == [("type",)]


def test_an_unknown_target_is_left_as_it_stands() -> None:
    """What cannot be followed is handed back and credited with nothing."""
    (run,) = _runs("make tests")
    assert run.words == ("make", "tests")
    assert run.kinds == ()


TOX = """
    [tox]
    envlist = py{311,312}, lint

    [testenv]
    commands =
        pip freeze
        pytest {posargs}

    [testenv:lint]
    commands =
        flake8
        typed: mypy app
    """


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        ("tox", [("test",), ("lint",)]),
        ("tox -e py312", [("test",)]),
        ("tox run -e lint", [("lint",)]),
        ("TOXENV=lint tox", [("lint",)]),
        ("tox -e py312 -- tests/unit", [("test",)]),
        ("python -m tox -e py", [("test",)]),
    ],
)
def test_tox_runs_the_environments_asked_for(command: str, kinds: list[tuple[str, ...]]) -> None:
    """-e and TOXENV choose; without them the list runs; factors limit commands."""
    assert _tools(command, tox_dot_ini=TOX) == kinds


def test_tox_in_pyproject_is_read() -> None:
    """Native tables of pyproject.toml are followed to the line of the command."""
    text = """
        [tool.tox]
        env_list = ["py312"]

        [tool.tox.env_run_base]
        commands = [["pytest", "-q"]]
        """
    (run,) = _runs("tox", pyproject_dot_toml=text)
    assert run.kinds == ("test",)
    assert run.chain[-1].path == "pyproject.toml"
    assert run.chain[-1].start == 5


def test_pre_commit_runs_the_hooks_of_its_stage() -> None:
    """Hooks of other stages and skipped ones do not run; local hooks run their entry."""
    config = """
        repos:
          - repo: https://github.com/astral-sh/ruff-pre-commit
            rev: v0.6.0
            hooks:
              - id: ruff
              - id: ruff-format
          - repo: local
            hooks:
              - id: types
                entry: mypy app
              - id: slow
                entry: pylint app
                stages: [manual]
        """
    files = {"_dot_pre-commit-config_dot_yaml": config}
    assert _tools("pre-commit run --all-files", **files) == [("lint",), ("format",), ("type",)]
    assert _tools("SKIP=ruff,types pre-commit run -a", **files) == [("format",)]
    assert _tools("pre-commit run ruff-format", **files) == [("format",)]
    assert _tools("pre-commit install", **files) == []


def test_a_script_runs_the_arm_of_its_argument() -> None:
    """Of a case only the arm of the argument runs, and functions are followed."""
    script = """
        #!/bin/bash
        set -e
        unit() {
          pytest "$@"
        }
        case "$1" in
          lint)
            flake8
            ;;
          test)
            shift
            unit "$@"
            ;;
        esac
        """
    assert _tools("./run test -q", run=script) == [("test",)]
    assert _tools("bash run lint", run=script) == [("lint",)]


def test_a_script_that_swallows_mutes_what_it_runs() -> None:
    """A failure that is lost on the way is lost."""
    (run,) = [r for r in _runs("scripts/check.sh", scripts__check_dot_sh="pytest || true\n") if r.kinds]
    assert run.muted


def test_python_scripts_lead_to_the_runner_they_call() -> None:
    """A script that calls pytest.main or starts a program runs it."""
    script = "import subprocess\n\nimport pytest\n\nsubprocess.check_call(['flake8'])\nexit(pytest.main(['-q']))\n"
    assert _tools("python ci/check.py", ci__check_dot_py=script) == [("lint",), ("test",)]


def test_invoke_tasks_are_followed() -> None:
    """A task's run calls are commands."""
    tasks = (
        "from invoke import task\n\n\n@task\ndef check(c):\n    c.run('pytest -q', warn=True)\n    c.run('flake8')\n"
    )
    first, second = (r for r in _runs("invoke check", tasks_dot_py=tasks) if r.kinds)
    assert (first.kinds, bool(first.muted)) == (("test",), True)
    assert (second.kinds, bool(second.muted)) == (("lint",), False)


def test_changes_of_directory_are_followed() -> None:
    """Targets are looked for where the command runs."""
    assert _tools("cd backend && make test", backend__Makefile="test:\n\tpytest\n") == [("test",)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".buildkite/pipeline.yml", "steps:\n  - label: t\n    command: pytest\n"),
        (
            ".semaphore/semaphore.yml",
            "blocks:\n  - task:\n      jobs:\n        - name: t\n          commands: [pytest]\n",
        ),
        (".cirrus.yml", "test_task:\n  test_script: pytest\n"),
        ("appveyor.yml", "test_script:\n  - pytest\n"),
        ("buildspec.yml", "phases:\n  build:\n    commands:\n      - pytest\n"),
        ("cloudbuild.yaml", "steps:\n  - name: python:3.12\n    entrypoint: python\n    args: [-m, pytest]\n"),
        (".woodpecker.yml", "steps:\n  test:\n    image: python\n    commands: [pytest]\n"),
    ],
)
def test_smaller_systems_run_tests_too(path: str, text: str) -> None:
    """Every system's commands end in the same runs."""
    runs = project_of(Case("c", {path: text}, (), ())).ci_runs
    assert [r.kinds for r in runs if r.kinds] == [("test",)]
    assert all(r.effective and r.pipeline.on_change for r in runs)


def test_matrix_values_choose_the_environment() -> None:
    """A command that names a matrix value runs once for each."""
    text = (
        "on: push\njobs:\n  t:\n    strategy:\n      matrix:\n        env: [lint, py312]\n    steps:\n"
        "      - run: tox -e ${{ matrix.env }}\n"
    )
    project = project_of(Case("c", {WORKFLOW: text, "tox.ini": dedent(TOX).lstrip("\n")}, (), ()))
    assert [r.kinds for r in project.ci_runs if r.kinds] == [("lint",), ("test",)]


@pytest.mark.no_cover
def test_multiplying_calls_end_in_time() -> None:
    """Recipes, workflows and commands that call each other a hundred times each are cut off, not followed."""
    makefile = "".join(f"t{i}:\n" + f"\t$(MAKE) t{i + 1}\n" * 100 + "\n" for i in range(8)) + "t8:\n\techo\n"
    files = {"Makefile": makefile, WORKFLOW: "on: push\njobs:\n  t:\n    steps:\n      - run: make t0\n"}
    for i in range(4):
        calls = "".join(f"  j{j}:\n    uses: ./.github/workflows/w{i + 1}.yml\n" for j in range(60))
        files[f".github/workflows/w{i}.yml"] = f"on: [push, workflow_call]\njobs:\n{calls}"
    files[".github/workflows/w4.yml"] = "on: workflow_call\njobs:\n  j:\n    steps: [{run: pytest}]\n"
    inner = "".join(f"  c{i}:\n    steps: [{', '.join([f'c{i + 1}'] * 60)}]\n" for i in range(6))
    files[".circleci/config.yml"] = f"commands:\n{inner}  c6:\n    steps: [checkout]\njobs:\n  j:\n    steps: [c0]\n"
    before = time.process_time()
    project = project_of(Case("c", files, (), ()))
    assert len(project.ci_runs) <= 20_000
    assert time.process_time() - before < 20


def test_tox_hands_on_what_stands_behind_the_dashes() -> None:
    """What is given behind -- takes the place of {posargs}."""
    (run,) = _runs("tox -e py312 -- functional-tests", tox_dot_ini="[testenv]\ncommands = pytest {posargs:tests}\n")
    assert run.words == ("pytest", "functional-tests")
