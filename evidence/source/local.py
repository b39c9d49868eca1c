"""Finding and checking a repository on this machine; its configuration is never obeyed, its links never followed.

The author of a folder gains from pointing it at a neighbour's objects: through alternates, linked folders or a ``.git``
file. Everything outside the validated git folder is refused.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from evidence.model import EvidenceError, UsageError
from evidence.source.quoting import visible

MIB = 1 << 20
_HEX = frozenset("0123456789abcdef")


class Place(Struct, frozen=True):
    """A repository's folders.

    ``common`` holds objects and references, ``own`` HEAD and index (not the same in a linked worktree); ``work``
    is the work tree, None for a bare repository.
    """

    common: Path
    own: Path
    work: Path | None

    @property
    def name(self) -> str:
        """The repository's name as its folder tells it; never a path of this machine."""
        main = self.common.parent if self.common.name == ".git" else self.common
        return folder_name(main.parts)


def folder_name(parts: tuple[str, ...]) -> str:
    """The last meaningful part of a path: without ``.git``, and the parent of one that is called just ``repo``."""
    for part in reversed(parts):
        name = part.removesuffix(".git").strip("/")
        if name not in ("", "repo", "."):
            return visible(name.encode("utf-8", "replace").decode(), 100)
    return "repository"


def find(path: Path) -> Place:
    """The repository at ``path`` or around it. Raises UsageError when there is none, EvidenceError for a trap."""
    try:
        start = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise UsageError(f"'{_shown(path)}' cannot be opened: give the folder of a Git repository.") from None
    if not start.is_dir():
        raise UsageError(f"'{_shown(path)}' is not a folder: give the folder of a Git repository.")
    for folder in (start, *start.parents):
        dot = folder / ".git"
        if dot.is_symlink():
            raise EvidenceError(
                f"The .git of '{visible(folder.name)}' is a link to elsewhere: give the repository it links to."
            )
        if dot.is_dir() and _is_git_folder(dot):
            return _checked(Place(dot, dot, folder))
        if dot.is_file():
            return _checked(_worktree(folder, dot))
        if _is_git_folder(folder):
            work = folder.parent if folder.name == ".git" else None
            return _checked(Place(folder, folder, work))
    raise UsageError(f"'{_shown(path)}' is not a Git repository, nor inside one: give the folder of a Git repository.")


def _shown(path: Path) -> str:
    return visible(str(path).encode("utf-8", "replace").decode())


def _is_git_folder(folder: Path) -> bool:
    head = folder / "HEAD"
    return (
        (head.is_file() or head.is_symlink())
        and (folder / "objects").is_dir()
        and ((folder / "refs").is_dir() or (folder / "packed-refs").is_file())
    )


def _worktree(folder: Path, dot: Path) -> Place:
    """A worktree is genuine when its .git file names a folder in ``<main>/worktrees`` that links back to it."""
    trap = EvidenceError(
        f"The .git file of '{visible(folder.name)}' points to a repository that does not link back: "
        "give that repository itself."
    )
    try:
        own = (folder / read_small(dot, 4096).removeprefix("gitdir:").strip()).resolve(strict=True)
        common = (own / read_small(own / "commondir", 4096).strip()).resolve(strict=True)
        back = (own / read_small(own / "gitdir", 4096).strip()).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        raise trap from None
    if own.parent != common / "worktrees" or back != dot or not _is_git_folder(common):
        raise trap
    return Place(common, own, folder)


def read_small(path: Path, limit: int) -> str:
    """The text of a plain file, no link, of at most ``limit`` bytes. Raises OSError or ValueError otherwise."""
    return read_plain(path, limit).decode("utf-8")


def read_plain(path: Path, limit: int) -> bytes:
    """The bytes of a plain file, no link, of at most ``limit`` bytes. Raises OSError or ValueError otherwise."""
    # O_NONBLOCK: opening a named pipe must not wait for its other end.
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > limit:
            raise ValueError("not a plain file of bounded size")
        return file.read(limit)


def _checked(place: Place) -> Place:
    objects = place.common / "objects"
    name = visible(place.name)
    for part in (objects, place.common / "refs", place.common / "packed-refs", place.own / "HEAD"):
        if part.is_symlink():
            raise EvidenceError(
                f"'{part.name}' of repository '{name}' is a link to elsewhere: give the repository it links to."
            )
    for file in ("alternates", "http-alternates"):
        alternates = objects / "info" / file
        if alternates.is_symlink() or (alternates.exists() and not _is_blank(alternates)):
            raise EvidenceError(
                f"The repository '{name}' borrows objects from elsewhere ({file}): run 'git repack -a -d' "
                "and remove that file, or give the repository it borrows from."
            )
    try:
        bad = next(_unsafe(objects), None)
    except OSError as error:
        raise EvidenceError(f"The objects of repository '{name}' cannot be read: {error.strerror}.") from None
    if bad:
        raise EvidenceError(
            f"The object folder of '{name}' holds '{visible(bad)}', which is a link or no plain file: repack it first."
        )
    return place


def _is_blank(file: Path) -> bool:
    try:
        return not read_plain(file, 4096).strip()
    except (OSError, ValueError):
        return False


def _unsafe(objects: Path) -> Iterator[str]:
    """Names under ``pack`` and the 256 loose folders that are neither plain files nor, at the top, plain folders."""
    with os.scandir(objects) as top:
        folders = sorted((e for e in top if is_object_folder(e.name)), key=lambda e: e.name)
    for folder in folders:
        if folder.is_symlink() or not folder.is_dir(follow_symlinks=False):
            yield folder.name
            continue
        with os.scandir(folder) as files:
            for file in files:
                wanted = folder.name != "pack" or file.name.startswith(("pack-", "multi-pack-index"))
                if wanted and not file.is_file(follow_symlinks=False):
                    yield f"{folder.name}/{file.name}"


def is_object_folder(name: str) -> bool:
    """Whether git reads objects from this folder of ``objects``: ``pack`` or two hexadecimal digits."""
    return name == "pack" or (len(name) == 2 and set(name) <= _HEX)
