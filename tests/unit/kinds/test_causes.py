from __future__ import annotations

import copy as copies
from typing import Any

import pytest

from reconciler.definition.meaning import digest, meaning
from reconciler.kinds import all_kinds
from reconciler.kinds.instance.config import config_changes
from reconciler.kinds.instance.flow_forms import flows_form
from reconciler.kinds.instance.flows import flow_changes
from reconciler.kinds.integration.steps import import_needed
from reconciler.kinds.protocol import Policy
from reconciler.kinds.table.causes import cause, judged
from reconciler.model.digest import sha256
from reconciler.model.plan import Cause, Verb
from reconciler.model.secret import Secret
from tests.unit.samples import (
    ACME,
    DATA,
    SYNC,
    causes,
    copy,
    customer,
    definition,
    instance,
    integration,
    read_back,
    record,
    request,
    resource,
)


@pytest.mark.parametrize(
    ("applied", "desired", "live", "why"),
    [
        ("a", "b", "a", "pending"),
        ("a", "a", "b", "drift"),
        ("a", "b", "c", "both"),
        (None, "a", "b", "unknown"),
    ],
)
@pytest.mark.parametrize("digits", [4, 64])
def test_three_digests_tell_why(applied: str | None, desired: str, live: str, why: str, digits: int):
    known = {"group": sha256(applied)[:digits]} if applied else {}
    assert cause(known, "group", desired, live) == why


@pytest.mark.parametrize(
    ("by_digest", "by_key", "why"),
    [
        ("both", "drift", {"plain": "both", "secret": "both", "was secret": "pending", "hidden": "pending"}),
        ("unknown", "drift", {"plain": "unknown", "secret": "drift", "was secret": "pending"}),
        ("drift", "pending", {"plain": "drift", "secret": "drift", "was secret": "unknown"}),
        ("pending", "unknown", {"plain": "pending", "secret": "pending", "was secret": "unknown"}),
        ("unknown", "unknown", {"secret": "unknown", "was secret": "unknown", "hidden": "pending"}),
    ],
)
def test_of_secrets_the_keyed_digest_is_believed(by_digest: str, by_key: str, why: dict[str, str]):
    told = Cause(by_digest), Cause(by_key)
    found = {
        "plain": judged(*told, is_secret=False),
        "secret": judged(*told, is_secret=True),
        "was secret": judged(*told, is_secret=False, was_secret=True),
        "hidden": judged(*told, is_secret=True, is_hidden=True),
    }
    assert {name: found[name] for name in why} == why


@pytest.mark.parametrize("field", ["name", "externalId", "description", "labels"])
@pytest.mark.parametrize(
    ("applied", "desired", "live", "why"),
    [
        ("a", "b", "a", "pending"),
        ("a", "a", "b", "drift"),
        ("a", "b", "c", "both"),
        (None, "a", "b", "unknown"),
    ],
)
def test_a_customers_fields(field: str, applied: str | None, desired: str, live: str, why: str):
    kind = all_kinds()["Customer"]

    def value(one: str) -> Any:
        return [one] if field == "labels" else one

    labels: list[str] = [live] if field == "labels" else []
    if applied:
        before = resource(ACME, {field: value(applied)})
        sent = kind.operation("create", Verb.CREATE, request(before)).variables["input"]["labels"]
        labels += [label for label in sent if label.startswith("reconciler-applied:")]
    more = {} if field in ("labels", "name") else {field: live}
    found = customer(live if field == "name" else "Acme", labels=labels, **more)
    changes = kind.steps(request(resource(ACME, {field: value(desired)}), found), adopt=False).changes
    assert causes(changes) == {field: why}


@pytest.mark.parametrize(
    ("applied", "desired", "live", "expected"),
    [
        ({"A": "1"}, {"A": "2"}, {"A": "1"}, {"A": "pending"}),
        ({"A": "1"}, {"A": "1"}, {"A": "2"}, {"A": "drift"}),
        ({"A": "1"}, {"A": "2"}, {"A": "3"}, {"A": "both"}),
        (None, {"A": "1"}, {"A": "2"}, {"A": "unknown"}),
        # A key that git added, beside one that stays; somebody may have changed it since.
        ({"A": "1"}, {"A": "1", "B": "2"}, {"A": "1", "B": "default"}, {"B": "pending"}),
        ({"A": "1"}, {"A": "1", "B": "2"}, {"A": "1", "B": ""}, {"B": "pending"}),
        (
            {"A": "1"},
            {"A": "1", "B": "2", "C": "3"},
            {"A": "1", "B": "x", "C": "y"},
            {"B": "unknown", "C": "unknown"},
        ),
        # A key that git took away, beside one that it changed.
        ({"A": "1", "B": "2"}, {"A": "3"}, {"A": "1", "B": "2"}, {"A": "pending"}),
        ({"A": "1", "B": "2"}, {"A": "1"}, {"A": "3", "B": "2"}, {"A": "drift"}),
        # What does not differ does not count, however it is written.
        ({"A": "1", "B": 1.0}, {"A": "2", "B": 1.0}, {"A": "1", "B": "1"}, {"A": "pending"}),
        ({"A": "1", "B": True}, {"A": "2", "B": True}, {"A": "1", "B": "True"}, {"A": "pending"}),
    ],
)
def test_an_instances_config(
    applied: dict[str, Any] | None, desired: dict[str, Any], live: dict[str, str], expected: dict[str, str]
):
    labels = () if applied is None else (record(config=applied),)
    found = request(copy({"config": desired}), instance(config=live, labels=labels))
    assert causes(config_changes(found)) == {f"config.{key}": why for key, why in expected.items()}


