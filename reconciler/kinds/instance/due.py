"""Secrets that cannot be read back, of which no record tells whether they were ever sent: those of an
instance that was taken over, or that was written before the environment named a key.

To send them needs a deploy, and taking over is none. So they go along with the next deploy that has another
reason, and only then the record says that they were sent.
"""

from __future__ import annotations

from reconciler.kinds.instance.desk import is_owed
from reconciler.kinds.instance.differing import config_rows, flow_rows
from reconciler.kinds.instance.release import is_moving
from reconciler.kinds.instance.secrets import secrets_digest
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.rotation import SECRETS
from reconciler.kinds.table.secrets import remembered
from reconciler.model.secret import Hidden


def are_unknown(request: Request) -> bool:
    """Whether there are such secrets."""
    if are_values_unknown(request):
        return True
    live = request.live
    rows = flow_rows(request, live, blind=True) if live and _could_be_known(request) else ()
    return any(isinstance(before, Hidden) for _, before, _ in rows)


def are_values_unknown(request: Request) -> bool:
    """Whether there are such secrets among the variables."""
    live = request.live
    rows = config_rows(request, live, blind=True) if live and _could_be_known(request) else ()
    return any(isinstance(before, Hidden) for *_, before, _ in rows)


def go_along(request: Request) -> bool:
    """Whether something else is to be deployed, so that such secrets are sent with it."""
    live = request.live
    if live is None or not _could_be_known(request):
        return False
    return bool(
        is_owed(request)
        or is_moving(request)
        or config_rows(request, live, blind=False)
        or flow_rows(request, live, blind=False)
    )


def _could_be_known(request: Request) -> bool:
    kept = request.policy.record and secrets_digest(request)
    return bool(kept) and SECRETS not in remembered(request).applied
