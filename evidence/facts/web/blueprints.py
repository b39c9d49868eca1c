"""Blueprints and their kin, where they are made."""

from __future__ import annotations

from collections.abc import Iterable

from evidence.facts.constants import UNKNOWN, Constants
from evidence.facts.names import PyFile
from evidence.facts.python.records import Call
from evidence.facts.web.records import Blueprint

_PREFIXES = ("url_prefix", "path", "base_path", "prefix")


def find_blueprints(made: Iterable[tuple[PyFile, Call, str]], constants: Constants) -> list[Blueprint]:
    """The blueprints (or kin) among what calls make, told with its kind."""
    found = []
    for file, call, kind in made:
        # an extension's API object holds parts; only connexion's, made of a specification, is one
        part = kind in ("blueprint", "namespace") or (kind == "api" and call.name.endswith(".add_api"))
        if part and call.target != "return":
            found.append(_blueprint(file, call, kind, constants))
    return found


def _blueprint(file: PyFile, call: Call, kind: str, constants: Constants) -> Blueprint:
    first = call.expr.args[0] if call.expr.args else call.expr.kwarg("name")
    name = first.text if first is not None and first.kind == "str" else call.target
    prefix = constant_prefix(constants, file, call)
    if kind == "namespace" and prefix is None:
        # flask-restx serves a namespace without a path under its name
        prefix = f"/{name}"
    return Blueprint(file, call, kind, name, call.target, prefix)


def constant_prefix(constants: Constants, file: PyFile, call: Call) -> str | None:
    """The URL prefix among a call's keywords: its text, "?" when it is not constant, None when it is not there."""
    for key in _PREFIXES:
        value = call.expr.kwarg(key)
        if value is not None and not (value.kind == "const" and value.text == "None"):
            text = constants.text(file, call.scope, value)
            return "?" if UNKNOWN in text else text
    return None
