"""AlertWebhook: where alerts are posted to. Its URL and headers may be secrets."""

from reconciler.kinds.table.documents import Api
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.places import MARKED_HEADERS, Headers
from reconciler.kinds.table.row import Row, url
from reconciler.kinds.table.shape import NAME


class AlertWebhookKind(TabledKind):
    """Where alerts are posted to."""

    name = "AlertWebhook"
    api = Api("alertWebhook", "alertWebhooks")
    place = Headers()
    example = "operations"
    fields = (
        Row("name", NAME, "The display name.", "Operations channel", required=True),
        url("Where alerts are posted to."),
        MARKED_HEADERS,
        Row(
            "payloadTemplate",
            NAME,
            "The body to post, with the platform's placeholders.",
            '{"text": "<EXECUTION_URL>"}',
            to_create=True,
            secret="may",
        ),
    )
