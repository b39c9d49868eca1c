"""Architecture documents and diagrams: how the system is put together, for somebody who has not built it.

**What it sees.** Documents and sections of a README that describe the architecture, the data model or how the parts
work together, and that name parts of the project; diagrams (Mermaid, PlantUML, Graphviz, drawio, images that are named
for what they show); a documentation site that holds them and is built or linted.

**Why it matters.** A diagram of ten boxes saves a newcomer a week. A page that is built with the code is corrected when
it is wrong.

**What it cannot tell.** Whether a picture is right, or what it shows: images are known by their names only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.api import Observations, Project, Signal, Site, Sites, Writing, plural, regex

#: Titles and file names of documents about how a system is put together, in the languages teams write them in.
_ABOUT = regex(
    "|".join((
        r"archite[ck]t", r"arquite[ct]tura", r"arquitetura", r"\bc4\b", r"\b(?:hld|lld)\b", r"\btopology\b", r"\berd\b",
        r"(?:system|technical|high[-_ ]level|low[-_ ]level|component|module|service|application|solution|detailed"
        r"|software)[-_ ](?:overview|design|landscape|context|layers?|structure|interactions?|components?)",
        r"(?:data|domain|database|db|entity)[-_ ](?:model|schema|flow|diagram|design)s?",
        r"(?:request|message|event|control|process)[-_ ](?:flow|lifecycle|life cycle)",
        r"\bhow (?:it|this|everything|the \w{1,30}) (?:all )?(?:works?|fits)", r"\binternals?\b",
        r"entity[-_ ]relation", r"\btechnical background\b", r"\bdesign (?:overview|document)\b", r"^design$",
        r"\boverall design\b",
    )),
    re.IGNORECASE,
)  # fmt: skip
_NOT_ABOUT = regex(
    r"decision|\badr\b|proposal|\brfc\b|(?:directory|project|folder) structure|screenshot|roadmap|change ?log|opinion"
    r"|migration plan",
    re.IGNORECASE,
)
#: Folders of decisions, plans and instructions for agents: other signals ask for those.
_ASIDE = frozenset({
    "adr", "adrs", "decisions", "decision", "rfc", "rfcs", "plans", "plan", "prd", "prds", "proposals", "specs",
    ".claude", ".cursor", ".github", "agents", "skills", "policy", "policies", "legal",
})  # fmt: skip
# Instructions for coding agents repeat what other documents say; they count where there are none.
_AGENTS = regex(r"(?:^|/)(?:AGENTS|CLAUDE|GEMINI|copilot-instructions)\.md$")
# What changed between releases, under whatever headings: it describes changes and no system.
_CHANGES = frozenset({"changelog", "changes", "history", "news", "releases", "releasenotes", "whatsnew"})
_FRONT_PAGES = frozenset({"readme", "index", "home", "lisezmoi", "leeme"})
# A page of prose is about 250 words. Less than half of one says little, and one that names no part of the project says
# it of any system.
_PAGE, _SECTION, _NAMES = 100, 50, 2
# "Several views": three pages or diagram files.
_SEVERAL = 3
_SHOWN = 40


def _views(sites: Sites) -> int:
    """Pages that describe the system: a page with its own text and diagrams is one."""
    return len(sites.subjects("overview", "diagram", "section"))


def _statement(sites: Sites) -> str:
    pages, diagrams = sites.count("overview", "section"), sites.count("diagram")
    parts = [t for n, t in ((pages, plural(pages, "description")), (diagrams, plural(diagrams, "diagram"))) if n]
    if not parts:
        return "A document is named for the architecture, but says little of this project."
    built = ", in documentation that is built or linted" if sites.has("built") else ""
    return f"{' and '.join(parts)} of the system{built}."


ARCHITECTURE = Signal(
    id="lead.architecture_docs",
    title="Architecture documents and diagrams",
    competency="communication",
    seeds=("S1.2", "S9.1"),
    counts="A diagram of the system, or a written overview that names its parts.",
    strong="Kept with the code as documentation that is built or linted, or three pages and diagrams or more.",
    not_credited="Screenshots and logos; a file tree in the README; a page that names nothing of this project.",
    how_to_show=(
        "Write one page on the parts and how a request passes through them, with a Mermaid diagram, and build it in CI."
    ),
    clauses=("overview", "diagram", "section", "thin", "built"),
    leads=("thin",),
    defining=("overview", "diagram", "section", "thin"),
    uncited=("built",),
    practised=lambda sites: _views(sites) > 0,
    sustained=lambda sites: sites.has("built") or _views(sites) >= _SEVERAL,
    trace=lambda sites: sites.has("thin"),
    measures=lambda sites: {"views": _views(sites), "diagrams": sites.count("diagram")},
    statement=_statement,
)
SIGNALS = (ARCHITECTURE,)
ALONE = True


def detect(project: Project) -> Observations:
    """Descriptions and diagrams, and what builds the documentation they stand in."""
    decided = {r.path for r in project.decision_records}
    found = list(_drawn(project, decided))
    for writing in project.writings.all:
        of_changes = writing.stem.replace("-", "").replace("_", "").replace(" ", "") in _CHANGES
        if writing.path not in decided and not of_changes and _ASIDE.isdisjoint(writing.folders):
            found.extend(_described(project, writing))
    found = _strongest(found)
    yield from ((ARCHITECTURE, s) for s in found)
    built = project.documentation_build({s.path for s in found if s.clause != "thin"})
    if built is not None:
        yield ARCHITECTURE, Site(path=built.path, start=built.start, end=built.end, clause="built", subject=built.path)


def _strongest(found: list[Site]) -> list[Site]:
    """Pages, diagrams and sections of a README; sections of other documents only where there are none of these."""
    aside = [s for s in found if s.clause == "section" and s.value != "front"]
    main = [s for s in found if s.clause != "thin" and s not in aside]
    return main or [s for s in aside if not _AGENTS.search(s.path)] or aside or found


def _drawn(project: Project, decided: set[str]) -> Iterator[Site]:
    for item in project.diagrams:
        if item.path not in decided and _ASIDE.isdisjoint(item.path.lower().split("/")[:-1]):
            yield Site(path=item.path, start=item.start, end=item.end, clause="diagram", subject=item.path)


def _described(project: Project, writing: Writing) -> Iterator[Site]:
    """A whole document about the architecture, or sections of another one."""
    front = writing.stem in _FRONT_PAGES
    titled = f"{writing.stem.replace('_', '-')} | {writing.title}"
    if not front and _ABOUT.search(titled) and not _NOT_ABOUT.search(titled):
        yield from _page(writing)
        return
    covered = 0
    for position, section in enumerate(writing.document.sections):
        about = _ABOUT.search(section.title) and not _NOT_ABOUT.search(section.title)
        if section.start <= covered or not about or (section.level < 2 and not front):
            continue
        below = list(writing.below(position))
        covered = below[-1].end
        words, names = sum(s.words for s in below), project.writings.names(below)
        clause = "section" if words >= _SECTION and names else "thin"
        if words:
            end = min(covered, section.start + _SHOWN - 1)
            value = "front" if front else None
            yield Site(
                path=writing.path, start=section.start, end=end, clause=clause, subject=writing.path, value=value
            )


def _page(writing: Writing) -> Iterator[Site]:
    """A document about the architecture: cited by its beginning, or by its fullest part where that comes late."""
    if writing.words < _SECTION:
        return
    longest = max(writing.document.sections, key=lambda s: (s.words, -s.start))
    start = 1 if longest.start < _SHOWN else longest.start
    end = min(longest.end, longest.start + _SHOWN - 1)
    clause = "overview" if writing.words >= _PAGE and writing.names >= _NAMES else "thin"
    yield Site(path=writing.path, start=start, end=end, clause=clause, subject=writing.path)
