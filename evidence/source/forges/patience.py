"""How long a scan waits for a forge."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct


class Patience(Struct):
    """How long to wait for a forge, in seconds: in all, failed tries included. Tests give their own ``sleep`` and
    ``clock``."""

    total: float = 12.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    spent: float = 0.0

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return self.spent >= self.total

    def wait(self, seconds: float) -> bool:
        """Wait, unless that would be longer than what is left; whether it did."""
        if seconds > self.total - self.spent:
            return False
        self.spent += seconds
        self.sleep(seconds)
        return True


class Unavailable(Exception):
    """Something that a forge could not give. ``str()`` is the reason, fit for the ledger: no address, time or token.

    ``status`` is the HTTP status, 0 where no answer came, -1 where we did not ask or refused to listen.
    """

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class NotAsked(Unavailable):
    """Something that a forge gives to nobody who asks as we do, so that it was not asked."""
