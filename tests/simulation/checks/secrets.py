"""A secret reaches the object that git gives it to, and no other."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tests.simulation.run import Run
from tests.simulation.world import variables_in


def belongs(run: Run) -> Iterable[str]:
    """Secrets in what a run sent, whose object is none of those whose manifests name them."""
    owners: dict[str, set[str]] = {}
    for address, spec in run.side.specs.items():
        for name in variables_in(spec):
            owners.setdefault(run.side.secrets[name], set()).add(address)
    known = {secret.partition("=")[0]: addresses for secret, addresses in owners.items()}
    for deed in run.own:
        text = json.dumps(deed.given)
        if "canary/" not in text:
            continue
        for secret, addresses in known.items():
            if secret in text and not addresses & set(deed.addresses) and deed.done:
                yield f"{deed.name} of {deed.address or deed.kind} bears a secret of {sorted(addresses)}"
