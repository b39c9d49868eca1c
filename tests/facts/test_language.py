"""Which extractor reads which path."""

from __future__ import annotations

import pytest

from evidence.facts.language import language_of, needs_head
from evidence.facts.registry import EXTRACTORS

_CASES = {
    "app/views.py": "python",
    ".github/workflows/ci.yml": "yaml",
    "pyproject.toml": "toml",
    "Pipfile": "toml",
    "package.json": "json",
    "tox.ini": "ini",
    "setup.cfg": "ini",
    ".flake8": "ini",
    ".env": "env",
    ".env.example": "env",
    ".flaskenv": "env",
    "Dockerfile": "dockerfile",
    "docker/Dockerfile.prod": "dockerfile",
    "web.Dockerfile": "dockerfile",
    "Dockerfile-dev": "dockerfile",
    "Dockerfile.dockerignore": "text",
    "static/dockerfile-build.js": None,
    "docs/dockerfile-notes.md": "markdown",
    "Containerfile": "dockerfile",
    "requirements.txt": "requirements",
    "requirements-dev.in": "requirements",
    "requirements/base.txt": "requirements",
    "constraints.txt": "requirements",
    "poetry.lock": "lock",
    "Pipfile.lock": "lock",
    "uv.lock": "lock",
    "pylock.toml": "lock",
    "pylock.dev.toml": "lock",
    "Makefile": "makefile",
    "make/build.mk": "makefile",
    "Procfile": "procfile",
    "Procfile.dev": "procfile",
    "Procfile.md": "markdown",
    "justfile": "justfile",
    "bin/deploy.sh": "shell",
    "README.md": "markdown",
    "docs/index.rst": "rst",
    "docs/guide.adoc": "asciidoc",
    "app/templates/base.html": "jinja",
    "app/templates/mail/reset.txt": "jinja",
    "nginx.conf.j2": "jinja",
    "main.tf": "text",
    "CODEOWNERS": "text",
    "Jenkinsfile": "text",
    "migrations/V1__init.sql": "text",
    "yarn.lock": None,
    "package-lock.json": None,
    "pnpm-lock.yaml": None,
    "static/app.js": None,
    "static/logo.png": None,
    "static/site.css": None,
    "static/data.min.json": None,
}


@pytest.mark.parametrize(("path", "language"), _CASES.items())
def test_language_by_name(path: str, language: str | None) -> None:
    """A path's name, ending and folder choose its extractor, and every choice is registered."""
    assert language_of(path) == language
    assert language is None or language in EXTRACTORS


@pytest.mark.parametrize(
    ("path", "language"),
    {
        "{{ project }}/ci.yml.jinja": "yaml",
        "Dockerfile.jinja": "dockerfile",
        "pyproject.toml.j2": "toml",
        "README.md.jinja": "markdown",
        "page.html.jinja2": "jinja",
        "mail.txt.j2": "jinja",
    }.items(),
)
def test_template_suffix_is_looked_through(path: str, language: str) -> None:
    """A template repository's suffix does not hide what the file will be; what has no reader is a template."""
    assert language_of(path) == language


@pytest.mark.parametrize(
    ("path", "head", "language"),
    [
        ("run", b"#!/bin/bash\nset -e\n", "shell"),
        ("bin/start", b"#!/usr/bin/env -S bash -e\n", "shell"),
        ("manage", b"#!/usr/bin/env python3\n", "python"),
        ("bin/tool", b"#!/usr/bin/env node\n", None),
        ("bin/tool", b"\x7fELF", None),
        ("page.html", b"{% extends 'x' %}", "jinja"),
        ("page.html", b"<html>", None),
        ("supervisord.conf", b"; comment\n[supervisord]\n", "ini"),
        ("nginx.conf", b"server {\n", "text"),
    ],
)
def test_language_by_content(path: str, head: bytes, language: str | None) -> None:
    """Where only the beginning of the content can tell, it does, and ``needs_head`` says so."""
    assert language_of(path, head) == language
    assert needs_head(path)


def test_head_is_not_needed_where_the_name_tells() -> None:
    """A name that decides alone asks for no content."""
    assert not needs_head("app/views.py")
    assert not needs_head("Makefile")
