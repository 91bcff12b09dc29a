"""Why this exists: a tenant needs the time, and ids that nobody guesses; where both follow from a seed, a run
against it can be repeated byte for byte.
"""

from __future__ import annotations

import os
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Nature:
    """Where a tenant's time (seconds since 1970) and its random bytes come from."""

    clock: Callable[[], float] = time.time
    entropy: Callable[[int], bytes] = os.urandom

    def new_id(self) -> str:
        """A uuid that no other row has."""
        return str(uuid.UUID(bytes=self.entropy(16), version=4))

    def new_token(self, size: int = 32) -> str:
        """A text of as many random bytes."""
        return urlsafe_b64encode(self.entropy(size)).rstrip(b"=").decode()
