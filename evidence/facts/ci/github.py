"""GitHub Actions (and Gitea, Forgejo): workflows, reusable workflows and composite actions of the repository."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import partial

from msgspec.structs import replace

from evidence.facts.ci import github_parts as parts
from evidence.facts.ci.reading import (
    Budget,
    entries,
    find,
    join,
    mapping,
    never,
    place,
    script,
    strings,
    substitute,
    template_folders,
    text,
    truth,
)
from evidence.facts.ci.records import Action, CiInputs, Job, Pipeline, Place, Step
from evidence.facts.records import Node

_FOLDERS = (".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/")
_MAX_DEPTH = 4


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """The workflows that the host would run: at the root of the repository, or of the project that a template makes."""
    folders, budget = template_folders(inputs.paths), Budget()
    for path in sorted(inputs.data):
        root = _root(path, inputs)
        if root is None:
            continue
        found = _Workflow(inputs, path, root, folders, budget).pipeline()
        if found is not None:
            yield found


def _root(path: str, inputs: CiInputs) -> str | None:
    """The folder that a workflow's project starts at; None for files that are no workflow the host runs."""
    for folder in _FOLDERS:
        at = path.find(folder)
        if at < 0 or "/" in path[at + len(folder) :]:
            continue
        root, name = path[:at].rstrip("/"), path[at + len(folder) :]
        plain = name.endswith((".yml", ".yaml"))
        templated = name.endswith((".jinja", ".j2", ".jinja2", ".tmpl")) and (".yml" in name or ".yaml" in name)
        if (not root and plain) or templated or (plain and _is_template_root(root, inputs)):
            return root
    return None


def _is_template_root(root: str, inputs: CiInputs) -> bool:
    if "{{" in root:
        return True
    copier = inputs.data.get("copier.yml") or inputs.data.get("copier.yaml")
    return copier is not None and bool(root) and text(copier.root.get("_subdirectory")).strip("/") == root


