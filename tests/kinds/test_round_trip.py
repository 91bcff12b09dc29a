"""Each kind's life, through the command line: made, changed behind our back, healed, let go of, deleted."""

from __future__ import annotations

import json

import pytest

from reconciler.kinds import all_kinds
from reconciler.sandbox.faults import Fault
from tests.kinds.case import SECRET
from tests.kinds.cases import CASES, address_of, name_of
from tests.kinds.world import World

KINDS = sorted(CASES)
WRITTEN = [kind for kind in KINDS if CASES[kind].update]
CREATED = [kind for kind in WRITTEN if kind != "MarketplaceListing"]
MARKED = [kind for kind in WRITTEN if all_kinds()[kind].marked]
UNMARKED = [kind for kind in KINDS if not all_kinds()[kind].marked]
SECRETIVE = [kind for kind in KINDS if "'KIND_SECRET'" in str(CASES[kind].spec)]
CANARIES = ("canary-first-51c2", "canary-second-92d0", "key-of-digests-0123456789")


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_applied_is_as_the_manifests_say(world: World, kind: str) -> None:
    world.declare(kind)
    world.apply()
    before = world.writes()
    world.apply()
    assert world.writes() == before


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_change_behind_our_back_is_named_and_healed(world: World, kind: str) -> None:
    world.declare(kind)
    world.apply()
    (found,) = world.objects(kind)
    world.change(kind, found["id"])
    case = CASES[kind]
    planned = world.json("plan")
    paths = {c["path"] for action in planned["actions"] for c in action["changes"]}
    assert case.path in paths
    drifted = {(one["address"], one["path"]): one for one in world.json("drift")["drift"]}
    one = drifted[address_of(kind), case.path]
    if all_kinds()[kind].marked:
        assert one["cause"] == "drift"
    else:
        assert (one["cause"], one["applied"]) == ("unknown", "(not recorded)")
    assert case.path.rpartition(".")[2] in world.run("drift", "--detailed-exitcode", code=2)
    world.apply()
    assert world.json("drift")["drift"] == []


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_change_in_git_is_pending_and_goes_out(world: World, kind: str) -> None:
    world.declare(kind)
    world.apply()
    case = CASES[kind]
    world.declare(kind, **case.changed)
    assert world.json("drift")["drift"] == [] or not all_kinds()[kind].marked
    planned = world.json("plan")
    (cause,) = {c["cause"] for action in planned["actions"] for c in action["changes"]}
    assert cause == ("pending" if all_kinds()[kind].marked else "unknown")
    world.apply()


@pytest.mark.parametrize("kind", MARKED)
def test_a_renamed_manifest_keeps_its_object(world: World, kind: str) -> None:
    world.declare(kind)
    world.apply()
    before = world.objects(kind)
    path = world.root / "manifests" / f"{kind.lower()}-{name_of(kind)}.yaml"
    text = path.read_text("utf-8").replace(
        f"name: {name_of(kind)}", f"name: renamed\n  was: [{name_of(kind)}]", 1
    )
    path.write_text(text, encoding="utf-8")
    world.apply()
    assert world.objects(kind) == before


@pytest.mark.parametrize("kind", MARKED)
def test_without_a_manifest_it_is_deleted_where_that_is_allowed(world: World, kind: str) -> None:
    world.declare(kind)
    world.declare("Customer")
    world.apply()
    world.withdraw(kind)
    world.run("plan", "--detailed-exitcode")
    assert world.objects(kind)
    world.run("apply", "--yes", "--prune", "--select", address_of(kind))
    assert world.objects(kind) == []


@pytest.mark.parametrize("kind", sorted({*UNMARKED} & {*CREATED}))
def test_what_bears_no_mark_is_never_deleted(world: World, kind: str) -> None:
    world.declare(kind)
    world.apply()
    world.withdraw(kind)
    before = world.objects(kind)
    world.apply("--prune")
    assert world.objects(kind) == before


@pytest.mark.parametrize("kind", MARKED)
def test_let_go_of_and_taken_over_again(world: World, kind: str) -> None:
    world.declare(kind)
    world.apply()
    (found,) = world.objects(kind)
    world.run("forget", "--yes", address_of(kind))
    assert "reconciler" not in world.told(kind, found["id"]).lower()
    world.run("adopt", address_of(kind), found["id"], "--yes")
    world.apply()
    assert world.objects(kind) == [found]


