"""Gradual rollouts and rollbacks in deployment files and CI: canaries, blue-green switches, automatic returns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.records import Node
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_NOT_OWN = (Role.TEST, Role.VENDORED, Role.EXAMPLE)
_TERRAFORM = regex(
    r"^[ \t]{0,20}(?:blue_green_deployment_config|blue_green_update_policy|auto_rollback_configuration"
    r"|canary_settings|traffic_routing_config)[ \t]{0,4}\{"
    r"|^[ \t]{0,20}auto_revert[ \t]{0,8}=[ \t]{0,8}true\b"
    r"|^[ \t]{0,20}deployment_option[ \t]{0,8}=[ \t]{0,8}\"WITH_TRAFFIC_CONTROL\""
    r"|^[ \t]{0,20}deployment_circuit_breaker[ \t]{0,4}\{[^}]{0,200}\brollback[ \t]{0,8}=[ \t]{0,8}true",
    re.MULTILINE,
)
# Commands of kubectl, Helm, Heroku, Cloud Run, App Engine, Cloud Foundry, Fly, Azure and Argo that shift traffic or
# go back.
_COMMAND = regex(
    r"\bkubectl\b.{0,80}\brollout undo\b|\bhelm\b.{0,80}\brollback\b|\bhelm upgrade\b.{0,400}--(?:atomic"
    r"|rollback-on-failure)\b|\bheroku\b.{0,40}\b(?:rollback|releases:rollback)\b"
    r"|\bgcloud\b.{0,80}\b(?:update-traffic|set-traffic)\b|\bcf\b.{0,80}(?:blue-green-deploy|zero-downtime-push"
    r"|--strategy[ =]canary)"
    r"|\bcf3?\b.{0,80}\brollback\b|\bdokku\b.{0,40}\brollback\b"
    r"|\bfly(?:ctl)?\b.{0,80}--strategy[ =](?:canary|bluegreen)|\baz webapp deployment slot swap\b"
    r"|\bkubectl argo rollouts\b|\baws deploy (?:create-deployment|stop-deployment)\b"
    r"|\beb swap\b|\baws ecs\b.{0,200}\brollback=true|\bdocker service\b.{0,200}--update-failure-action[ =]rollback"
    r"|\bdocker service rollback\b"
)
# Before a deployment this only clears what hangs; in a target for it, it goes back.
_CANCEL = regex(r"\bcf3?\b.{0,80}\b(?:cancel-deployment|v3-cancel-zdt-push)\b")
_SHIFTING = regex(r"(?:Canary|Linear)\d{1,3}Percent\w{0,40}|(?:canary|bluegreen|blue-green|blue_green)", re.IGNORECASE)
_TASK_TOOLS = frozenset({"fabric", "fabric2", "invoke", "fabtools"})
_BACK = regex(r"(?:\w{1,20}_)?roll_?back(?:_(?:release|deploy|deployment|code|app|version))?")
_KINDS = frozenset({"Rollout", "Canary", "TrafficSplit"})
_MAPS = 20_000


class RolloutStep(Struct, frozen=True):
    """One step or setting. ``kind`` says where: manifest, terraform, command."""

    path: str
    start: int
    end: int
    kind: str


def rollouts(project: Project) -> tuple[RolloutStep, ...]:
    """Every one, in path and line order."""
    found = {*_manifests(project), *_texts(project), *_commands(project), *_tasks(project)}
    return tuple(sorted(found, key=lambda s: (s.path, s.start, s.end)))


def _manifests(project: Project) -> Iterator[RolloutStep]:
    for path, data in project.data.items():
        if (
            not path.endswith((".yml", ".yaml", ".toml", ".jinja", ".j2", ".json"))
            or role_of(path, data.generated) in _NOT_OWN
        ):
            continue
        for root in data.roots:
            kind = root.get("kind")
            if kind is not None and kind.text in _KINDS and root.get("spec") is not None:
                yield RolloutStep(path, root.start, min(root.end, root.start + 39), "manifest")
            yield from (RolloutStep(path, line, line, "manifest") for line in _settings(root))


def _settings(root: Node) -> Iterator[int]:
    """Lines of settings: Compose's failure_action, ECS' and SAM's preferences, Fly's strategy, an ingress that is a
    canary."""
    stack, seen = [root], 0
    while stack and seen < _MAPS:
        node = stack.pop()
        seen += 1
        yield from (item.start for key, item in node.pairs() if _gradual(key, item))
        stack.extend(reversed(node.items))


def _gradual(key: str, item: Node) -> bool:
    match key:
        case "failure_action":
            return item.text == "rollback"
        case "rollback_config":
            return item.kind == "map"
        case "DeploymentPreference":
            return _SHIFTING.search((item.get("Type") or item).text) is not None
        case "DeploymentCircuitBreaker":
            return (back := item.get("Rollback")) is not None and back.text == "true"
        case "strategy" | "deploymentStrategy":
            return _SHIFTING.fullmatch(item.text) is not None
        case _:
            return key == "nginx.ingress.kubernetes.io/canary" and item.text == "true"


def _texts(project: Project) -> Iterator[RolloutStep]:
    for path, text in project.texts.items():
        if path.endswith((".tf", ".nomad", ".hcl")) and role_of(path) not in _NOT_OWN:
            for match in _TERRAFORM.finditer(text.text):
                start = text.text.count("\n", 0, match.start()) + 1
                yield RolloutStep(path, start, start + match[0].count("\n"), "terraform")


def _tasks(project: Project) -> Iterator[RolloutStep]:
    """Tasks of Fabric and Invoke by which a team goes back to the release before."""
    for path, file in project.python.items():
        tools = {i.target.partition(".")[0] for i in file.module.imports} & _TASK_TOOLS
        for number, definition in enumerate(file.module.definitions, 1) if tools and file.role is Role.APP else ():
            named = _BACK.fullmatch(definition.name) and definition.kind == "function" and not definition.parent
            if named and file.calls_in(number):
                yield RolloutStep(path, definition.start, min(definition.end, definition.start + 39), "command")


def _commands(project: Project) -> Iterator[RolloutStep]:
    for path, commands in project.commands.items():
        if role_of(path) not in _NOT_OWN:
            yield from (
                RolloutStep(path, c.start, c.end, "command")
                for c in commands.lines
                if _COMMAND.search(c.text[:2000])
                or ("rollback" in c.section and _CANCEL.search(c.text[:2000]) is not None)
            )
    for run in project.ci_runs:
        if not run.dead and _COMMAND.search(" ".join(run.words)[:2000]):
            yield RolloutStep(run.place.path, run.place.start, min(run.place.end, run.place.start + 39), "command")
