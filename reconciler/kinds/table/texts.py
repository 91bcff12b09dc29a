"""Texts around which a tenant may keep no blanks, which is a difference and may be none.

A live text that is git's without the blanks around it may be what the tenant made of git's very text, or what
somebody wrote. The record tells: then a person seems to have changed just that. Where no record is kept,
nobody can tell, and what can never be mended is no difference.
"""

from __future__ import annotations

from reconciler.kinds.protocol import Request
from reconciler.kinds.table.row import revealed
from reconciler.kinds.table.secrets import remembered
from reconciler.model.plan import Cause
from reconciler.model.secret import Secret


def is_trimmed(wanted: object, found: object) -> bool:
    """Whether a live text is the wanted one without the blanks around it."""
    ours, theirs = revealed(wanted), revealed(found)
    if isinstance(ours, list) and isinstance(theirs, list):
        return ours != theirs and sorted({str(one).strip() for one in ours}) == theirs
    return isinstance(ours, str) and isinstance(theirs, str) and ours != theirs == ours.strip()


def was_sent(request: Request, wanted: object, why: Cause, *, recorded: bool) -> bool:
    """Whether just the wanted text was written, `why` being the cause of a difference from it. Of a secret
    that is `recorded` no more may be known than that it was written.
    """
    if not request.policy.record:
        return True
    unknown = isinstance(wanted, Secret) and recorded and why is Cause.UNKNOWN
    return why is Cause.DRIFT or unknown


def is_kept(request: Request, field: str, wanted: object, found: object, why: Cause) -> bool:
    """Whether a field's live text is what the tenant made of the wanted one when it was written."""
    recorded = field in remembered(request).applied
    return is_trimmed(wanted, found) and was_sent(request, wanted, why, recorded=recorded)
