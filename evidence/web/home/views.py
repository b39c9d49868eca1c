"""The first page."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from evidence.web import asking, keeping
from evidence.web.context import settings
from evidence.web.extensions import db, limiter
from evidence.web.home.forms import LinksForm
from evidence.web.models import MOST, Scan, State
from evidence.web.naming import named_all

blueprint = Blueprint("home", __name__)
_RECENT = 5


@blueprint.get("/")
def show() -> str:
    """The form, what is under way, and the latest digests."""
    return _page(LinksForm())


@blueprint.post("/")
@limiter.limit(lambda: settings().rate_scans)
def ask() -> Response | tuple[str, int]:
    """Queue what was pasted, or say beside the field what is wrong with it."""
    form = LinksForm()
    if not form.validate_on_submit():
        return _page(form), 422
    scans = asking.ask(form.digests, anew=form.anew.data)
    if len(scans) == 1:
        return redirect(url_for("scans.watch", scan_id=scans[0].id), 303)
    return redirect(url_for("scans.listing"), 303)


def _page(form: LinksForm) -> str:
    running = db.session.scalars(select(Scan).where(Scan.state != State.DONE).order_by(Scan.created.desc()).limit(10))
    places = settings().places
    return render_template(
        "home/show.html",
        form=form,
        scans=list(running),
        digests=named_all(keeping.listed(_RECENT)),
        hosts=[*sorted(places.hosts), *places.insecure],
        most=settings().links_at_once,
        portfolio=min(MOST, settings().portfolio),
        keep_days=settings().keep_days,
    )
