"""Threat, privacy and compliance documents: what is promised about security and people's data, and code that keeps it.

**What it sees.** A security policy that says how to report; threat models; documents about privacy, retention and
compliance; filters that mask personal data in logs; tasks that erase or anonymise it on a schedule.

**Why it matters.** Auditors, customers and finders of a hole ask the same first question: where is it written?

**What it cannot tell.** Policies kept on a web site or an organisation's page, and whether anyone follows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.api import (
    Document,
    Expr,
    Observations,
    Project,
    PyFile,
    Role,
    Section,
    Signal,
    Site,
    Sites,
    plural,
    regex,
)

_DOCUMENTS = ("policy", "threats", "privacy", "compliance")
_KINDS = (*_DOCUMENTS, "masking", "erasing")
_WORDS = {
    "policy": "a security policy",
    "threats": "a threat model",
    "privacy": "a privacy or retention document",
    "compliance": "a compliance document",
    "masking": "personal data masked in logs",
    "erasing": "personal data erased on a schedule",
}
# A policy may be short; the other documents are credited from about half a page on.
_POLICY_WORDS = 12
_DOCUMENT_WORDS = 80
_REPORTING = regex(
    r"\breport(?:ing|ed|s)?\b|\bdisclos|\bcontact\b|\be-?mail\b|\breach out\b"
    r"|\bmelden\b|\breportar\b|\binforme\b|\bsignaler\b",
    re.IGNORECASE,
)
_ADDRESS = regex(
    r"@|https?://|security advisor|hackerone|bugcrowd|private(?:ly)?\b|e-?mail\b|\bpgp\b|vulnerability disclosure",
    re.IGNORECASE,
)
# Sentences of GitHub's own template, which says nothing until it is filled in.
_TEMPLATE = regex(r"use this section to tell people|tell them where to go, how often they can expect", re.IGNORECASE)
_POLICY_NAME = regex(
    r"(?:^|/)(?:security(?:[-_. ]?(?:policy|reporting|disclosure))?|vulnerability[-_](?:disclosure|reporting)"
    r"|reporting[-_]a[-_]security[-_]vulnerability)\.(?:md|rst|txt|adoc|markdown)$",
    re.IGNORECASE,
)
_POLICY_TITLE = regex(
    r"(?:report|disclos)\w{0,5}\W{1,3}(?:of |a |an |any )?(?:security|vulnerabilit)|vulnerability (?:report|disclosure)"
    r"|security (?:policy|reporting|disclosure|vulnerabilit)",
    re.IGNORECASE,
)
_THREAT = regex(
    r"threat[-_ ]?model|attack tree|\bstride\b|bedrohungsmodell|modelo de amenaza|modelo[-_]de[-_]amea", re.IGNORECASE
)
_PRIVACY = regex(
    r"privacy(?![-_ ]?(?:preserv|enhanc|first|friendly|budget|respect|focus))"
    r"|gdpr|\bdpia\b|data[-_ ]retention|retention[-_ ]policy|data[-_ ]protection|datenschutz|privacidad"
    r"|proteccion[-_ ]de[-_ ]datos|\blgpd\b|\brgpd\b|personal[-_ ]data",
    re.IGNORECASE,
)
_COMPLIANCE = regex(
    r"\bhipaa\b|\bsoc ?2\b|\biso[-_ ]?27001|\bpci[-_ ]?dss\b|fedramp|(?<![a-z])compliance(?![a-z])|nist[-_ ]800"
    r"|system[-_ ]security[-_ ]plan|security[-_ ]controls",
    re.IGNORECASE,
)
_ASIDE = regex(
    r"(?:^|/)(?:changelog|history|releases?|\.claude|\.cursor|plans?|proposals?|rfcs?|adrs?|decisions?|tickets?"
    r"|node_modules|issue_template)[/._-]|agents?\.md$|claude\.md$",
    re.IGNORECASE,
)

_MASKS = regex(
    r"(?:^|_|\.)(?:mask|redact|scrub|sanitiz|sanitis|anonymi|pseudonymi|obfuscat|filter_pii|strip_pii|pii|hide_sensitive|censor)\w{0,30}",
    re.IGNORECASE,
)
_CAMEL_MASKS = regex(
    r"(?:Mask|Redact|Scrub|Sanitiz|Sanitis|Anonymi|Obfuscat|Pii|PII|Sensitive|Privacy)\w{0,30}(?:Filter|Processor|Formatter)?"
)
_ERASES = regex(
    r"(?:delete|purge|erase|remove|expire|prune|clean_?up|wipe|archive|redact)[_\-\w]{0,40}(?:retention|personal|pii|gdpr|inactive|user|account|customer|contact|member|patient|sms|email|message|notification|invitation|csv)"
    r"|(?:anonymi[sz]e|pseudonymi[sz]e)[_\-\w]{0,40}|(?:retention|gdpr)[_\-\w]{0,40}",
    re.IGNORECASE,
)
_NOT_PERSONAL = regex(
    r"token|session|lock|job|cache|result|temp|tmp|stuck|failed|count|stat|template|branding|index|role|permission|group",
    re.IGNORECASE,
)
_SCHEDULERS = regex(r"add_periodic_task$|add_job$|scheduled_job$|\.every$|\.cron$|scheduler\.task$|schedule$")


def _held(sites: Sites) -> list[str]:
    return [k for k in _KINDS if sites.of(k)]


def _statement(sites: Sites) -> str:
    held = _held(sites)
    if not held:
        return f"{plural(len(sites), 'document')} about security or privacy, none of it filled in."
    text = ", ".join(_WORDS[k] for k in held)
    return f"{text[0].upper()}{text[1:]}."


DOCS = Signal(
    id="compliance.docs",
    title="Threat, privacy and compliance documents",
    competency="compliance",
    seeds=("S9.3", "C5.3"),
    counts=(
        "A security policy with a way to report, a threat model, a privacy or retention document, or code that masks "
        "personal data, or erases it on a schedule."
    ),
    strong="Two or more of these kinds.",
    not_credited="A licence; an issue template; a policy template that nobody filled in; a plan.",
    how_to_show="Write SECURITY.md with an address to report to, and a page on the personal data you keep.",
    clauses=(*_KINDS, "unfilled"),
    leads=("unfilled",),
    defining=_KINDS,
    practised=lambda sites: len(_held(sites)) >= 1,
    sustained=lambda sites: len(_held(sites)) >= 2,
    measures=lambda sites: {"kinds": len(_held(sites))},
    statement=_statement,
)
SIGNALS = (DOCS,)


def detect(project: Project) -> Observations:
    """Documents by what they are about, and code that masks or erases."""
    for path, document in project.documents.items():
        if project.role(path) in (Role.APP, Role.EXAMPLE) and not _ASIDE.search(path):
            for site in _document(path, document):
                yield DOCS, site
    for path, text in project.texts.items():
        if _POLICY_NAME.search(path) or path.rpartition("/")[2].upper() == "SECURITY":
            filled = _REPORTING.search(text.text) and _ADDRESS.search(text.text)
            yield (
                DOCS,
                Site(
                    path=path, start=1, end=min(text.lines, 40), clause="policy" if filled else "unfilled", subject=path
                ),
            )
    for site in (*_masking(project), *_erasing(project)):
        yield DOCS, site


def _document(path: str, document: Document) -> Iterator[Site]:
    text = " ".join(s.text for s in document.sections)
    words = sum(s.words for s in document.sections)
    last = max((s.end for s in document.sections), default=1)
    title = next((s.title for s in document.sections if s.title), "")
    name = path.rpartition("/")[2]
    if _POLICY_NAME.search(path) or (name.lower() != "readme.md" and _POLICY_TITLE.search(title) and words < 1500):
        filled = (
            words >= _POLICY_WORDS and _REPORTING.search(text) and _ADDRESS.search(text) and not _TEMPLATE.search(text)
        )
        yield Site(path=path, start=1, end=min(last, 40), clause="policy" if filled else "unfilled", subject=path)
        return
    for kind, pattern in (("threats", _THREAT), ("privacy", _PRIVACY), ("compliance", _COMPLIANCE)):
        if pattern.search(name) or pattern.search(title):
            clause = kind if words >= _DOCUMENT_WORDS else "unfilled"
            yield Site(path=path, start=1, end=min(last, 40), clause=clause, subject=path)
            return
    yield from (
        Site(path=path, start=s.start, end=min(s.end, s.start + 39), clause="policy", subject=path)
        for s in document.sections
        if _reports(s)
    )


def _reports(section: Section) -> bool:
    """A section of another document (usually the README) that says how to report a vulnerability."""
    return (
        bool(_POLICY_TITLE.search(section.title))
        and section.words >= _POLICY_WORDS
        and bool(_REPORTING.search(section.text))
        and bool(_ADDRESS.search(section.text))
    )


def _masking(project: Project) -> Iterator[Site]:
    """Filters and processors named for masking, put into logging, structlog or an error reporter."""
    for file in project.app:
        for call in file.module.calls:
            last = call.last
            if last == "addFilter" or (last == "configure" and "structlog" in call.name):
                values = [v for a in call.expr.items for v in a.walk()]
            elif last == "init" and "sentry" in call.name:
                values = [
                    v
                    for k in ("before_send", "event_scrubber", "before_send_transaction")
                    if (v := call.expr.kwarg(k)) is not None
                ]
            else:
                continue
            for value in values if project.reach.live(file.path, call.scope) else ():
                yield from _masker(project, file, value, call.start, call.end)


def _masker(project: Project, file: PyFile, value: Expr, start: int, end: int) -> Iterator[Site]:
    name = value.text.rpartition(".")[2]
    if value.kind not in ("name", "call") or not (_MASKS.search(value.text) or _CAMEL_MASKS.search(name)):
        return
    yield Site(path=file.path, start=start, end=end, clause="masking", subject=name)
    found = project.defined(file, value.text)
    if found is not None:
        other, definition = found
        yield Site(
            path=other.path,
            start=definition.start,
            end=min(definition.end, definition.start + 39),
            clause="masking",
            subject=name,
        )


def _erasing(project: Project) -> Iterator[Site]:
    """Scheduled tasks that erase personal data: their entry in the schedule, and the function behind it."""
    names: dict[str, tuple[PyFile, int, int]] = {}
    for file in project.app:
        for name, start, end in _scheduled(file):
            if _ERASES.search(name) and not _NOT_PERSONAL.search(name):
                names.setdefault(name.rpartition(".")[2].replace("-", "_").lower(), (file, start, end))
    jobs = {n.lower() for n in _jobs(project)}
    for file in project.app:
        for definition in file.module.definitions:
            given = [
                v.text for d in definition.decorators if (v := d.expr.kwarg("name")) is not None and v.kind == "str"
            ]
            keys = {definition.name.lower(), *(g.rpartition(".")[2].replace("-", "_").lower() for g in given)}
            # a scheduler takes plain functions; Celery's beat names tasks, which a decorator makes
            plain = definition.name.lower() in jobs
            if definition.kind == "function" and (definition.decorators or plain) and keys & set(names):
                yield Site(
                    path=file.path,
                    start=definition.start,
                    end=min(definition.end, definition.start + 39),
                    clause="erasing",
                    subject=definition.name,
                )


def _jobs(project: Project) -> Iterator[str]:
    """Names of the functions that are handed to a scheduler."""
    for file, call in project.live_calls("add_job"):
        given = [e for e in (call.expr.kwarg("func"), *call.expr.args[:1]) if e is not None]
        found = next((f for e in given if (f := project.defined(file, e.text)) is not None), None)
        if found is not None:
            yield found[1].name


def _scheduled(file: PyFile) -> Iterator[tuple[str, int, int]]:
    """Names of what a file puts on a schedule: entries of Celery's beat, periodic tasks, jobs of schedulers."""
    for item in file.module.assigns:
        for part in item.value.walk():
            if part.kind == "dict" and part.kwarg("schedule") is not None and (task := part.kwarg("task")) is not None:
                yield task.text, item.start, item.end
    for call in file.module.calls:
        if _SCHEDULERS.search(call.name):
            named = (e.text for e in call.expr.walk() if e.kind in ("name", "call", "str"))
            yield from ((n.removesuffix(".s").removesuffix(".si"), call.start, call.end) for n in named)
    for definition in file.module.definitions:
        if any(_periodic(d.expr) for d in definition.decorators):
            yield definition.name, definition.start, definition.end


def _periodic(decorator: Expr) -> bool:
    """Whether a decorator puts a function on a schedule."""
    named = "cron" in decorator.text or "periodic" in decorator.text
    return decorator.kind == "call" and (named or decorator.kwarg("schedule") is not None)
