"""The gate before every page of a team server."""

from __future__ import annotations

import hmac

from flask import Flask, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from evidence.web import errors
from evidence.web.context import settings
from evidence.web.visitor import visitor

_OPEN = frozenset({"static", "digests.style", "health.alive", "health.ready"})
_OPEN_PARTS = frozenset({"access", "candidate"})
API_VISITOR = "api"


def guard(app: Flask) -> None:
    """Let nobody in who has not said who they are."""
    app.before_request(_check)


def _check() -> Answer | Response | None:
    if not settings().team or request.endpoint in _OPEN or request.blueprint in _OPEN_PARTS:
        return None
    if request.path.startswith("/api/") and bearer_fits():
        g.bearer = API_VISITOR
    if visitor() is not None:
        return None
    if request.path.startswith("/api/"):
        refused = errors.answer(401, "Send the access secret as a bearer token.")
        refused.headers["WWW-Authenticate"] = 'Bearer realm="evidence"'
        return refused
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("access.sign_in", next=wanted), 303)


def bearer_fits() -> bool:
    """Whether the request carries the access secret as a bearer token."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and secret_fits(token)


def secret_fits(given: str) -> bool:
    """Whether this is the access secret; false where none is set."""
    secret = settings().access_secret
    return secret is not None and hmac.compare_digest(secret.get_secret_value().encode(), given.encode())
