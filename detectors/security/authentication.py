"""Authentication: the service knows who asks, and turns away who cannot prove it.

**What it sees.** Logins and token checks (Flask-Login, Flask-JWT-Extended, Flask-HTTPAuth, Flask-Security, OAuth, OIDC,
SAML, LDAP, PyJWT, API keys and the project's own), callbacks that load or verify a user, guards that answer 401 or lead
to the login page, hashing of passwords, where all this stands before routes, and tests that expect to be refused.

**Why it matters.** Everything else that protects data rests on knowing who is asking.

**What it cannot tell.** Whether every route that needs a login has one, how strong passwords are, and what an identity
provider in front of the service does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from evidence.api import (
    HANDED_ON,
    LOGINS,
    PASSWORD_DIRECTORIES,
    PASSWORD_KEEPERS,
    TOKEN_PACKAGES,
    Call,
    Definition,
    Observations,
    Project,
    PyFile,
    RefusedTest,
    Signal,
    Site,
    Sites,
    passwords_handed_on,
    plural,
    regex,
    session_logins,
    views_that_ask,
    views_that_refuse,
)

_HASHES = frozenset({
    "generate_password_hash", "check_password_hash", "hashpw", "checkpw", "pbkdf2_hmac", "scrypt", "PasswordHasher",
    "hash_password", "verify_and_update_password", "pbkdf2_sha256", "compare_digest", "crypt",
})  # fmt: skip
_HASH_PACKAGES = (
    "werkzeug", "bcrypt", "flask_bcrypt", "passlib", "argon2", "flask_argon2", "hashlib", "scrypt", "flask_security",
    "flask_praetorian", "pwdlib", "nacl.pwhash", "hmac", "secrets", "crypt", "cryptography.hazmat.primitives.kdf",
    "flask_scrypt",
)  # fmt: skip
_CHECKS = frozenset({"check_password_hash", "checkpw", "verify_and_update_password", "compare_digest"})
_CONTEXT_METHODS = (".hash", ".verify", ".encrypt", ".verify_and_update", ".hashpw", ".checkpw")
_CALLBACKS = frozenset({
    "user_loader", "request_loader", "header_loader", "verify_password", "verify_token", "user_lookup_loader",
    "get_password", "user_loader_callback_loader", "authentication_handler", "authorized_handler", "identity_handler",
    "register_token_validator",
})  # fmt: skip
_PASSWORD = regex(r"passw|contrasen|senha|passwort|kennwort|motdepasse|mot_de_passe|wachtwoord", re.IGNORECASE)
_ABOUT = regex(
    r"auth|login|log_in|logged|token|jwt|credential|password|api_?key|session|signin|anonym|unauth", re.IGNORECASE
)
# What only words the answer for whoever refuses: ``def unauthorized(message): ...``.
_WORDED = regex(r"(?:api_)?(?:un_?authori[sz]ed|forbidden|access_denied)(?:_(?:error|response|access))?", re.IGNORECASE)
_RIGHTS = regex(r"role|perm(?:s|_|ission)|admin|owner|scope|forbid|privilege", re.IGNORECASE)
_UNAUTHORISED = regex(r"un_?authori[sz]ed", re.IGNORECASE)
_LONGEST = 40
_SHOWN = (
    "login", "guard", "hashed", "tested", "callback", "applied", "inline", "tested_aside", "set_up", "guard_aside",
)  # fmt: skip
# Facts that count and are not shown: other places show the same better.
_COUNTED = ("inherited", "hashing", "password", "elsewhere")
# "Applied to routes": a view that asks the session itself guards no other.
_SEVERAL = 2
# A guard that is used less than a third as often as another one is shown after it.
_FEW = 3


def _refused(sites: Sites) -> int:
    """Checks of tests that expect a refusal; those in tests about logins are shown first."""
    return sites.count("tested", "tested_aside")


def _practised(sites: Sites) -> bool:
    """Somebody is let in or kept out, routes stand behind it, and no password is compared in the clear."""
    hashed = bool(sites.of("hashed", "hashing", "elsewhere")) or not sites.of("password")
    stands = bool(sites.of("applied", "inherited")) or sites.count("inline") >= _SEVERAL
    return bool(sites.of("login", "guard", "callback")) and stands and hashed


def _statement(sites: Sites) -> str:
    ways = sites.count("login", "callback")
    guards = sites.count("guard", "guard_aside")
    if not _practised(sites):
        if sites.of("password") and not sites.of("hashed", "hashing", "elsewhere"):
            return "There is a login that asks for a password, and no hashing of passwords."
        return "Parts of a login are there, but no route stands behind them."
    made = [plural(n, what) for n, what in ((ways, "login or token check"), (guards, "own guard")) if n]
    tests = f"; {plural(_refused(sites), 'test check')} of refused logins or tokens" if _refused(sites) else ""
    hashed = ", passwords hashed" if sites.of("hashed", "hashing") else ""
    places = plural(sites.count("applied", "inherited", "inline"), "place")
    return f"{' and '.join(made)} before {places} of the application{hashed}{tests}."


AUTHENTICATION = Signal(
    id="security.authentication",
    title="Authentication",
    competency="auth",
    seeds=("S6.1", "C5.1"),
    counts=(
        "A login, token, API key, OAuth, OIDC or SAML check is implemented and stands before routes; "
        "passwords are hashed."
    ),
    strong="Tests show that wrong or expired credentials are refused.",
    not_credited="A login that compares passwords in the clear; an extension that guards no route; tests of a model.",
    how_to_show="Put the login check on your routes and test that a request with a wrong or no token answers 401.",
    clauses=(*_SHOWN, *_COUNTED),
    defining=("login", "guard", "guard_aside", "callback", "hashed"),
    uncited=_COUNTED,
    applies="python",
    trace=lambda sites: bool(sites.of("login", "guard", "callback", "set_up", "applied")),
    practised=_practised,
    sustained=lambda sites: _refused(sites) > 0,
    measures=lambda sites: {
        "guarded": sites.count("applied", "inherited", "inline"),
        "ways": len(sites.of("login", "guard", "guard_aside", "callback").subjects()),
        "negative_tests": _refused(sites),
    },
    statement=_statement,
)
SIGNALS = (AUTHENTICATION,)


def detect(project: Project) -> Observations:
    """Logins and checks, hashing, guards and where they stand, and tests that expect a refusal."""
    entries = list(_entries(project))
    guards = list(_guards(project))
    for site in (*entries, *_callbacks(project), *_hashing(project), *guards):
        yield AUTHENTICATION, site
    if not any(s.clause == "applied" for s in guards):
        session = any(s.subject == "session" for s in entries)
        checks = frozenset((s.path, s.start) for s in entries if s.clause == "login" and s.subject in TOKEN_PACKAGES)
        for file, definition in views_that_ask(project, checks, session):
            yield AUTHENTICATION, _site(file, definition.start, definition.end, "inline", definition.qualname)
        yield from ((AUTHENTICATION, site) for site in _refusing(project, entries, session))
    for test in project.access.refused_tests:
        if _of_login(test):
            name = test.definition.name if test.definition else ""
            clause = "tested" if _ABOUT.search(f"{test.file.path.rpartition('/')[2]} {name}") else "tested_aside"
            yield AUTHENTICATION, _site(test.file, test.start, test.end, clause, name)


def _refusing(project: Project, entries: list[Site], session: bool) -> Iterator[Site]:
    """Views that refuse by themselves: whoever the session does not know, or a token that several of them look up."""
    views, checks = views_that_refuse(project, session, {(s.path, s.start) for s in entries})
    # what asks the session for a right is guarded by the login, which is the place to look
    clause = "inherited" if session else "inline"
    for file, definition in views:
        yield _site(file, definition.start, definition.end, clause, definition.qualname)
    for file, definition in checks:
        yield _site(file, definition.start, definition.end, "login", definition.name)


def _site(file: PyFile, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=file.path, start=start, end=min(end, start + _LONGEST - 1), clause=clause, subject=subject)


def _live(project: Project, file: PyFile, scope: int) -> bool:
    return project.reach.live(file.path, scope)


def _entries(project: Project) -> Iterator[Site]:
    """Functions that let somebody in or check what they bring; an object made at module level is set-up only."""
    for file, call, name in project.calls(project.app, *LOGINS):
        package, wanted = next(
            (p, w) for p, w in LOGINS.items() if name.startswith(p) and name[len(p) : len(p) + 1] in ("", ".", "(")
        )
        made = "encode()" in name or project.logs_in_elsewhere(file, package)  # ``encode().decode()`` makes a token
        optional = call.expr.kwarg("optional")
        if optional is not None and optional.text == "True":
            continue  # whoever asks goes on: it is only looked at who that is
        if made or name.replace("()", "").rpartition(".")[2] not in wanted or not _live(project, file, call.scope):
            continue
        if package in PASSWORD_DIRECTORIES:
            yield _site(file, call.start, call.end, "elsewhere", package)
        if package in PASSWORD_KEEPERS:
            yield _site(file, call.start, call.end, "login", package)
            yield _site(file, call.start, call.end, "hashed", package)
        elif call.scope:
            yield from _function_site(project, file, call.scope, "login", package)
        else:
            yield _site(file, call.start, call.end, "set_up", package)
    yield from _by_others(project)
    for file, scope in session_logins(project):
        yield from _function_site(project, file, scope, "login", "session")


def _by_others(project: Project) -> Iterator[Site]:
    """Passwords that a provider's client is handed, checks that connexion runs before operations, tokens read back."""
    for file, call in (*project.live_calls(*HANDED_ON), *passwords_handed_on(project)):
        if call.scope:
            yield _site(file, call.start, call.end, "elsewhere", call.last)
            yield from _function_site(project, file, call.scope, "login", call.last)
    for what, checks in (("connexion", project.served_specs.checks), ("itsdangerous", project.access.signed_logins)):
        yield from (_site(file, d.start, d.end, "login", what) for file, d in checks)


