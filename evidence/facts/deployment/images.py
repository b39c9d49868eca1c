"""Container images and local stacks: what a Dockerfile does for its image, and which services a compose file starts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from evidence.facts.records import Data, Dockerfile, Instruction, Node, Text
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

_PYTHON = regex(r"python|\bpip3?\b|\buv\b|poetry|pipenv|gunicorn|uwsgi|flask|uvicorn|waitress", re.ASCII)
_OTHER_PURPOSE = regex(
    r"(?:^|[./_-])(?:devcontainer|tests?|e2e|cypress|playwright|lint|docs?|mock\w*)(?:[./_-]|$)|(?:^|/)static/"
)
# An image for developers' machines, where another one ships.
_DEVELOPMENT = regex(r"(?:^|[._-])(?:dev|development|local|debug)(?:[._-]|$)")
# An earlier version that was kept beside the one in use.
_FORMER = regex(r"[._-](?:old|bak|orig|backup|deprecated|copy)\d?$")
_SLIM = regex(r"slim|alpine|distroless|chainguard|wolfi|ubi\d*-(?:minimal|micro)|busybox|scratch")
_ARGUMENT = regex(r"\$\{?(\w{1,64})(?::?-([^}]{0,120}))?\}?")
_INSTALL = regex(
    r"pip3? install|uv (?:sync|pip)|poetry install|pipenv (?:install|sync)|pdm (?:install|sync)|requirements|"
    r"conda (?:env|install)"
)
_NO_CACHE = ("--no-cache", "--mount=type=cache", "no_cache_dir", "poetry_no_cache", "uv_no_cache")
_MANIFESTS = regex(
    r"requirements|pyproject|poetry\.lock|pipfile|uv\.lock|pdm\.lock|setup\.(?:py|cfg)|package(?:-lock)?\.json|constraints"
)
_COMPOSE = regex(
    r"(?:.*/)?(?:[^/]{0,80}[-_.])?compose[^/]*\.ya?ml(?:\.jinja2?|\.j2)?|(?:.*/)?[^/]*docker-compose[^/]*\.ya?ml(?:\.jinja2?)?"
    r"|(?:.*/)?docker[-_.][\w.-]{1,80}\.ya?ml"
)
# By the Compose specification.
_TOP_LEVEL = frozenset({"version", "name", "services", "networks", "volumes", "configs", "secrets", "include"})
BACKING = regex(
    r"postgres|postgis|pgvector|timescale|mysql|mariadb|percona|redis|valkey|keydb|memcache|rabbitmq|mongo|elasticsearch|opensearch|kafka|"
    r"redpanda|zookeeper|dynamodb|localstack|minio|mssql|azure-sql|cassandra|scylla|nats|clickhouse|cockroach|neo4j|couchdb|influxdb|"
    r"solr|consul|vault|kms|moto|azurite|firestore|pubsub|emulators|activemq|solace|mailhog|mailpit"
)


_TAGGED = regex(r"\bdocker (?:image |buildx )?build\b.{0,600}")
_TAG = regex(r"(?:-t|--tag)[ =]([^\s\"']{1,200})")


class Hygiene(NamedTuple):
    """One thing that a Dockerfile does for its image: ``what`` is one of the detector's clauses; after a colon the file
    that the lines are of, where that is another."""

    path: str
    start: int
    end: int
    what: str


class Stack(NamedTuple):
    """A compose file that builds something of the project's and starts services beside it.

    ``app`` and ``backing`` are the first lines of such services, ``care`` the lines of health checks, conditions and
    profiles; ``start``/``end`` span the services. Files of one ``group`` are used together (those of a folder where it
    is "")."""

    path: str
    start: int
    end: int
    app: tuple[int, ...]
    backing: tuple[int, ...]
    care: tuple[int, ...]
    group: str = ""


# ----------------------------------------------------------------------------------------------- Dockerfiles


def hygiene(
    dockerfiles: Mapping[str, Dockerfile], texts: Mapping[str, Text], aside: Callable[[str], bool] = lambda path: False
) -> Iterator[Hygiene]:
    """What each application image does, Dockerfile by Dockerfile; images for tests, examples and editors are left out,
    and those that stand ``aside`` of the application where others do not. ``texts`` hold the .dockerignore files."""
    own = {
        path: item
        for path, item in sorted(dockerfiles.items())
        if role_of(path) is Role.APP and not _OTHER_PURPOSE.search(path.lower()) and _is_python(item)
    }
    # images that take nothing of the project in (of CI, of tools) say nothing of one that does
    own = {path: item for path, item in own.items() if not aside(path) and not _FORMER.search(path.lower())} or own
    own = {path: item for path, item in own.items() if _holds_the_project(item)} or own
    shipped = {path: item for path, item in own.items() if not _DEVELOPMENT.search(path.rpartition("/")[2].lower())}
    for path, item in (shipped or own).items():
        yield Hygiene(path, 1, max((i.end for i in item.instructions), default=1), "begun")
        yield from _of(path, item)
        yield from _ignored(path, texts)


def _ignored(path: str, texts: Mapping[str, Text]) -> Iterator[Hygiene]:
    """The .dockerignore that holds for a Dockerfile, from its first pattern on; one without a pattern keeps nothing
    out."""
    beside = posixpath.join(posixpath.dirname(path), ".dockerignore")
    ignoring = next((p for p in (f"{path}.dockerignore", beside, ".dockerignore") if p in texts), "")
    lines = texts[ignoring].text.splitlines() if ignoring else []
    patterns = [n for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if patterns:
        yield Hygiene(path, patterns[0], patterns[-1], f"ignored:{ignoring}")


def _is_python(item: Dockerfile) -> bool:
    return any(
        _PYTHON.search(i.text.lower()) for i in item.instructions if i.word in ("FROM", "RUN", "CMD", "ENTRYPOINT")
    )


def _holds_the_project(item: Dockerfile) -> bool:
    """Whether an image takes in code or manifests of the repository, and not only single scripts and settings."""
    for step in item.instructions:
        text = step.text.lower()
        if step.word in ("COPY", "ADD") and "--from=" not in text:
            sources = [w.strip("[]\"',") for w in text.split() if not w.startswith("--")][:-1]
            if any(_MANIFESTS.search(s) or "." not in s.rpartition("/")[2].strip(".") for s in sources):
                return True
        elif step.word == "RUN" and ("--mount=type=bind" in text or "git clone" in text):
            return True
    return False


def _of(path: str, item: Dockerfile) -> Iterator[Hygiene]:
    final = _final_stages(item)
    arguments = {k: v for i in item.instructions if i.word == "ARG" for k, _, v in [i.text.partition("=")]}
    steps = [i for i in item.instructions if i.stage in final]
    for step in steps:
        if step.word == "FROM":
            yield from _base(path, step, arguments, item)
        elif step.word == "HEALTHCHECK" and not step.text.upper().startswith("NONE"):
            yield Hygiene(path, step.start, step.end, "healthcheck")
    users = [s for s in steps if s.word == "USER"]
    # a user that only the build names is somebody, and nobody passes in root
    if users and _resolved(users[-1].text, arguments).strip().split(":")[0] not in ("root", "0"):
        yield Hygiene(path, users[-1].start, users[-1].end, "non_root")
    yield from _layers(path, item)


def _final_stages(item: Dockerfile) -> set[int]:
    """The last stage and those it is built from by name (FROM alias)."""
    names: dict[str, int] = {}
    bases: dict[int, str] = {}
    for step in item.instructions:
        if step.word == "FROM":
            words = step.text.split()
            images = [w for w in words if not w.startswith("--")]
            bases[step.stage] = images[0].lower() if images else ""
            if len(images) >= 3 and images[1].lower() == "as":
                names[images[2].lower()] = step.stage
    if not bases:
        return set()
    stage: int | None = max(bases)
    found: set[int] = set()
    while stage is not None and stage not in found:
        found.add(stage)
        stage = names.get(bases[stage])
    return found


def _base(path: str, step: Instruction, arguments: Mapping[str, str], item: Dockerfile) -> Iterator[Hygiene]:
    images = [w for w in step.text.split() if not w.startswith("--")]
    aliases = {
        w[2].lower()
        for i in item.instructions
        if i.word == "FROM"
        for w in [i.text.split()]
        if len(w) >= 3 and w[-2].lower() == "as"
    } | {i.text.split()[-1].lower() for i in item.instructions if i.word == "FROM" and " as " in i.text.lower()}
    stages = sum(i.word == "FROM" for i in item.instructions)
    if stages > 1 and (
        (images and images[0].lower() in aliases)
        or any("--from=" in i.text for i in item.instructions if i.word == "COPY")
    ):
        yield Hygiene(path, step.start, step.end, "multi_stage")
    image = _resolved(images[0], arguments).lower() if images else ""
    if image in aliases:
        return
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if digest or _is_exact(tag):
        yield Hygiene(path, step.start, step.end, "pinned_base")
    if _SLIM.search(image):
        yield Hygiene(path, step.start, step.end, "small_base")


def _is_exact(tag: str) -> bool:
    """A tag more exact than ``latest`` or a major version: a minor version, or a distribution's code name."""
    if re.search(r"\d+\.\d+", tag):
        return True
    words = [
        w
        for w in re.split(r"[-_.]", tag)
        if w.isalpha() and w not in ("latest", "slim", "alpine", "stable", "main", "lts", "edge")
    ]
    return (
        bool(words) and not re.match(r"\d+(?:-|$)", tag) and tag not in ("dev", "prod", "master", "develop", "current")
    )