class _Workflow:
    """One workflow file being read. ``known`` are values of expressions: env.X and inputs.X."""

    def __init__(
        self,
        inputs: CiInputs,
        path: str,
        root: str,
        folders: Mapping[str, str],
        budget: Budget,
        known: Mapping[str, str] | None = None,
        above: tuple[str, ...] = (),
    ) -> None:
        self.inputs, self.path, self.root, self.folders, self.above = inputs, path, root, folders, above
        self.node = inputs.data[path].root
        self.known = {**parts.defaults(self.node), **(known or {}), **parts.env(self.node)}
        self.budget = budget

    def pipeline(self) -> Pipeline | None:
        """The whole file; None when it holds no jobs."""
        jobs = tuple(self.jobs())
        if not jobs:
            return None
        events = self.node.get("on") or self.node.get("true")
        key = "on" if self.node.get("on") is not None else "true"
        triggers, dead, filters = parts.triggers(self.path, events, self.inputs.paths if not self.root else frozenset())
        return Pipeline(
            path=self.path,
            system="GitHub Actions",
            jobs=parts.after_dead(parts.not_for(jobs, triggers, events)),
            triggers=triggers,
            trigger_place=place(self.path, self.node, key),
            root=self.root,
            permissions=parts.permissions(self.path, self.node),
            filters=filters,
            dead=dead,
            choices=parts.choices(events),
        )

    def jobs(self) -> Iterator[Job]:
        """Every job; one that calls a reusable workflow of the repository gives that workflow's jobs."""
        for key, node, where in entries(self.path, self.node.get("jobs")):
            if not self.budget.take():
                return
            called = text(node.get("uses"))
            job = self._job(key, node, where)
            inner = list(self._called(called, node, job)) if called.startswith("./") else []
            if inner:
                yield from inner
            else:
                yield job

    def _called(self, called: str, node: Node, outer: Job) -> Iterator[Job]:
        path = find(self.inputs.data, join(self.root, called.split("@")[0]))
        if not path or path in self.above or len(self.above) >= _MAX_DEPTH:
            return
        given = {f"inputs.{k}": substitute(v, self.known) for k, v in mapping(node.get("with")).items()}
        for job in _Workflow(
            self.inputs, path, self.root, self.folders, self.budget, given, (*self.above, self.path)
        ).jobs():
            yield replace(
                job,
                name=f"{outer.name} / {job.name}",
                needs=(*outer.needs, *(f"{outer.name} / {n}" for n in job.needs)),
                instances=min(outer.instances * job.instances, 256),
                matrix={**outer.matrix, **job.matrix},
                matrix_place=job.matrix_place or outer.matrix_place,
                conditions=(*outer.conditions, *job.conditions),
                environment=job.environment or outer.environment,
                allowed_to_fail=outer.allowed_to_fail or job.allowed_to_fail,
                dead=outer.dead or job.dead,
                permissions=job.permissions or outer.permissions,
                via=(outer.place, *job.via),
            )

    def _job(self, key: str, node: Node, where: Place) -> Job:
        known = {**self.known, **parts.env(node)}
        condition = text(node.get("if"))
        matrix, instances = parts.matrix(node.get("strategy", "matrix"))
        steps = tuple(self._steps(node.get("steps"), self._defaults_of(node, known), known)) or parts.elsewhere(
            self.path, node
        )
        return Job(
            name=key,
            path=self.path,
            start=where.start,
            end=where.end,
            steps=steps,
            needs=strings(node.get("needs")),
            instances=instances,
            matrix=matrix,
            matrix_place=parts.place_of(self.path, node.get("strategy"), "matrix"),
            values=parts.values(node.get("strategy", "matrix")),
            services=tuple(parts.services(self.path, node.get("services"))),
            image=text(node.get("container")) or text(node.get("container", "image")),
            conditions=(condition,) if condition else (),
            environment=parts.environment(node.get("environment"), known),
            allowed_to_fail="continue-on-error" if truth(node.get("continue-on-error")) else "",
            dead=f"if: {condition}" if condition and never(condition) else "",
            permissions=parts.permissions(self.path, node),
            caches=tuple(parts.caches(steps)),
            checks_out_other=parts.checks_out_other(steps),
        )

    def _defaults_of(self, node: Node, known: Mapping[str, str]) -> tuple[str, str]:
        """Directory and shell of a job's steps when they say nothing else."""
        own, shared = node.get("defaults", "run"), self.node.get("defaults", "run")
        directory = text(own.get("working-directory") if own else None)
        directory = directory or text(shared.get("working-directory") if shared else None)
        shell = text(own.get("shell") if own else None) or text(shared.get("shell") if shared else None)
        return substitute(directory, known), shell

    def _steps(
        self, node: Node | None, defaults: tuple[str, str], known: Mapping[str, str], via: tuple[Place, ...] = (),
        path: str = "",
    ) -> Iterator[Step]:  # fmt: skip
        path = path or self.path
        for item in node.each() if node is not None else ():
            if item.kind != "map" or not self.budget.take():
                continue
            step = self._step(path, item, defaults, {**known, **parts.env(item)}, via)
            name = step.action.name if step.action else ""
            inner = list(self._composite(name, item, step, known)) if name.startswith("./") else []
            if inner:
                yield from inner
            else:
                yield step

    def _step(
        self, path: str, item: Node, defaults: tuple[str, str], known: Mapping[str, str], via: tuple[Place, ...]
    ) -> Step:
        condition = text(item.get("if"))
        shell = text(item.get("shell")) or defaults[1]
        directory = substitute(text(item.get("working-directory")), known) or defaults[0]
        uses = text(item.get("uses"))
        name, _, version = uses.partition("@")
        where = place(path, item)
        return Step(
            name=text(item.get("name")),
            path=path,
            start=where.start,
            end=where.end,
            commands=script(
                item.get("run"),
                pipefail=parts.pipefail(shell),
                errexit=parts.errexit(shell),
                fill=partial(substitute, known=known),
            ),
            action=Action(name, version, item.line_of("uses"), parts.inputs(item, known)) if uses else None,
            condition=condition,
            directory=self._settled(join(self.root, directory if "${{" not in directory else ".")),
            cannot_fail="continue-on-error" if truth(item.get("continue-on-error")) else "",
            dead=f"if: {condition}" if condition and never(condition) else "",
            env={k[4:]: v for k, v in known.items() if k.startswith("env.")},
            via=via,
        )

    def _settled(self, directory: str) -> str:
        """The folder that a directory in a templated workflow means."""
        return self.folders.get(directory, directory)

    def _composite(self, name: str, item: Node, outer: Step, known: Mapping[str, str]) -> Iterator[Step]:
        """The steps of a composite action of this repository."""
        folder = join(self.root, name)
        path = next((p for n in ("action.yml", "action.yaml") if (p := find(self.inputs.data, f"{folder}/{n}"))), "")
        if not path or len(outer.via) >= _MAX_DEPTH:
            return
        node = self.inputs.data[path].root
        given = {f"inputs.{k}": substitute(v, known) for k, v in mapping(item.get("with")).items()}
        inside = {**known, **parts.defaults(node), **given}
        here = Place(outer.path, outer.start, outer.end)
        directory = posixpath.relpath(outer.directory, self.root or ".") if outer.directory else ""
        for step in self._steps(node.get("runs", "steps"), (directory, "bash"), inside, (*outer.via, here), path):
            yield replace(
                step, cannot_fail=outer.cannot_fail or step.cannot_fail, dead=outer.dead or step.dead,
                condition=step.condition or outer.condition,
            )  # fmt: skip
