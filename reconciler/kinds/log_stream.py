"""LogStream: where the logs of all executions are sent. Its URL and headers may be secrets."""

from reconciler.kinds.table.documents import Api
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.places import MARKED_HEADERS, Headers
from reconciler.kinds.table.row import Row, url
from reconciler.kinds.table.shape import NAME, names


class LogStreamKind(TabledKind):
    """Where the logs of all executions are sent."""

    name = "LogStream"
    api = Api("externalLogStream", "externalLogStreams")
    place = Headers()
    example = "central"
    fields = (
        Row("name", NAME, "The display name.", "Central logs", required=True),
        url("Where logs are sent."),
        MARKED_HEADERS,
        Row(
            "payloadTemplate",
            NAME,
            "The body to send, with the platform's placeholders.",
            '{"message": "<MESSAGE>"}',
            to_create=True,
            secret="may",
        ),
        Row(
            "severityLevels",
            names(),
            "The levels that are sent, by the platform's own names.",
            ["ERROR", "FATAL"],
            required=True,
            refers="LogSeverity",
            select="{ id name }",
            each=lambda level, name: {"id": level, "name": name},
        ),
    )
