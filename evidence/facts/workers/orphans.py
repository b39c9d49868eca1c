"""What a process that is forked from a scan owes it: it must not outlive it, nor speak of signals."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep

_PR_SET_PDEATHSIG = 1
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def forking() -> Iterator[None]:
    """Let signals that ask to end wait while processes are forked.

    Python runs callbacks around a fork and drops what they raise, a signal's exception too: a trace would be printed,
    and the request lost. So would a child leave traces whose first lines it interrupts; it keeps the signals blocked
    until :func:`be_forked`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def be_forked() -> None:
    """Leave Ctrl-C to the parent, which ends this process; end without a word when anything else asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


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
