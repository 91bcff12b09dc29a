"""Published packages: which version is ours, whether it can be used, and whose the newest is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Policy, Request
from reconciler.model.address import Address
from reconciler.model.errors import ApiError
from reconciler.model.plan import Cause, Verb
from reconciler.model.refs import PackageRef
from reconciler.model.state import Bundle, LiveObject, Resource

KIND = all_kinds()["Bundle"]
ADDRESS = Address("Bundle", "orders")
OURS, OLDER, THEIRS = "a" * 40, "b" * 40, "c" * 40
DESCRIBED = {
    "definition": {"key": "reconciler-1", "display": {"iconPath": "icon.png"}},
    "connections": [{"key": "shop", "iconPath": "shop.png"}],
}
BUNDLE = Bundle(OURS, b"PK", DESCRIBED, {"icon.png": b"i", "shop.png": b"s"})
Row = tuple[str, bool, str]


def live(*rows: Row) -> LiveObject | None:
    """A component with these versions, the newest first: signature, available, what we noted."""
    nodes = [
        {
            "versionNumber": len(rows) - index,
            "signature": signature,
            "versionIsAvailable": available,
            "versionAttributes": json.dumps({"reconciler": {"signature": noted}} if noted else {}),
        }
        for index, (signature, available, noted) in enumerate(rows)
    ]
    node = {"id": "x", "key": "reconciler-1", "label": "y", "versionSequence": {"nodes": nodes}}
    return KIND.parse(node) if rows else None


def request(found: LiveObject | None) -> Request:
    resource = Resource(ADDRESS, {"key": "reconciler-1", "bundle": BUNDLE})
    return Request("shop", resource, found, lambda ref: ref, Policy())


@pytest.mark.parametrize(
    ("rows", "reason", "sent", "drift"),
    [
        ([], "is not published", True, ()),
        ([(OURS, True, OURS)], "", False, ()),
        ([(OLDER, True, OLDER)], "is not what was published", True, ()),
        ([(OLDER, True, OLDER), (OURS, True, OURS)], "", False, ()),
        # Processed, or not yet.
        ([(OURS, False, OURS), (OLDER, True, OLDER)], "version 2) is still being processed", False, ()),
        ([(OURS, False, OURS), (OURS, True, OURS)], "", False, ()),
        # A publish whose package did not arrive.
        ([("", False, OURS), (OLDER, True, OLDER)], "is not what was published", True, ()),
        # A server that signs otherwise.
        ([(THEIRS, True, OURS)], "", False, ()),
        # Somebody else's.
        ([(THEIRS, True, ""), (OURS, True, OURS)], "", False, (Cause.DRIFT,)),
        ([(THEIRS, True, ""), (OLDER, True, OLDER)], "is not what was published", True, (Cause.DRIFT,)),
        # A tenant that keeps nothing of ours cannot tell.
        ([(THEIRS, True, ""), (OURS, True, "")], "", False, ()),
    ],
)
def test_what_is_to_be_done(rows: list[Row], reason: str, sent: bool, drift: tuple[Cause, ...]) -> None:
    about = request(live(*rows))
    found = KIND.steps(about, adopt=False)
    assert len(found.steps) == bool(reason)
    assert all(reason in step.reason and step.verb is Verb.PUBLISH for step in found.steps)
    assert tuple(change.cause for change in found.changes if change.cause is Cause.DRIFT) == drift
    assert KIND.satisfied("publish", Verb.PUBLISH, about) is not sent
    assert all(step.writes == sent for step in found.steps)


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ([(OURS, True, OURS)], 1),
        ([(OLDER, True, OLDER), (OURS, True, OURS)], 1),
        ([(OURS, True, OURS), (OURS, True, OURS)], 2),
        ([(OURS, False, OURS), (OURS, True, OURS)], 1),
        ([(OURS, False, OURS)], None),
        ([(THEIRS, True, "")], None),
    ],
)
def test_the_version_that_holds_a_package(rows: list[Row], number: int | None) -> None:
    about = request(live(*rows))
    assert about.live is not None
    assert KIND.value(about.live, PackageRef(ADDRESS, OURS)) == number
    assert (KIND.unready(Verb.PUBLISH, about) == "") is (number is not None)


def test_files_go_to_the_addresses_that_were_given() -> None:
    node: dict[str, Any] = {
        "packageUploadUrl": "https://x/package",
        "iconUploadUrl": "https://x/icon",
        "connectionIconUploadUrls": [
            {"connectionKey": "shop", "iconUploadUrl": "https://x/shop"},
            {"connectionKey": "other", "iconUploadUrl": "https://x/other"},
        ],
        "connectionAvatarIconUploadUrls": [{"connectionKey": "shop", "iconUploadUrl": "https://x/avatar"}],
    }
    sent = [(one.url, one.content) for one in KIND.uploads(Verb.PUBLISH, node, request(None))]
    assert sent == [("https://x/package", b"PK"), ("https://x/icon", b"i"), ("https://x/shop", b"s")]
    with pytest.raises(ApiError, match="no address"):
        KIND.uploads(Verb.PUBLISH, {}, request(None))
