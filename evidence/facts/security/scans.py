"""The scanners of a project: in pipelines, as hooks before a commit, and as services that a file sets up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.ci import Job, Pipeline, Place, Step
from evidence.facts.ci.programs import program
from evidence.facts.records import Data, Node
from evidence.facts.security.rules_s import security_rules
from evidence.facts.security.scanner_table import (
    GITLAB_TEMPLATES,
    LEFT_LYING,
    NEVER_FAILS,
    PACKAGES,
    kind_of_command,
    kind_of_name,
)
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_RENOVATE = frozenset({
    "renovate.json", "renovate.json5", ".github/renovate.json", ".github/renovate.json5", ".gitlab/renovate.json",
    ".renovaterc", ".renovaterc.json", ".renovaterc.json5",
})  # fmt: skip
_DEPENDABOT = (".github/dependabot.yml", ".github/dependabot.yaml", ".dependabot/config.yml")
_PYUP = (".pyup.yml", ".pyup.yaml")
_HOOKS = (".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml")
_SCAN_ON_PUSH = regex(r"scan_on_push\s{0,40}=\s{0,4}true|container_scanning_config")


class Scan(Struct, frozen=True):
    """One place that sets a scanner up.

    ``kind`` is code, infra, dependencies or secrets (``-other`` for another language's packages); ``where`` is ``ci``,
    ``hook``, ``service`` (an update or scanning service reads the file) or ``lead`` (nothing here runs it). ``gates``:
    it runs on changes and its findings fail the build. ``off`` says why it proves nothing ("" when it does).
    """

    kind: str
    tool: str
    path: str
    start: int
    end: int
    where: str
    gates: bool = False
    off: str = ""


def scans(project: Project) -> tuple[Scan, ...]:
    """Every scanner of the project, in path and line order."""
    rules = security_rules(project.data, project.dependencies)
    found = {
        *_run(project, rules),
        *_actions(project),
        *_gitlab(project),
        *_hooks(project, rules),
        *_services(project),
        *_left(project),
    }
    return tuple(sorted(found, key=lambda s: (s.path, s.start, s.end, s.kind, s.tool, s.where)))


def _run(project: Project, rules: dict[str, Place]) -> Iterator[Scan]:
    """Commands of pipelines, followed to the scanner; linters count where security rules are switched on for them."""
    for run in project.ci_runs:
        kind = kind_of_command(run.words)
        tool = program(run.words[0]) if run.words else ""
        rule = rules.get(tool) if "lint" in run.kinds else None
        if (not kind and rule is None) or run.job.checks_out_other:
            continue
        asked = " ".join(run.words[:40])
        off = run.dead or run.muted or _told_to_pass(asked)
        gates = not off and run.pipeline.on_change and not NEVER_FAILS.search(asked)
        for place in dict.fromkeys((run.place, *run.chain[-1:], *((rule,) if rule else ()))):
            yield Scan(kind or "code", tool, place.path, place.start, place.end, "ci", gates, off)


def _told_to_pass(command: str) -> str:
    found = re.search(r"--exit-code[= ]0\b|--exit-zero\b|--soft-fail\b|--no-fail\b|--continue-on-error\b", command)
    if found is None and re.match(r"(?:\S{0,80}/)?pip-audit\b.{0,400}--dry-run\b", command):
        return "--dry-run asks about nothing"  # "without actually auditing", says its help
    return f"{found[0]} never fails" if found else ""


def _actions(project: Project) -> Iterator[Scan]:
    """Ready-made steps that are scanners."""
    for pipeline in project.ci:
        for job in pipeline.jobs:
            for step in job.steps:
                kind = kind_of_name(step.action.name) if step.action is not None else ""
                if kind and step.action is not None:
                    yield _action(pipeline, job, step, kind)


def _action(pipeline: Pipeline, job: Job, step: Step, kind: str) -> Scan:
    action = step.action
    assert action is not None  # noqa: S101 - the caller asked
    told = {k.lower(): v.lower() for k, v in action.inputs.items()}
    mode = told.get("scan-type") or told.get("scan_type") or ""
    kind = "infra" if mode == "config" else kind
    off = pipeline.dead or job.dead or step.dead or step.cannot_fail or job.allowed_to_fail
    # Trivy and Grype report unless an input makes them fail; the others fail on what they find.
    reports = ("trivy" in action.name.lower() and told.get("exit-code", "0") in ("", "0")) or told.get(
        "fail-build"
    ) == "false"
    gates = not off and pipeline.on_change and not reports and not NEVER_FAILS.search(action.name.lower())
    name = action.name.rsplit("/", 1)[-1] if action.name.count("/") == 1 else "/".join(action.name.split("/")[-2:])
    return Scan(kind, name, step.path, step.start, step.end, "ci", gates, off)


def _gitlab(project: Project) -> Iterator[Scan]:
    """Scanning templates that a GitLab pipeline includes; their jobs report and do not fail it."""
    data = project.data.get(".gitlab-ci.yml")
    included = data.root.get("include") if data is not None else None
    for node in included.walk() if included is not None else ():
        lower = node.text.lower()
        for part, kind in GITLAB_TEMPLATES.items():
            if lower.endswith(".yml") and re.search(rf"(?:security|jobs|components)/.{{0,40}}{part}", lower):
                yield Scan(kind, f"GitLab {part}", ".gitlab-ci.yml", node.start, node.end, "ci")


def _hooks(project: Project, rules: dict[str, Place]) -> Iterator[Scan]:
    """Hooks of pre-commit, at the root of the repository or of a template."""
    for path, data in project.data.items():
        if path.rpartition("/")[2] not in _HOOKS or not _is_root(project, path.rpartition("/")[0]):
            continue
        for repo in _each(data.root.get("repos")):
            url = node.text if (node := repo.get("repo")) is not None else ""
            for hook in _each(repo.get("hooks")):
                yield from _hook(path, url, hook, rules)


def _hook(path: str, url: str, hook: Node, rules: dict[str, Place]) -> Iterator[Scan]:
    name, entry = (node.text if (node := hook.get(key)) is not None else "" for key in ("id", "entry"))
    extra = hook.get("additional_dependencies")
    kind = kind_of_name(name) or kind_of_command(tuple(entry.split()[:10])) or kind_of_name(entry.partition(" ")[0])
    kind = kind or kind_of_name(url)
    if not kind and any("bandit" in t for t in (extra.texts() if extra is not None else ())):
        kind = "code"
    linter = name.removesuffix("-check").removesuffix("-lint")
    if not kind and linter in rules:
        rule = rules[linter]
        kind = "code"
        yield Scan(kind, name, rule.path, rule.start, rule.end, "hook")
    stages = hook.get("stages")
    off = "it runs only when asked for by hand" if stages is not None and set(stages.texts()) == {"manual"} else ""
    if kind:
        yield Scan(kind, name, path, hook.start, max(hook.start, hook.end), "hook", off=off)


def _services(project: Project) -> Iterator[Scan]:
    """Files that set up a service: Dependabot, Renovate, PyUp, Mend, and scanning in a container registry."""
    for path, data in project.data.items():
        root = data.root
        if path in _DEPENDABOT:
            updates = root.get("updates") or root.get("update_configs")
            if updates is not None and updates.each():
                yield Scan("dependencies", "Dependabot", path, 1, _last(data), "service")
        elif path in _RENOVATE:
            yield _service("Renovate", path, data, "enabled")
        elif path == "package.json" and (node := root.get("renovate")) is not None:
            yield Scan("dependencies", "Renovate", path, root.line_of("renovate"), node.end, "service")
        elif path in _PYUP:
            yield _service("PyUp", path, data, "update", "search")
    if ".whitesource" in project.paths:
        yield Scan("dependencies", "Mend", ".whitesource", 1, 1, "service")
    for path, text in project.texts.items():
        match = _SCAN_ON_PUSH.search(text.text) if path.endswith(".tf") else None
        if match:
            line = text.text.count("\n", 0, match.start()) + 1
            yield Scan("dependencies", "scan on push", path, line, line, "service")


def _service(tool: str, path: str, data: Data, *switches: str) -> Scan:
    """A service's file, and whether every one of its switches is turned off."""
    values = [node.text for s in switches if (node := data.root.get(s)) is not None]
    off = "it is switched off" if len(values) == len(switches) and set(values) == {"false"} else ""
    return Scan("dependencies", tool, path, 1, _last(data), "service", off=off)


def _last(data: Data) -> int:
    """The last line of a file, at most the fortieth."""
    return min(max(data.root.end, 1), 40)


def _left(project: Project) -> Iterator[Scan]:
    """Settings and requirements of scanners that nothing here runs."""
    for path in sorted(project.paths):
        kind = LEFT_LYING.get(path.rpartition("/")[2])
        if kind and _is_root(project, path.rpartition("/")[0]):
            yield Scan(kind, path.rpartition("/")[2], path, 1, 1, "lead", off="nothing here runs it")
    for path, listed in project.dependencies.items():
        for item in () if listed.lock or listed.compiled else listed.items:
            if item.name in PACKAGES:
                yield Scan(PACKAGES[item.name], item.name, path, item.line, item.line, "lead", off="it is only listed")


def _is_root(project: Project, folder: str) -> bool:
    """Whether a folder is the root of the repository, of a part with its own requirements, or of a template."""
    return (
        not folder
        or folder in {p.root for p in project.ci}
        or project.is_part(folder)
        or "{{" in folder.rpartition("/")[2]
    )


def _each(node: Node | None) -> tuple[Node, ...]:
    return node.each() if node is not None else ()
