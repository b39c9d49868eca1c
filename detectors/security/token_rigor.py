"""Token lifecycle rigour: tokens end, can be taken back, and are only taken by whom they were made for.

**What it sees.** Expiry (an ``exp`` claim, a lifetime in settings, a stored date that is compared), refresh tokens,
revocation (blocklists and functions that revoke), key rotation and key ids, audience and issuer checks, scopes, signed
links with a time limit; and tests that an expired or revoked token is refused.

**Why it matters.** A token that never ends is a password that nobody can change.

**What it cannot tell.** Whether the lifetimes are short enough, or where clients keep their tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.api import (
    Call,
    Observations,
    Project,
    PyFile,
    Signal,
    Site,
    Sites,
    assigned_settings,
    claims,
    ended_token_tests,
    link_functions,
    logged_out_tests,
    names_refresh,
    plural,
    prolonged_tokens,
    provider_tokens,
    refused_when_ended,
    regex,
    timed_tokens,
    token_functions,
)

_KINDS = ("expiry", "revocation", "link", "audience", "refresh", "rotation", "scopes")
_WORDS = {
    "expiry": "expiry", "revocation": "revocation", "link": "signed time-limited links",
    "audience": "audience or issuer checks", "refresh": "refresh tokens", "rotation": "key rotation or key ids",
    "scopes": "scopes",
}  # fmt: skip
_ENCODE = (
    "jwt.encode", "jose.jwt.encode", "authlib.jose.jwt.encode", "jose.jws.sign", "python_jwt.generate_jwt",
    "joserfc.jwt.encode",
)  # fmt: skip
_DECODE = (
    "jwt.decode", "jose.jwt.decode", "authlib.jose.jwt.decode", "python_jwt.verify_jwt", "joserfc.jwt.decode",
)  # fmt: skip
# Objects that encode and decode; libraries that take the header before the claims.
_CODERS = ("authlib.jose.JsonWebToken", "jwt.PyJWT", "jwt.JWT")
_HEADER_FIRST = ("authlib.", "joserfc.")
_JWT_EXTENDED = ("flask_jwt_extended", "flask_jwt_simple", "flask_praetorian", "flask_jwt_router")
# How long refresh tokens would live says nothing where none is made.
_OF_REFRESH = "JWT_REFRESH_TOKEN_EXPIRES"
_SETTINGS = {
    "JWT_ACCESS_TOKEN_EXPIRES": "expiry",
    "JWT_EXPIRATION_DELTA": "expiry",
    "JWT_ACCESS_LIFESPAN": "expiry",
    "SECURITY_TOKEN_MAX_AGE": "expiry",
    "OAUTH2_TOKEN_EXPIRES_IN": "expiry",
    "OAUTH2_REFRESH_TOKEN_GENERATOR": "refresh",
    **dict.fromkeys(("SECURITY_RESET_PASSWORD_WITHIN", "SECURITY_CONFIRM_EMAIL_WITHIN"), "link"),
    "SECURITY_LOGIN_WITHIN": "link",
    **dict.fromkeys(("USER_RESET_PASSWORD_EXPIRATION", "USER_CONFIRM_EMAIL_EXPIRATION"), "link"),
    _OF_REFRESH: "refresh",
    "JWT_REFRESH_LIFESPAN": "refresh",
    "JWT_DECODE_AUDIENCE": "audience",
    "JWT_DECODE_ISSUER": "audience",
    "JWT_OIDC_AUDIENCE": "audience",
    "JWT_OIDC_ISSUER": "audience",
    "JWT_BLACKLIST_ENABLED": "revocation",
    "JWT_BLOCKLIST_ENABLED": "revocation",
    "SECRET_KEY_FALLBACKS": "rotation",
}
_SCOPED = regex(r"(?:^|[._])scopes?(?:_|$)|require_oauth", re.IGNORECASE)
_REFRESH = regex(r"refresh(?:_?token)?", re.IGNORECASE)
_LOADERS = ("token_in_blocklist_loader", "token_in_blacklist_loader")
# The key is chosen by the id in a token's header, among those that a provider publishes.
_KEYS_BY_ID = frozenset({"get_unverified_header", "get_signing_key_from_jwt", "get_signing_key"})
_PLAINLY = regex(r"token|jwt|_key|auth|session", re.IGNORECASE)


def _held(sites: Sites) -> list[str]:
    return [k for k in _KINDS if sites.of(k) or (k == "link" and sites.of("link_aside"))]


def _tested(sites: Sites) -> int:
    """Tests of the end of a token; those that speak of tokens rather than links are shown."""
    return sites.count("tested", "tested_aside")


def _statement(sites: Sites) -> str:
    held = _held(sites)
    if not held:
        return "Only the tokens themselves were found."
    text = ", ".join(_WORDS[k] for k in held)
    tests = f"; {plural(_tested(sites), 'test')} of an ended token" if _tested(sites) else ""
    return f"Of tokens there is {text}{tests}."


TOKEN_RIGOR = Signal(
    id="security.token_rigor",
    title="Token lifecycle rigour",
    competency="auth",
    seeds=("S6.1",),
    counts=(
        "At least two of: expiry, refresh, revocation or a blocklist, key rotation or key ids, audience or issuer "
        "checks, scopes, signed time-limited links."
    ),
    strong="Tests show that an expired or revoked token is refused.",
    not_credited="jwt.encode without an expiry; an extension's defaults; settings of a development or test class.",
    how_to_show="Give tokens an expiry and a way to be revoked, and test that an expired one answers 401.",
    clauses=(*_KINDS, "tested", "tested_aside", "lead", "link_aside"),
    defining=(*_KINDS, "link_aside"),
    uncited=("tested_aside", "link_aside"),
    applies="python",
    practised=lambda sites: len(_held(sites)) >= 2,
    sustained=lambda sites: _tested(sites) > 0,
    measures=lambda sites: {"kinds": len(_held(sites)), "tests": _tested(sites)},
    statement=_statement,
)
SIGNALS = (TOKEN_RIGOR,)


def detect(project: Project) -> Observations:
    """What is done about the life of tokens, and tests of their end."""
    found = [*_jwt(project), *_keys(project), *_extended(project), *_timed(project), *_loaders(project)]
    found += [_site(f, *_around(f, c), what, c.last) for f, c, what in provider_tokens(project)]
    found += [_site(f, d.start, d.end, "refresh", d.qualname) for f, d in prolonged_tokens(project)]
    for file in project.app:
        if project.reach.live(file.path):
            found.extend(_settings(project, file))
    for file, definition, what in token_functions(project):
        found.append(_site(file, definition.start, definition.end, what, definition.qualname))
    made = any(s.clause == "refresh" and s.subject != _OF_REFRESH for s in found)
    found = [s for s in found if made or s.subject != _OF_REFRESH]
    held = any(s.clause in (*_KINDS, "link_aside") for s in found)
    yield from ((TOKEN_RIGOR, site) for site in found if site.clause != "lead" or not held)
    if held:
        yield from ((TOKEN_RIGOR, site) for site in _tests(project))
    revoked = any(s.clause == "revocation" for s in found)
    for file, definition in logged_out_tests(project) if revoked else ():
        yield TOKEN_RIGOR, _site(file, definition.start, definition.end, "tested", definition.name)


def _site(file: PyFile, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=file.path, start=start, end=min(end, start + 39), clause=clause, subject=subject)


def _around(file: PyFile, call: Call) -> tuple[int, int]:
    """The lines of a call, or of the short function around it."""
    definition = file.function_of(call.scope)
    place = definition if definition is not None and definition.end - definition.start < 30 else call
    return place.start, place.end


def _jwt(project: Project) -> Iterator[Site]:
    """Tokens encoded with claims that end them, and decoded with checks of more than the signature."""
    coded = (*project.calls(project.app, *_ENCODE, *_DECODE), *_coded(project))
    calls = [c for c in coded if project.reach.live(c[0].path, c[1].scope)]
    # A token that is neither checked here nor offered with its public key is made for somebody else's service.
    own = any(name in _DECODE for _, _, name in calls) or any("jwks" in r.rule for r in project.web.routes)
    for file, call, name in calls:
        if name in _ENCODE:
            keys = claims(file, call, int(name.startswith(_HEADER_FIRST))) if own else frozenset[str]()
            yield from (_site(file, *_around(file, call), clause, "encode") for clause in _promised(call, keys))
        elif project.asks_for_whom(file, call):
            yield _site(file, call.start, call.end, "audience", "decode")
    encoding = [(f, c, claims(f, c, int(n.startswith(_HEADER_FIRST)))) for f, c, n in calls if n in _ENCODE]
    makers = {d.name for f, c, keys in encoding if "exp" in keys and (d := f.function_of(c.scope)) is not None}
    if own and makers:
        for file, definition, sent in link_functions(project, makers):
            clause = "link_aside" if sent else "link"
            yield _site(file, definition.start, definition.end, clause, definition.qualname)
        yield from _renewed(project, {d.name for f, c, _ in encoding if (d := f.function_of(c.scope)) is not None})
    if calls and not encoding:  # what others make says when it ends, and a handler refuses it by that
        for file, start, end in refused_when_ended(project, tuple({f.path: f for f, _, _ in calls}.values())):
            yield _site(file, start, end, "expiry", "handled")


def _keys(project: Project) -> Iterator[Site]:
    """Keys that are chosen by the id in a token's header."""
    for file, call in project.live_calls(*sorted(_KEYS_BY_ID)):
        yield _site(file, *_around(file, call), "rotation", "kid")


