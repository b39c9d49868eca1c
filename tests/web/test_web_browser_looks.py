"""Every page in a real browser, with long names, on a phone in the light and at a desk in the dark: nothing wider than
the window, nothing that some cannot use, names that break between words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from evidence.model import Digest
from evidence.report.narrowing import Part, narrowed
from evidence.web.running.work import Answer
from tests.source.serving import Server
from tests.web import browser, inside
from tests.web.conftest import ready, usual_settings
from tests.web.watched import DESK, PHONE, Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(not browser.CHROMIUM, reason=browser.LACKING)

SECRET = "a secret of the team, long enough"
WAYS = {"phone in the light": (PHONE, "light"), "desk in the dark": (DESK, "dark")}
# A word between two places where a name may break lies on one line.
WHOLE_WORDS = """() => {
    const walker = document.createTreeWalker(document.querySelector("h1"), NodeFilter.SHOW_TEXT), broken = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const range = document.createRange();
        range.selectNodeContents(node);
        if (!/[-\\s]/.test(node.data.trim()) && range.getClientRects().length > 1) broken.push(node.data);
    }
    return broken;
}"""


class Slow:
    """Stands in for the process that lays out a PDF: it is done when the test says so."""

    def __init__(self) -> None:
        self.finish = threading.Event()

    def __call__(self, *_: Any, heard: Any, wanted: Any, **__: Any) -> Answer:
        """Say that page seven is laid out, and wait."""
        heard(("page", 7))
        while wanted() and not self.finish.wait(0.05):
            pass
        return Answer(b"%PDF-made")


@pytest.fixture(scope="module")
def pdf() -> Iterator[Slow]:
    """The layout of this module's servers."""
    slow = Slow()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evidence.web.running.printer.run_apart", slow)
        # Streams end at once, and every page that is told live has to go on where it was.
        patch.setattr("evidence.web.streams._STREAM_SECONDS", 0.4)
        yield slow


def _domain_of(digest: Digest, signal: str) -> str:
    row = next(each.competency for each in digest.signals if each.id == signal)
    return next(each.domain for each in digest.competencies if each.id == row)


def _break() -> str:
    raise RuntimeError


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, forge: Server, mute: str, pdf: Slow) -> Iterator[dict[str, str]]:
    """The address of each page, on a server of one's own and on a team's."""
    folder = tmp_path_factory.mktemp("looks")
    digest = inside.digest_of_long_names(folder)
    # Of the whole digest there is one page; what stands around it elsewhere is judged beside a part.
    part = narrowed(digest, Part(domain=_domain_of(digest, "flask.app_factory")))
    found: dict[str, str] = {}
    with ExitStack() as stack:

        def site(name: str, **given: Any) -> tuple[Flask, str]:
            app = stack.enter_context(ready(usual_settings(folder / name, forge, mute, **given)))
            app.add_url_rule("/break", view_func=_break)
            return app, stack.enter_context(inside.listening(app))

        app, own = site("own")
        with app.app_context():
            page, other, third = (inside.keep(each) for each in (digest, digest, part))
            paths = {"digest": page, "second": other, "third": third, "shared": inside.share(third), **inside.scans()}
        paths |= {"start": "/", "scans": "/scans", "digests": "/digests", "404": "/nowhere", "500": "/break"}
        paths |= {"part": f"{page}?status=supported", "links": f"{page}/links", "pdf": f"{page}/pdf"}
        paths |= {"comparison": f"{page}/compare/{other.rpartition('/')[2]}", "405": "/digests/purge"}
        found |= {name: own + path for name, path in paths.items()}
        _, empty = site("empty")
        found |= {"no digests": f"{empty}/digests", "no scans": f"{empty}/scans", "first start": f"{empty}/"}
        team_app, team = site("team", access_secret=SECRET)
        with team_app.app_context():
            found |= {"sign-in": f"{team}/sign-in", "hidden": team + inside.keep(part, "Grace")}
            found |= {f"{name} of another": team + path for name, path in inside.scans().items() if name == "failed"}
        yield found


ALONE = (
    *("start", "scans", "digests", "queued", "running", "several", "cancelling", "failed", "interrupted", "digest"),
    *("part", "links", "comparison", "shared", "pdf", "404", "405", "500", "no digests", "no scans", "first start"),
)


@pytest.fixture(params=WAYS)
def window(request: pytest.FixtureRequest, chromium: Browser, places: dict[str, str]) -> Iterator[Watched]:
    """A window in each of the ways."""
    size, scheme = WAYS[request.param]
    watched = Watched(chromium, places["start"].rstrip("/"), viewport=size, color_scheme=scheme)
    yield watched
    watched.context.close()


