"""Models of a relational (or document) mapper: classes that refer to each other and keep their own rules.

**What it sees.** Model classes of SQLAlchemy, SQLModel, Peewee, Pony, Tortoise, MongoEngine and their kin, told by base
or columns; the foreign keys, references and relationships among them; explicit unique, check and index constraints;
tests that make a model and check what it does, or expect the database to refuse.

**Why it matters.** Rules that the schema keeps hold for every writer. Rules that only a view keeps hold until the
next view.

**What it cannot tell.** Whether the tables are well cut, or the constraints complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.api import Model, Observations, Project, Scenario, Signal, Site, Sites, at, plural, regex, site_of

# Catalogue: "at least three ORM models".
_MODELS = 3
_LINES = 40
_REFUSALS = ("IntegrityError", "DoesNotExist", "NotUniqueError", "TransactionIntegrityError", "ConstraintError")
# Files of tests that are made for the models alone: ``test_models.py``, ``models/test_user.py``.
_FOR_MODELS = regex(r"(?:^|[/_])models?(?:_tests?)?(?:\.py$|/)")
_QUERY = frozenset({"query", "objects", "select", "filter", "filter_by", "get"})


def _models(sites: Sites) -> int:
    return sites.count("hub", "rich", "linked", "plain")


def _linked(sites: Sites) -> int:
    return sum(s.value == "linked" for s in sites.of("hub", "rich", "linked", "plain"))


def _statement(sites: Sites) -> str:
    count = _models(sites)
    if not count:
        return f"{plural(sites.count('table'), 'table')} of SQLAlchemy Core and no model."
    rules = len(sites.subjects("constraint"))
    tail = (
        f"; {plural(sites.count('tested'), 'test checks', 'tests check')} what they do" if sites.has("tested") else ""
    )
    return (
        f"{plural(count, 'model')}, {_linked(sites)} with a foreign key or relationship and {rules} with a unique, "
        f"check or index constraint{tail}."
    )


ORM_MODELS = Signal(
    id="data.orm_models",
    title="Relational models with relationships and constraints",
    competency="migrations",
    seeds=("C7.2",),
    counts=(
        "Three or more models, with relationships or foreign keys, and at least one explicit index, unique or check "
        "constraint."
    ),
    strong="Tests check the constraints, or what the models do.",
    not_credited="One or two small tables; tables without models; models that nothing imports.",
    how_to_show="Write the rule into the schema (a unique or check constraint) and test that breaking it fails.",
    clauses=("hub", "rich", "tested", "constraint", "linked", "plain", "unused", "table"),
    leads=("unused", "table"),
    defining=("hub", "rich", "linked", "plain", "constraint"),
    applies="python",
    practised=lambda sites: _models(sites) >= _MODELS and _linked(sites) > 0 and sites.has("constraint"),
    sustained=lambda sites: sites.has("tested"),
    measures=lambda sites: {
        "models": _models(sites),
        "linked": _linked(sites),
        "constrained": len(sites.subjects("constraint")),
        "tested": sites.count("tested"),
    },
    statement=_statement,
)
SIGNALS = (ORM_MODELS,)


def detect(project: Project) -> Observations:
    """Each model once, with its first constraint; then the tests, where there is something to test."""
    chief = _chief(project)
    for model in project.models.all:
        file, definition = model.file, model.definition
        end = min(definition.end, definition.start + _LINES - 1)
        clause = chief.get((file.path, model.name), "linked" if model.linked else "plain")
        clause = clause if project.reach.live(file.path) else "unused"
        value = "linked" if model.linked else "alone"
        yield ORM_MODELS, Site(
            path=file.path, start=definition.start, end=end, clause=clause, subject=model.name, value=value
        )  # fmt: skip
        if model.constraints and clause != "unused":
            line = model.constraints[0]
            yield ORM_MODELS, Site(path=file.path, start=line, end=line, clause="constraint", subject=model.name)
    if not project.models.all:
        for file, call in project.models.tables:
            yield ORM_MODELS, Site(path=file.path, start=call.start, end=call.end, clause="table", subject=file.path)
        return
    for test in _tests(project):
        yield ORM_MODELS, site_of(at(test.file, test.definition, "tested", test.file.path))


def _chief(project: Project) -> dict[tuple[str, str], str]:
    """The two models a reader wants to see first: the one that most others refer to, and of the rest the one with
    most to say."""
    mentions = project.models.mentions
    linked = [m for m in project.models.all if m.linked]
    found: dict[tuple[str, str], str] = {}
    for clause in ("hub", "rich"):
        scores = {(m.file.path, m.name): _weight(m, clause, mentions) for m in linked}
        rest = sorted((-score, key) for key, score in scores.items() if score and key not in found)
        if rest:
            found[rest[0][1]] = clause
    return found


def _weight(model: Model, clause: str, mentions: Mapping[tuple[str, str], int]) -> int:
    """How many models refer to one; for the rich also how much it says itself."""
    named = mentions[model.file.path, model.name]
    return named + (len(model.constraints) + len(model.links) if clause == "rich" else 0)


def _tests(project: Project) -> list[Scenario]:
    """Tests of models, in files made for them where there are such files.

    A single test that happens to make a model is no test of the models; one that expects a refusal is."""
    found = [s for s in project.scenarios if not s.requests and s.checks and _is_about_models(project, s)]
    named = [s for s in found if "model" in s.file.path.lower()]
    refused = any(_expects_refusal(s) for s in found)
    return (named or found) if refused or len(found) > 1 else []


def _is_about_models(project: Project, test: Scenario) -> bool:
    """Whether what a test checks is an object of a model that it made, or what a model's own method gave."""
    if _expects_refusal(test):
        return any(project.models.find(test.file, n) for n in _names(test)) or "model" in test.file.path.lower()
    # in a file made for the models, what was loaded shows what they do
    loaded = frozenset() if _FOR_MODELS.search(test.file.path.lower()) else _QUERY
    held = {c.target for c in test.calls if c.target and _of_model(project, test, c.name, loaded)}
    for expr, _ in test.checks:
        for part in expr.walk():
            head = part.text.partition(".")[0].partition("(")[0].partition("[")[0]
            if head in held and part.kind in ("name", "call", "index"):
                return True
            if part.kind == "call" and _of_model(project, test, part.text, _QUERY):
                return True
    return False


def _names(test: Scenario) -> Iterator[str]:
    return (n for n in test.file.module.refs[test.scope])


def _of_model(project: Project, test: Scenario, name: str, queries: frozenset[str]) -> bool:
    """Whether a call makes a model, or runs a method of it that is none of the plain ``queries``."""
    model = project.models.find(test.file, name)
    if model is None:
        return False
    rest = name.rpartition(f"{model.name}.")[2] if f"{model.name}." in name else ""
    return rest.partition(".")[0].partition("(")[0] not in queries


def _expects_refusal(test: Scenario) -> bool:
    return any(
        e.text.rpartition(".")[2] in _REFUSALS for c in test.calls if "raises" in c.name.lower() for e in c.expr.walk()
    )
