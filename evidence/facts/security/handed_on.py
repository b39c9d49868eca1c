"""Passwords that are handed on to another service, which keeps them: by the client of an organisation's own package, or
by one of the project's that sends them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.callees import callee
from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Call, Expr
from evidence.facts.security.purpose import PASSWORD
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_LETS_IN = (
    "authenticate", "authenticate_user", "login", "log_in", "sign_in", "signin", "login_user", "verify_password",
    "check_password", "verify_credentials", "check_credentials",
)  # fmt: skip
_SENDS = regex(r"(?:^|\.)(?:_?post|_?request|_?send_request)(?:\(\))?$")


def passwords_handed_on(project: Project) -> Iterator[tuple[PyFile, Call]]:
    """Live calls that hand a password to an object of another package, or to a function of the project that posts it
    to somebody else."""
    for file, call in project.live_calls(*_LETS_IN):
        handed = any(_reads_password(e) for v in call.expr.items for e in v.walk())
        receiver = call.name.rpartition(".")[0]
        if not (handed or any(PASSWORD.search(k) for k in call.expr.keys)) or not receiver:
            continue
        ref = callee(project.names, file, call.scope, call.name)
        if ref is None:
            made = project.variable_class(file, call.scope, receiver)
            sent = "client" in made.lower()
        else:
            other = project.python[ref.path]
            scope = other.scopes.get(ref.name, 0)
            sent = bool(scope) and any(_SENDS.search(c.name) for c in other.calls_in(scope))
        if sent:
            yield file, call


def _reads_password(part: Expr) -> bool:
    """``form.password.data``, ``data["password"]``."""
    key = part.items[0].text if part.kind == "index" and part.items else ""
    return part.kind in ("name", "call", "index") and PASSWORD.search(f"{part.text} {key}") is not None
