"""Local stacks: which services of a compose file are the application, which stand beside it, and what tends them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from evidence.facts.records import Data, Dockerfile, Node
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

_COMPOSE = regex(
    r"(?:.*/)?(?:[^/]{0,80}[-_.])?compose[^/]*\.ya?ml(?:\.jinja2?|\.j2)?|(?:.*/)?[^/]*docker-compose[^/]*\.ya?ml(?:\.jinja2?)?"
    r"|(?:.*/)?docker[-_.][\w.-]{1,80}\.ya?ml"
)
# By the Compose specification.
_TOP_LEVEL = frozenset({"version", "name", "services", "networks", "volumes", "configs", "secrets", "include"})
BACKING = regex(
    r"postgres|postgis|pgvector|timescale|mysql|mariadb|percona|redis|valkey|keydb|memcache|rabbitmq|mongo|elasticsearch|opensearch|kafka|"
    r"redpanda|zookeeper|dynamodb|localstack|minio|mssql|azure-sql|cassandra|scylla|(?<![a-z])nats(?![a-z])|clickhouse|cockroach|neo4j|couchdb|influxdb|"
    r"azurite|firestore|pubsub|emulators|activemq|solace|mailhog|mailpit|(?<![a-z])(?:solr|consul|vault|kms|moto)(?![a-z])"
)
_TAGGED = regex(r"\bdocker (?:image |buildx )?build\b.{0,600}")
_TAG = regex(r"(?:-t|--tag)[ =]([^\s\"']{1,200})")


class Stack(Struct, frozen=True):
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


def built_names(commands: Iterable[str]) -> frozenset[str]:
    """What ``docker build -t registry/name:tag`` calls its images in these command lines, without registry and tag."""
    told = (tag for text in commands for built in _TAGGED.findall(text) for tag in _TAG.findall(built))
    return frozenset(tag.lower().rpartition("/")[2].partition(":")[0] for tag in told)


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
