"""Tokens: where each is found, which host it is for, and where none of them ever shows."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from evidence.cli import run
from evidence.source.forges.tokens import credential_for
from tests.forges.asking import asked
from tests.forges.conftest import GITLAB_TOKEN, TOKEN
from tests.forges.data import repository
from tests.forges.fake_github import Answer, FakeGitHub, Request
from tests.source.building import Builder

Start = Callable[..., FakeGitHub]
OTHER = "gh" + "p_" + "Z9y8X7w6V5u4T3s2R1q0P9o8N7m6L5k4J3h2"


@pytest.mark.parametrize(
    ("host", "kind", "named", "environ", "secret"),
    [
        ("github.com", "github", (), {"GH_TOKEN": TOKEN, "GITHUB_TOKEN": OTHER}, TOKEN),
        ("github.com", "github", (), {"GITHUB_TOKEN": OTHER}, OTHER),
        ("github.com", "github", (), {"GITLAB_TOKEN": GITLAB_TOKEN}, None),
        ("ghe.example", "github", ("ghe.example",), {"GH_TOKEN": TOKEN}, TOKEN),
        ("ghe.example", "github", (), {"GH_TOKEN": TOKEN, "GH_HOST": "ghe.example"}, TOKEN),
        ("github.com", "github", ("ghe.example",), {"GH_TOKEN": TOKEN}, None),
        ("github.com", "github", ("ghe.example",), {"GH_TOKEN": TOKEN, "GH_ENTERPRISE_TOKEN": OTHER}, TOKEN),
        ("ghe.example", "github", ("ghe.example",), {"GH_TOKEN": TOKEN, "GH_ENTERPRISE_TOKEN": OTHER}, OTHER),
        ("evil.example", "github", ("ghe.example",), {"GH_TOKEN": TOKEN, "GH_ENTERPRISE_TOKEN": OTHER}, None),
        ("gitlab.com", "gitlab", (), {"GITLAB_TOKEN": GITLAB_TOKEN, "CI_JOB_TOKEN": OTHER}, GITLAB_TOKEN),
        ("lab.example", "gitlab", (), {"CI_JOB_TOKEN": OTHER, "GITLAB_HOST": "https://lab.example"}, OTHER),
        ("gitlab.com", "gitlab", (), {"CI_JOB_TOKEN": OTHER, "CI_SERVER_HOST": "lab.example"}, None),
        ("gitlab.com", "gitlab", (), {"GITLAB_TOKEN": "no token\n"}, None),
    ],
)
def test_each_token_is_for_one_host(
    host: str, kind: str, named: tuple[str, ...], environ: dict[str, str], secret: str | None
) -> None:
    """The first host named takes the token, github.com and gitlab.com otherwise, and no other host gets any."""
    found = credential_for(host, kind, named, environ)
    assert (found and found.secret) == secret
    assert secret is None or secret not in repr(found)


def test_netrc_goes_by_host(tmp_path: Path) -> None:
    """The password of netrc is for the machine it stands beside."""
    file = tmp_path / "netrc"
    file.write_text(f"machine lab.example login ada password {OTHER}\n")
    file.chmod(0o600)
    found = credential_for("lab.example", "gitlab", ("lab.example",), {"NETRC": str(file)})
    assert (found and (found.user, found.secret)) == ("ada", OTHER)
    assert credential_for("gitlab.com", "gitlab", (), {"NETRC": str(file)}) is None


def test_a_github_app_signs_in_for_its_installation(github: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The App's signature buys a token, which alone goes with what is asked after."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    for name, value in (("ID", "7"), ("INSTALLATION_ID", "42"), ("PRIVATE_KEY", pem.decode())):
        monkeypatch.setenv(f"GITHUB_APP_{name}", value)
    server = github(repository())

    def installation(request: Request) -> Answer | None:
        if request.path != "/app/installations/42/access_tokens":
            return None
        return Answer({"token": TOKEN, "expires_at": "2030-01-01T00:00:00Z"}, 201)

    server.faults.append(installation)
    changes = asked(server)
    first, *others = server.asked
    assert first.headers["Authorization"].startswith("Bearer eyJ")
    assert {request.headers["Authorization"] for request in others} == {f"Bearer {TOKEN}"}
    assert (len(changes.requests), changes.missing) == (3, {})


def test_a_token_shows_nowhere(
    github: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Git and the API both get it, and no address, log, message, cache or digest does."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    head = Builder(tmp_path / "root" / "ada" / "app.git").commit({"app.py": "x = 1\n"})
    data = repository()
    data.history = [(head, "ada")]
    server = github(data)
    server.git_root = tmp_path / "root"
    named = ("--host", server.origin, "--allow-insecure-host", server.origin)
    assert run(["scan", f"{server.origin}/ada/app", *named, "--workers=1", "-o", str(tmp_path / "d.json")]) == 0
    assert all("Authorization" in headers for headers in server.git_headers)
    server.faults.append(lambda request: Answer({"message": f"bad {request.headers['Authorization']}"}, 500))
    run(["scan", f"{server.origin}/ada/app", *named, "--workers=1", "--forge-wait=0", "-o", str(tmp_path / "e.json")])
    said = capfd.readouterr()
    places = [said.out, said.err, caplog.text, json.dumps([f"{r.path} {r.query}" for r in server.asked])]
    kept = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert not any(TOKEN[:12] in place for place in places)
    assert not any(TOKEN[:12].encode() in content for content in kept)
