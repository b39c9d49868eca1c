"""CI systems that list commands by phase: Buildkite, Semaphore, Cirrus, AppVeyor, AWS CodeBuild, Google Cloud Build,
Prow, Wercker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from evidence.facts.ci.reading import entries, mapping, place, script, strings, text
from evidence.facts.ci.records import Action, CiInputs, Job, Pipeline, Place, Step
from evidence.facts.records import Node
from evidence.facts.shell.lines import Simple
from evidence.patterns import regex

_CHANGES = ("push", "pull_request")
_APPVEYOR = ("install", "before_build", "build_script", "before_test", "test_script", "deploy_script", "on_success")


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """Whatever of these systems is configured at its usual path."""
    for path in sorted(inputs.data):
        for pattern, system, triggers, read in _SYSTEMS:
            if pattern.fullmatch(path):
                root = inputs.data[path].root
                jobs = tuple(job for job in read(path, root) if job.steps)
                if jobs:
                    yield Pipeline(
                        path=path, system=system, jobs=jobs, triggers=triggers, trigger_place=jobs[0].place
                    )  # fmt: skip


def _commands(path: str, name: str, node: Node | None) -> list[Step]:
    """One step per item of a list of commands."""
    items = node.each() if node is not None else ()
    return [
        Step(name=name, path=path, start=i.start, end=max(i.start, i.end), commands=script(i))
        for i in items
        if i.kind not in ("map", "null")
    ]


def _job(path: str, name: str, where: Place, steps: list[Step], needs: tuple[str, ...] = (), rows: int = 1) -> Job:
    return Job(
        name=name, path=path, start=where.start, end=where.end, steps=tuple(steps), needs=needs, instances=max(rows, 1),
        matrix={"matrix": rows} if rows > 1 else {}, matrix_place=where if rows > 1 else None,
    )  # fmt: skip


def _buildkite(path: str, root: Node) -> Iterator[Job]:
    steps = root.get("steps")
    for number, item in enumerate(steps.each() if steps is not None else ()):
        node = item.get("command") or item.get("commands")
        if item.kind == "map" and node is not None:
            name = text(item.get("key")) or text(item.get("label")) or f"step {number}"
            count = text(item.get("parallelism"))
            found = _commands(path, name, node)
            ignored = "soft_fail" if text(item.get("soft_fail")) == "true" else ""
            rows = int(count[:3]) if count.isdigit() else 1
            job = _job(path, name, place(path, item), found, strings(item.get("depends_on")), rows)
            yield replace(job, allowed_to_fail=ignored)


def _semaphore(path: str, root: Node) -> Iterator[Job]:
    blocks = root.get("blocks")
    for block in blocks.each() if blocks is not None else ():
        prologue = _commands(path, "prologue", block.get("task", "prologue", "commands"))
        jobs = block.get("task", "jobs")
        for item in jobs.each() if jobs is not None else ():
            count = text(item.get("parallelism"))
            name = text(item.get("name")) or text(block.get("name"))
            steps = [*prologue, *_commands(path, name, item.get("commands"))]
            rows = int(count[:3]) if count.isdigit() else _rows(item.get("matrix"))
            yield _job(path, name, place(path, item), steps, strings(block.get("dependencies")), rows)


def _rows(matrix: Node | None) -> int:
    rows = 1
    for axis in matrix.each() if matrix is not None else ():
        rows = min(rows * max(len(strings(axis.get("values"))), 1), 256)
    return rows


def _cirrus(path: str, root: Node) -> Iterator[Job]:
    for key, node, where in entries(path, root):
        if key == "task" or key.endswith("_task"):
            steps = [s for k, v, _w in entries(path, node) if k.endswith("script") for s in _commands(path, k, v)]
            matrix = node.get("matrix")
            rows = len(matrix.each()) if matrix is not None else 1
            yield _job(path, text(node.get("name")) or key, where, steps, strings(node.get("depends_on")), rows)


def _appveyor(path: str, root: Node) -> Iterator[Job]:
    steps = [s for key in _APPVEYOR for s in _commands(path, key, root.get(key))]
    rows = root.get("environment", "matrix")
    yield _job(
        path, "appveyor", Place(path, root.start, root.end), steps, rows=len(rows.each()) if rows is not None else 1
    )


def _codebuild(path: str, root: Node) -> Iterator[Job]:
    steps = []
    for key, node, _where in entries(path, root.get("phases")):
        steps += _commands(path, key, node.get("commands"))
    yield _job(path, "build", place(path, root, "phases"), steps)


def _cloud_build(path: str, root: Node) -> Iterator[Job]:
    """A step is an image and its arguments; images listed at the end are pushed."""
    found = []
    listed = root.get("steps")
    for item in listed.each() if listed is not None else ():
        builder = text(item.get("name")).rsplit("/", 1)[-1].partition(":")[0].removesuffix("-sdk")
        program = text(item.get("entrypoint")) or ("gcloud" if builder == "cloud" else builder)
        start, end = item.start, max(item.start, item.end)
        words = (program, *strings(item.get("args")))
        commands = script(item.get("script")) or (Simple(words, (), start, end),)
        found.append(Step(name=text(item.get("id")), path=path, start=start, end=end, commands=commands))
    images = root.get("images")
    if images is not None and found:
        where = place(path, root, "images")
        push = tuple(Simple(("docker", "push", name), (), where.start, where.end) for name in strings(images))
        found.append(Step(name="images", path=path, start=where.start, end=where.end, commands=push))
    yield _job(path, "build", place(path, root, "steps"), found)


def _prow(path: str, root: Node) -> Iterator[Job]:
    """A job is the containers of a pod; its words are a command and its arguments."""
    for key in ("presubmits", "postsubmits"):
        listed = root.get(key)
        for item in listed.each() if listed is not None else ():
            where = place(path, item)
            pods = item.get("spec", "containers")
            found = []
            for pod in pods.each() if pods is not None else ():
                words = (*strings(pod.get("command")), *strings(pod.get("args")))
                if words:
                    start, end = pod.start, max(pod.start, pod.end)
                    found.append(
                        Step(name=key, path=path, start=start, end=end, commands=(Simple(words, (), start, end),))
                    )
            ignored = "optional" if text(item.get("optional")) == "true" else ""
            chosen = ("run_if_changed",) if item.get("run_if_changed") is not None else ()
            job = _job(path, text(item.get("name")), where, found)
            yield replace(job, allowed_to_fail=ignored, conditions=chosen)


def _wercker(path: str, root: Node) -> Iterator[Job]:
    """A pipeline is a key with steps: scripts with their code, or steps of the registry by name."""
    for key, node, where in entries(path, root):
        steps = []
        for listed in (node.get("steps"), node.get("after-steps")) if node.kind == "map" else ():
            for item in listed.each() if listed is not None else ():
                for name, value in item.pairs() if item.kind == "map" else ():
                    start, end = item.start, max(item.start, item.end)
                    commands = script(value.get("code")) if name == "script" else ()
                    action = (
                        None if commands else Action(f"wercker/{name.rpartition('/')[2]}", "", start, mapping(value))
                    )
                    called = text(value.get("name")) or name
                    steps.append(Step(name=called, path=path, start=start, end=end, commands=commands, action=action))
        yield _job(path, key, where, steps)


_Reader = Callable[[str, Node], Iterator[Job]]
_SYSTEMS: tuple[tuple[re.Pattern[str], str, tuple[str, ...], _Reader], ...] = (
    (regex(r"\.buildkite/[\w./-]{0,100}pipeline[\w.-]{0,60}\.ya?ml"), "Buildkite", _CHANGES, _buildkite),
    (regex(r"\.semaphore/[\w.-]{1,80}\.ya?ml"), "Semaphore", _CHANGES, _semaphore),
    (regex(r"\.cirrus\.ya?ml"), "Cirrus CI", _CHANGES, _cirrus),
    (regex(r"\.?appveyor\.ya?ml"), "AppVeyor", _CHANGES, _appveyor),
    (regex(r"(?:[\w.-]{1,80}/){0,4}buildspec[\w.-]{0,60}\.ya?ml"), "AWS CodeBuild", _CHANGES, _codebuild),
    (regex(r"wercker\.ya?ml"), "Wercker", _CHANGES, _wercker),
    (regex(r"\.prow(?:/[\w./-]{1,100})?\.ya?ml"), "Prow", _CHANGES, _prow),
    (regex(r"(?:[\w.-]{1,80}/){0,4}cloudbuild[\w.-]{0,60}\.ya?ml"), "Google Cloud Build", _CHANGES, _cloud_build),
)
