"""Why this exists: instance profiles: which one an instance has, and that there is always a default one."""

from __future__ import annotations

from typing import Any

from ...store import DEFAULT_PROFILE, Row
from .. import definitions
from ..frame import filters, rows
from ..frame.context import Context
from ..frame.errors import RefusedError, required
from ..frame.ids import named
from ..frame.inputs import Columns, as_given, columns, filled, flag, into, text
from ..frame.kinds import Kind
from ..frame.lists import Rows, Those
from ..frame.mutation import Run
from ..frame.resolvers import may_write

_SAME_NAME = ("name", "Instance Profile with this name already exists.")


def default_of(record: Row, info: Any) -> Row:
    """The profile that an integration's instances have by default. A definition may name one that nobody made
    here: it reads as the default one under that name.
    """
    store = info.context.store
    name = definitions.of(info.context, record).body.get("defaultInstanceProfile") or DEFAULT_PROFILE
    found: list[Row] = store.select("profile", ["name = ?"], [name])
    if found:
        return found[0]
    (base,) = store.select("profile", ["is_default"], [])
    identifier = named(info.context.meta["tenant"], f"profile/{name}")
    return {**base, "id": identifier, "name": name, "is_default": 0}


def profile_of(instance: Row, info: Any) -> Row:
    """The profile that was made for this instance alone, or the default of its integration."""
    found: list[Row] = info.context.store.select("profile", ["instance = ?"], [instance["id"]])
    return found[0] if found else default_of(info.context.row("integration", instance["integration"]), info)


def _instances(row: Row, _: Any) -> tuple[list[str], list[str]]:
    if row["scope"] == "INSTANCE":
        return ["id = ?"], [row["instance"]]
    of_profile = (
        "integration IN (SELECT i.id FROM integration i JOIN definition d ON d.digest = i.definition"
        " WHERE coalesce(json_extract(d.body, '$.defaultInstanceProfile'), ?) = ?)"
    )
    without_own = "id NOT IN (SELECT p.instance FROM profile p WHERE p.instance IS NOT NULL)"
    return [of_profile, without_own], [DEFAULT_PROFILE, row["name"]]


_COLUMNS: Columns = {
    **into(filled, "name"),
    **into(text, "description", instanceBillingType="billing"),
    **into(flag, "logsDisabled", "quickStart", isDefaultProfile="is_default"),
    **into(flag, stepResultsDisabled="results_disabled"),
    **into(lambda _, value: value or 1024, allocatedMemoryMb="memory_mb"),
    **into(as_given, "quickStartInstances"),
}
_WHEN_CREATED: Columns = {
    **into(lambda _, value: value or "ORG", "scope"),
    **into(as_given, "stableKey"),
}


def _changes(context: Context, given: dict[str, Any], before: Row | None) -> Row:
    """The columns to set; a name that another profile has is refused."""
    if before is None and "name" not in given:
        raise required("name")
    changes = columns(_COLUMNS, given)
    rows.once(context, "profile", "name", changes.get("name"), before["id"] if before else "", _SAME_NAME)
    if given.get("instance"):
        changes["instance"] = rows.referred(context, "instance", "Instance", given["instance"], "instance")
    if before is None:
        changes |= columns(_WHEN_CREATED, given)
        if (changes.get("scope") == "INSTANCE") != ("instance" in changes):
            raise RefusedError(
                "instance", "A profile of scope INSTANCE needs an instance, and no other has one."
            )
    elif before["is_default"] and changes.get("is_default") == 0:
        raise RefusedError(
            "isDefaultProfile", "There must be a default profile: make another one the default."
        )
    if changes.get("is_default") and (before or changes).get("scope") == "INSTANCE":
        # It goes with its instance, and there must be a default.
        raise RefusedError("isDefaultProfile", "The profile of one instance cannot be the default.")
    if changes.get("is_default"):  # in place of the old one
        for other in context.store.select("profile", ["is_default"], []):
            context.store.update("profile", other["id"], {"is_default": 0})
    return changes


def _refuse_default(_: Context, row: Row) -> None:
    if row["is_default"]:
        raise RefusedError("__all__", "The default profile cannot be deleted.")


KINDS = (
    Kind(
        "InstanceProfile",
        "profile",
        lists=Rows(
            "profile",
            {**filters.on("name", "description"), **filters.flags(isDefaultProfile="is_default")},
            {"IS_DEFAULT_PROFILE": "is_default"},
        ).listed,
        fields={
            "isDefaultProfile": "is_default",
            "allocatedMemoryMb": "memory_mb",
            "instanceBillingType": "billing",
            "stepResultsDisabled": "results_disabled",
            "instances": Those(_instances),
            "allowRemove": lambda row, info: not row["is_default"] and may_write(row, info),
        },
    ),
)
MUTATIONS: dict[str, Run] = rows.mutations("InstanceProfile", "profile", _changes, _refuse_default)
