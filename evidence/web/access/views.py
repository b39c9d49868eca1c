"""Signing in and out."""

from __future__ import annotations

from typing import Any

import structlog
from authlib.integrations.base_client import OAuthError
from flask import Blueprint, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug.wrappers import Response
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from evidence.web.access.gate import API_VISITOR, secret_fits
from evidence.web.access.provider import admitted, provider
from evidence.web.context import settings
from evidence.web.errors import Refused
from evidence.web.extensions import limiter
from evidence.web.visitor import sign_in as remember
from evidence.web.visitor import sign_out as forget

blueprint = Blueprint("access", __name__)
_log = structlog.get_logger("evidence.web.access")


class SignInForm(FlaskForm):  # type: ignore[misc]
    """The server's secret, and a name under which one's deeds are recorded."""

    name = StringField("Your name", validators=[InputRequired("Say who you are."), Length(max=100)])
    secret = PasswordField("Access secret", validators=[InputRequired("Type the secret of this server.")])
    next = HiddenField()


@blueprint.get("/sign-in")
def sign_in() -> str:
    """The form, or the way to the identity provider."""
    return _form(SignInForm(next=request.args.get("next", "")))


@blueprint.post("/sign-in")
@limiter.limit(lambda: settings().rate_sign_in)
def check() -> Response | tuple[str, int]:
    """Let in who knows the secret."""
    form = SignInForm()
    if settings().access_secret is None or not form.validate_on_submit():
        return _form(form), 422
    name = " ".join((form.name.data or "").split())
    if not secret_fits(form.secret.data or "") or name in ("", API_VISITOR):
        _log.warning("sign-in refused")
        form.secret.errors = ["That is not the secret of this server."]
        return _form(form), 422
    remember(name)
    return redirect(_within(form.next.data), 303)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Forget the visitor."""
    forget()
    return redirect(url_for("access.sign_in"), 303)


@blueprint.post("/sign-in/provider")
@limiter.limit(lambda: settings().rate_sign_in)
def to_provider() -> Any:
    """Off to the identity provider."""
    if not settings().oidc:
        raise Refused(404, "There is no identity provider here.")
    try:
        return provider().authorize_redirect(url_for("access.returned", _external=True))
    except (OAuthError, RequestException):
        raise Refused(503, "The identity provider cannot be reached: try again in a minute.") from None


@blueprint.get("/sign-in/returned")
@limiter.limit(lambda: settings().rate_sign_in)
def returned() -> Response:
    """Back from the identity provider, with its word on who this is."""
    if not settings().oidc:
        raise Refused(404, "There is no identity provider here.")
    try:
        claims = provider().authorize_access_token()["userinfo"]
    except (OAuthError, JoseError, RequestException, KeyError, ValueError):
        _log.warning("sign-in failed")
        raise Refused(403, "The identity provider did not confirm who you are: sign in again.") from None
    address = admitted(claims, settings().oidc_allowed)
    if address is None:
        _log.warning("sign-in refused")
        raise Refused(403, "Your address is not on the list of this server: ask its operator.")
    remember(address)
    return redirect(url_for("home.show"), 303)


def _form(form: SignInForm) -> str:
    return render_template(
        "access/sign_in.html", form=form, oidc=settings().oidc, secret=settings().access_secret is not None
    )


def _within(target: str | None) -> str:
    """A page of this server, whatever was asked for."""
    inside = bool(target) and target is not None and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if inside and target else url_for("home.show")