def _expect_well(window: Watched, name: str) -> None:
    try:
        window.expect_no_sideways_scrolling()
        window.expect_accessible()
        assert window.page.evaluate(WHOLE_WORDS) == []
    except AssertionError as wrong:
        raise AssertionError(f"{name}: {wrong}") from wrong


def test_every_page_is_fit_to_be_seen(window: Watched, places: dict[str, str]) -> None:
    """Lists, scans in every state, digests, errors and empty pages."""
    for name in ALONE:
        window.page.goto(places[name])
        _expect_well(window, name)


def test_forms_with_mistakes_are_fit_to_be_seen(window: Watched, places: dict[str, str]) -> None:
    """What is wrong stands beside its field, whatever was typed; what is folded is as well when it is open."""
    page = window.page
    page.goto(places["start"])
    page.get_by_label("Link to a repository, or several").fill(f"https://example.org/{inside.OWNER}/{inside.NAME}\nx")
    page.get_by_text("More choices").click()
    page.get_by_label("Only those like").fill("<>")
    page.get_by_role("button", name="Read it").click()
    page.locator("#links-wrong").wait_for()
    _expect_well(window, "bad links")
    page.goto(places["shared"])
    page.get_by_role("button", name="Add the correction").click()
    page.locator("#text-wrong").wait_for()
    _expect_well(window, "no correction")
    page.goto(places["third"])
    for fold in ("Show a part", "Save, compare, share", "Delete this digest"):
        page.get_by_text(fold).click()
    _expect_well(window, "digest with its tools")
    page.goto(places["links"])
    page.get_by_role("button", name="link").first.click()
    page.get_by_label("The link. Copy it now").wait_for()
    _expect_well(window, "new link")


def test_a_team_reads_without_names(window: Watched, places: dict[str, str]) -> None:
    """Signing in, wrongly first; a digest without names, then with them; what another's scan says."""
    page = window.page
    for secret in ("wrong", SECRET):
        page.goto(places["sign-in"])
        page.get_by_label("Your name").fill(f"Ada {inside.OWNER} {(page.viewport_size or DESK)['width']}")
        page.get_by_label("Access secret").fill(secret)
        _expect_well(window, "sign-in")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        _expect_well(window, "after signing in")
    page.goto(places["failed of another"])
    assert inside.NAME not in page.content()
    page.goto(places["hidden"])
    assert inside.NAME not in page.content()
    _expect_well(window, "hidden")
    page.get_by_role("button", name="Show the names").click()
    page.get_by_text("Names were asked for by").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == f"{inside.OWNER}/{inside.NAME}"
    _expect_well(window, "shown")


def test_what_has_the_focus_keeps_it(window: Watched, places: dict[str, str]) -> None:
    """While a page is told live, over many streams, the button that somebody has reached by keyboard stays theirs."""
    page = window.page
    page.goto(places["running"])
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "cancel":
            break
    _expect_told_again(page)
    assert page.evaluate("document.activeElement.id") == "cancel"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert sum("/events" in url for url in window.asked) > 1
    window.expect_quiet()


def _expect_told_again(page: Page) -> None:
    """Wait until the page has been put in place anew from further streams."""
    said = "document.querySelector('.watch .facts').innerText"
    first = page.evaluate(said)
    page.wait_for_function(f"first => {said} !== first", arg=first)
    second = page.evaluate(said)
    page.wait_for_function(f"second => {said} !== second", arg=second)


@pytest.mark.parametrize("script", [True, False], ids=["live", "without JavaScript"])
def test_a_pdf_comes_when_it_is_made(chromium: Browser, places: dict[str, str], pdf: Slow, script: bool) -> None:
    """The page tells what is done and for how long; then the browser saves the file, and the page says so."""
    window = Watched(chromium, places["start"].rstrip("/"), java_script_enabled=script)
    page = window.page
    pdf.finish.set()
    page.goto(f"{places['pdf']}?wait=")
    page.locator(".kind").get_by_text("Ready").wait_for()
    pdf.finish.clear()
    page.goto(places["second" if script else "third"])
    page.get_by_text("Save, compare, share").click()
    page.get_by_role("link", name="PDF").click()
    page.get_by_text("Laying out page 7").wait_for()
    with page.expect_download() as saved:
        pdf.finish.set()
    assert saved.value.suggested_filename == "digest.pdf"
    page.locator(".kind").get_by_text("Ready").wait_for()
    with page.expect_download() as again:
        page.get_by_role("link", name="Save it again").click()
    assert again.value.suggested_filename == "digest.pdf"
    window.context.close()
