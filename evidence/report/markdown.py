"""The digest in Markdown for a pull request or a chat: the same content, shorter, and bounded in size.

How text of a repository is kept from coming to life is in :mod:`markdown_text`; here is what stands where.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.model import Citation, CommitCitation, Digest, FileCitation, Outcome, ReviewCommentCitation
from evidence.report import excerpt
from evidence.report.change import told_changes
from evidence.report.contributors import contributors
from evidence.report.markdown_text import code, fence, link, paragraphs, prose, sentence, table_cell, table_row
from evidence.report.outline import CellEntry, Domain, Evidence, Outline, Row, outline
from evidence.report.summary import summarise
from evidence.report.words import (
    CONTRADICTED,
    GRADE,
    LEVELS,
    OUTCOME,
    STATUS,
    clause,
    counted,
    day,
    joined,
    number,
    who,
)

# A comment on GitHub may have 65,536 characters; bytes are counted here, which is never less.
MOST_BYTES = 65_000
_EXCERPT_LINES = 6


def to_markdown(digest: Digest) -> str:
    """GitHub-flavoured Markdown of at most :data:`MOST_BYTES` bytes; what does not fit is left to the HTML."""
    page = outline(digest)
    head = _fitting([*_summary(page), *_matrix(page)], MOST_BYTES // 2)
    unseen = _fitting(list(_unseen(page)), MOST_BYTES // 4)
    about = _fitting(list(_about(page)), MOST_BYTES // 16)
    left = MOST_BYTES - sum(len(part.encode()) + 1 for part in (head, unseen, about))
    return "\n".join([head, _fitting([*_evidence(page), *_questions(page)], left), unseen, about])


def _fitting(blocks: Sequence[str], most: int) -> str:
    """As many blocks as fit into ``most`` bytes, from the first, and a sentence in place of the rest."""
    size = 0
    kept: list[str] = []
    tail = "\n_The rest does not fit here: {} left out. The HTML form of this digest has all of it._\n"
    room = most - len(tail) - len("twelve parts are")
    for block in blocks:
        size += len(block.encode()) + 1
        if size > room:
            rest = len(blocks) - len(kept)
            return "\n".join([*kept, tail.format(counted(rest, "part is", "parts are"))])
        kept.append(block)
    return "\n".join(kept)


# ---------------------------------------------------------------------------------------------- the parts


def _summary(page: Outline) -> Iterator[str]:
    summary = summarise(page)
    names = joined([code(r.name) for r in page.digest.repositories])
    yield f"# Evidence digest{': ' if names else ''}{names}\n"
    yield f"> {summary.notice}\n"
    yield paragraphs(summary.opening)
    yield "## What stands out\n"
    for domain, sentences in summary.domains:
        yield f"- **{prose(domain.title)}.** {' '.join(sentence(s) for s in sentences)}"
    yield "\n" + (paragraphs(summary.silent) or ("" if summary.domains else "Nothing was found.\n"))
    yield "**What speaks against.**\n"
    yield "\n".join(f"- {sentence(s)}" for s in summary.against) + "\n"
    yield f"{sentence(summary.cells)}\n"
    yield from _changes(page)
    yield from _people(page)


def _changes(page: Outline) -> Iterator[str]:
    for change in told_changes(page):
        yield "## The change\n"
        yield paragraphs([*change.told, change.reviewed])
        if change.reviews:
            yield "\n".join(f"- {sentence(s)}" for s in change.reviews) + "\n"
        yield f"{sentence(change.compared)}\n"
        if change.adds:
            yield "\n".join(f"- {sentence(s)}" for s in change.adds) + "\n"


def _people(page: Outline) -> Iterator[str]:
    people = contributors(page)
    if not people:
        return
    yield "## Who worked here\n"
    yield paragraphs(people.asked)
    for asked, choices in people.questions:
        yield f"{sentence(asked)}\n"
        yield "\n".join(f"- {sentence(s)}" for s in choices) + "\n"
    if people.main:
        yield "Most commits are by these people. Names are quoted from their commits.\n"
        yield "\n".join(f"- {sentence(s)}" for s in people.main) + "\n"
    yield paragraphs(people.others)


def _matrix(page: Outline) -> Iterator[str]:
    yield "## Matrix\n"
    used = [STATUS[status] for status, count in page.statuses.items() if count]
    legend = [f"{word.sign} {word.label.lower()}" for word in (*used, CONTRADICTED)]
    yield " · ".join(legend) + "\n"
    for domain in page.domains:
        yield from _domain_table(domain)


def _domain_table(domain: Domain) -> Iterator[str]:
    if domain.active:
        head = [f"**{table_cell(prose(domain.title))}**", *(level.value for level in LEVELS)]
        rows = [
            table_row(head),
            "| --- | :-: | :-: | :-: | :-: |",
            *(table_row(_signs(row)) for row in domain.active),
        ]
        yield "\n".join(rows) + "\n"
    if domain.outside:
        titles = joined([f"{prose(r.competency.title)} ({' '.join(_signs(r)[1:])})" for r in domain.outside])
        yield f"{prose(domain.title)}, not asked about in this role: {titles}.\n"
    if domain.resting:
        titles = joined([prose(r.competency.title) for r in domain.resting])
        yield f"{prose(domain.title)}, without a Flask application to read: {titles}.\n"


def _signs(row: Row) -> list[str]:
    entries = [row.at(level) for level in LEVELS]
    title = prose(row.competency.title) + (" (core)" if row.core else "")
    return [table_cell(title), *(_sign(e) if e else "" for e in entries)]


def _sign(entry: CellEntry) -> str:
    return STATUS[entry.cell.status].sign + (f" {CONTRADICTED.sign}" if entry.cell.contradicted else "")


def _evidence(page: Outline) -> Iterator[str]:
    """Rows that have something to show: their cells, then the evidence that is at home there."""
    yield "## Evidence\n"
    if not page.evidence:
        yield "Nothing was found.\n"
    for domain in page.domains:
        for row in domain.rows:
            if row.speaks:
                yield f"### {prose(row.competency.title)}\n"
                yield from _row(row)
    if page.strays:
        yield "### Outside the matrix\n"
        yield from (_entry(e) for e in page.strays)
        yield ""


def _row(row: Row) -> Iterator[str]:
    cells = [_cell(e) for e in row.cells if e.speaks]
    if cells:
        yield "\n".join(cells) + "\n"
    if row.evidence:
        yield f"What was found for {prose(row.competency.title)}:\n"
        yield from (_entry(e) for e in row.evidence)
        yield ""


def _cell(entry: CellEntry) -> str:
    cell = entry.cell
    reason = f" ({prose(cell.reason)})" if cell.reason else ""
    against = joined([prose(g.evidence.signal.title) for g in entry.against])
    counter = f" {CONTRADICTED.sign} Speaks against: {against}." if against else ""
    status = STATUS[cell.status].label.lower()
    return f"- {_sign(entry)} **{cell.level.value}, {status}.** {prose(cell.marker)}{reason}{counter}"


def _entry(evidence: Evidence) -> str:
    """One signal: grade, statement and links; counter-evidence also shows its first lines."""
    signal = evidence.signal
    grade = f", {GRADE[signal.grade].label.lower()}" if signal.grade else ""
    sign = f"{CONTRADICTED.sign} " if evidence.against else ""
    lines = [f"- {sign}**{prose(signal.title)}**{grade}: {prose(signal.statement)}"]
    for citation in signal.citations:
        lines.append(f"  - {_citation(citation)}")
        if evidence.against and citation is signal.citations[0] and isinstance(citation, FileCitation):
            lines.append(_lines(citation))
    return "\n".join(lines)


def _questions(page: Outline) -> Iterator[str]:
    """Questions for cells with evidence for or against them; the others' are in the HTML."""
    asked = [(r, e) for d in page.domains for r in d.rows for e in r.cells if e.speaks and e.cell.probes]
    if asked:
        yield "## Questions to ask\n"
    for row, entry in asked:
        yield f"- **{prose(row.competency.title)}, {entry.cell.level.value}**"
        yield "\n".join(f"  - {prose(probe)}" for probe in entry.cell.probes)


