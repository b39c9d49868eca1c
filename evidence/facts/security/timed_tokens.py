"""Signed values that are only taken for a while: by an age, a lifetime, or where their running out is dealt with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Call, Definition
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# What carries a token that logs somebody in, again and again.
_LOGS_IN = regex(
    r"auth\w{0,12}_?token|access_?token|api_?(?:token|key)|bearer|session|identity|load_user|current_user|user_loader"
    r"|remember|request_loader|(?:^|[._])login(?!_link)|jwt",
    re.IGNORECASE,
)
# What somebody is sent a link for.
_LINKS = regex(
    r"reset|confirm|activat|invit|verif|unsubscribe|magic|recover|e_?mail|password|passwd|regist|sign_?up|download"
    r"|share|link",
    re.IGNORECASE,
)
_CHECKS = regex(r"_?(?:check|validate|verify|decode|load|read|parse|confirm)_(?:\w{1,30}_)?token")
_RUN_OUT = regex(r"expired", re.IGNORECASE)
# The libraries' errors of which one that has run out is a kind.
_ENDED = regex(
    r"(?:jwt(?:\.exceptions)?\.(?:InvalidTokenError|PyJWTError)|jose(?:\.\w{3,10})?\.JWTError)$"
    r"|(?:Expired\w{0,20}|(?:Token|Jwt|JWT)Expired\w{0,12}|SignatureExpired)$"
)
# Of many callers a few tell what a token is for.
_CALLERS = 12


def timed_tokens(project: Project) -> Iterator[tuple[PyFile, Call, str]]:
    """(file, call, ``link`` or ``expiry``) of live calls. Of what has ``loads`` and ``unsign``, itsdangerous alone asks
    for an age. A link that somebody is sent ends and is time-limited; a token that logs in only ends."""
    for file in project.app:
        for call in file.module.calls:
            age = call.expr.kwarg("max_age")
            signed = call.last in ("loads", "unsign") and age is not None and age.text != "None"
            if (signed or _checked_elsewhere(project, file, call)) and project.reach.live(file.path, call.scope):
                yield from ((file, call, what) for what in _promises(project, file, call))
    for file, call, name in project.calls(project.app, "itsdangerous"):
        lifetime = len(call.expr.args) > 1 or call.expr.kwarg("expires_in") is not None
        if name.rpartition(".")[2] == "TimedJSONWebSignatureSerializer" and lifetime:
            yield from ((file, call, what) for what in _promises(project, file, call))


def signed_logins(project: Project) -> Iterator[tuple[PyFile, Definition]]:
    """Live functions that read back what itsdangerous signed, and by their names do so to know who asks."""
    for file, call in project.live_calls("loads"):
        made = project.variable_class(file, call.scope, call.name.rpartition(".")[0])
        definition = file.function_of(call.scope)
        if made.startswith("itsdangerous.") and definition is not None and _LOGS_IN.search(definition.qualname):
            yield file, definition


def _promises(project: Project, file: PyFile, call: Call) -> tuple[str, ...]:
    definition = file.function_of(call.scope)
    name = definition.name if definition is not None else ""
    said = [e.text for v in call.expr.items for e in v.walk() if e.kind == "str"]
    own = " ".join((definition.qualname if definition is not None else "", call.last, *said))
    if _LOGS_IN.search(own):
        return ("expiry",)
    callers = (f.function_of(c.scope) for f, c in (project.called.get(name, ()) if name else ())[:_CALLERS])
    if _LINKS.search(own) or any(_LINKS.search(d.qualname) for d in callers if d is not None):
        return "link", "expiry"
    return ("link",)


def _checked_elsewhere(project: Project, file: PyFile, call: Call) -> bool:
    """A token checked by an organisation's own package, in a function that deals with its running out: by an error of
    that name, or by what it answers and is told."""
    if not _CHECKS.fullmatch(call.last) or not project.external(file, call.name) or not file.imported(call.name):
        return False
    definition = file.function_of(call.scope)
    if definition is None:
        return False
    inside = (h for h in file.module.handlers if h.start >= definition.start and h.end <= definition.end)
    if any(n.endswith("SignatureExpired") for h in inside for n in h.names):
        return True
    scope = file.scopes.get(definition.qualname, 0)
    texts = (e.text for c in file.calls_in(scope) for v in c.expr.items for e in v.walk() if e.kind in ("str", "name"))
    return any(_RUN_OUT.search(text[:200]) for text in texts)


def _is_blind(call: Call) -> bool:
    """Whether a token is read without a look at its signature, and so at nothing else."""
    return any(
        (v := e.kwarg(k)) is not None and v.text == "False"
        for e in call.expr.walk()
        for k in ("verify_signature", "verify")
    )


def refused_when_ended(project: Project, files: tuple[PyFile, ...]) -> Iterator[tuple[PyFile, int, int]]:
    """(file, first line, last line) of handlers that deal with a token's having run out, in live functions."""
    for file in files:
        for handler in file.module.handlers:
            around = file.function_at(handler.start)
            scope = file.scopes.get(around.qualname, 0) if around is not None else 0
            ended = any(_ENDED.search(n) for n in handler.names)
            blind = any(_is_blind(c) for c in file.calls_in(scope) if c.last == "decode")
            if around is not None and ended and not blind and project.reach.live(file.path, scope):
                yield file, around.start, around.end
