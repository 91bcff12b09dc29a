"""AlertGroup: users and webhooks that are told of alerts together."""

from reconciler.kinds.field import Field
from reconciler.kinds.tabled import TabledKind


class AlertGroupKind(TabledKind):
    """The field table of `AlertGroup`, which has no place for a mark."""

    name = "AlertGroup"
    noun = "alertGroup"
    list_name = "alertGroups"
    fields = (
        Field("name"),
        Field("users", refers="User", many=True),
        Field("webhooks", refers="AlertWebhook", many=True),
    )
