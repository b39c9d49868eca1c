"""Processes of the server: what they may take, where they come from, and that they are gone with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from evidence.web.running.bounded import Bounds, tell
from evidence.web.running.process import Ended, run_apart
from evidence.web.running.work import Answer

PATIENCE = 60.0
_SERVER = """
import sys
from pathlib import Path
from evidence.web.running.bounded import Bounds
from evidence.web.running.process import run_apart
from evidence.web.running.renderer import Renderer
from tests.web import test_web_processes

if __name__ == "__main__":
    renderer = Renderer(b"")
    renderer.start()
    bounds = Bounds(Path(sys.argv[1]), memory=4096, seconds=300, nice=0)
    work = getattr(test_web_processes, sys.argv[2])
    heard = lambda message: print(message[1], flush=True)
    print(run_apart(work, bounds=bounds, heard=heard, wanted=lambda: True).content)
    renderer.close()
"""


def _take(size: int) -> Answer:
    """Take so many bytes of memory."""
    return Answer(len(bytearray(size)))


def _found(name: str) -> Answer:
    """A variable of the environment."""
    return Answer(os.environ.get(name, ""))


def tell_what_is_loaded() -> Answer:
    """Whether the pipeline is there before anybody asked for it."""
    return Answer("loaded" if "evidence.examine" in sys.modules else "not loaded")


def wait_for_ever() -> Answer:
    """Tell which process this is, and do nothing until it is ended."""
    tell("at", os.getpid())
    time.sleep(600)
    return Answer()


@pytest.fixture
def least(tmp_path: Path) -> dict[str, Any]:
    """What every process needs."""
    bounds = Bounds(tmp_path, memory=1024, seconds=300, nice=0)
    return {"bounds": bounds, "heard": lambda _: None, "wanted": lambda: True}


def test_a_process_gets_no_more_memory_than_it_may(least: dict[str, Any]) -> None:
    """Within its bound it answers; beyond it ends with a sentence, and the server goes on."""
    assert run_apart(_take, 1 << 20, **least).content == 1 << 20
    with pytest.raises(Ended, match="may have run out of memory"):
        run_apart(_take, 2 << 30, **least)


def test_a_process_has_the_environment_of_now(least: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that was changed after the first scan is the one that the next scan uses; one that is gone is gone."""
    assert run_apart(_found, "EVIDENCE_TRIED", **least).content == ""
    monkeypatch.setenv("EVIDENCE_TRIED", "new")
    assert run_apart(_found, "EVIDENCE_TRIED", **least).content == "new"
    monkeypatch.delenv("EVIDENCE_TRIED")
    assert run_apart(_found, "EVIDENCE_TRIED", **least).content == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are forked on Linux only")
def test_a_process_has_loaded_what_it_needs(tmp_path: Path) -> None:
    """No scan of a server waits until the pipeline is imported."""
    with _server(tmp_path, "tell_what_is_loaded") as server:
        assert server.communicate(timeout=PATIENCE)[0] == "loaded\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of Linux ends them")
def test_nothing_outlives_a_server_that_was_killed(tmp_path: Path) -> None:
    """A server that is killed takes along what scans and renders for it, and what these are forked of."""
    script = tmp_path / "server.py"
    with _server(tmp_path, "wait_for_ever") as server:
        assert server.stdout is not None
        scanning = int(server.stdout.readline())
        ours = _named(script)
        assert scanning in ours and len(ours) >= 4
        server.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while (left := _named(script)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def _server(folder: Path, work: str) -> subprocess.Popen[str]:
    """A server of its own that has a process do this work; all processes have the script's name in their
    environment."""
    script = folder / "server.py"
    script.write_text(_SERVER)
    here = {**os.environ, "PYTHONPATH": os.getcwd(), "EVIDENCE_TRIED": str(script)}
    command = [sys.executable, str(script), str(folder), work]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=here)


def _named(script: Path) -> list[int]:
    """The processes that were started by this script, wherever they hang now: each has its name in the environment."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words = (each / "environ").read_bytes() + (each / "cmdline").read_bytes()
            state = (each / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(script).encode() in words and state != "Z":
            found.append(int(each.name))
    return found
