"""Ownership and release communication: who answers for what, what changed, and what comes next.

**What it sees.** CODEOWNERS rules, changelogs and release notes with entries for several versions, roadmaps, and issue
templates that ask what a problem costs or what a change is for; when they were last touched.

**Why it matters.** People who depend on a system ask three questions: whom do I ask, what changed, what is planned.
Files answer them without a meeting.

**What it cannot tell.** Release notes that live on the forge alone, boards, and whether the owners answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.api import Observations, Project, Signal, Site, Sites, Writing, regex

_DAY = 86_400
# "Kept current": touched in the last half year before the scanned commit.
_CURRENT_DAYS = 183
_CHANGES = regex(
    r"change[-_]?log|changes|history|release[-_ ]?notes?|releases|news|what'?s[-_ ]?new|registro[-_ ]de[-_ ]cambios"
    r"|historial",
    re.IGNORECASE,
)
_VERSION = regex(
    r"\bv?\d{1,4}\.\d|\bunreleased\b|\bversion \d|(?<!\d)20\d\d[-./]\d|\bv\d{1,4}\b|\brelease \d", re.IGNORECASE
)
_VERSION_LINE = regex(r"\**(?:version |release )?v?\d{1,4}\.\d[^\n]{0,60}$", re.IGNORECASE)
_ROADMAP = regex(
    r"road[-_ ]?map|improvement[-_ ]plan|^improvements$|product[-_ ]plan|^milestones$|future[-_ ]plans"
    r"|hoja[-_ ]de[-_ ]ruta|feuille[-_ ]de[-_ ]route",
    re.IGNORECASE,
)
#: Files that name owners, and what a line with one has: GitHub's and GitLab's, and that of Prow (approvers by login).
_OWNERS = {
    "codeowners": regex("@"),
    "owners": regex(r"^(?:approvers|reviewers):|^[ \t]{1,8}- [\w-]{2,40}\s*$"),
}
_NOTE = regex(r"(?:^|/)releasenotes/notes/[^/]{1,200}\.ya?ml$")
#: A folder with a page, or a folder of pages, for each version.
_VERSIONED = regex(
    r"(?:^|/)(?:change-?logs?|release[-_ ]?notes?|releases|whats-?new)/(v?\d[\w.-]{0,40}?)(?:/[^/]{1,100})?"
    r"\.(?:md|rst|txt)$",
    re.IGNORECASE,
)
_TEMPLATE = regex(
    r"(?:^|/)(?:issue_template|(?:\.github/issue_template|\.gitlab/issue_templates)/[^/]{1,200}?)(?:\.(?:md|ya?ml))?$",
    re.IGNORECASE,
)
_IMPACT = regex(
    "|".join((
        r"\b(?:impact|severity|priority|motivation|business|benefit|value\b|use[- ]?cases?\b)",
        r"\b(?:justif|frustrat|workaround)", r"affected", r"\bwho (?:is|will|would)", r"\bacceptance criteria",
        r"\bas an? .{1,40}i want",
        r"\bproblem (?:does|is|do|would|this|that|you)", r"\bproblem.{0,40}(?:solve|address|resolve|relate)",
        r"(?:solve|address|resolve|relate).{0,40}\bproblem",
        r"\bwhy (?:is (?:it|this) (?:needed|important|necessary|useful|wanted)|should|would|this is|we need|you need)",
        r"\bwhy do you (?:need|want)",
    )),
    re.IGNORECASE,
)  # fmt: skip
_VERSIONS, _WORDS, _ROADMAP_WORDS = 3, 40, 60
_KINDS = ("owners", "changelog", "roadmap", "template")
_DATED = ("changelog", "roadmap")


def _statement(sites: Sites) -> str:
    words = {
        "owners": "code owners",
        "changelog": "a kept changelog",
        "roadmap": "a roadmap",
        "template": "issue templates that ask for impact",
    }
    named = [words[k] for k in _KINDS if sites.of(k)]
    if not named:
        return "A changelog or template lies there, with little in it."
    text = ", ".join(named)
    stale = "; left behind for more than half a year" if sites.has("stale") and not sites.has("current") else ""
    return f"{text[0].upper()}{text[1:]}{stale}."


OWNERSHIP = Signal(
    id="lead.ownership",
    title="Ownership and release communication",
    competency="stakeholders",
    seeds=("S9.2", "C8.1"),
    counts=(
        "CODEOWNERS, a changelog or release notes with several versions, a roadmap, or issue templates that ask for "
        "impact."
    ),
    strong="Two or more of these, and what can age was touched in the half year before the scanned commit.",
    not_credited="An empty changelog; a CODEOWNERS file without rules; issue templates that only ask for steps.",
    how_to_show=(
        "Keep a changelog that names what users notice, a CODEOWNERS file, and ask in issue templates who is affected "
        "and why."
    ),
    clauses=(*_KINDS, "begun", "current", "stale"),
    leads=("begun",),
    defining=(*_KINDS, "begun"),
    uncited=("current", "stale"),
    practised=lambda sites: sites.kinds(*_KINDS) > 0,
    sustained=lambda sites: sites.kinds(*_KINDS) >= 2 and (sites.has("current") or not sites.of(*_DATED)),
    trace=lambda sites: sites.has("begun"),
    measures=lambda sites: {"kinds": sites.kinds(*_KINDS)},
    statement=_statement,
)
SIGNALS = (OWNERSHIP,)
ALONE = True


def detect(project: Project) -> Observations:
    """Owners, changelogs, roadmaps and templates; and whether the dated ones are old."""
    found = [*_texts(project), *_templates(project), *_notes(project)]
    for writing in project.writings.all:
        found.extend(_of_writing(writing))
    kept = any(s.clause in _KINDS for s in found)
    yield from ((OWNERSHIP, s) for s in found if s.clause != "begun" or not kept)
    yield from ((OWNERSHIP, s) for s in _ages(project, {s.path for s in found if s.clause in _DATED}))


def _ages(project: Project, paths: set[str]) -> Iterator[Site]:
    """Whether each of these files was touched lately; nothing where the history is not there to tell."""
    last = max((c.committed for c in project.history.commits), default=0)
    for path, times in sorted(project.history.dates(sorted(paths)).items()):
        if times:
            clause = "current" if last - times[-1] <= _CURRENT_DAYS * _DAY else "stale"
            yield Site(path=path, clause=clause, subject=path)


def _of_writing(writing: Writing) -> Iterator[Site]:
    if _CHANGES.fullmatch(writing.stem):
        yield from _changes(writing)
    elif _ROADMAP.search(writing.stem) or (_ROADMAP.search(writing.title) and writing.stem not in ("readme", "index")):
        clause = "roadmap" if writing.words >= _ROADMAP_WORDS else "begun"
        last = writing.document.sections[-1].end if writing.document.sections else 1
        yield Site(path=writing.path, start=1, end=min(last, 22), clause=clause, subject=writing.path)
    elif writing.stem in ("readme", "index"):
        for position, section in enumerate(writing.document.sections):
            if _ROADMAP.search(section.title) and sum(s.words for s in writing.below(position)) >= _ROADMAP_WORDS:
                yield Site(
                    path=writing.path,
                    start=section.start,
                    end=min(section.end, section.start + 39),
                    clause="roadmap",
                    subject=writing.path,
                )


def _changes(writing: Writing) -> Iterator[Site]:
    """A changelog: headings (or lines of their own) that name versions or days, with entries under them."""
    sections = writing.document.sections
    versions = sum(bool(_VERSION.search(s.title)) for s in sections)
    versions += sum(_VERSION_LINE.match(line) is not None for s in sections for line in s.text.split("\n"))
    full = versions >= _VERSIONS and writing.words >= _WORDS
    if full or (versions and writing.words):
        last = sections[-1].end
        yield Site(
            path=writing.path, start=1, end=min(last, 30), clause="changelog" if full else "begun", subject=writing.path
        )


def _texts(project: Project) -> Iterator[Site]:
    """CODEOWNERS, and changelogs without a format of their own."""
    for path, text in project.texts.items():
        if project.role(path).value not in ("app", "example"):
            continue
        name = path.rpartition("/")[2].lower()
        lines = text.text.split("\n")
        if "/debian/" in f"/{path}":
            continue  # a changelog of packaging
        if name in _OWNERS:
            rules = [n for n, line in enumerate(lines, 1) if _OWNERS[name].search(line.partition("#")[0])]
            if rules:
                yield Site(path=path, start=rules[0], end=min(rules[-1], rules[0] + 39), clause="owners", subject=path)
        elif _CHANGES.fullmatch(name.removesuffix(".txt")):
            heads = [
                n
                for n, line in enumerate(lines, 1)
                if _VERSION.search(line[:80]) and len(line) < 80 and not line.startswith((" ", "-", "*"))
            ]
            if heads:
                clause = "changelog" if len(heads) >= _VERSIONS and len(text.text.split()) >= _WORDS else "begun"
                yield Site(path=path, start=heads[0], end=min(len(lines), heads[0] + 29), clause=clause, subject=path)


def _notes(project: Project) -> Iterator[Site]:
    """Release notes as one file for each change, as reno keeps them, or for each version: the latest stand for all."""
    notes = [path for path in project.data if _NOTE.search(path)]
    pages = {path: found[1] for path in project.documents if (found := _VERSIONED.search(path))}
    if len(set(pages.values())) >= _VERSIONS and project.documents:
        notes += sorted(pages)
    if len(notes) < _VERSIONS:
        return
    last = {path: times[-1] for path, times in project.history.dates(notes).items() if times}
    for path in sorted(notes, key=lambda p: (-last.get(p, 0), p))[:_VERSIONS]:
        end = project.data[path].root.end if path in project.data else 1
        yield Site(path=path, start=1, end=min(max(end, 1), 30), clause="changelog", subject="notes")


def _templates(project: Project) -> Iterator[Site]:
    """Issue templates, in Markdown or as forms, whose questions or hints ask for impact."""
    for path, document in project.documents.items():
        if _TEMPLATE.search(path):
            asked = [s for s in document.sections if _IMPACT.search(f"{s.title}\n{s.text}")]
            if asked:
                yield Site(
                    path=path,
                    start=asked[0].start,
                    end=min(asked[0].end, asked[0].start + 39),
                    clause="template",
                    subject=path,
                )
            elif _IMPACT.search(document.comments):
                last = 1 + document.comments.count("\n")  # of a template that is all hints only these lines are known
                yield Site(path=path, start=1, end=min(last, 40), clause="template", subject=path)
    for path, data in project.data.items():
        if _TEMPLATE.search(path) and not path.rpartition("/")[2].startswith("config."):
            for node in data.root.walk():
                label = node.get("label") or node.get("description")
                if label is not None and _IMPACT.search(label.text):
                    yield Site(
                        path=path, start=node.start, end=min(node.end, node.start + 39), clause="template", subject=path
                    )
                    break
