"""Automated deployment: the pipeline ships what it built.

**What it sees.** Steps that push images, apply manifests, call a platform's deployment tool or action, or publish a
package; the environments they name, approvals, checks after the deployment and ways back.

**Why it matters.** A release that a machine does the same way every time can be done often, by anyone, and undone.

**What it cannot tell.** Whether the deployment succeeds, or who must approve it: rules of an environment live in the
forge's settings.
"""

from __future__ import annotations

import re

from evidence.api import (
    CiRun,
    Job,
    Observations,
    Place,
    Project,
    Signal,
    Site,
    Sites,
    built_for_tests,
    put_to_work,
    regex,
)

_ENVIRONMENTS = {
    "prod": "production",
    "production": "production",
    "live": "production",
    "staging": "staging",
    "stage": "staging",
    "stg": "staging",
    "dev": "development",
    "development": "development",
    "qa": "qa",
    "uat": "uat",
    "test": "test",
    "preprod": "preproduction",
    "sandbox": "sandbox",
    "demo": "demo",
}
_BRANCH = regex(r"[a-z][\w-]{1,30}")
_WORD = regex(r"[a-z]{2,20}")
# A variable that an earlier step writes for the later ones of its job, chosen by the branch.
_TOLD = regex(r"(?:[A-Z]{2,20}_)?(?:ENV|ENVIRONMENT|STAGE|TAG)(?:_NAME)?=[\"']?([a-z]{2,12})[\"']?")
_CALLED = regex(r"/\.github/workflows/[^@]{0,60}(?:deploy|(?<![a-z])cd(?![a-z]))")
_HEALTH = ("health", "smoke", "status", "ping", "ready", "alive")
_GRADUAL = (
    "--atomic", "canary", "blue-green", "bluegreen", "--strategy=rolling", "rolling", "--no-traffic", "rollback",
)  # fmt: skip
#: Files by which a platform deploys without a pipeline here.
_MANIFESTS = frozenset({
    "Procfile", "render.yaml", "fly.toml", "app.yaml", "heroku.yml", "captain-definition", "zappa_settings.json",
    "serverless.yml", "railway.json", "railway.toml", "nixpacks.toml", "vercel.json", "Dockerrun.aws.json",
    "manifest.yml", "koyeb.yaml",
})  # fmt: skip
_NAMED = (
    ("pyproject.toml", ("project", "name")),
    ("pyproject.toml", ("tool", "poetry", "name")),
    ("setup.cfg", ("metadata", "name")),
)
_EXTENSION = regex(r"^flask[-_.]|[-_.]flask$", re.IGNORECASE)
_EXTRAS = ("approval", "checked", "gradual")


def _environments(sites: Sites) -> set[str]:
    return sites.subjects("environment")


def _statement(sites: Sites) -> str:
    ships = sites.of("ships", "publishes")
    if not ships:
        reasons = sorted({str(s.value) for s in sites if s.value})
        return "Nothing is shipped by a pipeline here" + (f": {reasons[0]}." if reasons else ".")
    tools = sorted({str(s.value) for s in ships})
    named = sorted(_environments(sites))
    extra = f", to {', '.join(named)}" if named else ""
    words = {
        "approval": "a manual approval",
        "checked": "a check afterwards",
        "gradual": "a gradual rollout or a way back",
    }
    more = [words[c] for c in _EXTRAS if sites.of(c)]
    return f"The pipeline ships with {', '.join(tools[:4])}{extra}" + (f"; with {' and '.join(more)}." if more else ".")


