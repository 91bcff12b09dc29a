"""LogStream: where the logs of all executions are sent. Its URL and headers may be secrets."""

from reconciler.kinds.field import Field
from reconciler.kinds.places import Headers
from reconciler.kinds.tabled import TabledKind


class LogStreamKind(TabledKind):
    """The field table of `LogStream`, which the API calls an external log stream."""

    name = "LogStream"
    noun = "externalLogStream"
    list_name = "externalLogStreams"
    place = Headers()
    fields = (
        Field("name"),
        Field("url", secret="always"),
        Field("headers", empty={}, secret="always"),
        Field("payloadTemplate", secret="may"),
        Field(
            "severityLevels",
            refers="LogSeverity",
            many=True,
            each=lambda level, name: {"id": level, "name": name},
        ),
    )
