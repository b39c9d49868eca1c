"""What is fetched once a repository is open goes into repositories of ours beside it: its own stays as it was fetched.

Such a one sees the objects of the opened repository, so that a server sends only what is new.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from evidence.source.address import Address
from evidence.source.git import MIB, Git, Limits, create
from evidence.source.remote import reaching
from evidence.source.repository import OpenRepository

_SECONDS = 120.0


def beside(repository: OpenRepository, name: str, address: Address, named: tuple[str, ...], most: int) -> Git:
    """An empty repository of ours that sees the objects of ``repository`` and may fetch from ``address``, ``most``
    bytes at a time; ``named`` are the hosts of its kind that the operator named.

    It goes with the scan. Raises EvidenceError when it cannot be written.
    """
    folder = Path(tempfile.mkdtemp(prefix=name, dir=repository.spool))
    env = {**repository.git.env, **reaching(address, named)}
    git = create(folder, env, Limits(seconds=_SECONDS, file=most, memory=1024 * MIB))
    ours = repository.git.folder
    # of a local repository, the view is where its own objects are: git follows no relative path from here
    places = [place for place in (ours / "objects", ours / "view") if place.is_dir()]
    (folder / "objects" / "info").mkdir(exist_ok=True)
    (folder / "objects" / "info" / "alternates").write_text("".join(f"{place}\n" for place in places), "utf-8")
    if (ours / "shallow").is_file():
        shutil.copyfile(ours / "shallow", folder / "shallow")
    return git
