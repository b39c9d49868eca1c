"""Pages that tell how far something is, as server-sent events.

A stream is short, and the browser opens the next: none outlives its reader long.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Response, abort, current_app, stream_with_context

from evidence.web.context import settings

_TICK_SECONDS = 0.5
_STREAM_SECONDS = 45.0
_open = 0
_counting = threading.Lock()


@dataclass(frozen=True)
class Told:
    """How far it is: ``page`` is markup of ours, ``spoken`` is read out when it changes, ``over`` ends the stream."""

    page: str
    spoken: str
    over: bool


def streamed(tell: Callable[[], Told]) -> Response:
    """What ``tell`` says, twice a second. 503 where so many streams are open that pages would have to wait: the browser
    asks again a little later."""
    global _open
    with _counting:
        if _open >= max(2, settings().threads // 2):
            abort(503)
        _open += 1
    response = Response(stream_with_context(_events(tell)), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(_closed)
    return response


def _closed() -> None:
    global _open
    with _counting:
        _open -= 1


def _events(tell: Callable[[], Told]) -> Iterator[str]:
    yield "retry: 1000\n\n"
    spoken = ""
    until = time.monotonic() + _STREAM_SECONDS
    while time.monotonic() < until and not current_app.extensions["evidence"].runner.closing:
        told = tell()
        yield _event("progress", told.page)
        if told.spoken != spoken:
            spoken = told.spoken
            yield _event("stage", spoken)
        if told.over:
            yield _event("finished", "")
            return
        time.sleep(_TICK_SECONDS)


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n"
