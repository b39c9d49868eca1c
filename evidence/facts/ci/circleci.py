"""CircleCI: jobs, commands, executors and workflows; orbs are kept by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from evidence.facts.ci.reading import Budget, entries, join, mapping, never, place, script, strings, text
from evidence.facts.ci.records import Action, CiInputs, Job, Pipeline, Place, Service, Step
from evidence.facts.records import Node
from evidence.patterns import regex

_PATHS = (".circleci/config.yml", ".circleci/config.yaml", "circle.yml")
_PARAMETER = regex(r"<<\s?(?:parameters|pipeline\.parameters|matrix)\.([\w-]{1,80})\s?>>")
# ``deploy`` is how configurations of 2.0 mark a command that ships.
_COMMANDS = ("run", "deploy")
_MAX_DEPTH = 6


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """The configuration, one pipeline with the jobs of all its workflows."""
    for path in _PATHS:
        if path in inputs.data:
            node = inputs.data[path].root
            jobs = tuple(_Configuration(path, node).jobs()) or tuple(_sections(path, node))
            if jobs:
                triggers, dead = _triggers(node)
                anchor = place(path, node, "workflows") if node.get("workflows") else jobs[0].place
                yield Pipeline(
                    path=path, system="CircleCI", jobs=jobs, triggers=triggers, trigger_place=anchor, dead=dead
                )


# The sections of a configuration of 1.0 (a circle.yml without jobs) in the order they run.
_SECTIONS = ("machine", "checkout", "dependencies", "database", "compile", "test")


def _sections(path: str, node: Node) -> Iterator[Job]:
    """The one job of a configuration of 1.0; deployments are its last steps."""
    steps: list[Step] = []
    environments: list[str] = []
    for key in _SECTIONS:
        for part in ("pre", "override", "post"):
            value = node.get(key, part)
            for item in value.each() if value is not None else ():
                steps.append(_plain_step(path, key, item))
    for name, value, _where in entries(path, node.get("deployment")):
        commands = value.get("commands")
        environments.append(name)
        steps.extend(_plain_step(path, "deploy", item) for item in (commands.each() if commands is not None else ()))
        if (hosted := value.get("heroku")) is not None:
            action = Action("travis/heroku", "", hosted.start)
            steps.append(Step(name="deploy", path=path, start=hosted.start, end=hosted.end, action=action))
    if steps:
        services = node.get("machine", "services")
        yield Job(
            name="build", path=path, start=node.start, end=node.end, steps=tuple(steps),
            services=tuple(Service(name, place(path, node, "machine")) for name in strings(services)),
            environment=tuple(environments),
        )  # fmt: skip


def _plain_step(path: str, name: str, item: Node) -> Step:
    return Step(name=name, path=path, start=item.start, end=item.end, commands=script(item))


def _triggers(node: Node) -> tuple[tuple[str, ...], str]:
    """A workflow without ``triggers`` starts on pushes; one whose ``when`` is false never does."""
    workflows = node.get("workflows")
    maps = [v for k, v in workflows.pairs() if k != "version" and v.kind == "map"] if workflows is not None else []
    if not maps:
        return ("push",), ""
    live = [v for v in maps if not _off(v)]
    if not live:
        return (), "when: false"
    kinds = {"schedule" if v.get("triggers") is not None else "push" for v in live}
    return tuple(sorted(kinds)), ""


def _off(flow: Node) -> bool:
    when = flow.get("when")
    return when is not None and text(when) != "" and never(text(when))


class _Configuration:
    def __init__(self, path: str, node: Node) -> None:
        self.path, self.node, self.budget = path, node, Budget()
        self.defined = {key: (value, where) for key, value, where in entries(path, node.get("jobs"))}

    def jobs(self) -> Iterator[Job]:
        """Jobs as the workflows use them; defined jobs that no workflow names are dead."""
        used: set[str] = set()
        workflows = self.node.get("workflows")
        for name, flow, _where in entries(self.path, workflows):
            if name == "version" or flow.kind != "map":
                continue
            off = "when: false" if _off(flow) else ""
            listed = flow.get("jobs")
            for item in listed.each() if listed is not None else ():
                job = self._used(item)
                used.add(text(item) or (item.keys[0] if item.keys else ""))
                yield replace(job, dead=job.dead or off)
        for key, (node, where) in self.defined.items():
            if key not in used:
                idle = "no workflow runs it" if workflows is not None and workflows.items else ""
                yield self._job(key, node, where, {}, dead=idle)

    def _used(self, item: Node) -> Job:
        key = text(item) or (item.keys[0] if item.keys else "")
        settings = item.items[0] if item.kind == "map" and item.items else Node("map", item.start, item.end)
        entry = self.defined.get(key)
        given = mapping(settings)
        job = self._foreign(key, item, settings) if entry is None else self._job(key, *entry, given)
        axes = {k: len(v.each()) for k, v in _pairs(settings.get("matrix", "parameters"))}
        rows = job.instances
        for count in axes.values():
            rows = min(rows * max(count, 1), 256)
        return replace(
            job,
            name=text(settings.get("name")) or key,
            needs=_requires(settings.get("requires")),
            instances=rows,
            matrix={**job.matrix, **axes},
            matrix_place=Place(self.path, item.start, item.end) if axes else job.matrix_place,
            conditions=tuple(_filters(settings.get("filters"))),
            manual=text(settings.get("type")) == "approval",
            via=(Place(self.path, item.start, item.end),) if entry is not None else (),
        )

    def _foreign(self, key: str, item: Node, settings: Node) -> Job:
        """A job of an orb, or an approval: nothing to read but its name and parameters."""
        action = Action(key, "", item.start, mapping(settings))
        step = Step(name=key, path=self.path, start=item.start, end=item.end, action=action)
        return Job(name=key, path=self.path, start=item.start, end=item.end, steps=(step,))

    def _job(self, key: str, node: Node, where: Place, given: Mapping[str, str], dead: str = "") -> Job:
        known = {**_parameters(node), **given}
        images = self._images(node)
        parallel = text(node.get("parallelism"))
        instances = int(parallel[:3]) if parallel.isdigit() else 1
        steps = tuple(self._steps(node.get("steps"), known, text(node.get("working_directory"))))
        return Job(
            name=key,
            path=self.path,
            start=where.start,
            end=where.end,
            steps=steps,
            instances=max(instances, 1),
            matrix={"parallelism": instances} if instances > 1 else {},
            matrix_place=place(self.path, node, "parallelism") if instances > 1 else None,
            services=tuple(images[1:]),
            image=images[0].image if images else "",
            dead=dead,
            caches=tuple(_caches(steps)),
        )

    def _images(self, node: Node) -> list[Service]:
        """The images of a job: the first is its own, the others are services beside it."""
        docker = node.get("docker")
        executor = text(node.get("executor")) or text(node.get("executor", "name"))
        if docker is None and executor:
            docker = self.node.get("executors", executor, "docker")
        found = docker.each() if docker is not None else ()
        return [Service(text(i.get("image")), Place(self.path, i.start, i.end)) for i in found if text(i.get("image"))]

    def _steps(self, node: Node | None, known: Mapping[str, str], directory: str, depth: int = 0) -> Iterator[Step]:
        for item in node.each() if node is not None else ():
            if not self.budget.take():
                return
            key = text(item) or (item.keys[0] if item.keys else "")
            value = item.items[0] if item.kind == "map" and item.items else None
            inner = self.node.get("commands", key)
            if key in ("when", "unless") and value is not None and depth < _MAX_DEPTH:
                yield from self._steps(value.get("steps"), known, directory, depth + 1)
            elif inner is not None and depth < _MAX_DEPTH:
                given = {**_parameters(inner), **(mapping(value) if value is not None else {})}
                yield from self._steps(inner.get("steps"), given, directory, depth + 1)
            else:
                yield self._step(key, item, value, known, directory)

    def _step(self, key: str, item: Node, value: Node | None, known: Mapping[str, str], directory: str) -> Step:
        base = Step(name=key, path=self.path, start=item.start, end=max(item.start, item.end))
        if key not in _COMMANDS or value is None:
            inputs = {k: _fill(v, known) for k, v in mapping(value).items()} if value is not None else {}
            return replace(base, action=Action(key, "", item.start, inputs))
        command = value.get("command") if value.kind == "map" else value
        where = text(value.get("working_directory")) or directory
        pipefail = "pipefail" in (text(value.get("shell")) or "pipefail")  # it is on unless a shell is named
        commands = script(command, pipefail=pipefail, fill=lambda body: _fill(body, known))
        late = text(value.get("when")) == "on_fail"
        return replace(
            base,
            name=text(value.get("name")),
            commands=commands,
            directory="" if where.startswith(("~", "/")) or "<<" in where else join("", where),
            dead="when: on_fail" if late else "",
        )


def _pairs(node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is not None:
        yield from node.pairs()


def _fill(value: str, known: Mapping[str, str]) -> str:
    return _PARAMETER.sub(lambda m: known.get(m[1], m[0]), value) if "<<" in value else value


def _parameters(node: Node) -> dict[str, str]:
    return {k: d for k, v in _pairs(node.get("parameters")) if (d := text(v.get("default")))}


def _requires(node: Node | None) -> tuple[str, ...]:
    found = node.each() if node is not None else ()
    return tuple(text(i) or (i.keys[0] if i.keys else "") for i in found)


def _filters(node: Node | None) -> Iterator[str]:
    for kind, value in _pairs(node):
        for key, names in value.pairs():
            yield f"{kind} {key} {' '.join(strings(names))}"


def _caches(steps: tuple[Step, ...]) -> Iterator[Place]:
    for step in steps:
        if step.action and (
            step.action.name in ("restore_cache", "save_cache") or "install-packages" in step.action.name
        ):
            yield Place(step.path, step.start, step.end)
