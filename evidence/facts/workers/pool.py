"""Runs extraction in worker processes, so that a file that crashes, hangs or bloats its parser costs that file only.

Content goes to the workers in batches. A worker writes into shared memory which item it is at; when one dies, the items
that were in work are tried again one by one, each in a fresh process, and the guilty ones give up their facts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import count
from typing import NamedTuple

from msgspec import Struct, field

from evidence.facts.workers.crew import Crew
from evidence.facts.workers.worker import CRASHED, Answer, Extract, Item

TIMED_OUT = "parser_timeout"

BATCH_BYTES = 64 << 10
"""Content per batch: enough to hide the cost of a round trip (0.2 ms), little enough that all workers end together."""

AHEAD = 8
"""Batches per worker that wait for it: half a second of work, in which this process may do something else."""

BATCH_ITEMS = 200
"""Items in a batch at most: when one kills its worker, the answers of those before it are lost and worked out again."""

HEAVY_BYTES = 128 << 10
"""From this size on a file of a ``HEAVY`` language runs alone: its parser may take ``HEAVY_MEMORY`` of the worker
module, and two such at once would break the bound on the whole scan."""

HEAVY = frozenset({"python"})
"""Languages whose parser builds its whole tree, a hundred times the source's size; others stop at a number of nodes."""

ITEM_SECONDS = 10.0
"""Processor time for one item. Ordinary files of 1 MiB take under 2 s, so only a hang or an attack gets here."""

_POLL_SECONDS = 0.2
_WARM_UP: Item = ("", "python", b"pass\n")


class Result(NamedTuple):
    """What came of one item: its payload, or None and the reason (``parser_crashed`` or ``parser_timeout``)."""

    key: str
    payload: bytes | None
    reason: str


class _Batch(Struct, eq=False):
    number: int
    items: list[Item] = field(default_factory=list)
    size: int = 0
    heavy: bool = False

    def add(self, item: Item) -> None:
        self.items.append(item)
        self.size += len(item[2])

    def is_full(self, more: int) -> bool:
        """Whether an item of so many bytes more would be too much."""
        return self.size + more > BATCH_BYTES or len(self.items) >= BATCH_ITEMS


