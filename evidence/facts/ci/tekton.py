"""Tekton: the pipeline runs in ``.tekton/`` that Pipelines as Code starts on pushes and pull requests.

A run holds its pipeline or names one, of the same folder or of elsewhere; a task has steps of its own or is one of a
catalogue. Sources: pipelinesascode.com ("PipelineRun"), tekton.dev ("Pipelines"), and the catalogue of Konflux, whose
pipelines take the image to push as ``output-image``.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.ci.reading import script, strings, text
from evidence.facts.ci.records import Action, CiInputs, Job, Pipeline, Place, Step
from evidence.facts.records import Node
from evidence.facts.shell.lines import Simple
from evidence.patterns import regex

_PATH = regex(r"\.tekton/(?:[\w.-]{1,80}/){0,3}[\w.-]{1,120}\.ya?ml")
_STARTS = regex(r"pipelinesascode\.tekton\.dev/on-(?:event|cel-expression|comment|target-branch)")
# A task of the catalogue that is told by the beginning of its name: ``buildah-oci-ta`` is a buildah.
_CATALOGUE = (
    "buildah",
    "kaniko",
    "s2i",
    "clair-scan",
    "sast-snyk-check",
    "skopeo-copy",
    "kubernetes-actions",
    "pytest",
)
_IMAGES = ("output-image", "output_image", "image-url", "IMAGE")


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """One pipeline for each run that something starts."""
    roots = [(p, r) for p in sorted(inputs.data) if _PATH.fullmatch(p) for r in inputs.data[p].roots]
    named = {text(r.get("metadata", "name")): (p, r) for p, r in roots if text(r.get("kind")) == "Pipeline"}
    for path, root in roots:
        triggers = _triggers(root) if text(root.get("kind")) == "PipelineRun" else ()
        if triggers:
            where, spec = _spec(path, root, named)
            jobs = tuple(_jobs(where, spec, pushes="push" in triggers)) or tuple(_elsewhere(path, root, triggers))
            if jobs:
                at = Place(path, root.start, root.end)
                yield Pipeline(path=path, system="Tekton", jobs=jobs, triggers=triggers, trigger_place=at)


def _triggers(root: Node) -> tuple[str, ...]:
    notes = root.get("metadata", "annotations")
    told = " ".join(v.text for k, v in (notes.pairs() if notes is not None else ()) if _STARTS.fullmatch(k))
    return tuple(kind for word, kind in (("push", "push"), ("pull", "pull_request")) if word in told)


def _spec(path: str, root: Node, named: dict[str, tuple[str, Node]]) -> tuple[str, Node | None]:
    """The pipeline that a run holds or names, and the file it is in."""
    own = root.get("spec", "pipelineSpec")
    if own is not None:
        return path, own
    other = named.get(text(root.get("spec", "pipelineRef", "name")))
    return (other[0], other[1].get("spec")) if other is not None else (path, None)


def _jobs(path: str, spec: Node | None, *, pushes: bool) -> Iterator[Job]:
    """A job for each task; what runs after others waits for them."""
    tasks = [
        t for key in ("tasks", "finally") if spec is not None and (n := spec.get(key)) is not None for t in n.each()
    ]
    for task in tasks:
        where = Place(path, task.start, max(task.start, task.end))
        steps = list(_steps(path, task, pushes=pushes))
        if steps:
            yield Job(
                name=text(task.get("name")), path=path, start=where.start, end=where.end, steps=tuple(steps),
                needs=strings(task.get("runAfter")),
            )  # fmt: skip


def _steps(path: str, task: Node, *, pushes: bool) -> Iterator[Step]:
    own = task.get("taskSpec", "steps")
    for item in own.each() if own is not None else ():
        start, end = item.start, max(item.start, item.end)
        words = (*strings(item.get("command")), *strings(item.get("args")))
        commands = script(item.get("script")) or ((Simple(words, (), start, end),) if words else ())
        yield Step(name=text(item.get("name")), path=path, start=start, end=end, commands=commands)
    if own is None:
        name = next((n for n in _CATALOGUE if _called(task).startswith(n)), "")
        kind = f"{name}-push" if name in ("buildah", "kaniko") and pushes else name
        start, end = task.start, max(task.start, task.end)
        action = Action(f"tekton/{kind or _called(task)}", "", start)
        yield Step(name=text(task.get("name")), path=path, start=start, end=end, action=action)


def _called(task: Node) -> str:
    """The name of the catalogue's task: said directly, or among the parameters of what resolves it."""
    return text(task.get("taskRef", "name")) or _parameter(task.get("taskRef", "params"), ("name",))[0]


def _parameter(listed: Node | None, names: tuple[str, ...]) -> tuple[str, Node | None]:
    for item in listed.each() if listed is not None else ():
        if text(item.get("name")) in names:
            return text(item.get("value")), item
    return "", None


def _elsewhere(path: str, root: Node, triggers: tuple[str, ...]) -> Iterator[Job]:
    """A run of a pipeline that lies elsewhere: where it is told an image to put out, it builds and pushes that."""
    image, item = _parameter(root.get("spec", "params"), _IMAGES)
    if image and item is not None:
        action = Action("tekton/buildah-push" if "push" in triggers else "tekton/buildah", "", item.start)
        end = max(item.start, item.end)
        step = Step(name="output-image", path=path, start=item.start, end=end, action=action)
        yield Job(name=text(root.get("metadata", "name")), path=path, start=item.start, end=end, steps=(step,))