@pytest.mark.parametrize("kind", CREATED)
@pytest.mark.parametrize("fault", ["reset_after", "error_502_after"])
def test_a_creation_whose_answer_is_lost_makes_one_object(world: World, kind: str, fault: str) -> None:
    world.declare(kind)
    create = {"User": "createCustomerUser"}.get(kind, CASES[kind].update.replace("update", "create"))
    sandbox = world.sandbox()
    sandbox.set_faults([Fault(fault, operation=create, times=1)])
    sandbox.close()
    world.apply()
    assert len(world.objects(kind)) == 1


@pytest.mark.parametrize("kind", SECRETIVE)
def test_secrets_are_never_shown_and_a_rotated_one_is_planned_once(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.declare(kind)
    said = world.apply()
    for secret in CANARIES[:2]:
        monkeypatch.setenv("KIND_SECRET", secret)
        for verb in ("plan", "drift"):
            said += "".join(world(verb, "-v", "--debug", "--format", "json")[1:])
            said += "".join(world(verb, "-v")[1:])
        said += world.apply()
        assert world.stored(secret), "it travelled"
    said += world.run("history", "latest", "--format", "json")
    files = [f for f in world.root.rglob("*") if f.is_file() and not f.name.startswith("sandbox.db")]
    said += "".join(f.read_text("utf-8", "replace") for f in files)
    for canary in CANARIES:
        assert canary not in said


@pytest.mark.parametrize("kind", ["Connection", "EventWebhook"])
def test_a_hidden_secret_is_sent_when_git_has_another(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.tenant(secrets_read_back="hidden")
    world.declare(kind)
    world.apply()
    monkeypatch.setenv("KIND_SECRET", "canary-second-92d0")
    planned = world.json("plan")
    assert [a["verb"] for a in planned["actions"] if a["address"] == address_of(kind)] == ["update"]
    world.apply()
    assert world.stored("canary-second-92d0")


def test_a_hidden_secret_that_git_adds_is_sent(world: World) -> None:
    world.tenant(secrets_read_back="hidden")
    spec = {k: v for k, v in CASES["EventWebhook"].spec.items() if k not in ("secret", "headers")}
    world.manifest("EventWebhook", "eventwebhook", **spec)
    world.apply()
    world.manifest("EventWebhook", "eventwebhook", **spec, secret=SECRET)
    world.apply()
    assert world.stored(CANARIES[0])


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("AlertGroup", "webhooks", ["alertwebhok"]),
        ("AlertMonitor", "groups", ["nobody"]),
        ("AlertMonitor", "instance", "acme/nothing"),
        ("User", "customer", "nobody"),
        ("CustomerConnection", "connection", "nothing"),
        ("MarketplaceListing", "integration", "nothing"),
    ],
)
def test_a_name_that_leads_nowhere_is_an_error_with_a_hint(
    world: World, kind: str, field: str, value: object
) -> None:
    world.declare(kind, **{field: value})
    _, _, err = world("validate", "--format", "json")
    (problem,) = json.loads(err)["errors"]
    assert problem["code"] == "unknown-reference"
    assert problem["address"] == address_of(kind)
    assert problem["hint"]


@pytest.mark.parametrize(
    ("kind", "field", "value", "code", "told"),
    [
        ("AlertMonitor", "triggers", ["Execution Faild"], "not-there", "AlertTrigger/Execution Faild"),
        ("AlertMonitor", "flow", "No such flow", "not-there", "No such flow"),
        ("AlertGroup", "users", ["nobody"], "not-there", "User/nobody"),
        ("User", "role", "Emperor", "not-there", "CustomerRole/Emperor"),
        ("LogStream", "severityLevels", ["LOUD"], "not-there", "LogSeverity/LOUD"),
        ("Connection", "connection", "oauth3", "component-missing", "oauth2"),
        ("Connection", "component", "slakc", "component-missing", "public/slakc"),
        ("Component", "key", "slakc", "component-missing", "public/slakc"),
        ("Component", "isPublic", False, "component-missing", "there is only public/slack"),
        ("Component", "version", 9999, "component-missing", "9999"),
        ("Component", "signature", "0" * 40, "component-missing", "0" * 40),
    ],
)
def test_what_the_tenant_does_not_have_is_refused(
    world: World, kind: str, field: str, value: object, code: str, told: str
) -> None:
    for needed in CASES[kind].needs:
        world.declare(needed)
    world.apply()
    world.declare(kind, **{field: value})
    refusals = [r for r in world.json("plan")["refusals"] if r["address"] == address_of(kind)]
    assert [r["code"] for r in refusals] == [code]
    assert told in refusals[0]["message"] + refusals[0]["hint"]
    assert refusals[0]["hint"]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("InstanceProfile", "stableKey", "larger"),
        ("Connection", "scope", "org"),
        ("Connection", "component", "http"),
        ("User", "customer", "other"),
    ],
)
def test_what_cannot_be_changed_is_refused(world: World, kind: str, field: str, value: object) -> None:
    world.manifest("Customer", "other", name="Other")
    world.declare(kind)
    world.apply()
    world.declare(kind, **{field: value, **({"connection": "basic"} if value == "http" else {})})
    codes = {r["code"] for r in world.json("plan")["refusals"]}
    assert "fixed-field" in codes


