"""``evidence verify``: hold a digest against the repository it cites, and list what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from evidence.cli.terminal import Warnings, progress
from evidence.cli.writing import print_out

if TYPE_CHECKING:
    from evidence.differences import Problem
    from evidence.model import Changes, Commit, Digest
    from evidence.request import ScanRequest
    from evidence.source import OpenRepository

_DIFFERS = 1
_NOT_LOOKED = 3
# A digest of the largest repositories is a few megabytes; anything far beyond is not one.
_DIGEST_BYTES = 64 * 1024 * 1024


class NoCommit(Exception):
    """A repository does not have the commit that the digest is of."""


def check(
    file: Path,
    sources: Sequence[str],
    *,
    full: bool,
    baseline: str | None,
    workers: int,
    hosts: tuple[str, ...],
    insecure_hosts: tuple[str, ...],
) -> int:
    """Print every problem, one a line; return 0 when all holds, 1 when something differs, 3 when not all was seen.

    EvidenceError when the file is no digest, or a repository cannot be read or was not given.
    """
    from evidence.cli.sources import source_of_each
    from evidence.differences import Problem
    from evidence.report.json_form import from_json
    from evidence.request import ScanRequest
    from evidence.verify import layout, part_of, whole

    content = _content(file)
    digest = from_json(content)
    given = source_of_each([repository.id for repository in digest.repositories], sources)
    if full:
        _demand_baseline(digest, baseline)
    requests = [
        ScanRequest(
            source=given[repository.id],
            revision=repository.commit,
            profile=_option(digest, "profile"),
            candidates=_candidates(digest, repository.id),
            baseline=baseline or _baseline(digest, repository.id),
            identity=repository.url or _identity(digest),
            hosts=hosts,
            insecure_hosts=insecure_hosts,
            workers=workers,
            forge=_forge(digest, repository.id),
            upstream=_upstream(digest, repository.id),
        )
        for repository in digest.repositories
    ]
    watcher = progress()
    problems, opened = [*layout(digest, content), *whole(digest)], True
    try:
        for request, repository in zip(requests, digest.repositories, strict=True):
            try:
                problems += _against_repository(part_of(digest, repository.id), request, watcher)
            except NoCommit as error:
                problems.append(Problem(f"commit {request.revision}", str(error)))
                opened = False
        if full and opened:
            problems += _derived_again(digest, requests, watcher)
    finally:
        watcher.done()
    print_out("\n".join(_line(problem) for problem in problems) or _all_holds(digest, full=full))
    return exit_code(problems)


def _content(file: Path) -> bytes:
    from evidence.model import UsageError

    with file.open("rb") as stream:
        content = stream.read(_DIGEST_BYTES + 1)
    if len(content) > _DIGEST_BYTES:
        raise UsageError(f"{file} is larger than {_DIGEST_BYTES >> 20} MiB: no digest is.")
    if content.strip()[:1] not in (b"{", b""):
        raise UsageError(f"{file} is not a digest in its JSON form, the one that can be checked: give digest.json.")
    return content


def _forge(digest: Digest, repository: str) -> bool | None:
    """Whether the forge is asked: as for the digest, and where that leaves it open, as for any scan."""
    asked = digest.inputs.get("forge")
    if isinstance(asked, Mapping) and repository in asked:
        return True
    refused = any(entry.code == "forge_not_asked" and "--no-forge" in entry.reason for entry in digest.ledger)
    return False if refused else None


def _upstream(digest: Digest, repository: str) -> str:
    """The commit at which a fork's parent was read, "" where none was."""
    told = digest.inputs.get("upstream")
    value = told.get(repository) if isinstance(told, Mapping) else None
    return value.rpartition("@")[2] if isinstance(value, str) else ""


def _option(digest: Digest, name: str) -> str | None:
    """An option that the digest was made with; whatever is not text was none."""
    options = digest.inputs.get("options")
    value = options.get(name) if isinstance(options, Mapping) else None
    return value if isinstance(value, str) else None


def _identity(digest: Digest) -> str | None:
    """The address under which a repository without one was known: only one of a single source can be given."""
    return _option(digest, "identity") if len(digest.repositories) == 1 else None


def _candidates(digest: Digest, repository: str) -> tuple[str, ...]:
    """Whom the digest was asked about, by values that hold no e-mail address: of several repositories, by those that
    one of them knows."""
    options, candidate = digest.inputs.get("options"), digest.subject.get("candidate")
    values = options.get("candidates") if isinstance(options, Mapping) else None
    told = candidate.get("repositories") if isinstance(candidate, Mapping) else None
    for each in told if isinstance(told, list) else ():
        if isinstance(each, Mapping) and each.get("repository") == repository:
            values = each.get("asked", values)
    return tuple(v for v in values if isinstance(v, str)) if isinstance(values, list) else ()


