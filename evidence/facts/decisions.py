"""Decision records, RFCs and design documents among a project's documents, told by their parts rather than their
names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.records import Document, Section
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_FOLDERS = frozenset(
    [
        "adr",
        "adrs",
        "decision",
        "decisions",
        "decision-records",
        "decision_records",
        "decision-log",
        "architecture-decisions",
        "architecture_decisions",
        "architectural-decisions",
        "architecture-decision-records",
        "architecture_decision_records",
        "arch-decisions",
        "madr",
        "rfc",
        "rfcs",
        "design",
        "designs",
        "design-docs",
        "design_docs",
        "designdocs",
        "design-documents",
        "proposals",
        "decisiones",
        "entscheidungen",
    ]
)
_NAMES = regex(r"(?:adr|rfc|dr|decision|pep|kep)[-_ ]?\d{1,5}\b.*|.{0,120}[-_](?:design|adr|rfc|decision)(?:[-_]doc)?")
_SKIPPED = regex(
    r"(?:readme|index|_?template.*|.*[-_]template|0*-?template.*|changelog|glossary|toc|summary|overview)",
    re.IGNORECASE,
)
# Headings of Nygard's form, MADR, Y-statements, RFCs and design documents, in the languages teams write them in.
_CONTEXT = regex(
    r"context|problem|background|motivation|driver|forces|summary|introduction|goals?\b|requirement|issue"
    r"|current state|why\b"
    r"|kontext|hintergrund|ausgangslage|contexto|problema|contesto|antecedente|contexte|probl[èe]me|motivação",
    re.IGNORECASE,
)
_DECISION = regex(
    r"decision|outcome|resolution|solution|proposal|proposed|approach|design\b|chosen|recommend|what we|we will"
    r"|architecture|implementation"
    r"|entscheidung|l[öo]sung|decisi[óo]n|soluci[óo]n|propuesta|d[ée]cision|decis[ãa]o|decisione|besluit",
    re.IGNORECASE,
)
_WEIGHED = regex(
    r"consequence|alternative|option|considered|trade-?\s?off|risk|out of scope|non-?goal|pros\b|cons\b|drawback"
    r"|impact|rationale|implication"
    r"|rejected|limitation|positive|negative|open question|unresolved|prior art|mitigation"
    r"|konsequenz|folgen|risiken|consecuencia|alternativa|riesgo|cons[ée]quence|consequência|conseguenz|gevolgen"
    r"|opties|optionen|opciones",
    re.IGNORECASE,
)
_DESIGN = regex(r"\bdesign\b|\brfc\b|\bproposal\b", re.IGNORECASE)
_STATUS = regex(
    r"(?:status|estado|statut|stato|state)\W{1,10}(?:superseded|replaced|deprecated|accepted|approved|proposed"
    r"|rejected|active|draft|implemented|final|done"
    r"|in progress|pending|aceptad|aprobad|akzeptiert|accept[ée]|aceit)",
    re.IGNORECASE,
)
_SUPERSEDED = regex(
    r"status\W{1,10}(?:superseded|replaced|deprecated)|supersed(?:ed|es)\b|replaced by\b|ersetzt durch|reemplazad"
    r"|remplac[ée]e? par|substitu[íi]d",
    re.IGNORECASE,
)
_DAY = regex(r"(?<!\d)((?:19|20)\d\d)-(\d\d)(?:-(\d\d))?(?!\d)")
_SPECIFIC = regex(r"\d|`|\w/\w|\w\.(?:py|js|ts|md|ya?ml|toml|sql|com|org|io|net)\b|[a-z][A-Z]|\b[A-Z]{2,6}\b")
_LABEL = regex(r"(?:\*\*|__)([^*_\n]{2,60}?)[.:]?(?:\*\*|__)[.:]?(?:\s|$)")
_WORDS = regex(r"\w{3,40}")
# A section of fewer words says nothing of its own: gauged on unfilled MADR and Nygard templates.
_OWN_WORDS = 15
_DESIGN_WORDS = 60
_ALIKE = 0.7
_SHINGLE = 4


class DecisionRecord(Struct, frozen=True):
    """One filled-in record. ``start``..``end`` is its head and context; ``day`` its own date (epoch seconds, 0: none);
    ``placed`` means that its folder or name says what it is."""

    path: str
    start: int
    end: int
    day: int
    status: bool
    superseded: bool
    placed: bool


def decision_records(project: Project) -> tuple[DecisionRecord, ...]:
    """Every record that is filled in and not a copy of another, in path order."""
    names = {i.name for r in project.dependencies.values() for i in r.items if len(i.name) > 3}
    found = [(d, r) for p, d in project.documents.items() if (r := _record(p, d, names)) is not None]
    return tuple(record for _, record in _originals(found))


def _record(path: str, document: Document, names: set[str]) -> DecisionRecord | None:
    folder, _, name = path.lower().rpartition("/")
    stem = name.split(".")[0]
    folders = set(folder.split("/"))
    # a folder of "specs" holds tests of code, but documents there are specifications
    tests = folders & {"tests", "test", "testdata", "fixtures"}
    if tests or role_of(path) is Role.VENDORED or _SKIPPED.fullmatch(stem) or path.startswith("."):
        return None
    placed = bool(folders & _FOLDERS) or _NAMES.fullmatch(stem) is not None
    context, decision, weighed = _parts(document)
    designed = (
        _DESIGN.search(f"{stem} {document.sections[0].title if document.sections else ''}") is not None
        or "design" in folder
    )
    body = sum(s.words for s in document.sections)
    if designed and placed and decision < _OWN_WORDS:
        decision = body - context - weighed if body - context - weighed >= _DESIGN_WORDS else 0
    if (
        min(context, decision, weighed) < _OWN_WORDS
        or not (placed or _nygard(document))
        or not _specific(document, names)
    ):
        return None
    head = _head(document)
    first = next(
        (s for s in document.sections if _CONTEXT.search(s.title) and s.words >= _OWN_WORDS), document.sections[0]
    )
    return DecisionRecord(
        path,
        1,
        max(first.end, 1),
        _day(stem, head),
        _STATUS.search(head) is not None,
        _SUPERSEDED.search(head) is not None,
        placed,
    )


def _parts(document: Document) -> tuple[int, int, int]:
    """The words under headings of context, of decision, and of what was weighed; text below a heading belongs to it."""
    counts = {"context": 0, "decision": 0, "weighed": 0}
    open_: list[tuple[int, str]] = []
    for section in document.sections:
        while open_ and open_[-1][0] >= max(section.level, 1):
            open_.pop()
        kind = (
            _kind(section.title)
            if section.level > 1 or len(document.sections) < 3 or not _DESIGN.search(section.title)
            else ""
        )
        if not kind and open_:
            kind = open_[-1][1]
        if section.level:
            open_.append((section.level, kind))
        if kind:
            counts[kind] += section.words
        else:
            for label, words in _labelled(section.text):
                counts[label] += words
    return counts["context"], counts["decision"], counts["weighed"]


def _labelled(text: str) -> Iterator[tuple[str, int]]:
    """Paragraphs that a label in bold begins (``**Decision.** We keep...``), each with its kind and words; those below
    without a label go on with it."""
    kind = ""
    for paragraph in text.split("\n"):
        label = _LABEL.match(paragraph)
        if label is not None:
            kind = _kind(label[1])
        if kind:
            yield kind, len(paragraph[label.end() if label is not None else 0 :].split())


def _kind(title: str) -> str:
    # "Decision Drivers" and "Considered Options" are named by their last noun, so what was weighed is asked first
    if re.search(r"driver", title, re.IGNORECASE):
        return "context"
    if _WEIGHED.search(title):
        return "weighed"
    if _DECISION.search(title):
        return "decision"
    return "context" if _CONTEXT.search(title) else ""


def _nygard(document: Document) -> bool:
    """Whether the headings alone make it a record: Context, Decision and Consequences (or Options), or MADR's."""
    titles = [s.title.strip().lower() for s in document.sections]
    decision = any(re.fullmatch(r"(?:\d[.\d]{0,6} )?(?:the )?decision(?: outcome| made)?", t) for t in titles)
    context = any(re.match(r"(?:\d[.\d]{0,6} )?context\b", t) for t in titles)
    return decision and context