def test_a_key_that_an_adopted_profile_lacks_is_told(world: World) -> None:
    """The platform takes it at creation alone."""
    world.mutate("createInstanceProfile", {"name": CASES["InstanceProfile"].spec["name"]})
    world.declare("InstanceProfile")
    (refusal,) = world.json("plan")["refusals"]
    assert refusal["code"] == "fixed-field"
    assert '"stableKey" can be set at creation alone: the object that is there has none' in refusal["message"]
    assert refusal["hint"].startswith("leave it out of the manifest")


@pytest.mark.parametrize("kind", ["AlertWebhook", "EventWebhook", "LogStream", "Customer", "AlertGroup"])
def test_a_creation_costs_what_the_plan_says(world: World, kind: str) -> None:
    """Where two runs at once could make the same object, a creation looks once more."""
    world.declare(kind)
    told = world.json("plan")["requests"]
    with world.sandbox() as sandbox:
        before, writes = sandbox.requests(), sandbox.writes()
    world.run("apply", "--yes")
    with world.sandbox() as sandbox:
        sent = sandbox.writes() - writes
        read = sandbox.requests() - before - sent
    # Whose token it is is asked once for both halves of an apply in one process.
    assert (told["write"], told["read"] - 1) == (sent, read)


def test_one_more_tenant_is_a_world_of_its_own(world: World) -> None:
    for kind in KINDS:
        world.declare(kind)
    world.apply()
    (world.root / ".reconciler" / "sandbox.db").rename(world.root / "first.db")
    world.apply()
    second = world.json("plan")
    assert second["actions"] == []
    (world.root / ".reconciler" / "sandbox.db").unlink()
    (world.root / "first.db").rename(world.root / ".reconciler" / "sandbox.db")
    assert world.json("plan")["actions"] == []


@pytest.mark.parametrize("kind", sorted({*MARKED} - {"Integration", "Customer", "Instance"}))
def test_a_list_that_is_refused_keeps_its_objects_and_nothing_else(world: World, kind: str) -> None:
    world.declare(kind)
    world.declare("Customer")
    world.apply()
    world.withdraw(kind)
    sandbox = world.sandbox()
    sandbox.set_faults([Fault("graphql_errors", operation=CASES[kind].list)])
    sandbox.close()
    found = world.json("plan", "--prune")
    assert [w["code"] for w in found["warnings"]] == ["unread"]
    assert kind in found["warnings"][0]["message"]
    assert found["actions"] == []
    world.declare(kind)
    assert world("plan", "--prune")[0] != 0, "a manifest needs it"
    assert world("plan", "--select", "Customer/acme")[0] == 0, "no manifest that is selected does"
    assert world("plan", "--exclude", address_of(kind))[0] == 0


@pytest.mark.parametrize(
    ("kind", "changed", "outer", "renamed"),
    [
        ("CustomerConnection", {"inputs": {"clientId": "78"}}, "Connection", "Slack of ours"),
        ("AlertGroup", {"users": []}, "AlertWebhook", "Operations"),
        ("AlertMonitor", {"triggers": ["Execution Started"]}, "Instance", "Orders of Acme"),
    ],
)
def test_what_is_referred_to_may_be_renamed_in_the_same_run(
    world: World, kind: str, changed: dict[str, object], outer: str, renamed: str
) -> None:
    world.declare(kind)
    world.apply()
    world.declare(kind, **changed)
    world.declare(outer, name=renamed)
    world.apply()


def test_a_listing_of_a_new_release_is_no_instance_that_lacks_variables(world: World) -> None:
    definition = world.root / "definitions" / "orders.yml"
    text = definition.read_text("utf-8")
    definition.write_text(text.replace("value: demo", 'value: ""'), encoding="utf-8")
    world.declare("MarketplaceListing")
    assert world.json("plan")["warnings"] == []
