"""Names of others as markup: nothing hidden in them, and places at which long ones may break."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evidence.patterns import regex
from evidence.report.visible import visible

if TYPE_CHECKING:
    from markupsafe import Markup

_MOST = 24
_LONG = regex(rf"\S{{{_MOST + 1},}}")
# Browsers break behind hyphens by themselves.
_JOINT = regex(r"(?<=[_.@])(?=[^_.@])")


def seen(text: str) -> Markup:
    """A quoted name that may break behind its slashes and, where a part is long, between its words."""
    from markupsafe import Markup

    return Markup("/<wbr>").join(map(_part, visible(text).split("/")))


def headed(text: str) -> Markup:
    """The same for a heading: each part that fits a phone's line keeps together."""
    from markupsafe import Markup

    *owners, last = visible(text).split("/")
    return Markup("<wbr>").join(map(_together, [*(each + "/" for each in owners), last]))


def _together(part: str) -> Markup:
    from markupsafe import Markup

    return Markup('<span class="segment">{}</span>').format(part) if len(part) <= _MOST else _part(part)


def _part(part: str) -> Markup:
    from markupsafe import Markup, escape

    pieces, at = [], 0
    for long in _LONG.finditer(part):
        pieces += [escape(part[at : long.start()]), Markup("<wbr>").join(map(escape, _JOINT.split(long[0])))]
        at = long.end()
    return Markup("").join([*pieces, escape(part[at:])])
