"""From what a user typed to an opened repository, with everything undone at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct, field

from evidence.facts.secrets.masking import mask
from evidence.model import EvidenceError, Ledger, UsageError
from evidence.source.address import Address, Places, locate, locate_public
from evidence.source.attach import Refs, attach
from evidence.source.git import MIB, Git
from evidence.source.identity import identity_of, local_identity
from evidence.source.local import Place, find
from evidence.source.log import clamped
from evidence.source.objects import Object, looking
from evidence.source.places import named_of
from evidence.source.quoting import visible
from evidence.source.remote import Fetched, commit_at, fetched
from evidence.source.renaming import present_address
from evidence.source.repository import OpenRepository
from evidence.source.revision import no_such, resolve
from evidence.source.scratch import Scratch, closing, scratch
from evidence.source.server import Moved
from evidence.source.snapshot import Caps
from evidence.source.worktree import is_dirty

_DEEPEST_TAG = 8


class SourceOptions(Struct, frozen=True):
    """How a source is read.

    ``identity`` is an address under which the repository is to be known instead of its own; ``clones`` a folder where
    clones are kept (None: deleted with the scan); ``most_fetched`` bounds a fetched pack, in bytes.
    """

    places: Places = field(default_factory=Places)
    identity: str | None = None
    clones: Path | None = None
    most_fetched: int = 1024 * MIB
    caps: Caps = field(default_factory=Caps)


@contextmanager
def open_source(
    text: str, *, revision: str | None = None, ledger: Ledger, options: SourceOptions | None = None
) -> Iterator[OpenRepository]:
    """Open the repository that ``text`` names (an address or a local path) at ``revision``, or at HEAD.

    An address may itself ask for a revision; ``revision`` wins. Raises UsageError for a wrong request and EvidenceError
    for a repository that cannot be read, each one sentence. When the block ends, processes and folder are gone.
    """
    options = options or SourceOptions()
    target = locate(text, options.places)
    known_as = locate_public(options.identity, options.places) if options.identity else None
    place = find(target) if isinstance(target, Path) else None
    with scratch() as room, ExitStack() as stack:
        if isinstance(target, Address):
            got, target = _fetched(target, revision, room, options, stack, ledger)
            git, refs, wanted, named = got.git, got.refs, got.revision or None, got.named
            identity = identity_of(known_as or target)
            warnings: tuple[str, ...] = ()
        else:
            assert place is not None  # noqa: S101
            git, refs = attach(place, room)
            stack.enter_context(closing(git))
            wanted, named = revision, revision is None
            identity = identity_of(known_as) if known_as else local_identity(place, options.places)
            warnings = _warnings(git, place, room)
        commit, committed = _commit(git, refs, wanted, identity.name)
        repository = OpenRepository(
            identity, commit, committed, mask(refs.branch), warnings, git, refs, room.temporary, ledger, options.caps,
            target if isinstance(target, Address) else None,
        )  # fmt: skip
        if not named and not repository.contains(commit):
            raise UsageError(
                f"No branch or tag of {visible(identity.name)} reaches the commit {commit[:12]}: "
                "name one that belongs to it."
            )
        yield repository


def _fetched(
    target: Address, revision: str | None, room: Scratch, options: SourceOptions, stack: ExitStack, ledger: Ledger
) -> tuple[Fetched, Address]:
    """The fetched repository, and the address it has now: one that was renamed is looked up on its own host."""
    named = named_of(target.kind, options.places)
    bounds = (options.clones, options.most_fetched, named)
    try:
        return stack.enter_context(fetched(target, revision, room, *bounds)), target
    except Moved:
        now = present_address(target, options.places)
        if now is None:
            raise
        shown = f"{visible(target.host)}/{visible(target.path)}"
        ledger.note("forge_renamed", shown, f"it is called {visible(now.path)} now, and was read under that name")
        return stack.enter_context(fetched(now, revision, room, *bounds)), now


def latest_commit(text: str, options: SourceOptions) -> str:
    """The commit at which the address stands now, asked without fetching; "" where only fetching tells."""
    target = locate(text, options.places)
    if isinstance(target, Path):
        return ""
    with scratch() as room:
        return commit_at(target, room, named_of(target.kind, options.places))


def warnings_of(place: Place) -> tuple[str, ...]:
    """What opening this repository warns of. Raises EvidenceError for one that cannot be opened."""
    if place.work is None:
        return ()
    with scratch() as room:
        git, _refs = attach(place, room)
        with closing(git):
            return _warnings(git, place, room)


def uncommitted(place: Place) -> str:
    """The sentence on a work tree that holds more than its commit."""
    return f"The work tree of {visible(place.name)} has changes that are not committed: only the commit is read."


def _warnings(git: Git, place: Place, room: Scratch) -> tuple[str, ...]:
    return (uncommitted(place),) if place.work is not None and is_dirty(git, place, room.temporary) else ()


def _commit(git: Git, refs: Refs, revision: str | None, name: str) -> tuple[str, int]:
    """Id and time of the commit to read. Raises UsageError or EvidenceError when there is none."""
    if revision is None and not refs.head:
        branch = f" on branch '{visible(mask(refs.branch), 60)}'" if refs.branch else ""
        more = ": name a revision with --commit" if refs.names else ": commit something first"
        raise EvidenceError(f"The repository {visible(name)} has no commit{branch} yet{more}.")
    sha = refs.head if revision is None else resolve(git, revision)
    with looking(git) as lookup:
        found: Object | None = None
        for _ in range(_DEEPEST_TAG):
            found = lookup.get(sha)
            if found is None or found.kind != "tag":
                break
            sha = found.content[7:47].decode("ascii", "replace")
    if found is None and revision is not None:
        raise no_such(revision)
    if found is None or found.kind != "commit":
        raise EvidenceError(
            f"The commit {visible(sha, 13)} of repository {visible(name)} is missing or damaged: "
            "fetch it completely and try again."
        )
    return sha, _time_of(found.content)


def _time_of(content: bytes) -> int:
    """The committer's time in a raw commit, seconds since the epoch."""
    header = content.partition(b"\n\n")[0]
    line = next((line for line in header.split(b"\n") if line.startswith(b"committer ")), b"")
    words = line.rpartition(b"> ")[2].split()
    return clamped(words[0]) if words else 0
