"""Dependencies pinned: what is installed today is what was tested yesterday.

**What it sees.** Lock files of Poetry, Pipenv, uv, PDM and PEP 751, requirement files and how many of their lines name
an exact version, whether a compiler wrote them from looser ones, hashes, and what CI and images install.

**Why it matters.** An unpinned dependency changes without a commit: a build that worked breaks, or brings in code that
nobody looked at.

**What it cannot tell.** Whether the pins are kept fresh, and whether a deployment outside the repository installs them.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Observations, Project, Requirements, Role, Signal, Site, Sites, plural, quoted

_SHOWN = 20
# Sub-commands that install what a lock file says.
_LOCKED = {
    "poetry": ("install", "sync", "export"),
    "pipenv": ("install", "sync", "requirements"),
    "uv": ("sync", "run", "export"),
    "pdm": ("install", "sync", "export"),
    "pip-sync": ("",),
    "tox": ("",),
    "nox": ("",),
}


def _statement(sites: Sites) -> str:
    locks = sorted(s.subject for s in sites.of("lock", "idle_lock"))
    if locks:
        names = " and ".join(quoted(n) for n in sorted({n.rpartition("/")[2] for n in locks})[:3])
        idle = (
            ", but what is installed is a list without exact versions"
            if sites.has("idle_lock") and not sites.has("lock")
            else ""
        )
        return f"Dependencies are locked ({names}){idle}."
    pinned = sum(int(s.value or 0) for s in sites.of("pinned", "compiled", "few"))
    how = ", compiled from looser ones" if sites.has("compiled") else ""
    few = "Only " if not sites.of("pinned", "compiled") else ""
    return f"{few}{plural(pinned, 'requirement')} with an exact version{how}."


LOCKED = Signal(
    id="deps.locked",
    title="Dependencies pinned",
    competency="extensions",
    seeds=("S2.2", "C1.4"),
    counts="A lock file, or requirements of which most lines name an exact version.",
    strong="With hashes, or compiled from looser requirements, and installed by whatever CI and images install.",
    not_credited="Requirements without versions or with lower bounds only; the lock file of another language.",
    how_to_show="Commit the lock file of uv, Poetry or pip-tools and install from it in CI and in the image.",
    clauses=("lock", "compiled", "hashed", "pinned", "idle_lock", "few"),
    defining=("lock", "compiled", "pinned", "idle_lock", "few"),
    uncited=("hashed",),
    practised=lambda sites: bool(sites.of("lock", "idle_lock", "compiled", "pinned")),
    sustained=lambda sites: bool(sites.of("compiled")) or sites.has("hashed"),
    measures=lambda sites: {"files": len(sites.subjects("lock", "compiled", "pinned"))},
    statement=_statement,
)
SIGNALS = (LOCKED,)


def detect(project: Project) -> Observations:
    """Lock files and pinned lists of the application's own part of the repository."""
    files = {
        p: r
        for p, r in project.dependencies.items()
        if r.items and project.role(p) is Role.APP and project.in_flask_part(p)
    }
    locks = {p: r for p, r in files.items() if r.lock}
    idle = bool(locks) and _bypassed(project, files)
    for path, listed in locks.items():
        yield LOCKED, _site(path, listed, "idle_lock" if idle else "lock")
        if not idle and any(i.hashed for i in listed.items):
            yield LOCKED, _site(path, listed, "hashed")
    for path, listed in _main(files).items():
        yield from ((LOCKED, s) for s in _listed(path, listed, locked=bool(locks)))


def _main(files: dict[str, Requirements]) -> dict[str, Requirements]:
    """The lists that say what the application runs on: those with Flask in them, where there are any."""
    lists = {p: r for p, r in files.items() if not r.lock and not _is_source(p, files)}
    flask = {p: r for p, r in lists.items() if any(i.name == "flask" for i in r.items)}
    return flask or lists


def _is_source(path: str, files: dict[str, Requirements]) -> bool:
    """Whether a list is what a compiled one beside it was made from."""
    compiled = files.get(path.removesuffix(".in") + ".txt") if path.endswith(".in") else None
    return compiled is not None and compiled.compiled


def _pins(listed: Requirements) -> int:
    return sum(i.pinned for i in listed.items)


def _mostly_pinned(listed: Requirements) -> bool:
    return 2 * _pins(listed) > len(listed.items)


def _listed(path: str, listed: Requirements, *, locked: bool) -> Iterator[Site]:
    if not _mostly_pinned(listed):
        if _pins(listed) and not locked:
            yield _site(path, listed, "few")
        return
    yield _site(path, listed, "compiled" if listed.compiled else "pinned")
    if 2 * sum(i.hashed for i in listed.items) > len(listed.items):
        yield _site(path, listed, "hashed")


def _site(path: str, listed: Requirements, clause: str) -> Site:
    first = 1 if listed.lock or listed.compiled else min(i.line for i in listed.items)
    last = max(first, min(max(i.line for i in listed.items), first + _SHOWN - 1))
    return Site(path=path, start=first, end=last, clause=clause, subject=path, value=_pins(listed))


def _bypassed(project: Project, files: dict[str, Requirements]) -> bool:
    """Whether CI, images and scripts install loose lists and never the lock."""
    loose = {p for p, r in files.items() if not r.lock and not _mostly_pinned(r)}
    installs = list(_installs(project))
    if any(_from_lock(words) for words in installs):
        return False
    named = {w.lstrip("./") for words in installs if "pip" in " ".join(words[:3]) for w in words}
    return any(path in named or any(n and path.endswith("/" + n) for n in named) for path in loose)


def _from_lock(words: tuple[str, ...]) -> bool:
    plain = [w.rpartition("/")[2] for w in words]
    return any(
        tool in plain[:6] and (verbs == ("",) or not {*verbs}.isdisjoint(plain)) for tool, verbs in _LOCKED.items()
    )


def _installs(project: Project) -> Iterator[tuple[str, ...]]:
    """Command lines that may install something: of CI, of images, of scripts."""
    for run in project.ci_runs:
        yield run.words
    for use in project.tool_uses:
        yield use.words
    for dockerfile in project.dockerfiles.values():
        for step in dockerfile.instructions:
            if step.word == "RUN":
                for text in (step.text, *step.heredocs):
                    yield from (tuple(part.split()) for part in text.replace(";", "&&").split("&&"))
