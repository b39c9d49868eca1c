"""Messages with a shape: what services exchange by contract, not as whatever a dictionary holds.

**What it sees.** Classes that describe a message (pydantic, dataclasses, typed dictionaries, marshmallow...) and the
functions that publish them or read them from a broker; CloudEvents; protobuf and Avro definitions with the code that
uses them; versions in names, fields and packages; checks of compatibility.

**Why it matters.** Two services deploy on different days. Without a contract the consumer learns of a change by
failing.

**What it cannot tell.** Who consumes a message in another repository.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, at, plural, quoted, regex, site_of

_COMPATIBILITY = regex(
    r"(?i)compatib|\bold_(?:version|schema|message|event|payload)|previous_version|unknown_field|schema_evolution"
)
_BREAKING = regex(r"\bbuf\b.{0,40}\bbreaking\b|schema[-_ ]registry.{0,80}compatib|proto-?break|protolock")


_WAYS = (("published", "published"), ("consumed", "consumed"), ("used", "used through generated code"))
_EXCHANGED = ("published", "consumed", "used")


def _statement(sites: Sites) -> str:
    schemas = sorted(sites.subjects("published", "consumed", "contract") - {""})
    if not sites.count(*_EXCHANGED):
        return f"{plural(sites.count('plain'), 'message')} put on a broker without a described shape."
    names = ", ".join(quoted(s) for s in schemas[:4]) + (", ..." if len(schemas) > 4 else "")
    ways = [w for c, w in _WAYS if sites.has(c)]
    tail = "; versioned" * sites.has("versioned") + "; compatibility is checked" * sites.has("compatible")
    return f"{plural(len(schemas), 'described message')} ({names}) {' and '.join(ways)}{tail}."


MESSAGES = Signal(
    id="domain.messages",
    title="Versioned messages or schemas between services",
    competency="domain-design",
    seeds=("S5.1", "S7.1"),
    counts=(
        "Events, commands or payloads with a schema (protobuf, Avro, CloudEvents, JSON Schema, pydantic, dataclasses) "
        "that are published or consumed."
    ),
    strong="The messages carry a version, or their compatibility is tested.",
    not_credited=(
        "Plain dictionaries put on a queue; a schema nothing sends or reads; arguments of the service's own jobs."
    ),
    how_to_show=(
        "Describe each event in a class with a version, publish that class, and test that old messages are still read."
    ),
    clauses=("contract", "published", "consumed", "versioned", "compatible", "used", "plain"),
    leads=("plain",),
    defining=("contract", "published", "consumed", "used"),
    applies="python",
    practised=lambda sites: sites.count(*_EXCHANGED) > 0,
    sustained=lambda sites: sites.count("versioned", "compatible") > 0,
    measures=lambda sites: {
        "messages": len(sites.subjects("contract") - {""}),
        "published": sites.count("published"),
        "consumed": sites.count("consumed"),
        "versioned": sites.count("versioned"),
    },
    statement=_statement,
)
SIGNALS = (MESSAGES,)


def detect(project: Project) -> Observations:
    """Described messages and their versions; plain ones where there is no more; checks of compatibility."""
    sites = Sites(site_of(o) for o in project.messages)
    exchanged = sites.count(*_EXCHANGED) > 0
    yield from ((MESSAGES, s) for s in sites if exchanged != (s.clause == "plain"))
    if exchanged:
        yield from _compatibility(project, sites.subjects("contract"))


def _compatibility(project: Project, shapes: set[str]) -> Observations:
    """Tests that read old or unknown forms of a message, and commands of CI that refuse breaking changes."""
    for test in project.scenarios:
        if test.checks and _COMPATIBILITY.search(test.name) and test.mentions(*shapes):
            yield MESSAGES, site_of(at(test.file, test.definition, "compatible", test.name))
    for run in project.ci_runs:
        if run.effective and _BREAKING.search(" ".join(run.words)):
            place = run.place
            yield (
                MESSAGES,
                Site(path=place.path, start=place.start, end=place.end, clause="compatible", subject="ci"),
            )
