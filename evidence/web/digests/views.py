"""The pages of digests."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from evidence.web import asking, keeping
from evidence.web.context import ours, settings
from evidence.web.digests import choices
from evidence.web.digests.finding import own_digest, the_digest
from evidence.web.digests.reading import completed, digest_in, page_in
from evidence.web.errors import Refused
from evidence.web.extensions import db, limiter
from evidence.web.models import now
from evidence.web.naming import form_for_visitor, named, named_all
from evidence.web.naming import reveal as show_names
from evidence.web.running.work import ANONYMOUS

blueprint = Blueprint("digests", __name__, url_prefix="/digests")
_LISTED = 200


@blueprint.get("")
def listing() -> str:
    """Digests by date, latest first: never by what was found."""
    digests = named_all(keeping.listed(_LISTED))
    return render_template("digests/listing.html", digests=digests, keep_days=settings().keep_days)


@blueprint.get("/style.css")
def style() -> Response:
    """The style sheet of the digest's own page."""
    from evidence.report.html import style_sheet

    response = make_response(style_sheet())
    response.mimetype = "text/css"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.get("/<digest_id>")
def read(digest_id: str) -> Response:
    """The digest: the same page as the file, within the server's own bars; or the part of it that is asked for."""
    stored = the_digest(digest_id)
    form = form_for_visitor(stored)
    wanted = choices.part_of(request.args, with_candidate=stored.whose is not None)
    top = render_template(
        "digests/_top.html",
        stored=stored,
        each=named(stored),
        anonymous=form == ANONYMOUS,
        wanted=wanted,
        choices=choices.fields(stored.whose is not None, wanted),
        related=keeping.related(stored),
        keeps=choices.KEEPS,
    )
    foot = render_template("digests/_foot.html", stored=stored, anonymous=form == ANONYMOUS)
    return completed(page_in(stored, form, wanted), stored, top=top, foot=foot, form=form)


@blueprint.get("/<digest_id>/compare/<other_id>")
def compare(digest_id: str, other_id: str) -> str:
    """What differs between two digests of the same person or repository, the older one first."""
    from evidence.model import UsageError
    from evidence.report.comparison import compare as compared

    old, new = sorted((the_digest(digest_id), the_digest(other_id)), key=lambda each: (each.committed, each.created))
    forms = {form_for_visitor(old), form_for_visitor(new)}
    form = ANONYMOUS if ANONYMOUS in forms else forms.pop()
    try:
        changes = compared(digest_in(old, form), digest_in(new, form))
    except UsageError as wrong:
        raise Refused(409, str(wrong)) from None
    return render_template("digests/compare.html", old=named(old), new=named(new), changes=changes)


@blueprint.post("/<digest_id>/reveal")
def reveal(digest_id: str) -> Answer:
    """Show the visitor the names: a deliberate act, and recorded."""
    stored = the_digest(digest_id)
    show_names(stored)
    return redirect(url_for("digests.read", digest_id=stored.id), 303)


@blueprint.post("/<digest_id>/keep")
def keep(digest_id: str) -> Answer:
    """Keep it longer, or shorter, than usual."""
    stored = own_digest(digest_id)
    days = choices.days_of(request.form.get("days", ""))
    stored.expires = None if days is None else now() + timedelta(days=days)
    db.session.commit()
    return redirect(url_for("digests.read", digest_id=stored.id), 303)


@blueprint.post("/<digest_id>/anew")
@limiter.limit(lambda: settings().rate_scans)
def anew(digest_id: str) -> Answer:
    """Scan the same source again, whatever is stored."""
    stored = the_digest(digest_id)
    scans = asking.ask([asking.again(stored)], anew=True)
    return redirect(url_for("scans.watch", scan_id=scans[0].id), 303)


@blueprint.post("/<digest_id>/delete")
def delete(digest_id: str) -> Answer:
    """Remove it, from the database's files as well."""
    stored = own_digest(digest_id)
    keeping.remove(stored)
    ours().forget()
    flash("The digest is deleted, with everything that hung on it.")
    return redirect(url_for("digests.listing"), 303)


@blueprint.post("/purge")
def purge() -> Answer:
    """Remove everything. On a team server that is the operator's, by command line."""
    if settings().team:
        raise Refused(403, "On a team server its operator purges: evidence purge.")
    keeping.purge()
    ours().runner.begun.sweep()
    ours().forget()
    flash("Everything is deleted.")
    return redirect(url_for("digests.listing"), 303)
