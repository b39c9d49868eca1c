"""Zuul: the jobs that a project's pipelines name, and what they run as far as this repository tells.

A job runs its playbooks; many only set the tox environment for a parent that lives elsewhere, or say it in their name
(``openstack-tox-pep8``). Sources: zuul-ci.org/docs ("Project Configuration"), and the jobs of opendev.org
(openstack-zuul-jobs, zuul-jobs).
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.ci.reading import script, strings, text
from evidence.facts.ci.records import Action, CiInputs, Job, Pipeline, Place, Step
from evidence.facts.records import Node
from evidence.facts.shell.lines import Simple
from evidence.patterns import regex

_PATH = regex(r"\.?zuul\.ya?ml|\.?zuul\.d/[\w./-]{1,200}\.ya?ml")
# A pipeline's name says by custom what starts it; any other name stands for one that looks at changes.
_STARTED = {
    "post": "push", "promote": "push", "tag": "tag", "release": "tag", "pre-release": "tag",
    "experimental": "manual", "deploy": "push",
}  # fmt: skip
_RUNNER = regex(r"(?:^|-)(tox|nox)-([a-z][\w.-]{0,60})$")
# Templates that many projects share, with the tox environments they run.
_TEMPLATES = (
    (regex(r"openstack-python3?[\w-]{0,40}-jobs[\w-]{0,40}"), ("pep8", "py3")),
    (regex(r"openstack-cover-jobs[\w-]{0,40}"), ("cover",)),
    (regex(r"publish-openstack-docs-pti|docs-on-readthedocs"), ("docs",)),
)
_SHELLS = frozenset({"shell", "command", "script", "ansible.builtin.shell", "ansible.builtin.command"})
_MAX_PARENTS, _MAX_TASKS = 8, 500


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """One pipeline for each project stanza."""
    items = [
        (path, item)
        for path in sorted(inputs.data)
        if _PATH.fullmatch(path)
        for root in inputs.data[path].roots
        for item in root.each()
        if item.kind == "map"
    ]
    if items:
        yield from _Configuration(inputs, items).pipelines()


class _Configuration:
    def __init__(self, inputs: CiInputs, items: list[tuple[str, Node]]) -> None:
        self.inputs = inputs
        self.projects = [(path, node) for path, item in items if (node := item.get("project")) is not None]
        self.jobs = {text(n.get("name")): (path, n) for path, item in items if (n := item.get("job")) is not None}
        self.templates = {
            text(n.get("name")): (path, n) for path, item in items if (n := item.get("project-template")) is not None
        }

    def pipelines(self) -> Iterator[Pipeline]:
        for path, project in self.projects:
            triggers: dict[str, None] = {}
            jobs: dict[str, Job] = {}
            for trigger, job in self._named(path, project):
                triggers[trigger] = None
                jobs.setdefault(job.name, job)
            if jobs:
                where = Place(path, project.start, project.end)
                yield Pipeline(
                    path=path, system="Zuul", jobs=tuple(jobs.values()), triggers=tuple(triggers), trigger_place=where
                )

    def _named(self, path: str, project: Node) -> Iterator[tuple[str, Job]]:
        """Every job that the project's pipelines run, by what starts it."""
        templates = project.get("templates")
        for item in templates.each() if templates is not None else ():
            name = text(item)
            if name in self.templates:
                yield from self._listed(*self.templates[name])
            else:
                where = Place(path, item.start, item.end)
                yield from (("pull_request", _tox(env, where)) for env in _shared(name))
        yield from self._listed(path, project)

    def _listed(self, path: str, holder: Node) -> Iterator[tuple[str, Job]]:
        for name, node in holder.pairs():
            listed = node.get("jobs") if node.kind == "map" else None
            trigger = "schedule" if name.startswith("periodic") else _STARTED.get(name, "pull_request")
            for item in listed.each() if listed is not None else ():
                if key := text(item) or (item.keys[0] if item.keys else ""):
                    yield trigger, self._job(key, path, item, by_hand=trigger == "manual")

    def _job(self, name: str, path: str, item: Node, *, by_hand: bool) -> Job:
        """A job as a pipeline names it; what it says of itself comes from its definitions here, nearest first."""
        own = item.items[0] if item.kind == "map" and item.items else Node("map", item.start, item.end)
        known = [(path, own), *self._definitions(name)]
        ignored = "voting: false" if any(text(n.get("voting")) == "false" for _p, n in known[:2]) else ""
        return Job(
            name=name,
            path=path,
            start=item.start,
            end=max(item.start, item.end),
            steps=tuple(self._steps(name, Place(path, item.start, max(item.start, item.end)), known)),
            needs=strings(own.get("dependencies")),
            conditions=tuple(key for key in ("files", "irrelevant-files") if any(n.get(key) for _p, n in known)),
            manual=by_hand,
            allowed_to_fail=ignored,
        )

    def _definitions(self, name: str) -> Iterator[tuple[str, Node]]:
        for _round in range(_MAX_PARENTS):
            if name not in self.jobs:
                return
            path, node = self.jobs[name]
            yield path, node
            name = text(node.get("parent"))

    def _steps(self, name: str, where: Place, known: list[tuple[str, Node]]) -> Iterator[Step]:
        """The playbooks' commands; else the tox environment that is set or that a name tells."""
        for _path, node in known:
            found = [step for play in strings(node.get("run")) for step in self._playbook(play, where)]
            if found:
                yield from found
                return
            for tool, key in (("tox", "tox_envlist"), ("nox", "nox_session")):
                asked = node.get("vars", key)
                if asked is not None and text(asked):
                    yield _run(tool, text(asked), where)
                    return
        names = [name, *(text(node.get("parent")) for _path, node in known)]
        match = next((m for n in names if (m := _RUNNER.search(n))), None)
        if match is not None:
            yield _run(match[1], match[2], where)
        else:
            action = Action(name, "", where.start)
            yield Step(name=name, path=where.path, start=where.start, end=where.end, action=action)

    def _playbook(self, path: str, where: Place) -> Iterator[Step]:
        data = self.inputs.data.get(path)
        for count, node in enumerate(data.root.walk() if data is not None else ()):
            if count > _MAX_TASKS:
                return
            for key, value in node.pairs() if node.kind == "map" else ():
                body = (value.get("cmd") or value) if value.kind == "map" else value
                if key in _SHELLS and body.kind not in ("map", "list", "null"):
                    commands = script(body)
                    yield Step(
                        name=text(node.get("name")), path=path, start=body.start, end=max(body.start, body.end),
                        commands=commands, via=(where,),
                    )  # fmt: skip


def _shared(name: str) -> tuple[str, ...]:
    return next((envs for pattern, envs in _TEMPLATES if pattern.fullmatch(name)), ())


def _run(tool: str, asked: str, where: Place) -> Step:
    """A step that starts tox or nox."""
    words = (tool, "-e" if tool == "tox" else "-s", asked)
    command = Simple(words, (), where.start, where.end)
    return Step(name=" ".join(words), path=where.path, start=where.start, end=where.end, commands=(command,))


def _tox(environment: str, where: Place) -> Job:
    name = f"tox-{environment}"
    return Job(name=name, path=where.path, start=where.start, end=where.end, steps=(_run("tox", environment, where),))
