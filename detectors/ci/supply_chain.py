"""Supply-chain hardening: what the pipeline itself trusts, and what it proves about what it builds.

**What it sees.** Actions pinned by full commit hash, limited token permissions of workflows and jobs, bills of
materials, signatures and build provenance.

**Why it matters.** A tag can be moved; a hash cannot. A token that may only read cannot push a stolen release.

**What it cannot tell.** Limits set in the forge's settings, and whether anybody verifies the signatures.
"""

from __future__ import annotations

from evidence.api import Observations, Permissions, Pipeline, Place, Project, Signal, Site, Sites, regex

_HASH = regex(r"[0-9a-f]{40}|sha256:[0-9a-f]{64}")
#: Write access that lets a token change the code or anything at all; named for a whole workflow it is no limit.
_WIDE = frozenset({"*", "contents", "actions"})
_KINDS = ("pinned", "permissions", "sbom", "signed")
#: The same facts of workflows that neither check nor ship anything (bots that label or lock): they count, others are
#: shown.
_ASIDE = {"pinned": "pinned_aside", "permissions": "permissions_aside"}


def _held(sites: Sites) -> list[str]:
    """The kinds that hold: hashes and permissions in most workflows, the others once."""
    most = {"pinned": "mutable", "permissions": "unlimited"}
    return [k for k in _KINDS if sites.count(k, _ASIDE.get(k, "")) > (sites.count(most[k]) if k in most else 0)]


def _statement(sites: Sites) -> str:
    words = {
        "pinned": "actions are pinned by commit hash",
        "permissions": "workflow permissions are limited",
        "sbom": "a bill of materials is made",
        "signed": "what is built is signed or attested",
    }
    held = _held(sites)
    if not held:
        return "A minority of the workflows is hardened, the rest is open."
    text = " and ".join(words[k] for k in held)
    return f"{text[0].upper()}{text[1:]}."


SUPPLY_CHAIN = Signal(
    id="ci.supply_chain",
    title="Supply-chain hardening",
    competency="ci-cd",
    seeds=("S8.2", "C6.1"),
    counts=(
        "Most actions pinned by full commit hash, limited permissions in most workflows, an SBOM, or signing "
        "and provenance."
    ),
    strong="Two or more of these.",
    not_credited="Version tags only; write permissions for a whole workflow; a step that cannot fail or never runs.",
    how_to_show=(
        "Put permissions: contents: read at the top of each workflow and pin actions by hash with a version comment."
    ),
    clauses=(*_KINDS, "partly", *_ASIDE.values(), "mutable", "unlimited"),
    leads=("partly",),
    defining=_KINDS,
    uncited=(*_ASIDE.values(), "mutable", "unlimited"),
    trace=lambda sites: bool(sites.of(*_KINDS, "partly")),
    practised=lambda sites: len(_held(sites)) >= 1,
    sustained=lambda sites: len(_held(sites)) >= 2,
    measures=lambda sites: {"kinds": len(_held(sites))},
    statement=_statement,
)
SIGNALS = (SUPPLY_CHAIN,)


def detect(project: Project) -> Observations:
    """Per workflow: pins and permissions; per step: bills of materials and signatures."""
    workflows = [p for p in project.ci if p.system == "GitHub Actions" and not p.dead]
    main = {
        run.pipeline.path
        for run in project.ci_runs
        if run.kinds and not run.dead and run.pipeline.triggers != ("schedule",)
    }
    for pipeline in workflows:
        aside = _ASIDE if main and pipeline.path not in main else {}
        for site in (*_pins(pipeline), *_permissions(pipeline)):
            yield (
                SUPPLY_CHAIN,
                _site(Place(site.path, site.start, site.end), aside.get(site.clause, site.clause), site.subject),
            )
    seen = set()
    for run in project.ci_runs:
        for kind, clause in (("sbom", "sbom"), ("sign", "signed")):
            if kind in run.kinds or _asked(run.words, clause):
                seen.add(_site(run.place, clause if run.effective else "partly", run.tool))
    yield from ((SUPPLY_CHAIN, site) for site in sorted(seen, key=Site.order))


def _site(place: Place, clause: str, subject: str) -> Site:
    return Site(path=place.path, start=place.start, end=place.end, clause=clause, subject=subject)


def _asked(words: tuple[str, ...], clause: str) -> bool:
    """Whether an image build asks for a bill of materials or for provenance."""
    if words[:1] != ("docker",):
        return False
    return (
        ("--sbom" in words)
        if clause == "sbom"
        else any(w in ("--provenance=true", "--provenance=mode=max") for w in words)
    )


def _pins(pipeline: Pipeline) -> list[Site]:
    """One site for a workflow that pins most of what it uses (at its first pin), or for one that does not."""
    used = {
        (a.name, a.version, step.path, a.line)
        for job in pipeline.jobs
        for step in job.steps
        if (a := step.action) is not None and not a.name.startswith("./")
    }
    if not used:
        return []
    pinned = sorted(
        (path, line) for name, version, path, line in used if _HASH.fullmatch(version) or _HASH.search(name)
    )
    if not pinned:
        return [_site(pipeline.trigger_place, "mutable", pipeline.path)]
    first = Place(pinned[0][0], pinned[0][1], pinned[0][1])
    if len(pinned) * 2 > len(used):
        return [_site(first, "pinned", pipeline.path)]
    return [_site(first, "partly", pipeline.path), _site(first, "mutable", pipeline.path)]


def _permissions(pipeline: Pipeline) -> list[Site]:
    """One site for a workflow whose token is limited, as a whole or in a job; else for one that is not."""
    top = pipeline.permissions
    inner = [job.permissions for job in pipeline.jobs if job.permissions is not None]
    if top is not None and not _wide(top):
        return [_site(top.place, "permissions", pipeline.path)]
    limited = [p for p in inner if "*" not in p.writes]
    if top is None and limited:
        # what one job of many may not do leaves the others as they are: the workflow speaks neither way
        clause = "permissions" if 2 * len(limited) >= len(pipeline.jobs) else "partly"
        return [_site(limited[0].place, clause, pipeline.path)]
    open_ = [_site(pipeline.trigger_place, "unlimited", pipeline.path)]
    return [*open_, _site(top.place, "partly", pipeline.path)] if top is not None else open_


def _wide(permissions: Permissions) -> bool:
    return bool(_WIDE & set(permissions.writes))
