"""Whether a work tree holds more than its commit; asked of git under our configuration, so nothing of the tree runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from evidence.source.git import MIB, Git
from evidence.source.local import Place, read_plain

_MOST_INDEX = 64 * MIB


def is_dirty(git: Git, place: Place, spool: Path) -> bool:
    """Whether tracked files differ from HEAD or untracked ones (not ignored) lie about; False when it cannot tell.

    The index is copied with its time, so that git compares times and sizes and seldom content. Filters, hooks and
    fsmonitor need configuration, and git sees none but ours.
    """
    index = place.own / "index"
    try:
        content = read_plain(index, _MOST_INDEX)
    except (OSError, ValueError):
        return False
    copy = spool / "index"
    copy.write_bytes(content)
    shutil.copystat(index, copy, follow_symlinks=False)
    ran = git.run(
        f"--work-tree={place.work}", "status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=all",
        "--untracked-files=normal", env={"GIT_INDEX_FILE": str(copy)}, config=("core.untrackedCache=false",),
        limits=git.bounded(seconds=10.0, output=4096),
    )  # fmt: skip
    copy.unlink()
    return bool(ran.out)
