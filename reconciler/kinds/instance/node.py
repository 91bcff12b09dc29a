"""An instance as the API answers it, with its config variables and the settings of its flows."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import UNSET, Struct, UnsetType

from reconciler.kinds.nodes import Input, Page, Told

N = TypeVar("N")


class Rows(Struct, Generic[N]):
    """Rows of which none may be missing: what is left out would count as not set."""

    nodes: list[N] | UnsetType | None = UNSET


def each(rows: Rows[N] | UnsetType | None) -> list[N]:
    """The rows; none where they are absent or null."""
    return (rows.nodes or []) if rows else []


class Identified(Struct, frozen=True):
    """Another object, by its id alone."""

    id: str


class Required(Struct, frozen=True, rename="camel"):
    """What a version asks for."""

    key: str
    data_type: str
    collection_type: Told = UNSET
    code_language: Told = UNSET
    default: Told = UNSET


class VariableNode(Struct, rename="camel"):
    """One config variable."""

    required_config_variable: Required
    value: Told = UNSET
    schedule_type: Told = UNSET
    time_zone: Told = UNSET
    customer_config_variable: Identified | UnsetType | None = UNSET
    inputs: Page[Input] | UnsetType | None = UNSET


class Flow(Struct, frozen=True):
    """A flow of the version."""

    id: str
    name: str


class FlowNode(Struct, rename="camel"):
    """The settings of one flow."""

    flow: Flow
    id: Told = UNSET
    api_keys: list[str | None] | UnsetType | None = UNSET
    test_content_type: Told = UNSET
    test_headers: Told = UNSET
    test_payload: Told = UNSET
    uses_lre: bool | UnsetType | None = UNSET


class VersionNode(Struct, frozen=True, rename="camel"):
    """The version that is assigned."""

    id: str
    version_number: int
    version_sequence_id: Told = UNSET


class InstanceNode(Struct, rename="camel"):
    """An instance."""

    id: str
    name: str
    enabled: bool
    needs_deploy: bool
    customer: Identified
    integration: VersionNode | None
    description: Told = UNSET
    labels: list[str] | UnsetType | None = UNSET
    deployed_version: int | UnsetType | None = UNSET
    last_deployed_at: Told = UNSET
    system_suspended: bool | UnsetType | None = UNSET
    allow_update: object = UNSET
    allow_remove: object = UNSET
    allow_deploy: object = UNSET
    allow_update_config_variables: object = UNSET
    config_variables: Rows[VariableNode] | UnsetType | None = UNSET
    flow_configs: Rows[FlowNode] | UnsetType | None = UNSET
