"""Secrets of an instance that cannot be read back: a keyed digest tells whether they were sent."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.instance.config_values import has_secret, secrets_in, text
from reconciler.kinds.instance.fields import given_config, given_flows, live_config
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.rotation import SECRETS, are_recorded, digest_of
from reconciler.kinds.table.secrets import remembered
from reconciler.model.plan import Cause
from reconciler.model.secret import Secret
from reconciler.model.state import How, Written


def secrets_digest(request: Request) -> str:
    """The keyed digest of all secrets of the manifest, in their order; empty without a key or a secret."""
    if request.policy.secret_key is None:
        return ""
    return digest_of(request, _parts(given_config(request.resource), given_flows(request.resource)))


def secrets_rotated(request: Request) -> bool:
    """Whether secrets that cannot be read back are to be sent: asked for, or other than the record says."""
    if request.policy.send_secrets or SECRETS not in remembered(request).applied:
        return request.policy.send_secrets
    wanted = _parts(given_config(request.resource), given_flows(request.resource))
    return are_recorded(request, wanted) is False


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
    if SECRETS not in memory.applied or request.policy.secret_key is None:
        return None
    flows, written = given_flows(request.resource), memory.written or {}
    forms = [_parts(_once(request, written, known=known), flows) for known in (False, True)]
    return any(are_recorded(request, form) for form in forms)


def _once(request: Request, written: Mapping[str, Written], *, known: bool) -> dict[str, object]:
    """The manifest's config, with what the tenant has for a key that was a secret when it was written and is
    none now; with `known` without the keys of which the record says nothing.
    """
    live = request.live
    assert live is not None
    once = {path for path, one in written.items() if one.how is How.SECRET}
    return {
        key: _as_secret(live_config(live).get(key))
        if f"config.{key}" in once and not has_secret(value)
        else value
        for key, value in given_config(request.resource).items()
        if not known or f"config.{key}" in written
    }


def _as_secret(found: object) -> object:
    return Secret(text(found)) if isinstance(found, str | Secret) else found


def _parts(config: object, flows: object) -> list[str]:
    """What the digest is made of: each secret after its path."""
    return [part for pair in secrets_in({"config": config, "flows": flows}) for part in pair]
