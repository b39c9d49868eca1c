"""Collecting facts: each content once, from the cache or parsed, and everything lost in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import pytest

from evidence.collect import collect
from evidence.facts import registry
from evidence.facts.keys import Key
from evidence.facts.python.records import Module
from evidence.facts.records import Data, Template, Text
from evidence.facts.workers.pool import ExtractionPool, Result
from evidence.model import Blob, Ledger
from tests.in_memory import Snapshot


class Memory:
    """A cache that remembers, and what was asked of it."""

    def __init__(self, *, is_null: bool = False) -> None:
        self.is_null = is_null
        self.items: dict[Key, bytes] = {}
        self.asked: list[Key] = []

    def get_many(self, keys: Iterable[Key]) -> Mapping[Key, bytes]:
        wanted = list(keys)
        self.asked.extend(wanted)
        return {k: self.items[k] for k in wanted if k in self.items}

    def put_many(self, items: Iterable[tuple[Key, bytes]]) -> None:
        self.items.update(items)


class Parsing:
    """Parses in this process, and fails where it is told to."""

    def __init__(self, failing: Mapping[bytes, str] | None = None) -> None:
        self.failing = failing or {}
        self.parsed: list[tuple[str, bytes]] = []

    def run(self, items: Iterable[tuple[str, str, bytes]], meanwhile: object = None) -> Iterator[Result]:
        for key, language, content in items:
            self.parsed.append((language, content))
            reason = self.failing.get(content, "")
            yield Result(key, None if reason else registry.extract(language, content), reason)


class Steps:
    """Adds up the progress that was reported."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, count: int) -> None:
        self.count += count


def _collect(
    files: dict[str, bytes], cache: Memory | None = None, pool: Parsing | None = None, steps: Steps | None = None
) -> tuple[dict[str, Any], dict[tuple[str, str], int]]:
    """The facts, and the ledger as counts by code and subject."""
    ledger = Ledger()
    parsing = cast(ExtractionPool, pool or Parsing())
    facts = collect(Snapshot(files), cache or Memory(), parsing, ledger, steps or Steps())
    return facts, {(e.code, e.subject): e.count for e in ledger.entries()}


def test_each_path_gets_its_record() -> None:
    """The language of a path decides the record; what no rule reads is counted."""
    facts, ledger = _collect(
        {
            "app.py": b"x = 1\n",
            "config.yml": b"a: 1\n",
            "templates/page.html": b"{{ x }}",
            "notes.txt": b"notes\n",
            "bin/run": b"#!/usr/bin/env python3\nx = 1\n",
            "logo.png": b"\x89PNG",
            "LICENCE": b"words\n",
        }
    )
    assert {p: type(r) for p, r in facts.items()} == {
        "app.py": Module,
        "config.yml": Data,
        "templates/page.html": Template,
        "notes.txt": Text,
        "bin/run": Module,
        "LICENCE": Text,
    }
    assert ledger == {("not_read", "files of other formats"): 1}


def test_equal_contents_are_parsed_once() -> None:
    """Copies share one parse per language; the record is found under every path."""
    pool = Parsing()
    facts, _ = _collect({"a.py": b"x = 1\n", "b/c.py": b"x = 1\n", "d.yml": b"x = 1\n"}, pool=pool)
    assert sorted(pool.parsed) == [("python", b"x = 1\n"), ("yaml", b"x = 1\n")]
    assert facts["a.py"] == facts["b/c.py"]
    assert set(facts) == {"a.py", "b/c.py", "d.yml"}


def test_the_cache_makes_no_difference_but_to_the_work() -> None:
    """A second scan parses nothing and has the same facts; a changed file alone is parsed again."""
    cache, first, second, third = Memory(), Parsing(), Parsing(), Parsing()
    files = {"a.py": b"x = 1\n", "b.py": b"y = 2\n", "c.toml": b"z = 3\n"}
    cold = _collect(files, cache, first)
    assert len(first.parsed) == len(cache.items) == 3
    assert _collect(files, cache, second) == cold
    assert second.parsed == []
    _collect({**files, "b.py": b"y = 3\n"}, cache, third)
    assert third.parsed == [("python", b"y = 3\n")]


def test_a_null_cache_is_asked_for_nothing_and_given_nothing() -> None:
    """Without a cache the facts are the same, and no keys are made for one."""
    files, null = {"a.py": b"x = 1\n", "c.toml": b"z = 3\n"}, Memory(is_null=True)
    assert _collect(files, null) == _collect(files, Memory())
    assert (null.asked, null.items) == ([], {})


