"""Browser protections: forged requests, foreign origins, framing and stolen cookies are kept out.

**What it sees.** CSRFProtect, Flask-WTF forms that are validated, SeaSurf and own CSRF guards; CORS limited to named
origins; Talisman and its like, or security headers the project sets itself on its responses; cookie flags in settings
and in ``set_cookie``; tests of any of these. CORS open to all is named.

**Why it matters.** The browser sends cookies along whoever asks. These few settings decide who may.

**What it cannot tell.** Headers that a proxy or CDN adds, and whether a policy is strict enough to help.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec.structs import replace

from evidence.api import (
    Assign,
    Call,
    Expr,
    Observations,
    Project,
    PyFile,
    Ref,
    Signal,
    Site,
    Sites,
    assigned_settings,
    is_off,
    regex,
)

_KINDS = ("csrf", "headers", "cors", "cookies")
_WORDS = {
    "csrf": "CSRF tokens",
    "headers": "security headers",
    "cors": "CORS for named origins",
    "cookies": "cookie flags",
}
_CSRF = (
    "flask_wtf.CSRFProtect",
    "flask_wtf.csrf.CSRFProtect",
    "flask_wtf.csrf.CsrfProtect",
    "flask_wtf.CsrfProtect",
    "flask_seasurf.SeaSurf",
)
_HEADERS = (
    "flask_talisman",
    "talisman",
    "secure.Secure",
    "flask_sslify.SSLify",
    "guard.ContentSecurityPolicy",
    "flask_csp",
)
_FORMS = ("flask_wtf.FlaskForm", "flask_wtf.Form", "flask_wtf.form.FlaskForm", "flask_wtf.form.Form")
_VALIDATES = regex(r"\.validate_on_submit$|(?:^|[._])form\.validate$")
_NAMES = regex(
    r"(?:x-frame-options|x-content-type-options|content-security-policy|strict-transport-security|referrer-policy|x-xss-protection"
    r"|permissions-policy|feature-policy|cross-origin-\w{2,8}-policy)(?:-report-only)?",
    re.IGNORECASE,
)
_ORIGIN = "access-control-allow-origin"
# Settings of Flask, Flask-Login and Flask-JWT-Extended that put a flag on a cookie.
_FLAGS = regex(r"(?:SESSION|REMEMBER|JWT|CSRF|AUTH|JWT_REFRESH|WTF_CSRF)_COOKIE_(?:SECURE|HTTPONLY|SAMESITE)")
_NOT_PRODUCTION = frozenset({"development", "testing"})
# The kinds of expressions whose texts may name one.
_NAMING = frozenset({"str", "name", "index", "call"})
_TESTED = regex(
    r"x-frame-options|x-content-type-options|content-security-policy|strict-transport|csrf|samesite|httponly|access-control-allow-origin|referrer-policy",
    re.IGNORECASE,
)


def _held(sites: Sites) -> list[str]:
    return [k for k in _KINDS if sites.of(k)]


def _statement(sites: Sites) -> str:
    held = _held(sites)
    wide = " CORS is open to all origins." if sites.of("open") else ""
    if not held:
        return f"Nothing of it is switched on.{wide}"
    text = ", ".join(_WORDS[k] for k in held)
    tests = "; tests check it" if sites.of("tested") else ""
    return f"{text[0].upper()}{text[1:]}{tests}.{wide}"


BROWSER_PROTECTIONS = Signal(
    id="security.browser_protections",
    title="CSRF, CORS, headers and cookie flags",
    competency="input-validation",
    seeds=("S6.1", "C5.2"),
    counts="One of: CSRF tokens; CORS for named origins; security headers; Secure, HttpOnly or SameSite cookies.",
    strong="Two or more of them, or tests that check one.",
    not_credited="CORS open to all origins; flags that are set to False, or only for development and tests; "
    "CSRFProtect that settings switch off.",
    how_to_show="Initialise CSRFProtect and Talisman in your factory, name the origins of CORS, and test the headers.",
    clauses=(*_KINDS, "tested", "template", "unused", "form", "open"),
    defining=_KINDS,
    leads=("unused",),
    uncited=("form", "open"),
    applies="python",
    trace=lambda sites: bool(sites.of(*_KINDS, "unused")),
    practised=lambda sites: len(_held(sites)) >= 1,
    sustained=lambda sites: len(_held(sites)) >= 2 or bool(sites.of("tested")),
    measures=lambda sites: {
        "kinds": len(_held(sites)),
        "tests": sites.count("tested"),
        "open_cors": sites.count("open"),
    },
    statement=_statement,
)
SIGNALS = (BROWSER_PROTECTIONS,)


def detect(project: Project) -> Observations:
    """Protections per kind, and tests of them where there are any."""
    off = _switched_off(project)
    found = [replace(s, clause="unused") if s.clause == "csrf" and off else s for s in _extensions(project)]
    found.extend(_guards(project))
    whole = any(s.clause == "csrf" for s in found)
    found.extend(_forms(project, "form" if whole else "csrf"))
    for file in project.app:
        if project.reach.live(file.path):
            found.extend(_settings(project, file))
            found.extend(_in_code(project, file))
    found.extend(_cors(project))
    yield from ((BROWSER_PROTECTIONS, site) for site in found)
    if any(s.clause in _KINDS for s in found):
        yield from ((BROWSER_PROTECTIONS, site) for site in _tests(project))


def _site(file: PyFile, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=file.path, start=start, end=min(end, start + 39), clause=clause, subject=subject)


def _extensions(project: Project) -> Iterator[Site]:
    """Extensions that protect all of an application; one that is never bound to it is a lead."""
    bindings = _bindings(project)
    for clause, names in (("csrf", _CSRF), ("headers", _HEADERS)):
        for file, call, name in project.calls(project.app, *names):
            if not project.reach.live(file.path, call.scope) or "()" in name or call.target == "decorator":
                continue
            binding = bindings.get(Ref(file.path, call.target)) if call.target else None
            bound = bool(call.expr.items) or binding is not None
            yield _site(file, call.start, call.end, clause if bound else "unused", call.target)
            if binding is not None:
                yield _site(binding[0], binding[1].start, binding[1].end, clause, "init_app")


def _switched_off(project: Project) -> bool:
    """Whether the settings of every environment but tests switch CSRFProtect off, or leave it to each view to ask for
    the check and none does."""
    environments = {(c.file.path, c.scope): c.environment for c in project.settings.classes}
    told = [
        (target, is_off(value))
        for file in project.app
        if project.reach.live(file.path)
        for target, value, item in assigned_settings(file)
        if target in ("WTF_CSRF_ENABLED", "WTF_CSRF_CHECK_DEFAULT")
        and file.function_of(item.scope) is None
        and environments.get((file.path, item.scope), "") not in _NOT_PRODUCTION
    ]
    names = {target for target, off in told if off} - {target for target, off in told if not off}
    asked = any(c.last == "protect" for f in project.app for c in f.module.calls)
    return "WTF_CSRF_ENABLED" in names or ("WTF_CSRF_CHECK_DEFAULT" in names and not asked)


def _bindings(project: Project) -> dict[Ref, tuple[PyFile, Call]]:
    """The first ``init_app`` that is called on each variable of the project."""
    found: dict[Ref, tuple[PyFile, Call]] = {}
    for file in project.app:
        for call in file.module.calls:
            if call.name.endswith(".init_app"):
                ref = project.resolve(file, call.name.removesuffix(".init_app"))
                own = ref if not ref.external else Ref(file.path, ref.name)
                found.setdefault(own, (file, call))
    return found


def _forms(project: Project, clause: str) -> Iterator[Site]:
    """Forms of Flask-WTF carry a token; the functions that validate them check it. Where the whole application is
    protected they only count."""
    built = any(
        project.class_of(f, b.text) in _FORMS
        for f in project.app
        for d in f.module.definitions
        if d.kind == "class"
        for b in d.bases
    )
    if not built and not any(True for _ in project.calls(project.app, *_FORMS)):
        return
    for file in project.app:
        for call in file.module.calls:
            definition = file.function_of(call.scope)
            if _VALIDATES.search(call.name) and definition is not None and project.reach.live(file.path):
                yield _site(file, definition.start, definition.end, clause, definition.qualname)
    for path, template in project.templates.items() if clause == "csrf" else ():
        for tag in template.tags:
            if any(n.rpartition(".")[2] in ("hidden_tag", "csrf_token") for n in tag.names):
                yield Site(path=path, start=tag.line, end=tag.line, clause="template", subject=path)


def _guards(project: Project) -> Iterator[Site]:
    """Guards of the project's own that refuse forged requests."""
    seen = set()
    for use in project.access.uses:
        if use.guard is None or use.guard.key in seen:
            continue
        reads = use.guard.names if use.how == "hook" else ()
        if any(re.search("csrf|xsrf", name, re.IGNORECASE) for name in (use.name, *reads)):
            seen.add(use.guard.key)
            yield _site(
                use.guard.file, use.guard.definition.start, use.guard.definition.end, "csrf", use.guard.definition.name
            )


