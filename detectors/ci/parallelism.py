"""Parallel or staged pipelines: work of CI that is split up.

**What it sees.** Matrices of more than one value, shards, pipelines of several jobs with or without dependencies
between them, pytest-xdist in a test step; caches; conditions and path filters.

**Why it matters.** Feedback after two minutes changes how people work. Splitting, caching and skipping are how it
gets there.

**What it cannot tell.** How long the pipeline takes.
"""

from __future__ import annotations

from evidence.api import CiRun, Job, Observations, Pipeline, Place, Project, Signal, Site, Sites, plural

_SPLIT = ("matrix", "job", "xdist")
#: Conditions about how earlier steps ended; they skip nothing.
_OUTCOMES = ("always()", "failure()", "success()", "cancelled()")


def _statement(sites: Sites) -> str:
    parts = []
    if jobs := sites.subjects("job"):
        parts.append(f"{plural(len(jobs), 'job')} in pipelines of several")
    if sites.of("matrix"):
        parts.append("a matrix")
    if sites.of("xdist"):
        parts.append("tests spread over processes")
    if not parts:
        return "Nothing is split up in CI; tests can be run in parallel by hand."
    extra = [word for clause, word in (("cache", "caches"), ("conditional", "conditions")) if sites.of(clause)]
    return f"CI splits its work: {', '.join(parts)}" + (f"; with {' and '.join(extra)}." if extra else ".")


PARALLELISM = Signal(
    id="ci.parallelism",
    title="Parallel or staged pipelines",
    competency="ci-cd",
    seeds=("S8.2",),
    counts="A matrix, shards, several jobs (independent or staged), or pytest-xdist in CI.",
    strong="Caching and conditional parts too.",
    not_credited="One job of sequential steps, Jenkins' stages in a row among them; a matrix of one value.",
    how_to_show=(
        "Let lint and tests be separate jobs, test over the Python versions you support, and cache dependencies."
    ),
    clauses=(*_SPLIT, "cache", "conditional", "workflows", "by_hand"),
    leads=("workflows", "by_hand"),
    defining=_SPLIT,
    practised=lambda sites: sites.kinds(*_SPLIT) >= 1,
    sustained=lambda sites: sites.kinds(*_SPLIT) >= 1 and sites.has("cache", "conditional"),
    measures=lambda sites: {"jobs": len(sites.subjects("job"))},
    statement=_statement,
)
SIGNALS = (PARALLELISM,)


def detect(project: Project) -> Observations:
    """What is split, stored and skipped in live pipelines."""
    seen: set[Site] = set()
    live = [p for p in project.ci if not p.dead and p.triggers and p.triggers != ("call",)]
    for pipeline in live:
        seen.update(_pipeline_sites(pipeline))
    for run in project.ci_runs:
        if _spreads(run):
            seen.add(_site(run.chain[-1], "xdist", run.job.name))
            seen.add(_site(run.place, "xdist", run.job.name))
    seen.update(_configured_spread(project))
    if not {"matrix", "job", "xdist"} & {s.clause for s in seen}:
        seen = {s for s in seen if s.clause in _SPLIT}
        seen.update(_side_by_side(live))
        seen.update(_by_hand(project))
    yield from ((PARALLELISM, site) for site in sorted(seen, key=Site.order))


def _site(place: Place, clause: str, subject: str) -> Site:
    return Site(path=place.path, start=place.start, end=place.end, clause=clause, subject=subject)


_TALK = frozenset({"echo", "printf", "true", ":", "exit", "sleep"})


def _works(job: Job) -> bool:
    """Whether a job runs, and does more than print."""
    return not job.dead and any(
        step.action is not None or not all(c.words[:1] and c.words[0] in _TALK for c in step.commands)
        for step in job.steps
        if step.commands or (step.action is not None and step.action.name != "actions/checkout")
    )


def _pipeline_sites(pipeline: Pipeline) -> list[Site]:
    jobs = [job for job in pipeline.jobs if _works(job)]
    apart = _apart(pipeline, jobs)
    found = []
    for job in jobs:
        if job.instances > 1:
            found.append(_site(job.matrix_place or job.place, "matrix", f"{pipeline.path}:{job.name}"))
        if job in apart and set(pipeline.triggers) - {"schedule", "other"}:
            found.append(_site(job.via[0] if job.via else job.place, "job", f"{pipeline.path}:{job.name}"))
        found.extend(_site(place, "cache", job.name) for place in job.caches)
        if any(_chooses(c) for c in job.conditions):
            found.append(_site(Place(job.path, job.start, job.start), "conditional", job.name))
        for step in job.steps:
            if step.condition and _chooses(step.condition):
                found.append(_site(Place(step.path, step.start, step.end), "conditional", job.name))
    found.extend(_site(place, "conditional", pipeline.path) for place in pipeline.filters)
    return found


def _apart(pipeline: Pipeline, jobs: list[Job]) -> list[Job]:
    """The jobs of a pipeline of several. Jenkins' stages are sequential steps of one job, except side by side under
    ``parallel``."""
    if pipeline.system == "Jenkins":
        jobs = [job for job in jobs if not job.needs]
    return jobs if len(jobs) > 1 else []


def _chooses(condition: str) -> bool:
    """Whether a condition skips work, other than by the outcome of earlier steps or the name of the repository."""
    bare = "".join(condition.replace("${{", "").replace("}}", "").split()).lstrip("!")
    return bare not in _OUTCOMES and not bare.startswith(("github.repository==", "github.repository_owner=="))


def _spreads(run: CiRun) -> bool:
    if run.tool not in ("pytest", "py.test") or not run.effective:
        return False
    for at, word in enumerate(run.words):
        value = run.words[at + 1] if word in ("-n", "--numprocesses") and at + 1 < len(run.words) else ""
        if word.startswith(("--numprocesses=", "-n=")):
            value = word.partition("=")[2]
        elif word.startswith("-n") and len(word) > 2:
            value = word[2:]
        if value and value not in ("0", "1", "no"):
            return True
    return False


def _configured_spread(project: Project) -> list[Site]:
    """``-n`` among pytest's default options, when CI runs pytest."""
    if not any(run.tool == "pytest" and run.effective for run in project.ci_runs):
        return []
    found = []
    for path, data in project.data.items():
        for keys in (("pytest", "addopts"), ("tool:pytest", "addopts"), ("tool", "pytest", "ini_options", "addopts")):
            node = data.root.get(*keys) if path.endswith((".ini", ".cfg", ".toml")) else None
            words = tuple(node.text.split()) or tuple(node.texts()) if node is not None else ()
            if (
                any(w.startswith(("-n", "--numprocesses")) and w not in ("-n0", "-n1") for w in words)
                and node is not None
            ):
                found.append(_site(Place(path, node.start, node.end), "xdist", "addopts"))
    return found


def _side_by_side(live: list[Pipeline]) -> list[Site]:
    """Workflows of one job each that the same change starts."""
    single = [p for p in live if p.on_change]
    return [_site(p.trigger_place, "workflows", p.path) for p in single] if len(single) > 1 else []


def _by_hand(project: Project) -> list[Site]:
    """pytest-xdist in a Makefile that no pipeline here runs."""
    return [
        _site(Place(path, line.start, line.end), "by_hand", line.section)
        for path, commands in project.commands.items()
        if commands.kind == "makefile"
        for line in commands.lines
        if "pytest" in line.text and any(w in ("-n", "--numprocesses") for w in line.text.split())
        and not line.text.lstrip("@").startswith("ptw")
    ]  # fmt: skip
