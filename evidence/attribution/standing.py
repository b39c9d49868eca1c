"""Whether a commit is the candidate's, in which role, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, cached_property

from msgspec import Struct

from evidence.facts.people import Candidate, People
from evidence.model import Blame, Commit, Person


class Standing(Struct, frozen=True):
    """The candidate's part in a commit.

    ``role`` is author, co-author, merger or none; ``wrote`` where its lines are theirs, alone or with others;
    ``linked`` where the forge links its author to an account of theirs. git alone cannot verify a signature without
    the signer's key, so no part ever rests on one.
    """

    role: str
    linked: bool = False
    wrote: bool = False


NONE = Standing("none")


class Standings:
    """The candidate's part in each commit, of the history or of the own commits of a squashed change."""

    def __init__(self, candidate: Candidate, people: People, blame: Blame) -> None:
        self._candidate, self._people, self._blame = candidate, people, blame
        self._known: dict[str, Standing] = {}
        self._strangers = cache(self._of_claim)

    def of(self, sha: str) -> Standing:
        """The part in a commit by its full id; none where the commit is not there."""
        if sha not in self._known:
            commit = self._history.get(sha)
            self._known[sha] = self.in_commit(commit) if commit is not None else NONE
        return self._known[sha]

    def learn(self, shas: Iterable[str]) -> None:
        """Read commits that the history does not have, so that :meth:`of` knows them."""
        missing = [sha for sha in dict.fromkeys(shas) if sha not in self._history and sha not in self._known]
        for sha, commit in self._blame.commits(missing).items() if missing else ():
            self._known[sha] = self.of_stranger(commit)

    def of_stranger(self, commit: Commit) -> Standing:
        """The part in a commit that the history does not have, such as an own commit of a squashed change."""
        return self._strangers(commit.author)

    def _of_claim(self, person: Person) -> Standing:
        one = self._people.recognised(person)
        theirs = person in self._candidate.aside or (one is not None and one.key in self._candidate.keys)
        return Standing("author", wrote=True) if theirs else NONE

    def differ(self, squash: Commit, own: Sequence[Commit] | None) -> bool:
        """Whether the part in a squash may differ from that in some of its change's own commits (None: too many to
        tell)."""
        one = self.of(squash.sha)
        parts = {(one.role, True) if one.wrote else ("", False)}
        parts.update(("author", True) if self.of_stranger(commit).wrote else ("", False) for commit in own or ())
        return own is None or len(parts) > 1

    def in_commit(self, commit: Commit) -> Standing:
        """The part in a commit of the history."""
        keys = self._candidate.keys
        author = self._people.author(commit)
        if author.key in keys:
            account = self._people.linked_login(commit)
            linked = account is not None and account in self._candidate.accounts
            return Standing("merger" if len(commit.parents) > 1 else "author", linked, wrote=True)
        if any(one.key in keys for one in self._people.coauthors(commit)):
            return Standing("co-author", wrote=True)
        return Standing("merger") if self._people.committer(commit).key in keys else NONE

    @cached_property
    def _history(self) -> dict[str, Commit]:
        return {commit.sha: commit for commit in self._people.commits}

    @property
    def commits(self) -> Sequence[Commit]:
        """The history, newest first."""
        return self._people.commits
