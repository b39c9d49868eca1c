"""From the sites that a reader is shown to citations: how each is made openable and checkable.

A citation carries what anyone needs to check it without this tool: commit, path, lines, git's blob id, the SHA-256 of
the raw bytes of those lines, and a link that opens them. The excerpt is for reading, and secrets in it are masked.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from evidence.facts.conversations import Items, cited_item
from evidence.facts.secrets.addresses import without_addresses
from evidence.facts.secrets.masking import mask_lines
from evidence.facts.secrets.pieces import Pieces
from evidence.model import Blob, Citation, Commit, CommitCitation, FileCitation, Site, Snapshot
from evidence.twofold import in_two

# An excerpt is as much as fits beside its statement on one screen.
EXCERPT_LINES = 20
EXCERPT_CHARACTERS = 4_000
LINE_CHARACTERS = 300
# Contents of cited files that are held at once.
_BATCH_BYTES = 8 << 20


def _nothing() -> None:
    """Nothing is to be done meanwhile."""


class Citable(Protocol):
    """What citing needs of a repository. An address is empty where the repository has no public one."""

    @property
    def snapshot(self) -> Snapshot: ...

    def permalink(self, path: str, start: int, end: int) -> str: ...

    def commit_link(self, sha: str) -> str: ...


def cite(
    sites: Iterable[Site],
    repository: Citable,
    name: str,
    commits: Mapping[str, Commit],
    items: Items | None = None,
    *,
    processes: int = 1,
    meanwhile: Callable[[], object] = _nothing,
) -> dict[Site, Citation]:
    """A citation for each site that can be opened; every blob is read once.

    ``processes`` above 1 allows a fork to mask half of the files, ``meanwhile`` is what this process does before its
    half; neither changes a citation.

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
    first = meanwhile
    for batch in _batches(repository.snapshot.read(sorted(in_files))):
        cited.update(_cited([(content, in_files[oid]) for oid, content in batch], repository, name, processes, first))
        first = _nothing
    if first is not _nothing:
        first()
    return cited


def _batches(contents: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    """Groups of files that this process may hold at once."""
    batch: list[tuple[str, bytes]] = []
    size = 0
    for oid, content in contents:
        batch.append((oid, content))
        size += len(content)
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _cited(
    files: Sequence[tuple[bytes, Sequence[tuple[Site, Blob]]]],
    repository: Citable,
    name: str,
    processes: int,
    meanwhile: Callable[[], object],
) -> Iterator[tuple[Site, FileCitation]]:
    """The citations of the sites in these files, each given by its content and its sites."""

    def of_file(number: int) -> list[FileCitation]:
        content, places = files[number]
        page = _Page(content)
        return [_file_citation(site, blob, page, repository, name) for site, blob in places]

    told = in_two(of_file, len(files), list[FileCitation], processes=processes, meanwhile=meanwhile)
    for (_, places), found in zip(files, told, strict=True):
        yield from zip((site for site, _ in places), found, strict=True)


class _Page:
    """The lines of a file: as they are, and as a reader may see them."""

    def __init__(self, content: bytes) -> None:
        self.lines = split_lines(content)
        self._plain = content.decode("utf-8", "replace").split("\n")[: len(self.lines)]
        if b"\r" in content:
            self._plain = [line.rstrip("\r") for line in self._plain]
        self._pieces = Pieces(self._plain)

    def excerpt(self, start: int, end: int) -> tuple[str, bool]:
        """Lines as text, masked and then cut to what a reader takes in; and whether a secret was masked in them."""
        plain = self._plain[start - 1 : end]
        masked = self._pieces.masked(start - 1, start - 1 + len(plain))
        return _fitting(masked[:EXCERPT_LINES]), masked != plain


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
        subject=_shortened(without_addresses(mask_lines([commit.subject])[0])),
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
