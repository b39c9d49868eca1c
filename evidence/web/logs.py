"""Structured logs: one JSON object a line on standard error, each with the id of its request.

What is logged of a request is its route, never its path or what was typed: addresses of repositories, share tokens and
names stay out of the log.
"""

from __future__ import annotations

import logging
import sys
import time

import structlog
from flask import Flask, Response, g, request
from structlog.typing import Processor

from evidence.patterns import regex
from evidence.web.models import new_id

HEADER = "X-Request-ID"
_ID = regex(r"[A-Za-z0-9._-]{8,64}")
_log = structlog.get_logger("evidence.web")


def configure() -> None:
    """Write logs as JSON lines, those of the libraries too (from WARNING on)."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    renderer = structlog.processors.JSONRenderer()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.getLogger().handlers = [handler]
    logging.getLogger().setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def init_app(app: Flask) -> None:
    """Give each request an id (a proxy's, where it has the form of one), and write a line when it is answered."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _ID.fullmatch(given) else new_id()
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.get("request_id", "")
    _log.info(
        "request",
        method=request.method,
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        milliseconds=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
    )
    return response
