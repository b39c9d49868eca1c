"""Whom a scan asks about, and what is needed to tell their work from others': identities, a baseline, the blame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from evidence import attribution
from evidence.facts.people import Candidate, People, everyone, find, found_aside, logins
from evidence.facts.project import Project
from evidence.model import Ledger, Upstream, UsageError
from evidence.source import OpenRepository
from evidence.source.quoting import visible

Open = Callable[[str, str | None], AbstractContextManager[OpenRepository]]
"""Opens a source (an address or a path) at a revision, or at its HEAD."""
Fetch = Callable[[Mapping[int, str]], None]
"""Brings the own commits of changes, by number, each with its last one as far as that is known."""


class Request(Protocol):
    """What of a request is about people."""

    @property
    def source(self) -> str: ...
    @property
    def candidates(self) -> tuple[str, ...]: ...
    @property
    def baseline(self) -> str | None: ...


def candidate_of(
    request: Request,
    project: Project,
    repository: OpenRepository,
    warn: Callable[[str], None],
    upstream: Upstream | None,
    fetch: Fetch,
) -> Candidate | None:
    """Whom the request asks about; with a baseline and nobody named, whoever worked on top of it.

    Where several people fit a name, or nobody does, the digest is about the repository and says so. ``fetch`` brings
    own commits of squashed changes, among which a value that the history does not know is looked for."""
    if not request.candidates:
        return everyone(project.people) if request.baseline else None
    mailmap = project.texts[".mailmap"].text.splitlines() if ".mailmap" in project.texts else ()
    people, theirs = project.people, upstream.commits if upstream is not None else frozenset()
    found = find(people, request.candidates, logins=logins(project.changes), mailmap=mailmap)
    squashes = attribution.Squashes(repository.blame, people.commits, theirs)

    def aside() -> People:
        fetch(dict.fromkeys(squashes.numbers.values(), ""))
        return People(squashes.all)

    found = found_aside(found, people, request.candidates, aside)
    name = visible(repository.name)
    if found.questions:
        warn(f"Several people in {name} go by the candidate's name: the digest asks which of them is meant.")
    elif not found:
        warn(f"No commit and no account in {name} is the candidate's: what is told of it is about the repository.")
    return found


def attribution_of(
    candidate: Candidate | None,
    project: Project,
    repository: OpenRepository,
    seed: attribution.Seed | None,
    upstream: Upstream | None,
    ledger: Ledger,
) -> attribution.Attribution | None:
    """What answers for the candidate; None where nobody was found."""
    if not candidate:
        return None
    skeletons = attribution.Skeletons(_content_of(repository), project.history.commits)
    origins = attribution.Origins(project, seed, skeletons, upstream)
    return attribution.Attribution(candidate, project, repository.blame, repository.commit, ledger, origins)


def seed_of(request: Request, repository: OpenRepository, opened: Open) -> attribution.Seed | None:
    """The baseline's files: a repository of its own (an address or a path), or a revision of the scanned one. Raises
    UsageError for one that is neither."""
    if request.baseline is None:
        return None
    apart = "://" in request.baseline or Path(request.baseline).exists()
    place = (request.baseline, None) if apart else (request.source, request.baseline)
    try:
        with opened(*place) as seed:
            paths: dict[str, list[str]] = {}
            for blob in seed.snapshot.blobs:
                if blob.kind == "file":
                    paths.setdefault(blob.oid, []).append(blob.path)
            files = {path: content for oid, content in seed.snapshot.read(list(paths)) for path in paths[oid]}
    except UsageError as error:
        raise UsageError(f"The baseline cannot be read. {error}") from None
    return attribution.Seed(f"{seed.id}@{seed.commit}", files, _content_of(repository))


def _content_of(repository: OpenRepository) -> Callable[[str], bytes | None]:
    """Gives the content of a scanned file by its path."""
    blame, commit = repository.blame, repository.commit
    return lambda path: blame.contents([(commit, path)]).get((commit, path))
