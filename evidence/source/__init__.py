"""Source: from an address or a folder to a snapshot and a history. All access to git and the network lives here.

:func:`open_source` is the one door; :func:`latest_commit` only asks. The codes that this layer writes into the ledger
are in ``LEDGER_CODES``. What is offered is imported when it is first asked for: finding out that nothing has changed
since the last scan needs little of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evidence.source.address import Places
    from evidence.source.codes import LEDGER_CODES
    from evidence.source.forges import Asking
    from evidence.source.heads import fetch_heads
    from evidence.source.history import History
    from evidence.source.inquiry import Told, changes_at, inquire, inquire_elsewhere
    from evidence.source.opening import SourceOptions, latest_commit, open_source
    from evidence.source.places import places_of
    from evidence.source.repository import OpenRepository
    from evidence.source.reviewed import with_touched_lines
    from evidence.source.snapshot import Caps, TreeSnapshot
    from evidence.source.upstream import upstream_of

_HOME = {
    "LEDGER_CODES": "codes",
    "Asking": "forges",
    "Caps": "snapshot",
    "History": "history",
    "OpenRepository": "repository",
    "Places": "address",
    "SourceOptions": "opening",
    "Told": "inquiry",
    "TreeSnapshot": "snapshot",
    "changes_at": "inquiry",
    "fetch_heads": "heads",
    "inquire": "inquiry",
    "inquire_elsewhere": "inquiry",
    "latest_commit": "opening",
    "open_source": "opening",
    "places_of": "places",
    "upstream_of": "upstream",
    "with_touched_lines": "reviewed",
}

__all__ = [
    "LEDGER_CODES",
    "Asking",
    "Caps",
    "History",
    "OpenRepository",
    "Places",
    "SourceOptions",
    "Told",
    "TreeSnapshot",
    "changes_at",
    "fetch_heads",
    "inquire",
    "inquire_elsewhere",
    "latest_commit",
    "open_source",
    "places_of",
    "upstream_of",
    "with_touched_lines",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
