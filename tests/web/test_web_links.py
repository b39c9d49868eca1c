"""One or several links in one digest, each checked; and pages of people, of which repositories are chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from evidence.model import UsageError
from evidence.web import links
from tests.forges.conftest import TOKEN
from tests.forges.data import Repo
from tests.forges.fake_github import FakeGitHub
from tests.forges.test_portfolio import listed
from tests.source.building import Builder
from tests.source.serving import Server
from tests.web.browsing import Visitor
from tests.web.conftest import MakeApp, running


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGitHub]:
    """A GitHub with the page of ada: two repositories of hers, a fork, and one elsewhere that took her changes."""
    root = tmp_path_factory.mktemp("github")
    for name in ("ada/app", "ada/tool", "org/lib"):
        Builder(root / f"{name}.git").commit({"app.py": f"import flask\n\napp = flask.Flask('{name}')\n"}, "Begin")
    server = FakeGitHub(Repo())
    server.git_root = root
    server.faults.append(listed(server.origin))
    yield from running(server)


@pytest.fixture
def portfolio(make_app: MakeApp, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A server that knows this GitHub."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    return make_app(forges=(f"{github.origin}=github",), insecure_hosts=(github.origin,))


def _shown_wrong(visitor: Visitor, field: str) -> list[str]:
    found = re.search(rf'id="{field}-wrong">(.*?)</div>', visitor.page, re.DOTALL)
    sentences = re.findall(r"<p>(.*?)</p>", found[1], re.DOTALL) if found else []
    return [" ".join(re.sub(r"<.*?>", "", each).replace("&#39;", "'").split()) for each in sentences]


def test_every_bad_link_has_its_sentence(guest: Visitor) -> None:
    """Beside the field stands one sentence for each link that cannot be read, with its number; nothing is fetched."""
    refused = guest.paste(
        "https://github.com/a/b", "file:///etc/passwd", "https://example.org/a/b", "https://github.com/a/b"
    )
    assert refused.status_code == 422
    second, third = _shown_wrong(guest, "links")
    assert second.startswith("! Link 2, file:///etc/passwd: ")
    assert "is not a way we fetch" in second
    assert third.startswith("! Link 3, https://example.org/a/b: ")
    assert "is not one we fetch from" in third
    guest.get("/scans")
    assert "None yet" in guest.page


def test_several_links_make_one_digest(visitor: Visitor, forge: Server) -> None:
    """The digest holds both repositories, the list names both, and asking for the same again leads to it."""
    links_of = (f"{forge.origin}/ada/bazaar", f"{forge.origin}/ada/market")
    visitor.paste(*links_of)
    assert "Two links in one digest" in visitor.page
    scan = visitor.address
    digest = visitor.wait()
    content: Any = visitor.client.get(f"{digest}/digest.json").json
    assert [each["name"] for each in content["repositories"]] == ["bazaar", "market"]
    stages: Any = visitor.client.get(f"/api/v1{scan}").json
    parts = {stage["part"].partition(":")[0] for stage in stages["stages"]}
    assert {"1 of 2", "2 of 2"} <= parts
    visitor.get("/digests")
    assert "bazaar, market" in visitor.page
    assert visitor.digest_of(*links_of) == digest
    assert visitor.digest_of(links_of[0]) != digest


def test_one_that_cannot_be_read_is_in_the_ledger(visitor: Visitor, forge: Server) -> None:
    """The others are read all the same, and the list says that the digest is not complete."""
    digest = visitor.digest_of(f"{forge.origin}/ada/bazaar", f"{forge.origin}/ada/nothing")
    content: Any = visitor.client.get(f"{digest}/digest.json").json
    (failed,) = [entry for entry in content["ledger"] if entry["code"] == "source_failed"]
    assert failed["subject"].endswith("/ada/nothing")
    visitor.get("/digests")
    assert "not complete" in visitor.page


def test_a_digest_for_each_link(visitor: Visitor, forge: Server) -> None:
    """Where that is wanted, each link has a scan and a digest of its own."""
    visitor.paste(f"{forge.origin}/ada/bazaar", f"{forge.origin}/ada/market", each="y")
    assert visitor.address == "/scans"
    assert len(set(re.findall(r'href="(/scans/[\w-]{22})"', visitor.page))) == 2


def test_the_page_of_a_person_becomes_one_digest(portfolio: Flask, github: FakeGitHub) -> None:
    """Own repositories and those that took changes, chosen by pattern and number, credited to the person."""
    visitor = Visitor(portfolio)
    visitor.paste(f"{github.origin}/ada", exclude="org/*", most="2")
    watched = visitor.page
    assert "/ada" in watched
    digest = visitor.wait()
    content: Any = visitor.client.get(f"{digest}/digest.json").json
    assert [each["name"] for each in content["repositories"]] == ["ada/app", "ada/tool"]
    assert content["inputs"]["options"]["candidates"] == ["ada"]
    visitor.get("/digests")
    assert "ada/<wbr>app, ada/<wbr>tool" in visitor.page
    assert "for ada" in visitor.page
    visitor.get(digest)
    visitor.post(f"{digest}/anew")
    second = visitor.wait()
    again: Any = visitor.client.get(f"{second}/digest.json").json
    assert again["repositories"] == content["repositories"]
    visitor.get(second)
    assert f"{second}/compare/{digest.rpartition('/')[2]}" in visitor.page


def test_digests_of_one_person_are_compared(portfolio: Flask, github: FakeGitHub, tmp_path: Path) -> None:
    """A page of theirs, and another repository read for them by name: the one is offered beside the other."""
    visitor = Visitor(portfolio)
    page = visitor.digest_of(f"{github.origin}/ada", include="ada/tool")
    other = visitor.digest_of(f"{github.origin}/ada/app", candidate="Ada")
    nobodys = visitor.digest_of(f"{github.origin}/ada/app")
    visitor.get(page)
    assert f"{page}/compare/{other.rpartition('/')[2]}" in visitor.page
    assert nobodys.rpartition("/")[2] not in visitor.page


def test_a_page_that_cannot_be_listed_says_so(portfolio: Flask, github: FakeGitHub) -> None:
    """A person that the forge does not know, or of whom nothing is wanted: one sentence, and no digest."""
    visitor = Visitor(portfolio)
    visitor.paste(f"{github.origin}/nobody")
    assert "cannot be listed" in visitor.until(visitor.address, "could not be read")
    visitor.paste(f"{github.origin}/ada", include="nothing/*")
    assert "no repository of its own that is wanted" in visitor.until(visitor.address, "could not be read")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("most", "0", "from 1 to 20"),
        ("most", "21", "from 1 to 20"),
        ("most", "many", "from 1 to 20"),
        ("include", "ok/* <script>", "matches no repository"),
        ("exclude", " ".join(f"a/{n}" for n in range(21)), "20 are possible"),
    ],
)
def test_choices_that_cannot_be_used_are_said_beside_their_field(
    guest: Visitor, field: str, value: str, said: str
) -> None:
    """What chooses among repositories is checked like the links, and the choices stay open to be corrected."""
    refused = guest.paste("https://github.com/ada", **{field: value})
    assert refused.status_code == 422
    (sentence,) = _shown_wrong(guest, field)
    assert said in sentence
    assert re.search(r'<details class="more" open>', guest.page)


@pytest.mark.parametrize(
    "link", ["https://github.com/ada\x07", "https://github.com/settings", "https://example.org/ada"]
)
def test_pages_that_are_nobodys(shared_app: Flask, link: str) -> None:
    """Control characters, the forge's own pages and other hosts are refused before anything is asked."""
    with shared_app.test_request_context(), pytest.raises(UsageError):
        links.checked(link)


def test_the_api_takes_several_and_refuses_alike(portfolio: Flask, github: FakeGitHub, mute: str) -> None:
    """The same links, choices, bounds and sentences as the page."""
    client = portfolio.test_client()
    asked = {"sources": [f"{github.origin}/ada", f"{github.origin}/org/lib"], "include": ["ada/*"], "most": 1}
    record: Any = client.post("/api/v1/scans", json=asked).json
    assert record["sources"] == asked["sources"]
    visitor = Visitor(portfolio)
    visitor.get(f"/scans/{record['id']}")
    content: Any = visitor.client.get(f"{visitor.wait()}/digest.json").json
    assert [each["name"] for each in content["repositories"]] == ["ada/app", "org/lib"]
    for wrong, said in (
        ({"sources": ["/etc", f"{github.origin}/ada"]}, "Link 1, /etc: "),
        ({"sources": [f"{github.origin}/a/{n}" for n in range(6)]}, "5 can be read at once"),
        ({"sources": [f"{github.origin}/ada"], "exclude": ["a b"]}, "matches no repository"),
        ({"sources": []}, "sources"),
    ):
        refused: Any = client.post("/api/v1/scans", json=wrong)
        assert refused.status_code == 422
        assert said in refused.json["detail"]
