"""Secrets in the code (counter-evidence): literals that look live, in files that are tracked.

**What it sees.** Passwords, keys, tokens, private keys and database addresses with a password as literals in code,
configuration, images and scripts; whether they are the fallback of a variable, stand in a class or file of one
environment, and whether production overrides or refuses them. Values are masked when files are read: no text of a
secret reaches a detector, a citation or a report.

**Why it matters.** Whoever can read the repository, or an old clone of it, holds the key. A fallback that production
never refuses is the key of every deployment that forgot to set one.

**What it cannot tell.** Whether a key is still valid, or what is set on the servers.
"""

from __future__ import annotations

import re

from evidence.api import (
    Observations,
    Polarity,
    Project,
    SecretPlace,
    Signal,
    Site,
    Sites,
    environment_of,
    never,
    plural,
    regex,
)

_ISSUED = frozenset(
    [
        "aws_key",
        "github_token",
        "gitlab_token",
        "slack_token",
        "slack_webhook",
        "stripe_key",
        "google_key",
        "twilio_key",
        "sendgrid_key",
        "mailgun_key",
        "pypi_token",
        "npm_token",
        "docker_token",
        "digitalocean_token",
        "vault_token",
        "llm_key",
        "age_key",
        "jwt",
    ]
)
"""Kinds whose shape names their issuer: live-looking wherever they stand."""
_SERVICES = regex(
    r"POSTGRES|PG|MYSQL|MARIADB|DB|DATABASE|SQL|MONGO|REDIS|RABBIT|AMQP|MINIO|ELASTIC"
    r"|BROKER",
    re.IGNORECASE,
)
_BACKING = frozenset({"password", "database_url", "credentials"})
"""What a stack on one machine gives its own database or broker."""
_ASIDE = regex(
    r"(?:^|[/._-])(?:secrets\.baseline|examples?|samples?|templates?|dist|fixtures?|cassettes|mocks?|__mocks__|testdata|stubs?"
    r"|seeds?|tutorials?|demos?|snapshots)(?:[/._-]|$)",
    re.IGNORECASE,
)
# Catalogues of texts for people, in which ``password`` is a label: by folder, or by a language code as the file's name.
_TEXTS = regex(
    r"(?:^|/)(?:i18n|l10n|locales?|translations?|lang(?:uage)?s?|intl|nls)/"
    r"|(?:^|[/._-])[a-z]{2}(?:[-_][A-Za-z]{2,4})?\.(?:json|ya?ml|toml|ini|properties)$"
)
_HOSTED_CI = regex(
    r"(?:^|/)(?:\.github|\.circleci|\.gitlab-ci|\.travis|\.drone|\.woodpecker|bitbucket-pipelines|azure-pipelines"
    r"|\.ci)[/.]?"
)
_COMPOSE = regex(r"compose[\w.-]{0,60}\.ya?ml(?:\.j2|\.jinja)?$")
_KEY = regex(r"SECRET|KEY|SALT|secret|key|salt")
_DOCUMENTS = regex(r"(?:^|/)(?:docs?|documentation)/")
# Collections of requests are run against real hosts; other data under docs shows formats.
_COLLECTION = regex(r"postman|insomnia|collection|environment|bruno", re.IGNORECASE)
_LOCAL = regex(r"localhost|127\.0\.0\.1|0\.0\.0\.0|example\.(?:com|org|net)")
# Names that say themselves that the value is made up.
_MADE_UP = regex(
    r"(?:test|fake|dummy|mock|example|sample|dev|development|local)_|\w{1,60}_(?:test|testing|fake|dummy|mock)_",
    re.IGNORECASE,
)
_MADE_UP_CAMEL = regex(r"(?:test|fake|dummy|mock|example|sample)(?=[A-Z])")
# Default values of a chart are for whoever tries it; what is deployed gives its own.
_CHART = regex(r"(?:^|/)(?:charts?|helm)/(?:[^/]{1,60}/){0,6}values\.ya?ml$")
_SIGNS_UP = regex(r"(?:^|[._])(?:register|sign_?up|create_(?:user|account)|new_user)", re.IGNORECASE)
_PERSONS = regex(r"user|account|admin|login|member", re.IGNORECASE)
_APART = ("development", "testing")


def _statement(sites: Sites) -> str:
    live = sites.of("live")
    if live:
        kinds = sorted({s.subject for s in live})
        return f"{plural(len(live), 'live-looking secret')} in tracked files: {', '.join(kinds[:4])}."
    if sites.has("placeholder"):
        return "A placeholder is the only key in the code, and nothing refuses it in production."
    return "The code holds a password for an account that it makes itself."


HARDCODED_SECRET = Signal(
    id="config.hardcoded_secret",
    title="Secret in the code",
    competency="secrets",
    seeds=("S6.2", "C5.3"),
    counts="A live-looking secret in a tracked file that is no test: a key used in production, a password, a "
    "token, a private key, a database "
    "address with a password.",
    strong="Counter-evidence has no stronger form.",
    not_credited="Obvious placeholders, defaults for local development that production overrides or refuses, "
    "test data, examples.",
    how_to_show="Read the value from the environment or a secret store, refuse to start without it, and replace "
    "whatever was ever committed.",
    clauses=("live", "placeholder", "seeded"),
    defining=("live", "placeholder", "seeded"),
    applies="python",
    polarity=Polarity.AGAINST,
    practised=lambda sites: sites.has("live"),
    sustained=never,
    measures=lambda sites: {"secrets": sites.count("live")},
    statement=_statement,
)
SIGNALS = (HARDCODED_SECRET,)


