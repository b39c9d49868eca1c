"""Inside a scan's process: the pipeline, with its progress sent home. Knows no database and no Flask."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidence.model import Digest, EvidenceError
from evidence.web.running.bounded import Bounds, tell

if TYPE_CHECKING:
    from evidence.pipeline import ScanRequest

_SEND_SECONDS = 0.1
_MEMORY = "It needed more memory than it may take here ({} MiB)."
_LEVEL = 6
PLAIN, ANONYMOUS = "plain", "anonymous"


@dataclass(frozen=True)
class Answer:
    """What came of it: ``content``, or one sentence about why there is none."""

    content: Any = None
    sentence: str = ""


class Telling:
    """Progress that goes to the server, a few times a second at most."""

    def __init__(self, *, warnings: bool = True) -> None:
        self._warnings = warnings
        self._pending = 0
        self._sent = 0.0

    def source(self, number: int, total: int, name: str) -> None:
        """Of several sources, the one that is read from now on."""
        self._flush()
        tell("source", number, total, name)

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins."""
        self._flush()
        tell("stage", name, total)

    def advance(self, count: int = 1) -> None:
        """So many steps more."""
        self._pending += count
        if time.monotonic() - self._sent >= _SEND_SECONDS:
            self._flush()

    def warn(self, sentence: str) -> None:
        """Something that the reader should know."""
        if self._warnings:
            tell("warn", sentence)

    def _flush(self) -> None:
        if self._pending:
            tell("advance", self._pending)
        self._pending, self._sent = 0, time.monotonic()


def _answered(work: Callable[[], Any], memory: int) -> Answer:
    """What ``work`` gives, or the sentence to show. A defect is named by its kind alone: its text may quote."""
    try:
        return Answer(work())
    except EvidenceError as error:
        return Answer(sentence=str(error))
    except MemoryError:
        return Answer(sentence=_MEMORY.format(memory))
    except OSError as error:
        return Answer(sentence=f"The machine that scans has a problem: {error.strerror or 'input or output failed'}.")
    except Exception as error:
        return Answer(sentence=f"{type(error).__name__}: this is a defect in evidence, not in what was scanned.")


@dataclass(frozen=True)
class Product:
    """A finished scan: the digest's JSON form and, by form, its pages with slots, all of them compressed; and what the
    server lists of it, so that it needs to read none of them."""

    content: bytes
    pages: dict[str, bytes]
    names: str
    url: str
    commit: str
    committed: str
    standing: str
    complete: bool
    candidates: str


@dataclass(frozen=True)
class Known:
    """The sources stand at commits that have been read before."""

    standing: str


def standing_of(commits: Iterable[str]) -> str:
    """What tells that the same commits were read: a hash of them; "" where one of them is not known."""
    all_of_them = sorted(set(commits))
    return hashlib.sha256(" ".join(all_of_them).encode()).hexdigest() if all(all_of_them) else ""


def scanned(request: ScanRequest, bounds: Bounds, known: frozenset[str], key: bytes) -> Answer:
    """A :class:`Product`, :class:`Known` where the sources stand as one of the ``known`` tells, or the sentence about
    why there is neither. ``key`` makes the pseudonyms."""

    def work() -> Product | Known:
        from evidence.pipeline import commits_of, scan

        telling = Telling()
        if known:
            telling.stage("Asking for the latest commit", None)
            standing = standing_of(commits_of(request, Telling(warnings=False)))
            if standing in known:
                return Known(standing)
        digest = scan(request, telling)
        telling.stage("Writing the page", None)
        return product(digest, key)

    return _answered(work, bounds.memory)


def product(digest: Digest, key: bytes) -> Product:
    """The digest ready to be kept. ``key`` makes the pseudonyms."""
    from evidence.anonymous import anonymised
    from evidence.report.json_form import to_json
    from evidence.web.slots import with_slots

    first = digest.repositories[0]
    pages = {PLAIN: with_slots(digest), ANONYMOUS: with_slots(anonymised(digest, key))}
    return Product(
        content=zlib.compress(to_json(digest), _LEVEL),
        pages={form: zlib.compress(text.encode("utf-8", "backslashreplace"), _LEVEL) for form, text in pages.items()},
        names=", ".join(repository.name for repository in digest.repositories),
        url=first.url,
        commit=first.commit,
        committed=first.committed,
        standing=standing_of(repository.commit for repository in digest.repositories),
        complete=digest.complete,
        candidates=", ".join(digest.inputs["options"].get("candidates", ())),
    )


def printed(content: bytes, bounds: Bounds) -> Answer:
    """The PDF of the digest whose JSON form is ``content``."""

    def work() -> bytes:
        from evidence.report.json_form import from_json
        from evidence.report.pdf import to_pdf

        return to_pdf(from_json(content), lambda page: tell("page", page))

    return _answered(work, bounds.memory)
