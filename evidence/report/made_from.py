"""What a digest was made from, in words: what was asked for, what the forge answered, and what looked.

Everything restates the digest's ``inputs``, which the JSON form holds in full. A digest of others may hold anything, so
each value is taken only where it has the form that is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.model import Digest
from evidence.report.summary import Quote, Sentence, quoted
from evidence.report.words import counted

_MOST_NAMED = 12
_HIDDEN = "Names, addresses, links and commits are hidden behind pseudonyms."


@dataclass(frozen=True)
class Input:
    """One thing that went into the digest, and what is told of it."""

    label: str
    told: tuple[Sentence, ...]


def made_from(digest: Digest) -> tuple[Input, ...]:
    """What went into ``digest``, besides the repositories' commits."""
    inputs = digest.inputs
    rows = [
        Input("Asked for", tuple(_asked(_mapping(inputs, "options")))),
        Input("Answers of the forge", tuple(_forge(digest, _mapping(inputs, "forge")))),
        Input("Made by", (_tool(digest),)),
        Input("Detectors", tuple(_plugins(_mapping(inputs, "plugins")))),
        Input("Checksum", tuple(_seal(inputs))),
        Input("Names", ((_HIDDEN,),) if inputs.get("anonymised") is True else ()),
    ]
    return tuple(row for row in rows if row.told)


def _asked(options: Mapping[str, Any]) -> Iterator[Sentence]:
    profile = options.get("profile")
    yield ("The profile ", Quote(profile), ".") if isinstance(profile, str) else ("The whole matrix.",)
    if candidates := [each for each in _list(options, "candidates") if isinstance(each, str)]:
        yield ("The part of ", *quoted(candidates), ".")
    else:
        yield ("Nobody's part in particular.",)
    if isinstance(baseline := options.get("baseline"), str):
        yield ("Without what stands already in ", Quote(baseline), ".")
    if isinstance(identity := options.get("identity"), str):
        yield ("A copy, cited under the address ", Quote(identity), ".")


def _forge(digest: Digest, answers: Mapping[str, Any]) -> Iterator[Sentence]:
    """Of each repository the hash of what its forge said, or that nothing was read there."""
    without = [r.name for r in digest.repositories if not isinstance(answers.get(r.id), str)]
    for repository in digest.repositories:
        if isinstance(value := answers.get(repository.id), str):
            place: Sentence = ("Of ", Quote(repository.name), ": ") if len(digest.repositories) > 1 else ()
            yield (*place, "SHA-256 ", Quote(value))
    if without:
        of: Sentence = (" of ", *quoted(without)) if len(digest.repositories) > 1 else ()
        yield ("None were read", *of, ": changes, reviews and issues are not part of this.")


def _tool(digest: Digest) -> Sentence:
    tool = " ".join(str(digest.tool[name]) for name in ("name", "version") if name in digest.tool)
    python = digest.inputs.get("python")
    more = f", on Python {python}" if isinstance(python, str) else ""
    return (f"{tool}{more}; form {digest.schema_version} of the digest.",)


def _plugins(plugins: Mapping[str, Any]) -> Iterator[Sentence]:
    """How many are of each version: the most usual one by number, others by name."""
    versions = {name: str(version) or "no version" for name, version in sorted(plugins.items())}
    for version, count in sorted(Counter(versions.values()).items(), key=lambda item: (-item[1], item[0])):
        named = [name for name, each in versions.items() if each == version]
        if count <= _MOST_NAMED < len(versions):
            yield (f"{version}: ", *quoted(named), ".")
        else:
            yield (f"{counted(count, 'module')} of version {version}.",)


def _seal(inputs: Mapping[str, Any]) -> Iterator[Sentence]:
    if isinstance(value := inputs.get("content_sha256"), str):
        yield ("SHA-256 ", Quote(value), " of everything else in the JSON form.")


def _mapping(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = record.get(key)
    return found if isinstance(found, Mapping) else {}


def _list(record: Mapping[str, Any], key: str) -> list[Any]:
    found = record.get(key)
    return list(found) if isinstance(found, list | tuple) else []