def _function_site(project: Project, file: PyFile, scope: int, clause: str, subject: str) -> Iterator[Site]:
    """The function around a scope; and that it deals with a password, where it or a function that it calls reads
    one."""
    definition = file.function_of(scope)
    if definition is None:
        return
    yield _site(file, definition.start, definition.end, clause, subject)
    called = (project.defined(file, c.name) for c in file.calls_in(scope))
    asked = [(file, definition), *(found for found in called if found is not None and found[1].kind == "function")]
    if any(_reads_password(home, function) for home, function in asked):
        yield _site(file, definition.start, definition.end, "password", subject)


def _reads_password(file: PyFile, definition: Definition) -> bool:
    scope = file.scopes.get(definition.qualname, 0)
    names = (*definition.params, *(file.module.refs[scope] if scope < len(file.module.refs) else ()))
    return any(_PASSWORD.search(n) for n in names)


def _callbacks(project: Project) -> Iterator[Site]:
    """Functions hung on an extension that load a user or verify a password or token."""
    for callback in project.web.callbacks(*sorted(_CALLBACKS)):
        if not _live(project, callback.file, 0):
            continue
        verifies = callback.method in ("verify_password", "verify_token", "request_loader", "authorized_handler")
        file, definition = callback.handler_file, callback.handler
        if file is not None and definition is not None:
            yield _site(file, definition.start, definition.end, "login" if verifies else "callback", callback.method)
        else:
            yield _site(callback.file, callback.start, callback.end, "callback", callback.method)


