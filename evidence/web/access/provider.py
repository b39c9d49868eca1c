"""Signing in with an identity provider, by OpenID Connect (Authlib checks state, nonce and the token's signature)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app

from evidence.web.settings import Settings

NAME = "provider"
_EXTENSION = "authlib.integrations.flask_client"


def register_provider(app: Flask, settings: Settings) -> None:
    """Tell the application about the provider of these settings."""
    oauth = OAuth()
    oauth.init_app(app)
    secret = settings.oidc_client_secret
    oauth.register(  # type: ignore[no-untyped-call]
        NAME,
        overwrite=True,
        server_metadata_url=f"{(settings.oidc_issuer or '').rstrip('/')}/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256", "timeout": 10},
    )


def provider() -> Any:
    """The client of the running application's provider."""
    return current_app.extensions[_EXTENSION].create_client(NAME)


def admitted(claims: Mapping[str, Any], allowed: tuple[str, ...]) -> str | None:
    """The address of the person, if it is verified and on the list (whole, or by its ``@domain``)."""
    address = str(claims.get("email", "")).lower()
    if claims.get("email_verified") is not True or "@" not in address:
        return None
    domain = "@" + address.rpartition("@")[2]
    return address if {address, domain} & {each.lower() for each in allowed} else None
