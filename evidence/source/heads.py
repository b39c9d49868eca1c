"""The own commits of changes, fetched from an address once it is known whose matter.

A squash or a rebase leaves them out of the history; the forge keeps them as ``refs/pull/N/head`` or
``refs/merge-requests/N/head``. One fetch brings those that are asked for, with their files: who wrote which line of a
squash, and what became of a reviewed line, is told by content alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evidence.model import EvidenceError
from evidence.source.address import Places
from evidence.source.beside import beside
from evidence.source.git import MIB, Git
from evidence.source.places import named_of
from evidence.source.refs import OID
from evidence.source.repository import OpenRepository
from evidence.source.server import Server

_KEPT = {"github": "refs/pull", "gitlab": "refs/merge-requests"}
_OURS = "refs/scan/changes"
_MOST_FETCHED = 128 * MIB


def fetch_heads(repository: OpenRepository, places: Places, wanted: Mapping[int, str], most: int) -> None:
    """Fetch own commits of these changes, by number, the highest numbers first; ``blame.change_heads`` knows them then.
    ``wanted`` gives the last one where the forge told it: a change that has another by now is left out.

    A local repository is taken as it is. What is not fetched (more than ``most`` changes, or what the server does not
    give) is in the ledger, and nothing is raised.
    """
    address = repository.address
    kept = _KEPT.get(address.kind) if address is not None else None
    numbers = sorted((n for n in wanted if n not in repository.blame.change_heads), reverse=True)
    if address is None or kept is None or not numbers:
        return
    if len(numbers) > most:
        reason = f"so many of the changes that matter for the candidate are older than the {most} newest of them"
        _note(repository, reason, len(numbers) - most)
    numbers = numbers[:most]
    git: Git | None = None
    try:
        git = beside(repository, "changes", address, named_of(address.kind, places), _MOST_FETCHED)
        # of a pattern that nothing fits, a server sends nothing, where a name that is not there would fail all of them
        Server(git, address).fetch(*(f"+{kept}/{n}/hea*:{_OURS}/{n}/hea*" for n in numbers))
        heads = _fetched(git, numbers)
    except EvidenceError as error:
        _note(repository, str(error), len(numbers))
        return
    finally:
        if git is not None:
            git.close()
    fitting = {n: oid for n, oid in heads.items() if wanted[n] in ("", oid)}
    repository.see(git.folder / "objects", fitting)
    if len(fitting) < len(numbers):
        reason = "the server has no such own commits any more, or has later ones than the forge told of"
        _note(repository, reason, len(numbers) - len(fitting))


def _fetched(git: Git, numbers: Sequence[int]) -> dict[int, str]:
    ran = git.run("for-each-ref", "--format=%(objectname) %(refname)", _OURS)
    told = (line.split(" ") for line in ran.out.decode("utf-8", "replace").split("\n") if line)
    by_name = {name: oid for oid, name in told if OID.fullmatch(oid)}
    return {n: by_name[name] for n in numbers if (name := f"{_OURS}/{n}/head") in by_name}


def _note(repository: OpenRepository, reason: str, count: int) -> None:
    repository.ledger.note("changes_not_fetched", repository.id, reason, count)
