"""The whole history as a pandas table, one row per commit: for the export, where medians and joins are the reader's.

pandas costs a quarter of a second to import, which is more than the signals of history take; so it is imported here
alone, when somebody asks for the table (see docs/decisions/history.md).
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from evidence.facts.history.messages import issues_closed, request_number
from evidence.facts.history.path_kinds import NAMES
from evidence.facts.people import picked_from, shown_name
from evidence.facts.secrets.addresses import without_addresses
from evidence.facts.secrets.masking import mask

if TYPE_CHECKING:
    from pandas import DataFrame

    from evidence.facts.history.past import Past
    from evidence.facts.history.rows import Row

# A cell that begins with one of these is a formula to a spreadsheet (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

COLUMNS = {
    "commit": "full id",
    "parents": "full ids, separated by spaces",
    "mainline": "whether it lies on the chain of first parents of the scanned commit",
    "author": "key of the person or tool, the same for all their names and addresses",
    "author_name": "the name that this commit claims, without e-mail addresses",
    "committer": "key of who put the commit there",
    "co_authors": "keys of the people whom trailers name beside the author",
    "tool": "which bot or tool made it; empty for people",
    "authored": "when it was written, UTC, as the commit claims",
    "committed": "when it was put there, UTC",
    "subject": "first line of the message, secrets masked and addresses left out",
    "files": "how many paths it touches (none for merges)",
    "added": "lines added, as git log --numstat -w -M counts them, without submodules, lock files and other files that "
    "nobody writes by hand; empty unless the commit is in the counted sample",
    "removed": "lines removed, in the same way",
    "areas": "areas of the code and beside it that it touches, separated by '; '",
    **{name: f"whether it touches paths of the kind {name}" for name in NAMES.values()},
    "request": "number of the pull or merge request that its text names; empty without one",
    "reverts": "ids of the commits that it says it reverts, separated by spaces",
    "picked_from": "id of the commit that it says it was picked from",
    "closes": "numbers of the issues that it says it closes, separated by spaces",
}
"""What each column of the table holds."""


def frame_of(past: Past) -> DataFrame:
    """One row per commit, newest first, with the columns of :data:`COLUMNS`. E-mail addresses are in none of them."""
    import pandas as pd

    mainline = {change.row.sha for change in past.landings()}
    counted = past.counted_lines()
    table = pd.DataFrame([_cells(row, past, mainline, counted) for row in past.rows], columns=list(COLUMNS))
    for name in ("authored", "committed"):
        table[name] = pd.to_datetime(table[name], unit="s", utc=True)
    for name in ("added", "removed", "request"):
        table[name] = table[name].astype("Int64")
    for name in ("mainline", *NAMES.values()):
        table[name] = table[name].astype("bool")
    return table


def _cells(row: Row, past: Past, mainline: set[str], counted: dict[str, tuple[int, int]]) -> dict[str, Any]:
    commit, people = row.commit, past.people
    author = people.author(commit)
    added, removed = counted.get(row.sha, (None, None))
    return {
        "commit": commit.sha,
        "parents": " ".join(commit.parents),
        "mainline": row.sha in mainline,
        "author": author.key,
        "author_name": shown_name(commit.author.name),
        "committer": people.committer(commit).key,
        "co_authors": " ".join(sorted(one.key for one in people.coauthors(commit))),
        "tool": author.tool,
        "authored": commit.authored,
        "committed": commit.committed,
        "subject": without_addresses(mask(commit.subject)),
        "files": len(commit.changes),
        "added": added,
        "removed": removed,
        "areas": "; ".join(sorted({past.areas[change.path] for change in commit.changes} - {""})),
        **{name: bool(row.kinds & kind) for kind, name in NAMES.items()},
        "request": request_number(commit) or None,
        "reverts": " ".join(past.undoings.of(commit)),
        "picked_from": picked_from(commit),
        "closes": " ".join(map(str, issues_closed(commit))),
    }


def to_csv(table: DataFrame) -> bytes:
    """The table as CSV, UTF-8; text that a spreadsheet would run as a formula has an apostrophe before it."""
    plain = table.copy()
    for name in plain.select_dtypes(include=["object", "string"]).columns:
        plain[name] = plain[name].map(_guarded)
    text: str = plain.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%SZ")
    return text.encode("utf-8", "backslashreplace")


def _guarded(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def to_parquet(table: DataFrame) -> bytes:
    """The table as Parquet, with the types of its columns."""
    sink = BytesIO()
    table.to_parquet(sink, index=False)
    return sink.getvalue()
