"""Runbooks, incident guides and postmortems among a project's documents, and alerts in code that point at one
elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.python.records import Assign, Call
from evidence.facts.records import Document, Section
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Names that say what a document is, in folders, file names and titles; in the languages that teams write them in.
_SURE = regex(
    r"run[-_ ]?books?|play[-_ ]?books?|post[-_ ]?mortems?|(?:^|[/_ -])incidents?(?:$|[/_. -])"
    r"|disaster[-_ ]?recovery|roll(?:ing)?[-_ ]?back|on[-_ ]?call"
    r"|fail[-_ ]?over|outages?|business[-_ ]continuity|break[-_ ]?glass|betriebshandbuch|notfall"
    r"|emergency[-_ ](?:respon|procedure|shut|stop|access|fix|maintenance|plan|change)"
    r"|operat(?:ions?|ors?)[-_ ](?:manual|handbook)"
    r"|(?:respuesta|gest[aã]o|gesti[oó]n)[-_ ]a?d?e?[-_ ]?incident"
    r"|recuperaci[oó]n[-_ ]de[-_ ]desastres|(?:disaster|service)[-_ ]recovery|incident[-_ ]response",
    re.IGNORECASE,
)
# Names that an operator's guide may have, and much else too: such a document must also show the commands.
_MAYBE = regex(
    r"(?:^|[/_ -])(?:maintenance|operation(?:s|al)?|operating|ops|troubleshooting|sop|administration|recovery"
    r"|restor(?:e|ing)|backups?|deploy(?:ing|ment)?|production|upgrad(?:e|ing)|releas(?:e|es|ing))(?:$|[/_. -])",
    re.IGNORECASE,
)
# Sections that make an operator's guide of it.
_CARE = regex(
    r"roll(?:ing)?[-_ ]?back|\brestor(?:e|ing)\b|\brecover(?:y|ing)?\b|\bincidents?\b|disaster|fail-?over|outage"
    r"|\bdowngrad(?:e|ing)|emergency[-_ ](?:respon|procedure|shut|stop|fix|plan)|\brevert(?:ing)?\b"
    r"|when something (?:goes|went) wrong|if (?:it|something|the \w{1,20}) (?:fails|breaks)|wiederherstell"
    r"|restaurar|revertir|\bfailure (?:behaviou?r|recovery|modes?)"
    r"|\b(?:re-?start|stopp?|kill|cancell?|unstick|drain)(?:ing)?(?: an?| the| stuck)? "
    r"(?:pipelines?|jobs?|workers?|queues?|tasks?)\b",
    re.IGNORECASE,
)
# A folder of notes for operators: what stands in it is one where it shows commands and says when to use them.
_OPERATORS = regex(r"(?:^|/)(?:ops|operations|sops?)(?:/|$)", re.IGNORECASE)
# Of those, the headings that make a runbook of a section alone, wherever it stands.
_ALONE = regex(
    r"roll(?:ing)?[-_ ]?back|disaster|fail-?over|outage|incident (?:response|handling|report|guide|management$)"
    r"|emergency[-_ ](?:respon|procedure|shut|stop|fix|plan)|when something (?:goes|went) wrong",
    re.IGNORECASE,
)
_OTHER = regex(
    r"password|account|email|data model|exceptions?\b|transaction|migration|error handling|limitation", re.IGNORECASE
)
_CALLED = regex(
    r"^\W{0,5}(?:\w{1,20} ){0,3}(?:run[-_ ]?books?|post-?mortems?|incident (?:response|handling|playbook)"
    r"|disaster recovery)\b",
    re.IGNORECASE,
)
_OPENING = regex(r"\brun[- ]?book\b", re.IGNORECASE)
_NOT = regex(
    r"(?:^|/)(?:adrs?|decisions?|rfcs?|plans?|specs?|proposals?|prds?|designs?|intent|deliverables?|templates?|blog"
    r"|tutorials?|examples?|\.[\w-]{1,40})/"
    r"|(?:^|/)(?:changelog|changes|history|release[-_]?notes|releases?|news|contributing|code_of_conduct|security"
    r"|license|agents|claude|gemini|template)\b"
    r"|[-_.]templates?\.|(?:^|/)\w{0,40}[-_](?:plan|spec|specs|design|prd|adr)\.\w{1,10}$|(?:^|/)(?:prd|adr|rfc"
    r"|plan)[-_]",
    re.IGNORECASE,
)
_PLACEHOLDER = regex(
    r"\b(?:TODO|TBD|FIXME|lorem ipsum|to be written|coming soon)\b|\[(?:insert|your|describe|name|date)\b"
    r"|<(?:describe|insert|fill)",
    re.IGNORECASE,
)
_IN_CODE = regex(r"run[-_ ]?book", re.IGNORECASE)
# Half a page, or a few lines with commands: less is a heading with good intentions.
_WORDS = 60
_FEW_WORDS = 15
_PAGE = 150
_RUNNING = regex(
    r"\bproduction\b|\bdeploy(?:s|ed|ments?)?\b|\breleases?\b|\blive\b|\bservers?\b|\bservice\b", re.IGNORECASE
)
_COMMAND = regex(r"\b(?:sudo|docker|kubectl|helm|heroku|git|ssh|systemctl|cf|flask|alembic)\s{1,2}[a-z-]{2,20}\b")
_README = regex(r"(?:^|/)readme\.\w{1,10}$", re.IGNORECASE)
_SHOWN = 40
# Sections whose headings are read: each that fits costs a walk over the document.
_LOOKED = 400


class Runbook(Struct, frozen=True):
    """One document (or a part of one). ``kind``: runbook, stub (named so, but not filled in), or linked (only pointed
    at)."""

    path: str
    start: int
    end: int
    kind: str
    title: str


def runbooks(project: Project) -> tuple[Runbook, ...]:
    """Every one, in path and line order."""
    found: list[Runbook] = []
    for path, document in project.documents.items():
        if role_of(path) not in (Role.TEST, Role.VENDORED, Role.GENERATED) and not _NOT.search(path):
            found.extend(_of(path, document))
    found.extend(_linked(project))
    return tuple(sorted(found, key=lambda r: (r.path, r.start)))


def _of(path: str, document: Document) -> Iterator[Runbook]:
    """A document that is one by its name or opening, or by sections on rolling back and restoring in a guide for
    operators."""
    if not document.sections:
        return
    title = next((s.title for s in document.sections if s.level), "")
    readme = _README.search(path) is not None
    named = path.rpartition("/")[0] if readme else path
    opening = any(_OPENING.search(s.text[:80]) for s in document.sections[:2])
    looked = document.sections[:_LOOKED]
    care = [s for s in looked if s.level and _CARE.search(s.title) and not _OTHER.search(s.title)]
    if _SURE.search(named) or _SURE.search(title) or (opening and not readme):
        kind = "runbook" if _filled(document.sections, document) else "stub"
        yield Runbook(path, 1, _end(document), kind, title)
        if kind == "runbook":
            yield from (
                Runbook(path, s.start, min(_last(document, s), s.start + _SHOWN - 1), "section", s.title)
                for s in care[:2]
            )
    elif _operates(path, title, document, bool(care)) and _filled(document.sections, document):
        yield Runbook(path, 1, _end(document), "runbook", title)
    elif called := [s for s in looked if s.level and _CALLED.search(s.title) and _words(document, s) >= _WORDS]:
        yield Runbook(
            path,
            called[0].start,
            min(_last(document, called[0]), called[0].start + _SHOWN - 1),
            "runbook",
            called[0].title,
        )
    elif alone := [s for s in care if _ALONE.search(s.title) and _whole(document, s, readme)]:
        best = alone[0]
        yield Runbook(path, best.start, min(_last(document, best), best.start + _SHOWN - 1), "runbook", best.title)


def _operates(path: str, title: str, document: Document, care: bool) -> bool:
    """Whether a document guides operators: by its name with commands and a section on recovering, or by standing
    among their notes with either and a page of text."""
    folder = path.rpartition("/")[0]
    named = folder if _README.search(path) else path
    among = _OPERATORS.search(folder) is not None and sum(s.words for s in document.sections) >= _PAGE
    if among and (care or document.fences):
        return True
    return bool((_MAYBE.search(named) or _MAYBE.search(title)) and care and document.fences)


def _filled(sections: tuple[Section, ...], document: Document) -> bool:
    words = sum(s.words for s in sections)
    holes = sum(bool(_PLACEHOLDER.search(s.text)) for s in sections)
    return (words >= _WORDS or (words >= _FEW_WORDS and bool(document.fences))) and holes * 2 < len(sections)


def _last(document: Document, section: Section) -> int:
    """The last line of a section and those below it."""
    after = [s for s in document.sections if s.start > section.start]
    return next((s.start - 1 for s in after if s.level <= section.level), max(s.end for s in document.sections))


def _words(document: Document, section: Section) -> int:
    end = _last(document, section)
    return sum(s.words for s in document.sections if section.start <= s.start <= end)


def _whole(document: Document, section: Section, readme: bool) -> bool:
    """Whether a section alone tells an operator what to do: commands, and enough words to say when; of what everybody
    reads first, which sells features too, twice as many, below a heading that names what runs."""
    end, words = _last(document, section), _words(document, section)
    commands = sum(section.start <= first <= end for _, first, _ in document.fences)
    if readme:
        told = commands > 0 or _COMMAND.search(section.text) is not None
        return told and words >= _WORDS and _RUNNING.search(section.title) is not None
    return commands > 0 and words >= _WORDS // 2


def _end(document: Document) -> int:
    return min(max(s.end for s in document.sections), _SHOWN)


def _linked(project: Project) -> Iterator[Runbook]:
    """Strings of running code that send a reader to a runbook kept elsewhere."""
    for file in project.app:
        items: list[Assign | Call] = [*file.module.calls, *file.module.assigns]
        for item in items:
            expr = item.expr if isinstance(item, Call) else item.value
            parts = (expr, *expr.items)
            if any(p.kind in ("str", "fstring") and "://" in p.text and _IN_CODE.search(p.text) for p in parts):
                yield Runbook(file.path, item.start, min(item.end, item.start + _SHOWN - 1), "linked", "")