def _resolved(text: str, arguments: Mapping[str, str]) -> str:
    """A text with build arguments replaced by their defaults."""
    return _ARGUMENT.sub(lambda m: arguments.get(m[1], "").strip("\"'") or m[2] or "", text)


def _layers(path: str, item: Dockerfile) -> Iterator[Hygiene]:
    """Dependencies installed, without keeping their cache, from their manifest alone, before the code is copied."""
    settings = " ".join(i.text.lower() for i in item.instructions if i.word in ("ENV", "ARG"))
    manifest = code = False
    for step in item.instructions:
        text = step.text.lower()
        if step.word == "FROM":
            code = False
        elif step.word in ("COPY", "ADD") and "--from=" not in text:
            sources = [w for w in text.split() if not w.startswith("--")][:-1] or [text]
            if all(_MANIFESTS.search(s) for s in sources):
                manifest = True
            elif any(s in (".", "./", "*") or s.endswith("/.") for s in sources):
                code = True
        elif step.word == "RUN" and _INSTALL.search(text):
            bound = "--mount=type=bind" in text and _MANIFESTS.search(text) is not None
            uncached = any(mark in text or mark in settings for mark in _NO_CACHE)
            if (manifest or bound) and not code and uncached:
                yield Hygiene(path, step.start, step.end, "layered")
                return


