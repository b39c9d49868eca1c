"""The digest in plain sentences, for a reader who does not program.

The only logic of the renderers, shared by all of them. Every sentence restates fields of the digest; none weighs them.
A sentence is a tuple of parts, so that each renderer can mark quoted text and place links in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from evidence.model import CellStatus, Grade, Outcome, Polarity, Repository, SignalResult
from evidence.report.outline import Domain, Evidence, LedgerGroup, Outline, grade_of, many_unread
from evidence.report.words import NOTICE, STATUS, capital, counted, day, joined, number

_NAMED_AT_MOST = 6
# Signals without a detector are unavailable, and counted as such before the ledger is.
_SAID_ABOVE = "no_detector"
_NO_ANSWER = (Outcome.UNAVAILABLE, Outcome.ERROR)


@dataclass(frozen=True)
class Quote:
    """Text that comes from a repository or a forge: to be shown as quoted, never as ours. ``code`` is a command to
    copy."""

    text: str
    code: bool = False


@dataclass(frozen=True)
class Place:
    """A link to another place of the same digest."""

    text: str
    anchor: str


@dataclass(frozen=True)
class Link:
    """Words of ours that lead to a page of the forge, where its address may be a link."""

    text: str
    url: str


Part = str | Quote | Place | Link
Sentence = tuple[Part, ...]


def quoted(names: Iterable[str]) -> Sentence:
    """These names, each quoted, with commas between them."""
    parts: list[Part] = []
    for name in names:
        parts += [", ", Quote(name)]
    return tuple(parts[1:])


@dataclass(frozen=True)
class Summary:
    """What a reader should know first. ``domains`` pairs a domain with its sentences; those without evidence are absent
    from it and named in ``silent``."""

    opening: tuple[Sentence, ...]
    domains: tuple[tuple[Domain, tuple[Sentence, ...]], ...]
    silent: tuple[Sentence, ...]
    cells: Sentence
    against: tuple[Sentence, ...]
    unseen: tuple[Sentence, ...]
    notice: str = NOTICE


def summarise(page: Outline) -> Summary:
    """All sentences of the digest's first page."""
    speaking = [(d, _domain(page, d)) for d in page.domains]
    return Summary(
        opening=(*_flask(page), *_read(page), _candidate(page), *_role(page), *_incomplete(page)),
        domains=tuple((d, sentences) for d, sentences in speaking if sentences),
        silent=_silent(page, [d for d, sentences in speaking if not sentences]),
        cells=_cells(page),
        against=_against(page),
        unseen=_unseen(page),
    )


def candidate(page: Outline) -> str | None:
    """The candidate's name or login as the digest has it, of several repositories where one was found first; None when
    nobody was asked about, or found."""
    asked = page.digest.subject.get("candidate")
    if isinstance(asked, dict):
        told = asked["repositories"] if isinstance(asked.get("repositories"), list) else [asked]
        known = (each for each in told if isinstance(each, dict))
        found = [each for each in known if each.get("status") not in ("question", "not_found")]
        names = (each[key] for each in found for key in ("name", "login") if isinstance(each.get(key), str))
        return next(filter(None, names), "") if found else None
    return asked if isinstance(asked, str) else None


# ------------------------------------------------------------------------------------------ what was read


def _flask(page: Outline) -> tuple[Sentence, ...]:
    """Said first when there is no Flask application at all; said of single repositories when only some have one."""
    repositories = page.digest.repositories
    without = [r for r in repositories if not r.flask]
    untold = [r for r in without if many_unread(page.digest, r.id)]
    sentences: list[Sentence] = []
    if untold:
        tail = ": too many of the files could not be read."
        sentences.append(("Whether there is a Flask application cannot be told of ", *_names(untold), tail))
    if without := [r for r in without if r not in untold]:
        folded = " The rows about Flask are folded away; the others are read as for any project."
        tail = f".{folded}" if len(without) == len(repositories) else "."
        sentences.append(("No Flask application was found in ", *_names(without), tail))
    return tuple(sentences)


def _read(page: Outline) -> tuple[Sentence, ...]:
    repositories = page.digest.repositories
    if not repositories:
        return (("No repository was read.",),)
    head = f"{capital(counted(len(repositories), 'repository', 'repositories'))} "
    head += "was read: " if len(repositories) == 1 else "were read. "
    first, *rest = (_repository(r) for r in repositories)
    return ((head, *first), *rest)


