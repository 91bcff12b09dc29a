"""Why this exists: a headless integration is configured by a value that fits a JSON Schema, and not by pages.

The value is saved for a configuration version. A version of the integration that has another one cannot be
moved to before its values are saved. People do that in the web app; the API has no call for it.
"""

from __future__ import annotations

import json
from typing import Any

from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for

from ...store import Row
from ...tables import TIMES
from .. import definitions
from ..frame.activities import note
from ..frame.context import Context
from ..frame.errors import RefusedError, missing
from ..frame.ids import from_global
from ..frame.rows import change

TABLES = {
    "configuration": f"""
  id TEXT PRIMARY KEY REFERENCES instance (id) ON DELETE CASCADE, value TEXT NOT NULL, version TEXT NOT NULL,
  {TIMES}"""
}


def version_of(context: Context, record: Row) -> str | None:
    """The configuration version that a version of an integration asks for, if it is headless."""
    wanted = definitions.of(context, record).configuration
    return wanted["version"] if wanted else None


def _has(context: Context, instance: Row) -> str | None:
    """The configuration version that an instance has a value for."""
    saved = context.store.get("configuration", instance["id"])
    return saved["version"] if saved else None


def lacks(context: Context, instance: Row) -> bool:
    """Whether an instance must be configured, or configured anew."""
    wanted = version_of(context, context.row("integration", instance["integration"]))
    return wanted is not None and wanted != _has(context, instance)


def refuse_move(context: Context, instance: Row, record: Row) -> None:
    """Refuse a version of the integration whose values are not there yet."""
    wanted = version_of(context, record)
    before = version_of(context, context.row("integration", instance["integration"]))
    has = _has(context, instance)
    if wanted not in (None, before, has) and context.rules["headless_upgrade"] == "refused":
        message = f"The instance must be configured anew for configuration version {wanted!r}"
        raise RefusedError("integration", f"{message} (it has {has!r})." if has else f"{message}.")


def configure(context: Context, instance: str, value: Any, version: str | None) -> None:
    """Save an instance's value, for the version of the integration that it has or for another one.

    RefusedError says what does not fit.
    """
    row = context.store.get("instance", from_global("Instance", instance))
    if row is None:
        raise missing("instance")
    identifier = from_global("Integration", version) if version else row["integration"]
    record = context.store.get("integration", identifier)
    if record is None or record["sequence"] != row["sequence"]:
        raise missing("version")
    wanted = definitions.of(context, record).configuration
    if wanted is None:
        raise RefusedError("configuration", "The integration is not configured by a schema.")
    if problems := _problems(wanted["schema"], value):
        raise RefusedError("configuration", *problems)
    now = context.store.now()
    saved = {"id": row["id"], "value": json.dumps(value), "version": wanted["version"]}
    context.store.delete("configuration", "id", row["id"])
    context.store.insert("configuration", saved | {"created_at": now, "updated_at": now})
    change(context, "instance", row, {"needs_deploy": 1})
    note(context, "configureInstance", row)


def _problems(schema: Any, value: Any) -> list[str]:
    """Why a value does not fit a schema."""
    validator = validator_for(schema)
    try:
        validator.check_schema(schema)
    except SchemaError as error:
        return [f"The schema itself is not one: {error.message}"]
    return [error.message for error in validator(schema).iter_errors(value)]