def _hashing(project: Project) -> Iterator[Site]:
    """Calls that hash a password, or check one against its hash."""
    for file in project.app:
        for call in file.module.calls:
            last = call.last.replace("()", "")
            if (last in _HASHES or call.name.endswith(_CONTEXT_METHODS)) and _hashes(project, file, call):
                definition = file.function_of(call.scope)
                short = definition is not None and definition.end - definition.start < 20
                place = definition if definition is not None and short else call
                checks = last in _CHECKS or call.name.endswith(".verify")
                clause = "hashed" if checks and not _of_a_signature(last, call, definition) else "hashing"
                yield _site(file, place.start, place.end, clause, definition.name if definition else last)


def _of_a_signature(last: str, call: Call, definition: Definition | None) -> bool:
    """Whether two values are compared safely which nobody calls a password: signatures of webhooks, tokens."""
    named = [definition.name if definition else "", *(e.text for v in call.expr.items for e in v.walk())]
    return last == "compare_digest" and not any(_PASSWORD.search(text) for text in named)


def _hashes(project: Project, file: PyFile, call: Call) -> bool:
    receiver = call.name.replace("()", "").rpartition(".")[0]
    made = project.variable_class(file, call.scope, receiver) if receiver else ""
    name = made or project.external(file, call.name)
    return name.startswith(_HASH_PACKAGES)


def _guards(project: Project) -> Iterator[Site]:
    """The project's own guards that ask who it is, and every place a guard stands before something."""
    for operation in project.served_specs.operations if project.served_specs.checks else ():
        if operation.secured:
            line = operation.definition.start
            yield _site(operation.file, line, operation.definition.line, "applied", operation.definition.name)
    uses = [u for u in project.access.uses if u.purpose and _live(project, u.file, 0)]
    counts = Counter(u.guard.key for u in uses if u.guard is not None and u.purpose == "authentication")
    for guard in {u.guard.key: u.guard for u in uses if u.guard is not None}.values():
        if guard.behind:  # what it passes on stands before the same places
            counts[guard.behind] += counts[guard.key]
    most = max(counts.values(), default=0)
    seen: set[tuple[str, str]] = set()
    views = {(f.path, d.qualname) for f, d in project.web.views}
    for use in uses:
        if use.how == "inherited":
            yield _site(use.file, use.start, use.end, "inherited", use.name)
        elif use.how != "call" or (use.around is not None and (use.file.path, use.around.qualname) in views):
            yield _site(use.file, use.start, use.end, "applied", use.name)
        if use.guard is not None and use.asks_who and use.guard.key not in seen:
            seen.add(use.guard.key)
            definition = use.guard.definition
            if _WORDED.fullmatch(definition.name):
                continue
            clause = "guard" if counts[use.guard.key] * _FEW >= most else "guard_aside"
            yield _site(use.guard.file, definition.start, definition.end, clause, definition.name)


def _of_login(test: RefusedTest) -> bool:
    """A refused login rather than a refused right: 401, or 403 in a test that speaks of logins or tokens."""
    name = test.definition.name if test.definition else ""
    if test.code == "401":
        return not _RIGHTS.search(name)
    about = f"{test.file.path.rpartition('/')[2]} {name}"
    return bool(_ABOUT.search(_UNAUTHORISED.sub("", about))) and not _RIGHTS.search(name)