def _renewed(project: Project, makers: set[str]) -> Iterator[Site]:
    """Refresh tokens of the project's own making: functions named for them that make or take one, and calls that ask a
    maker of tokens for that kind."""
    for file in project.app:
        for number, definition in enumerate(file.module.definitions, 1):
            refs = file.module.refs[number] if number < len(file.module.refs) else ()
            uses = definition.name in makers or any(r.replace("()", "").rpartition(".")[2] in makers for r in refs)
            named = definition.kind == "function" and names_refresh(definition.name)
            if named and uses and project.reach.live(file.path, number):
                yield _site(file, definition.start, definition.end, "refresh", definition.qualname)
        for call in file.module.calls:
            asked = call.last in makers and any(e.kind == "str" and _REFRESH.fullmatch(e.text) for e in call.expr.items)
            if asked and project.reach.live(file.path, call.scope):
                yield _site(file, *_around(file, call), "refresh", call.last)


def _coded(project: Project) -> Iterator[tuple[PyFile, Call, str]]:
    """Calls on objects that encode and decode (``jwt = JsonWebToken(["HS256"])``), under the library's own name."""
    for last in ("encode", "decode"):
        for file, call in project.called.get(last, ()):
            receiver = call.name.rpartition(".")[0]
            made = project.variable_class(file, call.scope, receiver) if receiver else ""
            if made in _CODERS:
                yield file, call, f"{made.rpartition('.')[0]}.jwt.{last}".replace("jwt.jwt.", "jwt.")


