"""Reading a digest: parts, links into it, downloads, names hidden and shown, the candidate's copy and corrections."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from flask import Flask

from evidence.report.csv import COLUMNS
from evidence.report.json_form import from_json
from tests.source.serving import Server
from tests.web.browsing import Visitor
from tests.web.conftest import ready, usual_settings

SECRET = "a secret of the team, long enough"


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, forge: Server, mute: str) -> Iterator[Flask]:
    """A team server on which Grace has had the bazaar read."""
    settings = usual_settings(tmp_path_factory.mktemp("team"), forge, mute, access_secret=SECRET)
    with ready(settings) as app:
        grace = enter(app, "Grace")
        grace.digest_of(f"{forge.origin}/ada/bazaar")
        yield app


def enter(app: Flask, name: str) -> Visitor:
    """Somebody who signs in to the team's server."""
    visitor = Visitor(app)
    visitor.get("/sign-in")
    visitor.post("/sign-in", name=name, secret=SECRET)
    return visitor


@pytest.fixture
def grace(team: Flask) -> Visitor:
    """Who asked for the digest."""
    return enter(team, "Grace")


@pytest.fixture
def digest(grace: Visitor) -> str:
    """The path of the digest."""
    grace.get("/digests")
    found = re.search(r"/digests/[\w-]{22}", grace.page)
    assert found
    return found[0]


def _shown(visitor: Visitor, digest: str) -> str:
    """The digest with its names, which this visitor asks for."""
    visitor.get(digest)
    if f"{digest}/reveal" in visitor.page:
        visitor.post(f"{digest}/reveal")
    return visitor.page


def test_names_are_hidden_until_somebody_asks_for_them(team: Flask, digest: str, forge: Server) -> None:
    """On a team server a first reading shows pseudonyms, on the page and in every file; asking is recorded."""
    linus = enter(team, "Linus")
    page = linus.get(digest).get_data(as_text=True)
    files = [linus.client.get(f"{digest}/digest.{suffix}").get_data(as_text=True) for suffix in ("json", "md", "csv")]
    for text in (page, *files):
        assert "Application factory" in text
        assert re.findall(r".{30}(?:\bada\b|lovelace|ada@example|\bbazaar\b).{30}", text, re.IGNORECASE) == []
        assert forge.origin not in text
        assert re.search(r"repository-[0-9a-f]{6}", text)
    linus.get("/digests")
    assert "names hidden" in linus.page
    linus.get(digest)
    linus.post(f"{digest}/reveal")
    assert "bazaar/<wbr>__init__.py" in linus.page
    assert "Names were asked for by" in linus.page
    assert "Linus" in linus.page
    assert "Show the names" in enter(team, "Barbara").get(digest).get_data(as_text=True)


def test_pseudonyms_stay_the_same(team: Flask, digest: str) -> None:
    """The same repository has one pseudonym in lists and digests, for every reader."""
    names = set()
    for who in ("Edsger", "Donald"):
        visitor = enter(team, who)
        for path in (digest, "/digests"):
            names |= set(re.findall(r"repository-[0-9a-f]{6}", visitor.get(path).get_data(as_text=True)))
    assert len(names) == 1


def test_a_part_is_shown_by_address(grace: Visitor, digest: str) -> None:
    """Domain, level and status narrow the page; the part has an address of its own and says what it is."""
    whole = _shown(grace, digest)
    grace.get(f"{digest}?level=Senior&status=supported")
    assert "Show a part: Senior, supported" in grace.page
    assert len(grace.page) < len(whole)
    assert not re.search(r'id="cell-[a-z-]+-junior"', grace.page)
    grace.get(f"{digest}?domain=Scale")
    assert 'id="domain-scale"' in grace.page
    assert 'id="domain-delivery"' not in grace.page
    grace.get(f"{digest}?domain=Nonsense&level=%3Cscript%3E")
    assert "Show a part:" not in grace.page


def test_cells_and_citations_have_addresses(grace: Visitor, digest: str) -> None:
    """Every mark of the matrix leads to its cell, and each citation can be linked to."""
    page = _shown(grace, digest)
    targets = set(re.findall(r'id="([^"]+)"', page))
    marks = re.findall(r'class="mark [^"]*" href="#([^"]+)"', page)
    assert marks
    assert set(marks) <= targets
    assert "signal-flask.app_factory-1" in targets


def test_downloads_are_the_digest(grace: Visitor, digest: str) -> None:
    """JSON, HTML, Markdown and CSV are saved under our own name, and hold the same digest."""
    _shown(grace, digest)
    kept = from_json(grace.client.get(f"{digest}/digest.json").data)
    assert kept.repositories[0].name == "bazaar"
    for suffix, kind in (("html", "text/html"), ("md", "text/markdown"), ("csv", "text/csv")):
        response = grace.client.get(f"{digest}/digest.{suffix}")
        assert response.mimetype == kind
        assert response.headers["Content-Disposition"] == f'attachment; filename="digest.{suffix}"'
        assert kept.repositories[0].commit in response.get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(grace.client.get(f"{digest}/digest.csv").get_data(as_text=True))))
    assert tuple(rows[0]) == COLUMNS
    assert {row["signal"] for row in rows} >= {"flask.app_factory"}
    assert grace.client.get(f"{digest}/digest.exe").status_code == 404


def test_the_candidate_reads_and_corrects_by_a_link(team: Flask, grace: Visitor, digest: str) -> None:
    """The link works without signing in, shows the names, takes a correction, and leads nowhere once it is ended."""
    _shown(grace, digest)
    grace.get(f"{digest}/links")
    grace.post(f"{digest}/links")
    made = re.search(r'value="http://localhost(/shared/[\w-]{43})"', grace.page)
    assert made
    ada = Visitor(team)
    ada.get(made[1])
    assert "bazaar/<wbr>__init__.py" in ada.page
    assert "Delete" not in ada.page
    assert ada.post(made[1], signal="", text="   ").status_code == 422
    ada.get(made[1])
    ada.post(made[1], signal="flask.app_factory", text="The factory is <b>mine</b>.\nSee the second commit.")
    assert "The candidate writes" in ada.page
    assert "The factory is &lt;b&gt;mine&lt;/b&gt;." in ada.page.replace("<wbr>", "")
    assert ada.client.get(f"{made[1]}/digest.json").status_code == 200
    grace.get(digest)
    evidence = re.search(r'id="signal-flask.app_factory".*?<ol class="citations">', grace.page, re.DOTALL)
    assert evidence
    assert "See the second commit." in evidence[0]
    assert "The factory is" not in enter(team, "Ken").get(digest).get_data(as_text=True)
    grace.get(f"{digest}/links")
    end = re.search(rf"{digest}/links/[\w-]+/end", grace.page)
    assert end
    grace.post(end[0])
    assert ada.get(made[1]).status_code == 404


def test_a_link_cannot_be_guessed_or_used_for_more(team: Flask, digest: str) -> None:
    """Another token leads nowhere, and the digest's own address still asks who is there."""
    ada = Visitor(team)
    assert ada.get("/shared/" + "a" * 43).status_code == 404
    ada.get(digest)
    assert ada.address == "/sign-in"


def test_only_who_asked_deletes_keeps_and_shares(team: Flask, digest: str) -> None:
    """On a team server a digest belongs to who asked for it."""
    other = enter(team, "Niklaus")
    other.get(digest)
    for deed in ("delete", "keep", "links"):
        other.get(digest)
        assert other.post(f"{digest}/{deed}", days="7").status_code == 403
    other.get("/digests")
    assert other.post("/digests/purge").status_code == 403
    assert other.get(digest).status_code == 200
