"""Reads the files of a snapshot once and turns each into facts: from the cache, or parsed in isolated workers."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from evidence.facts import registry
from evidence.facts.keys import Key
from evidence.facts.language import language_of, needs_head
from evidence.facts.roles import Role, role_of
from evidence.facts.workers.pool import ExtractionPool
from evidence.model import Blob, Ledger, Snapshot

# Contents are looked up in the cache in groups of this many files, or so many bytes.
_GROUP, _GROUP_BYTES = 256, 4 << 20
# Fresh facts wait for the cache up to this many bytes.
_FRESH_BYTES = 8 << 20
# Clones lack a few files, and a commit has a few that are too large: up to this part of them nobody misses.
_FEW = 0.1
# So many paths of a kind are named in the ledger; the others are counted.
_NAMED = 200
# So much of a file tells which language it is in where its name does not.
_HEAD = 256
# Files that only their beginning can tell are read for it up to this size each, and up to this size together.
_UNTOLD_BYTES, _UNTOLD_TOTAL = 64 << 10, 16 << 20
# What a reader of the ledger is told of files that no rule credits.
_UNCREDITED = {
    Role.VENDORED: ("vendored", "code of others kept in the repository: read, never credited"),
    Role.GENERATED: ("generated", "written by a tool: read, never credited"),
}

# Blob id and language: what one parse is of.
Part = tuple[str, str]


class Cache(Protocol):
    """What collecting needs of a cache. A null one holds nothing, and no keys are made for it."""

    @property
    def is_null(self) -> bool: ...

    def get_many(self, keys: Iterable[Key]) -> Mapping[Key, bytes]: ...

    def put_many(self, items: Iterable[tuple[Key, bytes]]) -> None: ...


def collect(
    snapshot: Snapshot,
    cache: Cache,
    pool: ExtractionPool,
    ledger: Ledger,
    advance: Callable[[int], None],
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The record of every readable file by path. What could not be read, in whole or part, is noted in the ledger;
    ``advance`` is told how many paths are done with; ``meanwhile`` is called once the workers have something to do."""
    candidates = list(_candidates(snapshot.blobs))
    paths: dict[str, list[Blob]] = {}
    for blob in candidates:
        paths.setdefault(blob.oid, []).append(blob)
    advance(len(snapshot.blobs) - len(candidates))
    run = _Run(snapshot, cache, paths, advance)
    try:
        for key, payload, reason in pool.run(run.misses(), meanwhile):
            run.parsed(key, payload, reason)
    finally:
        run.keep()  # of a scan that is stopped here, too: the next one goes on from it
    facts = {b.path: r for b in candidates if (r := run.record(b)) is not None}
    others = sum(b.kind == "file" for b in snapshot.blobs) - len(candidates) + run.of_no_language()
    if others:
        ledger.note("not_read", "files of other formats", "no rule reads them", others)
    _note(facts, run, candidates, ledger)
    return facts


def unread(blobs: Iterable[Blob], facts: Mapping[str, Any]) -> tuple[int, int]:
    """How many files of a language that rules read have no facts, and how many there are; (0, 0) where so few are
    without that what was not found in the others may be called absent."""
    wanted = [blob.path for blob in blobs if blob.kind == "file" and language_of(blob.path)]
    without = sum(path not in facts for path in wanted)
    return (without, len(wanted)) if without > _FEW * len(wanted) else (0, 0)