def _settings(project: Project, file: PyFile) -> Iterator[Site]:
    """Cookie flags and CSRF of JWT cookies in settings: class attributes, ``app.config[...]``, mappings, keywords."""
    classes = {c.scope: c.environment for c in project.settings.classes if c.file is file}
    for target, value, item in assigned_settings(file):
        if classes.get(item.scope, "") in _NOT_PRODUCTION or is_off(value):
            continue
        if _FLAGS.fullmatch(target):
            yield _site(file, item.start, item.end, "cookies", target)
        elif target in ("JWT_COOKIE_CSRF_PROTECT", "WTF_CSRF_ENABLED"):
            yield _site(file, item.start, item.end, "csrf" if target.startswith("JWT") else "unused", target)


def _in_code(project: Project, file: PyFile) -> Iterator[Site]:
    """Headers that code sets on responses, and flags it gives to cookies."""
    for item in file.module.assigns:
        if "headers[" in item.target and item.scope:
            yield from _header(file, item.target.rpartition("[")[2].strip("\"']"), item.value, item)
        elif item.value.kind == "dict":
            yield from _header_dict(file, item.value, item)
    for call in file.module.calls:
        last = call.last
        args = call.expr.args
        if ".headers." in f".{call.name}" and last in ("add", "set", "setdefault", "__setitem__") and len(args) > 1:
            yield from _header(file, args[0].text, args[1], call)
        elif last in ("update", "extend") and ".headers." in call.name:
            for value in args:
                yield from _header_dict(file, value, call)
        elif last in ("set_cookie", "dump_cookie") and any(
            (v := call.expr.kwarg(k)) is not None and not is_off(v) for k in ("secure", "httponly", "samesite")
        ):
            yield _site(file, call.start, call.end, "cookies", "set_cookie")


