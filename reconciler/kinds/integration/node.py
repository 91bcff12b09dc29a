"""An integration as the API answers it: its draft, with the versions that were published from it."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from reconciler.kinds.nodes import Page, Told

Flag = bool | UnsetType | None
"""A yes or no that the tenant may not know."""


class VersionNode(Struct, rename="camel"):
    """One row of an integration's versions; the draft is one of them."""

    id: str
    version_number: int
    version_is_available: bool
    version_comment: Told = UNSET
    version_attributes: object = UNSET


class NewestVersion(Struct, rename="camel"):
    """The newest version of a component."""

    version_number: int


class ComponentNode(Struct, rename="camel"):
    """A component that the draft uses in an older version."""

    key: str
    public: bool
    version_at: NewestVersion | UnsetType | None = UNSET


class IntegrationNode(Struct, rename="camel"):
    """An integration's draft. `definition_data` is what its text says."""

    id: str
    name: str
    description: Told = UNSET
    category: Told = UNSET
    labels: list[str] | UnsetType | None = UNSET
    metadata: object = UNSET
    definition: Told = UNSET
    definition_data: object = UNSET
    has_unpublished_changes: Flag = UNSET
    has_outdated_components: Flag = UNSET
    version_sequence_id: Told = UNSET
    version_sequence: Page[VersionNode] | UnsetType | None = UNSET
    components: Page[ComponentNode] | UnsetType | None = UNSET
    marketplace_configuration: Told = UNSET
    overview: Told = UNSET
    allow_multiple_marketplace_instances: Flag = UNSET
    marketplace_tab_configuration: list[str] | UnsetType | None = UNSET
