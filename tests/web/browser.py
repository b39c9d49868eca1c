"""A server with its own process and a real browser: Debian's Chromium, without any request of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
LACKING = "Chromium is not installed (Debian: chromium): the pages are not tried in a real browser"
_QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


@contextmanager
def served(data: Path, *options: str) -> Iterator[str]:
    """``evidence serve`` on a free port: its address. It is told to stop at the end, and must."""
    command = [sys.executable, "-m", "evidence", "serve", "--port", "0", "--data", str(data), *options]
    environment = {**os.environ, "EVIDENCE_WEB_PARSE_WORKERS": "1", "EVIDENCE_WEB_PARALLEL_SCANS": "1"}
    environment["EVIDENCE_WEB_SCAN_NICENESS"] = "0"
    log = (data.parent / "serve.log").open("w+b")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=log, env=environment)
    assert process.stderr is not None
    try:
        said = b""
        for line in process.stderr:
            said += line
            if found := re.search(rb"Open (http://\S+)/ in a browser", line):
                break
        else:
            raise AssertionError(said.decode())
        drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=log)
        yield found[1].decode()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        drain.wait(10)
        process.stderr.close()
        log.close()


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser of the test's own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_QUIET))
        yield browser
        browser.close()