DEPLOYMENT = Signal(
    id="ci.deployment",
    title="Automated deployment",
    competency="ci-cd",
    seeds=("S8.2", "C6.2", "C6.3"),
    counts="A pipeline ships to an environment, a registry or a cloud; for a library, publishes the package.",
    strong="Several environments, approvals, checks after the deployment, canary or rollback.",
    not_credited=(
        "A Procfile or platform file alone; for a service, uploading a package or attaching files to a release."
    ),
    how_to_show="Add a deployment job with an environment, an approval before production and a smoke check behind it.",
    clauses=(
        "ships",
        "publishes",
        "environment",
        *_EXTRAS,
        "target",
        "not_binding",
        "package",
        "release",
        "docs",
        "declared",
        "elsewhere",
    ),
    leads=("not_binding", "package", "release", "docs", "declared", "elsewhere"),
    defining=("ships", "publishes"),
    uncited=("target",),
    practised=lambda sites: sites.kinds("ships", "publishes") >= 1,
    sustained=lambda sites: sites.has("ships") and (len(_environments(sites)) > 1 or sites.kinds(*_EXTRAS) > 0),
    measures=lambda sites: {"environments": len(_environments(sites))},
    statement=_statement,
)
SIGNALS = (DEPLOYMENT,)


def detect(project: Project) -> Observations:
    """Steps that ship, and what surrounds them."""
    seen: set[Site] = set()
    shipping: list[CiRun] = []
    is_library = not project.web.is_flask or _is_extension(project)
    for run in project.ci_runs:
        clause, value = _clause(run, is_library=is_library)
        place = run.place
        if not clause and (works := put_to_work(run)) is not None:
            clause, (value, place) = "ships", works
        if clause == "ships" and (built_for_tests(project.ci_runs, run) if run.tool == "docker" else run.job.on_trial):
            continue
        if clause:
            seen.add(_site(place, clause, run.job.name, value))
        if clause == "ships":
            shipping.append(run)
            if len(run.chain) > 1:
                seen.add(_site(run.chain[-1], "target", run.job.name, value))
    for run in shipping:
        seen.update(_around(run))
    seen.update(_afterwards(project.ci_runs, shipping))
    if not seen:
        seen.update((*_declared(project), *_elsewhere(project)))
    yield from ((DEPLOYMENT, site) for site in sorted(seen, key=Site.order))


def _site(place: Place, clause: str, subject: str, value: str = "") -> Site:
    return Site(path=place.path, start=place.start, end=place.end, clause=clause, subject=subject, value=value or None)


def _is_extension(project: Project) -> bool:
    """Whether the project's package bears the name that extensions of Flask have: it is a library, and the application
    in it serves examples or tests."""
    names = [
        node.text
        for path, keys in _NAMED
        if path in project.data and (node := project.data[path].root.get(*keys)) is not None
    ]
    setup = project.python.get("setup.py")
    for call in setup.module.calls if setup is not None else ():
        name = call.expr.kwarg("name") if call.last == "setup" else None
        names += [part.text for part in name.walk() if part.kind == "str"] if name is not None else []
    return any(_EXTENSION.search(name.strip()) for name in names)


def _clause(run: CiRun, *, is_library: bool) -> tuple[str, str]:
    """Which clause a run proves, and the tool or reason to name."""
    if not {"deploy", "publish", "release", "docs"} & set(run.kinds):
        return "", ""
    if run.dead or (run.muted and not run.step.name.startswith("after_")):
        return "not_binding", run.dead or run.muted
    if "deploy" in run.kinds:
        return "ships", _command(run)
    if "publish" in run.kinds:
        return ("publishes", _command(run)) if is_library else ("package", "only a package is published")
    return (
        ("release", "only files are attached to a release")
        if "release" in run.kinds
        else ("docs", "only documentation")
    )


def _command(run: CiRun) -> str:
    """The tool with its verb: ``docker push``, ``gcloud app``, ``git push heroku``."""
    words = [w for w in run.words[1:] if not w.startswith("-")]
    count = (
        2 if run.tool in ("git", "kubectl") and len(words) > 1 and "/" not in words[1] and ":" not in words[1] else 1
    )
    return " ".join([run.tool, *(w for w in words[:count] if w.replace("-", "").isalpha())])


