"""The kinds of resources, in the order of their dependencies: a new one is a module here and a line below."""

from functools import cache

from reconciler.kinds.alert_group import AlertGroupKind
from reconciler.kinds.alert_monitor import AlertMonitorKind
from reconciler.kinds.alert_webhook import AlertWebhookKind
from reconciler.kinds.bundle import BundleKind
from reconciler.kinds.component import ComponentKind
from reconciler.kinds.connection import ConnectionKind
from reconciler.kinds.customer import CustomerKind
from reconciler.kinds.customer_connection import CustomerConnectionKind
from reconciler.kinds.event_webhook import EventWebhookKind
from reconciler.kinds.instance.kind import InstanceKind
from reconciler.kinds.instance_profile import InstanceProfileKind
from reconciler.kinds.integration.kind import IntegrationKind
from reconciler.kinds.log_stream import LogStreamKind
from reconciler.kinds.lookups import AlertTriggerKind, CustomerRoleKind, LogSeverityKind, OrganizationRoleKind
from reconciler.kinds.marketplace_listing import MarketplaceListingKind
from reconciler.kinds.protocol import Kind
from reconciler.kinds.user import UserKind
from reconciler.kinds.workflow import WorkflowKind

CORE = ("Integration", "Customer", "Instance")
"""The kinds that every run reads."""


@cache
def all_kinds() -> dict[str, Kind]:
    """The kinds by name, in the order in which their objects are paired; deletions go the other way."""
    kinds: tuple[Kind, ...] = (
        AlertTriggerKind(),
        LogSeverityKind(),
        OrganizationRoleKind(),
        CustomerRoleKind(),
        ComponentKind(),
        InstanceProfileKind(),
        ConnectionKind(),
        BundleKind(),
        IntegrationKind(),
        CustomerKind(),
        InstanceKind(),
        WorkflowKind(),
        CustomerConnectionKind(),
        MarketplaceListingKind(),
        UserKind(),
        AlertWebhookKind(),
        AlertGroupKind(),
        AlertMonitorKind(),
        EventWebhookKind(),
        LogStreamKind(),
    )
    return {kind.name: kind for kind in kinds}
