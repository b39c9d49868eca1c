"""Templates of repositories: the generated project is what counts, so placeholders are read as names."""

from __future__ import annotations

import re

from evidence.patterns import regex

_NAME = regex(r"\{\{[ \t]{0,8}([A-Za-z_][\w.]{0,100})[^{}\n]{0,80}\}\}")
_TAG_LINE = regex(r"^[ \t]{0,40}\{%[^\n]{0,400}?%\}[ \t]{0,40}$", re.MULTILINE)
_SUFFIXES = (".jinja", ".jinja2", ".j2")
_COPIED = regex(r"(?<=\.py)\.(?:example|sample|dist|default)$")


def filled(text: str) -> str:
    """A path or code with each ``{{ cookiecutter.name }}`` as the identifier ``cookiecutter_name``, and lines that are
    nothing but a ``{% tag %}`` left empty. Lines keep their numbers."""
    if "{{" in text:
        text = _NAME.sub(lambda found: found[1].replace(".", "_"), text)
    return _TAG_LINE.sub("", text) if "{%" in text else text


def has_placeholders(content: bytes) -> bool:
    """Whether a file may be the template of another one."""
    return b"{{" in content or b"{%" in content


def module_path(path: str) -> str:
    """The path that a Python file has in the generated project, or once it was copied (``config.py.example``)."""
    for suffix in _SUFFIXES:
        path = path.removesuffix(suffix)
    return filled(_COPIED.sub("", path))
