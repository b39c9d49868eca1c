"""Moments in which no signal may unwind the stack: something is made that nobody could undo yet."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let signals that would end the program wait until the block is over, a few milliseconds at most."""
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers run in the main thread alone
        return
    arrived: list[int] = []

    def wait(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)

    # None: a handler that was not set from Python, and cannot be put back.
    before = {int(n): signal.getsignal(n) for n in _NUMBERS if signal.getsignal(n) is not None}
    for number in before:
        signal.signal(number, wait)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(arrived):
            os.kill(os.getpid(), number)
