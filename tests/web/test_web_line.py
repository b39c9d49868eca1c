"""The straight line of the web page: paste, watch, read, and what stands in the way of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from evidence.report.json_form import from_json
from tests.source.serving import Server
from tests.web.browsing import Visitor


def _left_behind(data: Path) -> list[Path]:
    return list((data / "work").iterdir())


def test_a_pasted_link_becomes_a_digest(visitor: Visitor, forge: Server, data: Path) -> None:
    """From the first page through the scan's page to the digest, which the first page then lists."""
    pasted = visitor.paste(f"{forge.origin}/ada/bazaar")
    assert pasted.status_code == 200
    assert visitor.address.startswith("/scans/")
    assert "Cancel" in visitor.page
    digest = visitor.wait()
    assert "Application factory" in visitor.page
    assert "bazaar/<wbr>__init__.py" in visitor.page
    assert "create_app" in visitor.page
    visitor.get("/")
    assert f'href="{digest}"' in visitor.page
    assert _left_behind(data) == []


def test_progress_is_told_as_it_happens(visitor: Visitor, forge: Server) -> None:
    """The stream names the stages, ends by itself, and says where the digest is."""
    visitor.paste(f"{forge.origin}/ada/bazaar")
    scan = visitor.address
    told = b"".join(_stream(visitor, f"{scan}/events")).decode()
    assert "event: stage\ndata: " in told
    assert re.search(r"Fetching the repository|Reading files|Looking for signals", told)
    assert told.rstrip().endswith("event: finished\ndata:")
    follow = visitor.client.get(f"{scan}/next", base_url=visitor.base)
    assert follow.headers["HX-Redirect"] == visitor.wait()


def _stream(visitor: Visitor, path: str) -> Iterator[bytes]:
    response = visitor.client.get(path, base_url=visitor.base, buffered=False)
    assert response.mimetype == "text/event-stream"
    yield from response.iter_encoded()


BAD = {
    "": "Paste at least one link.",
    "/etc": "is not an address on",
    "file:///etc/passwd": "is not a way we fetch",
    "https://example.org/a/b": "is not one we fetch from",
    "http://github.com/a/b": "plain http",
    "https://user:pass@github.com/a/b": "carries a user name or password",
    "https://127.0.0.1/a/b": "is not one we fetch from",
    "https://github.com:8443/a/b": "is not one we fetch from",
    "https://g\u0456thub.com/a/b": "letters that do not belong",
    "https://gitlab.com/a/../b": "is not a name of an owner or repository",
    "ext::sh%20-c": "is not a way we fetch",
    "--upload-pack=x": "is not an address on",
}


@pytest.mark.parametrize("link", BAD)
def test_a_bad_link_is_refused_beside_the_field(guest: Visitor, link: str) -> None:
    """One sentence next to the field, what was typed stays there, and no scan begins."""
    refused = guest.paste(link)
    assert refused.status_code == 422
    wrong = re.search(r'id="links-wrong">(.*?)</div>', guest.page, re.DOTALL)
    assert wrong
    assert BAD[link] in re.sub(r"<.*?>", "", wrong[1]).replace("&#39;", "'")
    assert 'aria-invalid="true"' in guest.page
    guest.get("/scans")
    assert "None yet" in guest.page


def test_a_folder_of_the_server_is_refused(guest: Visitor, tmp_path: Path) -> None:
    """Local paths are for the command line, even where they exist."""
    assert guest.paste(str(tmp_path)).status_code == 422


def test_a_repository_that_cannot_be_read_says_why(visitor: Visitor, forge: Server) -> None:
    """A failed scan is called failed, in one sentence, and can be tried again."""
    visitor.paste(f"{forge.origin}/ada/nothing")
    page = visitor.until(visitor.address, "could not be read")
    assert "cannot be fetched" in page
    assert "Begin again" in page


def test_the_stored_digest_is_the_whole_digest(app: Flask, visitor: Visitor, forge: Server) -> None:
    """What is kept is the one complete form, and it is read back."""
    from evidence.web import keeping

    visitor.digest_of(f"{forge.origin}/ada/bazaar")
    with app.app_context():
        stored = keeping.listed(1)[0]
        digest = from_json(keeping.content_of(stored))
    assert digest.complete
    assert digest.repositories[0].commit == stored.commit