def _repository(repository: Repository) -> Sentence:
    """One repository with what identifies it and how large it is."""
    flask: Sentence = (" It has a Flask application.",) if repository.flask else ()
    branch: Sentence = (", default branch ", Quote(repository.default_branch)) if repository.default_branch else ()
    host: Sentence = (" on ", Quote(repository.host)) if repository.host else ()
    return (
        Quote(repository.name),
        *host,
        f", at commit {repository.commit[:10]} of {day(repository.committed)}",
        *branch,
        f": {counted(repository.files, 'file')} and {counted(repository.commits, 'commit')}.",
        *flask,
    )


def _names(repositories: Iterable[Repository]) -> Sentence:
    return quoted(repository.name for repository in repositories)


def _candidate(page: Outline) -> Sentence:
    name = candidate(page)
    if name is None and (asked := page.digest.subject.get("candidate")):
        if not _is_question(asked):
            return ("The candidate was not found here, so this is about the repository, whoever wrote it.",)
        return ("Whom the candidate's name means was left open, so this is about the repository, whoever wrote it.",)
    if name is None:
        return ("Nobody was named as the candidate, so this is about the repository, whoever wrote it.",)
    return ("The work of ", Quote(name or "the candidate"), " was looked for; what others wrote is named as such.")


def _is_question(asked: object) -> bool:
    """Whether several people fit the candidate's name, in one repository at least."""
    told = asked.get("repositories", [asked]) if isinstance(asked, dict) else []
    return any(isinstance(each, dict) and each.get("status") == "question" for each in told)


def _role(page: Outline) -> tuple[Sentence, ...]:
    """What the role profile does to the order of the page; it changes no status."""
    role = page.digest.subject.get("profile")
    if not isinstance(role, str):
        return ()
    rows = [row for domain in page.domains for row in domain.rows]
    core, outside = sum(r.core for r in rows), sum(r.outside for r in rows)
    folded = f" {capital(counted(outside, 'row'))} that it does not ask about {'is' if outside == 1 else 'are'} folded."
    told = f": its {counted(core, 'core row')} stand first in each domain.{folded if outside else ''}"
    return (("It is read for the role ", Quote(role), told),)


def _incomplete(page: Outline) -> tuple[Sentence, ...]:
    if page.digest.complete:
        return ()
    place = Place("What could not be seen", "unseen")
    return (("Reading or looking was stopped somewhere, so this digest is not complete: see ", place, "."),)


# ------------------------------------------------------------------------------------------ what stands out


def _domain(page: Outline, domain: Domain) -> tuple[Sentence, ...]:
    """What was found in one domain, strongest first; nothing where nothing was found."""
    found = [e for row in domain.rows for e in row.evidence]
    favour = [e for e in found if not e.against]
    named = candidate(page) is not None
    own = _by_grade(favour, lambda s: grade_of(s, named))
    others = [e for e in favour if named and e.signal.own_grade is None and not e.untold]
    untold = [e for e in favour if named and e.untold]
    sentences = (
        _listing(own[Grade.SUSTAINED], "practice is", "practices are", " in use and upheld by tests, CI or history: "),
        _listing(own[Grade.PRACTISED], "practice is", "practices are", " in use: "),
        _listing(own[Grade.TRACE], "is", "are", " only named or begun, which is a lead and no credit: "),
        _listing(others, "is", "are", " in the repository and written by others: "),
        _listing(untold, "is", "are", " in the repository, and whose work that is could not be told: "),
        _listing([e for e in found if e.against], "finding speaks", "findings speak", " against: "),
    )
    return tuple(s for s in sentences if s)


def _by_grade(found: Sequence[Evidence], grade: Callable[[SignalResult], Grade | None]) -> dict[Grade, list[Evidence]]:
    return {g: [e for e in found if grade(e.signal) is g] for g in Grade}


def _listing(found: Sequence[Evidence], one: str, many: str, middle: str) -> Sentence:
    """ "Two practices are in use: A and B." with a link to each; long lists end in "and 4 more"."""
    if not found:
        return ()
    shown = list(found) if len(found) <= _NAMED_AT_MOST + 1 else list(found[:_NAMED_AT_MOST])
    parts: list[Part] = [capital(counted(len(found), one, many)) + middle]
    for index, entry in enumerate(shown):
        last = index == len(shown) - 1 and len(shown) == len(found)
        parts += [(" and " if last else ", ") if index else "", Place(entry.signal.title, entry.anchor)]
    rest = len(found) - len(shown)
    return (*parts, f" and {number(rest)} more." if rest else ".")


