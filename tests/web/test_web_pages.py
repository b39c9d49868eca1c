"""Pages that are made once: cut at their slots, compressed, completed for each reader, and gone with their digest."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.web.slots import Kept
from tests.source.serving import Server
from tests.web.browsing import Visitor
from tests.web.conftest import MakeApp

TEXTS = st.lists(st.text(alphabet=st.characters(exclude_characters="<"), max_size=300), max_size=6)


@given(texts=TEXTS, filled=st.text(max_size=300))
def test_a_completed_page_is_the_same_packed_and_plain(texts: list[str], filled: str) -> None:
    """However many slots there are and whatever fills them, unpacking gives the page with its slots filled."""
    page = "<!-- slot note some.signal-1 -->".join(texts)
    kept = Kept.of(page)
    asked: list[tuple[str, str]] = []

    def fill(name: str, of: str) -> str:
        asked.append((name, of))
        return filled

    expected = filled.join(texts).encode("utf-8", "backslashreplace")
    assert kept.plain(fill) == expected
    assert gzip.decompress(kept.gzipped(fill)) == expected
    assert set(asked) <= {("note", "some.signal-1")}


def test_a_browser_gets_it_packed_and_others_plain(visitor: Visitor, forge: Server) -> None:
    """The same page either way, told by its headers; a token of the form is not compressed with what repeats it."""
    digest = visitor.digest_of(f"{forge.origin}/ada/bazaar")
    packed = visitor.client.get(digest, headers={"Accept-Encoding": "gzip"})
    plain = visitor.client.get(digest)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) < len(plain.data) / 3
    unpacked = gzip.decompress(packed.data).decode()
    token = re.compile(r'name="csrf_token" value="([^"]+)"')
    assert token.sub("", unpacked) == token.sub("", plain.get_data(as_text=True))
    found = token.search(unpacked)
    assert found
    assert found[1].encode() in packed.data


def test_parts_are_made_in_another_process(visitor: Visitor, forge: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part and a file are rendered away from the threads that answer, and a part only once."""
    digest = visitor.digest_of(f"{forge.origin}/ada/bazaar")
    monkeypatch.setattr("evidence.report.html.to_html", None)
    first = visitor.client.get(f"{digest}?level=Senior")
    assert first.status_code == 200
    assert visitor.client.get(f"{digest}/digest.html").status_code == 200
    renderer = visitor.client.application.extensions["evidence"].renderer
    monkeypatch.setattr(renderer, "rendered", None)
    assert visitor.client.get(f"{digest}?level=Senior").status_code == 200


def test_a_renderer_that_was_lost_is_started_anew(visitor: Visitor, forge: Server) -> None:
    """Whoever asks next does not notice."""
    digest = visitor.digest_of(f"{forge.origin}/ada/bazaar")
    assert visitor.client.get(f"{digest}?level=Senior").status_code == 200
    renderer = visitor.client.application.extensions["evidence"].renderer
    (process,) = renderer._pool._processes
    os.kill(process, 9)
    assert visitor.client.get(f"{digest}?level=Junior").status_code == 200


def test_scans_leave_the_processors_to_readers(make_app: MakeApp, mute: str) -> None:
    """What scans, and what it starts, stands back for everybody else."""
    visitor = Visitor(make_app(scan_niceness=10))
    visitor.paste(f"{mute}/ada/bazaar")
    visitor.until(visitor.address, "Fetching the repository")
    niceness = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if mute.encode() in command and b"ls-remote" in command:
            niceness[stat.parent.name] = int(fields[16])
    assert niceness
    assert min(niceness.values()) >= os.nice(0) + 10
    visitor.post(f"{visitor.address}/cancel")
