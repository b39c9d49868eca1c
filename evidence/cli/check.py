"""``evidence verify``: hold a digest against the repository it cites, and list what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.cli.terminal import Warnings, progress
from evidence.cli.writing import print_out

if TYPE_CHECKING:
    from evidence.model import Changes, Commit, Digest
    from evidence.pipeline import ScanRequest
    from evidence.source import OpenRepository
    from evidence.verify import Problem

_DIFFERS = 1
_NOT_LOOKED = 3
# A digest of the largest repositories is a few megabytes; anything far beyond is not one.
_DIGEST_BYTES = 64 * 1024 * 1024


def check(
    file: Path,
    source: str,
    *,
    full: bool,
    baseline: str | None,
    workers: int,
    hosts: tuple[str, ...],
    insecure_hosts: tuple[str, ...],
) -> int:
    """Print every problem, one a line; return 0 when all holds, 1 when something differs, 3 when not all was seen.

    EvidenceError when the file is no digest, or the repository cannot be read.
    """
    from evidence.pipeline import ScanRequest
    from evidence.report.json_form import from_json
    from evidence.verify import layout

    content = _content(file)
    digest = from_json(content)
    request = ScanRequest(
        source=source,
        revision=_only_commit(digest),
        profile=_option(digest, "profile"),
        candidates=_candidates(digest),
        baseline=baseline or _baseline(digest),
        identity=digest.repositories[0].url or _option(digest, "identity"),
        hosts=hosts,
        insecure_hosts=insecure_hosts,
        workers=workers,
        forge=_forge(digest),
    )
    watcher = progress()
    try:
        problems = [*layout(digest, content), *_against_repository(digest, request, watcher, full=full)]
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
    return content


def _only_commit(digest: Digest) -> str:
    from evidence.model import UsageError

    if len(digest.repositories) != 1:
        raise UsageError(
            f"The digest is of {len(digest.repositories)} repositories: only a digest of one can be checked."
        )
    return digest.repositories[0].commit


def _forge(digest: Digest) -> bool | None:
    """Whether the forge is asked: as for the digest, and where that leaves it open, as for any scan."""
    if digest.inputs.get("forge"):
        return True
    refused = any(entry.code == "forge_not_asked" and "--no-forge" in entry.reason for entry in digest.ledger)
    return False if refused else None


def _option(digest: Digest, name: str) -> str | None:
    """An option that the digest was made with; whatever is not text was none."""
    options = digest.inputs.get("options")
    value = options.get(name) if isinstance(options, Mapping) else None
    return value if isinstance(value, str) else None


def _candidates(digest: Digest) -> tuple[str, ...]:
    """Whom the digest was asked about, by values that hold no e-mail address."""
    options = digest.inputs.get("options")
    values = options.get("candidates") if isinstance(options, Mapping) else None
    return tuple(v for v in values if isinstance(v, str)) if isinstance(values, list) else ()


def _baseline(digest: Digest) -> str | None:
    """The baseline where it is a revision of the repository itself; another repository must be given again."""
    name, _, commit = (_option(digest, "baseline") or "").rpartition("@")
    return commit if name and name == digest.repositories[0].id else None


def _against_repository(digest: Digest, request: ScanRequest, watcher: Warnings, *, full: bool) -> tuple[Problem, ...]:
    from evidence.model import Ledger, UsageError
    from evidence.pipeline import open_repository
    from evidence.verify import Problem, verify

    watcher.stage("Fetching the repository", None)
    with ExitStack() as stack:
        try:
            repository = stack.enter_context(open_repository(request, Ledger()))
        except UsageError as error:
            # Where the repository opens at its HEAD the address is right, and it is the commit that it does not have.
            stack.enter_context(open_repository(replace(request, revision=None), Ledger()))
            return (Problem(f"commit {request.revision}", str(error)),)
        watcher.stage("Opening citations", None)
        changes = _changes(digest, repository, request, watcher)
        problems = verify(digest, repository, _commits(digest, repository), changes)
    return (*problems, *_derived_again(digest, request, watcher)) if full else problems


def _commits(digest: Digest, repository: OpenRepository) -> Mapping[str, Commit]:
    """The repository's commits by hash, where the digest cites any."""
    from evidence.verify import cites_commits

    if not cites_commits(digest):
        return {}
    repository.start_history()
    return {commit.sha: commit for commit in repository.history().commits}


def _changes(digest: Digest, repository: OpenRepository, request: ScanRequest, watcher: Warnings) -> Changes | None:
    """What the repository's forge shows now, where the digest cites comments, changes or issues."""
    from msgspec.structs import replace as with_fields

    from evidence.forge import ask_again, ask_forge
    from evidence.model import EvidenceError
    from evidence.verify import cited_elsewhere, cites_the_forge

    if not cites_the_forge(digest):
        return None
    watcher.stage("Asking the forge", None)
    changes = ask_forge(request, repository, watcher.warn).changes
    urls = cited_elsewhere(digest)
    if changes is None or not urls:
        return changes
    try:
        again = ask_again(request, repository, watcher.warn, urls)
    except EvidenceError as error:
        return with_fields(changes, missing={**changes.missing, "elsewhere": str(error)})
    return with_fields(changes, elsewhere=tuple(again.values()))


def _derived_again(digest: Digest, request: ScanRequest, watcher: Warnings) -> tuple[Problem, ...]:
    """A fresh scan, without any cache: a proof should not rest on what an earlier run stored."""
    from evidence.pipeline import scan
    from evidence.verify import compare

    return compare(digest, scan(request, watcher))


def _line(problem: Problem) -> str:
    from evidence.report.visible import visible

    return visible(f"{'not looked at: ' * problem.unread}{problem}")


def _all_holds(digest: Digest, *, full: bool) -> str:
    count = sum(len(signal.citations) for signal in digest.signals)
    again = (
        f" Scanning again gives the same {len(digest.findings)} findings and {len(digest.cells)} cells." if full else ""
    )
    return f"All {count} citations hold at {digest.repositories[0].commit}.{again}"


def exit_code(problems: Sequence[Problem]) -> int:
    """A difference weighs more than something that could not be looked at."""
    if any(not problem.unread for problem in problems):
        return _DIFFERS
    return _NOT_LOOKED if problems else 0
