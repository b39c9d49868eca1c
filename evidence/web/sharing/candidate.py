"""What the candidate sees by their link: their digest with its names, and a place to correct it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from evidence.model import Outcome
from evidence.web import keeping
from evidence.web.digests.downloads import file_of
from evidence.web.digests.reading import completed, digest_in, page_in
from evidence.web.errors import Refused
from evidence.web.extensions import db, limiter
from evidence.web.models import Correction, Share, StoredDigest, now
from evidence.web.running.work import PLAIN
from evidence.web.sharing.links import hash_of

blueprint = Blueprint("candidate", __name__, url_prefix="/shared/<token>")
_LONGEST = 4000
_MOST = 50


class CorrectionForm(FlaskForm):  # type: ignore[misc]  # comes without types
    """A note about one finding, or about the whole."""

    signal = SelectField("About", validate_choice=True)
    text = TextAreaField(
        "Your correction", validators=[InputRequired("Write what should be known."), Length(max=_LONGEST)]
    )

    def validate_text(self, field: TextAreaField) -> None:
        """Not only blanks."""
        if not (field.data or "").strip():
            raise ValidationError("Write what should be known.")


def _shared(token: str) -> StoredDigest:
    share = db.session.scalar(select(Share).where(Share.token_hash == hash_of(token), Share.expires > now()))
    stored = keeping.find(share.digest_id) if share else None
    if stored is None:
        abort(404)
    return stored


@blueprint.get("")
@limiter.limit("60 per minute")
def read(token: str) -> Response:
    """The digest, to read only, and the form for a correction."""
    stored = _shared(token)
    return _page(token, stored, _form(stored))


@blueprint.post("")
@limiter.limit("10 per minute")
def correct(token: str) -> Answer | tuple[Response, int]:
    """Keep a correction beside the finding that it is about."""
    stored = _shared(token)
    form = _form(stored)
    if not form.validate_on_submit():
        return _page(token, stored, form), 422
    if len(stored.corrections) >= _MOST:
        raise Refused(409, f"There are {_MOST} corrections already: write to those who sent you the link.")
    text = (form.text.data or "").strip()
    db.session.add(Correction(digest_id=stored.id, signal=form.signal.data or None, text=text))
    db.session.commit()
    flash("Your correction now stands in the digest.")
    return redirect(url_for("candidate.read", token=token, _anchor="correction-title"), 303)


@blueprint.get("/digest.<any(json, html, md, csv):suffix>")
@limiter.limit("20 per minute")
def download(token: str, suffix: str) -> Response:
    """The candidate's own copy as a file."""
    return file_of(_shared(token), suffix, PLAIN)


def _form(stored: StoredDigest) -> CorrectionForm:
    form = CorrectionForm()
    found = [each for each in digest_in(stored, PLAIN).signals if each.outcome is Outcome.FOUND]
    form.signal.choices = [("", "The digest as a whole"), *((each.id, each.title) for each in found)]
    return form


def _page(token: str, stored: StoredDigest, form: CorrectionForm) -> Response:
    top = render_template("sharing/_top.html", stored=stored, token=token)
    foot = render_template("sharing/_correct.html", stored=stored, token=token, form=form)
    return completed(page_in(stored, PLAIN), stored, top=top, foot=foot, form=PLAIN)
