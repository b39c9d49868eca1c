"""A local repository as our scratch repository sees it: objects through links of ours, references copied as text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from evidence.model import EvidenceError
from evidence.patterns import regex
from evidence.source.git import MIB, Git, Limits, create
from evidence.source.local import Place, is_object_folder, read_plain, read_small
from evidence.source.quoting import visible
from evidence.source.refs import OID, branch_of, is_ref_name
from evidence.source.scratch import Scratch

_MOST_REFS = 200_000
_SECTION = regex(r'\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')


class Refs(Struct, frozen=True):
    """References of a repository.

    ``head`` is the commit or tag id under HEAD ("" when unborn), ``branch`` HEAD's branch ("" when detached); ``names``
    maps full reference names to object ids.
    """

    head: str
    branch: str
    names: dict[str, str]


def attach(place: Place, scratch: Scratch) -> tuple[Git, Refs]:
    """The scratch repository over a checked local one. Raises EvidenceError for formats that are not read."""
    config = settings(place)
    _check_format(place, config)
    refs = read_refs(place)
    packs = sum(f.stat().st_size for f in (place.common / "objects").glob("pack/pack-*") if f.is_file())
    # git maps packs into memory, so its address space grows with them.
    git = create(scratch.repository, scratch.environment(), Limits(memory=packs + 400 * MIB))
    _link_objects(place.common / "objects", scratch.repository)
    _write_refs(refs, scratch.repository)
    _copy_shallow(place, scratch.repository)
    return git, refs


def _link_objects(objects: Path, repository: Path) -> None:
    """Offer packs and loose objects alone: what ``objects/info`` claims (alternates, graphs) stays out of sight."""
    view = repository / "view"
    view.mkdir()
    for name in sorted(filter(is_object_folder, os.listdir(objects))):
        (view / name).symlink_to(objects / name)
    info = repository / "objects" / "info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text("../view\n")


def _write_refs(refs: Refs, repository: Path) -> None:
    lines = [f"{oid} {name}\n" for name, oid in sorted(refs.names.items(), key=lambda item: item[0].encode())]
    (repository / "packed-refs").write_text("".join(lines), "utf-8")
    head = f"ref: refs/heads/{refs.branch}" if refs.branch else refs.head or "ref: refs/heads/main"
    (repository / "HEAD").write_text(head + "\n", "utf-8")


def _copy_shallow(place: Place, repository: Path) -> None:
    try:
        lines = read_small(place.common / "shallow", 16 * MIB).split()
    except FileNotFoundError:
        return
    except (OSError, ValueError):
        lines = [""]
    if not all(map(OID.fullmatch, lines)):
        raise EvidenceError(f"The file 'shallow' of repository '{visible(place.name)}' is damaged: fetch it again.")
    (repository / "shallow").write_text("".join(f"{oid}\n" for oid in lines))


def settings(place: Place) -> dict[str, str]:
    """The repository's configuration as text, ``section.subsection.key`` -> last value; includes are not followed.

    Only what git writes itself is understood; a file that is missing or odd gives nothing.
    """
    try:
        text = read_small(place.common / "config", MIB)
    except (OSError, ValueError):
        return {}
    found: dict[str, str] = {}
    section = ""
    for line in map(str.strip, text.splitlines()):
        if match := _SECTION.match(line):
            section = ".".join(part for part in (match[1].lower(), match[2]) if part)
        elif "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            found[f"{section}.{key.strip().lower()}"] = value.strip().strip('"')
    return found


def _check_format(place: Place, config: dict[str, str]) -> None:
    name = visible(place.name)
    if config.get("extensions.objectformat", "sha1").lower() != "sha1":
        raise EvidenceError(
            f"The repository '{name}' uses SHA-256 object names, which are not read yet: give a SHA-1 clone."
        )
    if config.get("extensions.refstorage", "files").lower() != "files" or (place.common / "reftable").exists():
        raise EvidenceError(
            f"The repository '{name}' keeps its references as reftable, which is not read yet: give a plain clone."
        )


def read_refs(place: Place) -> Refs:
    """HEAD, packed and loose references, read as text: names that git would refuse, and symbolic ones, are left out."""
    names = dict(_packed(place.common / "packed-refs")) | dict(_loose(place.common / "refs"))
    try:
        head = read_small(place.own / "HEAD", 4096).strip()
    except (OSError, ValueError):
        raise EvidenceError(f"The HEAD of repository '{visible(place.name)}' cannot be read: fetch it again.") from None
    if not head.startswith("ref:"):
        if not OID.fullmatch(head):
            raise EvidenceError(f"The HEAD of repository '{visible(place.name)}' is damaged: fetch it again.")
        return Refs(head, "", names)
    target = head.removeprefix("ref:").strip()
    return Refs(names.get(target, ""), branch_of(target), names)


def _packed(file: Path) -> Iterator[tuple[str, str]]:
    try:
        text = read_plain(file, 64 * MIB).decode("utf-8", "replace")
    except (OSError, ValueError):
        return
    for line in text.split("\n")[:_MOST_REFS]:
        oid, _, name = line.partition(" ")
        if OID.fullmatch(oid) and is_ref_name(name) and "\ufffd" not in name:
            yield name, oid


def _loose(refs: Path) -> Iterator[tuple[str, str]]:
    count = 0
    for folder, folders, files in os.walk(refs, followlinks=False):
        folders.sort()
        for file in sorted(files):
            count += 1
            path = Path(folder, file)
            name = f"refs/{path.relative_to(refs).as_posix()}"
            if count > _MOST_REFS:
                return
            try:
                oid = read_small(path, 1024).strip()
            except (OSError, ValueError):
                continue
            if OID.fullmatch(oid) and is_ref_name(name) and name.isprintable():
                yield name, oid