def _unseen(page: Outline) -> Iterator[str]:
    yield "\n## What could not be seen\n"
    yield "\n".join(f"- {sentence(s)}" for s in summarise(page).unseen) + "\n"
    for group in page.ledger:
        subjects = [code(e.subject) for e in group.entries[:3] if e.subject]
        more = len(group.entries) - len(subjects)
        where = f" {', '.join(subjects)}{f' and {number(more)} more' if more > 0 else ''}." if subjects else ""
        yield f"- **{prose(group.words.title)}** ({group.count:,}). {prose(group.words.meaning)}{where}"
    for outcome in (Outcome.ABSENT, Outcome.NOT_APPLICABLE):
        titles = [prose(s.title) for s in page.results(outcome)]
        if titles:
            yield f"- **{OUTCOME[outcome].label}** ({len(titles)}). {joined(titles)}."
    rows = [prose(r.competency.title) for d in page.domains for r in d.active if not r.speaks]
    if rows:
        yield f"- **Rows without evidence** ({len(rows)}). {joined(rows)}."


def _about(page: Outline) -> Iterator[str]:
    yield "\n## About\n"
    for repository in page.digest.repositories:
        name = link(code(repository.name), repository.url)
        yield f"- {name} at commit {code(repository.commit)}"
    tool = ", ".join(f"{prose(k)} {code(v)}" for k, v in sorted(page.digest.tool.items()))
    yield f"- Made with {tool or 'evidence'}. Check it with `evidence verify digest.json --repo REPOSITORY --full`."
    yield "- The candidate may see this digest and add a correction to it.\n"


# ---------------------------------------------------------------------------------------------- citations


def _citation(citation: Citation) -> str:
    facts = " · ".join(f for f in (clause(citation.clause), _when(citation), who(citation.share)) if f)
    return f"{_place(citation)} · {prose(facts)}"


def _when(citation: Citation) -> str:
    if isinstance(citation, FileCitation):
        return "a secret in these lines is masked" if citation.masked else ""
    return day(citation.authored if isinstance(citation, CommitCitation) else citation.created)


def _place(citation: Citation) -> str:
    """Where a citation is, as a link; what the repository says about it stands beside it as code."""
    if isinstance(citation, FileCitation):
        last = f"-{citation.end_line}" if citation.end_line > citation.start_line else ""
        return link(code(f"{citation.path}:{citation.start_line}{last}"), citation.url)
    if isinstance(citation, CommitCitation):
        return f"{link('commit ' + code(citation.commit[:10]), citation.url)} {code(citation.subject)}"
    if isinstance(citation, ReviewCommentCitation):
        return f"{link(f'review comment on {citation.number}', citation.url)} {code(citation.excerpt)}"
    kind = type(citation).__struct_config__.tag
    place = f"{link(f'{clause(str(kind))} {citation.number}', citation.url)} {code(citation.title)}"
    return f"{place}: {code(citation.excerpt)}" if citation.excerpt else place


def _lines(citation: FileCitation) -> str:
    """The first cited lines, inside the list item that names their place."""
    shown, _ = excerpt.lines(citation.excerpt)
    return fence(shown[:_EXCERPT_LINES], indent="    ")
