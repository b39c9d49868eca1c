"""The CI systems whose jobs are plain lists of commands in containers: Bitbucket, Drone, Woodpecker, Concourse."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from evidence.facts.ci.reading import entries, join, mapping, place, script, strings, text
from evidence.facts.ci.records import Action, CiInputs, Job, Pipeline, Place, Service, Step
from evidence.facts.records import Node
from evidence.facts.shell.lines import Simple
from evidence.patterns import regex

_CONCOURSE = regex(
    r"(?:^|/)(?:\.?concourse|ci)/[\w./-]{0,200}\.ya?ml$|(?:^|/)(?:concourse|pipeline)[\w.-]{0,60}\.ya?ml$"
)
_MAX_WALK = 20_000


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """Whatever of these systems is configured."""
    for path in sorted(inputs.data):
        root = inputs.data[path].root
        if path in ("bitbucket-pipelines.yml", "bitbucket-pipelines.yaml"):
            yield from _bitbucket(path, root)
        elif path in (".drone.yml", ".drone.yaml", ".woodpecker.yml", ".woodpecker.yaml") or path.startswith(
            ".woodpecker/"
        ):
            for number, document in enumerate(inputs.data[path].roots):
                yield from _drone(path, document, number)
        elif _CONCOURSE.search(path) and root.get("jobs") is not None and root.get("resources") is not None:
            yield from _concourse(inputs, path, root)


# -- Bitbucket ---------------------------------------------------------------------------------------------------


def _bitbucket(path: str, root: Node) -> Iterator[Pipeline]:
    """One pipeline per trigger: default, branches, pull-requests, tags, custom."""
    kinds = {"default": "push", "branches": "push", "pull-requests": "pull_request", "tags": "tag", "custom": "manual"}
    services = {k: text(v.get("image")) or k for k, v, _p in entries(path, root.get("definitions", "services"))}
    jobs: list[Job] = []
    triggers: dict[str, None] = {}
    for key, node, _where in entries(path, root.get("pipelines")):
        found = list(_bitbucket_jobs(path, node, services))
        if found:
            triggers[kinds.get(key, "other")] = None
            jobs.extend(job for job in found if all(job.place != other.place for other in jobs))
    if jobs:
        where = place(path, root, "pipelines")
        yield Pipeline(
            path=path, system="Bitbucket Pipelines", jobs=tuple(jobs), triggers=tuple(triggers), trigger_place=where
        )


def _bitbucket_jobs(path: str, node: Node, services: dict[str, str]) -> Iterator[Job]:
    """Every step; those under ``parallel`` start together, others wait for the one before."""
    before: tuple[str, ...] = ()
    for item in _limited(node):
        if item.kind != "map":
            continue
        groups = [(part, True) for part in _list(item.get("parallel", "steps") or item.get("parallel"))]
        groups = groups or ([(item, False)] if item.get("step") is not None else [])
        staged = item.get("stage")
        groups = groups or [(part, False) for part in _list(staged.get("steps") if staged is not None else None)]
        names = []
        for at, (part, _parallel) in enumerate(groups):
            step = part.get("step")
            if step is not None:
                name = text(step.get("name")) or f"step {step.start}.{at}"
                names.append(name)
                job = _bitbucket_job(path, name, step, before, services)
                stage = text(staged.get("deployment")) if staged is not None else ""
                yield replace(job, environment=(stage,)) if stage and not job.environment else job
        before = tuple(names) or before


def _limited(node: Node) -> Iterator[Node]:
    """The items of a pipeline, whether it is a list or a mapping of branches to lists."""
    if node.kind == "list":
        yield from node.items
        return
    for _key, value in node.pairs():
        yield from value.items if value.kind == "list" else ()


def _bitbucket_job(path: str, name: str, step: Node, needs: tuple[str, ...], services: dict[str, str]) -> Job:
    where = Place(path, step.start, step.end)
    caches = step.get("caches")
    steps = []
    for item in _list(step.get("script")):
        pipe = text(item.get("pipe")) if item.kind == "map" else ""
        action = (
            Action(pipe.split(":")[0], pipe.rpartition(":")[2], item.start, mapping(item.get("variables")))
            if pipe
            else None
        )
        commands = () if pipe else script(item)
        steps.append(Step(name="script", path=path, start=item.start, end=item.end, commands=commands, action=action))
    deployment = text(step.get("deployment"))
    return Job(
        name=name, path=path, start=where.start, end=where.end, steps=tuple(steps), needs=needs,
        services=tuple(Service(services.get(s, s), where) for s in strings(step.get("services")) if s != "docker"),
        image=text(step.get("image")), manual=text(step.get("trigger")) == "manual",
        environment=(deployment,) if deployment else (),
        conditions=("condition",) if step.get("condition") is not None else (),
        caches=(Place(path, caches.start, caches.end),) if caches is not None else (),
    )  # fmt: skip


# -- Drone and Woodpecker ----------------------------------------------------------------------------------------


def _drone(path: str, root: Node, number: int) -> Iterator[Pipeline]:
    """One pipeline per document; plug-ins are images with settings."""
    steps_node = root.get("steps") or root.get("pipeline")
    if steps_node is None:
        return
    steps = tuple(_drone_step(path, name, item, where) for name, item, where in _named(path, steps_node))
    name = text(root.get("name")) or f"pipeline {number}"
    axes = {k: len(v.each()) for k, v, _p in entries(path, root.get("matrix"))}
    instances = 1
    for count in axes.values():
        instances = min(instances * max(count, 1), 256)
    services = [
        Service(text(i.get("image")), w) for _n, i, w in _named(path, root.get("services")) if text(i.get("image"))
    ]
    job = Job(
        name=name, path=path, start=steps_node.start, end=steps_node.end, steps=steps,
        needs=strings(root.get("depends_on")),
        instances=instances, matrix=axes, services=tuple(services),
        matrix_place=place(path, root, "matrix") if instances > 1 else None,
    )  # fmt: skip
    events = (
        strings(root.get("trigger", "event"))
        or strings(root.get("trigger", "event", "include"))
        or ("push", "pull_request")
    )
    kinds = {"push": "push", "pull_request": "pull_request", "tag": "tag", "cron": "schedule", "custom": "manual"}
    triggers = tuple(dict.fromkeys(kinds.get(e, "other") for e in events))
    system = "Woodpecker" if "woodpecker" in path else "Drone"
    yield Pipeline(path=path, system=system, jobs=(job,), triggers=triggers, trigger_place=job.place)


def _drone_step(path: str, name: str, item: Node, where: Place) -> Step:
    commands = script(item.get("commands"))
    image = text(item.get("image"))
    settings = mapping(item.get("settings"))
    action = Action(image.rpartition(":")[0] or image, "", where.start, settings) if image and not commands else None
    ignored = "failure: ignore" if text(item.get("failure")) == "ignore" else ""
    return Step(
        name=name, path=path, start=where.start, end=where.end, commands=commands, action=action, cannot_fail=ignored,
        condition="when" if item.get("when") is not None else "",
    )  # fmt: skip


def _named(path: str, node: Node | None) -> Iterator[tuple[str, Node, Place]]:
    """Named items: of a mapping by key, of a list by ``name``."""
    if node is None:
        return
    if node.kind == "map":
        yield from entries(path, node)
    for item in node.items if node.kind == "list" else ():
        if item.kind == "map":
            yield text(item.get("name")), item, Place(path, item.start, item.end)


# -- Concourse ---------------------------------------------------------------------------------------------------


def _concourse(inputs: CiInputs, path: str, root: Node) -> Iterator[Pipeline]:
    """The jobs of a pipeline file; a task's configuration may stand in another file of the repository."""
    kinds = {text(r.get("name")): text(r.get("type")) for r in _list(root.get("resources"))}
    jobs = []
    triggered = False
    for item in _list(root.get("jobs")):
        steps: list[Step] = []
        for count, node in enumerate(item.walk()):
            if count > _MAX_WALK:
                break
            triggered = triggered or (text(node.get("trigger")) == "true" and node.get("get") is not None)
            step = _concourse_step(inputs, path, node, kinds)
            if step is not None:
                steps.append(step)
        where = Place(path, item.start, item.end)
        needs = tuple(name for node in item.walk() if node.kind == "map" for name in strings(node.get("passed")))
        jobs.append(
            Job(
                name=text(item.get("name")),
                path=path,
                start=where.start,
                end=where.end,
                steps=tuple(steps),
                needs=needs,
            )
        )
    if jobs:
        triggers = ("push",) if triggered else ("manual",)
        where = place(path, root, "jobs")
        yield Pipeline(path=path, system="Concourse", jobs=tuple(jobs), triggers=triggers, trigger_place=where)


