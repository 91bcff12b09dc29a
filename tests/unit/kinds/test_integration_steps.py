from __future__ import annotations

import copy as copies
import json
from typing import Any

import pytest
from msgspec import structs

from reconciler.definition.meaning import digest, meaning
from reconciler.kinds import all_kinds
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.protocol import Policy
from reconciler.model.digest import sha256
from reconciler.model.errors import PayloadError
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject, Memory, Resource
from tests.unit.samples import (
    DATA,
    SYNC,
    definition,
    integration,
    read_back,
    request,
    resource,
    steps,
    version,
)

KIND = all_kinds()["Integration"]


def changed(description: str) -> dict[str, Any]:
    data = copies.deepcopy(DATA)
    data["flows"][0]["description"] = description
    return data


def manifest(data: dict[str, Any] = DATA, **more: Any) -> Resource:
    options = {k: more.pop(k) for k in ("ignore",) if k in more}
    return resource(SYNC, {"definition": definition(data), **more}, **options)


PUBLISHED = (version("1.0.0", definition=sha256(meaning(DATA))),)
BY_HAND = integration(data=read_back(changed("By hand")), unpublished=True)


@pytest.mark.parametrize(
    ("wanted", "live", "expected"),
    [
        (manifest(), None, ["create", "import", "update"]),
        (manifest(release="1.0.0"), None, ["create", "import", "update", "publish"]),
        (
            manifest(release="1.0.0", available=False),
            None,
            ["create", "import", "update", "publish", "availability"],
        ),
        (manifest(), integration(), []),
        (manifest(description="New"), integration(), ["update"]),
        (manifest(changed("New")), integration(), ["import", "update"]),
        (manifest(release="1.0.0"), integration(unpublished=True), ["publish"]),
        (manifest(release="1.0.0"), integration(versions=PUBLISHED), []),
        (manifest(release="1.0.0", available=False), integration(versions=PUBLISHED), ["availability"]),
        (manifest(release="1.0.0", available=True), integration(versions=PUBLISHED), []),
        (manifest(release="1.1.0"), integration(versions=PUBLISHED), ["publish"]),
        (manifest(), integration(data=read_back(DATA, "2026")), []),
        (manifest(), integration(applied={}), []),
        (manifest(), integration(applied={}, created=True), ["update"]),
        (manifest(), integration(labels=()), ["update"]),
        (manifest(changed("New"), ignore=("definition",)), integration(), []),
        (manifest(changed("New"), ignore=("definition.flows",)), integration(), []),
        (manifest(release="1.1.0", ignore=("release",)), integration(versions=PUBLISHED), []),
        (
            manifest(release="1.0.0", available=False, ignore=("available",)),
            integration(versions=PUBLISHED),
            [],
        ),
    ],
)
def test_the_steps_are_the_fewest_that_mend_it(
    wanted: Resource, live: LiveObject | None, expected: list[str]
):
    assert steps(wanted, live) == expected


def test_an_unnamed_newest_version_that_says_the_same_is_named_not_doubled():
    live = integration(versions=(version(None, 2), version("1.0.0")))
    found = KIND.steps(request(manifest(release="1.1.0"), live), adopt=False)
    assert [(s.verb, [c.path for c in s.changes]) for s in found.steps] == [(Verb.UPDATE, ["release"])]
    sent = KIND.operation("update", Verb.UPDATE, request(manifest(release="1.1.0"), live))
    assert json.loads(sent.variables["input"]["metadata"])["reconciler"]["releases"] == {"1.1.0": "v2"}


@pytest.mark.parametrize(
    "live",
    [
        integration(versions=(version(None, 2),), unpublished=True),
        integration(versions=(version("0.9.0", 2),)),
        integration(versions=(version(None, 2),), releases={"0.9.0": "v2"}),
    ],
)
def test_a_version_that_says_something_else_is_not_named(live: LiveObject):
    assert steps(manifest(release="1.0.0"), live) == ["publish"]


@pytest.mark.parametrize(
    ("live", "error", "named"),
    [
        # The answer to publish was lost, and nothing was published: the last release must not be named.
        (integration(versions=PUBLISHED, unpublished=True), None, False),
        (integration(versions=(version(None, 1),), unpublished=True), None, False),
        (integration(versions=PUBLISHED), None, False),
        (integration(versions=(), unpublished=False), None, False),
        # It was published, and the tenant kept no attributes of ours.
        (integration(versions=(version(None, 2), *PUBLISHED)), None, True),
        (integration(versions=(version(None, 1),)), None, True),
        # It was refused since nothing changed: the newest version is what was asked for.
        (integration(versions=PUBLISHED), PayloadError("no changes"), True),
        (integration(versions=PUBLISHED, unpublished=True), PayloadError("comment too long"), False),
        (integration(versions=PUBLISHED), ValueError("else"), False),
    ],
)
def test_after_publishing_the_newest_version_is_named_only_if_it_is_ours(
    live: LiveObject, error: Exception | None, named: bool
):
    op = KIND.follow_up(Verb.PUBLISH, request(manifest(release="1.1.0"), live), error)
    assert (op is not None) is named


