"""EventWebhook: where the platform's own events (an instance deployed, a user added) are posted to."""

from reconciler.kinds.field import DESCRIPTION, Field
from reconciler.kinds.places import Description, headers_read, headers_sent
from reconciler.kinds.tabled import TabledKind
from reconciler.model.secret import Hidden


class EventWebhookKind(TabledKind):
    """The field table of `EventWebhook`, which the API calls a webhook endpoint."""

    name = "EventWebhook"
    noun = "webhookEndpoint"
    list_name = "webhookEndpoints"
    place = Description()
    fields = (
        Field("name"),
        DESCRIPTION,
        Field("url", secret="always"),
        Field("enabled", empty=True),
        Field("eventTypes", many=True),
        Field("headers", empty={}, secret="always", read=headers_read, write=headers_sent),
        Field("secret", secret="always", read=lambda value: Hidden() if value is None else value),
    )
