"""From sites to citations: which few occurrences a reader is shown, and how each is made openable and checkable.

A citation carries what anyone needs to check it without this tool: commit, path, lines, git's blob id, the SHA-256 of
the raw bytes of those lines, and a link that opens them. The excerpt is for reading, and secrets in it are masked.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from evidence.facts.conversations import Items, cited_item
from evidence.facts.roles import Role, role_of
from evidence.facts.secrets.lines import mask_assignments
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
    clauses = [clause for clause in signal.clauses if clause not in signal.uncited]
    if sites.count(*clauses) > sites.count(*signal.leads):
        clauses = [clause for clause in clauses if clause not in signal.leads]
    often = Counter((site.clause, site.path) for site in sites)
    named = _named_after(signal, sites)
    turns: defaultdict[int, list[Site]] = defaultdict(list)
    for site in sites:
        turns[turn(site) if turn else 0].append(site)
    shown = _Shown(signal, aside)
    for number in sorted(turns):
        queues: dict[str, list[Site]] = {clause: [] for clause in clauses}
        for site in turns[number]:
            if site.clause in queues:
                queues[site.clause].append(site)
        for queue in queues.values():
            queue.sort(key=lambda site: (aside(site.path), named(site), -often[site.clause, site.path], *site.order()))
        _fill(shown, queues, limit)
    return tuple(shown.sites)


def _fill(shown: _Shown, queues: dict[str, list[Site]], limit: int) -> None:
    while len(shown.sites) < limit and any(queues.values()):
        for queue in queues.values():
            queue[:] = [site for site in queue if not shown.is_enough(site)]
            if queue and len(shown.sites) < limit:
                best = min(queue, key=shown.repeats)
                queue.remove(best)
                shown.add(best)


class _Shown:
    """What a reader is shown of one signal so far, indexed by what each of thousands of further sites is held
    against."""

    def __init__(self, signal: Signal, aside: Callable[[str], bool]) -> None:
        self.sites: list[Site] = []
        self._signal = signal
        self._aside = aside
        self._lines: set[tuple[str, int, int, str, str]] = set()
        self._subjects: set[tuple[str, str]] = set()
        self._places: defaultdict[tuple[str, str], list[Site]] = defaultdict(list)
        self._often: Counter[str] = Counter()
        self._tested = False

    def add(self, site: Site) -> None:
        """Show one more."""
        self.sites.append(site)
        self._lines.add(_lines_of(site))
        self._subjects.add((site.clause, site.subject))
        self._places[site.clause, site.path].append(site)
        self._often[site.clause] += 1
        self._tested = self._tested or (site.clause not in self._signal.defining and _is_test(site.path))

    def is_enough(self, site: Site) -> bool:
        """Whether what is shown leaves nothing to this site: it lies within what its clause shows already, or only
        upholds what enough others do."""
        alike = self._places.get((site.clause, site.path))
        if site.path and alike and any(site.start <= other.end and other.start <= site.end for other in alike):
            return True
        if site.clause in self._signal.defining:
            return False
        return self._often[site.clause] >= UPHOLDING or (self._tested and _is_test(site.path))

    def repeats(self, site: Site) -> tuple[bool, bool, bool, bool]:
        """Whether a site stands aside, and what a reader has seen of it already: its very lines, its subject, its file.
        False sorts first."""
        return (
            self._aside(site.path),
            _lines_of(site) in self._lines,
            (site.clause, site.subject) in self._subjects,
            (site.clause, site.path) in self._places,
        )


def _named_after(signal: Signal, sites: Sites) -> Callable[[Site], tuple[int, int, bool]]:
    """A key that sorts tests which uphold a signal by how much their names share with it and with the files of the
    work, what all tests share before single ones: of many tests that pass by some place, a reader would open the one
    made for it."""
    own = _stems(signal.id.rpartition(".")[2])
    work = {stem for site in sites.of(*signal.defining) if not _is_test(site.path) for stem in _stems(_name(site.path))}

    def key(site: Site) -> tuple[int, int, bool]:
        if site.clause in signal.defining or not _is_test(site.path):
            return (0, 0, False)
        name = _stems(site.path.rpartition(".")[0])
        return (-len(name & own), -len(name & work), not site.path.endswith(("conftest.py", "__init__.py")))

    return key


def _name(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0] or path


@lru_cache(maxsize=8_192)
def _stems(name: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(name.lower())) - _ANYWHERE


@lru_cache(maxsize=8_192)
def _is_test(path: str) -> bool:
    return role_of(path) is Role.TEST


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
        page = _Page(content, max(max(site.start, site.end) for site, _ in in_files[oid]))
        for site, blob in in_files[oid]:
            cited[site] = _file_citation(site, blob, page, repository, name)
    return cited


class _Page:
    """The lines of a file: as they are, and as a reader may see them as far as the ``last`` that is cited."""

    def __init__(self, content: bytes, last: int) -> None:
        self.lines = split_lines(content)
        self._plain = content.decode("utf-8", "replace").split("\n")[: len(self.lines)]
        if b"\r" in content:
            self._plain = [line.rstrip("\r") for line in self._plain]
        self._whole = len(self.lines) <= _WHOLE_LINES
        self._masked = mask("\n".join(self._plain)).split("\n") if self._plain else []
        if self._whole:
            # what a line tells of secrets it tells of itself and of those after it
            self._masked = mask_assignments(self._masked[: max(last, 1)])

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
