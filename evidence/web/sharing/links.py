"""Making and ending links for the candidate."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from evidence.web.context import settings
from evidence.web.digests.finding import own_digest
from evidence.web.extensions import db
from evidence.web.models import Share, StoredDigest, now
from evidence.web.visitor import visitor_name

blueprint = Blueprint("links", __name__, url_prefix="/digests/<digest_id>/links")


@blueprint.get("")
def listing(digest_id: str) -> str:
    """The links that are open, and a button for a new one."""
    return _page(own_digest(digest_id), None)


@blueprint.post("")
def make(digest_id: str) -> str:
    """A new link. It is shown this once: only its hash is kept."""
    stored = own_digest(digest_id)
    token = secrets.token_urlsafe(32)
    ends = now() + timedelta(days=settings().share_days)
    if stored.expires is not None:
        ends = min(ends, stored.expires)
    db.session.add(Share(digest_id=stored.id, token_hash=hash_of(token), made_by=visitor_name(), expires=ends))
    db.session.commit()
    return _page(stored, url_for("candidate.read", token=token, _external=True))


@blueprint.post("/<share_id>/end")
def end(digest_id: str, share_id: str) -> Response:
    """From now on the link leads nowhere."""
    stored = own_digest(digest_id)
    share = db.session.get(Share, share_id)
    if share is None or share.digest_id != stored.id:
        abort(404)
    db.session.delete(share)
    db.session.commit()
    flash("The link leads nowhere any more.")
    return redirect(url_for("links.listing", digest_id=stored.id), 303)


def _page(stored: StoredDigest, made: str | None) -> str:
    db.session.refresh(stored)
    shares = [share for share in stored.shares if share.expires > now()]
    return render_template("sharing/links.html", stored=stored, shares=shares, made=made, days=settings().share_days)


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
