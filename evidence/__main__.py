"""``python -m evidence`` is the command ``evidence``."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python put the working folder on its path, and that may be a scanned repository: nothing of it may be imported.
    here = str(Path(__file__).resolve().parent.parent)
    sys.path[:] = [entry for entry in sys.path if entry not in ("", str(Path.cwd())) or entry == here]

    from evidence.cli import main

    main()