def _header(file: PyFile, name: str, value: Expr, item: Assign | Call) -> Iterator[Site]:
    """One header; the function around it is shown, where it is short."""
    lower = name.lower()
    definition = file.function_of(item.scope)
    start, end = (item.start, item.end)
    if definition is not None and definition.end - definition.start < 30:
        start, end = definition.start, definition.end
    if _NAMES.fullmatch(lower):
        yield _site(file, start, end, "headers", definition.qualname if definition else lower)
    elif lower == _ORIGIN and value.text != "*":
        yield _site(file, item.start, item.end, "cors", lower)


def _header_dict(file: PyFile, value: Expr, item: Assign | Call) -> Iterator[Site]:
    if value.kind == "dict" and sum(bool(_NAMES.fullmatch(k)) for k in value.keys) >= 2:
        yield _site(file, item.start, item.end, "headers", "headers")


def _cors(project: Project) -> Iterator[Site]:
    """Flask-CORS and hooks: named origins count, all origins are named as such."""
    for item in project.cross_origins:
        yield _site(item.file, item.start, item.end, "cors" if item.named else "open", "CORS")


@lru_cache(1 << 14)
def _is_tested(text: str) -> bool:
    """Whether a text names a security header or a CSRF token; checks repeat few texts many times."""
    return _TESTED.search(text) is not None


def _tests(project: Project) -> Iterator[Site]:
    """Checks that name a security header or a CSRF token, and tests that refuse without one. That every origin is
    let in is no protection that a test could check."""
    for check in project.assertions:
        named = any(e.kind in _NAMING and _is_tested(e.text) for e in check.parts)
        if named and not any(e.kind == "str" and e.text == "*" for e in check.parts):
            yield _site(check.file, check.line, check.line, "tested", check.file.path)
    for test in project.access.refused_tests:
        if test.definition is not None and re.search("csrf|xsrf", test.definition.name, re.IGNORECASE):
            yield _site(test.file, test.start, test.end, "tested", test.definition.name)