def _promised(call: Call, keys: frozenset[str]) -> Iterator[str]:
    """What the claims of a token, and its header, promise about its life."""
    if "exp" in keys:
        yield "expiry"
    else:
        yield "lead"
    if keys & {"scope", "scopes"}:
        yield "scopes"
    headers = call.expr.kwarg("headers") or call.expr.kwarg("header")
    if keys and ("kid" in keys or (headers is not None and headers.kwarg("kid") is not None)):
        yield "rotation"


def _extended(project: Project) -> Iterator[Site]:
    """Flask-JWT-Extended and kin: lifetimes given, refresh tokens made or asked for."""
    for file, call, name in project.calls(project.app, *_JWT_EXTENDED):
        if project.reach.live(file.path, call.scope):
            last = name.rpartition(".")[2]
            refreshes = last == "jwt_required" and _given(call, "refresh")
            if last == "create_refresh_token" or refreshes:
                yield _site(file, call.start, call.end, "refresh", last)
            if _given(call, "expires_delta"):
                yield _site(file, call.start, call.end, "expiry", last)
            if last in ("create_access_token", "encode_jwt_token"):
                yield _site(file, *_around(file, call), "lead", last)
    for file in project.app:
        for definition in file.module.definitions:
            for decorator in definition.decorators:
                if decorator.expr.text.endswith(("jwt_refresh_token_required", "auth_refresh_required")):
                    yield _site(file, decorator.line, definition.line, "refresh", definition.name)


def _given(call: Call, key: str) -> bool:
    value = call.expr.kwarg(key)
    return value is not None and value.text not in ("None", "False")


def _timed(project: Project) -> Iterator[Site]:
    """Signed values that are only taken for a while, as links that somebody is sent or to log in."""
    for file, call, what in timed_tokens(project):
        yield _site(file, *_around(file, call), what, call.last)


def _loaders(project: Project) -> Iterator[Site]:
    """Callbacks that look a token up in a blocklist, and guards that ask for a scope."""
    for use in project.access.uses:
        if use.how == "decorator" and _SCOPED.search(use.name) and project.reach.live(use.file.path):
            own = use.guard.definition if use.guard is not None else None
            if use.guard is not None and own is not None:  # where the scope is asked for, not every route
                yield _site(use.guard.file, own.start, min(own.end, own.start + 39), "scopes", own.name)
            else:
                yield _site(use.file, use.start, use.end, "scopes", use.name)
    for callback in project.web.callbacks(*_LOADERS):
        if project.reach.live(callback.file.path):
            yield _site(callback.file, callback.start, callback.end, "revocation", callback.method)


def _settings(project: Project, file: PyFile) -> Iterator[Site]:
    """Lifetimes and checks in settings; those of a development or test class are a lead."""
    environments = {c.scope: c.environment for c in project.settings.classes if c.file is file}
    for name, value, item in assigned_settings(file):
        clause = _SETTINGS.get(name, "")
        if clause and value.text not in ("False", "None"):
            local = environments.get(item.scope, "") in ("development", "testing")
            yield _site(file, item.start, item.end, "lead" if local else clause, name)


def _tests(project: Project) -> Iterator[Site]:
    """Tests that are about the end of a token; those that speak of tokens rather than links are shown."""
    for file, definition in ended_token_tests(project):
        about = _PLAINLY.search(f"{file.path.rpartition('/')[2]} {definition.name}") is not None
        yield _site(file, definition.start, definition.end, "tested" if about else "tested_aside", definition.name)
