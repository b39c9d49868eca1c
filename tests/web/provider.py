"""An identity provider on loopback: discovery, keys and tokens, and a person who has signed in there already."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Discovery and keys."""
        if self.path == "/.well-known/openid-configuration":
            self._send(self.server.discovery())
        elif self.path == "/keys":
            self._send(dict(KeySet([self.server.key]).as_dict(private=False)))
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """A token for a code that fits its verifier."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        token = self.server.token(form["code"][0], form.get("code_verifier", [""])[0])
        self._send(token) if token else self.send_error(400)

    def _send(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Provider(ThreadingHTTPServer):
    """``claims`` are said of whoever signs in; ``signs_with`` can be another key than the published one."""

    daemon_threads = True
    client, secret = "evidence-web", "the client's secret"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.signs_with = self.key
        self.claims: dict[str, Any] = {"email": "grace@example.org", "email_verified": True}
        self._asked: dict[str, dict[str, str]] = {}

    @property
    def issuer(self) -> str:
        """The provider's address."""
        return f"http://127.0.0.1:{self.server_port}"

    def discovery(self) -> dict[str, Any]:
        """What the provider says of itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def sign_in(self, address: str) -> str:
        """What the browser is sent back with after somebody followed ``address``: the path and query of the return."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self._asked)}"
        self._asked[code] = asked
        return f"{urlsplit(asked['redirect_uri']).path}?code={code}&state={asked['state']}"

    def token(self, code: str, verifier: str) -> dict[str, Any] | None:
        """The tokens for a code; none where the verifier does not fit the challenge."""
        asked = self._asked[code]
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if challenge != asked["code_challenge"]:
            return None
        now = int(time.time())
        told = {
            "iss": self.issuer,
            "aud": self.client,
            "sub": "1",
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
        }
        token = jwt.encode({"alg": "RS256", "kid": "one"}, {**told, **self.claims}, self.signs_with)
        return {"access_token": "x", "token_type": "Bearer", "id_token": token}
