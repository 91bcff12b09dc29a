"""Whether secrets that cannot be read back were changed, and on which side: by one keyed digest of all of an
object's secrets, which the record holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from reconciler.kinds.protocol import Request
from reconciler.kinds.table.row import Row, secrets_beside
from reconciler.kinds.table.secrets import remembered
from reconciler.model.digest import keyed
from reconciler.model.plan import Cause
from reconciler.model.secret import Secret
from reconciler.model.stand_in import are_those_recorded

SECRETS = "secrets"
"""The group of the record that holds the digest."""
DIGITS = 8
"""How much of it is kept."""


def digest_of(request: Request, secrets: Sequence[str]) -> str:
    """The digest of these secrets; empty where there are none, or no key."""
    key = request.policy.secret_key
    return keyed(key.reveal(), secrets) if key and secrets else ""


def are_recorded(request: Request, secrets: Sequence[str]) -> bool | None:
    """Whether just these were last written; None where no record tells."""
    record, now = remembered(request).applied.get(SECRETS), digest_of(request, secrets)
    return now.startswith(record) if record and now else None


class Rotation(Struct, frozen=True):
    """The secrets that git has for an object, beside those that were last written."""

    rows: Sequence[Row]
    request: Request

    @property
    def digest(self) -> str:
        """The digest of git's; empty where there are none, or no key."""
        return digest_of(self.request, self._wanted())

    @property
    def happened(self) -> bool | None:
        """Whether git has other secrets than those that were last written; None where no record tells."""
        recorded = are_recorded(self.request, self._wanted())
        return None if recorded is None else not recorded

    @property
    def cause(self) -> Cause:
        """The tenant changed them where git has those that were written, and git did where the tenant has."""
        if self.happened is None:
            return Cause.UNKNOWN
        if not self.happened:
            return Cause.DRIFT
        pairs = self._pairs()
        readable = [found.reveal() for _, found in pairs if isinstance(found, Secret)]
        if len(readable) < len(pairs):
            return Cause.PENDING
        # Git may mention one more than it did.
        forms = [readable, *([one for j, one in enumerate(readable) if j != i] for i in range(len(readable)))]
        kept = any(are_recorded(self.request, form) for form in forms) or are_those_recorded(readable)
        return Cause.PENDING if kept else Cause.UNKNOWN

    def _wanted(self) -> list[str]:
        return [wanted.reveal() for wanted, _ in self._pairs()]

    def _pairs(self) -> list[tuple[Secret, object]]:
        """Git's secrets, each with what the object has in its place."""
        live = self.request.live.fields if self.request.live else {}
        return [
            pair
            for row in self.rows
            if row.secret != "never"
            for pair in secrets_beside(self.request.resource.fields.get(row.name), live.get(row.name))
        ]