def _silent(page: Outline, domains: Sequence[Domain]) -> tuple[Sentence, ...]:
    """The domains without evidence. Where signals got no answer that is said: it is not absence."""
    counts = [(d.title, *_unlooked(page, d)) for d in domains]
    empty = [title for title, missing, _ in counts if not missing]
    blind = [title for title, missing, total in counts if missing and missing == total]
    partly = [
        f"Nothing was found for {title}, where {number(missing)} of {counted(total, 'signal')} could not be looked for."
        for title, missing, total in counts
        if 0 < missing < total
    ]
    said = [f"Nothing was found for {joined(empty)}."] if empty else []
    said += [*partly, f"Nothing could be looked for in {joined(blind)}."] if blind else partly
    return tuple((sentence,) for sentence in said)


def _unlooked(page: Outline, domain: Domain) -> tuple[int, int]:
    """How many signals of a domain got no answer, and how many it has."""
    rows = {r.competency.id for r in domain.rows}
    outcomes = [s.outcome for s in page.digest.signals if s.competency in rows]
    return sum(o in _NO_ANSWER for o in outcomes), len(outcomes)


def _cells(page: Outline) -> Sentence:
    """How many cells have each status; the statuses that no cell has are left out."""
    counts = [(n, STATUS[status].label.lower()) for status, n in page.statuses.items() if n]
    if not counts:
        return ("The digest has no matrix.",)
    listed = joined([f"{number(n)} {label}" for n, label in counts])
    contradicted = sum(c.contradicted for c in page.digest.cells)
    tail = f" Counter-evidence stands beside {number(contradicted)} of them." if contradicted else ""
    return (f"Of the matrix's {counted(len(page.digest.cells), 'cell')}: {listed}.{tail}",)


def _against(page: Outline) -> tuple[Sentence, ...]:
    """One sentence per signal that speaks against: its title and its statement. None is said in words, too."""
    found = tuple((Place(e.signal.title, e.anchor), ": ", e.signal.statement) for e in page.evidence if e.against)
    asked = [s for s in page.digest.signals if s.polarity is Polarity.AGAINST]
    missing = sum(s.outcome in _NO_ANSWER for s in asked)
    if missing:
        what = "" if missing == len(asked) else f"{number(missing)} of {counted(len(asked), 'kind')} of "
        return (*found, (f"{capital(what + 'counter-evidence')} could not be looked for.",))
    return found or (("No counter-evidence was found.",),)


# ------------------------------------------------------------------------------------------ what could not be seen


def _unseen(page: Outline) -> tuple[Sentence, ...]:
    """Why there is no answer, by reason; what the ledger holds; and what no repository can show."""
    sentences = [*_unanswered(page, Outcome.UNAVAILABLE, "could not be looked for")]
    sentences += _unanswered(page, Outcome.ERROR, "could not be decided because looking failed")
    left_out = [g for g in page.ledger if g.name != _SAID_ABOVE]
    if left_out:
        sentences.append(_left_out(left_out))
    blind = page.statuses[CellStatus.NOT_OBSERVABLE]
    if blind:
        sentences.append((f"{capital(counted(blind, 'cell'))} of the matrix cannot be shown by any repository.",))
    sentences.append(("Private repositories, conversations and work outside these commits cannot be seen from here.",))
    return tuple(sentences)


def _unanswered(page: Outline, outcome: Outcome, what: str) -> list[Sentence]:
    results = sorted(page.results(outcome), key=lambda s: s.reason or "")
    groups = [(reason, len(list(group))) for reason, group in groupby(results, key=lambda s: s.reason or "")]
    groups.sort(key=lambda pair: (-pair[1], pair[0]))
    return [
        (f"{capital(counted(n, 'signal'))} {what}{': ' if reason else ''}{reason.rstrip('.')}.",)
        for reason, n in groups
    ]


def _left_out(groups: Sequence[LedgerGroup]) -> Sentence:
    listed = joined([f"{g.words.title[:1].lower()}{g.words.title[1:]} ({g.count:,})" for g in groups[:_NAMED_AT_MOST]])
    rest = len(groups) - _NAMED_AT_MOST
    tail = f", and {counted(rest, 'more kind')}" if rest > 0 else ""
    return ("The ledger names what was skipped, sampled or missing: ", Place(listed, "unseen"), f"{tail}.")
