"""Digest pages that are rendered already, in memory: a page that fifty people read is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

_MOST_BYTES = 96 << 20


class Pages:
    """Rendered text by key, the least used dropped first. The first part of each key is the digest's id."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[tuple[Hashable, ...], str] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[tuple[Hashable, ...], threading.Lock] = {}

    def get(self, key: tuple[Hashable, ...], make: Callable[[], str]) -> str:
        """The text of ``key``; where several ask for it at once, one makes it and the others wait."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            text = make()
            self._keep(key, text)
        return text

    def _keep(self, key: tuple[Hashable, ...], text: str) -> None:
        with self._lock:
            self._making.pop(key, None)
            self._kept[key] = text
            self._size += len(text)
            while self._size > self._most and len(self._kept) > 1:
                self._size -= len(self._kept.popitem(last=False)[1])

    def drop(self, digest_id: str) -> None:
        """Forget every page of this digest."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == digest_id]:
                self._size -= len(self._kept.pop(key))

    def clear(self) -> None:
        """Forget all pages."""
        with self._lock:
            self._kept.clear()
            self._size = 0
