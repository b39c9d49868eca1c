"""Scanning what was scanned before: where nothing changed, the digest of that time is given again, byte for byte.

A digest is found again by all that it was made of: the request, the state of the local repository, the program with
its plugins and Python's packages. Whatever differs in any of it makes another key, and so a scan. Digests for which a
forge is asked, of addresses, of several sources and with a baseline are made anew each time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct, field

from evidence.installed import files_of, program
from evidence.model import EvidenceError
from evidence.request import Progress, ScanRequest
from evidence.source.places import places_of
from evidence.source.state import LocalState, local_state
from evidence.store import DigestCache, Entry

if TYPE_CHECKING:
    from evidence.model import Digest

# What of a request changes no digest, or stands in the key in another way.
_NO_MATTER = frozenset({"source", "workers", "cache", "keep_clone", "resume", "forge_wait", "timer", "keep"})


class Made(Struct, dict=True):
    """A finished digest: its JSON form, whether it is ``complete``, and the digest itself."""

    json: bytes
    complete: bool = True

    @cached_property
    def digest(self) -> Digest:
        """The digest, read from its JSON where it was not just made."""
        from evidence.report.json_form import from_json

        return from_json(self.json)


def scan(request: ScanRequest, progress: Progress, *, afresh: bool = False) -> Made:
    """What :func:`evidence.pipeline.scan` makes of the request; ``afresh`` does not look for an earlier digest.

    Raises EvidenceError as that does."""
    earlier = _Earlier.of(request)
    if earlier is not None and not afresh and (found := earlier.recall(progress)) is not None:
        return Made(found)
    from evidence import pipeline
    from evidence.report.json_form import to_json

    heard = _Heard(progress)
    digest = pipeline.scan(request, heard)
    made = Made(to_json(digest), digest.complete)
    made.digest = digest
    if earlier is not None and digest.complete:
        earlier.keep(made, heard.said)
    return made


class _Earlier(Struct, frozen=True, dict=True):
    """The place of a request's digest in the cache."""

    request: ScanRequest
    state: LocalState
    cache: DigestCache

    @classmethod
    def of(cls, request: ScanRequest) -> _Earlier | None:
        """None where the request's digests are not kept."""
        if request.cache is None or request.further or request.baseline is not None or request.forge:
            return None
        try:
            places = places_of(request.hosts, request.insecure_hosts)
        except EvidenceError:
            return None  # the scan says what is wrong
        state = local_state(request.source, request.identity, places)
        if state is None or (state.identity.kind and _is_asked(state, request)):
            return None
        return cls(request, state, DigestCache(request.cache))

    @cached_property
    def key(self) -> bytes:
        """A hash of all that the digest is made of, but for the plugins, which only a scan loads."""
        names = [name for name in self.request.__struct_fields__ if name not in _NO_MATTER]
        wanted = [(name, getattr(self.request, name)) for name in names]
        parts = (repr(wanted), repr(self.state.identity), self.state.sha256, program())
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()

    def recall(self, progress: Progress) -> bytes | None:
        """The digest's JSON, where there is one; what its scan warned of is said again, and what is so now."""
        entry = self.cache.get(self.key)
        if entry is None or files_of(entry.notes[1:]) != entry.notes[0]:
            return None
        for sentence in (*self._of_now(), *entry.said):
            progress.warn(sentence)
        return entry.digest

    def keep(self, made: Made, said: list[str]) -> None:
        """Keep a digest, unless the repository changed while it was made."""
        from evidence.source.opening import uncommitted

        now = _Earlier.of(self.request)
        if now is None or now.state != self.state:
            return
        roots = sorted(set(_roots(made.digest.inputs["plugins"])))
        lasting = tuple(each for each in said if each != uncommitted(self.state.place))
        self.cache.put(self.key, Entry(made.json, lasting, (files_of(roots), *roots)))

    def _of_now(self) -> tuple[str, ...]:
        """What the work tree has beside the commit is no part of the digest, and may be another thing each time."""
        if self.state.place.work is None:
            return ()
        from evidence.source.opening import warnings_of

        return warnings_of(self.state.place)


def _is_asked(state: LocalState, request: ScanRequest) -> bool:
    from evidence.source.inquiry import would_ask

    return would_ask(state.identity, places_of(request.hosts, request.insecure_hosts), request.forge)


def _roots(plugins: object) -> Iterator[str]:
    """The folder of the package, or the file, that each detector was loaded from."""
    for name in plugins if isinstance(plugins, dict) else ():
        top = sys.modules[name.partition(".")[0]]
        yield from (str(folder) for folder in getattr(top, "__path__", ()))
        if not hasattr(top, "__path__") and top.__file__:
            yield top.__file__


class _Heard(Struct):
    """Hands progress on, and remembers the warnings."""

    progress: Progress
    said: list[str] = field(default_factory=list)

    def source(self, number: int, total: int, name: str) -> None:
        self.progress.source(number, total, name)

    def stage(self, name: str, total: int | None) -> None:
        self.progress.stage(name, total)

    def advance(self, count: int = 1) -> None:
        self.progress.advance(count)

    def warn(self, sentence: str) -> None:
        self.said.append(sentence)
        self.progress.warn(sentence)
