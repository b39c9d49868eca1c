"""Contribution, style and review guides: what this team expects of a change, written down.

**What it sees.** CONTRIBUTING pages with guidance of their own, style guides and conventions, templates for pull
requests that ask for checks, review guidelines, instructions for coding agents that set standards, and CODEOWNERS
beside them.

**Why it matters.** Rules that are written down can be argued with once, instead of in every review, and a newcomer can
meet them on the first day.

**What it cannot tell.** Whether reviewers follow them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.api import Observations, Project, Section, Signal, Site, Sites, Writing, regex

_CONTRIBUTING = regex(
    r"contribut(?:ing|e|ion|ions)(?:[-_ ](?:guide|guidelines|to.{0,40}))?|how[-_ ]to[-_ ]contribute|hacking"
    r"|contribuer|contribuir|mitmachen|beitragen"
)
_STYLE = regex(
    "|".join((
        r"(?:style|coding|code|naming|logging|commit|git|branching|testing|engineering)[-_ ]guides?",
        r"(?:style|coding|code|naming|logging|api|commit|git|branching|testing|development|engineering|design|docs?"
        r"|documentation|error)[-_ ](?:guidelines?|standards?|conventions?|style|practices|principles|rules)",
        r"style[-_ ]?guide", r"conventions", r"guidelines", r"best[-_ ]practices",
        r"^writing[-_ ](?:\w{1,20}[-_ ])?(?:tests?|apis?|docs|documentation|docstrings|code|commits?|migrations?"
        r"|queries|issues?)\b",
        r"formatting[-_ ]and[-_ ]linting", r"definition[-_ ]of[-_ ]done", r"ways[-_ ]of[-_ ]working", r"convenciones",
        r"buenas[-_ ]pr[aá]cticas", r"richtlinien",
    )),
    re.IGNORECASE,
)  # fmt: skip
_REVIEW = regex(
    r"code[-_ ]?review|review(?:er|ing|s)?[-_ ](?:guide|guidelines|checklist|process|criteria)|reviewing"
    r"|pull[-_ ]request[-_ ](?:guide|guidelines|process|checklist)",
    re.IGNORECASE,
)
# The report of one review, of one day, guides no other; nor does the description of a program that reviews.
_REPORT = regex(
    r"20\d\d|report|findings|results|summary|improvements|fixes|status|deployment|recommendations|agents?\b|skills?\b|\bbots?\b|\bllm",
    re.IGNORECASE,
)
_NOT_STYLE = regex(r"communit|conduct|security|support|brand|trademark|privacy|accessib|content guid", re.IGNORECASE)
_AGENTS = frozenset({"agents", "claude", "gemini", "copilot-instructions", "conventions"})
_STANDARDS = regex(
    r"standard|convention|style|guideline|best practice|review|workflow|principles|patterns|requirements?$"
    r"|definition of done|quality|rules|must",
    re.IGNORECASE,
)
_TEMPLATE = regex(
    r"(?:^|/)(?:pull_request_template(?:/[^/]{1,200})?|merge_request_templates/[^/]{1,200}?)(?:\.(?:md|txt|rst))?$",
    re.IGNORECASE,
)
_ASKS = regex(
    r"\b(?:test|review|check|document|breaking|changelog|lint|risk|screenshot|migrat|deploy|why\b|how\b)",
    re.IGNORECASE,
)
_NOT_HERE = frozenset(["adr", "adrs", "decisions", "decision", "plans", "plan", "prd", "specs", "rfcs"])
# Contributors may be what a program is about.
_HEADING = regex(
    r"contribut(?!ors?\b)|\bcontributors? (?:guide|docs|documentation|notes|workflow)|for contributors|contribuir"
    r"|contribuer|develop(?:ment)? (?:guide|workflow|process)",
    re.IGNORECASE,
)
_PATH = regex(r"`[^`\n]{2,80}`")
# A page that says more than welcome: gauged on templates such as "fork, branch, open a pull request" (about 60 words).
_GUIDE_WORDS, _LONG_GUIDE, _STYLE_WORDS, _SECTION_WORDS = 80, 200, 80, 60
_AGENT_WORDS = 30
_DEVELOPING = regex(
    r"developing|development(?:[-_ ]guide)?|dev[-_ ](?:guide|docs|notes)|for[-_ ]developers"
    r"|developers?(?:[-_ ](?:guide|docs|documentation|notes))?"
)
_CHANGES = regex(r"pull[- ]request|merge[- ]request|contribut|\bpatch(?:es)?\b")
_CARE = regex(
    r"\b(?:commit|branch|lint|flake8|ruff|black|pre-commit|review|convention|coverage|unit tests?|style|changelog)"
)
_CARES = 3
# Two: one alone may be an example.
_BLANK = regex(
    r"[\[{<](?:(?:project|organi[sz]ation|org|repo(?:sitory)?|company|product|your)[-_ ](?:title|name|here|url|org|repo"
    r"|project|email))[\]}>]",
    re.IGNORECASE,
)
_BLANKS = 2
_KINDS = ("contributing", "template", "style", "review")


def _statement(sites: Sites) -> str:
    words = {
        "contributing": "a contribution guide",
        "template": "a template for pull requests",
        "style": "style guides or conventions",
        "review": "review guidelines",
    }
    named = [words[k] for k in _KINDS if sites.of(k)]
    if not named:
        return "Contributions are welcomed or a template lies there, without guidance."
    text = ", ".join(named)
    return f"{text[0].upper()}{text[1:]}" + (", with code owners." if sites.has("owners") else ".")


GUIDES = Signal(
    id="lead.contributor_guides",
    title="Contribution, style and review guides",
    competency="review-mentorship",
    seeds=("S3.2", "C8.3"),
    counts=(
        "A CONTRIBUTING page with guidance of its own, a style guide, a pull-request template with checks, or review "
        "guidelines."
    ),
    strong="Two or more of these, with CODEOWNERS.",
    not_credited="An empty or borrowed page; a sentence of welcome; a code of conduct alone.",
    how_to_show=(
        "Write down how to set up, test and name things, what reviewers look at, and ask for it in the pull-request "
        "template."
    ),
    clauses=(*_KINDS, "welcome", "owners"),
    leads=("welcome",),
    defining=(*_KINDS, "welcome"),
    uncited=("owners",),
    practised=lambda sites: sites.kinds(*_KINDS) > 0,
    sustained=lambda sites: sites.kinds(*_KINDS) >= 2 and sites.has("owners"),
    trace=lambda sites: sites.has("welcome"),
    measures=lambda sites: {"kinds": sites.kinds(*_KINDS)},
    statement=_statement,
)
SIGNALS = (GUIDES,)
ALONE = True


def detect(project: Project) -> Observations:
    """Guides among the documents, templates, and the owners beside them."""
    found: list[Site] = []
    for writing in project.writings.all:
        if _NOT_HERE.isdisjoint(writing.folders):
            found.extend(_of_writing(project, writing))
    guided = any(s.clause in _KINDS for s in found)
    yield from ((GUIDES, s) for s in found if s.clause != "welcome" or not guided)
    for path, text in project.texts.items():
        name = path.rpartition("/")[2].lower()
        if name in ("contributing", "contributing.txt") and project.role(path).value in ("app", "example"):
            clause = "contributing" if len(text.text.split()) >= _GUIDE_WORDS else "welcome"
            yield GUIDES, Site(path=path, start=1, end=min(text.lines, 40), clause=clause, subject=path)
        elif name == "codeowners" and (line := _first_rule(text.text)):
            yield GUIDES, Site(path=path, start=line, end=line, clause="owners", subject=path)


def _first_rule(text: str) -> int:
    """The line of the first rule of a CODEOWNERS file; 0 for none."""
    for number, line in enumerate(text.split("\n"), 1):
        if "@" in line.partition("#")[0]:
            return number
    return 0


def _of_writing(project: Project, writing: Writing) -> Iterator[Site]:
    if _TEMPLATE.search(writing.path):
        yield from _template(writing)
    elif _CONTRIBUTING.fullmatch(writing.stem):
        enough = _guides(writing.document.sections, writing.words, writing.names)
        yield _site(writing, writing.document.sections, "contributing" if enough else "welcome")
    elif _DEVELOPING.fullmatch(writing.stem) and _asks_of_changes(writing):
        yield _site(writing, writing.document.sections, "contributing")
    elif writing.stem in _AGENTS and writing.folders in ([], [".github"]):
        yield from _instructions(writing)
    elif "agents" in writing.folders or "skills" in writing.folders or "commands" in writing.folders:
        if _REVIEW.search(writing.stem) and writing.words >= _STYLE_WORDS:
            yield _site(writing, writing.document.sections, "review")
    elif writing.stem in ("readme", "index"):
        yield from _in_readme(project, writing)
    elif writing.words >= _STYLE_WORDS:
        clause = _kind_of_page(writing.stem, writing.title)
        if clause:
            yield _site(writing, writing.document.sections, clause)


def _kind_of_page(stem: str, title: str) -> str:
    """What a page guides, by its file's name and its title: ``review``, ``style`` or "" for nothing."""
    named = f"{stem} | {title}"
    if _REVIEW.search(named):
        return "" if _REPORT.search(named) else "review"
    styled = _STYLE.search(stem) or _STYLE.search(title)
    return "style" if styled and not _NOT_STYLE.search(named) else ""


