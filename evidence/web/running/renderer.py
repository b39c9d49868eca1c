"""The server's side of rendering: one process that is started when it is first needed, and anew when it was lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, ProcessPoolExecutor
from typing import Any, TypeVar

from evidence.web.running import rendering
from evidence.web.running.bounded import begin_to_render
from evidence.web.running.forks import context
from evidence.web.running.rendering import Order

_SECONDS = 60
Made = TypeVar("Made")


class Renderer:
    """Renders away from the threads that answer: a page that is ready never waits for one that is being made."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        # the process reads the one end, and this process alone has the other, for as long as it lives
        self._server, self._held = context().Pipe(duplex=False)

    def start(self) -> None:
        """Have the process ready before somebody waits for it."""
        self._there().submit(rendering.load)

    def rendered(self, order: Order, content: bytes) -> bytes | None:
        """See :func:`evidence.web.running.rendering.rendered`. TimeoutError where it takes longer than a minute."""
        return self._call(rendering.rendered, order, content, self._key)

    def close(self) -> None:
        """End the process, and with it what it remembers: whatever was deleted is in no memory either."""
        self._end(wait=True)

    def _asked(self, call: Callable[..., Made], *given: Any) -> Made:
        return self._there().submit(call, *given).result(_SECONDS)

    def _call(self, call: Callable[..., Made], *given: Any) -> Made:
        try:
            return self._asked(call, *given)
        except (BrokenExecutor, CancelledError, RuntimeError):
            # It was ended by the machine, or because another digest was deleted just now.
            self._end(wait=False)
            return self._asked(call, *given)

    def _there(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    1, mp_context=context(), initializer=begin_to_render, initargs=(self._server,)
                )
            return self._pool

    def _end(self, *, wait: bool) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=wait, cancel_futures=True)
