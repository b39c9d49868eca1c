"""Values that switch debug mode on: constants, variables that are true where nothing sets them, names of either."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evidence.facts.deployment.environments import environment_of
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Expr
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

APART = ("development", "testing")
"""Environments in which debug mode is no mistake."""
_ON = frozenset({"1", "true", "yes", "on"})
# ``bool`` itself, and what projects call their own reading of such words: ``str2bool``, ``parse_bool``.
_TO_BOOL = regex(r"bool(?:ean)?$", re.IGNORECASE)


def is_on(value: Expr) -> bool:
    """True, or a variable's value that is true where nothing sets it."""
    if value.kind in ("const", "str", "num"):
        return value.text.lower() in _ON
    if value.kind == "call" and value.text.endswith(("environ.get", "getenv")):
        return len(value.args) > 1 and is_on(value.args[1])
    default = value.kwarg("default") if value.kind == "call" else None
    if default is not None and re.search(r"env|config", value.text):
        return is_on(default)
    if value.kind == "call" and (value.text in ("str", "int") or _TO_BOOL.search(value.text)):
        return bool(value.args) and is_on(value.args[0])
    if value.kind == "op" and value.items and value.text in ("or", "==", "in"):
        return is_on(value.items[-1 if value.text == "or" else 0])
    return False


def named_on(project: Project, file: PyFile, scope: int, value: Expr) -> bool:
    """Whether the value is a name that stands for True: a constant of this file, or of a class or module of settings
    that is not for development."""
    if value.kind != "name":
        return False
    given = file.assigned.get((scope, value.text)) or file.assigned.get((0, value.text))
    if given is None:
        ref = project.resolve(file, value.text)
        home = project.python.get(ref.path) if not ref.external else None
        if home is None or environment_of(home.path) in APART:
            return False
        owner, _, name = ref.name.rpartition(".")
        if owner and (owner not in home.scopes or environment_of(owner) in APART):
            return False
        given = home.assigned.get((home.scopes.get(owner, 0), name))
    first = given[0] if given else None
    return first is not None and is_on(first.value if isinstance(first, Assign) else first.expr)
