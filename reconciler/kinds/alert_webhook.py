"""AlertWebhook: where alerts are posted to. Its URL and headers may be secrets."""

from reconciler.kinds.field import Field
from reconciler.kinds.places import Headers
from reconciler.kinds.tabled import TabledKind


class AlertWebhookKind(TabledKind):
    """The field table of `AlertWebhook`."""

    name = "AlertWebhook"
    noun = "alertWebhook"
    list_name = "alertWebhooks"
    place = Headers()
    fields = (
        Field("name"),
        Field("url", secret="always"),
        Field("headers", empty={}, secret="always"),
        Field("payloadTemplate", secret="may"),
    )
