"""Tests that are about the end of a token: that an expired or revoked one is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Definition
from evidence.facts.security.stored_tokens import ABOUT_TOKENS
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_ENDED = regex(
    r"expir|revok|blacklist|blocklist|invalidat|no_longer_valid|used_token|already_used|old_token|too_old|stale"
    r"|inactive_(?:[a-z]{1,10}_)?token"
)
_LOGS_OUT = regex(r"log_?(?:s_|ging_)?out|sign_?out", re.IGNORECASE)
_RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex"})
_ENDS = regex(r"(?:Expired|Revoked)\w{0,30}$")
_SET_ENDED = regex(r"(?:is_)?(?:expired|revoked)|\w{0,20}expired_token")


def ended_token_tests(project: Project) -> Iterator[tuple[PyFile, Definition]]:
    """Tests with a check whose name tells of it, which set something up to be refused, or which expect the very error
    of it."""
    refused = {(t.file.path, t.definition.qualname) for t in project.access.refused_tests if t.definition is not None}
    for file in project.tests:
        raising = [
            c.scope for c in file.module.calls if c.last in _RAISES and any(_ENDS.search(e.text) for e in c.expr.args)
        ]
        for number, definition in enumerate(file.module.definitions, 1):
            if definition.kind != "function" or not definition.name.startswith("test"):
                continue
            turned_away = (file.path, definition.qualname) in refused
            ended = _ENDED.search(definition.name.lower()) is not None
            named = ended and ABOUT_TOKENS.search(f"{file.path.rpartition('/')[2]} {definition.name}")
            if (
                (named and (definition.asserts > 0 or turned_away))
                or (turned_away and _set_up(file, number))
                or any(file.inside(scope, number) for scope in raising)
            ):
                yield file, definition


def logged_out_tests(project: Project) -> Iterator[tuple[PyFile, Definition]]:
    """Tests that log out and are refused afterwards: where tokens are taken back, they show that it works."""
    seen = set()
    for test in project.access.refused_tests:
        definition = test.definition
        if definition is not None and test.code == "401" and _LOGS_OUT.search(definition.name):
            key = test.file.path, definition.qualname
            if key not in seen:
                seen.add(key)
                yield test.file, definition


def _set_up(file: PyFile, scope: int) -> bool:
    """Whether a test makes something expire: a date of the past, or an answer that says so."""
    targets = [a.target for a in file.module.assigns if a.scope == scope]
    targets.extend(c.target for c in file.module.calls if c.scope == scope)
    return any(_SET_ENDED.fullmatch(t.rpartition(".")[2]) for t in targets)
