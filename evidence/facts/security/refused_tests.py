"""Tests that expect a refusal: 401, 403, or an exception that stands for one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Call, Definition, Expr
from evidence.facts.security.purpose import LOGIN
from evidence.facts.security.refusals import exception_code, status_of
from evidence.facts.testing.scenarios import Scenario, says
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex", "assert_raises"})
# Keywords by which test clients are told what to expect; WebTest's is ``status``.
_EXPECTED = regex(r"\w{0,20}(?:exp|assert)\w{0,30}|status", re.IGNORECASE)
# Helpers of tests that are told the status: ``check_error(response, 403)``.
_CHECKING = regex(r"(?:^|_)(?:assert|check|expect|verify|ensure)", re.IGNORECASE)
# Flask-Testing's checks have the status in their names.
_NAMED = regex(r"assert_?(40[13])")
_TO_LOGIN = regex(r"(?:^|[/._-])(?:log[_-]?in|sign[_-]?in|authenticate|anmelden|entrar|ingresar)", re.IGNORECASE)
_LOGS_IN = frozenset({"login", "log_in", "signin", "sign_in", "do_login", "_login"})
_WRONG = regex(r"wrong|invalid|incorrect|bad|fail|unsuccess|non_?exist|unknown|not_(?:found|exist)", re.IGNORECASE)
# How applications word a refused login, in the languages most of them speak.
_AMISS = (
    r"(?:invalid|incorrect|wrong|bad|unknown|falsch\w{0,2}|ung\S{1,3}ltig\w{0,2}|incorrect[oa]s?"
    r"|inv\S{1,2}lid[oa]s?|incorrecte?s?|invalides?)"
)
_BROUGHT = (
    r"(?:user|name|e-?mail|password|passwort|credential|login|account|usuario|contrase\S{1,3}a|senha|mot de passe)"
)
_REFUSING = regex(
    rf"{_AMISS} .{{0,30}}{_BROUGHT}"
    rf"|{_BROUGHT}s?.{{0,30}}(?:{_AMISS}|not (?:match|found|valid|recogni)|does(?: not|n.t) (?:exist|match)|fail)"
    r"|log ?in (?:failed|unsuccessful)|authentication failed|please check your (?:login|cred|email|user)",
    re.IGNORECASE,
)
# Where a test looks when strangers are sent to the login page, and how it says that they are.
_LOCATION = regex(r"(?:^|[._])location(?:$|\.)|request\.path$|assert_?redirects", re.IGNORECASE)
_STRANGER = regex(
    r"redirect|required|requires|protected|anonym|guest|without|unauth|not_?logged|unlogged|logged_?out|no_(?:login|access"
    r"|user|token|session)|denied|den(?:y|ies)|refus|restrict",
    re.IGNORECASE,
)
_GOES_ON = regex(r"regist|sign_?up|log_?out_|_log_?out|reset|confirm|verif|success|create|change|delet", re.IGNORECASE)
_LINE = regex(r"40[13] (?:UNAUTHORI[SZ]ED|FORBIDDEN)", re.IGNORECASE)
_STAND_INS = regex(r"mock|responses|httpretty|respx|Response|patch|factory|fake", re.IGNORECASE)
# Methods by which stand-ins are told what another service answers: ``rsps.add(rsps.POST, url, status=401)``.
_ANSWERS = frozenset({"add", "replace", "upsert", "register_uri", "respond", "reply", "add_response"})


class RefusedTest(Struct, frozen=True):
    """One check of a test that expects a refusal: the status, the test's function and the line that checks it."""

    file: PyFile
    definition: Definition | None
    start: int
    end: int
    code: str


def refused_tests(project: Project) -> tuple[RefusedTest, ...]:
    """Every check of the project's tests that expects a refusal, in path and line order."""
    found = [t for file in project.tests for t in _expecting(project, file)]
    for check in project.assertions:
        file, line = check.file, check.line
        code = next((c for e in check.parts if (c := status_of(e) or _line(e))), "")
        if code:
            found.append(RefusedTest(file, _around(file, line), line, line, code))
        elif (
            _sent_to_login(check.parts) and (around := _around(file, line)) is not None and _of_a_stranger(around.name)
        ):
            found.append(RefusedTest(file, around, line, line, "401"))
    found.extend(t for s in project.scenarios if (t := _turned_away(s)) is not None)
    unique = {(t.file.path, t.start, t.code): t for t in found}
    return tuple(unique[k] for k in sorted(unique))


