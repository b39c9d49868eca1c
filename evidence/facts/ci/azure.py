"""Azure Pipelines: stages, jobs, deployments, strategies and the templates of the repository."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from evidence.facts.ci.reading import Budget, entries, find, join, mapping, never, place, script, strings, text, truth
from evidence.facts.ci.records import Action, CiInputs, Job, Pipeline, Place, Service, Step
from evidence.facts.records import Node
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

_NAME = regex(
    r"(?:^|/)\.?azure[-_]?(?:devops[-_]?)?(?:pipelines?|build|ci)(?:[-_.][\w.-]{0,80})?\.ya?ml$|(?:^|/)\.?vsts-ci\.ya?ml$"
)
_FOLDER = regex(r"(?:^|/)\.?azure[-_]?(?:pipelines?|devops)/[\w./-]{1,200}\.ya?ml$")
_PLACES = regex(r"(?:\.?(?:pipelines?|ci|build|devops|deploy)/)?[\w.-]{1,80}\.ya?ml")
_PARAMETER = regex(r"\$\{\{\s?parameters\.([\w-]{1,80})\s?\}\}")
_SCRIPTS = ("script", "bash", "pwsh", "powershell")
_MAX_DEPTH = 5


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """Every file named like a pipeline that has a trigger or stands at the root; templates only through what uses
    them."""
    for path in sorted(inputs.data):
        node = inputs.data[path].root
        named = _NAME.search(path) or _FOLDER.search(path) or (_PLACES.fullmatch(path) and _is_one(node))
        if not named or role_of(path) is Role.EXAMPLE:
            continue  # a copy among the documentation is read by people, not by the service
        if node.get("parameters") is not None and node.get("trigger") is None and node.get("pr") is None:
            continue  # a template
        jobs = tuple(_File(inputs, path, node).jobs())
        if jobs:
            triggers = tuple(_triggers(node))
            filters = tuple(place(path, node, k) for k in ("trigger", "pr") if node.get(k, "paths") is not None)
            yield Pipeline(
                path=path, system="Azure Pipelines", jobs=jobs, triggers=triggers, filters=filters,
                trigger_place=place(path, node, "trigger") if node.get("trigger") else jobs[0].place,
                dead="" if triggers else "trigger: none",
            )  # fmt: skip


def _is_one(node: Node) -> bool:
    """Whether a file has what only pipelines of Azure have, whatever its name: the service is told which to read."""
    started = node.get("trigger") is not None or node.get("pr") is not None
    steps = next((v for k in ("stages", "jobs", "steps") if (v := node.get(k)) is not None), None)
    return started and steps is not None and any("vmImage" in n.keys or "task" in n.keys for n in node.walk())


def _triggers(node: Node) -> Iterator[str]:
    """Pushes start a pipeline unless ``trigger: none``; pull requests likewise with ``pr``."""
    for key, kind in (("trigger", "push"), ("pr", "pull_request")):
        if text(node.get(key)) != "none":
            yield kind
    if node.get("schedules") is not None:
        yield "schedule"


class _File:
    """One pipeline or template file being read, with the values of its parameters."""

    def __init__(
        self,
        inputs: CiInputs,
        path: str,
        node: Node,
        known: Mapping[str, str] | None = None,
        outer: _File | None = None,
    ) -> None:
        self.inputs, self.path, self.node = inputs, path, node
        self.depth: int = outer.depth + 1 if outer else 0
        self.budget: Budget = outer.budget if outer else Budget()
        self.known = {**_defaults(node), **(known or {})}

    def jobs(self) -> Iterator[Job]:
        """The jobs of all stages; a file of bare steps is one job."""
        if self.node.get("stages") is not None:
            yield from self._stages(self.node.get("stages"))
        elif self.node.get("jobs") is not None:
            yield from self._jobs(self.node.get("jobs"), Node("map", 1, 1))
        elif self.node.get("steps") is not None:
            yield self._job("job", self.node, place(self.path, self.node, "steps"), Node("map", 1, 1))

    def _stages(self, node: Node | None) -> Iterator[Job]:
        for item in _flat(node):
            inner = self._template(item)
            if inner is not None:
                yield from inner.jobs()
            else:
                yield from self._jobs(item.get("jobs"), item)

    def _jobs(self, node: Node | None, stage: Node) -> Iterator[Job]:
        for item in _flat(node):
            inner = self._template(item)
            if inner is not None:
                yield from inner.jobs()
            elif item.kind == "map":
                name = text(item.get("job")) or text(item.get("deployment"))
                yield self._job(name, item, place(self.path, item), stage)

    def _template(self, item: Node) -> _File | None:
        name = text(item.get("template")) if item.kind == "map" else ""
        if not name or "@" in name or self.depth >= _MAX_DEPTH or not self.budget.take():
            return None
        base = "" if name.startswith("/") else posixpath.dirname(self.path)
        path = find(self.inputs.data, join(base, name))
        if not path:
            return None
        given = {k: self._fill(v) for k, v in mapping(item.get("parameters")).items()}
        return _File(self.inputs, path, self.inputs.data[path].root, given, self)

    def _fill(self, value: str) -> str:
        return _PARAMETER.sub(lambda m: self.known.get(m[1], m[0]), value)

    def _job(self, name: str, node: Node, where: Place, stage: Node) -> Job:
        condition = text(node.get("condition")) or text(stage.get("condition"))
        axes = node.get("strategy", "matrix")
        parallel = text(node.get("strategy", "parallel"))
        rows = len(axes.items) if axes is not None else int(parallel[:3]) if parallel.isdigit() else 1
        environment = text(node.get("environment")) or text(node.get("environment", "name"))
        steps = tuple(self._steps(node.get("steps"))) or tuple(self._deployment(node.get("strategy")))
        return Job(
            name=name,
            path=self.path,
            start=where.start,
            end=where.end,
            steps=steps,
            needs=strings(node.get("dependsOn")) + strings(stage.get("dependsOn")),
            instances=max(rows, 1),
            matrix={"matrix": rows} if rows > 1 else {},
            matrix_place=place(self.path, node, "strategy") if rows > 1 else None,
            services=tuple(self._services(node.get("services"))),
            conditions=(condition,) if condition else (),
            environment=(self._fill(environment.split(".")[0]),) if environment else (),
            stage=text(stage.get("stage")),
            allowed_to_fail="continueOnError" if truth(node.get("continueOnError")) else "",
            dead=f"condition: {condition}" if condition and never(condition) else "",
            caches=tuple(Place(s.path, s.start, s.end) for s in steps if s.action and s.action.name == "Cache"),
        )

    def _services(self, node: Node | None) -> Iterator[Service]:
        """Services name container resources of the file."""
        known = {text(c.get("container")): c for c in _flat(self.node.get("resources", "containers"))}
        for _key, value, where in entries(self.path, node):
            resource = known.get(text(value))
            yield Service(text(resource.get("image")) if resource is not None else text(value), where)

    def _deployment(self, strategy: Node | None) -> Iterator[Step]:
        """The steps of a deployment job: runOnce, rolling or canary, whatever their phase."""
        for part in strategy.walk() if strategy is not None else ():
            yield from self._steps(part.get("steps"))

    def _steps(self, node: Node | None) -> Iterator[Step]:
        for item in _flat(node):
            if item.kind != "map" or not self.budget.take():
                continue
            inner = self._template(item)
            if inner is not None:
                via = Place(self.path, item.start, item.end)
                yield from (replace(s, via=(via, *s.via)) for s in inner._steps(inner.node.get("steps")))
            else:
                yield self._step(item)

    def _step(self, item: Node) -> Step:
        condition = text(item.get("condition"))
        key = next((k for k in _SCRIPTS if item.get(k) is not None), "")
        command = item.get(key) if key else item.get("inputs", "script") or item.get("inputs", "inlineScript")
        task, _, version = text(item.get("task")).partition("@")
        directory = self._fill(text(item.get("workingDirectory")) or text(item.get("inputs", "workingDirectory")))
        directory = directory.replace("$(System.DefaultWorkingDirectory)", ".").replace(
            "$(Build.SourcesDirectory)", "."
        )
        inputs = {k: self._fill(v) for k, v in mapping(item.get("inputs")).items()}
        return Step(
            name=text(item.get("displayName")),
            path=self.path,
            start=item.start,
            end=max(item.start, item.end),
            commands=script(command, fill=self._fill),
            action=Action(task, version, item.line_of("task"), inputs) if task else None,
            condition=condition,
            directory=join("", directory if "$" not in directory else "."),
            cannot_fail="continueOnError" if truth(item.get("continueOnError")) else "",
            dead=_dead(item, condition),
        )


def _dead(item: Node, condition: str) -> str:
    """Why a step never runs."""
    if text(item.get("enabled")).lower() == "false":
        return "enabled: false"
    return f"condition: {condition}" if condition and never(condition) else ""


def _flat(node: Node | None) -> Iterator[Node]:
    """The items of a list; those under a template expression (``${{ if }}:``) are taken as they stand."""
    for item in node.each() if node is not None else ():
        if item.kind == "map" and len(item.keys) == 1 and item.keys[0].lstrip().startswith("${{"):
            yield from item.items[0].each()
        else:
            yield item


def _defaults(node: Node) -> dict[str, str]:
    declared = node.get("parameters")
    if declared is None:
        return {}
    if declared.kind == "map":
        return mapping(declared)
    return {text(i.get("name")): text(i.get("default")) for i in declared.items if text(i.get("default"))}
