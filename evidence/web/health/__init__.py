"""Alive, and ready to serve: for whatever watches over the server.

It asks from beside the server, not through the proxy that ends TLS: it is never sent to https.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from evidence.web.extensions import database_ready, limiter, talisman

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@limiter.exempt
@talisman(force_https=False)  # type: ignore[untyped-decorator]
def alive() -> Response:
    """The process answers."""
    return jsonify(status="alive", version=current_app.config["EVIDENCE_VERSION"])


@blueprint.get("/readyz")
@limiter.exempt
@talisman(force_https=False)  # type: ignore[untyped-decorator]
def ready() -> tuple[Response, int]:
    """The database answers, too: 503 while it does not."""
    fine = database_ready(current_app._get_current_object())  # type: ignore[attr-defined]
    return jsonify(status="ready" if fine else "waiting for the database"), 200 if fine else 503
