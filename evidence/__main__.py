"""The console script ``evidence``, and ``python -m evidence``, which is the same."""

from __future__ import annotations

import gc
import signal
import sys
from pathlib import Path


def main() -> None:
    """Run the command line. Whoever interrupts it before it has begun sees no trace of its imports.

    Cycles are not collected, from the first import on: a command ends soon, and looking through a million records for
    them, only to give back what the system takes back anyway, costs a tenth of a scan."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()
    from evidence.cli import main as command

    command()


if __name__ == "__main__":
    # Python put the working folder on its path, and that may be a scanned repository: nothing of it may be imported.
    here = str(Path(__file__).resolve().parent.parent)
    sys.path[:] = [entry for entry in sys.path if entry not in ("", str(Path.cwd())) or entry == here]
    main()
