"""What a forge is needed for, in a real browser: several links, the page of a person, and a change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.forges.conftest import TOKEN
from tests.forges.data import repository
from tests.forges.fake_github import FakeGitHub
from tests.forges.test_portfolio import listed
from tests.forges.test_proposed import AFTER, BEFORE
from tests.source.building import Builder
from tests.web import browser
from tests.web.conftest import running
from tests.web.watched import PHONE, Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(not browser.CHROMIUM, reason=browser.LACKING)


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGitHub]:
    """A GitHub with ada's page: ``ada/app``, which has a change by her that bob reviewed, and ``ada/tool``."""
    root = tmp_path_factory.mktemp("github")
    project = Builder(root / "ada" / "app.git")
    project.commit(dict(BEFORE), "Begin")
    project.git("checkout", "-q", "-b", "topic")
    project.commit(dict(AFTER), "Make the application in a factory")
    project.git("update-ref", "refs/pull/1/head", "topic")
    project.git("checkout", "-q", "main")
    Builder(root / "ada" / "tool.git").commit(dict(BEFORE), "Begin")
    data = repository()
    data.pulls[0].commits = [(project.git("rev-parse", "topic"), "ada")]
    data.history = [(project.git("rev-parse", "main"), "ada")]
    server = FakeGitHub(data)
    server.git_root = root
    server.faults.append(listed(server.origin))
    yield from running(server)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, github: FakeGitHub) -> Iterator[str]:
    """The server, as its command starts it, with this GitHub."""
    data = tmp_path_factory.mktemp("browser") / "data"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GH_TOKEN", TOKEN)
        named = ("--forge", f"{github.origin}=github", "--allow-insecure-host", github.origin)
        with browser.served(data, *named) as address:
            yield address


@pytest.fixture
def window(chromium: Browser, site: str) -> Iterator[Watched]:
    """A window at a desk."""
    watched = Watched(chromium, site)
    yield watched
    watched.context.close()


def _read(window: Watched, *links: str, **choices: str) -> None:
    """Paste links with choices, watch, and arrive at the digest."""
    page = window.page
    page.goto(f"{window.site}/")
    page.get_by_label("Link to a repository, or several").fill("\n".join(links))
    if choices:
        page.get_by_text("More choices").click()
    for label, value in choices.items():
        page.get_by_label(label.replace("_", " ")).fill(value)
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url("**/digests/*")


def _expect_well(window: Watched) -> None:
    """At a desk and on a phone, without a request elsewhere."""
    window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    window.expect_no_sideways_scrolling()
    window.expect_quiet()


def test_several_links_become_one_page(window: Watched, github: FakeGitHub) -> None:
    """Both repositories stand in the heading, and the summary says at which commit each was read."""
    _read(window, f"{github.origin}/ada/app", f"{github.origin}/ada/tool")
    page = window.page
    assert page.get_by_role("heading", level=1).inner_text() == "ada/app, ada/tool"
    read = [each for each in page.locator("#summary .lead p").all_inner_texts() if "at commit" in each]
    assert [name for name in ("ada/app", "ada/tool") if not any(name in each for each in read)] == []
    _expect_well(window)


def test_the_page_of_a_person_becomes_one_page(window: Watched, github: FakeGitHub) -> None:
    """Own repositories, chosen by a pattern on the page; the list tells whose they are."""
    _read(window, f"{github.origin}/ada", Only_those_like="ada/*")
    page = window.page
    assert page.get_by_role("heading", level=1).inner_text() == "ada/app, ada/tool"
    page.get_by_text("Show a part").click()
    page.get_by_label("Whose").select_option("own")
    window.expect_accessible()
    _expect_well(window)
    page.goto(f"{window.site}/digests")
    assert "for ada" in page.locator(".entries li").first.inner_text()


def test_a_change_is_told(window: Watched, github: FakeGitHub) -> None:
    """Who wrote it, how it was reviewed and what it adds stand first, and lead to the evidence."""
    _read(window, f"{github.origin}/ada/app/pull/1")
    page = window.page
    page.get_by_role("link", name="The change").click()
    told = page.locator("#change")
    for heading in ("The change", "How it was reviewed", "What it adds"):
        assert told.get_by_role("heading", name=heading, exact=True).is_visible()
    assert "bob" in told.inner_text()
    told.get_by_role("link", name="Application factory").first.click()
    assert page.locator(":target").is_visible()
    window.expect_accessible()
    _expect_well(window)
