"""What migrations do beyond changing the shape of tables: operations that spare a table in use, and changes of data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call
from evidence.patterns import regex

_WRITES = regex(
    r"\s{0,20}(?:UPDATE\s|INSERT\s{1,9}INTO\s.{0,200}?\sSELECT\s|WITH\s.{1,300}?\bUPDATE\s)", re.IGNORECASE | re.DOTALL
)
# So many characters of a statement are read.
_READ = 2_000
_TAKING_SQL = frozenset({"execute", "text", "exec_driver_sql"})
_ONLINE = regex(
    r"\bCONCURRENTLY\b|\bNOT\s{1,9}VALID\b|\bVALIDATE\s{1,9}CONSTRAINT\b|\b(?:lock|statement)_timeout\b"
    r"|pg_(?:try_)?advisory_lock",
    re.IGNORECASE,
)


# One of these is in each of them, and in few of the long texts that migrations run.
_ONLINE_WORDS = ("concurrently", "valid", "_timeout", "advisory_lock")


class Operation(Struct, frozen=True):
    """A call or statement inside migrations that shows care: ``kind`` is online or backfill."""

    path: str
    start: int
    end: int
    kind: str
    name: str


def operations(file: PyFile, calls: Iterable[Call]) -> Iterator[Operation]:
    """The operations and changes of data among some calls of a file, in their order."""
    strings = {a.target: a.value.text for a in file.module.assigns if a.value.kind in ("str", "fstring")}
    for call in calls:
        last = call.last
        texts = _texts(call, strings) if last in _TAKING_SQL else []
        if any(map(_keeps_online, texts)):
            yield Operation(file.path, call.start, call.end, "online", "sql")
        elif (
            last == "autocommit_block"
            or _is_true(call, "postgresql_concurrently")
            or _is_true(call, "postgresql_not_valid")
        ):
            yield Operation(file.path, call.start, call.end, "online", last)
        if last in ("execute", "exec_driver_sql") and (any(_WRITES.match(t) for t in texts) or _updates(call)):
            yield Operation(file.path, call.start, call.end, "backfill", "sql")
        elif last in ("commit", "bulk_update_mappings", "bulk_save_objects", "add_all") or (
            last == "update" and ".query" in call.name
        ):
            yield Operation(file.path, call.start, call.end, "backfill", last)


def statements(path: str, text: str) -> Iterator[Operation]:
    """The same among the statements of an SQL file."""
    at = 0
    for number, line in enumerate(text.split("\n"), 1):
        end = text.find(";", at, at + _READ)
        if _WRITES.match(text, at, end if end >= 0 else at + _READ):
            yield Operation(path, number, number, "backfill", "sql")
        elif not line.lstrip().startswith(("--", "#", "/*")) and _keeps_online(line):
            yield Operation(path, number, number, "online", "sql")
        at += len(line) + 1


def _keeps_online(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in _ONLINE_WORDS) and _ONLINE.search(text) is not None


def _texts(call: Call, strings: dict[str, str]) -> list[str]:
    """The texts given to a call, by themselves or under a name of the file."""
    return [
        e.text if e.kind != "name" else strings.get(e.text, "")
        for e in call.expr.walk()
        if e.kind in ("str", "fstring", "name")
    ]


def _updates(call: Call) -> bool:
    """``execute(table.update().where(...))`` and ``insert().from_select(...)``."""
    return any(
        e.kind == "call" and re.search(r"(?:^|\.)update(?:\(\)|$)|from_select", e.text)
        for a in call.expr.args
        for e in a.walk()
    )


def _is_true(call: Call, key: str) -> bool:
    value = call.expr.kwarg(key)
    return value is not None and value.text == "True"
