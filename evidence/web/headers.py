"""Headers that keep a browser from doing anything the page did not ask for."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_talisman import Talisman

from evidence.web.settings import Settings

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def init_app(app: Flask, talisman: Talisman, settings: Settings) -> None:
    """Bind the extension. Over https (which a proxy provides) everything else is refused by the browser, too."""
    talisman.init_app(
        app,
        force_https=settings.https,
        strict_transport_security=settings.https,
        session_cookie_secure=settings.https,
        session_cookie_http_only=True,
        session_cookie_samesite="Lax",
        frame_options="DENY",
        referrer_policy="no-referrer",
        content_security_policy=_policy(settings),
        permissions_policy={"camera": "()", "geolocation": "()", "microphone": "()"},
        x_xss_protection=False,
    )
    app.after_request(_not_cached)


def _policy(settings: Settings) -> dict[str, str]:
    if not settings.oidc_issuer:
        return POLICY
    # Browsers check where a form's answer redirects to: signing in leads to the identity provider.
    return {**POLICY, "form-action": f"'self' {settings.oidc_issuer}"}


def _not_cached(response: Response) -> Response:
    """Digests are about people: nothing of them stays in a browser's or proxy's cache."""
    if request.endpoint != "static" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
