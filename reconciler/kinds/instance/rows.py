"""What the manifest of an Instance may say, and the template of an InstanceSet."""

from __future__ import annotations

from reconciler.kinds.table.places import LABELS
from reconciler.kinds.table.row import Row
from reconciler.kinds.table.schema import RELEASE, described, group
from reconciler.kinds.table.shape import NAME, TEXT, Shape, by_name, in_order, number, secret_or, truth, words

_KEYS = [{"secret": {"env": "ACME_KEY"}}]
_ANYTHING = Shape({}, empty=None)

FLOW = (
    Row("apiKeys", in_order(secret_or("a secret: ")), "The keys that callers of the flow must send.", _KEYS),
    Row(
        "testPayload",
        _ANYTHING,
        "The body of a test run: text, or plain YAML that is sent as JSON.",
        {"id": 1},
    ),
    Row("testContentType", TEXT, "What the test payload is.", "application/json"),
    Row(
        "testHeaders",
        by_name(secret_or("text, or a secret: ")),
        "Headers of a test run, by name; a value may be a secret.",
        {"x-event": "order.created"},
    ),
    Row("usesLre", truth(), "Whether the flow's executions may be long-running."),
)
EXPECTED = (
    Row("status", number(100, 599), "The HTTP status."),
    Row(
        "body",
        _ANYTHING,
        "What the body must hold, as plain YAML: maps may hold more keys, lists hold just these items.",
    ),
    Row("schema", Shape({"type": "object"}), "A JSON Schema that the body must fit."),
)
TEST = (
    Row("flow", NAME, "The flow's name.", "Receive order", required=True),
    Row("payload", _ANYTHING, "What is sent to the flow."),
    Row("expect", group(EXPECTED), "What must come back."),
    Row(
        "contentType",
        NAME,
        "What the payload is. Absent: JSON, or text where the payload is text.",
        "application/json",
    ),
    Row(
        "headers",
        by_name(TEXT),
        "Headers that are sent along, by name.",
        {"x-event": "order.created"},
    ),
    Row(
        "onFailure",
        words("fail", "rollback"),
        "What follows a failure: the action fails (default), and with rollback the instance is put back on "
        "the version that it ran before.",
        "rollback",
    ),
)
CUSTOMER = Row("customer", NAME, "metadata.name of a Customer.", "acme", required=True, refers="Customer")
TEMPLATE = (
    Row(
        "integration",
        NAME,
        "metadata.name of an Integration.",
        "slack-sync",
        required=True,
        refers="Integration",
    ),
    Row(
        "release",
        RELEASE,
        "The release to run, or latest: the one that the integration's manifest publishes. Absent: latest.",
        "1.4.0",
        default="latest",
    ),
    Row(
        "version",
        Shape(
            {
                "type": ["integer", "string"],
                "minimum": 1,
                "pattern": "^[1-9][0-9]{0,8}$",
                "errorMessage": "must be a whole number from 1",
            }
        ),
        "The number of the published version to run, instead of a release. Numbers differ between tenants.",
        12,
        apart=True,
    ),
    Row("name", NAME, "The display name.", "Slack Sync for Acme", required=True),
    Row("description", TEXT, "A description.", "Order notices"),
    Row("enabled", truth(), "Whether the instance runs.", True),
    LABELS,
    Row(
        "config",
        Shape({"type": "object"}, empty={}),
        "Config variables by key. A connection is a map with inputs; lists, key-value lists and JSON are "
        "plain YAML; a schedule is a cron text or a map of value, scheduleType and timeZone; a secret value "
        "is {secret: {env: NAME}}.",
        {
            "Channel": "#orders",
            "Items": ["a", "b"],
            "Slack Connection": {"inputs": {"clientSecret": {"secret": {"env": "ACME_SLACK_SECRET"}}}},
        },
        secret="may",
    ),
    Row(
        "flows",
        by_name(described(group(FLOW), "Settings of one flow.")),
        "Settings of flows, by the flow's name.",
        {"Receive order": {"apiKeys": _KEYS}},
        secret="may",
    ),
    Row(
        "tests",
        in_order(described(group(TEST), "One run of a flow.")),
        "Flows that are run after a deploy.",
        [{"flow": "Receive order", "payload": {"id": 1}, "expect": {"status": 200, "body": {"ok": True}}}],
    ),
)
ROWS = (CUSTOMER, *TEMPLATE)
