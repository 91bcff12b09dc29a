"""Why this exists: a client must be able to practise the whole life of a token against the sandbox.

Access tokens are JWTs signed with a key that is derived from the tenant's refresh token, so another process
that serves the same tenant accepts them and nothing has to be stored. The long-lived token of the sandbox is
accepted besides. A refresh token that rotation hands out is signed in the same way; the first one stays
valid, since official clients never look at the new one.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec

from .nature import Nature

WEEK = 7 * 24 * 3600
AUDIENCE = "https://prismatic.io/api"
CLIENT_ID = "reconciler-sandbox"
SCOPE = "openid profile email offline_access"


class TokenError(Exception):
    """A token request that is turned down, with the status and the words of OAuth."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


class Tokens:
    """Issues and checks the tokens of one tenant."""

    def __init__(self, access: str, refresh: str, tenant: str, *, seconds: int, nature: Nature) -> None:
        self._access = access
        self._refresh = refresh
        self._tenant = tenant
        self._seconds = seconds
        self._nature = nature
        self._key = hashlib.sha256(b"reconciler sandbox\0" + refresh.encode()).digest()
        self._revoked = False

    def accepts(self, access_token: str) -> bool:
        """Whether this access token is good now."""
        if _same(access_token, self._access):
            return True
        claims = self._claims(access_token)
        return bool(claims) and claims.get("exp", 0) > self._nature.clock()

    def exchange(self, refresh_token: Any, tenant: Any, *, rotate: bool) -> dict[str, Any]:
        """A new access token for a refresh token; raises TokenError."""
        if not isinstance(refresh_token, str) or not refresh_token:
            raise TokenError(400, "invalid_request", "refresh_token is required")
        if not self._knows(refresh_token):
            raise TokenError(403, "invalid_grant", "Unknown or invalid refresh token.")
        if tenant and tenant != self._tenant:
            raise TokenError(403, "access_denied", "The user is no member of this tenant.")
        now = int(self._nature.clock())
        token = self._sign({"iat": now, "exp": now + self._seconds, "jti": self._nature.entropy(8).hex()})
        answer = {
            "access_token": token,
            "id_token": token,
            "scope": SCOPE,
            "expires_in": self._seconds,
            "token_type": "Bearer",
        }
        if rotate:
            answer["refresh_token"] = self._rotated()
        return answer

    def revoke(self, refresh_token: Any) -> None:
        """Revoke every refresh token of the user, as the platform does; issued access tokens run out."""
        if isinstance(refresh_token, str) and self._knows(refresh_token):
            self._revoked = True

    def _knows(self, refresh_token: str) -> bool:
        if self._revoked:
            return False
        if _same(refresh_token, self._refresh):
            return True
        nonce, _, mac = refresh_token.partition(".")
        return bool(mac) and _same(mac, self._mac("refresh." + nonce))

    def _rotated(self) -> str:
        nonce = self._nature.new_token(16)
        return f"{nonce}.{self._mac('refresh.' + nonce)}"

    def _sign(self, claims: dict[str, Any]) -> str:
        whole = {
            "iss": "https://sandbox.localhost/",
            "sub": "sandbox|user",
            "aud": [AUDIENCE],
            "https://prismatic.io/tenant_id": self._tenant,
            **claims,
        }
        signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(whole)}"
        return f"{signed}.{self._mac(signed)}"

    def _claims(self, token: str) -> dict[str, Any]:
        """The claims of a token that this tenant signed, else nothing."""
        signed, _, mac = token.rpartition(".")
        if signed.count(".") != 1 or not _same(mac, self._mac(signed)):
            return {}
        payload = signed.partition(".")[2]
        return msgspec.json.decode(
            urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=dict[str, Any]
        )

    def _mac(self, text: str) -> str:
        return _text(hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256"))


def _same(left: str, right: str) -> bool:
    # compare_digest takes non-ASCII text only as bytes, and a client may send any
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode())


def _encode(value: dict[str, Any]) -> str:
    return _text(msgspec.json.encode(value))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
