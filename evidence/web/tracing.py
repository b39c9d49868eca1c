"""OpenTelemetry: spans through the API alone. They go nowhere until an operator installs and configures the SDK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flask import Flask, Response, g, request
from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

_tracer = trace.get_tracer("evidence.web")


@contextmanager
def span(name: str, attributes: Mapping[str, str]) -> Iterator[Span]:
    """A span of our own around a block."""
    with _tracer.start_as_current_span(name, attributes=dict(attributes)) as started:
        yield started


def init_app(app: Flask) -> None:
    """One server span for each request, named after its route: no path, no query, nothing that was typed."""
    app.before_request(_begin)
    app.after_request(_note)
    app.teardown_request(_end)


def _begin() -> None:
    route = request.url_rule.rule if request.url_rule else "unmatched"
    g.span = _tracer.start_span(
        f"{request.method} {route}",
        # The names of W3C's trace context are looked up in lower case.
        context=extract({name.lower(): value for name, value in request.headers.items()}),
        kind=SpanKind.SERVER,
        attributes={"http.request.method": request.method, "http.route": route},
    )


def _note(response: Response) -> Response:
    if started := g.get("span"):
        started.set_attribute("http.response.status_code", response.status_code)
        if response.status_code >= 500:
            started.set_status(Status(StatusCode.ERROR))
    return response


def _end(_error: BaseException | None) -> None:
    if started := g.pop("span", None):
        started.end()
