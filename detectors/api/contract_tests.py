"""Contract tests: requests and responses of the API are checked against a contract, not only against single values.

**What it sees.** Tests that use Pact, Schemathesis, openapi-core, Tavern and their kin; tests that check responses
against JSON Schemas or schema classes, also through helpers of the project; Dredd, Schemathesis, Pact and Prism
commands in CI and in scripts; and whether CI runs these tests.

**Why it matters.** A field that changes its name breaks clients while every endpoint test stays green; a contract
test fails.

**What it cannot tell.** Whether the contract is the one that clients rely on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.api import (
    Assign,
    Call,
    CiRun,
    Expr,
    Observations,
    Project,
    PyFile,
    Scenario,
    SchemaCheck,
    Signal,
    Site,
    Sites,
    plural,
    regex,
)

# Libraries whose business is contracts; importing one in a test and calling it is a contract test.
_LIBRARIES = (
    "pact", "schemathesis", "openapi_core", "hypothesis_jsonschema", "pytest_openapi", "openapi_tester", "pactman",
    "tavern", "dredd_hooks", "aiopenapi3", "bravado_core", "flex", "swagger_tester", "pytest_schema",
    "pytest_jsonschema", "syrupy_openapi", "drf_openapi_tester", "stepci", "openapi_response_validator",
    "jsonschema_path", "lapidary", "pytest_pact",
)  # fmt: skip
_COMMANDS = frozenset(
    {
        "schemathesis",
        "st",
        "dredd",
        "pact-verifier",
        "pact-broker",
        "pact_verifier_cli",
        "portman",
        "prism",
        "microcks-cli",
        "specmatic",
        "pact",
        "tavern-ci",
        "cats",
    }
)
_RUNS = ("run", "verify", "can-i-deploy", "test", "proxy")
_ALONE = frozenset({"dredd", "pact-verifier", "pact_verifier_cli", "portman", "tavern-ci", "cats"})
# Checks of other protocols' schemas: a lead, not a test of requests and responses.
_PROTOCOLS = frozenset({"buf", "weaver", "asyncapi", "graphql-inspector"})
_RESPONSE = regex(
    r"(?:^|[._])(?:json(?:_body|_data|_resp\w{0,10})?|get_json|get_data|resp(?:onse)?\w{0,12}|rv|res|result|body|data)(?:$|[._(\[])",
    re.IGNORECASE,
)
# Helpers that ask for an answer, and its own methods.
_ANSWER = regex(r"(?:^|[._])(?:resp(?:onse)?s?|rv)(?:$|[._(])|\.(?:get_)?json$", re.IGNORECASE)
_JSON_MODULES = ("json.", "simplejson.", "orjson.", "ujson.", "flask.json")
_SENT = regex(r"request|payload|input", re.IGNORECASE)
_MAX_LINES = 39
# ``mock.patch`` sends nothing.
_MOCKS = regex(r"^(?:unittest\.mock|mock|mocker|monkeypatch)\b|^patch$|patch\.(?:object|dict|multiple)$")


def _checked(sites: Sites) -> bool:
    return bool(sites.of("contract", "response", "command"))


def _statement(sites: Sites) -> str:
    if not _checked(sites):
        return "Parts of a contract are compared or linted, but no test checks requests or responses against one."
    parts = []
    if sites.of("contract", "command"):
        parts.append(f"{plural(sites.count('contract', 'command'), 'use')} of contract-testing tools")
    if sites.of("response"):
        parts.append(f"{plural(sites.count('response'), 'check')} of responses against schemas in tests")
    tail = "; CI runs them" if sites.of("run_by_ci", "command") else ""
    text = " and ".join(parts)
    return f"{text[0].upper()}{text[1:]}{tail}."


CONTRACT_TESTS = Signal(
    id="api.contract_tests",
    title="Contract tests",
    competency="api-contracts",
    seeds=("S2.3", "S8.1", "C7.1"),
    counts=(
        "Tests check requests or responses against a contract: Pact, Schemathesis, openapi-core, or schemas of the "
        "responses."
    ),
    strong="CI runs these tests on changes.",
    not_credited="Endpoint tests that compare single values; a response compared with what the same serialiser writes.",
    how_to_show=(
        "Keep the schemas of your responses in one place, check every endpoint's answer against them in tests, and "
        "run the tests in CI."
    ),
    clauses=("response", "contract", "command", "run_by_ci", "circular", "protocol"),
    leads=("circular", "protocol"),
    defining=("response", "contract", "command"),
    practised=_checked,
    sustained=lambda sites: bool(sites.of("run_by_ci", "command")),
    measures=lambda sites: {"checks": sites.count("response", "contract")},
    statement=_statement,
)
SIGNALS = (CONTRACT_TESTS,)


def detect(project: Project) -> Observations:
    """Uses of contract tools, checks of responses, and the CI steps that run them."""
    found = [*_tools(project), *_responses(project)]
    yield from ((CONTRACT_TESTS, s) for s in found)
    tested = {s.path for s in found if s.clause in ("contract", "response")}
    for run in project.ci_runs:
        yield from ((CONTRACT_TESTS, s) for s in _in_ci(run, tested))
    scripts = [
        _site(use.path, use.start, use.end, "contract", program)
        for use in project.tool_uses
        if (program := _checker((use.tool, *use.words[1:])))
    ]
    yield from ((CONTRACT_TESTS, s) for s in scripts)
    if not (found or scripts):
        yield from ((CONTRACT_TESTS, s) for s in _circular(project))


def _site(path: str, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=path, start=start, end=min(end, start + _MAX_LINES), clause=clause, subject=subject)


def _tools(project: Project) -> Iterator[Site]:
    for file, call, name in project.calls(project.tests, *_LIBRARIES):
        yield _site(file.path, call.start, call.end, "contract", name.partition(".")[0])


# ------------------------------------------------------------------------------------------------ responses


def _responses(project: Project) -> Iterator[Site]:
    owners = {(s.file.path, c.start, c.name): s for s in project.scenarios for c in s.calls}
    for check in project.schema_checks.in_tests:
        call = next((c for c in check.file.module.calls if c.start == check.start and c.scope == check.scope), None)
        scenario = next(
            (
                s
                for c in check.file.module.calls
                if c.start == check.start and (s := owners.get((check.file.path, c.start, c.name)))
            ),
            None,
        )
        if call is None or check.style in ("form", "parser", "decorator"):
            continue
        if scenario is not None and _of_response(scenario, check):
            yield _site(check.file.path, check.start, check.end, "response", scenario.name)


def _of_response(scenario: Scenario, check: SchemaCheck) -> bool:
    """Whether what is checked came out of a request: the test asks for something, and the data is named or made of the
    answer."""
    if check.data is None or not _asks(scenario):
        return False
    return _is_response(scenario.file, check.scope, check.data, 3)


def _asks(scenario: Scenario) -> bool:
    verbs = ("get", "post", "put", "patch", "delete", "open", "request")
    asked = [c for c in scenario.calls if not _MOCKS.search(c.name)]
    # a module called questionnaire_response answers nobody, and a schema of requests asks nobody
    named = (".".join(p for p in c.name.split(".")[-2:] if "schema" not in p.lower()) for c in asked)
    return (
        bool(scenario.requests)
        or any(c.last in verbs and "." in c.name and not _looks_up(c) for c in asked)
        or any("request" in n or _ANSWER.search(n) for n in named)
    )


def _looks_up(call: Call) -> bool:
    """``result.get("name")``: a word that is no address is a key."""
    first = call.expr.args[0] if call.expr.args else None
    return first is not None and first.kind == "str" and "/" not in first.text


def _is_response(file: PyFile, scope: int, value: Expr, hops: int) -> bool:
    for part in value.walk():
        if part.kind not in ("name", "call", "index"):
            continue
        module = part.text.startswith(_JSON_MODULES)  # ``json.loads`` is no answer
        if _RESPONSE.search(part.text) and not _SENT.search(part.text) and not module:
            return True
        for item in file.assigned.get((scope, part.text), ()) if hops else ():
            if _is_response(file, scope, _value(item), hops - 1):
                return True
    return False


def _value(item: Assign | Call) -> Expr:
    return item.expr if isinstance(item, Call) else item.value


def _circular(project: Project) -> Iterator[Site]:
    """Responses compared with the output of the application's own serialiser."""
    names = {d.name for _, d, kind in project.schema_checks.definitions if kind == "marshmallow"}
    for scenario in project.scenarios if names else ():
        for expr, line in scenario.checks:
            if expr.text == "==" and any(e.kind in ("call", "index") and ".dump" in e.text for e in expr.walk()):
                start = scenario.definition.line if line - scenario.definition.line < _MAX_LINES else line
                yield _site(scenario.file.path, start, line, "circular", scenario.name)