def _asks_of_changes(writing: Writing) -> bool:
    """Whether a page for developers says what a change must be like, and not only how to start the program."""
    text = "\n".join(f"{s.title}\n{s.text}" for s in writing.document.sections).lower()
    about = bool(_CHANGES.search(text)) and len(set(_CARE.findall(text))) >= _CARES
    return about and _guides(writing.document.sections, writing.words, writing.names)


def _left_open(sections: tuple[Section, ...] | list[Section]) -> bool:
    """Whether a page still has the blanks of the template it was taken from: ``[project-title]``."""
    return sum(len(_BLANK.findall(f"{s.title}\n{s.text}")) for s in sections) >= _BLANKS


def _guides(sections: tuple[Section, ...] | list[Section], words: int, names: int) -> bool:
    """Whether a text gives guidance of its own: long enough, and speaking of this project or of much."""
    if _left_open(sections):
        return False
    specific = names > 1 or any(_PATH.search(s.text) for s in sections)
    return words >= _LONG_GUIDE or (words >= _GUIDE_WORDS and specific)


def _site(writing: Writing, sections: tuple[Section, ...] | list[Section], clause: str) -> Site:
    """The whole of a short document; of a long one what follows its title."""
    if not sections:
        return Site(path=writing.path, start=1, end=1, clause=clause, subject=writing.path)
    first, last = sections[0].start, sections[-1].end
    if last - first < 40:
        return Site(path=writing.path, start=first, end=last, clause=clause, subject=writing.path)
    first = sections[min(1, len(sections) - 1)].start
    return Site(path=writing.path, start=first, end=min(last, first + 39), clause=clause, subject=writing.path)


