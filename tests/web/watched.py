"""A window of a real browser that is watched: what it asks for, what goes wrong in it, whether all can use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
PATIENCE = 120_000


class Watched:
    """A window that remembers what it asked for and what went wrong in it."""

    def __init__(self, chromium: Browser, site: str, **options: Any) -> None:
        self.context: BrowserContext = chromium.new_context(**{"viewport": DESK, **options})
        self.context.set_default_timeout(PATIENCE)
        self.site = site
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page = self.window()

    def window(self) -> Page:
        """A further window of the same person."""
        page = self.context.new_page()
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda message: self.wrong.append(message.text) if message.type == "error" else None)
        return page

    def expect_quiet(self) -> None:
        """Nothing went wrong, and no request left the page's origin."""
        # htmx tells of a stream that has ended by its event alone.
        usual = ("status of 4", "ERR_", "[object Event]")
        wrong = [each for each in self.wrong if not any(word in each for word in usual)]
        assert wrong == [], wrong
        assert [url for url in self.asked if not url.startswith((self.site + "/", "data:"))] == []

    def expect_accessible(self, page: Page | None = None) -> None:
        """axe finds nothing to complain of."""
        from axe_playwright_python.sync_playwright import Axe

        # axe is put into the page by the browser's own door, which the page's policy does not bind.
        found = Axe().run(page or self.page)
        assert found.violations_count == 0, found.generate_report()

    def expect_no_sideways_scrolling(self) -> None:
        """The page is no wider than the window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
