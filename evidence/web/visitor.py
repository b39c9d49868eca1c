"""Who is asking: one name for each person, from the session, or the one person of a server on loopback."""

from __future__ import annotations

from hashlib import blake2b

from flask import current_app, g, session

ALONE = "you"
_KEY = "visitor"


def visitor() -> str | None:
    """The name of who is asking; None where nobody has signed in."""
    if not current_app.extensions["evidence"].settings.team:
        return ALONE
    named: str | None = g.get("bearer") or session.get(_KEY)
    return named


def visitor_name() -> str:
    """The name of who is asking, where signing in has been checked already."""
    return visitor() or ""


def sign_in(name: str) -> None:
    """Remember in the session who this is. Whatever the session held before is dropped."""
    session.clear()
    session[_KEY] = name
    session.permanent = True


def sign_out() -> None:
    """Forget who this is."""
    session.clear()


def key_of_visitor() -> str:
    """What requests are counted under: the person, or the address of somebody unknown."""
    from flask_limiter.util import get_remote_address

    alone = not current_app.extensions["evidence"].settings.team
    named = None if alone else visitor()
    # No names in the limiter's storage, which may be another server.
    return blake2b((named or get_remote_address()).encode(), digest_size=12).hexdigest()