def _template(writing: Writing) -> Iterator[Site]:
    """A template asks when it has boxes to tick, or headings and hints that speak of tests, risks or review."""
    sections, hints = writing.document.sections, writing.document.comments
    text = "\n".join([*(f"{s.title}\n{s.text}" for s in sections), hints])
    boxes = "[ ]" in text or "[x]" in text.lower()
    asks = len(set(m.lower() for m in _ASKS.findall(text)))
    clause = "template" if (boxes and asks) or (asks >= 2 and len(text.split()) >= 20) else "welcome"
    last = max((s.end for s in sections), default=1 + hints.count("\n"))
    yield Site(path=writing.path, start=1, end=min(last, 40), clause=clause, subject=writing.path)


def _instructions(writing: Writing) -> Iterator[Site]:
    """Standards that instructions for coding agents set: they bind people as well."""
    for position, section in enumerate(writing.document.sections):
        if not _STANDARDS.search(section.title):
            continue
        below = list(writing.below(position))
        if sum(s.words for s in below) >= _AGENT_WORDS:
            clause = "review" if re.search("review", section.title, re.IGNORECASE) else "style"
            end = min(below[-1].end, section.start + 39)
            yield Site(path=writing.path, start=section.start, end=end, clause=clause, subject=section.title)


def _in_readme(project: Project, writing: Writing) -> Iterator[Site]:
    for position, section in enumerate(writing.document.sections):
        if not _HEADING.search(section.title):
            continue
        below = list(writing.below(position))
        words = sum(s.words for s in below)
        enough = words >= _GUIDE_WORDS and _guides(below, words, project.writings.names(below))
        if words:
            yield _site(writing, below, "contributing" if enough else "welcome")
