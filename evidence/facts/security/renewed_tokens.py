"""Tokens that live on or end early: renewed by a function made for it, or renewed and taken back at a provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Call, Definition
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_REFRESHES = regex(r"(?:[a-z]{1,12}_){0,2}refresh(?:_[a-z]{1,12}){0,2}")
_PACKAGES = ("flask_jwt_extended", "quart_jwt_extended", "flask_jwt_simple")
# What a client of python-keycloak does with a token; introspection tells whether it is still active (RFC 7662).
_KEYCLOAK = "keycloak"
_KEYCLOAK_CALLS = {"refresh_token": "refresh", "introspect": "expiry", "logout": "revocation"}
_SIGNS_OUT = ("global_sign_out", "admin_user_global_sign_out", "revoke_refresh_tokens")


def names_refresh(name: str) -> bool:
    """Whether a function is called a refresh: ``user_refresh``, ``refresh_token``."""
    return _REFRESHES.fullmatch(name) is not None


def prolonged_tokens(project: Project) -> Iterator[tuple[PyFile, Definition]]:
    """Functions called a refresh that make a new access token of Flask-JWT-Extended, themselves or by a maker of the
    project, for whoever still has a good one."""
    made = [(f, c) for f, c, n in project.calls(project.app, *_PACKAGES) if n.endswith("create_access_token")]
    makers = {"create_access_token", *(d.name for f, c in made if (d := f.function_of(c.scope)) is not None)}
    for file in project.app if made else ():
        for number, definition in enumerate(file.module.definitions, 1):
            refs = file.module.refs[number] if number < len(file.module.refs) else ()
            if (
                definition.kind == "function"
                and names_refresh(definition.name)
                and any(r.replace("()", "").rpartition(".")[2] in makers for r in refs)
                and project.reach.live(file.path, number)
            ):
                yield file, definition


def provider_tokens(project: Project) -> Iterator[tuple[PyFile, Call, str]]:
    """Calls by which the client of a provider such as Cognito or Keycloak renews tokens (``refresh``), takes them back
    (``revocation``) or asks whether they have ended (``expiry``)."""
    for file, call in project.live_calls("initiate_auth", "admin_initiate_auth"):
        if any("REFRESH_TOKEN" in e.keys or e.text == "REFRESH_TOKEN_AUTH" for e in call.expr.walk()):
            yield file, call, "refresh"
    for file, call in project.live_calls(*_SIGNS_OUT):
        yield file, call, "revocation"
    if any(i.module.partition(".")[0] == _KEYCLOAK for f in project.app for i in f.module.imports):
        for file, call in project.live_calls(*_KEYCLOAK_CALLS):
            if _KEYCLOAK in call.name.lower():
                yield file, call, _KEYCLOAK_CALLS[call.last]
