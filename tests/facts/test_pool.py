"""One hostile file costs that file only, and no process outlives the pool."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context, resource_tracker
from pathlib import Path
from typing import Any

import pytest

from evidence.facts.workers import crew
from evidence.facts.workers.pool import AHEAD, BATCH_BYTES, HEAVY_BYTES, ExtractionPool, Result

ITEM_SECONDS = 1.0


def extract(language: str, content: bytes) -> bytes:
    """A parser with every vice, on command of the content."""
    vices: dict[bytes, Callable[[], object]] = {
        b"crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        b"exit": lambda: os._exit(0),
        b"kept waiting": lambda: time.sleep(2.5 * ITEM_SECONDS),
        b"hang": lambda: time.sleep(60),
        b"spin": spin,
        b"raise": lambda: int("x"),
        b"recurse": recurse,
        b"bloat": lambda: bytearray(1 << 31),
        b"hungry": lambda: bytearray(250 << 20),
    }
    if content in vices:
        vices[content]()
    return language.encode() + b":" + content[:20]


def spin() -> None:
    """Keep the processor busy for a minute."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass


def recurse() -> None:
    """Call without end."""
    recurse()


def files(count: int, *vices: bytes) -> list[tuple[str, str, bytes]]:
    """Plain files with the vicious ones strewn in."""
    items = [(f"plain{i:04}", "x", b"%d" % i) for i in range(count)]
    for n, vice in enumerate(vices):
        items.insert((n * 97 + 5) % len(items), (f"vice{n}", "x", vice))
    return items


def run(items: list[tuple[str, str, bytes]], workers: int) -> list[Result]:
    """The sorted results of one pool."""
    with ExtractionPool(extract, workers, item_seconds=ITEM_SECONDS) as pool:
        return sorted(pool.run(items))


def children() -> set[int]:
    """Processes whose parent this one is, zombies included."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("vice", "reason"),
    [
        (b"crash", "parser_crashed"),
        (b"exit", "parser_crashed"),
        (b"raise", "parser_crashed"),
        (b"recurse", "parser_crashed"),
        (b"hang", "parser_timeout"),
        (b"spin", "parser_timeout"),
    ],
)
def test_one_bad_file_costs_that_file(vice: bytes, reason: str, workers: int) -> None:
    """The guilty file has a reason, all others their payload."""
    results = run(files(500, vice), workers)
    assert len(results) == 501
    assert [r for r in results if r.payload is None] == [Result("vice0", None, reason)]
    assert all(r.payload == b"x:%d" % int(r.key[5:]) and not r.reason for r in results if r.key.startswith("plain"))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the clock alone counts here")
def test_waiting_for_the_processor_is_not_held_against_a_file() -> None:
    """A file is bounded by what its reading costs, so that a busy machine gives the same digest."""
    assert run([("slow", "x", b"kept waiting")], 2) == [Result("slow", b"x:kept waiting", "")]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not bound the address space")
def test_memory_is_bounded() -> None:
    """Two gigabytes are refused; what fits a worker that runs alone is let through at the second try."""
    results = {r.key: r for r in run(files(50, b"bloat", b"hungry"), 2)}
    assert results["vice0"] == Result("vice0", None, "parser_crashed")
    assert results["vice1"].payload == b"x:hungry"


def test_many_bad_files_all_come_back() -> None:
    """Each item is answered exactly once, however many of them kill their worker."""
    items = files(300, *[b"crash", b"raise", b"exit"] * 7)
    results = run(items, 2)
    assert sorted(r.key for r in results) == sorted(key for key, _, _ in items)
    assert sum(r.payload is None for r in results) == 21


def test_workers_make_no_difference() -> None:
    """One worker and three give the same, small, large and empty files mixed."""
    items = [(f"k{i:03}", "x", b"a" * (i * 7919 % (2 * HEAVY_BYTES))) for i in range(120)] + files(
        40, b"raise", b"crash"
    )
    assert run(items, 1) == run(items, 3)


def test_input_is_read_no_further_than_needed() -> None:
    """Content waits in the source and not in memory."""
    read = 0

    def source() -> Iterator[tuple[str, str, bytes]]:
        nonlocal read
        for i in range(100):
            read += 1
            yield f"k{i}", "x", b"a" * BATCH_BYTES

    with ExtractionPool(extract, 2, item_seconds=ITEM_SECONDS) as pool:
        next(pool.run(source()))
        assert read <= 2 * AHEAD + 2


def test_what_the_source_raises_ends_the_run() -> None:
    """An error of the caller's own passes through, and no worker stays."""

    def source() -> Iterator[tuple[str, str, bytes]]:
        yield from files(300)
        raise LookupError("gone")

    before = children()
    with pytest.raises(LookupError, match="gone"), ExtractionPool(extract, 2) as pool:
        list(pool.run(source()))
    assert children() == before


