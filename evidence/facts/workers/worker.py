"""What runs inside a worker process of the extraction pool: it fences itself in, then answers batches."""

from __future__ import annotations

import faulthandler
import gc
import os
import warnings
from collections.abc import Callable
from ctypes import Array, c_double, c_int
from multiprocessing.sharedctypes import Synchronized
from time import monotonic, process_time

from evidence.facts.workers.orphans import be_forked, die_with_parent

Item = tuple[str, str, bytes]
"""(key, language, content)."""

Extract = Callable[[str, bytes], bytes]
"""From (language, content) to the payload."""

Answer = tuple[bytes | None, bool]
"""A payload, or None; and whether the item deserves another try with more memory."""

CRASHED = "parser_crashed"

FIELDS = 5
"""Numbers per worker in the shared memory: process id, batch, item, start of the item (seconds, monotonic; 0: none),
and the processor seconds that the worker had used by then."""

# Address space that a batch may add to what the process has. Parsing ordinary source takes about 90 bytes per byte, the
# densest that is let through (python.repair) about 300 MB; an item below pool.HEAVY_BYTES takes at most 120 MB.
LIGHT_MEMORY = 160 << 20
HEAVY_MEMORY = 352 << 20

# The pool's own clock is the first to stop a worker; this one holds when the parent is stopped itself.
_CPU_SECONDS = 60

_state: dict[str, object] = {}


def begin(extract: Extract, desk: Array[c_double], seats: Synchronized[c_int], parent: int) -> None:
    """Take a seat, then give up what a parser of hostile input has no need of.

    ``parent`` is the id of the process that forked this one, 0 where another one stands between them."""
    be_forked()
    die_with_parent(parent or os.getppid())
    with seats.get_lock():
        seat = int(seats.value)
        seats.value = seat + 1  # type: ignore[assignment]
    desk[seat * FIELDS] = os.getpid()
    _state.update(extract=extract, desk=desk, row=seat * FIELDS)
    faulthandler.disable()
    _limit("RLIMIT_CORE", 0)
    os.environ.clear()
    warnings.simplefilter("ignore")
    gc.disable()
    gc.freeze()


def work(number: int, items: list[Item], heavy: bool) -> list[Answer]:
    """Extract every item of a batch; the shared memory tells at any moment which one is in work."""
    extract: Extract = _state["extract"]  # type: ignore[assignment]
    desk: Array[c_double] = _state["desk"]  # type: ignore[assignment]
    row: int = _state["row"]  # type: ignore[assignment]
    answers: list[Answer] = []
    _limit("RLIMIT_CPU", int(process_time()) + _CPU_SECONDS)
    _limit("RLIMIT_AS", _address_space() + (HEAVY_MEMORY if heavy else LIGHT_MEMORY))
    try:
        for index, (_, language, content) in enumerate(items):
            desk[row + 1], desk[row + 2], desk[row + 4], desk[row + 3] = number, index, process_time(), monotonic()
            answers.append(_answer(extract, language, content, heavy))
            desk[row + 3] = 0
    finally:
        _limit("RLIMIT_AS", None)
        gc.collect()
        # what a parser keeps, it keeps for good: the next collection need not look through its modules again
        gc.freeze()
    return answers


def _answer(extract: Extract, language: str, content: bytes, heavy: bool) -> Answer:
    try:
        return extract(language, content), False
    except MemoryError:
        return None, not heavy
    except Exception:
        # Whatever a parser throws at one file is that file's loss; the ledger names it.
        return None, False


def _limit(name: str, soft: int | None) -> None:
    """Set a soft limit (None: back to the hard one); systems that refuse go without."""
    try:
        import resource

        limit = getattr(resource, name)
        hard = resource.getrlimit(limit)[1]
        if soft is None or (hard != resource.RLIM_INFINITY and soft > hard):
            soft = hard
        resource.setrlimit(limit, (soft, hard))
    except (ImportError, AttributeError, ValueError, OSError):
        return


def _address_space() -> int:
    """Bytes of address space in use; a generous guess where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 1 << 40
