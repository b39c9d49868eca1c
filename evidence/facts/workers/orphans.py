"""A process that was forked from a scan must not outlive it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep

_PR_SET_PDEATHSIG = 1


@contextmanager
def forking() -> Iterator[None]:
    """Let Ctrl-C wait while processes are forked: in a child whose first lines run it would leave traces. Children keep
    it blocked; their parent ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process with its parent, whose id is given; elsewhere look after it once a second.

    The parent may be dead by now, and this process somebody else's child: nobody would ever end it then."""
    if sys.platform.startswith("linux"):
        import ctypes

        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) == 0:
            if os.getppid() != parent:
                os._exit(1)
            return
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        sleep(1)
    os._exit(1)
