"""The GraphQL client: sends Operations to a tenant and hands back plain objects or our errors.

It knows no kind of resource. `Client` executes; `pages` reads whole lists.
"""

from reconciler.api.auth import Credentials
from reconciler.api.client import Client, Identity
from reconciler.api.pages import read_all, stream
from reconciler.api.retries import Patience

__all__ = ["Client", "Credentials", "Identity", "Patience", "read_all", "stream"]