def test_a_config_that_ignores_a_drifted_key_is_pending():
    labels = (record(config={"A": "1", "B": "git"}),)
    wanted = copy({"config": {"A": "2", "B": "git"}}, ignore=("config.B",))
    live = instance(config={"A": "1", "B": "theirs"}, labels=labels)
    assert causes(config_changes(request(wanted, live))) == {"config.A": "pending"}


@pytest.mark.parametrize(
    ("applied", "desired", "live", "why"),
    [
        (False, True, False, "pending"),
        (True, True, False, "drift"),
        (None, True, False, "unknown"),
    ],
)
def test_flow_settings(applied: bool | None, desired: bool, live: bool, why: str):
    def flows(value: bool) -> dict[str, Any]:
        return {"Main": {"usesLre": value}}

    labels = () if applied is None else (record(flows=flows_form(flows(applied))),)
    found = request(copy({"flows": flows(desired)}), instance(flows=flows(live), labels=labels))
    assert causes(flow_changes(found)) == {"flows.Main.usesLre": why}


@pytest.mark.parametrize(
    ("applied", "why"),
    [("1.0.0", "drift"), ("0.9.0", "both"), (None, "unknown")],
)
def test_the_release_of_an_instance(applied: str | None, why: str):
    labels = (record(release=applied),) if applied else ()
    live = instance(version_id="elsewhere", labels=labels)
    found = all_kinds()["Instance"].steps(request(copy(), live), adopt=False)
    assert causes(found.changes) == {"release": why}


@pytest.mark.parametrize(
    ("applied", "live", "why"),
    [(False, True, "drift"), (True, True, "pending"), (None, True, "unknown")],
)
def test_enabled(applied: bool | None, live: bool, why: str):
    labels = () if applied is None else (record(enabled=applied),)
    found = request(copy({"enabled": False}), instance(enabled=live, labels=labels))
    assert causes(all_kinds()["Instance"].steps(found, adopt=False).changes) == {"enabled": why}


def _said(description: str) -> dict[str, Any]:
    data = copies.deepcopy(DATA)
    data["flows"][0]["description"] = description
    return data


@pytest.mark.parametrize(
    ("sent", "observed", "desired", "live", "why"),
    [
        ("a", "a", "b", "a", "pending"),
        ("a", "a", "a", "b", "drift"),
        ("a", "a", "b", "c", "both"),
        (None, None, "a", "b", "unknown"),
    ],
)
def test_a_definition(sent: str | None, observed: str | None, desired: str, live: str, why: str):
    applied = {}
    if sent and observed:
        applied = {"sent": sha256(meaning(_said(sent))), "observed": digest(read_back(_said(observed)))}
    found = request(
        resource(SYNC, {"definition": definition(_said(desired))}),
        integration(data=read_back(_said(live)), applied=applied),
    )
    assert causes(import_needed(found).changes) == {"definition.flows[Main].description": why}


@pytest.mark.parametrize("year", ["2025", "2026"])
def test_a_definition_that_was_only_normalised_anew_needs_no_import(year: str):
    found = import_needed(
        request(resource(SYNC, {"definition": definition()}), integration(data=read_back(DATA, year)))
    )
    assert not found.needed


def test_a_record_is_written_where_only_config_changed():
    kind = all_kinds()["Instance"]
    wanted, applied = copy({"config": {"A": "2"}}), (record(release="1.0.0", config={"A": "1"}),)
    live = instance(config={"A": "1"}, labels=applied)
    assert not kind.satisfied("update", Verb.UPDATE, request(wanted, live))
    sent = kind.operation("update", Verb.UPDATE, request(wanted, live)).variables["input"]["labels"]
    after = instance(config={"A": "1"}, labels=tuple(label for label in sent if "applied" in label))
    assert kind.satisfied("update", Verb.UPDATE, request(wanted, after))
    assert causes(config_changes(request(wanted, after))) == {"config.A": "drift"}


@pytest.mark.parametrize("keep", [True, False])
def test_an_environment_may_keep_no_record(keep: bool):
    created = all_kinds()["Instance"].operation(
        "create", Verb.CREATE, request(copy({"config": {"S": Secret("s")}}), None, Policy(record=keep))
    )
    labels = created.variables["input"]["labels"]
    assert any(label.startswith("reconciler-applied:") for label in labels) is keep
