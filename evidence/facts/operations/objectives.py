"""Service level objectives that are stated in prose."""

from __future__ import annotations

import re

from evidence.patterns import regex

_LEVEL = regex(r"\bSL[OI]s?\b|service[- ]level (?:objective|indicator)s?", re.IGNORECASE)
_TARGET = regex(
    r"\b\d{1,3}(?:[.,]\d{1,4})?[ ]?%|[<≤][ ]?=?[ ]?\d{1,6}[ ]?(?:ms|s\b|sec|min)|\bp(?:95|99"
    r"|50)\b[^.\n]{0,40}\d{1,6}[ ]?(?:ms|s\b)"
)


def states_objective(title: str, text: str) -> bool:
    """Whether a section is about objectives, or a line of it names one, together with a target. Nobody's objective is
    100 %, so that figure is no target."""
    lines = text.replace("100%", "").replace("100 %", "").splitlines()
    headed = _LEVEL.search(title) is not None
    return any((headed or _LEVEL.search(line)) and _TARGET.search(line) for line in lines)
