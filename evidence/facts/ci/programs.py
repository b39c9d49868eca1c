"""The name of what a command starts."""

from __future__ import annotations


def program(word: str) -> str:
    """The name of a program without its folder: ``/opt/venv/bin/pytest`` is ``pytest``."""
    return word.replace("\\", "/").rsplit("/", 1)[-1]
