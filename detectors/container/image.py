"""Container image hygiene: an image that is small, repeatable and does not run as root.

**What it sees.** In each Dockerfile of the application: a base image pinned beyond its major version, a slim base,
several stages, a user other than root, a HEALTHCHECK, dependencies installed from their manifest before the code
without keeping a cache, a .dockerignore; and image scanners that CI runs.

**Why it matters.** A repeatable, small image without root rights is quicker to ship and harder to break into.

**What it cannot tell.** What the base image brings along, or which image production really runs.
"""

from __future__ import annotations

from collections import Counter

from evidence.api import CiRun, Observations, Project, Signal, Site, Sites, quoted

_ITEMS = ("pinned_base", "small_base", "multi_stage", "non_root", "layered", "healthcheck", "ignored")
_WORDS = {
    "pinned_base": "a pinned base",
    "small_base": "a slim base",
    "multi_stage": "several stages",
    "non_root": "a user other than root",
    "layered": "a dependency layer before the code",
    "healthcheck": "a health check",
    "ignored": "a .dockerignore",
}
# Programs that scan images, and the words by which those that scan other things too say that it is an image.
_SCANNERS = {
    "trivy": {"image"},
    "grype": set[str](),
    "dockle": set[str](),
    "snyk": {"container"},
    "docker": {"scout", "cves"},
}
# Targets of the same programs that are folders or files.
_FOLDERS = ("dir:", "file:", "./")
# The catalogue's bars: two items make an image tended, four make it upheld.
_TENDED, _UPHELD = 2, 4
_SHOWN = 40


def _best(sites: Sites) -> set[str]:
    """The clauses of the Dockerfile that does most."""
    images = {s.subject for s in sites.of(*_ITEMS)}
    kinds = [{s.clause for s in sites.of(*_ITEMS) if s.subject == image} for image in sorted(images)]
    return max(kinds, key=len, default=set())


def _statement(sites: Sites) -> str:
    best = _best(sites)
    have = ", ".join(_WORDS[i] for i in _ITEMS if i in best)
    image = min((s.subject for s in sites.of(*_ITEMS)), default="")
    tail = "; CI scans the image" if sites.of("scanned") else ""
    return (
        f"The image of {quoted(image)} has {have}{tail}."
        if have
        else "There is a Dockerfile, and nothing more can be said."
    )


IMAGE = Signal(
    id="container.image",
    title="Container image hygiene",
    competency="containers",
    seeds=("C6.1",),
    counts="The application's Dockerfile does two or more of: pinned base, slim base, several stages, a user other "
    "than root, a health check, dependencies before code without a cache, a .dockerignore.",
    strong="Four or more of them, or CI scans the image.",
    not_credited="A one-stage image that runs as root, as tutorials show it; images for tests or editors alone.",
    how_to_show="Pin a slim base, install dependencies before copying the code, switch to a user of its own, add a "
    ".dockerignore.",
    clauses=(
        "pinned_base",
        "non_root",
        "multi_stage",
        "layered",
        "healthcheck",
        "ignored",
        "small_base",
        "scanned",
        "begun",
    ),
    leads=("begun",),
    defining=_ITEMS,
    practised=lambda sites: len(_best(sites)) >= _TENDED,
    sustained=lambda sites: len(_best(sites)) >= _UPHELD or bool(sites.of("scanned")),
    measures=lambda sites: {"items": len(_best(sites))},
    statement=_statement,
)
SIGNALS = (IMAGE,)


def detect(project: Project) -> Observations:
    """What the Dockerfiles that do most do, and scans in CI: what another does less says nothing more."""
    found = False
    counts = Counter(i.path for i in project.image_hygiene if i.what.partition(":")[0] in _ITEMS)
    most = max(counts.values(), default=0)
    for item in project.image_hygiene:
        found = True
        what, _, other = item.what.partition(":")
        if what in _ITEMS and counts[item.path] < most:
            continue
        end = min(item.end, item.start + _SHOWN - 1)
        yield IMAGE, Site(path=other or item.path, start=item.start, end=end, clause=what, subject=item.path)
    for run in project.ci_runs if found else ():
        if scanner := _scanner(run):
            yield (
                IMAGE,
                Site(path=run.place.path, start=run.place.start, end=run.place.end, clause="scanned", subject=scanner),
            )


def _scanner(run: CiRun) -> str:
    """The program by which a run scans an image ("" when it does not); listing an image's parts is no scan."""
    program = run.words[0].rpartition("/")[2] if run.words else ""
    if program not in _SCANNERS or not run.effective or "sbom" in run.kinds:
        return ""
    elsewhere = any(word == "." or word.startswith(_FOLDERS) for word in run.words[1:])
    return program if _SCANNERS[program] <= set(run.words) and not elsewhere else ""
