"""Instances of which the same holds: those of a set differ from one another in texts, and where git and the
tenant have the same texts, it does not matter which.
"""

from __future__ import annotations

from collections.abc import Hashable

from reconciler.kinds.instance.config_values import UNTYPED, is_same_text
from reconciler.kinds.instance.desk import undeployed
from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.fields import given_config
from reconciler.kinds.instance.steps import PLAIN
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.labels import own_mark
from reconciler.kinds.table.marks import is_protected

_SHOWN = (*PLAIN, "labels")
_COMPARED = frozenset({"customer", "integration", "release", "version", *_SHOWN, "enabled", "config"})
"""The fields of a manifest that `likeness` looks at."""


def likeness(request: Request) -> Hashable | None:
    """What decides, where both sides have the same texts, whether anything is to be done or said; None where
    they have not, or where more decides it, such as flows, tests, or what was not deployed.
    """
    resource, live = request.resource, request.live
    if live is None or not resource.fields.keys() <= _COMPARED:
        return None
    given, found, facts = resource.fields, live.fields, facts_of(live)
    if facts.absent or undeployed(live) or resource.protect is not is_protected(live):
        return None
    for name in _SHOWN:
        if name in given and given[name] != found[name]:
            return None
    types, values = facts.types, found["config"]
    for key, wanted in given_config(resource).items():
        if not is_same_text(wanted, values.get(key), types.get(key, UNTYPED)):
            return None
    if own_mark(request) not in live.labels:
        return None
    asked = (given.get("integration"), given.get("release"), given.get("version"), given.get("enabled"))
    shown = (found["enabled"], facts.version_id, facts.sequence, facts.suspended)
    return (*asked, *shown, resource.ignore)
