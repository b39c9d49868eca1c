"""Reads the files of a snapshot once and turns each into facts: from the cache, or parsed in isolated workers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from evidence.facts import registry
from evidence.facts.keys import Key
from evidence.facts.language import language_of
from evidence.facts.pool import ExtractionPool
from evidence.facts.roles import Role, role_of
from evidence.model import Blob, Ledger, Snapshot

# Contents are looked up in the cache in groups of this many files.
_GROUP = 256
# So much of a file tells by which interpreter it runs.
_HEAD = 160
# What a reader of the ledger is told of files that no rule credits.
_UNCREDITED = {
    Role.VENDORED: ("vendored", "code of others kept in the repository: read, never credited"),
    Role.GENERATED: ("generated", "written by a tool: read, never credited"),
}

# Blob id and language: what one parse is of.
Part = tuple[str, str]


class Cache(Protocol):
    """What collecting needs of a cache."""

    def get_many(self, keys: Iterable[Key]) -> Mapping[Key, bytes]: ...

    def put_many(self, items: Iterable[tuple[Key, bytes]]) -> None: ...


def collect(
    snapshot: Snapshot, cache: Cache, pool: ExtractionPool, ledger: Ledger, advance: Callable[[int], None]
) -> dict[str, Any]:
    """The record of every readable file by path. What could not be read, in whole or part, is noted in the ledger;
    ``advance`` is told how many paths are done with."""
    candidates = [b for b in snapshot.blobs if b.kind == "file" and (language_of(b.path) or _may_be_script(b))]
    paths: dict[str, list[Blob]] = {}
    for blob in candidates:
        paths.setdefault(blob.oid, []).append(blob)
    ledger.note("not_read", "files of other formats", "no rule reads them", len(snapshot.blobs) - len(candidates))
    advance(len(snapshot.blobs) - len(candidates))
    run = _Run(snapshot, cache, paths, advance)
    for key, payload, reason in pool.run(run.misses()):
        run.parsed(key, payload, reason)
    cache.put_many(run.fresh)
    facts = {b.path: r for b in candidates if (r := run.record(b)) is not None}
    _note(facts, run.failed, candidates, ledger)
    return facts


def _may_be_script(blob: Blob) -> bool:
    """A file without an ending may be a script; its first line tells."""
    name = blob.path.rpartition("/")[2]
    return "." not in name.strip(".") and 0 <= blob.size < 65_536


class _Run:
    """One pass over the contents: what the cache had, what was parsed, what failed."""

    def __init__(
        self, snapshot: Snapshot, cache: Cache, paths: dict[str, list[Blob]], advance: Callable[[int], None]
    ) -> None:
        self._snapshot = snapshot
        self._advance = advance
        self._cache = cache
        self._paths = paths
        self._languages: dict[tuple[str, str], str | None] = {}
        self._keys: dict[str, Part] = {}
        self._cache_keys: dict[str, Key] = {}
        self._records: dict[Part, Any] = {}
        self.fresh: list[tuple[Key, bytes]] = []
        self.failed: dict[Part, str] = {}

    def misses(self) -> Iterator[tuple[str, str, bytes]]:
        """(cache key, language, content) of everything the cache does not hold; hits are kept on the way."""
        group: list[tuple[Key, Part, bytes]] = []
        for oid, content in self._snapshot.read(list(self._paths)):
            digest = hashlib.sha256(content).hexdigest()
            for language in self._languages_of(oid, content[:_HEAD]):
                key = Key(digest, language, registry.fingerprint(language))
                group.append((key, (oid, language), content))
            if len(group) >= _GROUP:
                yield from self._look_up(group)
                group = []
        yield from self._look_up(group)

    def _languages_of(self, oid: str, head: bytes) -> list[str]:
        for blob in self._paths[oid]:
            self._languages[oid, blob.path] = language_of(blob.path, head)
        found = {language for b in self._paths[oid] if (language := self._languages[oid, b.path])}
        return sorted(found)

    def _look_up(self, group: list[tuple[Key, Part, bytes]]) -> Iterator[tuple[str, str, bytes]]:
        known = self._cache.get_many([k for k, _, _ in group])
        for cache_key, key, content in group:
            payload = known.get(cache_key)
            if payload is not None and self._decode(key, payload):
                self._advance(len(self._paths[key[0]]))
                continue
            oid, language = key
            name = f"{oid}:{language}"
            self._keys[name] = key
            self._cache_keys[name] = cache_key
            yield name, language, content

    def parsed(self, name: str, payload: bytes | None, reason: str) -> None:
        """Take one worker's answer: a payload, or the reason why there is none."""
        key = self._keys[name]
        self._advance(len(self._paths[key[0]]))
        if payload is None:
            self.failed[key] = reason
        elif self._decode(key, payload):
            self.fresh.append((self._cache_keys[name], payload))

    def _decode(self, key: Part, payload: bytes) -> bool:
        import msgspec

        try:
            self._records[key] = registry.decode(key[1], payload)
        except msgspec.DecodeError:
            return False
        return True

    def record(self, blob: Blob) -> Any:
        """The facts of one path, None when there are none."""
        language = self._languages.get((blob.oid, blob.path))
        return self._records.get((blob.oid, language)) if language else None


def _note(facts: dict[str, Any], failed: dict[Part, str], candidates: list[Blob], ledger: Ledger) -> None:
    by_oid: dict[str, list[str]] = {}
    for blob in candidates:
        by_oid.setdefault(blob.oid, []).append(blob.path)
    for (oid, language), reason in failed.items():
        for path in by_oid[oid]:
            if language_of(path) in (language, None):
                ledger.note(reason, path, "this file alone could not be parsed")
    for path, record in facts.items():
        for lost in getattr(record, "lost", ()):
            ledger.note(lost.reason, path, "partly read", max(1, lost.end - lost.start + 1))
        role = role_of(path, getattr(record, "generated", False))
        if role in _UNCREDITED:
            code, reason = _UNCREDITED[role]
            ledger.note(code, path.partition("/")[0] if role is Role.VENDORED else path, reason)
