"""Taskcluster: the tasks of ``.taskcluster.yml``, and those that its decision task makes of the kinds of a taskgraph.

A taskgraph keeps one ``kind.yml`` per kind of task; each task there is merged with the defaults of its kind. Source:
taskcluster-taskgraph.readthedocs.io, "Kinds" and "Run".
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from evidence.facts.ci.reading import entries, mapping, place, script, strings, text
from evidence.facts.ci.records import CiInputs, Job, Pipeline, Place, Step
from evidence.facts.records import Node
from evidence.facts.shell.lines import split
from evidence.patterns import regex

_PATH = ".taskcluster.yml"
_KIND = regex(r"taskcluster/(?:kinds|ci)/([\w.-]{1,80})/kind\.ya?ml")
# ``{checkout}`` and kin are filled in by the graph; what they stand for is not known here.
_FILLED_IN = regex(r"(?<!\$)\{[a-z_]{1,40}\}")
_CHOOSES = ("run-on-tasks-for", "run-on-git-branches", "run-on-projects", "optimization", "when", "if")
_MAX_WALK = 20_000


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """One pipeline with every task, when the repository has a decision task."""
    if _PATH not in inputs.data:
        return
    root = inputs.data[_PATH].root
    written = list(_written(root))
    jobs = (*written, *_with_needs(list(_graph(inputs))))
    if jobs:
        where = Place(_PATH, root.start, root.end)
        triggers = tuple(_triggers(root)) or ("push", "pull_request")
        yield Pipeline(path=_PATH, system="Taskcluster", jobs=jobs, triggers=triggers, trigger_place=where)


def _triggers(root: Node) -> dict[str, None]:
    found: dict[str, None] = {}
    for count, node in enumerate(root.walk()):
        if count > _MAX_WALK:
            break
        if node.kind not in ("map", "list"):
            for word, kind in (("pull", "pull_request"), ("push", "push"), ("release", "release")):
                if word in node.text:
                    found[kind] = None
    return found


def _written(root: Node) -> Iterator[Job]:
    """Every task with a payload; its command is a list of words, or of such lists."""
    for count, node in enumerate(root.walk()):
        if count > _MAX_WALK:
            break
        command = node.get("payload", "command")
        if node.kind == "map" and command is not None:
            yield Job(
                name=text(node.get("metadata", "name")) or f"task {node.start}",
                path=_PATH,
                start=node.start,
                end=node.end,
                steps=_steps(_PATH, command, mapping(node.get("payload", "env"))),
                image=text(node.get("payload", "image")),
            )


def _steps(path: str, command: Node, env: dict[str, str], directory: str = "") -> tuple[Step, ...]:
    words = [n for n in command.walk() if n.kind not in ("map", "list")]
    if len(words) > 1 and not any(" " in n.text for n in words):
        # the words of one command: ``[uv, run, tox]``
        told = split(" ".join(_FILLED_IN.sub("", n.text) for n in words), first_line=command.start)
        return (
            Step("command", path, command.start, max(command.start, command.end), told, directory=directory, env=env),
        )
    return tuple(
        Step(
            name="command",
            path=path,
            start=n.start,
            end=max(n.start, n.end),
            commands=script(n, fill=lambda body: _FILLED_IN.sub("", body)),
            directory=directory,
            env=env,
        )
        for n in words
        if " " in n.text or len(words) == 1
    )


def _graph(inputs: CiInputs) -> Iterator[tuple[Job, str, tuple[str, ...]]]:
    """The tasks of all kinds, each with its kind and the kinds that must end before it starts."""
    for path in sorted(inputs.data):
        if match := _KIND.fullmatch(path):
            root = inputs.data[path].root
            before = strings(root.get("kind-dependencies"))
            for section in ("tasks", "jobs"):
                shared = root.get(f"{section.removesuffix('s')}-defaults") or Node("map", 1, 1)
                for name, node, where in entries(path, root.get(section)):
                    if node.kind == "map":
                        yield _task(f"{match[1]}-{name}", node, shared, where), match[1], before


def _task(name: str, node: Node, shared: Node, where: Place) -> Job:
    def either(*keys: str) -> Node | None:
        return node.get(*keys) or shared.get(*keys)

    command = either("run", "command") or either("worker", "command")
    inside = _FILLED_IN.sub("", text(either("run", "cwd"))).strip("/")
    env = {**mapping(shared.get("worker", "env")), **mapping(node.get("worker", "env"))}
    holder = node if node.get("run", "use-caches") is not None else shared
    kept = holder.get("run", "use-caches")
    return Job(
        name=name,
        path=where.path,
        start=where.start,
        end=where.end,
        steps=_steps(where.path, command, env, inside) if command is not None else (),
        needs=tuple(mapping(either("dependencies")).values()),
        conditions=tuple(key for key in _CHOOSES if either(key) is not None),
        caches=(place(where.path, kept),) if kept is not None and kept.kind == "list" else (),
    )


def _with_needs(found: list[tuple[Job, str, tuple[str, ...]]]) -> Iterator[Job]:
    """Jobs that wait for all tasks of the kinds that theirs depends on."""
    names: dict[str, list[str]] = {}
    for job, kind, _before in found:
        names.setdefault(kind, []).append(job.name)
    for job, _kind, before in found:
        earlier = [name for kind in before for name in names.get(kind, ())][:200]
        yield replace(job, needs=tuple(dict.fromkeys((*job.needs, *earlier))))
