"""A tenant whose refresh tokens are good for one exchange, as stacks that rotate them have it."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import Sandbox
from reconciler.sandbox.auth import TokenError, Tokens


def rotating(*arguments: Any, **keywords: Any) -> Sandbox:
    """A sandbox, in whose process each refresh token is taken once."""
    used: set[str] = set()
    exchange = Tokens.exchange

    def once(self: Tokens, refresh_token: Any, tenant: Any, *, rotate: bool) -> dict[str, Any]:
        if refresh_token in used:
            raise TokenError(403, "invalid_grant", "it was used before")
        used.add(refresh_token)
        return exchange(self, refresh_token, tenant, rotate=True)

    Tokens.exchange = once  # type: ignore[method-assign]
    return Sandbox(*arguments, **keywords)
