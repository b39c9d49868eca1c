"""Travis CI: the version matrix, included jobs, stages, services and deploy providers."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from evidence.facts.ci.reading import mapping, never, place, script, strings, text
from evidence.facts.ci.records import Action, CiInputs, Job, Pipeline, Place, Service, Step
from evidence.facts.records import Node

_AXES = ("python", "os", "arch", "node_js", "rvm", "jdk", "go")
# What runs after the result is known cannot change it.
_AFTER = ("after_success", "after_script")
_SCRIPTS = ("before_install", "install", "before_script", "script", *_AFTER, "before_deploy")
_NAMES = (".travis.yml", ".travis.yaml")


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """The configuration at the root, or of the project a template makes."""
    for path in sorted(p for p in inputs.data if p.rsplit("/", 1)[-1].removesuffix(".jinja") in _NAMES):
        root = path.rpartition("/")[0]
        if root and "{{" not in root:
            continue
        node = inputs.data[path].root
        jobs = tuple(_jobs(path, node, root))
        if jobs:
            branches = strings(node.get("branches", "only"))
            dead = "branches that do not exist" if branches and all("never" in b for b in branches) else ""
            anchor = place(path, node, "script") if node.get("script") is not None else jobs[0].place
            yield Pipeline(
                path=path, system="Travis CI", jobs=jobs, triggers=("push", "pull_request"), trigger_place=anchor,
                root=root,
                dead=dead, stages=tuple(dict.fromkeys(j.stage for j in jobs if j.stage)),
            )  # fmt: skip


def _jobs(path: str, node: Node, root: str) -> Iterator[Job]:
    """The job that the top level describes, multiplied by its matrix, and every included one."""
    parent = node.get("jobs") or node.get("matrix") or Node("map", 1, 1)
    included = parent if parent.kind == "list" else parent.get("include")
    rows = [row for row in (included.each() if included is not None else ()) if row.kind == "map"]
    axes = {k: len(strings(node.get(k))) for k in _AXES if len(strings(node.get(k))) > 1}
    envs = node.get("env", "matrix") or node.get("env", "jobs") or node.get("env")
    if envs is not None and envs.kind == "list" and len(envs.items) > 1:
        axes["env"] = len(envs.items)
    instances = 1
    for count in axes.values():
        instances = min(instances * count, 256)
    env = _tox_environments(rows, parent)
    own = [row for row in rows if row.get("script") is not None]
    plain = len(rows) - len(own)
    if node.get("script") is not None or plain or not rows:
        if plain:
            instances = plain + (instances if axes else 0)
            axes["include"] = plain
        job = _job(path, node, root, axes, max(instances, 1), _matrix_place(path, node, axes))
        yield replace(job, steps=tuple(replace(step, env=env) for step in job.steps)) if env else job
    for row in own:
        yield _job(path, row, root, {}, 1, None, node)


def _tox_environments(rows: list[Node], parent: Node) -> dict[str, str]:
    """What tox runs over the rows together, those left out that may fail; nothing where no row names it or none may
    fail."""
    allowed = parent.get("allow_failures") if parent.kind == "map" else None
    if allowed is None:
        return {}
    tolerated = {t for row in allowed.each() if row.kind == "map" for t in strings(row.get("env"))}
    named = [t for row in rows for t in strings(row.get("env")) if t.startswith("TOXENV=")]
    kept = [t.partition("=")[2] for t in named if t not in tolerated]
    return {"TOXENV": ",".join(kept)} if kept and len(kept) < len(named) else {}


def _matrix_place(path: str, node: Node, axes: dict[str, int]) -> Place | None:
    for key in axes:
        if node.get(key) is not None:
            return place(path, node, key)
    return next((place(path, node, k) for k in ("jobs", "matrix") if axes and node.get(k) is not None), None)


def _job(
    path: str,
    node: Node,
    root: str,
    axes: dict[str, int],
    instances: int,
    where: Place | None,
    base: Node | None = None,
) -> Job:
    base = base or node
    condition = text(node.get("if"))
    steps = (*_steps(path, node, base, root), *_deploys(path, node, root))
    cache = node.get("cache") or base.get("cache")
    script_node = node.get("script")
    start = (
        node.start
        if node is not base
        else (place(path, node, "script").start if script_node is not None else node.start)
    )
    end = node.end if node is not base else (place(path, node, "script").end if script_node is not None else node.end)
    return Job(
        name=text(node.get("name")) or text(node.get("stage")) or "travis",
        path=path,
        start=start,
        end=end,
        steps=steps,
        instances=instances,
        matrix=axes,
        matrix_place=where,
        services=tuple(_services(path, base)),
        conditions=(condition,) if condition else (),
        stage=text(node.get("stage")),
        dead=f"if: {condition}" if condition and never(condition) else "",
        caches=(Place(path, cache.start, cache.end),) if cache is not None and text(cache) != "false" else (),
    )


def _steps(path: str, node: Node, base: Node, root: str) -> Iterator[Step]:
    for key in _SCRIPTS:
        own = node.get(key) is not None
        value = node.get(key) or base.get(key)
        for item in value.each() if value is not None else ():
            holder = node if own else base
            start = holder.line_of(key) if value is not None and value.kind != "list" else item.start
            yield Step(
                name=key, path=path, start=start, end=max(start, item.end),
                commands=script(item, pipefail=False), directory=root, cannot_fail=key if key in _AFTER else "",
            )  # fmt: skip


def _deploys(path: str, node: Node, root: str) -> Iterator[Step]:
    value = node.get("deploy")
    for item in value.each() if value is not None else ():
        provider = text(item.get("provider")) or text(item)
        if provider:
            commands = script(item.get("script"), pipefail=False)
            action = None if provider == "script" else Action(f"travis/{provider}", "", item.start, mapping(item))
            yield Step(
                name="deploy", path=path, start=item.start, end=max(item.start, item.end), commands=commands,
                action=action, directory=root, condition=" ".join(strings(item.get("on", "branch"))),
            )  # fmt: skip


def _services(path: str, node: Node) -> Iterator[Service]:
    for key in ("services",):
        value = node.get(key)
        for name in strings(value):
            yield Service(name, place(path, node, key))
    for addon in ("postgresql", "mariadb", "rethinkdb"):
        if node.get("addons", addon) is not None:
            yield Service(addon, place(path, node, "addons"))
