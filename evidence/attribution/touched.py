"""What the list of changed files alone tells of a file: the candidate's throughout, never theirs, or a mix.

Blame is dear and this is free. Where every commit that touched a file is the candidate's, so are its lines; where none
is, none are. A file that a commit made while it changed or took away one of other hands may have been moved or copied
from it: only blame can tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from enum import StrEnum

from evidence.model import Commit, History


class Touch(StrEnum):
    """Whose commits touched a file, as far as the list of changes tells."""

    ALL = "all"
    NONE = "none"
    MIXED = "mixed"


def touches(
    history: History,
    paths: Collection[str],
    theirs: Callable[[Commit], bool],
    shared: Callable[[Commit], bool] = lambda commit: False,
) -> dict[str, Touch]:
    """For each path whose commits touched it. A path that no commit is seen to touch is mixed: nothing is known.

    ``shared`` tells of a commit that it is of several hands, the candidate's among them or not, whoever made it."""
    wanted = set(paths)
    found: dict[str, Touch] = {}
    own = {commit.sha: theirs(commit) for commit in history.commits if commit.changes}
    hands: dict[str, set[bool]] = defaultdict(set)
    for commit in history.commits:
        for change in commit.changes:
            hands[change.path].add(own[commit.sha])
    for commit in history.commits:
        if wanted.isdisjoint(change.path for change in commit.changes):
            continue
        mine, of_several = own[commit.sha], shared(commit)
        # What this commit may have moved into a new file is of other hands than its own.
        moved = any(change.status != "A" and (not mine) in hands[change.path] for change in commit.changes)
        for change in commit.changes:
            if change.path not in wanted:
                continue
            one = Touch.ALL if mine else Touch.NONE
            if of_several or (change.status == "A" and moved):
                one = Touch.MIXED
            before = found.get(change.path, one)
            found[change.path] = one if one is before else Touch.MIXED
    return {path: found.get(path, Touch.MIXED) for path in paths}
