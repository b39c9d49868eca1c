"""Strings made of constants."""

from __future__ import annotations

import pytest

from evidence.testkit import Case, project_of

MODULE = """
import os
from enum import Enum

from app.names import BASE, Api

VERSION = 2
PREFIX = "/api" + "/v1"
FALLBACK = os.environ.get("PREFIX", "/v3")
OWN = app.config["API_ROOT"]
LOOP = LOOP
CYCLE_A = CYCLE_B
CYCLE_B = CYCLE_A
use({expression})
"""
NAMES = """
from enum import Enum

BASE = "/base"


class Api(str, Enum):
    V2 = "/api/v2"
    DEFAULT = V2


class Config:
    API_ROOT = "/root"
"""


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('"/plain"', "/plain"),
        ("PREFIX", "/api/v1"),
        ('f"{BASE}/v{VERSION}"', "/base/v2"),
        ('f"{Api.V2.value}/orders"', "/api/v2/orders"),
        ("Api.DEFAULT", "/api/v2"),
        ("FALLBACK", "/v3"),
        ("OWN", "/root"),
        ('f"{unknown}/v1"', "{}/v1"),
        ("make()", "{}"),
        ("LOOP", "{}"),
        ("CYCLE_A", "{}"),
    ],
)
def test_constants_are_followed(expression: str, text: str) -> None:
    """Names, f-strings, enum members, settings and defaults come to their text; what is not constant to a mark."""
    files = {"app/__init__.py": "", "app/names.py": NAMES, "app/use.py": MODULE.replace("{expression}", expression)}
    project = project_of(Case("Constants", files, (), ()))
    file = project.python["app/use.py"]
    call = next(c for c in file.module.calls if c.name == "use")
    assert project.constants.text(file, call.scope, call.expr.args[0]) == text
