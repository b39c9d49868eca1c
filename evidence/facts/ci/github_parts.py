"""The parts of a GitHub workflow: triggers, matrices, permissions, caches, and what can never run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from evidence.facts.ci.reading import entries, mapping, place, strings, substitute, text
from evidence.facts.ci.records import Action, Job, Permissions, Place, Service, Step
from evidence.facts.records import Node
from evidence.patterns import regex

_EVENTS = {
    "push": "push",
    "pull_request": "pull_request",
    "pull_request_target": "pull_request",
    "merge_group": "pull_request",
    "release": "release",
    "schedule": "schedule",
    "workflow_dispatch": "manual",
    "repository_dispatch": "manual",
    "workflow_call": "call",
    "workflow_run": "after",
    "create": "tag",
}
_WILDCARD = regex(r"[*?+!{\[$]")
#: Branch names that say themselves that they do not exist.
_NO_BRANCH = ("never", "nonexist", "non-exist", "does-not-exist", "doesnotexist", "no-such", "disabled", "unused")
_SETUPS_WITH_CACHE = frozenset(
    {"actions/setup-python", "actions/setup-node", "actions/setup-java", "astral-sh/setup-uv", "actions/setup-go"}
)


def elsewhere(path: str, node: Node) -> tuple[Step, ...]:
    """A job that calls another repository's workflow, as one step named by that workflow."""
    name, _, version = text(node.get("uses")).partition("@")
    if not name:
        return ()
    where = place(path, node, "uses")
    return (
        Step(name, path, where.start, where.end, action=Action(name, version, where.start, mapping(node.get("with")))),
    )


def place_of(path: str, node: Node | None, key: str) -> Place | None:
    """Where an entry stands; None when there is no such entry."""
    return place(path, node, key) if node is not None and node.get(key) is not None else None


def env(node: Node) -> dict[str, str]:
    """Environment variables by the name that expressions use."""
    return {f"env.{k}": v for k, v in mapping(node.get("env")).items()}


def defaults(node: Node) -> dict[str, str]:
    """Default values of the inputs of a reusable workflow or a composite action."""
    events = node.get("on") or node.get("true")
    declared = node.get("inputs") or (events.get("workflow_call", "inputs") if events is not None else None)
    found = {}
    for key, value in declared.pairs() if declared is not None else ():
        if default := text(value.get("default")):
            found[f"inputs.{key}"] = default
    return found


def inputs(item: Node, known: Mapping[str, str]) -> dict[str, str]:
    """The inputs of a step, known expressions filled in."""
    return {k: substitute(v, known) for k, v in mapping(item.get("with")).items()}


def pipefail(shell: str) -> bool:
    """Whether the shell notices failures within a pipe: the default one does not, ``bash`` by name does."""
    return shell == "bash" or "pipefail" in shell


def errexit(shell: str) -> bool:
    """Whether the shell stops at the first failure: GitHub's own do, a template (``bash {0}``) only when it says so."""
    return "{0}" not in shell or (" -e" in shell and " +e" not in shell) or "errexit" in shell or "python" in shell


def choices(events: Node | None) -> tuple[str, ...]:
    """The options of every input that a person chooses from."""
    given = events.get("workflow_dispatch", "inputs") if events is not None else None
    return tuple(t for _, node in (given.pairs() if given is not None else ()) for t in strings(node.get("options")))


def environment(node: Node | None, known: Mapping[str, str]) -> tuple[str, ...]:
    """The deployment environment that a job declares."""
    name = text(node) or (text(node.get("name")) if node is not None else "")
    return (substitute(name, known),) if name else ()


def services(path: str, node: Node | None) -> Iterator[Service]:
    """The service containers of a job."""
    for key, value, where in entries(path, node):
        yield Service(text(value.get("image")) or text(value) or key, where)


def permissions(path: str, node: Node) -> Permissions | None:
    """The permissions that a workflow or job states; None when it states none."""
    value = node.get("permissions")
    if value is None:
        return None
    word = text(value)
    grants = tuple((k, text(v)) for k, v in value.pairs()) if not word else (("*", word.removesuffix("-all")),)
    return Permissions(grants, place(path, node, "permissions"))


def matrix(node: Node | None) -> tuple[dict[str, int], int]:
    """Values per axis and the number of combinations (1 where it cannot be known). ``include`` alone makes rows."""
    if node is None or node.kind != "map":
        return ({"expression": 2}, 2) if text(node) else ({}, 1)
    axes = {k: width(v) for k, v in node.pairs() if k not in ("include", "exclude")}
    rows = 1
    for count in axes.values():
        rows = min(rows * max(count, 1), 256)
    included, excluded = len((node.get("include") or node).each()), len((node.get("exclude") or node).each())
    included, excluded = (included if node.get("include") else 0), (excluded if node.get("exclude") else 0)
    if not axes:
        rows = included or (2 if text(node.get("include")) else 1)
        return {"include": rows}, rows
    new = sum(not extends(row, node) for row in (node.get("include") or node).items) if included else 0
    return axes, max(rows - excluded, 1) + new


def values(node: Node | None) -> dict[str, tuple[str, ...]]:
    """The plain values of every axis and include column; of an axis of mappings, ``axis.key``."""
    found: dict[str, dict[str, None]] = {}
    for key, axis in node.pairs() if node is not None else ():
        for item in axis.each()[:64]:
            if item.kind != "map":
                found.setdefault(key, {})[text(item)] = None
            for inner, value in item.pairs():
                name = inner if key == "include" else f"{key}.{inner}"
                found.setdefault(name, {})[text(value)] = None
    return {key: tuple(v for v in values if v) for key, values in found.items() if key != "include"}