def test_older_executors_end_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a run and at its end, also the way that Pythons before 3.11.5 need."""
    monkeypatch.setattr(crew, "_UNBLOCKED", (9,))
    before = children()
    with ExtractionPool(extract, 2, item_seconds=ITEM_SECONDS) as pool:
        next(pool.run((f"k{i}", "x", b"a" * BATCH_BYTES) for i in range(100)))
    with ExtractionPool(extract, 2) as pool:
        assert len(list(pool.run(iter(files(30))))) == 30
    assert children() == before


def test_a_lock_left_by_a_signal_holds_nobody_up() -> None:
    """An exception may come from a signal between the taking of a future's lock and the block that releases it."""
    before, begun = children(), time.monotonic()
    crew_of_two = crew.Crew(extract, 2)
    future: Any = crew_of_two.submit(0, [("k", "x", b"hang")], False)
    future._condition.acquire()
    crew_of_two.close()
    assert isinstance(future.exception(timeout=0), BrokenProcessPool)
    assert children() == before
    assert time.monotonic() - begun < 60


def test_no_process_is_left() -> None:
    """Neither a finished run nor an abandoned one leaves a worker."""
    before = children()
    run(files(50, b"crash"), 2)
    assert children() == before
    # Workers are killed at every stage of their start and of their wait for work.
    for taken in range(40):
        with ExtractionPool(extract, 3) as pool:
            results = pool.run(files(2_000))
            for _ in range(taken * 10):
                next(results)
        assert children() == before


def test_a_pool_can_run_twice_and_on_nothing() -> None:
    """No items give no results, and a second run starts afresh."""
    with ExtractionPool(extract, 1) as pool:
        assert list(pool.run([])) == []
        assert len(list(pool.run(files(3)))) == len(list(pool.run(files(3)))) == 3


def test_a_pool_needs_a_worker() -> None:
    """Zero workers are refused."""
    with pytest.raises(ValueError, match="at least one"):
        ExtractionPool(extract, 0)


def test_a_second_thread_is_no_hindrance() -> None:
    """Where forking would copy a lock in an unknown state, workers start another way and answer the same."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert [r.payload for r in run(files(2), 1)] == [b"x:0", b"x:1"]
    finally:
        stop.set()
        thread.join()


def fence(_language: str, _content: bytes) -> bytes:
    """What a worker has left of its parent's rights."""
    import gc
    import resource

    limits = resource.getrlimit(resource.RLIMIT_CORE)[0], resource.getrlimit(resource.RLIMIT_CPU)[0] > 0
    return repr((sorted(os.environ), limits, gc.isenabled())).encode()


def test_a_worker_is_fenced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment (it may hold tokens), no core file, a bound on processor time, no garbage collector in the way."""
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    with ExtractionPool(fence, 1) as pool:
        (result,) = pool.run([("k", "x", b"")])
    assert result.payload == repr(([], (0, True), False)).encode()


SCAN = """
import sys, time
from evidence.facts.workers.pool import ExtractionPool
def extract(language, content):
    print("working", flush=True)
    time.sleep(60)
