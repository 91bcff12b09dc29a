"""EventWebhook: where the platform's own events (an instance deployed, a user added) are posted to."""

from reconciler.kinds.table.documents import Api
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.places import Description, headers, headers_read, headers_sent
from reconciler.kinds.table.row import Row, description, url
from reconciler.kinds.table.shape import MAYBE_SECRET, NAME, names, truth
from reconciler.model.secret import Hidden


class EventWebhookKind(TabledKind):
    """Where the platform's own events are posted to."""

    name = "EventWebhook"
    api = Api("webhookEndpoint", "webhookEndpoints")
    place = Description()
    example = "audit"
    fields = (
        Row("name", NAME, "The display name.", "Audit", required=True),
        description(
            "A description. The mark of ownership is kept in a last line below it.",
            "Instance events for the audit trail",
        ),
        url("Where events are posted to."),
        Row("enabled", truth(absent=True), "Whether events are posted.", True),
        Row(
            "eventTypes",
            names(),
            "The events that are posted, by the platform's own names.",
            ["instance.deployed", "instance.deleted"],
            required=True,
        ),
        headers(read=headers_read, write=headers_sent),
        Row(
            "secret",
            MAYBE_SECRET,
            "The secret with which the platform signs what it posts.",
            {"secret": {"env": "AUDIT_SIGNING_SECRET"}},
            secret="always",
            read=lambda value: Hidden() if value is None else value,
        ),
    )
