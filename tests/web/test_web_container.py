"""The container file and the compose file: no engine is needed to see that what they name is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from evidence.cli import run
from evidence.web.settings import PREFIX, Settings, read_settings

ROOT = Path(__file__).parents[2]
CONTAINER = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE: Any = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def _lines(word: str) -> list[str]:
    return re.findall(rf"^{word} +(.+)$", CONTAINER, re.MULTILINE)


def test_what_is_copied_is_there() -> None:
    """Each file and folder that is copied into the image exists, and what packaging reads is among them."""
    copied = [name for line in _lines("COPY") if "--from" not in line for name in line.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"requirements.lock", "pyproject.toml", "evidence", "detectors", "fixtures"} <= set(copied)


def test_only_what_is_copied_is_sent() -> None:
    """The context of a build lets in what is copied into the image, and nothing besides: no secrets of ``.env``."""
    lines = (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    copied = {name for line in _lines("COPY") if "--from" not in line for name in line.split()[:-1]}
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == copied


def test_what_is_set_is_a_setting(monkeypatch: Any, tmp_path: Path) -> None:
    """The names in the environment of image and service are settings, and together they are accepted."""
    image = dict(pair.partition("=")[::2] for line in _lines("ENV") for pair in line.split())
    service = {name: re.sub(r"\$\{[^}]*\}", "a secret of twenty-four", each) for name, each in
               COMPOSE["services"]["web"]["environment"].items()}  # fmt: skip
    named = {name: each for name, each in {**image, **service}.items() if name.startswith(PREFIX)}
    assert {name.removeprefix(PREFIX).lower() for name in named} <= set(Settings.model_fields)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    settings = read_settings({"data": tmp_path})
    assert settings.team
    assert settings.database_url.startswith("postgresql+psycopg://")


def test_what_it_runs_is_a_command(capsys: Any) -> None:
    """The command is ours, and the port that it listens on is the one that is opened, published and watched."""
    (command,) = [json.loads(each) for each in re.findall(r"^CMD (\[.*\])$", CONTAINER, re.MULTILINE)]
    assert command[0] == "evidence"
    assert run([*command[1:], "--help"]) == 0
    (port,) = _lines("EXPOSE")
    assert f"EVIDENCE_WEB_PORT={port}" in CONTAINER
    assert f"http://127.0.0.1:{port}/readyz" in CONTAINER
    web = COMPOSE["services"]["web"]
    assert web["ports"] == [f"127.0.0.1:{port}:{port}"]
    (check,) = [json.loads(each) for each in re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", CONTAINER, re.MULTILINE)]
    assert web["healthcheck"]["test"] == ["CMD", *check]


def test_it_keeps_to_itself() -> None:
    """The image runs as a user of its own; the service cannot write but to its data, and has no capability."""
    assert _lines("USER") == ["evidence"]
    web = COMPOSE["services"]["web"]
    assert (web["read_only"], web["cap_drop"], web["tmpfs"]) == (True, ["ALL"], ["/tmp"])
    assert web["volumes"] == [f"data:{_lines('VOLUME')[0]}"]
    assert web["depends_on"]["database"]["condition"] == "service_healthy"
