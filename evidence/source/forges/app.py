"""A GitHub App's token for its installation: asked for once, kept in memory alone."""

from __future__ import annotations

from msgspec.structs import replace

from evidence.source.forges.endpoint import Endpoint
from evidence.source.forges.patience import Patience
from evidence.source.forges.tokens import Credential

_known: dict[Endpoint, Credential] = {}


def signed_in(endpoint: Endpoint, patience: Patience) -> Endpoint:
    """The endpoint with the credential of the App that the environment names, where there is one and no other token.

    Raises Unavailable where the forge gives none.
    """
    if endpoint.app is None or endpoint.credential is not None:
        return endpoint
    if endpoint not in _known:
        from evidence.source.forges.http import ForgeSession
        from evidence.source.forges.pygithub import installation_token

        with ForgeSession(endpoint.origin, patience=patience) as session:
            token = installation_token(session, endpoint.origin + endpoint.layouts[0][0], endpoint.app)
        _known[endpoint] = Credential("bearer", token, "x-access-token", "GITHUB_APP_ID")
    return replace(endpoint, credential=_known[endpoint])
