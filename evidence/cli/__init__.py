"""The command line: a thin door on the pipeline. ``main`` is the console script, ``run`` the same for a test.

Only click and the commands' own modules are imported here; everything that costs time is imported by the command that
needs it, so that ``evidence --help`` answers at once.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

from evidence.cli.commands import group
from evidence.cli.outcome import exit_code_of, hold_closed_streams, leave_on_signals

__all__ = ["group", "main", "run"]


def run(arguments: list[str], keep: list[object] | None = None) -> int:
    """Run one command line and return its exit code: 0 done, 1 a gate asked for did not hold, 2 wrong usage,
    3 incomplete or could not be done. A scan leaves its facts in ``keep``, where that is given."""
    return exit_code_of(lambda: group.main(arguments, prog_name="evidence", standalone_mode=False, obj=keep))


def main() -> None:
    """What the console script ``evidence`` runs.

    A scan's records are not taken apart one by one at the end, which would cost a tenth of it."""
    leave_on_signals()
    hold_closed_streams()
    keep: list[object] = []
    code = run(sys.argv[1:], keep)
    gc.freeze()
    if keep:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> NoReturn:
    """End here and now, with all that this process still holds: its files are closed and its children are gone."""
    for stream in (sys.stdout, sys.stderr):
        # what could not be written was told when it was written
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
