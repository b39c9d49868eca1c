"""The pages in a real browser: paste, watch, read, print; by keyboard, and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.source.serving import Server
from tests.web import browser
from tests.web.watched import PATIENCE, Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(not browser.CHROMIUM, reason=browser.LACKING)
if not browser.CHROMIUM:
    print(browser.LACKING)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, forge: Server, mute: str) -> Iterator[str]:
    """The server, as its command starts it."""
    data = tmp_path_factory.mktemp("browser") / "data"
    options = ("--allow-insecure-host", forge.origin, "--allow-insecure-host", mute)
    with browser.served(data, *options) as address:
        yield address


@pytest.fixture
def window(chromium: Browser, site: str) -> Iterator[Watched]:
    """A window at a desk."""
    watched = Watched(chromium, site, bypass_csp=False)
    yield watched
    watched.context.close()


def _paste(page: Page, site: str, link: str) -> None:
    page.goto(f"{site}/")
    page.get_by_label("Link to a repository, or several").fill(link)
    page.get_by_role("button", name="Read it").click()


def test_from_link_to_digest(window: Watched, site: str, forge: Server, tmp_path: Path) -> None:
    """Paste, watch it live in two windows, load one again in the middle, arrive at the digest, and read it."""
    page = window.page
    _paste(page, site, f"{forge.origin}/ada/bazaar")
    page.wait_for_url("**/scans/*")
    second = window.window()
    second.goto(page.url)
    page.reload()
    for each in (page, second):
        each.wait_for_url("**/digests/*")
        assert each.get_by_role("heading", level=1).inner_text() == "bazaar"
    second.close()
    window.expect_accessible()
    page.get_by_role("link", name="Application structure").first.click()
    assert page.url.endswith("#row-app-structure")
    page.get_by_text("Show a part").click()
    page.get_by_label("Level").select_option("Senior")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**level=Senior*")
    assert page.locator("[id$=-junior]").count() == 0
    page.get_by_role("link", name="Show all of it").click()
    page.get_by_text("Save, compare, share").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="JSON").click()
    assert saved.value.suggested_filename == "digest.json"
    window.expect_quiet()
    _expect_print(page, tmp_path)


def _expect_print(page: Page, tmp_path: Path) -> None:
    """Printed, the digest is there without the server's bars."""
    from pypdf import PdfReader

    page.pdf(path=tmp_path / "printed.pdf")
    text = "".join(each.extract_text() for each in PdfReader(tmp_path / "printed.pdf").pages)
    assert "Application factory" in text
    assert "Delete this digest" not in text


def test_a_bad_link_and_cancelling(window: Watched, site: str, mute: str) -> None:
    """The sentence stands beside the field and is read with it; a running scan is cancelled and gone."""
    page = window.page
    _paste(page, site, "https://example.org/a/b")
    field = page.get_by_label("Link to a repository, or several")
    assert field.get_attribute("aria-invalid") == "true"
    described = (field.get_attribute("aria-describedby") or "").split()
    assert "is not one we fetch from" in page.locator(f"#{described[0]}").inner_text()
    assert field.input_value() == "https://example.org/a/b"
    _paste(page, site, f"https://example.org/a/b\n{mute}/ada/bazaar\nfile:///etc/passwd")
    page.locator("#links-wrong p").nth(1).wait_for()
    sentences = page.locator("#links-wrong p").all_inner_texts()
    assert [each.partition(",")[0].removeprefix("!").strip() for each in sentences] == ["Link 1", "Link 3"]
    window.expect_no_sideways_scrolling()
    window.expect_accessible()
    _paste(page, site, f"{mute}/ada/bazaar")
    page.get_by_text("Fetching the repository").first.wait_for()
    window.expect_accessible()
    scan = page.url
    page.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/")
    page.wait_for_function("async url => (await fetch(url)).status === 404", arg=scan, timeout=PATIENCE, polling=300)
    window.expect_quiet()


def test_by_keyboard_alone(window: Watched, site: str, forge: Server) -> None:
    """From the first page to a cell of the matrix without a mouse; the focus is always to be seen."""
    page = window.page
    page.goto(f"{site}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip" or page.evaluate("document.activeElement.id")
    page.get_by_label("Link to a repository, or several").focus()
    page.keyboard.type(f"{forge.origin}/ada/bazaar")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "submit":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/digests/*")
    page.locator(".mark").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("#(?:cell|row)-"))


def test_without_javascript(chromium: Browser, site: str, forge: Server) -> None:
    """The page of a scan loads itself again until it has become the digest."""
    window = Watched(chromium, site, java_script_enabled=False)
    _paste(window.page, site, f"{forge.origin}/ada/bazaar")
    window.page.wait_for_url("**/digests/*")
    assert "Application factory" in window.page.content()
    window.context.close()
