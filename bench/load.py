"""Readers of digests while scans run: how long a page takes, by ``python -m bench.load``.

Starts `evidence serve` on a database of its own, has two repositories read (the same one, anew, again and again), and
lets fifty readers load digest pages for a while: whole ones, ``--parts`` of them, or both without names (``--hidden``).
Prints the median, the 95th and the 99th percentile in milliseconds; what the server itself took of the processors for
each page; and how busy the machine was, for others may be working on it.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.source.building import Builder
from tests.source.serving import Server
from tests.web.conftest import SHOP

PAUSE_SECONDS = 1.0
"""What a reader does between two pages, at least."""
PARTS = ("", "?level=Senior", "?domain=Delivery", "?status=supported", "?level=Junior&status=not_seen")


class Reader:
    """One connection that loads pages; ``took`` are seconds."""

    def __init__(self, address: str) -> None:
        self.host = urlsplit(address).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=60)
        self.cookie = ""
        self.took: list[float] = []

    def load(self, method: str, path: str, body: str = "", *, packed: bool = False) -> tuple[int, str, bytes]:
        """Status, where it leads, and body of a page; ``packed`` as a browser asks for it."""
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        headers |= {"Accept-Encoding": "gzip, deflate, br"} if packed else {}
        begun = time.perf_counter()
        self.connection.request(method, path, body or None, headers)
        response = self.connection.getresponse()
        content = response.read()
        self.took.append(time.perf_counter() - begun)
        if cookie := response.headers.get("Set-Cookie"):
            self.cookie = cookie.partition(";")[0]
        return response.status, response.headers.get("Location", ""), content

    def ask(self, source: str, *, anew: bool) -> str:
        """Paste a link; the path of the scan."""
        _, _, page = self.load("GET", "/")
        token = re.search(rb'name="csrf_token" value="([^"]+)"', page)
        fields = {
            "csrf_token": token[1].decode() if token else "",
            "links": source,
            "profile": "",
            **({"anew": "y"} if anew else {}),
        }
        status, scan, _ = self.load("POST", "/", urlencode(fields))
        if status != 303:
            raise SystemExit(f"the server refused the scan with {status}")
        return scan

    def digest(self, scan: str) -> str:
        """Wait for the digest of a scan."""
        while True:
            status, place, _ = self.load("GET", scan)
            if status == 303:
                return place
            time.sleep(1)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--readers", type=int, default=50)
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--repository", type=Path, help="a repository to read in place of a small one")
    options.add_argument("--parts", action="store_true", help="load parts of digests too")
    options.add_argument("--hidden", action="store_true", help="load digests without names")
    given = options.parse_args()
    # Fifty readers in one process: what one waits for another's turn is not the server's doing.
    sys.setswitchinterval(0.0002)
    with tempfile.TemporaryDirectory() as folder:
        forge, source = _forge(Path(folder), given.repository)
        command = [sys.executable, "-m", "evidence", "serve", "--port", "0", "--data", f"{folder}/data"]
        hidden = {"EVIDENCE_WEB_ANONYMISE": str(given.hidden).lower()}
        quiet = {"EVIDENCE_WEB_RATE_PAGES": "1000000 per minute", "EVIDENCE_WEB_RATE_SCANS": "100000 per hour"}
        server = subprocess.Popen(
            [*command, "--allow-insecure-host", forge.origin],
            stderr=subprocess.PIPE,
            env={**os.environ, **quiet, **hidden, "EVIDENCE_WEB_PARALLEL_SCANS": "2"},
        )
        try:
            _measure(server, source, given.readers, given.seconds, PARTS if given.parts else PARTS[:1])
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
            forge.shutdown()


def _forge(folder: Path, repository: Path | None) -> tuple[Server, str]:
    if repository is None:
        Builder(folder / "git" / "bazaar").commit(SHOP)
        root, name = folder / "git", "bazaar"
    else:
        root, name = repository.resolve().parent, repository.name
    forge = Server(root)
    threading.Thread(target=forge.serve_forever, daemon=True).start()
    return forge, f"{forge.origin}/{name}"


def _address(server: subprocess.Popen[bytes]) -> str:
    assert server.stderr is not None  # noqa: S101
    for line in server.stderr:
        if found := re.search(rb"Open (http://\S+)/ ", line):
            threading.Thread(target=lambda: [None for _ in server.stderr or ()], daemon=True).start()
            return found[1].decode()
    raise SystemExit("the server did not start")


def _spent(process: int) -> float:
    """Seconds of processor time that a process itself has taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measure(
    server: subprocess.Popen[bytes], source: str, readers: int, seconds: float, parts: tuple[str, ...]
) -> None:
    address = _address(server)
    first = Reader(address)
    digest = first.digest(first.ask(source, anew=True))
    for part in parts:
        first.load("GET", digest + part)
    over = threading.Event()
    scans = [0, 0]

    def scan(number: int) -> None:
        reader = Reader(address)
        while not over.is_set():
            reader.digest(reader.ask(source, anew=True))
            scans[number] += 1

    everybody = [Reader(address) for _ in range(readers)]

    def read(reader: Reader, delay: float) -> None:
        time.sleep(delay)
        for part in cycle(parts):
            if over.is_set():
                return
            status, _, _ = reader.load("GET", digest + part, packed=True)
            if status != 200:
                raise SystemExit(f"a page answered {status}")
            over.wait(PAUSE_SECONDS)

    threads = [threading.Thread(target=scan, args=(number,)) for number in range(2)]
    threads += [threading.Thread(target=read, args=(each, n / readers)) for n, each in enumerate(everybody)]
    before = _spent(server.pid)
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    busy, spent = os.getloadavg()[0], _spent(server.pid) - before
    over.set()
    for thread in threads:
        thread.join()
    took = sorted(1000 * each for reader in everybody for each in reader.took)
    cuts = statistics.quantiles(took, n=100)
    print(
        f"{len(took)} pages, {readers} readers, {sum(scans)} scans finished meanwhile, load of the machine {busy:.1f}"
    )
    print(f"median {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, p99 {cuts[98]:.0f} ms")
    print(f"the server took {1000 * spent / len(took):.1f} ms of a processor for each page")


if __name__ == "__main__":
    main()
