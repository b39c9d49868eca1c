"""Every extractor by language, the key under which its facts may be cached, and the way to the cache and back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import msgspec
from msgspec import Struct


class Extractor(Struct, frozen=True):
    """``function`` (``module:name``) turns bytes into ``record`` (``module:name``); ``version`` changes with it.

    ``packages`` are the distributions whose version may change the output; ``python`` tells that Python's own may.
    """

    function: str
    record: str
    version: str
    packages: tuple[str, ...] = ()
    python: bool = False


def _plain(module: str, record: str, number: str, *packages: str, name: str = "extract") -> Extractor:
    return Extractor(f"evidence.facts.{module}:{name}", f"evidence.facts.records:{record}", number, packages)


EXTRACTORS: dict[str, Extractor] = {
    "python": Extractor(
        "evidence.facts.python.extract:extract_module",
        "evidence.facts.python.records:Module",
        "10",
        ("radon", "tree-sitter", "tree-sitter-python"),
        python=True,
    ),
    "yaml": _plain("formats.yaml_nodes", "Data", "2", "PyYAML"),
    "toml": _plain("formats.toml_nodes", "Data", "2"),
    "json": _plain("formats.json_nodes", "Data", "2"),
    "ini": _plain("formats.ini_nodes", "Data", "2"),
    "env": _plain("formats.ini_nodes", "Data", "2", name="extract_env"),
    "dockerfile": _plain("formats.dockerfile", "Dockerfile", "1"),
    "requirements": _plain("requirements.files", "Requirements", "1"),
    "lock": _plain("requirements.files", "Requirements", "2", name="extract_lock"),
    "makefile": _plain("shell.commands", "Commands", "2", name="extract_makefile"),
    "procfile": _plain("shell.commands", "Commands", "1", name="extract_procfile"),
    "shell": _plain("shell.commands", "Commands", "1", name="extract_shell"),
    "justfile": _plain("shell.commands", "Commands", "1", name="extract_justfile"),
    "markdown": _plain("formats.documents", "Document", "3", "markdown-it-py", "PyYAML", name="extract_markdown"),
    "rst": _plain("formats.documents", "Document", "4", name="extract_rst"),
    "asciidoc": _plain("formats.documents", "Document", "3", name="extract_asciidoc"),
    "jinja": _plain("formats.jinja", "Template", "1", "Jinja2"),
    "text": _plain("plain", "Text", "2"),
}
"""By language, as :func:`evidence.facts.language.language_of` names them."""

MASKING_VERSION = "13"
"""Part of every fingerprint: what is masked decides what may be stored."""


def extract(language: str, content: bytes) -> bytes:
    """The msgpack form of the record that the language's extractor makes of ``content``."""
    return msgspec.msgpack.encode(_loaded(EXTRACTORS[language].function)(content))


def decode(language: str, payload: bytes) -> Any:
    """The record that :func:`extract` encoded; ``msgspec.DecodeError`` when it is not one of this language."""
    return _decoder(language)(payload)


def load(language: str) -> None:
    """Import what reads this language, so that processes forked afterwards need not."""
    _loaded(EXTRACTORS[language].function)


def prepare() -> None:
    """Import the records that every scan reads, which workers need as well as the process that they are forked of."""
    _decoder("python")


@cache
def fingerprint(language: str) -> str:
    """Names everything besides the content that may change the facts: extractor, masking, parsers, Python's minor."""
    extractor = EXTRACTORS[language]
    parts = [language, extractor.version, f"masking={MASKING_VERSION}"]
    parts += [f"{package}={_version(package)}" for package in extractor.packages]
    if "PyYAML" in extractor.packages:
        parts.append(f"libyaml={_libyaml()}")
    parts.append(f"python={sys.version_info.major}.{sys.version_info.minor}")
    return ";".join(parts)


def _version(package: str) -> str:
    # a scan without a cache asks for no version, and importing this takes longer than all else of this module
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _libyaml() -> str:
    try:
        return str(import_module("yaml._yaml").get_version_string())
    except ImportError:
        return "none"


@cache
def _loaded(address: str) -> Any:
    module, _, name = address.partition(":")
    return getattr(import_module(module), name)


@cache
def _decoder(language: str) -> Callable[[bytes], Any]:
    return msgspec.msgpack.Decoder(_loaded(EXTRACTORS[language].record)).decode


__all__ = ["EXTRACTORS", "Extractor", "decode", "extract", "fingerprint", "load", "prepare"]
