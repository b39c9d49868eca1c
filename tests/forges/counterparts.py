"""The real counterparts of the tests: what GitHub publishes of its answers, and stand-ins that run on Node.

``make test`` installs them below the virtual environment. A machine without Node leaves these tests out, by name.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "node"
_KINDS: Mapping[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "number": (int, float),
}  # fmt: skip
MODULES = Path(sys.prefix) / "node" / "node_modules"


def module(name: str) -> Path:
    """The folder of an npm package, or the test is left out with the reason."""
    if shutil.which("node") is None:
        pytest.skip("left out: there is no Node on the path (20 or newer is needed)")
    if not (MODULES / name).is_dir():
        pytest.skip(f"left out: the npm package {name} is not installed (make test does that where Node and npm are)")
    return MODULES / name


@contextmanager
def running(script: str, *arguments: str) -> Iterator[str]:
    """A stand-in on a free port; gives its address, and ends it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    target = MODULES.parent / script
    shutil.copyfile(HERE / script, target)  # node looks for packages beside the script
    command = ["node", str(target), str(port), *arguments, str(MODULES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def misfits(value: Any, schema: Mapping[str, Any], known: Mapping[str, Any], place: str = "") -> list[str]:
    """Where ``value`` is not what an OpenAPI schema says; what is left out of it is no misfit."""
    if "$ref" in schema:
        return misfits(value, known[schema["$ref"].rpartition("/")[2]], known, place)
    if value is None:
        kinds = [misfits(None, each, known, place) for each in schema.get("anyOf", schema.get("oneOf", []))]
        return [] if schema.get("nullable") or [] in kinds else [f"{place} is null"]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            found = [misfits(value, each, known, place) for each in schema[word]]
            return [] if [] in found else min(found, key=len)
    if "allOf" in schema:
        return [each for part in schema["allOf"] for each in misfits(value, part, known, place)]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place} is {value!r}"]
    kinds_of: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "boolean": bool,
        "number": (int, float),
    }
    kind = schema.get("type")
    if isinstance(kind, str) and not isinstance(value, kinds_of[kind]):
        return [f"{place} is no {kind}"]
    if isinstance(value, list):
        return [
            each for at, item in enumerate(value) for each in misfits(item, schema["items"], known, f"{place}[{at}]")
        ]
    if isinstance(value, dict) and "properties" in schema:
        unknown = [f"{place}.{name} is unknown" for name in value if name not in schema["properties"]]
        return unknown + [
            each
            for name, item in value.items()
            if name in schema["properties"]
            for each in misfits(item, schema["properties"][name], known, f"{place}.{name}")
        ]
    return []