def _specific(document: Document, names: set[str]) -> bool:
    """Whether it names anything: a number, a path, a link, an abbreviation, or one of the project's dependencies."""
    text = " ".join(s.text for s in document.sections[1:] or document.sections)
    if document.links or document.fences or _SPECIFIC.search(text):
        return True
    return not names.isdisjoint(w.lower() for w in _WORDS.findall(text))


def _head(document: Document) -> str:
    """What stands before the argument: front matter, the text under the title, and a section called Status."""
    parts = [f"{k}: {v.text}" for k, v in document.front.pairs()] if document.front is not None else []
    for number, section in enumerate(document.sections):
        if number < 2 or re.match(
            r"(?:\d[.\d]{0,6} )?(?:status|date|estado|statut|metadata)\b", section.title, re.IGNORECASE
        ):
            parts.append(f"{section.title}: {section.text[:600]}")
    return "\n".join(parts)


def _day(stem: str, head: str) -> int:
    match = _DAY.search(stem) or _DAY.search(head)
    if match is None:
        return 0
    try:
        return int(datetime(int(match[1]), int(match[2]), int(match[3] or 1), tzinfo=UTC).timestamp())
    except ValueError:
        return 0


def _originals(found: Iterable[tuple[Document, DecisionRecord]]) -> Iterator[tuple[Document, DecisionRecord]]:
    """The records whose text is not nearly that of an earlier one."""
    seen: list[frozenset[int]] = []
    for document, record in found:
        shingles = _shingles(document.sections)
        if all(len(shingles & other) < _ALIKE * min(len(shingles), len(other)) for other in seen):
            seen.append(shingles)
            yield document, record


def _shingles(sections: Iterable[Section]) -> frozenset[int]:
    from zlib import crc32

    words = [w.lower() for s in sections for w in _WORDS.findall(s.text)][:3000]
    return frozenset(
        crc32(" ".join(words[i : i + _SHINGLE]).encode()) for i in range(max(1, len(words) - _SHINGLE + 1))
    )
