"""Who may come in: loopback alone without a secret, people who sign in on a team server, and nobody by a trick."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import structlog
from joserfc.jwk import RSAKey

from evidence.model import UsageError
from evidence.web.access.provider import admitted
from evidence.web.settings import read_settings
from tests.source.serving import Server
from tests.web.browser import served
from tests.web.browsing import Visitor
from tests.web.conftest import MakeApp, running
from tests.web.provider import Provider

SECRET = "a secret of the team, long enough"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An identity provider."""
    server = Provider()
    yield from running(server)


def _oidc(provider: Provider, *allowed: str) -> dict[str, Any]:
    return {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": provider.client,
        "oidc_client_secret": provider.secret,
        "oidc_allowed": allowed,
    }


BAD_SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "open": ({"host": "0.0.0.0"}, "lets others in"),  # noqa: S104
    "short": ({"host": "0.0.0.0", "access_secret": "short"}, "at least 16"),  # noqa: S104
    "half": ({"oidc_issuer": "https://id.example.org"}, "together"),
    "anybody": (
        {"oidc_issuer": "https://id.example.org", "oidc_client_id": "x", "oidc_client_secret": "y"},
        "oidc_allowed",
    ),
    "unknown": ({"nonsense": "1"}, "NONSENSE"),
    "number": ({"port": "many"}, "EVIDENCE_WEB_PORT"),
}


@pytest.mark.parametrize("name", BAD_SETTINGS)
def test_settings_that_are_wrong_are_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    """Who listens beyond this machine must say who may come in, and a wrong value is named; no secret is repeated."""
    given, said = BAD_SETTINGS[name]
    with pytest.raises(UsageError) as refused:
        read_settings({"data": tmp_path, **given})
    assert said in str(refused.value)
    assert "short" not in str(refused.value) or "shorter" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Lists are written with commas, and an option of the command wins."""
    monkeypatch.setenv("EVIDENCE_WEB_ALLOWED_HOSTS", "git.example.org, github.com")
    monkeypatch.setenv("EVIDENCE_WEB_FORGES", "git.example.org")
    monkeypatch.setenv("EVIDENCE_WEB_PORT", "9000")
    monkeypatch.setenv("EVIDENCE_WEB_DATABASE", "postgres://u:p@db/evidence")
    settings = read_settings({"data": tmp_path, "port": 9001})
    assert settings.port == 9001
    assert settings.places.hosts == {"git.example.org": "gitlab", "github.com": "github"}
    assert settings.database_url == "postgresql+psycopg://u:p@db/evidence"
    assert "u:p" not in repr(settings)


def test_only_hosts_on_the_list_are_asked(make_app: MakeApp) -> None:
    """An operator can narrow the public forges down."""
    visitor = Visitor(make_app(allowed_hosts=("gitlab.com",)))
    assert visitor.paste("https://github.com/ada/bazaar").status_code == 422
    assert "is not one we fetch from" in visitor.page


def test_a_team_server_asks_who_is_there(make_app: MakeApp) -> None:
    """Every page leads to the sign-in; the secret opens them, and leads back to the page that was asked for."""
    app = make_app(access_secret=SECRET)
    visitor = Visitor(app)
    for path in ("/", "/digests", "/scans", "/scans/x", "/digests/x", "/digests/x/links"):
        visitor.get(path)
        assert visitor.address == "/sign-in"
    assert visitor.client.get("/healthz").status_code == 200
    assert visitor.client.get("/readyz").status_code == 200
    visitor.get("/digests?x=1")
    assert visitor.post("/sign-in", name="Grace", secret="not the secret at all").status_code == 422
    assert "That is not the secret" in visitor.page
    visitor.post("/sign-in", name="Grace", secret=SECRET, next="/digests")
    assert visitor.address == "/digests"
    visitor.post("/sign-out")
    visitor.get("/")
    assert visitor.address == "/sign-in"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(make_app: MakeApp, target: str) -> None:
    """The page to return to is one of this server."""
    visitor = Visitor(make_app(access_secret=SECRET))
    visitor.get("/sign-in")
    visitor.client.get("/sign-in")
    response = visitor.post("/sign-in", name="Grace", secret=SECRET, next=target)
    assert response.status_code == 200
    assert visitor.address == "/"


def test_guessing_the_secret_is_slow(make_app: MakeApp) -> None:
    """After some wrong secrets in a minute no more are looked at."""
    visitor = Visitor(make_app(access_secret=SECRET, rate_sign_in="3 per minute"))
    visitor.get("/sign-in")
    codes = [visitor.post("/sign-in", name="Eve", secret=f"guess number {n} of many").status_code for n in range(3)]
    assert codes == [422, 422, 422]
    visitor.get("/sign-in")
    assert visitor.post("/sign-in", name="Eve", secret=SECRET).status_code == 429
    assert "Wait a minute" in visitor.page


def test_pages_are_bounded_for_each_person(make_app: MakeApp) -> None:
    """Who loads too many pages is told to wait; others are not."""
    app = make_app(access_secret=SECRET, rate_pages="6 per minute")
    eve, grace = Visitor(app), Visitor(app)
    for each in (eve, grace):
        each.get("/sign-in")
        each.post("/sign-in", name="Eve" if each is eve else "Grace", secret=SECRET)
    codes = [eve.client.get("/digests").status_code for _ in range(8)]
    assert codes[-1] == 429
    assert grace.client.get("/digests").status_code == 200


def test_forms_from_elsewhere_are_refused(make_app: MakeApp, forge: Server) -> None:
    """Without the token of the page nothing is done."""
    visitor = Visitor(make_app())
    visitor.page = ""
    refused = visitor.post("/", links=f"{forge.origin}/ada/bazaar", profile="")
    assert refused.status_code == 400
    assert "load the page again" in visitor.page
    visitor.get("/scans")
    assert "None yet" in visitor.page


def test_other_names_of_this_machine_are_refused(make_app: MakeApp) -> None:
    """On loopback a page of another site cannot reach the server under a name of its own."""
    client = make_app().test_client()
    assert client.get("/", base_url="http://evil.example/").status_code == 400
    assert client.get("/", base_url="http://127.0.0.1:8321/").status_code == 200


def test_answers_carry_the_headers_that_bind_the_browser(make_app: MakeApp) -> None:
    """A strict policy without inline script or style, no framing, no sniffing, no caching; and no page needs more."""
    client = make_app().test_client()
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    page = response.get_data(as_text=True)
    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page


def test_behind_a_proxy_all_but_its_health_is_sent_to_https(make_app: MakeApp) -> None:
    """Who comes by plain http is led away, once the proxy has said so; what watches the server asks it directly."""
    client = make_app(access_secret=SECRET, https=True, proxies=1).test_client()
    assert client.get("/sign-in").location == "https://localhost/sign-in"
    secured = client.get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert secured.status_code == 200
    assert "; Secure;" in secured.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in secured.headers
    assert [client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]


def test_the_server_hears_what_its_proxy_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by its command behind a proxy that ends TLS, it answers who came by https, and not with a way back to
    where they are."""
    for name, value in (("HTTPS", "true"), ("PROXIES", "1"), ("ACCESS_SECRET", SECRET)):
        monkeypatch.setenv(f"EVIDENCE_WEB_{name}", value)
    with served(tmp_path / "data") as address:
        for said, status in (({}, 302), ({"X-Forwarded-Proto": "https"}, 200)):
            connection = HTTPConnection(address.removeprefix("http://"), timeout=60)
            connection.request("GET", "/sign-in", headers=said)
            assert connection.getresponse().status == status
            connection.close()


