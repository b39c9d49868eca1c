"""One place that has to do with background tasks."""

from __future__ import annotations

from msgspec import Struct


class TaskUse(Struct, frozen=True):
    """One place. ``kind``: task (a definition), sent, made (the queue object), worker, schedule. ``name`` is the
    task's or queue's."""

    path: str
    start: int
    end: int
    kind: str
    name: str
