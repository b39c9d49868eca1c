"""Digest pages that are rendered and compressed already, in memory: a page that fifty people read is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from evidence.web.slots import Kept

_MOST_BYTES = 96 << 20


class Pages:
    """Pages by key, the least used dropped first. The first part of each key is the digest's id."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[tuple[Hashable, ...], Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[tuple[Hashable, ...], threading.Lock] = {}

    def get(self, key: tuple[Hashable, ...], make: Callable[[], Kept]) -> Kept:
        """The page of ``key``; where several ask for it at once, one makes it and the others wait."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                page = make()
                self._keep(key, page)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return page

    def _keep(self, key: tuple[Hashable, ...], page: Kept) -> None:
        with self._lock:
            self._kept[key] = page
            self._size += page.size
            while self._size > self._most and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1].size

    def clear(self) -> None:
        """Forget all pages."""
        with self._lock:
            self._kept.clear()
            self._size = 0