def test_a_request_has_an_id_and_a_line_in_the_log(make_app: MakeApp, capfd: pytest.CaptureFixture[str]) -> None:
    """The line is JSON and names the route, never what was typed or the path."""
    from evidence.web import logs

    before = logging.getLogger().handlers
    app = make_app()
    logs.configure()
    try:
        response = app.test_client().get("/shared/a-very-secret-token", headers={"X-Request-ID": "proxy-4711"})
    finally:
        logging.getLogger().handlers = before
        structlog.reset_defaults()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    mine = next(line for line in lines if line.get("event") == "request")
    assert mine["request_id"] == response.headers["X-Request-ID"] == "proxy-4711"
    assert (mine["route"], mine["status"]) == ("/shared/<token>", 404)
    assert "a-very-secret-token" not in json.dumps(lines)


def test_signing_in_with_an_identity_provider(make_app: MakeApp, provider: Provider) -> None:
    """The provider's word opens the pages for who is on the list, by state, nonce and a proof of the code."""
    visitor = Visitor(make_app(**_oidc(provider, "@example.org")))
    visitor.get("/")
    assert "Sign in with your organisation" in visitor.page
    _sign_in(visitor, provider)
    assert visitor.address == "/"
    assert "grace@example.org" in visitor.page


def _sign_in(visitor: Visitor, provider: Provider) -> int:
    from tests.web.browsing import token_of

    visitor.get("/sign-in")
    leaving = visitor.client.post("/sign-in/provider", data={"csrf_token": token_of(visitor.page)})
    assert leaving.status_code == 302
    assert leaving.location.startswith(f"{provider.issuer}/authorize?")
    return visitor.get(provider.sign_in(leaving.location)).status_code


def test_a_provider_that_cannot_be_believed_lets_nobody_in(make_app: MakeApp, provider: Provider) -> None:
    """Another's signature, an unverified address, one that is not on the list, or a stranger's return: no entry."""
    app = make_app(**_oidc(provider, "grace@example.org"))
    visitor = Visitor(app)
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert _sign_in(visitor, provider) == 403
    provider.signs_with = provider.key
    for claims in ({"email_verified": False}, {"email": "eve@example.org"}):
        provider.claims = {"email": "grace@example.org", "email_verified": True, **claims}
        assert _sign_in(visitor, provider) == 403
    assert visitor.get("/sign-in/returned?code=code-0&state=forged").status_code == 403
    visitor.get("/digests")
    assert visitor.address == "/sign-in"


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email": "A@X.org", "email_verified": True}, "a@x.org"),
        ({"email": "a@x.org"}, None),
        ({"email": "a@y.org", "email_verified": True}, None),
        ({"email": "a@x.org.evil", "email_verified": True}, None),
        ({}, None),
    ],
)
def test_who_is_admitted(claims: dict[str, Any], name: str | None) -> None:
    """Verified addresses of an allowed domain, and no others."""
    assert admitted(claims, ("@x.org",)) == name
