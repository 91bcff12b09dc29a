"""Secrets of an instance that cannot be read back: a keyed digest tells whether they were sent."""

from __future__ import annotations

from typing import Any

from reconciler.kinds.base import Request
from reconciler.kinds.config_values import has_secret, secrets_in
from reconciler.model.digest import keyed
from reconciler.model.plan import Cause
from reconciler.model.secret import Hidden, Secret

SECRET_DIGITS = 8


def secrets_digest(request: Request) -> str:
    """The keyed digest of all secrets of the manifest, in their order; empty without a key or a secret."""
    key = request.policy.secret_key
    fields = request.resource.fields
    found = secrets_in({"config": fields.get("config"), "flows": fields.get("flows")})
    parts = [part for pair in found for part in pair]
    return keyed(key.reveal(), parts) if key and parts else ""


def secrets_rotated(request: Request) -> bool:
    """Whether secrets that cannot be read back are to be sent: asked for, or other than the record says."""
    return request.policy.send_secrets or _git_rotated(request)


def why(cause: Cause, before: Any, after: Any, request: Request) -> Cause:
    """The cause, where secrets play a part: of them only the keyed digest knows whether git changed them, and
    what is hidden shows no drift.
    """
    hidden = isinstance(before, Hidden) and isinstance(after, Secret)
    rotated = cause is Cause.DRIFT and has_secret(after) and _git_rotated(request)
    return Cause.PENDING if hidden or rotated else cause


def _git_rotated(request: Request) -> bool:
    known = request.live.applied.get("secrets") if request.live else None
    return bool(known) and bool(now := secrets_digest(request)) and not now.startswith(str(known))
