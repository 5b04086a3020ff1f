"""An identity provider by OpenID Connect: authorisation code with PKCE, signature and claims checked."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from typing import Any, Final

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from lora_registry.ports import IdentityError, SigningIn

# What ProConnect calls an agent and the body they work for; others ignore scopes that they do not know.
_SCOPE: Final = "openid email given_name usual_name siret profile"
_ALGORITHMS: Final = ("RS256", "PS256", "ES256")
_TIMEOUT_S: Final = 10
_LEEWAY_S: Final = 60


class OidcProvider:
    """One provider, known by its issuer; its configuration and keys are read at first use."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._lock = threading.Lock()
        self._metadata: Mapping[str, Any] | None = None
        self._keys: KeySet | None = None

    def start(self, redirect_uri: str) -> SigningIn:
        """Return where to send somebody, and what to remember until they come back.

        Raises:
            IdentityError: the provider cannot be reached, or is not who it should be.

        """
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        with self._client(redirect_uri) as client:
            url, state = client.create_authorization_url(
                self._configuration()["authorization_endpoint"], nonce=nonce, code_verifier=verifier
            )
        return SigningIn(url, state, nonce, verifier)

    def finish(self, *, code: str, nonce: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """Return what the provider says of who came back: `sub`, `email`, `siret` and others.

        Raises:
            IdentityError: no token, or one not for us, not of this signing-in, or not signed by the provider.

        """
        configuration = self._configuration()
        try:
            with self._client(redirect_uri) as client:
                token = client.fetch_token(
                    configuration["token_endpoint"],
                    code=code,
                    code_verifier=verifier,
                    grant_type="authorization_code",
                )
                claims = self._checked(token["id_token"], nonce)
                told = self._told(client, configuration.get("userinfo_endpoint"), claims["sub"])
        except IdentityError:
            raise
        except Exception as error:
            # Whatever an answer from elsewhere can do to a library: nobody gets in by it.
            raise IdentityError(f"{self.issuer} did not give a token ({type(error).__name__})") from error
        return {**told, **claims}

    def _client(self, redirect_uri: str) -> OAuth2Client:
        return OAuth2Client(
            self._client_id,
            self._client_secret,
            scope=_SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT_S,
            follow_redirects=False,
        )

    def _configuration(self) -> Mapping[str, Any]:
        with self._lock:
            if self._metadata is None:
                found = self._fetched(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.issuer:
                    raise IdentityError(
                        f"the configuration of {self.issuer} names another issuer, {found.get('issuer')!r}: "
                        "give LORA_REGISTRY_OIDC_ISSUER as it is written there"
                    )
                self._metadata = found
            return self._metadata

    def _fetched(self, url: str) -> dict[str, Any]:
        try:
            answer = httpx.get(url, timeout=_TIMEOUT_S, follow_redirects=False).raise_for_status()
            found: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise IdentityError(f"the identity provider does not answer at {url}: {error}") from error
        return found

    def _checked(self, token: str, nonce: str) -> dict[str, Any]:
        wanted = JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        claims = self._decoded(token)
        try:
            wanted.validate(claims)
        except JoseError as error:
            raise IdentityError(f"a token of {self.issuer} is not for this signing-in: {error}") from error
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that the provider signed; its keys may have changed meanwhile."""
        for anew in (False, True):
            try:
                return dict(jwt.decode(token, self._key_set(anew=anew), algorithms=list(_ALGORITHMS)).claims)
            except (JoseError, ValueError) as error:
                if anew:
                    raise IdentityError(f"a token is not signed by {self.issuer}") from error
        raise AssertionError("the second round returns or raises")

    def _key_set(self, *, anew: bool) -> KeySet:
        if self._keys is None or anew:
            self._keys = KeySet.import_key_set(self._fetched(self._configuration()["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys

    def _told(self, client: OAuth2Client, endpoint: str | None, subject: str) -> dict[str, Any]:
        """Return what the user endpoint says; ProConnect signs it, and says the SIRET only here."""
        if endpoint is None:
            return {}
        answer = client.get(endpoint)
        answer.raise_for_status()
        signed = "jwt" in answer.headers.get("content-type", "")
        told: dict[str, Any] = self._decoded(answer.text) if signed else answer.json()
        if told.get("sub") != subject:
            raise IdentityError(f"{self.issuer} speaks of somebody else at its user endpoint")
        return told
