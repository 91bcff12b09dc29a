"""AlertGroup: users and webhooks that are told of alerts together."""

from reconciler.kinds.capabilities import TakenBack
from reconciler.kinds.table.documents import Api, Search
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.row import Row
from reconciler.kinds.table.shape import NAME, names
from reconciler.kinds.user import PEOPLE


class AlertGroupKind(TabledKind, TakenBack):
    """Users and webhooks that are told of alerts together."""

    name = "AlertGroup"
    api = Api("alertGroup", "alertGroups", search=Search(argument=""), also="createdAt")
    example = "on-call"
    fields = (
        Row(
            "name",
            NAME,
            "The display name, by which the group is found: there is no place for a mark on it. Two of one "
            "name are refused.",
            "On call",
            required=True,
        ),
        Row(
            "users",
            names(),
            "Users, by metadata.name or email address.",
            ["ada@example.com"],
            refers="User",
            select=PEOPLE,
        ),
        Row("webhooks", names(), "AlertWebhooks, by metadata.name.", ["operations"], refers="AlertWebhook"),
    )