def built_names(commands: Iterable[str]) -> frozenset[str]:
    """What ``docker build -t registry/name:tag`` calls its images in these command lines, without registry and tag."""
    told = (tag for text in commands for built in _TAGGED.findall(text) for tag in _TAG.findall(built))
    return frozenset(tag.lower().rpartition("/")[2].partition(":")[0] for tag in told)


# --------------------------------------------------------------------------------------------------- compose


def stacks(data: Mapping[str, Data], images: frozenset[str], dockerfiles: Mapping[str, Dockerfile]) -> Iterator[Stack]:
    """Every compose file that starts services; ``images`` are names that an image of the repository's own may have."""
    for path, item in sorted(data.items()):
        services = item.root.get("services")
        if services is None or services.kind != "map" or role_of(path) not in (Role.APP, Role.TEST):
            continue
        if not (_COMPOSE.fullmatch(path.lower()) or _is_compose(path, item.root, services)):
            continue
        folder = path.rpartition("/")[0]
        backing = {k for k, n in services.pairs() if _is_backing(k, n) or _stands_on(n, folder, dockerfiles)}
        own = [(k, n) for k, n in services.pairs() if _is_built(n, images) and not _stands_on(n, folder, dockerfiles)]
        # where the file builds the application, what only mounts a folder of the repository is something else
        built = [n for k, n in own if n.get("image") is None and k not in backing]
        yield Stack(
            path,
            services.start,
            services.end,
            tuple(item.root.line_of("services") if not n.start else n.start for n in built or [n for _, n in own]),
            tuple(n.start for k, n in services.pairs() if k in backing),
            tuple(line for _, n in services.pairs() for line in _care(n)),
        )


def _is_compose(path: str, root: Node, services: Node) -> bool:
    """Whether a file of any name (``dev.yml``) holds the keys of a compose file alone, and containers."""
    held = all(any(n.get(k) is not None for k in ("image", "build", "extends")) for n in services.items)
    known = all(k in _TOP_LEVEL or k.startswith("x-") for k in root.keys)
    return known and held and bool(services.items) and path.endswith((".yml", ".yaml"))


def _is_built(service: Node, images: frozenset[str]) -> bool:
    image = service.get("image")
    if service.get("build") is not None or service.get("extends") is not None:
        return True
    mounted = service.get("volumes")
    own = mounted is not None and any(t.startswith((".:", "./:", "..:", "${PWD}", "./")) for t in mounted.texts())
    if image is None or BACKING.search(image.text.lower()):
        return False
    owner, _, name = image.text.lower().partition(":")[0].rpartition("/")
    return own or bool(owner and name in images)


def _stands_on(service: Node, folder: str, dockerfiles: Mapping[str, Dockerfile]) -> bool:
    """Whether a service is built from a Dockerfile of the repository whose base is a database, cache or broker."""
    build = service.get("build")
    if build is None:
        return False
    context, name = build.get("context"), build.get("dockerfile")
    told = context.text if context is not None else build.text
    path = posixpath.normpath(posixpath.join(folder, told or ".", name.text if name is not None else "Dockerfile"))
    found = dockerfiles.get(path)
    bases = [i.text.lower() for i in found.instructions if i.word == "FROM"] if found is not None else []
    return bool(bases) and BACKING.search(bases[-1]) is not None


def _is_backing(name: str, service: Node) -> bool:
    image = service.get("image")
    if image is not None:
        return BACKING.search(image.text.lower()) is not None
    return service.get("build") is not None and BACKING.fullmatch(name.lower()) is not None


def _care(service: Node) -> Iterator[int]:
    for key in ("healthcheck", "profiles"):
        node = service.get(key)
        if node is not None:
            yield node.start
    depends = service.get("depends_on")
    if depends is not None and depends.kind == "map":
        yield depends.start