def width(node: Node) -> int:
    """How many values an axis has; an expression (fromJSON of another job) is taken for two."""
    return 2 if "${{" in text(node) else len(node.each())


def extends(row: Node, matrix: Node) -> bool:
    """Whether an include row only adds to combinations that are there already."""
    shared = [(k, text(v)) for k, v in row.pairs() if k in matrix.keys]
    return bool(shared) and all(value in strings(matrix.get(key)) for key, value in shared)


def triggers(path: str, events: Node | None, paths: frozenset[str]) -> tuple[tuple[str, ...], str, tuple[Place, ...]]:
    """Normalised triggers, why none of them can fire, and the places that filter by path."""
    if events is None:
        return (), "no trigger", ()
    found: dict[str, str] = {}
    filters: list[Place] = []
    if events.kind != "map":
        found = {_EVENTS.get(name, "other"): "" for name in events.texts()}
    for event, node, _where in entries(path, events):
        kind = _EVENTS.get(event, "other")
        dead = dead_trigger(event, node) or no_such_path(event, node, paths)
        if (
            event == "push"
            and node.get("tags") is not None
            and not (node.get("branches") or node.get("branches-ignore"))
        ):
            kind = "tag"
        if kind == "pull_request" and strings(node.get("types")) == ("closed",):
            kind = "other"
        found[kind] = dead if found.get(kind, dead) else ""
        filters.extend(place(path, node, key) for key in ("paths", "paths-ignore") if node.get(key) is not None)
    live = tuple(kind for kind, dead in found.items() if not dead)
    return live, "" if live else next(iter(found.values()), "no trigger"), tuple(filters)


def dead_trigger(event: str, node: Node) -> str:
    """Why an event can never start the workflow ("" when it can)."""
    for key in ("branches", "paths", "tags"):
        value = node.get(key)
        if value is not None and value.kind == "list" and not value.items:
            return f"{event} on no {key}"
    for key in ("branches-ignore", "paths-ignore"):
        if {"**", "*"} & set(strings(node.get(key))) and "**" in (*strings(node.get(key)), "**"):
            return f"{event} ignores everything"
    branches = strings(node.get("branches"))
    if branches and all(any(word in b.lower() for word in _NO_BRANCH) for b in branches):
        return f"{event} on branches that do not exist"
    return ""


def no_such_path(event: str, node: Node, paths: frozenset[str]) -> str:
    """Why the path filter of an event never lets it through: none of its patterns can match a file there is."""
    patterns = [p for p in strings(node.get("paths")) if not p.startswith("!")]
    heads = tuple(_WILDCARD.split(p, maxsplit=1)[0].removeprefix("./") for p in patterns)
    if heads and paths and not any(path.startswith(heads) for path in paths):
        return f"{event} on paths that do not exist"
    return ""


def caches(steps: tuple[Step, ...]) -> Iterator[Place]:
    """The steps that store or restore a cache."""
    for step in steps:
        action = step.action
        if action is None:
            continue
        stored = action.name.startswith("actions/cache") or action.name.endswith("/rust-cache")
        setup = action.name in _SETUPS_WITH_CACHE and action.inputs.get("cache", "") not in ("", "false")
        uv = action.name == "astral-sh/setup-uv" and action.inputs.get("enable-cache", "") == "true"
        layers = any("type=gha" in action.inputs.get(key, "") for key in ("cache-from", "cache-to"))
        if stored or setup or uv or layers:
            yield Place(step.path, step.start, step.end)


def checks_out_other(steps: tuple[Step, ...]) -> bool:
    """Whether the job works on another repository's code only."""
    found = [s.action.inputs.get("repository", "") for s in steps if s.action and s.action.name == "actions/checkout"]
    return bool(found) and all(name and "github.repository" not in name for name in found)


def not_for(jobs: tuple[Job, ...], triggers: tuple[str, ...], events: Node | None) -> tuple[Job, ...]:
    """Mark jobs whose condition asks for an event that never starts this workflow."""
    names = set(events.keys if events is not None and events.kind == "map" else strings(events))
    if not names or "call" in triggers:
        return jobs
    return tuple(
        replace(job, dead=f"if: {c}") if not job.dead and (c := foreign_event(job.conditions, names)) else job
        for job in jobs
    )


def foreign_event(conditions: tuple[str, ...], names: set[str]) -> str:
    """The condition that asks for an event which never starts the workflow; "" when there is none."""
    for condition in conditions:
        flat = "".join(condition.replace("${{", "").replace("}}", "").split())
        for quote in "'\"":
            head = f"github.event_name=={quote}"
            if flat.startswith(head) and "||" not in flat and flat[len(head) :].split(quote)[0] not in names:
                return condition
    return ""


def after_dead(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """A job that needs one that never runs never runs either, unless it says ``always()``."""
    dead = {job.name for job in jobs if job.dead}
    out = list(jobs)
    for _round in range(min(len(jobs), 20)):
        before = len(dead)
        for at, job in enumerate(out):
            stubborn = any("always()" in c or "cancelled()" in c for c in job.conditions)
            lost = next((n for n in job.needs if n in dead), "")
            if lost and not job.dead and not stubborn:
                out[at] = replace(job, dead=f"needs {lost}, which never runs")
                dead.add(job.name)
        if len(dead) == before:
            break
    return tuple(out)