def test_the_key_is_what_we_computed_over_the_content() -> None:
    """A hostile object database may serve any bytes under a blob's name: the name is no part of the key."""
    cache = Memory()
    _collect({"a.py": b"x = 1\n"}, cache)
    assert [(k.sha256, k.language, k.fingerprint) for k in cache.items] == [
        (hashlib.sha256(b"x = 1\n").hexdigest(), "python", registry.fingerprint("python"))
    ]


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x93\x01\x02\x03"])
def test_a_cache_that_lies_is_not_believed(payload: bytes) -> None:
    """What does not decode to the language's record is parsed anew, and put right in the cache."""
    cache = Memory()
    right = _collect({"a.py": b"x = 1\n"}, cache)
    kept = dict(cache.items)
    cache.items = dict.fromkeys(cache.items, payload)
    assert _collect({"a.py": b"x = 1\n"}, cache) == right
    assert cache.items == kept


def test_what_could_not_be_parsed_is_named() -> None:
    """A file that a worker gave up costs that file alone, is in the ledger by path, and is not cached."""
    cache = Memory()
    bad = Parsing({b"bad": "parser_timeout"})
    facts, ledger = _collect({"good.py": b"x = 1\n", "bad.py": b"bad", "copy.py": b"bad"}, cache, bad)
    assert set(facts) == {"good.py"}
    assert ledger == {("parser_timeout", "bad.py"): 1, ("parser_timeout", "copy.py"): 1}
    assert len(cache.items) == 1


def test_what_is_lost_is_counted_in_lines() -> None:
    """A file that was partly read says how many lines were not, warm from the cache too."""
    cache = Memory()
    for _ in range(2):
        facts, ledger = _collect({"a.py": b"x = 1\ndef (:\n    y\nz = 2\n"}, cache)
        assert "a.py" in facts
        assert sum(ledger.values()) >= 1
        assert {subject for _, subject in ledger} == {"a.py"}


def test_code_of_others_is_noted_once_per_folder() -> None:
    """Vendored folders are named once with their number of files; generated files one by one."""
    _, ledger = _collect(
        {
            "vendor/a.py": b"a = 1\n",
            "vendor/b/c.py": b"b = 1\n",
            "api_pb2.py": b"c = 1\n",
            "client.py": b"# Code generated by a tool. DO NOT EDIT.\nd = 1\n",
            "app.py": b"e = 1\n",
        }
    )
    assert ledger == {("vendored", "vendor"): 2, ("generated", "api_pb2.py"): 1, ("generated", "client.py"): 1}


def test_progress_adds_up_to_all_files() -> None:
    """Whether read, skipped, cached or failed, every path is reported once."""
    files = {"a.py": b"x\n", "b.py": b"x\n", "c.png": b"c", "odd": b"#!/bin/sh\n", "prose": b"words", "d.py": b"bad"}
    cache = Memory()
    for _ in range(2):
        steps = Steps()
        _collect(files, cache, Parsing({b"bad": "parser_crashed"}), steps)
        assert steps.count == len(files)


def test_links_and_submodules_are_not_read() -> None:
    """A symbolic link is not the file it points to, and a submodule is another repository."""
    snapshot = Snapshot({"a.py": b"x = 1\n"})
    (file,) = snapshot.blobs
    snapshot.blobs = (file, Blob("b.py", file.oid, 6, "symlink"), Blob("c.py", "d" * 40, 0, "submodule"))
    pool = Parsing()
    facts = collect(snapshot, Memory(), cast(ExtractionPool, pool), Ledger(), Steps())
    assert set(facts) == {"a.py"}
    assert len(pool.parsed) == 1


def test_contents_that_are_not_there_have_no_facts() -> None:
    """A blob that a partial clone lacks is simply not among the facts; the source's ledger says so."""
    snapshot = Snapshot({"a.py": b"x = 1\n", "gone.py": b"y = 2\n"}, gone=("gone.py",))
    facts = collect(snapshot, Memory(), cast(ExtractionPool, Parsing()), Ledger(), Steps())
    assert set(facts) == {"a.py"}


def test_many_files_of_a_kind_are_summed_up() -> None:
    """A ledger stays readable: so many paths are named, and the others are counted together."""
    files = {f"f{n:03}.py": b"# %d. Generated file, do not edit.\nx = 1\n" % n for n in range(250)}
    generated = {f"{n:03}_pb2.py": b"x = %d\n" % n for n in range(250)}
    _, ledger = _collect({**files, **generated})
    named = [subject for code, subject in ledger if code == "generated"]
    assert len(named) == 201
    assert ledger["generated", "other paths"] + 200 >= 250


def test_worker_processes_answer_alike() -> None:
    """The real pool gives what parsing in this process gives."""
    files = {f"m{n}.py": b"def f():\n    return %d\n" % n for n in range(20)}
    with ExtractionPool(registry.extract, 2) as pool:
        facts = collect(Snapshot(files), Memory(), pool, Ledger(), Steps())
    assert facts == _collect(files)[0]