with ExtractionPool(extract, 2) as pool:
    list(pool.run([(str(i), "x", b"a" * 200_000) for i in range(1)]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_workers_die_with_the_scan(number: signal.Signals) -> None:
    """Soon after the scan was told to stop, or was killed, none of its processes is there."""
    scan = subprocess.Popen(
        [sys.executable, "-c", SCAN], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert scan.stdout is not None
    scan.stdout.readline()
    scan.send_signal(number)
    scan.wait(timeout=30)
    # The write end of the pipe is theirs too: it closes when the last of them is gone.
    started = time.monotonic()
    scan.stdout.read()
    scan.stdout.close()
    assert time.monotonic() - started < 10


HALF_AN_ANSWER = """
import gc, os, struct, time
from multiprocessing.queues import SimpleQueue
from evidence.facts.workers.pool import ExtractionPool

def extract(language, content):
    if content == b"half":
        gc.unfreeze()
        (answers,) = (found for found in gc.get_objects() if isinstance(found, SimpleQueue))
        os.write(answers._writer.fileno(), struct.pack("!i", 1_000_000) + b"and no more")
        print("working", flush=True)
        time.sleep(60)
    return b""

with ExtractionPool(extract, 1) as pool:
    pool.run([("a", "x", b"half")], lambda: time.sleep(60)).__next__()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
def test_half_an_answer_is_not_waited_for() -> None:
    """A worker that is killed while it writes leaves a part of its answer, whose rest never comes."""
    scan = subprocess.Popen(
        [sys.executable, "-c", HALF_AN_ANSWER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert scan.stdout is not None
    assert scan.stdout.readline() == b"working\n"
    scan.send_signal(signal.SIGINT)
    try:
        _, said = scan.communicate(timeout=30)
        assert b"KeyboardInterrupt" in said
    finally:
        with suppress(ProcessLookupError):
            os.killpg(scan.pid, signal.SIGKILL)
        scan.communicate()


KILLED_EARLY = """
import os, signal, time
from evidence.facts.workers.pool import ExtractionPool
os.register_at_fork(after_in_child=lambda: time.sleep(0.5))
with ExtractionPool(lambda language, content: b"", 2):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="kills its parent between the fork and the first line of a worker")
def test_workers_end_that_never_saw_the_scan_alive() -> None:
    """A scan that is killed while its workers start leaves none of them behind."""
    scan = subprocess.Popen(
        [sys.executable, "-c", KILLED_EARLY], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        out, _ = scan.communicate(timeout=60)  # the pipe is theirs too
    finally:
        with suppress(ProcessLookupError):
            os.killpg(scan.pid, signal.SIGKILL)
    assert (out, scan.returncode) == (b"", -signal.SIGKILL)


def parse_only(_language: str, content: bytes) -> bytes:
    """A stand-in for an extractor."""
    return str(len(ast.parse(content).body)).encode()


def test_real_source_passes_the_memory_bound() -> None:
    """A megabyte of ordinary source parses in a worker."""
    source = Path(ast.__file__).read_bytes().replace(b"from __future__", b"from future") * 16
    with ExtractionPool(parse_only, 2) as pool:
        (result,) = pool.run([("k", "python", source[: 1 << 20].rpartition(b"\ndef ")[0])])
    assert result.payload is not None


def exit_on_bad(_language: str, content: bytes) -> bytes:
    """A stand-in for an extractor that takes its process with it."""
    if content == b"bad":
        os._exit(1)
    return content


def test_a_temporary_folder_with_a_long_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that replace dead ones start wherever the temporary folder is."""
    folder = tmp_path / ("deep" * 20)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    release = threading.Event()
    other = threading.Thread(target=release.wait)
    other.start()  # with a second thread nothing is forked from here
    try:
        with ExtractionPool(exit_on_bad, 1) as pool:
            results = {
                r.key: r.payload for r in pool.run([("a", "x", b"good"), ("b", "x", b"bad"), ("c", "x", b"fine")])
            }
    finally:
        release.set()
        other.join()
    assert results == {"a": b"good", "b": None, "c": b"fine"}


def test_what_ends_the_start_ends_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal's exception may come when some have been started: none is left that this process would wait for."""
    resource_tracker.ensure_running()  # a process of multiprocessing's own, which no pool is asked to end
    before, started, submit = children(), list[set[int]](), crew.Crew.submit

    def interrupted(self: crew.Crew, *args: Any) -> Any:
        if started:
            raise SystemExit(143)
        future = submit(self, *args)
        started.append(children() - before)
        return future

    monkeypatch.setattr(crew.Crew, "submit", interrupted)
    # Workers of its own, whether or not another test left this process a thread, or a server that forks for it.
    monkeypatch.setattr(crew, "_context", lambda: get_context("spawn"))
    with pytest.raises(SystemExit), ExtractionPool(extract, 2):
        pass
    assert started[0]
    assert children() <= before