def detect(project: Project) -> Observations:
    """Every literal whose place makes it one that production may use."""
    for place in project.secret_places:
        if place.kind in ("jwt", "token") and _of_a_server_here(project, place):
            continue
        apart = environment_of(place.path) in _APART or any(environment_of(a) in _APART for a in place.above[:1])
        if (apart or _ASIDE.search(place.path)) and not _names_a_host(project, place):
            continue
        clause = _judged(project, place)
        if clause:
            subject = place.kind.replace("_", " ")
            yield (
                HARDCODED_SECRET,
                Site(path=place.path, start=place.start, end=place.end, clause=clause, subject=subject),
            )


def _names_a_host(project: Project, place: SecretPlace) -> bool:
    """Whether the place is in a collection of requests that goes to a host others can reach, development or not."""
    if place.way != "data" or not _COLLECTION.search(place.path) or not _DOCUMENTS.search(place.path):
        return False
    nodes = (n for root in project.data[place.path].roots for n in root.walk())
    return any(n.text.startswith("https://") and not _LOCAL.search(n.text) for n in nodes)


def _of_a_server_here(project: Project, place: SecretPlace) -> bool:
    """Whether a token is kept in a collection of requests that all go to the machine of whoever tries them."""
    if place.way != "data" or not _COLLECTION.search(place.path):
        return False
    nodes = (n for root in project.data[place.path].roots for n in root.walk())
    asked = [n.text for n in nodes if n.text.startswith(("http://", "https://")) and "schema" not in n.text]
    return bool(asked) and all(_LOCAL.search(text[:80]) for text in asked)


def _judged(project: Project, place: SecretPlace) -> str:
    if place.placeholder:
        if not _is_only_key(project, place):
            return ""
        return "live" if place.words and place.way == "literal" else "placeholder"
    made_up = _MADE_UP.match(place.name) or _MADE_UP_CAMEL.match(place.name)
    if (made_up or _of_made_up(project, place)) and place.kind not in _ISSUED:
        return ""
    if place.way in ("literal", "fallback", "argument"):
        return _in_code(project, place)
    if place.way == "data":
        return _in_data(place)
    if place.way == "item" or place.local:
        return ""
    return "live" if place.way == "image" or place.kind in _ISSUED or place.kind not in _BACKING else ""


def _of_made_up(project: Project, place: SecretPlace) -> bool:
    """Whether a value stands in data that is named for tests: ``TEST_USERS = [{"password": ...}]``."""
    file = project.python.get(place.path)
    around = (a for a in file.module.assigns if a.start <= place.start <= a.end) if file is not None else ()
    return place.kind == "password" and any(_MADE_UP.match(a.target) for a in around if a.value.kind != "secret")


def _is_only_key(project: Project, place: SecretPlace) -> bool:
    """Whether a placeholder is the application's own key, in its settings, and production does nothing about it."""
    if place.kind != "secret_key" or place.way not in ("literal", "fallback") or not _KEY.search(place.name):
        return False
    homes = (
        project.settings.modules
        | {c.file.path for c in project.settings.classes}
        | {a.file.path for a in project.web.apps}
    )
    return place.path in homes and not project.production.safe(place.name, place.variable)


def _in_code(project: Project, place: SecretPlace) -> str:
    if place.kind in _ISSUED or place.kind == "private_key":
        return "live"
    if place.way == "argument":
        return "live" if place.kind not in ("password", "credentials") or not place.local else "seeded"
    if place.kind == "password" and _signs_up(project, place):
        return "seeded"
    if place.way == "fallback" or place.kind in ("secret_key", "password", "database_url"):
        return "" if project.production.safe(place.name, place.variable) else "live"
    return "live"


def _signs_up(project: Project, place: SecretPlace) -> bool:
    """Whether a password is that of an account which the same function makes: ``register(password=password)``."""
    file = project.python[place.path]
    scopes = {a.scope for a in file.module.assigns if a.start == place.start and a.target == place.name and a.scope}
    return any(
        _SIGNS_UP.search(call.name) and any(e.text == place.name for v in call.expr.items for e in v.walk())
        for scope in scopes
        for call in file.calls_in(scope)
    )


def _in_data(place: SecretPlace) -> str:
    if place.kind in _ISSUED or place.kind == "private_key":
        return "live"
    if _DOCUMENTS.search(place.path) and not _COLLECTION.search(place.path):
        return ""
    if any(environment_of(a) in _APART or _PERSONS.search(a) for a in place.above):
        return "seeded" if environment_of(place.path) in ("preview", "staging", "production") else ""
    if place.local or _HOSTED_CI.search(place.path) or _TEXTS.search(place.path):
        return ""
    stack = (_COMPOSE.search(place.path) or _CHART.search(place.path)) is not None
    dotenv = place.path.endswith(".env") or "/.env" in f"/{place.path}"
    if place.kind in ("password", "credentials") and (stack or (dotenv and _SERVICES.search(place.name))):
        return "live" if environment_of(place.path) == "production" else ""
    return "live"
