"""What an operator sees and bounds: spans of requests and scans, the memory of a process; and what changed since."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, get_current_span

from evidence.web import tracing
from tests.source.building import Builder
from tests.source.serving import Server
from tests.web.browsing import Visitor
from tests.web.conftest import SHOP, MakeApp, running


class _Span(NonRecordingSpan):
    """Remembers what is noted on it."""

    def __init__(self, name: str, attributes: Mapping[str, Any]) -> None:
        super().__init__(SpanContext(1, 1, is_remote=False, trace_flags=TraceFlags(1)))
        self.name, self.noted, self.ended = name, dict(attributes), False

    def set_attribute(self, key: str, value: Any) -> None:
        """Remember it."""
        self.noted[key] = value

    def end(self, end_time: int | None = None) -> None:
        """Remember that it is over."""
        self.ended = True


class _Tracer:
    """Stands in for an operator's SDK: spans with what they came from."""

    def __init__(self) -> None:
        self.spans: list[tuple[_Span, int]] = []

    def start_span(self, name: str, context: Any = None, attributes: Any = None, **_: Any) -> _Span:
        """A span, beside the trace of who asked."""
        begun = _Span(name, attributes or {})
        self.spans.append((begun, get_current_span(context).get_span_context().trace_id))
        return begun


def test_requests_have_spans_that_name_no_path(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each, by route and status, within the trace of who asked; nothing of what was typed."""
    tracer = _Tracer()
    monkeypatch.setattr(tracing, "_tracer", tracer)
    app = make_app()
    parent = f"00-{0xABC:032x}-{0xDEF:016x}-01"
    app.test_client().get("/shared/a-very-secret-token?x=typed", headers={"traceparent": parent})
    ((span, trace_id),) = tracer.spans
    assert span.name == "GET /shared/<token>"
    assert span.noted == {
        "http.request.method": "GET",
        "http.route": "/shared/<token>",
        "http.response.status_code": 404,
    }
    assert span.ended
    assert trace_id == 0xABC


def test_what_changed_between_two_commits(make_app: MakeApp, tmp_path: Path) -> None:
    """Two digests of one repository over time: the older one first, cells and signals that differ, and no judgement."""
    project = Builder(tmp_path / "git" / "ada" / "shop")
    project.commit({"README.md": "# Shop\n"}, "Begin")
    for forge in running(Server(tmp_path / "git")):
        visitor = Visitor(make_app(insecure_hosts=(forge.origin,)))
        old = visitor.digest_of(f"{forge.origin}/ada/shop")
        project.commit(SHOP, "Write the application")
        new = visitor.digest_of(f"{forge.origin}/ada/shop")
        visitor.get(new)
        assert f'href="{new}/compare/{old.rpartition("/")[2]}"' in visitor.page
        for path in (f"{new}/compare/{old.rpartition('/')[2]}", f"{old}/compare/{new.rpartition('/')[2]}"):
            page = visitor.get(path).get_data(as_text=True)
            assert page.index(f'href="{old}"') < page.index(f'href="{new}"')
            assert "what differs, not whether it is better" in page
            row = page[page.index("Application factory") :].partition("</tr>")[0]
            assert [each.partition("</td>")[0] for each in row.split("<td>")[1:]] == [
                "not applicable",
                "found, practised",
            ]