def _baseline(digest: Digest, repository: str) -> str | None:
    """The baseline where it is a revision of the repository itself; another repository must be given again."""
    name, _, commit = (_option(digest, "baseline") or "").rpartition("@")
    return commit if name and name == repository else None


def _demand_baseline(digest: Digest, given: str | None) -> None:
    """UsageError where the digest's work started from another repository, which nobody named."""
    from evidence.model import UsageError
    from evidence.source.quoting import visible

    started = _option(digest, "baseline")
    if started and not given and not any(_baseline(digest, repository.id) for repository in digest.repositories):
        raise UsageError(
            f"The digest's work started from {visible(started)}, without which it cannot be derived again: "
            "give that repository with --baseline."
        )


def _against_repository(digest: Digest, request: ScanRequest, watcher: Warnings) -> Iterator[Problem]:
    """What the one repository of this (part of a) digest denies. NoCommit where it does not have the commit."""
    from evidence.model import Ledger, UsageError
    from evidence.pipeline import open_repository
    from evidence.verify import held

    watcher.stage("Fetching the repository", None)
    with ExitStack() as stack:
        try:
            repository = stack.enter_context(open_repository(request, Ledger()))
        except UsageError as error:
            # Where the repository opens at its HEAD the address is right, and it is the commit that it does not have.
            stack.enter_context(open_repository(replace(request, revision=None), Ledger()))
            raise NoCommit(str(error)) from None
        watcher.stage("Opening citations", None)
        changes = _changes(digest, repository, request, watcher)
        yield from held(digest, repository, _commits(digest, repository), changes)


def _commits(digest: Digest, repository: OpenRepository) -> Mapping[str, Commit]:
    """The repository's commits by hash, where the digest cites any."""
    from evidence.verify import cites_commits

    if not cites_commits(digest):
        return {}
    repository.start_history()
    return {commit.sha: commit for commit in repository.history().commits}


def _changes(digest: Digest, repository: OpenRepository, request: ScanRequest, watcher: Warnings) -> Changes | None:
    """What the repository's forge shows now, where the digest cites comments, changes or issues."""
    from evidence.forge import ask_again, ask_forge
    from evidence.model import EvidenceError
    from evidence.verify import cited_elsewhere, cites_the_forge

    if not cites_the_forge(digest):
        return None
    watcher.stage("Asking the forge", None)
    changes = ask_forge(request, repository, watcher.warn).changes
    if changes is None:
        return None
    changes = replace(changes, missing={**_sampled(repository), **changes.missing})
    urls = cited_elsewhere(digest)
    if not urls:
        return changes
    try:
        again = ask_again(request, repository, watcher.warn, urls)
    except EvidenceError as error:
        return replace(changes, missing={**changes.missing, "elsewhere": str(error)})
    return replace(changes, elsewhere=tuple(again.values()))


def _sampled(repository: OpenRepository) -> dict[str, str]:
    """The parts of which the forge was asked for some: what is not among them may be there all the same."""
    found = [entry for entry in repository.ledger.entries() if entry.code == "forge_sampled"]
    of = {"changes": ("changes", "reviews", "comments"), "issues": ("issues",)}
    return {part: entry.reason for entry in found for part in of.get(entry.subject.partition(" ")[0], ())
            if not entry.subject.startswith("changes elsewhere")}  # fmt: skip


def _derived_again(digest: Digest, requests: Sequence[ScanRequest], watcher: Warnings) -> tuple[Problem, ...]:
    """A fresh scan, without any cache: a proof should not rest on what an earlier run stored."""
    from evidence.differences import compare
    from evidence.pipeline import scan, scan_each

    return compare(digest, scan(requests[0], watcher) if len(requests) == 1 else scan_each(requests, watcher))


def _line(problem: Problem) -> str:
    from evidence.report.visible import visible

    return visible(f"{'not looked at: ' * problem.unread}{problem}")


def _all_holds(digest: Digest, *, full: bool) -> str:
    count = sum(len(signal.citations) for signal in digest.signals)
    again = (
        f" Scanning again gives the same {len(digest.findings)} findings and {len(digest.cells)} cells." if full else ""
    )
    commits = [repository.commit for repository in digest.repositories]
    at = commits[0] if len(commits) == 1 else f"the commits of {len(commits)} repositories"
    return f"All {count} citations hold at {at}.{again}"


def exit_code(problems: Sequence[Problem]) -> int:
    """A difference weighs more than something that could not be looked at."""
    if any(not problem.unread for problem in problems):
        return _DIFFERS
    return _NOT_LOOKED if problems else 0
