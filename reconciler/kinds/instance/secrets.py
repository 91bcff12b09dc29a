"""Secrets of an instance that cannot be read back: a keyed digest tells whether they were sent."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.instance.config_values import has_secret, secrets_in, text
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.secrets import remembered
from reconciler.model.digest import keyed
from reconciler.model.plan import Cause
from reconciler.model.secret import Secret
from reconciler.model.state import How, Written

SECRET_DIGITS = 8


def secrets_digest(request: Request) -> str:
    """The keyed digest of all secrets of the manifest, in their order; empty without a key or a secret."""
    fields = request.resource.fields
    return _keyed(request, {"config": fields.get("config"), "flows": fields.get("flows")})


def secrets_rotated(request: Request) -> bool:
    """Whether secrets that cannot be read back are to be sent: asked for, or other than the record says."""
    known, now = remembered(request).applied.get("secrets"), secrets_digest(request)
    return request.policy.send_secrets or (bool(known) and bool(now) and not now.startswith(str(known)))


def secret_cause(request: Request) -> Cause:
    """Who changed secrets that git still calls so: the tenant, where git has those that were written."""
    unchanged = git_unchanged(request)
    if unchanged is None:
        return Cause.UNKNOWN
    return Cause.DRIFT if unchanged else Cause.PENDING


def git_unchanged(request: Request) -> bool | None:
    """Whether git has the secrets that were written, the tenant still having those that git does not call so
    any more; None where no keyed digest tells.
    """
    memory = remembered(request)
    record = memory.applied.get("secrets")
    if not record or request.policy.secret_key is None:
        return None
    forms = [_once(request, memory.written or {}, known=known) for known in (False, True)]
    return any(_keyed(request, form).startswith(record) for form in forms)


def _once(request: Request, written: Mapping[str, Written], *, known: bool) -> dict[str, object]:
    """The manifest's values, with what the tenant has for a key that was a secret when it was written and is
    none now; with `known` without the keys of which the record says nothing.
    """
    live, fields = request.live, request.resource.fields
    assert live is not None
    once = {path for path, one in written.items() if one.how is How.SECRET}
    config = {
        key: _as_secret(live.fields["config"].get(key))
        if f"config.{key}" in once and not has_secret(value)
        else value
        for key, value in (fields.get("config") or {}).items()
        if not known or f"config.{key}" in written
    }
    return {"config": config, "flows": fields.get("flows")}


def _as_secret(found: object) -> object:
    return Secret(text(found)) if isinstance(found, str | Secret) else found


def _keyed(request: Request, values: Mapping[str, object]) -> str:
    key = request.policy.secret_key
    parts = [part for pair in secrets_in(values) for part in pair]
    return keyed(key.reveal(), parts) if key and parts else ""
