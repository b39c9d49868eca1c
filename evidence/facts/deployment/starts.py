"""The commands that start a service: Procfiles, container images, compose files, manifests, scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.deployment.environments import environment_of
from evidence.facts.records import Node
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_COMMAND_KEYS = frozenset(
    {"command", "entrypoint", "cmd", "args", "startcommand", "start_command", "execstart", "run_command"}
)
_NOT_SERVICES = regex(
    r"(?:^|/)(?:\.github|\.gitlab|\.circleci|\.vscode|\.devcontainer|\.idea)/|package(?:-lock)?\.json$|tsconfig"
)
# A command is read so far; longer ones are data or an attack on the patterns below.
_LONGEST = 2_000
# of systemd, supervisor and consul-template, and the scripts that runit and daemontools call a service; a command may
# go on after a backslash at the end of its line
_UNIT = regex(
    r"^[ \t]{0,16}(?:(?:ExecStart|command)[ \t]{0,4}=[ \t]{0,4}|exec[ \t]{1,4}(?=[\w/]))"
    r"((?:[^\\\n]|\\[^\n]|\\\n){1,1200})$",
    re.MULTILINE,
)
_MAKES = regex(r"(?:^|[\s;&|])make\s{1,4}([\w.\-]{1,60})")
_PLAIN = regex(r"\.(?:service|conf|tf|hcl|nomad)$")
_SERVERS = regex(
    r"(?:^|[\s/\"'\[])(?:gunicorn|uwsgi|waitress-serve|hypercorn|uvicorn|daphne|mod_wsgi-express|granian|zappa"
    r"|httpd|apache2-foreground|apache2?ctl)\b"
)


class Start(Struct, frozen=True):
    """One start command. ``environment`` is what its file or section is named after ("" when nothing says so)."""

    path: str
    start: int
    end: int
    text: str
    environment: str

    @property
    def serves(self) -> bool:
        """Whether it starts a production server rather than Flask's own."""
        return _SERVERS.search(self.text) is not None


def starts(project: Project) -> tuple[Start, ...]:
    """Every start command of the project's own services, in path order."""
    found = [*_scripts(project), *_images(project), *_manifests(project), *_units(project)]
    found.extend(_made(project, found))
    kept = (s for s in found if role_of(s.path) not in (Role.TEST, Role.EXAMPLE, Role.VENDORED))
    return tuple(sorted(kept, key=lambda s: (s.path, s.start, s.text)))


def _made(project: Project, starts: Iterable[Start]) -> Iterator[Start]:
    """The lines of a Makefile that start a server, where a start command makes their target."""
    targets = {match[1] for start in starts for match in _MAKES.finditer(start.text)}
    for path, commands in project.commands.items() if targets else ():
        for line in commands.lines if commands.kind == "makefile" else ():
            if line.section in targets and _SERVERS.search(line.text):
                yield Start(path, line.start, line.end, line.text[:_LONGEST], environment_of(line.section))


def _scripts(project: Project) -> Iterator[Start]:
    for path, commands in project.commands.items():
        if commands.kind in ("procfile", "shell"):
            for line in commands.lines:
                environment = environment_of(path) or environment_of(line.section)
                yield Start(path, line.start, line.end, line.text[:_LONGEST], environment)


def _images(project: Project) -> Iterator[Start]:
    for path, dockerfile in project.dockerfiles.items():
        stages = {
            i.stage: i.text.rpartition(" ")[2]
            for i in dockerfile.instructions
            if i.word == "FROM" and " as " in i.text.lower()
        }
        for item in dockerfile.instructions:
            if item.word in ("CMD", "ENTRYPOINT"):
                text = " ".join(item.words) if item.words else item.text
                yield Start(
                    path, item.start, item.end, text, environment_of(path) or environment_of(stages.get(item.stage, ""))
                )


def _manifests(project: Project) -> Iterator[Start]:
    for path, data in project.data.items():
        if _NOT_SERVICES.search(path) or (path.endswith((".ini", ".toml")) and "supervisor" not in path):
            continue
        for root in data.roots:
            for node in root.walk():
                for key, value in node.pairs():
                    if key.lower() in _COMMAND_KEYS and (text := _joined(value)):
                        yield Start(path, value.start, value.end, text, environment_of(path))


def _joined(node: Node) -> str:
    return " ".join(node.texts())[:_LONGEST]


def _units(project: Project) -> Iterator[Start]:
    for path, text in project.texts.items():
        if _PLAIN.search(path):
            for match in _UNIT.finditer(text.text):
                line = text.text.count("\n", 0, match.start()) + 1
                command = " ".join(match[1].replace("\\\n", " ").split())
                yield Start(path, line, line + match[1].count("\n"), command, environment_of(path))
