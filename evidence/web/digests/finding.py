"""The digest that an address names, for who may have it."""

from __future__ import annotations

from flask import abort

from evidence.web import keeping
from evidence.web.context import settings
from evidence.web.errors import Refused
from evidence.web.models import StoredDigest
from evidence.web.visitor import visitor_name


def the_digest(digest_id: str) -> StoredDigest:
    """The digest of this id, or 404 where it is not there, or not any more."""
    found = keeping.find(digest_id)
    if found is None:
        abort(404)
    return found


def own_digest(digest_id: str) -> StoredDigest:
    """The same for deeds: on a team server a digest is deleted, kept and shared by who asked for it."""
    found = the_digest(digest_id)
    if settings().team and found.asked_by != visitor_name():
        raise Refused(403, "Whoever asked for this digest can do that.")
    return found
