"""Debug mode switched on by images, manifests and scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.debug.places import ASIDE, DebugSwitch, apart, served, stack_aside
from evidence.facts.debug.values import APART
from evidence.facts.deployment.environments import environment_of
from evidence.facts.deployment.manifests import variables
from evidence.facts.records import Node
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_SWITCH = regex(
    r"(?:FLASK_DEBUG\s{0,2}[=:]?\s{0,2}[\"']?(?:1|[Tt]rue|on|yes)\b|FLASK_ENV\s{0,2}[=:]?\s{0,2}[\"']?development\b)"
)
_FLAG = regex(r"\bflask\b.{0,80}\brun\b.{0,80}--debug(?:ger)?\b(?!-)|\bflask\s.{0,60}--debug\s.{0,60}\brun\b")
_SHOWN_APART = (*APART, "preview")
# A container that somebody sits in front of: what is deployed has no terminal.
_BY_HAND = regex(r"\bdocker\s{1,4}run\b.{0,200}\s-(?:it|ti)\b")


def described(project: Project) -> Iterator[DebugSwitch]:
    """``FLASK_DEBUG=1`` and ``FLASK_ENV=development`` where a service is described or started."""
    for path, dockerfile in project.dockerfiles.items():
        stages = [i.stage for i in dockerfile.instructions if i.word == "FROM"]
        for item in dockerfile.instructions:
            if (
                item.word == "ENV"
                and item.stage == max(stages, default=0)
                and _SWITCH.search(item.text)
                and not apart(path)
            ):
                yield DebugSwitch(path, item.start, item.end, "variable", True)
    for path, data in project.data.items():
        name = path.rpartition("/")[2]
        if name.startswith((".flaskenv", ".env")) and "example" not in name and environment_of(name) not in APART:
            yield from (
                DebugSwitch(path, line, line, "variable", False)
                for key, value, line in named_values(data.roots)
                if _SWITCH.fullmatch(f"{key}={value}")
            )
        elif not apart(path) and not name.endswith((".ini", ".cfg", ".toml")):
            aside = _sections_apart(data.roots)
            found = [
                line for k, v, line in named_values(data.roots) if _SWITCH.fullmatch(f"{k}={v}") and line not in aside
            ]
            if not stack_aside(project, path):
                yield from (DebugSwitch(path, line, line, "variable", True) for line in found)


def _sections_apart(roots: tuple[Node, ...]) -> frozenset[int]:
    """The lines of sections that are named, at the top, for an environment that is none of production's."""
    named = (v for root in roots for k, v in root.pairs() if v.kind == "map" and environment_of(k) in _SHOWN_APART)
    return frozenset(line for value in named for line in range(value.start, value.end + 1))


def named_values(roots: tuple[Node, ...]) -> Iterator[tuple[str, str, int]]:
    """(name, value, line) of what could be variables in any of a file's documents."""
    for root in roots:
        yield from variables(root)


def started(project: Project) -> Iterator[DebugSwitch]:
    """Start commands with the flag or the variable, in Procfiles, images and scripts that are not for development.

    A script that starts a production server before it is a choice of modes, of which debug is not the default."""
    for start in project.starts:
        if (
            start.environment in APART
            or ASIDE.search(start.path)
            or not (_FLAG.search(start.text) or _SWITCH.search(start.text))
        ):
            continue
        chosen = any(s.path == start.path and s.serves and s.start < start.start for s in project.starts)
        if not chosen and not stack_aside(project, start.path):
            by_hand = _BY_HAND.search(start.text) is not None or (served(project) and _unnamed(project, start.path))
            yield DebugSwitch(start.path, start.start, start.end, "command", not by_hand)


def _unnamed(project: Project, path: str) -> bool:
    """Whether a shell script is one that no image and no other command starts: beside those that start a server, it is
    for a developer's own machine."""
    name = path.rpartition("/")[2]
    if not name.endswith((".sh", ".bash", ".ps1", ".bat")):
        return False
    built = (i.text for d in project.dockerfiles.values() for i in d.instructions if i.word in ("CMD", "ENTRYPOINT"))
    told = (s.text for s in project.starts if s.path != path)
    return not any(name in text for text in (*built, *told))
