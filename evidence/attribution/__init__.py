"""Attribution: who stands behind each site, for one candidate. Pure but for the blame that it is handed.

attribution  the door: shares, own grades, own sites       tracing    lines -> the commits that wrote them
standing     commits -> the candidate's part in them       copies     lines copied from other files
shares       standings -> the share of a site              mechanical formatting sweeps
own          the candidate's own grade of a signal         sweeps     commits that only formatted files
origins      templates, vendored files                     squashes   changes squashed into one commit
baseline     lines that a seed had already                 touched    what the list of changed files tells for free
skeletons    lines that known generators wrote            plain      lines as they are compared
limits       thresholds (limits.toml)                     own_changes changes whose own commits are to be had

What only a scan with a candidate or a baseline needs is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from evidence.attribution.limits import limits
from evidence.attribution.own import Own, Seen

if TYPE_CHECKING:
    from evidence.attribution.attribution import Attribution
    from evidence.attribution.baseline import Seed
    from evidence.attribution.origins import Origins
    from evidence.attribution.own_changes import changes_that_matter
    from evidence.attribution.skeletons import Skeletons
    from evidence.attribution.squashes import Squashes

_HOME = {
    "Attribution": "attribution",
    "Origins": "origins",
    "Seed": "baseline",
    "Skeletons": "skeletons",
    "Squashes": "squashes",
    "changes_that_matter": "own_changes",
}

__all__ = ["Attribution", "Origins", "Own", "Seed", "Seen", "Skeletons", "Squashes", "changes_that_matter", "limits"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
