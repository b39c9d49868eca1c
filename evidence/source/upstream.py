"""A fork's parent: which commits of the fork's history are of the parent's, told by the parent's own server.

The forge names the parent among its other answers. Of the parent, its HEAD is asked for, and fetched where the fork has
not got it: commits alone, where the server can send them so. Only names on the fork's own host are believed, and
addresses that may be fetched from.
"""

from __future__ import annotations

from evidence.model import Changes, EvidenceError, Upstream
from evidence.source.address import Address, Places, parse_url
from evidence.source.beside import beside
from evidence.source.git import MIB, Git
from evidence.source.inquiry import web_of
from evidence.source.places import named_of
from evidence.source.quoting import visible
from evidence.source.refs import OID
from evidence.source.repository import OpenRepository
from evidence.source.scratch import closing
from evidence.source.server import HEAD, Server

# Commits and, of a server that sends them all the same, files that the fork has not got.
_MOST_FETCHED = 256 * MIB
_LISTED = 64 * MIB
_NEITHER = "nobody's work is told from its parent's"


def upstream_of(
    repository: OpenRepository, places: Places, changes: Changes | None, *, wanted: bool, pinned: str = ""
) -> Upstream | None:
    """What a fork has from its parent; None for what is no fork, as far as its forge tells, or where that is unknown.

    ``wanted`` says that somebody is asked about: else the parent is named and not read. ``pinned`` is the parent's
    commit at which it is read instead of its HEAD. What was taken for whose is in the ledger.
    """
    path = changes.fork_of if changes is not None else None
    web = web_of(repository, places)
    if path is None or web is None or path.lower() == repository.name.lower():
        return None
    if not path:
        _note(repository, f"it is a fork, and its forge does not show of what: {_NEITHER}")
        return None
    name = f"{repository.host}/{path}"
    if not wanted:
        _note(repository, f"it is a fork of {name}: files, history and people are also those of its parent")
        return None
    try:
        address = parse_url(f"{web}/{path}", places)
        found = _read(repository, address, named_of(address.kind, places), name, pinned)
    except EvidenceError as error:
        reason = f"it is a fork of {name}, whose history could not be had, so {_NEITHER}: {error}"
        repository.ledger.note("fork_unread", repository.id, reason)
        return None
    _tell(repository, found)
    return found


def _note(repository: OpenRepository, reason: str, count: int = 1) -> None:
    repository.ledger.note("fork_upstream", repository.id, reason, count)


def _tell(repository: OpenRepository, upstream: Upstream) -> None:
    """What was taken as the parent's."""
    parent, among = f"{upstream.name}, at {upstream.commit}", len(repository.history().commits)
    if upstream.commits:
        reason = (
            f"it is a fork: of its {among:,} commits so many are in the history of {parent}, and credit nobody here; "
            "work that was done there shows in a scan of that one"
        )
        _note(repository, reason, len(upstream.commits))
    else:
        reason = f"it is a fork, and none of its {among:,} commits is in the history of {parent}: {_NEITHER}"
        _note(repository, f"{reason} (--baseline with the parent's address does that by content)")


def _read(repository: OpenRepository, address: Address, named: tuple[str, ...], name: str, pinned: str) -> Upstream:
    with closing(beside(repository, "parent", address, named, _MOST_FETCHED)) as git:
        tip = pinned if OID.fullmatch(pinned) and _has(git, pinned) else _tip(git, Server(git, address))
        if pinned and tip != pinned:
            if not _has(git, pinned):
                raise EvidenceError(f"it has no commit {visible(pinned, 40)} any more.")
            tip = pinned
        ran = git.run("rev-list", repository.commit, f"^{tip}", limits=git.bounded(output=_LISTED))
    if ran.code or ran.cut:
        raise EvidenceError("the commits of this clone do not lead there.")
    own = set(ran.out.decode("ascii", "replace").split())
    known = (commit.sha for commit in repository.history().commits)
    return Upstream(name, tip, frozenset(sha for sha in known if sha not in own))


def _tip(git: Git, server: Server) -> str:
    """The commit under the parent's HEAD, fetched where it is not here."""
    there, _branch = server.listing(())
    if not _has(git, there["HEAD"]):
        server.fetch(f"+HEAD:{HEAD}", options=("--filter=tree:0",))
    return there["HEAD"]


def _has(git: Git, commit: str) -> bool:
    return git.run("cat-file", "-e", f"{commit}^{{commit}}").code == 0