def _candidates(blobs: Iterable[Blob]) -> Iterator[Blob]:
    """Files in a language that we read, and small ones whose beginning may yet show that they are."""
    untold = 0
    for blob in blobs:
        if blob.kind != "file":
            continue
        if language_of(blob.path):
            yield blob
        elif 0 <= blob.size <= min(_UNTOLD_BYTES, _UNTOLD_TOTAL - untold) and needs_head(blob.path):
            untold += blob.size
            yield blob


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
        self._cache_keys: dict[Part, Key] = {}
        self._records: dict[Part, Any] = {}
        self._failed: dict[Part, str] = {}
        self._fresh: list[tuple[Key, bytes]] = []
        self._fresh_bytes = 0

    def misses(self) -> Iterator[tuple[str, str, bytes]]:
        """(name, language, content) of everything the cache does not hold; hits are kept on the way."""
        parts = self._parts() if self._cache.is_null else self._unknown()
        for (oid, language), content in parts:
            name = f"{oid}:{language}"
            self._keys[name] = (oid, language)
            yield name, language, content

    def _parts(self) -> Iterator[tuple[Part, bytes]]:
        for oid, content in self._snapshot.read(list(self._paths)):
            for language in self._languages_of(oid, content[:_HEAD]):
                yield (oid, language), content

    def _unknown(self) -> Iterator[tuple[Part, bytes]]:
        """The parts that the cache does not hold, looked up in groups."""
        group: list[tuple[Key, Part, bytes]] = []
        size = 0
        for part, content in self._parts():
            key = Key(hashlib.sha256(content).hexdigest(), part[1], registry.fingerprint(part[1]))
            group.append((key, part, content))
            size += len(content)
            if len(group) >= _GROUP or size >= _GROUP_BYTES:
                yield from self._look_up(group)
                group, size = [], 0
        yield from self._look_up(group)

    def _languages_of(self, oid: str, head: bytes) -> list[str]:
        for blob in self._paths[oid]:
            self._languages[oid, blob.path] = language_of(blob.path, head)
        self._done((oid, None))
        found = {language for b in self._paths[oid] if (language := self._languages[oid, b.path])}
        return sorted(found)

    def _done(self, part: tuple[str, str | None]) -> None:
        oid, language = part
        self._advance(sum(self._languages[oid, b.path] == language for b in self._paths[oid]))

    def _look_up(self, group: list[tuple[Key, Part, bytes]]) -> Iterator[tuple[Part, bytes]]:
        known = self._cache.get_many([k for k, _, _ in group])
        for cache_key, part, content in group:
            payload = known.get(cache_key)
            if payload is not None and self._decode(part, payload):
                self._done(part)
                continue
            self._cache_keys[part] = cache_key
            yield part, content

    def parsed(self, name: str, payload: bytes | None, reason: str) -> None:
        """Take one worker's answer: a payload, or the reason why there is none."""
        key = self._keys[name]
        self._done(key)
        if payload is None:
            self._failed[key] = reason
        elif self._decode(key, payload) and key in self._cache_keys:
            self._fresh.append((self._cache_keys[key], payload))
            self._fresh_bytes += len(payload)
            if self._fresh_bytes >= _FRESH_BYTES:
                self.keep()

    def keep(self) -> None:
        """Store what was parsed since the last time."""
        self._cache.put_many(self._fresh)
        self._fresh, self._fresh_bytes = [], 0

    def _decode(self, key: Part, payload: bytes) -> bool:
        import msgspec

        try:
            self._records[key] = registry.decode(key[1], payload)
        except msgspec.DecodeError:
            return False
        return True

    def record(self, blob: Blob) -> Any:
        """The facts of one path, None when there are none."""
        return self._records.get((blob.oid, self._language(blob)))

    def failure(self, blob: Blob) -> str | None:
        """Why one path has no facts, None when it has or was never parsed."""
        return self._failed.get((blob.oid, self._language(blob)))

    def of_no_language(self) -> int:
        """How many paths turned out to be in no language that we read."""
        return sum(language is None for language in self._languages.values())

    def _language(self, blob: Blob) -> str:
        return self._languages.get((blob.oid, blob.path)) or ""


def _note(facts: dict[str, Any], run: _Run, candidates: list[Blob], ledger: Ledger) -> None:
    named: defaultdict[str, set[str]] = defaultdict(set)

    def note(code: str, path: str, reason: str, count: int = 1) -> None:
        if len(named[code]) < _NAMED:
            named[code].add(path)
        ledger.note(code, path if path in named[code] else "other paths", reason, count)

    for blob in candidates:
        if failure := run.failure(blob):
            note(failure, blob.path, "this file alone could not be parsed")
    for path, record in facts.items():
        for code, lines in _lost(record).items():
            note(code, path, "partly read", lines)
        role = role_of(path, getattr(record, "generated", False))
        if role in _UNCREDITED:
            code, reason = _UNCREDITED[role]
            note(code, path.partition("/")[0] if role is Role.VENDORED else path, reason)


def _lost(record: Any) -> Counter[str]:
    """By the ledger's code, how many lines of a file its extractor could not read."""
    lines: Counter[str] = Counter()
    for lost in getattr(record, "lost", ()):
        lines[lost.reason] += max(1, lost.end - lost.start + 1)
    return lines
