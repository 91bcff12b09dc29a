"""Which values of an instance's config a manifest may hold: what the definition in git would refuse is left
to the tenant, since one such value would keep all manifests from being read.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.definition import Definition
from reconciler.manifests.config_types import is_known, wrong
from reconciler.model.nested import leaves
from reconciler.model.secret import Hidden, Secret


def fitting(config: Mapping[str, object], definition: Definition) -> dict[str, object]:
    """The values that the definition's variables may have."""
    return {key: value for key, value in config.items() if _fits(key, value, definition)}


def _fits(key: str, value: object, definition: Definition) -> bool:
    variable = definition.variables.get(key)
    if any(isinstance(leaf, Secret | Hidden) for _, leaf in leaves(value)):
        return True  # a comment is never read
    if variable is None:
        return False
    if variable.is_connection or variable.shared or not is_known(variable):
        return True
    return not any(one.severity == "error" for one in wrong(variable, value))
