"""Names of others as markup: nothing hidden in them, and places at which long ones may break."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evidence.report.visible import visible

if TYPE_CHECKING:
    from markupsafe import Markup

_LONG = 24
# Browsers break behind hyphens by themselves.
_JOINT = re.compile(r"(?<=[_.@])(?=[^_.@])")


def seen(text: str) -> Markup:
    """A quoted name that may break behind its slashes and, where a part is long, between its words."""
    from markupsafe import Markup

    return Markup("/<wbr>").join(map(_part, visible(text).split("/")))


def headed(text: str) -> Markup:
    """The same for a heading: each part keeps together as long as it fits a line."""
    from markupsafe import Markup

    *owners, last = map(_part, visible(text).split("/"))
    parts = [*(each + "/" for each in owners), last]
    return Markup("").join(Markup('<span class="segment">{}</span>').format(each) for each in parts)


def _part(part: str) -> Markup:
    from markupsafe import Markup, escape

    words = _JOINT.split(part) if len(part) > _LONG else [part]
    return Markup("<wbr>").join(map(escape, words))
