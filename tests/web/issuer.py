"""A small identity provider of our own: real HTTP, real keys, tokens that are really signed."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "lora-registry", "not a secret at all"


@dataclass
class Issuer:
    """Answers as ProConnect and Keycloak do; a test may make it lie."""

    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=False))
    signs_with: RSAKey | None = None
    """Another key than the published one."""
    person: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    """What its tokens say otherwise than they should."""
    told: dict[str, Any] = field(default_factory=dict)
    """The same for the user endpoint."""
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "1"})
    asked: dict[str, str] = field(default_factory=dict)
    announced: str = ""

    def authorize(self, url: str) -> str:
        """Return where a browser that signed in is sent: our own address, with a code."""
        self.asked = dict(parse_qsl(urlsplit(url).query))
        back = {"code": "the-code", "state": self.asked["state"], "iss": self.url}
        return f"{self.asked['redirect_uri']}?{urlencode(back)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if form.get("code") != "the-code" or self.asked.get("code_challenge") != challenge:
            return 400, {"error": "invalid_grant"}
        if authorization != f"Basic {basic}" or self.asked.get("code_challenge_method") != "S256":
            return 401, {"error": "invalid_client"}
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": self.person["sub"], "iat": now, "exp": now + 60,
            "nonce": self.asked["nonce"],
        } | self.claims  # fmt: skip
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": self.signed(claims)}

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(self.header, claims, self.signs_with or self.key, algorithms=["RS256", "HS256"])


@contextmanager
def issuing(person: dict[str, Any]) -> Iterator[Issuer]:
    """Run an identity provider at which one person is signed in."""
    issuer = Issuer(person=person)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            configuration = {
                "issuer": issuer.announced or issuer.url,
                "authorization_endpoint": f"{issuer.url}/authorize",
                "token_endpoint": f"{issuer.url}/token",
                "userinfo_endpoint": f"{issuer.url}/userinfo",
                "jwks_uri": f"{issuer.url}/jwks",
            }
            if self.path == "/userinfo":
                # As ProConnect does: a signed token, not plain JSON.
                body = issuer.signed({**issuer.person, **issuer.told}).encode()
                self._send(200, body, "application/jwt")
            elif self.path == "/jwks":
                self._json(200, {"keys": [issuer.key.as_dict(private=False)]})
            else:
                self._json(200, configuration)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._json(*issuer.token(form, self.headers.get("Authorization", "")))

        def _json(self, status: int, value: object) -> None:
            self._send(status, json.dumps(value).encode(), "application/json")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