def _around(run: CiRun) -> list[Site]:
    """Environments, approvals and gradual rollouts of a step that ships."""
    job, found = run.job, []
    named = [*job.environment, *_named(job.name), *_named(run.pipeline.path.rsplit("/", 1)[-1]), *_chosen(run)]
    named += [name for word in run.words[1:] for name in _named(word)]
    for name in named:
        known = _ENVIRONMENTS.get(name.lower(), name.lower())
        if "$" not in known:
            found.append(_site(Place(job.path, job.start, job.end), "environment", known))
    by_hand = run.pipeline.triggers == ("manual",) and bool(job.environment)
    if job.manual or by_hand:
        found.append(_site(job.place, "approval", job.name))
    found.extend(_site(j.place, "approval", j.name) for j in _before(run) if j.manual)
    if any(mark in word for word in run.words for mark in _GRADUAL):
        found.append(_site(run.place, "gradual", job.name))
    return found


def _chosen(run: CiRun) -> list[str]:
    """Environments that a variable stands for: what a person may choose, values of the matrix, branches by name."""
    job, found = run.job, list[str]()
    for name in job.environment:
        if "inputs." in name or ".outputs." in name:
            found += run.pipeline.choices if any(map(_named, run.pipeline.choices)) else ()
        elif "matrix." in name:
            found += [value for values in job.values.values() for value in values if _named(value)]
        elif "$CI_COMMIT" in name:
            found += [c for c in job.conditions if _BRANCH.fullmatch(c)]
    if run.pipeline.system == "Travis CI":
        found += _named(run.step.condition)
    words = (w for step in job.steps for c in step.commands if c.words[:1] == ("echo",) for w in c.words[1:3])
    found += [name for word in words if (told := _TOLD.fullmatch(word)) is not None for name in _named(told[1])]
    return found


def _named(text: str) -> list[str]:
    """Environments that a name speaks of."""
    return [_ENVIRONMENTS[word] for word in _WORD.findall(text.lower()) if word in _ENVIRONMENTS]


def _before(run: CiRun) -> list[Job]:
    """The jobs that must end before this one starts."""
    jobs = {job.name: job for job in run.pipeline.jobs}
    waiting, found = list(run.job.needs), dict[str, Job]()
    while waiting:
        name = waiting.pop()
        if name in jobs and name not in found:
            found[name] = jobs[name]
            waiting.extend(jobs[name].needs)
    return list(found.values())


def _afterwards(runs: tuple[CiRun, ...], shipping: list[CiRun]) -> list[Site]:
    """Probes, smoke tests and rollbacks in the jobs that ship, behind the shipping, or in jobs that wait for them."""
    found = []
    first: dict[tuple[str, str], CiRun] = {}
    for run in shipping:
        key = (run.pipeline.path, run.job.name)
        first.setdefault(key, run)
    for run in runs:
        key = (run.pipeline.path, run.job.name)
        same = key in first and (run.step.start, run.place.start) > (first[key].step.start, first[key].place.start)
        waits = any((run.pipeline.path, name) in first for name in run.job.needs)
        if not (same or waits) or run.dead:
            continue
        if "rollback" in run.kinds:
            found.append(_site(run.place, "gradual", run.job.name))
        elif _probes(run) and not run.muted:
            found.append(_site(run.place, "checked", run.job.name))
    return found


def _probes(run: CiRun) -> bool:
    """Whether a run checks what was deployed."""
    text = " ".join((*run.words, run.step.name, run.job.name)).lower()
    if "smoke" in text:
        return bool(run.kinds)
    if "probe" not in run.kinds:
        return False
    return run.tool not in ("curl", "wget", "http", "https") or any(word in text for word in _HEALTH)


def _elsewhere(project: Project) -> list[Site]:
    """Jobs that call a workflow of another repository that is named for deployment."""
    return [
        _site(Place(step.path, step.start, step.end), "elsewhere", job.name, "the workflow is in another repository")
        for pipeline in project.ci
        for job in pipeline.jobs
        for step in job.steps
        if step.action is not None and _CALLED.search(step.action.name)
    ]


def _declared(project: Project) -> list[Site]:
    """Files that let a platform deploy by itself, at the root."""
    return [
        _site(Place(path, 1, 1), "declared", path, f"{path} alone")
        for path in sorted(project.paths)
        if path in _MANIFESTS
    ]
