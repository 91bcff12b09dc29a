"""What an InstanceSet may say: it is written as a manifest, and is instances in all other regards."""

from __future__ import annotations

from msgspec.structs import replace

from reconciler.kinds.instance.rows import TEMPLATE
from reconciler.kinds.table.row import Row
from reconciler.kinds.table.schema import described, group
from reconciler.kinds.table.shape import NAME as SOME_TEXT
from reconciler.kinds.table.shape import TEXT, Shape, by_name, in_order, number

NAME = "InstanceSet"
DOC = "One Instance for each customer that matches."
EXAMPLE = "slack-sync"


def _one_of(*rows: Row) -> Shape:
    named = " and ".join(filter(None, [", ".join(row.name for row in rows[:-1]), rows[-1].name]))
    one = {"minProperties": 1, "maxProperties": 1, "errorMessage": f"must be exactly one of {named}"}
    return Shape({**group(rows).schema, **one})


def _at_least_one(shape: Shape) -> Shape:
    return replace(shape, schema={**shape.schema, "minProperties": 1})


_CUSTOMERS = _one_of(
    Row(
        "labels",
        by_name(TEXT),
        "Labels that a Customer's metadata must bear, all of them; {} matches every customer.",
        {"tier": "gold"},
    ),
    Row("names", in_order(SOME_TEXT, least=1), "metadata.name of Customers.", ["acme", "beta"]),
    Row("all", Shape({"const": True}), "Every Customer manifest of the environment.", True),
)
_WAVE = _one_of(
    Row(
        "labels",
        _at_least_one(by_name(TEXT)),
        "Labels of the instance: those of the set, with those of its customer over them.",
        {"wave": "canary"},
    ),
    Row("percent", number(1, 100), "The share of all instances that is done at the end of this wave.", 25),
)
_WAVES = [{"labels": {"wave": "canary"}}, {"percent": 25}, {"percent": 100}]
_STRATEGY = (
    Row(
        "waves",
        in_order(
            described(
                _WAVE,
                "Which instances belong to the wave: those with the labels, or a growing share of all.",
            ),
            least=1,
        ),
        "Each wave starts when the one before it is done.",
        _WAVES,
    ),
    Row(
        "maxFailures",
        number(0),
        "How many instances may fail before the next wave is not begun.",
        1,
        default=0,
    ),
)
ROWS = (
    Row(
        "customers",
        _CUSTOMERS,
        "The customers: those that bear all labels, those named, or all.",
        {"labels": {"tier": "gold"}},
        required=True,
    ),
    Row(
        "strategy",
        group(_STRATEGY),
        "In which order the instances are changed.",
        {"waves": _WAVES, "maxFailures": 1},
    ),
    Row(
        "template",
        group(TEMPLATE),
        "The instance, as in an Instance's spec but for the customer; ${customer.name} and the like are its "
        "customer's.",
        {
            "integration": "slack-sync",
            "release": "latest",
            "name": "Slack Sync for ${customer.name}",
            "config": {"Channel": "#orders"},
        },
        required=True,
    ),
    Row(
        "overrides",
        by_name(
            described(
                group(replace(row, required=False, default=None) for row in TEMPLATE),
                "What goes before the template for one customer.",
            )
        ),
        "What the instances of single customers have otherwise, by metadata.name of the Customer: each field "
        "goes before the template's, each config variable, input of a connection and setting of a flow by "
        "itself.",
        {"acme": {"config": {"Channel": "#ops"}, "enabled": False}},
    ),
)
