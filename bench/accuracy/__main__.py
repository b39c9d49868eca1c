"""How often the detectors are right on real repositories that were labelled by hand, and what the matrix makes of them.

    python -m bench.accuracy [--mirrors FOLDER] [--write] [--misses] [--signals PREFIX] [--sets NAME]

Every repository of ``bench/labels/development`` and ``bench/labels/test`` is scanned at its pinned commit: from
``FOLDER/owner+name`` (or ``FOLDER/owner+name/repo``, ``FOLDER/owner+name.git``) where that is there, else cloned from
GitHub. ``--write`` keeps the figures in ``evidence/reference/accuracy.json``; ``make docs`` makes pages of them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from bench.accuracy.scoring import measure
from evidence.reference.accuracy import FILE, summary

LABELS = Path(__file__).parent.parent / "labels"
SETS = ("development", "test")


def main() -> int:
    """Measure both sets, print the summary, and write the page when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--signals", default="")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    args = parser.parse_args()
    sets = {name: measure(LABELS / name, args.mirrors, args.signals) for name in args.sets}
    counted = tuple(each.counted(name) for name, each in sets.items())
    print(summary(counted))
    if args.misses:
        print("\n".join(m for each in sets.values() for m in each.misses))
    if args.write:
        if args.signals or len(sets) < len(SETS):
            parser.error("only all signals of both sets are published")
        FILE.write_bytes(msgspec.json.format(msgspec.json.encode(counted), indent=1) + b"\n")
        print(f"wrote {FILE}; `make docs` makes the pages of it", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