def _sent_to_login(parts: Iterable[Expr]) -> bool:
    """Whether a check, told by its parts, says that the answer leads to the login page."""
    named = any(e.kind in ("str", "fstring") and _TO_LOGIN.search(e.text[:200]) for e in parts)
    return named and any(e.kind in ("name", "index", "call", "str") and _LOCATION.search(e.text[:200]) for e in parts)


def _of_a_stranger(name: str) -> bool:
    """Whether a test is about who comes without a login, not about what leads there after all went well."""
    return _STRANGER.search(name) is not None and _GOES_ON.search(name) is None


def _line(expr: Expr) -> str:
    """The status that Werkzeug's ``response.status`` starts with: "401 UNAUTHORIZED"."""
    return expr.text[:3] if expr.kind == "str" and _LINE.fullmatch(expr.text) else ""


def _turned_away(scenario: Scenario) -> RefusedTest | None:
    """A login in a test that is answered with a text that refuses, or that the test's name says is wrong."""
    if not any(_logs_in(c) for c in scenario.calls) or 401 in scenario.statuses or not scenario.checks:
        return None
    given = [e.text for d in scenario.definition.decorators if "parametrize" in d.expr.text for e in d.expr.walk()]
    for expr, line in scenario.checks:
        said = says(expr)
        told = given if any(e.kind == "name" and e.text in scenario.definition.params for e in expr.walk()) else []
        if any(_REFUSING.search(text[:300]) for text in (*said, *told)):
            return RefusedTest(scenario.file, scenario.definition, line, line, "401")
    if _WRONG.search(scenario.name) and LOGIN.search(scenario.name):
        start, end = scenario.definition.start, min(scenario.definition.end, scenario.definition.start + 39)
        return RefusedTest(scenario.file, scenario.definition, start, end, "401")
    return None


def _logs_in(call: Call) -> bool:
    """``client.post("/login", ...)``, ``self.login(name, password)``, ``auth.login(...)``."""
    if call.last in ("post", "open"):
        texts = (e.text[:200] for v in call.expr.args for e in v.walk() if e.kind in ("str", "fstring"))
        return any(_TO_LOGIN.search(text) for text in texts)
    return "." in call.name and call.last in _LOGS_IN


def _expecting(project: Project, file: PyFile) -> Iterator[RefusedTest]:
    for call in file.module.calls:
        last = call.last
        if named := _NAMED.fullmatch(last):
            code = named[1]
        elif last in _RAISES and call.expr.args:
            code = exception_code(project, file, call.expr.args[0].text)
        else:
            code = _told(call)
        if code and call.scope:
            yield RefusedTest(file, file.function_of(call.scope), call.start, call.end, code)
    for definition in file.module.definitions:
        for decorator in definition.decorators:
            if decorator.expr.text.endswith("parametrize"):
                code = next((c for e in decorator.expr.walk() if e.kind != "str" and (c := status_of(e))), "")
                if code and definition.name.startswith("test"):
                    yield RefusedTest(file, definition, decorator.line, min(definition.end, decorator.line + 39), code)


def _told(call: Call) -> str:
    """The status that a call says it expects: by a keyword, or as a helper that checks a response for it."""
    args = call.expr.args
    if call.last in _ANSWERS:
        return ""
    for key, value in zip(call.expr.keys, call.expr.items[len(args) :], strict=True):
        code = status_of(value)
        if code and _EXPECTED.fullmatch(key) and not _STAND_INS.search(call.name):
            return code
    if len(args) < 2:
        return ""
    code = next((c for v in args[1:] if v.kind != "str" and (c := status_of(v))), "")
    return code if code and _CHECKING.search(call.last) else ""


def _around(file: PyFile, line: int) -> Definition | None:
    """The innermost function around a line."""
    return next(
        (d for d in reversed(file.module.definitions) if d.kind == "function" and d.start <= line <= d.end), None
    )
