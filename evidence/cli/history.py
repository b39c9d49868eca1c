"""``evidence history``: the commits of a repository as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidence.cli.outcome import leave_if_asked
from evidence.cli.terminal import progress
from evidence.cli.writing import write_file, write_out

if TYPE_CHECKING:
    from evidence.request import ScanRequest

_FORMS = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}


def form_of(file: Path | None) -> str:
    """csv or parquet, by the file's suffix; csv for standard output. Wrong usage for other files and missing
    folders."""
    if file is None:
        return "csv"
    if file.suffix.lower() not in _FORMS:
        raise click.UsageError(f"{file.name!r} is neither .csv nor .parquet.")
    if not file.parent.is_dir():
        raise click.UsageError(f"There is no folder {str(file.parent)!r} to write {file.name!r} to.")
    return _FORMS[file.suffix.lower()]


def export(request: ScanRequest, file: Path | None) -> int:
    """Write the table of a repository's commits, and return the exit code."""
    form = form_of(file)  # before anything is fetched
    from evidence import pipeline
    from evidence.facts.history.frame import frame_of, to_csv, to_parquet

    watcher = progress()
    try:
        with pipeline.open_past(request, watcher) as past:
            table = frame_of(past)
    finally:
        watcher.done()
    leave_if_asked()
    content = to_csv(table) if form == "csv" else to_parquet(table)
    if file is None:
        write_out(content)
    else:
        write_file(file, content)
    return 0
