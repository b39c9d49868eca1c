"""What a switch of debug mode is, and which places of a repository are apart from what it runs by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.debug.values import APART
from evidence.facts.deployment.environments import environment_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

ASIDE = regex(
    r"(?:^|/)(?:\.github|\.circleci|\.gitlab|\.gitpod|\.vscode|\.idea|\.devcontainer|\.ci)(?:/|[-.])|example|sample"
    r"|override|\.flaskenv|tests?\.sh$"
)
"""Paths of what only developers start: workspaces, examples, overrides, test scripts."""

_COMPOSE = regex(r"compose[\w.-]{0,60}\.ya?ml$")


class DebugSwitch(Struct, frozen=True):
    """One switch. ``how``: run, setting, application, development (a configuration that is chosen), variable or
    command; ``reached`` means that the default or production path comes by it."""

    path: str
    start: int
    end: int
    how: str
    reached: bool


def served(project: Project) -> bool:
    """Whether some start command that is not for development uses a production server."""
    return any(s.serves and s.environment not in APART for s in project.starts)


def stack_aside(project: Project, path: str) -> bool:
    """Whether a file is a stack of containers for developers: one beside a production server, or beside a stack that is
    named for production (``jupyter.yml`` beside ``production.yml``)."""
    stacks = {s.path for s in project.stacks}
    if path not in stacks and not _COMPOSE.search(path):
        return False
    return served(project) or any(environment_of(s) == "production" for s in stacks - {path})


def apart(path: str) -> bool:
    """Whether a path is for development, tests or a workspace alone."""
    return environment_of(path) in APART or ASIDE.search(path) is not None
