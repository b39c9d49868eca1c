"""From sites to citations: which few occurrences a reader is shown, and how each is made openable and checkable.

A citation carries what anyone needs to check it without this tool: commit, path, lines, git's blob id, the SHA-256 of
the raw bytes of those lines, and a link that opens them. The excerpt is for reading, and secrets in it are masked.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from evidence.facts.conversations import Items, cited_item
from evidence.facts.roles import Role, role_of
from evidence.facts.secrets.masking import mask, mask_lines
from evidence.model import Blob, Citation, Commit, CommitCitation, FileCitation, Signal, Site, Sites, Snapshot

# Five places are what a reader opens; an excerpt is as much as fits beside its statement on one screen.
CITED = 5
UPHOLDING = 2
EXCERPT_LINES = 20
EXCERPT_CHARACTERS = 4_000
LINE_CHARACTERS = 300
# Masking costs about 10 microseconds a line. Files up to so many lines are masked whole before they are cut; of longer
# ones private keys are, and what else is a secret is told by so many lines before the cited ones.
_WHOLE_LINES = 400
_CONTEXT_LINES = 200
# So many letters tell words of one kind together: cache and caching, retry and retries, migrations and migrate.
_STEM = 4
_WORD = re.compile(r"[a-z]{3,40}")
# Stems of names that say nothing of what a file is about.
_ANYWHERE = frozenset({
    "test", "conf", "init", "app", "api", "main", "core", "base", "util", "comm", "help", "view", "rout", "serv", "src",
    "unit", "inte", "func", "acce",
})  # fmt: skip


class Citable(Protocol):
    """What citing needs of a repository. An address is empty where the repository has no public one."""

    @property
    def snapshot(self) -> Snapshot: ...

    def permalink(self, path: str, start: int, end: int) -> str: ...

    def commit_link(self, sha: str) -> str: ...


def choose(
    signal: Signal,
    sites: Sites,
    limit: int = CITED,
    turn: Callable[[Site], int] | None = None,
    aside: Callable[[str], bool] = lambda path: False,
) -> tuple[Site, ...]:
    """The ``limit`` sites that best show a signal, best first; fewer where more would only repeat what upholds it.
    Those of a lower ``turn`` come before all others; those in a file that stands ``aside`` (in a part of the repository
    that the application is not made of) behind all others of their clause.

    Clauses take turns in the signal's own order, so that each one proved is seen once before any is seen twice; clauses
    that only count are never shown, leads only where there is nothing better. Within a clause come lines not shown yet,
    then subjects and then paths not shown yet for that clause, then tests named after the work, then the file where
    most of it happens, then path order: the choice depends on the set of sites alone. The work itself may fill all
    places; what wires or upholds it is shown ``UPHOLDING`` times a clause, and one test stands for all of them.
    """
    shown = [clause for clause in signal.clauses if clause not in signal.uncited]
    if sites.count(*shown) > sites.count(*signal.leads):
        shown = [clause for clause in shown if clause not in signal.leads]
    often = Counter((site.clause, site.path) for site in sites)
    named = _named_after(signal, sites)
    chosen: list[Site] = []
    turns = {site: turn(site) for site in sites} if turn else dict.fromkeys(sites, 0)
    for number in sorted(set(turns.values())):
        queues = {
            clause: sorted(
                (site for site in sites.of(clause) if turns[site] == number),
                key=lambda site: (aside(site.path), named(site), -often[site.clause, site.path], *_place(site)),
            )
            for clause in shown
        }
        _fill(signal, chosen, queues, limit, aside)
    return tuple(chosen)


def _fill(
    signal: Signal, chosen: list[Site], queues: dict[str, list[Site]], limit: int, aside: Callable[[str], bool]
) -> None:
    while len(chosen) < limit and any(queues.values()):
        for queue in queues.values():
            queue[:] = [site for site in queue if not _is_enough(signal, site, chosen)]
            if queue and len(chosen) < limit:
                best = min(queue, key=lambda site: (aside(site.path), *_repeats(site, chosen)))
                queue.remove(best)
                chosen.append(best)


def _is_enough(signal: Signal, site: Site, chosen: Sequence[Site]) -> bool:
    """Whether what is chosen leaves nothing to this site: it lies within what its clause shows already, or only
    upholds what enough others do."""
    alike = [other for other in chosen if other.clause == site.clause]
    if site.path and any(_overlap(site, other) for other in alike):
        return True
    if site.clause in signal.defining:
        return False
    tests = _is_test(site.path) and any(
        other.clause not in signal.defining and _is_test(other.path) for other in chosen
    )
    return tests or len(alike) >= UPHOLDING


def _named_after(signal: Signal, sites: Sites) -> Callable[[Site], tuple[int, int]]:
    """A key that sorts tests which uphold a signal by how much their names share with it and with the files of the
    work: of many tests that pass by some place, a reader would open the one made for it."""
    own = _stems(signal.id.rpartition(".")[2])
    work = {stem for site in sites.of(*signal.defining) if not _is_test(site.path) for stem in _stems(_name(site.path))}

    def key(site: Site) -> tuple[int, int]:
        if site.clause in signal.defining or not _is_test(site.path):
            return (0, 0)
        name = _stems(site.path.rpartition(".")[0])
        return (-len(name & own), -len(name & work))

    return key


def _name(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0] or path


@lru_cache(maxsize=8_192)
def _stems(name: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(name.lower())) - _ANYWHERE


@lru_cache(maxsize=8_192)
def _is_test(path: str) -> bool:
    return role_of(path) is Role.TEST


def _overlap(site: Site, other: Site) -> bool:
    return site.path == other.path and site.start <= other.end and other.start <= site.end


def _place(site: Site) -> tuple[object, ...]:
    return (*site.order(), site.commit)


def _repeats(site: Site, chosen: Sequence[Site]) -> tuple[bool, bool, bool]:
    """What a reader has seen of this site already: its very lines, its subject, its file. False sorts first."""
    alike = [other for other in chosen if other.clause == site.clause]
    return (
        any(_lines_of(other) == _lines_of(site) for other in chosen),
        any(other.subject == site.subject for other in alike),
        any(other.path == site.path for other in alike),
    )


def _lines_of(site: Site) -> tuple[str, int, int, str, str]:
    return (site.path, site.start, site.end, site.commit, site.item)


def cite(
    sites: Iterable[Site],
    repository: Citable,
    name: str,
    commits: Mapping[str, Commit],
    items: Items | None = None,
) -> dict[Site, Citation]:
    """A citation for each site that can be opened; every blob is read once, all in one batch.

    ``name`` is the repository's id in the digest, ``commits`` its commits by hash, ``items`` what its forge has. A site
    whose file, commit or item is not there, or whose blob could not be read, has no citation: the source's ledger says
    why.
    """
    cited: dict[Site, Citation] = {}
    in_files: defaultdict[str, list[tuple[Site, Blob]]] = defaultdict(list)
    blobs = {blob.path: blob for blob in repository.snapshot.blobs if blob.kind == "file"}
    for site in dict.fromkeys(sites):
        if site.item:
            item = items.find(site.item) if items is not None else None
            if item is not None and (citation := cited_item(item, site.clause, name)) is not None:
                cited[site] = citation
        elif site.path in blobs:
            in_files[blobs[site.path].oid].append((site, blobs[site.path]))
        elif not site.path and site.commit in commits:
            cited[site] = _commit_citation(site, commits[site.commit], repository, name)
    for oid, content in repository.snapshot.read(sorted(in_files)):
        page = _Page(content)
        for site, blob in in_files[oid]:
            cited[site] = _file_citation(site, blob, page, repository, name)
    return cited


class _Page:
    """The lines of a file: as they are, and as a reader may see them."""

    def __init__(self, content: bytes) -> None:
        self.lines = split_lines(content)
        self._plain = [line.decode("utf-8", "replace").rstrip("\r\n") for line in self.lines]
        self._whole = len(self.lines) <= _WHOLE_LINES
        text = "\n".join(self._plain)
        self._masked = (mask_lines(self._plain) if self._whole else mask(text).split("\n")) if text else self._plain

    def excerpt(self, start: int, end: int) -> tuple[str, bool]:
        """Lines as text, masked and then cut to what a reader takes in; and whether a secret was masked in them."""
        masked = self._masked[start - 1 : end]
        if not self._whole:
            first = max(start - 1 - _CONTEXT_LINES, 0)
            masked = mask_lines(self._masked[first:end])[start - 1 - first :]
        return _fitting(masked[:EXCERPT_LINES]), masked != self._plain[start - 1 : end]


def split_lines(content: bytes) -> list[bytes]:
    """The lines of a file with their ends, split at line feeds alone: as git, GitHub and GitLab number them."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _file_citation(site: Site, blob: Blob, page: _Page, repository: Citable, name: str) -> FileCitation:
    start, end = _within(site, len(page.lines))
    raw = b"".join(page.lines[start - 1 : end])
    excerpt, masked = page.excerpt(start, end)
    return FileCitation(
        repository=name,
        path=blob.path,
        start_line=start,
        end_line=end,
        clause=site.clause,
        commit=repository.snapshot.commit,
        blob=blob.oid,
        # A hash of a line with a secret in it would let anyone test guesses at the secret.
        sha256="" if masked else hashlib.sha256(raw).hexdigest(),
        url=repository.permalink(blob.path, start, end),
        excerpt=excerpt,
        masked=masked,
    )


def _within(site: Site, count: int) -> tuple[int, int]:
    """The site's lines, held inside a file of ``count`` lines (an empty one is cited by its first)."""
    start = min(max(site.start, 1), max(count, 1))
    return start, min(max(site.end, start), max(count, start))


def _commit_citation(site: Site, commit: Commit, repository: Citable, name: str) -> CommitCitation:
    return CommitCitation(
        repository=name,
        commit=commit.sha,
        clause=site.clause,
        subject=_shortened(mask_lines([commit.subject])[0]),
        authored=iso_date(commit.authored),
        url=repository.commit_link(commit.sha),
    )


def _fitting(lines: list[str]) -> str:
    """As many of these lines, long ones cut, as stay within the excerpt's size."""
    kept: list[str] = []
    room = EXCERPT_CHARACTERS
    for line in map(_shortened, lines):
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join(kept)


def iso_date(seconds: int) -> str:
    """Seconds since the epoch as an ISO date, UTC; empty where a hostile commit claims a year that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return ""


def _shortened(line: str) -> str:
    return line if len(line) <= LINE_CHARACTERS else line[: LINE_CHARACTERS - 1] + "…"
