"""Functions about tokens that a project keeps: which end them, take them back, or change the keys behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Definition
from evidence.facts.web.routes import HTTP_METHODS
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_KEPT = r"(?:token|jwt|api_?key|apikey|linking_?key|access_?key|session_?key)"
_REVOKES = regex(
    rf"(?:revoke|revocar|invalidate|(?:black|block|deny)_?list|expire|deactivate)_\w{{0,30}}{_KEPT}\w{{0,20}}"
    rf"|{_KEPT}\w{{0,20}}_(?:revoke|invalidate|(?:black|block)_?list|revoked)\w{{0,20}}"
)
_TAKES_BACK = regex(r"revok|invalidat|(?:black|block|deny)_?list|deactivat|logout|log_out", re.IGNORECASE)
_FORGETS = frozenset({"unset_jwt_cookies", "unset_access_cookies", "unset_refresh_cookies", "delete_cookie"})
_ROTATES = regex(
    r"(?:rotate|regenerate|reset|renew|roll)_\w{0,30}"
    r"(?:api_?key|apikey|signing_?key|jwk|secret_?key|token_?key|access_?key)\w{0,20}"
)
_STORED = regex(r"(?:expir|valid_until|valid_to|valid_through)\w{0,30}", re.IGNORECASE)
_ASKS_END = regex(rf"(?:\w{{1,40}}\.)?\w{{0,40}}{_KEPT}\w{{0,20}}\.(?:is_|has_)?expired", re.IGNORECASE)
_ASKS_STATE = regex(
    rf"(?:\w{{1,40}}\.)?\w{{0,40}}{_KEPT}\w{{0,20}}\.(?:is_)?(?:revoked|blacklisted|invalidated|used|valid)(?:_at|_on)?",
    re.IGNORECASE,
)
_STATE = regex(r"expired|revoked|blacklisted|invalidated|used|valid", re.IGNORECASE)
ABOUT_TOKENS = regex(rf"{_KEPT}|invitation|invite|reset_link|magic_link", re.IGNORECASE)
"""Names that are about tokens, keys, and the links that carry them."""
_ABOUT_KEPT = regex(rf"{_KEPT}|magic_?link", re.IGNORECASE)
_TAKEN = regex(rf"{_KEPT}|(?:^|[^a-z])jti(?:$|[^a-z])", re.IGNORECASE)
# Keys under which a store remembers what was taken back: ``cache.get(f"blacklisted_token:{token}")``.
_KEPT_OUT = regex(
    rf"(?:black|block|deny)_?list\w{{0,4}}[_:. -]{{1,2}}{_KEPT}|(?:revoked|invalidated)[_:. -]{{1,2}}{_KEPT}"
    rf"|{_KEPT}s?[_:. -]{{1,2}}(?:(?:black|block|deny)_?list|revoked)",
    re.IGNORECASE,
)
_LINK = regex(
    r"_{0,2}(?:(send|mail)|make|create|generate|new|issue|build|encode|get)_(?:\w{1,20}_)?(?:reset|confirm\w{0,6}"
    r"|activat\w{1,3}|invit\w{1,5}|verif\w{1,8}|unsubscribe|magic|email_change|change_email)(?:_\w{1,20})?"
)


def token_functions(project: Project) -> Iterator[tuple[PyFile, Definition, str]]:
    """(file, function, what it does) of live functions: ``revocation``, ``rotation`` or ``expiry``."""
    for file in project.app:
        asking = _asking(file)
        for number, definition in enumerate(file.module.definitions, 1):
            if definition.kind == "function" and definition.statements:
                refs = file.module.refs[number] if number < len(file.module.refs) else ()
                does = _does(file, number, definition, refs)
                if any(file.inside(scope, number) for scope in asking):
                    does |= {"revocation"}
                if does and project.reach.live(file.path, number):
                    yield from ((file, definition, what) for what in sorted(does))


def _asking(file: PyFile) -> frozenset[int]:
    """The scopes in which a store is asked what was taken back."""
    texts = ((c.scope, e.text) for c in file.module.calls for e in c.expr.args if e.kind in ("str", "fstring"))
    return frozenset(scope for scope, text in texts if _KEPT_OUT.search(text))


def _does(file: PyFile, scope: int, definition: Definition, refs: tuple[str, ...]) -> set[str]:
    name = definition.qualname.replace(".", "_").lower()
    found = {what for what, pattern in (("revocation", _REVOKES), ("rotation", _ROTATES)) if pattern.search(name)}
    # a method that is called after its verb does what its class is called after
    back = _TAKES_BACK.search(definition.qualname if definition.name in HTTP_METHODS else definition.name)
    if back is not None:
        emptied = [a.target for a in file.assigns_in(scope) if a.value.text in ("None", "")]
        about = f"{file.path} {definition.qualname} {' '.join((*definition.params, *emptied))}"
        if _TAKEN.search(about) and not (back[0][:3].lower() == "log" and _only_forgets(refs)):
            found.add("revocation")
    if _compares(file, definition, refs):
        found.add("expiry")
    # of a thousand functions hardly one reads a token's state, and its last word is asked first
    told = [ref for ref in refs if "." in ref and _tells_state(ref.rpartition(".")[2])]
    if any(_ASKS_END.fullmatch(ref) for ref in told):
        found.add("expiry")
    if any(_ASKS_STATE.fullmatch(ref) for ref in told):
        found.add("revocation")
    return found


@lru_cache(1 << 14)
def _tells_state(word: str) -> bool:
    return _STATE.search(word) is not None


def _only_forgets(refs: tuple[str, ...]) -> bool:
    """Whether a logout takes the token from the browser alone: whoever copied it stays logged in."""
    lasts = {r.replace("()", "").rpartition(".")[2] for r in refs}
    return bool(lasts & _FORGETS) and not any(
        _TAKES_BACK.search(name) or _TAKEN.search(name) for name in lasts - _FORGETS
    )


def _compares(file: PyFile, definition: Definition, refs: tuple[str, ...]) -> bool:
    """A function about tokens that reads a stored end, or one among the claims, and the clock."""
    if _ABOUT_KEPT.search(f"{file.path.rpartition('/')[2]} {definition.qualname}") is None:
        return False
    scope = file.scopes.get(definition.qualname, 0)
    claimed = (e.text for c in file.calls_in(scope) if c.last == "get" for e in c.expr.args[:1] if e.kind == "str")
    ends = any(_STORED.fullmatch(r.rpartition(".")[2]) and "." in r for r in refs) or any(
        _STORED.fullmatch(name) for name in claimed
    )
    return ends and any(r.rpartition(".")[2] in ("now", "utcnow", "time", "today", "current_timestamp") for r in refs)


def link_functions(project: Project, makers: set[str]) -> Iterator[tuple[PyFile, Definition, bool]]:
    """(file, function, whether it only sends one) of live functions that make a token for somebody to follow: to reset
    a password, confirm an address or accept an invitation. ``makers`` are functions that encode tokens which end."""
    for file in project.app:
        for number, definition in enumerate(file.module.definitions, 1):
            named = _LINK.fullmatch(definition.name) if definition.kind == "function" else None
            refs = file.module.refs[number] if named is not None and number < len(file.module.refs) else ()
            made = definition.name in makers or any(r.replace("()", "").rpartition(".")[2] in makers for r in refs)
            made = made or "token" in definition.name or "link" in definition.name
            if named is not None and made and project.reach.live(file.path, number):
                yield file, definition, named[1] is not None
