"""A repository that was renamed: its forge tells the new name, and only on the same host is it believed."""

from __future__ import annotations

from urllib.parse import quote

from msgspec.structs import replace

from evidence.model import UsageError
from evidence.source.address import Address, Places, parse_url
from evidence.source.forges.app import signed_in
from evidence.source.forges.endpoint import endpoint_for
from evidence.source.forges.patience import Patience, Unavailable
from evidence.source.forges.wording import child
from evidence.source.places import named_of


def present_address(address: Address, places: Places) -> Address | None:
    """The address that the repository has now; None where its forge tells no other one."""
    if address.kind not in ("github", "gitlab"):
        return None
    try:
        path = _present_path(address, places)
        now = parse_url(f"{address.origin}/{path}", places) if path else None
    except (Unavailable, UsageError):
        return None
    if now is None or now.path.lower() == address.path.lower():
        return None
    return replace(now, asked=address.asked)


def _present_path(address: Address, places: Places) -> str:
    from evidence.source.forges.http import ForgeSession, decoded

    endpoint = signed_in(endpoint_for(address.kind, address.origin, named_of(address.kind, places)), Patience())
    headers = endpoint.credential.headers() if endpoint.credential else {}
    part = f"projects/{quote(address.path, safe='')}" if address.kind == "gitlab" else f"repos/{address.path}"
    with ForgeSession(endpoint.origin, headers) as session:
        for prefix, _graphql in endpoint.layouts:
            try:
                found = decoded(session.get(f"{endpoint.origin}{prefix}/{part}"))
            except Unavailable as error:
                if error.status != 404:
                    raise
                continue
            name = child(found, "path_with_namespace" if address.kind == "gitlab" else "full_name")
            return name if isinstance(name, str) else ""
    return ""
