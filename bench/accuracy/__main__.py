"""How often the detectors are right on real repositories that were labelled by hand, and what the matrix makes of them.

    python -m bench.accuracy [--mirrors FOLDER] [--write docs/accuracy.md] [--misses] [--signals PREFIX] [--sets NAME]

Every repository of ``bench/labels/development`` and ``bench/labels/test`` is scanned at its pinned commit: from
``FOLDER/owner+name`` (or ``FOLDER/owner+name/repo``, ``FOLDER/owner+name.git``) where that is there, else cloned from
GitHub.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.accuracy.page import page, summary
from bench.accuracy.scoring import measure

LABELS = Path(__file__).parent.parent / "labels"
SETS = ("development", "test")


def main() -> int:
    """Measure both sets, print the summary, and write the page when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--signals", default="")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    args = parser.parse_args()
    sets = {name: measure(LABELS / name, args.mirrors, args.signals) for name in args.sets}
    print(summary(sets))
    if args.misses:
        print("\n".join(m for measured in sets.values() for m in measured.misses))
    if args.write:
        args.write.write_text(page(sets), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