def _concourse_step(inputs: CiInputs, path: str, node: Node, kinds: dict[str, str]) -> Step | None:
    if node.kind != "map":
        return None
    put = text(node.get("put"))
    if put:
        kind = kinds.get(text(node.get("resource")) or put, "")
        action = Action(f"concourse/{kind}", "", node.start, mapping(node.get("params")))
        return Step(name=put, path=path, start=node.start, end=node.end, action=action)
    if node.get("task") is None:
        return None
    config, file = node.get("config"), path
    if config is None:
        name = text(node.get("file")).partition("/")[2]  # the first segment names the resource
        file = join("", name)
        config = inputs.data[file].root if file in inputs.data else None
    run = config.get("run") if config is not None else None
    if run is None:
        return None
    script_node = next((n for n in _list(run.get("args")) if "\n" in n.text or " " in n.text), None) or run.get("path")
    via = () if file == path else (Place(path, node.start, node.end),)
    start, end = (run.start, run.end) if via else (node.start, node.end)
    mounts = tuple(text(i.get("name")) for i in _list(config.get("inputs"))) if config is not None else ()
    return Step(
        name=text(node.get("task")),
        path=file,
        start=start,
        end=end,
        commands=tuple(_from_inputs(c, mounts) for c in script(script_node)),
        via=via,
    )


def _from_inputs(command: Simple, mounts: tuple[str, ...]) -> Simple:
    """A command with the folder of a task's input taken off its program: ``./repository/ci/test.sh`` is ``ci/test.sh``
    of the repository that is mounted there."""
    first, _, rest = command.words[0].removeprefix("./").partition("/")
    return replace(command, words=(f"./{rest}", *command.words[1:])) if rest and first in mounts else command


def _list(node: Node | None) -> tuple[Node, ...]:
    return node.each() if node is not None else ()
