"""Local stacks that run in a cluster: Skaffold and Tilt build the application's images and start the manifests beside
them.

Sources: skaffold.dev/docs/references/yaml, docs.tilt.dev/api.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from evidence.facts.deployment.stacks import BACKING, Stack
from evidence.facts.records import Data, Node, Text
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

_SKAFFOLD = regex(r"(?:.*/)?skaffold[\w.-]{0,40}\.ya?ml")
_BUILDS = regex(r"^[ \t]{0,8}(?:docker_build|custom_build|local_resource)\(", re.MULTILINE)
_SETS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Pod"})
_MAX = 200


def cluster_stacks(data: Mapping[str, Data], texts: Mapping[str, Text]) -> Iterator[Stack]:
    """For each Skaffold or Tilt file that builds an image: the file, and the manifests and charts below its folder that
    start a database, cache or broker, as one group."""
    started = [*_skaffolds(data), *_tilts(texts)]
    beside = list(_backing(data)) if started else []
    for path, lines, care in started:
        folder = path.rpartition("/")[0]
        yield Stack(path, 1, max(lines), lines, (), care, group=path)
        for other, found in beside[:_MAX]:
            if not folder or other.startswith(folder + "/"):
                yield Stack(other, found[0], found[-1], (), found, (), group=path)


def _skaffolds(data: Mapping[str, Data]) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    for path, item in sorted(data.items()):
        if not _SKAFFOLD.fullmatch(path.lower()) or role_of(path) is not Role.APP:
            continue
        listed = [root.get("build", "artifacts") for root in item.roots]
        lines = tuple(a.start for node in listed if node is not None for a in node.each() if a.get("image") is not None)
        if lines:
            yield (
                path,
                lines,
                tuple(root.line_of("profiles") for root in item.roots if root.get("profiles") is not None),
            )


def _tilts(texts: Mapping[str, Text]) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    for path, text in sorted(texts.items()):
        if path.rpartition("/")[2] == "Tiltfile" and role_of(path) is Role.APP:
            lines = tuple(text.text.count("\n", 0, m.start()) + 1 for m in _BUILDS.finditer(text.text))[:_MAX]
            if lines:
                yield path, lines, ()


def _backing(data: Mapping[str, Data]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Manifests whose containers, and charts whose dependencies, are such services."""
    for path, item in sorted(data.items()):
        if role_of(path) is Role.APP:
            lines = tuple(line for root in item.roots for line in _started(path, root))
            if lines:
                yield path, lines


def _started(path: str, root: Node) -> Iterator[int]:
    kind = root.get("kind")
    if kind is not None and kind.text in _SETS:
        images = (n for n in (root.get("spec") or root).walk() for k, n in n.pairs() if k == "image")
        yield from (n.start for n in images if BACKING.search(n.text.lower()))
    elif path.rpartition("/")[2].lower() == "chart.yaml":
        listed = root.get("dependencies")
        for item in listed.each() if listed is not None else ():
            name = item.get("name")
            if name is not None and BACKING.search(name.text.lower()):
                yield name.start
