"""Every command that the pipelines run, followed to the tool and told apart by kind."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import islice, product

from msgspec.structs import replace

from evidence.facts.ci import compose, scripts
from evidence.facts.ci.programs import program
from evidence.facts.ci.records import CiInputs, CiRun, Job, Pipeline, Place, Resolved, Service, Step
from evidence.facts.ci.resolve import Context, Resolver
from evidence.facts.ci.tools import action_words, classify
from evidence.facts.ci.wrappers import unwrap
from evidence.facts.shell.lines import Simple, split
from evidence.patterns import regex

_MATRIX = regex(r"\$\{\{\s?matrix\.([\w.-]{1,80})[^}]{0,120}\}\}")
_MAKE = frozenset({"make", "gmake", "just", "task"})
_CHECKING = frozenset({"test", "test-other", "lint", "format", "type"})
_MAX_VARIANTS = 12
_MAX_RUNS = 20_000


def ci_runs(inputs: CiInputs, pipelines: tuple[Pipeline, ...]) -> tuple[CiRun, ...]:
    """Every command of every step, dead ones included, in the order of the files; at most 20,000."""
    resolver = Resolver(inputs)
    out: list[CiRun] = []
    for pipeline in pipelines:
        for job in pipeline.jobs:
            beside = _beside(resolver, pipeline, job)
            for step in job.steps:
                out.extend(islice(_of_step(resolver, pipeline, job, step, beside), _MAX_RUNS - len(out)))
    return tuple(out)


def _beside(resolver: Resolver, pipeline: Pipeline, job: Job) -> tuple[Service, ...]:
    """Backing services of a job: its own, and those that a step starts with ``docker compose up``, by itself or through
    a target that it makes. The stages of a Jenkinsfile share a machine, and what one of them started."""
    found = [s for s in job.services if compose.is_backing(s.image)]
    sharing = pipeline.jobs if pipeline.system == "Jenkins" else (job,)
    for step in (s for j in sharing for s in j.steps):
        for command in step.commands:
            runs = [unwrap(command.words).words] if "up" in command.words else []
            if command.words and program(command.words[0]) in _MAKE:
                place = Place(step.path, command.start, command.end)
                context = Context(directory=step.directory, root=pipeline.root, env=step.env, chain=(place,))
                runs += [r.words for r in resolver.resolve(command, context)]
            for words in runs:
                if words and words[0] in ("docker", "docker-compose") and "up" in words:
                    files = tuple(words[i + 1] for i, w in enumerate(words[:-1]) if w in ("-f", "--file"))
                    found.extend(compose.backing(resolver.inputs, files, step.directory, step.env))
    return tuple(dict.fromkeys(found))


def _of_step(
    resolver: Resolver, pipeline: Pipeline, job: Job, step: Step, beside: tuple[Service, ...]
) -> Iterator[CiRun]:
    directory = step.directory
    lead = tuple(place for place in (step.via or job.via)[:1] if place.path != step.path)
    for command, env in _variants(job, step):
        if command.words[:1] == ("cd",) and len(command.words) > 1:
            directory = resolver.changed(directory, command.words[1])
        place = Place(step.path, command.start, command.end)
        context = Context(directory=directory, root=pipeline.root, env=env, chain=(*lead, place), services=beside)
        for resolved in resolver.resolve(command, context):
            yield _run(pipeline, job, step, resolved)


def _variants(job: Job, step: Step) -> Iterator[tuple[Simple, dict[str, str]]]:
    """The commands of a step; where they (or the environment) use matrix values, once for each value."""
    commands = list(scripts.selected(step.commands, ()))
    if step.action is not None and (words := action_words(step.action)):
        commands.append(Simple(words, (), step.start, step.end))
    env = step.env
    for command in commands:
        names = {m for text in (*command.words, *env.values()) for m in _MATRIX.findall(text)}
        known = [(name, job.values[name]) for name in sorted(names) if job.values.get(name)]
        for _count, choice in zip(range(_MAX_VARIANTS), product(*(values for _n, values in known)), strict=False):
            given = dict(zip((name for name, _v in known), choice, strict=True))
            filled = {k: _fill(v, given) for k, v in env.items()}
            yield from ((part, filled) for part in _filled(command, given))


def _filled(command: Simple, given: dict[str, str]) -> Iterator[Simple]:
    """The command with matrix values put in. A value in the place of a whole word may be several words, or
    commands: the shell splits what it is given."""
    words = tuple(_fill(w, given) for w in command.words)
    if not any(_MATRIX.fullmatch(old) and " " in new for old, new in zip(command.words, words, strict=True)):
        yield replace(command, words=words) if given else command
        return
    text = " ".join(
        new if _MATRIX.fullmatch(old) else shlex.quote(new) for old, new in zip(command.words, words, strict=True)
    )
    for part in split(text):
        yield replace(
            part,
            start=command.start,
            end=command.end,
            swallowed=command.swallowed or part.swallowed,
            assigned=(*command.assigned, *part.assigned),
        )


def _fill(text: str, given: dict[str, str]) -> str:
    return _MATRIX.sub(lambda m: given.get(m[1], m[0]), text) if "${{" in text else text


def _run(pipeline: Pipeline, job: Job, step: Step, resolved: Resolved) -> CiRun:
    verdict = classify(resolved.words)
    muted = verdict.muted or resolved.swallowed or step.cannot_fail or job.allowed_to_fail
    if job.manual and _CHECKING.issuperset(verdict.kinds):  # what a person starts may as well not be started
        muted = muted or "started by hand"
    return CiRun(
        pipeline=pipeline,
        job=job,
        step=step,
        words=resolved.words,
        tool=verdict.tool,
        kinds=verdict.kinds,
        chain=resolved.chain,
        muted=muted,
        services=resolved.services,
    )
