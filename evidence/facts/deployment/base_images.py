"""Base images that bring an application server with its start command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# https://github.com/tiangolo/uvicorn-gunicorn-docker and its siblings: the start command takes the configuration that
# an image puts under this name.
_BASES = regex(r"(?:^|[\s/])(?:meinheld-gunicorn|uvicorn-gunicorn)[\w-]{0,40}(?=[:@\s]|$)")
_CONFIGURATION = "gunicorn_conf.py"


def read_by_bases(project: Project) -> set[str]:
    """Names of configurations that an image copies for the server of the image it is built on."""
    return {
        _CONFIGURATION
        for dockerfile in project.dockerfiles.values()
        if any(i.word == "FROM" and _BASES.search(i.text) for i in dockerfile.instructions)
        and any(i.word in ("COPY", "ADD") and _CONFIGURATION in i.text for i in dockerfile.instructions)
    }