class ExtractionPool:
    """Runs ``extract(language, content) -> payload`` over many files in ``workers`` processes.

    Use as a context manager; on leaving it, in whatever way, no process is left behind. Workers are forked where that
    is safe (Linux, one thread), so that what the parent imported need not be imported again; elsewhere ``extract`` must
    be importable by name. Workers ignore SIGINT, have no environment, write no core and die with their parent.
    """

    def __init__(self, extract: Extract, workers: int, *, item_seconds: float = ITEM_SECONDS) -> None:
        if workers < 1:
            raise ValueError("an extraction pool needs at least one worker")
        self._extract = extract
        self._workers = workers
        self._item_seconds = item_seconds
        self._crew: Crew | None = None

    def __enter__(self) -> ExtractionPool:
        """Start the workers: forking is only possible while this process has a single thread, and what they import
        before the first file arrives they need not import after it."""
        self._crew = Crew(self._extract, self._workers)
        try:
            for _ in range(self._workers):
                self._crew.submit(0, [_WARM_UP], False)
        except BaseException:
            # A signal's exception, say: nothing else would end the workers that were started, and this process would
            # wait for them at its end.
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the workers and wait for them; harmless when there are none."""
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.close()

    def run(self, items: Iterable[Item], meanwhile: Callable[[], None] = lambda: None) -> Iterator[Result]:
        """Yield one :class:`Result` per (key, language, content), in no fixed order.

        ``items`` is read no further ahead than ``AHEAD`` batches per worker. What reading it raises ends the run.
        ``meanwhile`` is called when the workers have their first batches, and never if there are none.
        """
        batches = _batched(items)
        waiting: deque[_Batch] = deque()
        running: dict[Future[list[Answer]], _Batch] = {}
        due = [meanwhile]
        try:
            while True:
                broken = not self._feed(batches, waiting, running)
                if not running and not broken:
                    return
                while due:
                    due.pop()()
                overdue = set() if broken else self._wait(set(running))
                for future in [f for f in running if f.done()]:
                    answers = _answers(future, len(running[future].items))
                    if answers is None:
                        broken = True
                    else:
                        yield from self._results(running.pop(future), answers, waiting)
                if broken or overdue:
                    yield from self._recover(running, waiting, overdue)
        finally:
            if running:
                self.close()

    def _feed(
        self, batches: Iterator[_Batch], waiting: deque[_Batch], running: dict[Future[list[Answer]], _Batch]
    ) -> bool:
        """Submit up to ``AHEAD`` batches a worker, a heavy one only by itself; False when the workers turn out dead."""
        while len(running) < AHEAD * self._workers and not any(b.heavy for b in running.values()):
            if not waiting:
                batch = next(batches, None)
                if batch is None:
                    return True
                waiting.append(batch)
            if waiting[0].heavy and running:
                return True
            if self._crew is None:
                self._crew = Crew(self._extract, self._workers)
            future = self._crew.submit(waiting[0].number, waiting[0].items, waiting[0].heavy)
            if future is None:
                return False
            running[future] = waiting.popleft()
        return True

    def _wait(self, futures: set[Future[list[Answer]]]) -> set[tuple[int, int]]:
        """Wait until something is done; (batch, item) of items past their time, whose workers have been killed."""
        done, _ = wait(futures, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
        return set() if done or self._crew is None else self._crew.kill_overdue(self._item_seconds)

    def _results(self, batch: _Batch, answers: list[Answer], waiting: deque[_Batch]) -> Iterator[Result]:
        for item, (payload, again) in zip(batch.items, answers, strict=True):
            if again and not batch.heavy:
                # Out of memory beside others: once more, with room, when nothing else runs.
                waiting.append(_Batch(0, [item], len(item[2]), True))
            else:
                yield Result(item[0], payload, "" if payload is not None else CRASHED)

    def _recover(
        self,
        running: dict[Future[list[Answer]], _Batch],
        waiting: deque[_Batch],
        overdue: set[tuple[int, int]],
    ) -> Iterator[Result]:
        """After a death: settle the items that were in work, and queue the rest of the unfinished batches again."""
        in_work = self._crew.in_work() if self._crew is not None else set()
        self.close()
        batches = []
        for future, batch in running.items():
            answers = _answers(future, len(batch.items))
            if answers is None:
                batches.append(batch)
            else:
                yield from self._results(batch, answers, waiting)
        running.clear()
        batches = batches or [waiting.popleft()]
        # Each recovery settles an item at least, so this ends. Nobody at an item: no telling which, so all singly.
        known = any(b.number == number for b in batches for number, _ in in_work | overdue)
        for batch in reversed(batches):
            rest = _Batch(batch.number, heavy=batch.heavy)
            for index, item in enumerate(batch.items):
                if (batch.number, index) in overdue:
                    yield Result(item[0], None, TIMED_OUT)
                elif (batch.number, index) in in_work or not known:
                    yield self._alone(item)
                else:
                    rest.add(item)
            if rest.items:
                waiting.appendleft(rest)

    def _alone(self, item: Item) -> Result:
        """One item in a process of its own."""
        crew = Crew(self._extract, 1)
        try:
            future = crew.submit(0, [item], True)
            if future is None:
                return Result(item[0], None, CRASHED)
            while not wait([future], timeout=_POLL_SECONDS).done:
                if crew.kill_overdue(self._item_seconds):
                    return Result(item[0], None, TIMED_OUT)
            payload, _ = future.result()[0]
            return Result(item[0], payload, "" if payload is not None else CRASHED)
        except BrokenProcessPool:
            return Result(item[0], None, CRASHED)
        finally:
            crew.close()


def _answers(future: Future[list[Answer]], items: int) -> list[Answer] | None:
    """The answers of a finished batch, None when its worker died; unsendable ones are asked for again."""
    if not future.done() or future.cancelled() or isinstance(future.exception(), BrokenProcessPool):
        return None
    return [(None, True)] * items if future.exception() is not None else future.result()


def _batched(items: Iterable[Item]) -> Iterator[_Batch]:
    """Items in batches of about ``BATCH_BYTES``; a heavy item in one of its own.

    A batch is of one language: what reads a rare one is then imported by one worker and not by each."""
    numbers = count(1)
    begun: dict[str, _Batch] = {}
    for item in items:
        _, language, content = item
        if len(content) >= HEAVY_BYTES and language in HEAVY:
            yield _Batch(next(numbers), [item], len(content), True)
            continue
        batch = begun.get(language)
        if batch is not None and batch.is_full(len(content)):
            yield batch
            batch = None
        if batch is None:
            batch = begun[language] = _Batch(next(numbers))
        batch.add(item)
    yield from begun.values()
