"""Docker Compose and images: what a container runs, and the databases and queues beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.facts.ci import pythonic, scripts
from evidence.facts.ci.found import Found
from evidence.facts.ci.reading import blanked, entries, find, join, text
from evidence.facts.ci.records import CiInputs, Place, Service
from evidence.facts.ci.wrappers import Container
from evidence.facts.records import Node
from evidence.facts.shell.lines import split
from evidence.patterns import regex

_BLANKED = regex(r"x{5,}")
_DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
# Where images of servers (tiangolo's and those made after them) look for what starts them.
_START = "/start.sh"
_BACKING = regex(
    r"postg|pgvector|timescale|mysql|mariadb|mssql|oracle|cockroach|mongo|redis|valkey|keydb|rabbitmq|kafka|redpanda|nats|"
    r"elasticsearch|opensearch|solr|meilisearch|localstack|dynamodb|moto|minio|memcached|cassandra|neo4j|influxdb|clickhouse|"
    r"couchdb|etcd|consul|vault|keycloak|simplesaml|local-kms|elasticmq|goaws|azurite|sqlserver|firebird|mailhog|mailpit"
)


def is_backing(image: str) -> bool:
    """Whether an image is a database, queue, cache or another service that an application talks to."""
    return bool(_BACKING.search(image.lower()))


def services(inputs: CiInputs, container: Container, directory: str, env: Mapping[str, str]) -> Iterator[Service]:
    """The backing services that start beside a Compose container: those it depends on, however far."""
    if not container.compose or container.alone:
        return
    files = list(_files(inputs, container.files, directory, env))
    listed = {_plain(key): (path, node, where) for path in files for key, node, where in _services(inputs, path)}
    own = _plain(container.name)
    waiting, seen = [own] if own in listed else [], set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in listed:
            continue
        seen.add(name)
        _path, node, where = listed[name]
        image = text(node.get("image"))
        if name != own and is_backing(f"{name} {image}"):
            yield Service(image or name, where)
        for path in files:  # an override file may add dependencies
            for key, other, _where in _services(inputs, path):
                if _plain(key) == name:
                    waiting.extend(_plain(need) for need in _needs(other))


def backing(inputs: CiInputs, files: tuple[str, ...], directory: str, env: Mapping[str, str]) -> Iterator[Service]:
    """All backing services of the Compose files in use."""
    for path in _files(inputs, files, directory, env):
        for name, node, where in _services(inputs, path):
            if is_backing(f"{name} {text(node.get('image'))}"):
                yield Service(text(node.get("image")) or name, where)


def started(
    inputs: CiInputs, container: Container, words: tuple[str, ...], directory: str, env: Mapping[str, str]
) -> list[Found] | None:
    """What the container runs: the words given (through its image's entrypoint when that is a script of the
    repository), else the service's own command."""
    for path in _files(inputs, container.files, directory, env):
        wanted = _plain(container.name)
        node = next((n for key, n, _where in _services(inputs, path) if _plain(key) == wanted), None)
        if node is None:
            continue
        entry = _entrypoint(inputs, path, node)
        command = node.get("command")
        if not words and command is not None:
            place = Place(path, command.start, max(command.start, command.end))
            if command.kind == "list":
                return [Found(place, words=tuple(command.texts()))]
            return [Found(place, commands=split(command.text, first_line=command.start))]
        inside = scripts.called(inputs, entry, words) if entry and words else None
        if inside:
            return inside
        if words and not entry and _entry_words(inputs, path, node):
            # a command of the project's own line (``ENTRYPOINT ["shop-cli"]``), whatever it is installed as
            own = pythonic.commands(inputs, ("flask", *words), directory)
            if own:
                return own
        if not words and not entry and command is None and (own := _own_start(inputs, path, node)):
            return own
    return None


def _own_start(inputs: CiInputs, path: str, node: Node) -> list[Found]:
    """What a service's image runs by itself: its own command, or the start script that it puts where the image below
    looks for one (``COPY app/start.sh /start.sh``)."""
    name = _dockerfile(inputs, path, node)
    dockerfile = inputs.dockerfiles.get(name)
    if dockerfile is None:
        return []
    commands = [i for i in dockerfile.instructions if i.word == "CMD"]
    if commands:
        last = commands[-1]
        return [Found(Place(name, last.start, last.end), words=tuple(last.words or last.text.split()))]
    for item in dockerfile.instructions:
        parts = list(item.words or item.text.split())
        if item.word == "COPY" and len(parts) > 1 and parts[-1] == _START and parts[-2].endswith(".sh"):
            words = ("bash", parts[-2].removeprefix("./"))
            return [Found(Place(name, item.start, item.end), words=words)]
    return []


def _plain(name: str) -> str:
    """A service's name with template expressions brought to one form (they are read as runs of ``x``)."""
    return _BLANKED.sub("x", blanked(name))


def _files(inputs: CiInputs, named: tuple[str, ...], directory: str, env: Mapping[str, str]) -> Iterator[str]:
    """The Compose files in use, the last one (which overrides) first."""
    given = named or tuple(f for f in env.get("COMPOSE_FILE", "").split(":") if f)
    names = given or _DEFAULTS
    for name in reversed(names):
        for folder in dict.fromkeys((directory, "")):
            path = find(inputs.data, join(folder, name))
            if path:
                yield path
                break


def _services(inputs: CiInputs, path: str) -> Iterator[tuple[str, Node, Place]]:
    yield from entries(path, inputs.data[path].root.get("services"))


def _needs(node: Node) -> list[str]:
    value = node.get("depends_on") or node.get("links")
    if value is None:
        return []
    return list(value.keys) if value.kind == "map" else [t.split(":")[0] for t in value.texts()]


def _dockerfile(inputs: CiInputs, path: str, node: Node) -> str:
    """The Dockerfile that a service is built from; "" when there is none."""
    base = path.rpartition("/")[0]
    build = node.get("build")
    context = join(base, text(build) or (text(build.get("context")) if build is not None else "") or ".")
    name = (text(build.get("dockerfile")) if build is not None and build.kind == "map" else "") or "Dockerfile"
    return find(inputs.dockerfiles, join(context, name))


def _entrypoint(inputs: CiInputs, path: str, node: Node) -> str:
    """The script of the repository that is the entrypoint of a service's image; "" when there is none."""
    words = _entry_words(inputs, path, node)
    return scripts.locate(inputs, words[0], "") if words else ""


def _entry_words(inputs: CiInputs, path: str, node: Node) -> list[str]:
    """The entrypoint of a service's image."""
    own = node.get("entrypoint")
    words = own.texts()[0].split() if own is not None and own.texts() else []
    if not words:
        dockerfile = inputs.dockerfiles.get(_dockerfile(inputs, path, node))
        entries_ = [i for i in dockerfile.instructions if i.word == "ENTRYPOINT"] if dockerfile is not None else []
        words = list(entries_[-1].words or entries_[-1].text.split()) if entries_ else []
    return words
