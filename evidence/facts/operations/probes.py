"""Who asks a service whether it is well: containers, clusters, load balancers, platforms and CI that request an
address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.records import Node
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_NOT_OWN = (Role.TEST, Role.VENDORED)
_CONTEXT = regex(r"health|probe|liveness|readiness|startup|^checks?$|httpchk|monitor|uptime|smoke", re.IGNORECASE)
_PROBE_WORDS = regex(r"health[-_ ]?check|healthcheck|probe|httpchk|uptime|liveness|readiness", re.IGNORECASE)
_PROBE_SCRIPT = regex(r"health|probe|smoke|wait|deploy|entrypoint|monitor", re.IGNORECASE)
_NOT_PROBES = regex(r"(?:openapi|swagger|package(?:-lock)?|tsconfig|postman)[^/]*$|\.lock$", re.IGNORECASE)
# Keys of checks that only a service's own health answers, and what such a check asks for: a path, or an address.
_CHECKS = regex(r"health[-_ ]?check|liveness|readiness|startupprobe", re.IGNORECASE)
_ADDRESS = regex(r"(?:^|\s|https?://[\w.:${}-]{1,100})(/[\w./-]{1,100})(?=$|[\s\"'?|;)])")
# "GET /healthz HTTP/1.1" and the match rules of load balancers are no sentences; commands name what asks.
_WORDS_OF_A_CHECK = 4
_ASKS = regex(r"\b(?:curl|wget|http|https|nc|python\d?|httpie|GET|HEAD|fetch|Path|test|httpchk)\b")
_NODES = 200_000


class Probe(Struct, frozen=True):
    """Lines of a file outside Python that request an address."""

    path: str
    start: int
    end: int


def probes(project: Project, paths: Iterable[str]) -> tuple[Probe, ...]:
    """Every place that requests one of these very paths, in path and line order."""
    ordered = sorted(paths, key=lambda p: (-len(p), p))
    if not ordered:
        return ()
    wanted = re.compile("|".join(re.escape(p) + r"/?(?![\w/.-])" for p in ordered))
    found = {
        *_images(project, wanted),
        *_settings(project, wanted),
        *_commands(project, wanted),
        *_scripts(project, wanted),
    }
    return tuple(sorted(found, key=lambda p: (p.path, p.start, p.end)))


def probed_addresses(project: Project) -> frozenset[str]:
    """The URL paths that health checks of containers, clusters and platforms ask for; the root is none, it is asked
    for want of anything better."""
    found = {m[1] for t in _health_commands(project) for m in _ADDRESS.finditer(t[:4_000])}
    return frozenset(a for p in found if (a := "/" + p.strip("/")) != "/")


def _images(project: Project, wanted: re.Pattern[str]) -> Iterator[Probe]:
    for path, dockerfile in project.dockerfiles.items():
        for item in dockerfile.instructions:
            if item.word == "HEALTHCHECK" and _requests(wanted, item.text):
                yield Probe(path, item.start, item.end)


def _settings(project: Project, wanted: re.Pattern[str]) -> Iterator[Probe]:
    for path, data in project.data.items():
        if role_of(path) not in _NOT_OWN and not _NOT_PROBES.search(path):
            yield from (Probe(path, line, line) for root in data.roots for line in _in_node(wanted, root))
    for path, text in project.texts.items():
        if role_of(path) not in _NOT_OWN:
            yield from (Probe(path, line, line) for line in _in_text(wanted, text.text))


def _commands(project: Project, wanted: re.Pattern[str]) -> Iterator[Probe]:
    for path, commands in project.commands.items():
        for line in commands.lines if _PROBE_SCRIPT.search(path) else ():
            if re.search(r"\b(?:curl|wget|http)\b", line.text) and _requests(wanted, line.text):
                yield Probe(path, line.start, line.end)
    for run in project.ci_runs:
        if not run.dead and run.tool in ("curl", "wget", "http") and any(_requests(wanted, w) for w in run.words):
            place = run.chain[-1]
            yield Probe(place.path, place.start, place.end)


def _scripts(project: Project, wanted: re.Pattern[str]) -> Iterator[Probe]:
    """Python scripts that a container's health check runs, where they request the address."""
    told = " ".join(_health_commands(project))
    for path, file in project.python.items():
        if _PROBE_SCRIPT.search(name := path.rpartition("/")[2]) and name in told:
            for call in file.module.calls:
                texts = (e.text for e in call.expr.walk() if e.kind in ("str", "fstring"))
                if any(_requests(wanted, text) for text in texts):
                    yield Probe(path, call.start, call.end)


def _health_commands(project: Project) -> Iterator[str]:
    yield from (i.text for d in project.dockerfiles.values() for i in d.instructions if i.word == "HEALTHCHECK")
    for path, data in project.data.items():
        if role_of(path) not in _NOT_OWN and not _NOT_PROBES.search(path):
            yield from (n.text for root in data.roots for n in _told(root, _CHECKS))


def _requests(wanted: re.Pattern[str], text: str) -> bool:
    """Whether a text names the path as a whole: at the start of a word, or right after a host."""
    for match in wanted.finditer(text[:4_000]):
        before = re.split(r"[\s\"'`=,(\[|]", text[max(0, match.start() - 200) : match.start()])[-1]
        if "/" not in before.partition("://")[2] and ("://" in before or "/" not in before):
            return True
    return False


def _in_node(wanted: re.Pattern[str], root: Node) -> Iterator[int]:
    return (n.start for n in _told(root, _CONTEXT) if _requests(wanted, n.text) and not _is_prose(n.text))


def _is_prose(text: str) -> bool:
    """Whether a value tells people of an address: several words, and nothing among them that would ask for it."""
    return text.count(" ") > _WORDS_OF_A_CHECK and _ASKS.search(text) is None


def _told(root: Node, context: re.Pattern[str]) -> Iterator[Node]:
    """Values under a key that tells of checks."""
    stack, seen = [(root, False)], 0
    while stack and seen < _NODES:
        node, told = stack.pop()
        seen += 1
        if told and node.text:
            yield node
        stack.extend((item, told or context.search(key) is not None) for key, item in node.pairs())
        if node.kind == "list":
            stack.extend((item, told) for item in node.items)


def _in_text(wanted: re.Pattern[str], text: str) -> Iterator[int]:
    for match in wanted.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        line = text[start : match.end()]
        if _requests(wanted, line) and _PROBE_WORDS.search(text[max(0, match.start() - 300) : match.start()]):
            yield text.count("\n", 0, match.start()) + 1