@pytest.mark.parametrize(
    ("live", "policy", "refused"),
    [
        (BY_HAND, Policy(), True),
        (BY_HAND, Policy(overwrite_drafts=True), False),
        (integration(data=read_back(changed("By hand"))), Policy(), False),
        (integration(data={"unreadable": "- a"}, unpublished=True), Policy(), True),
        (integration(unpublished=True), Policy(), False),
        (integration(data={}, applied={}, unpublished=True), Policy(), False),
    ],
)
def test_a_persons_unpublished_draft_is_not_overwritten(live: LiveObject, policy: Policy, refused: bool):
    found = KIND.steps(request(manifest(changed("New")), live, policy), adopt=False)
    assert [r.code for r in found.refusals] == (["unpublished-draft"] if refused else [])


@pytest.mark.parametrize(
    ("data", "published", "codes"),
    [
        (DATA, sha256(meaning(DATA)), []),
        (changed("New"), sha256(meaning(DATA)), ["release-differs"]),
        (changed("New"), "", ["release-differs"]),
    ],
)
def test_a_release_that_was_published_otherwise_is_told(
    data: dict[str, Any], published: str, codes: list[str]
):
    live = integration(versions=(version("1.0.0", definition=published),))
    found = KIND.steps(request(manifest(data, release="1.0.0"), live), adopt=False)
    assert [w.code for w in found.warnings] == codes


@pytest.mark.parametrize(
    ("release", "found"),
    [("1.0.0", "v1"), ("2.0.0", "v2"), ("3.0.0", None)],
)
def test_a_release_is_found_by_attributes_and_by_metadata(release: str, found: str | None):
    live = integration(
        versions=(version(None, 2), version("1.0.0")), releases={"2.0.0": "v2", "3.0.0": "gone"}
    )
    one = find_release(live, release)
    assert (one.id if one else None) == found


def test_components_that_a_person_moved_under_latest_are_drift():
    components = {"webhook-triggers": 12, "http": 11}
    live = integration(applied={"sent": sha256(meaning(DATA)), "observed": "older"}, components=components)
    found = KIND.steps(request(manifest(), live), adopt=False)
    assert [(c.path, c.cause.value) for c in found.changes] == [
        ("definition.components[http].version", "drift")
    ]
    ignoring = manifest(ignore=("definition.components",))
    assert steps(ignoring, live) == []


def test_an_ignored_field_is_not_written_along_with_another():
    live = structs.replace(integration(), fields={**integration().fields, "description": "A person's"})
    wanted = manifest(description="Git's", category="CRM", ignore=("description",))
    sent = KIND.operation("update", Verb.UPDATE, request(wanted, live)).variables["input"]
    assert "description" not in sent
    assert sent["category"] == "CRM"


def test_null_clears_a_field():
    wanted = manifest(description=None)
    assert (
        KIND.operation("update", Verb.UPDATE, request(wanted, integration())).variables["input"][
            "description"
        ]
        == ""
    )


def test_labels_that_an_import_cleared_are_put_back():
    before = integration(labels=("vip", "reconciler:p/integration/sync"))
    node = {"id": "draft", "name": "Sync", "labels": [], "definitionData": read_back(changed("New"))}
    live = KIND.observed(Verb.IMPORT, node, before)
    assert live is not None
    found = request(manifest(changed("New")), live)
    assert not KIND.satisfied("update", Verb.UPDATE, found)
    assert "vip" in KIND.operation("update", Verb.UPDATE, found).variables["input"]["labels"]


@pytest.mark.parametrize(
    ("wanted", "verb", "done"),
    [
        (manifest(), Verb.IMPORT, True),
        (manifest(changed("New")), Verb.IMPORT, False),
        (manifest(), Verb.UPDATE, False),
        (manifest(release="1.0.0"), Verb.PUBLISH, True),
        (manifest(release="1.1.0"), Verb.PUBLISH, False),
        (manifest(release="1.0.0", available=True), Verb.AVAILABILITY, True),
        (manifest(release="1.0.0", available=False), Verb.AVAILABILITY, False),
        (manifest(), Verb.CREATE, True),
        (manifest(), Verb.DELETE, False),
    ],
)
def test_a_step_is_satisfied_where_it_would_change_nothing(wanted: Resource, verb: Verb, done: bool):
    live = integration(versions=PUBLISHED)
    assert KIND.satisfied(verb.value, verb, request(wanted, live)) is done


def test_an_update_is_satisfied_once_its_record_is_written():
    live = integration()
    applied = {"observed": digest(read_back(DATA)), "sent": sha256(meaning(DATA))}
    sent = KIND.operation("update", Verb.UPDATE, request(manifest(), live)).variables["input"]
    part = json.loads(sent["metadata"])["reconciler"]
    assert {k: part["applied"][k] for k in applied} == applied
    noted = structs.replace(live, record=Memory(part["applied"]))
    assert KIND.satisfied("update", Verb.UPDATE, request(manifest(), noted))