# ------------------------------------------------------------------------------------------------------- CI


def _in_ci(run: CiRun, tested: set[str]) -> Iterator[Site]:
    place = run.place
    if not run.effective or not run.pipeline.on_change:
        return
    if program := _checker(run.words):
        yield _site(place.path, place.start, place.end, "command", program)
    elif (program := run.words[0].rpartition("/")[2] if run.words else "") in _PROTOCOLS:
        yield _site(place.path, place.start, place.end, "protocol", program)
    elif "test" in run.kinds and any(_covers(run, path) for path in tested):
        yield _site(place.path, place.start, place.end, "run_by_ci", run.tool)


def _checker(words: tuple[str, ...]) -> str:
    """The tool by which a command checks a contract; "" where it does not."""
    program = words[0].rpartition("/")[2] if words else ""
    checks = program in _COMMANDS and (program in _ALONE or any(w in _RUNS for w in words))
    return program if checks else ""


def _covers(run: CiRun, path: str) -> bool:
    """Whether a test run in this step's folder, with these arguments, would collect the file."""
    folder = run.step.directory.strip("./")
    if folder and not path.startswith(folder + "/"):
        return False
    inner = path[len(folder) + 1 :] if folder else path
    named = [
        w.partition("::")[0].removeprefix("./").rstrip("/") for w in run.words[1:] if "/" in w or w.endswith(".py")
    ]
    folders = [n for n in named if not n.startswith("-") and not n.startswith("$")]
    return not folders or any(inner == n or inner.startswith(n + "/") for n in folders)
