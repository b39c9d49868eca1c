"""A visitor without a browser: loads pages, sends the forms that are on them, keeps its cookies."""

from __future__ import annotations

import re
import time
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PATIENCE = 120.0


def token_of(page: str) -> str:
    """The token of the forms on a page."""
    found = _TOKEN.search(page)
    return found[1] if found else ""


class Visitor:
    """One person with one session. ``page`` is the text of the page that was loaded last."""

    def __init__(self, app: Flask, base: str = "http://localhost/") -> None:
        self.client: FlaskClient = app.test_client()
        self.base = base
        self.page = ""
        self.address = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        """Load a page, following redirects."""
        response = self.client.get(path, base_url=self.base, follow_redirects=True, **more)
        return self._took(response)

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form of the present page to ``path``, with the page's token, following redirects."""
        data = {"csrf_token": token_of(self.page), **fields}
        return self._took(self.client.post(path, data=data, base_url=self.base, follow_redirects=True))

    def _took(self, response: TestResponse) -> TestResponse:
        self.page, self.address = response.get_data(as_text=True), response.request.path
        return response

    def paste(self, *links: str, **more: str) -> TestResponse:
        """Open the first page, paste links and press the button."""
        self.get("/")
        return self.post("/", links="\n".join(links), profile=more.pop("profile", ""), **more)

    def digest_of(self, *links: str, **more: str) -> str:
        """Paste a link and wait for its digest: the path of its page."""
        self.paste(*links, **more)
        return self.wait()

    def wait(self) -> str:
        """Load the page of a scan again until it has become its digest, and return where that is."""
        scan = self.address
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            self.get(scan)
            if self.address.startswith("/digests/"):
                return self.address
            assert "could not be read" not in self.page, self.page
            time.sleep(0.1)
        raise AssertionError("the scan did not end")

    def until(self, path: str, words: str) -> str:
        """Load ``path`` again until its page says ``words``."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            if words in self.get(path).get_data(as_text=True):
                return self.page
            time.sleep(0.1)
        raise AssertionError(f"{path} never said {words!r}: {self.page[-3000:]}")
