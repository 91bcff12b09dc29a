"""What the instance tells: configuring, deploying, enabling and moving it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.probe.definition import DEFAULT_USER, LOGIN, PLAIN, RENAMED, renamed
from reconciler.probe.experiment import Experiment, answers
from reconciler.probe.finding import Finding, Unclear, either, unclear
from reconciler.probe.moves import CONFIGURATION, DEPLOY, INSTANCE_LABELS, updated_at
from reconciler.probe.scratch import Scratch

_USER, _PASSWORD = "someone", "scratch-password"


@answers("new_instance_enabled", "undeployed_version")
async def create(scratch: Scratch) -> list[Finding]:
    """A new instance, as the answer shows it."""
    made = await scratch.change("createInstance", **await _input(scratch))
    scratch.instance = made["id"]
    number = made["deployedVersion"]
    shown = f"deployedVersion is {'null' if number is None else number} before the first deploy"
    second = unclear("undeployed_version", shown)
    if number in (0, -1, None):
        second = either("undeployed_version", number == 0, yes="0", no="null_as_minus_one", evidence=shown)
    evidence = f"it was created {'enabled' if made['enabled'] else 'disabled'}"
    return [
        either("new_instance_enabled", made["enabled"], yes="true", no="false", evidence=evidence),
        second,
    ]


@answers("instance_name_unique")
async def same_name(scratch: Scratch) -> list[Finding]:
    """A second instance of the same name, which goes at once."""
    _ = scratch.instance_id
    made, refusal = await scratch.attempt("createInstance", **await _input(scratch))
    if made is None:
        return [Finding("instance_name_unique", "per_customer", f"refused: {refusal}")]
    await scratch.change("deleteInstance", id=made["id"])
    return [Finding("instance_name_unique", "false", "a second one of the same name was made")]


async def _input(scratch: Scratch) -> dict[str, Any]:
    return {
        "integration": await scratch.available("plain"),
        "customer": scratch.customer,
        "name": scratch.name(),
        "description": "",
        "labels": scratch.labels,
    }


@answers("secrets_read_back", "connection_inputs_omitted")
async def connection(scratch: Scratch) -> list[Finding]:
    """A user and a password, then the password alone."""
    both = {"username": _USER, "password": _PASSWORD}
    configured = await scratch.configure({"key": PLAIN, "value": "one"}, _login(both))
    inputs = _inputs(configured)
    password = inputs.get("password", {})
    shown = password.get("value") == _PASSWORD
    evidence = f"a connection's password came back {'as it was set' if shown else 'without its value'}"
    first = either("secrets_read_back", shown, yes="clear", no="hidden", evidence=evidence)
    if not shown and not password.get("hasValue"):
        first = unclear("secrets_read_back", "no password is there after it was set")
    if inputs.get("username", {}).get("value") != _USER:
        return [first, unclear("connection_inputs_omitted", "an input that was set is not read back")]
    again = await scratch.configure(_login({"password": f"{_PASSWORD}-2"}))
    scratch.note(CONFIGURATION, configured, again)
    inputs = _inputs(again)
    left = inputs.get("username", {}).get("value")
    if left not in (_USER, DEFAULT_USER, "", None):
        return [first, unclear("connection_inputs_omitted", "an input got a value that nobody gave it")]
    kept = left == _USER
    evidence = f"an input that was left out {'kept its value' if kept else 'went back to its default'}"
    return [first, either("connection_inputs_omitted", kept, yes="kept", no="default", evidence=evidence)]


def _login(inputs: Mapping[str, str]) -> dict[str, Any]:
    from json import dumps

    given = [{"name": name, "type": "value", "value": value} for name, value in inputs.items()]
    return {"key": LOGIN, "values": dumps(given)}


def _inputs(instance: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {node["name"]: node for node in _variable(instance, LOGIN)["inputs"]["nodes"]}


def _variable(instance: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    for node in instance["configVariables"]["nodes"]:
        if node["requiredConfigVariable"]["key"] == key:
            return dict(node)
    raise Unclear(f'the instance has no config variable "{key}"')


@answers("deploy_enables", "deploy_touches")
async def deploy_twice(scratch: Scratch) -> list[Finding]:
    """A disabled instance, deployed for the first time and again without need."""
    first = await _deploy_disabled(scratch)
    disabled = await scratch.change_instance(enabled=False, preserveDeployState=True)
    second, refusal = await scratch.deploy()
    if second is None:
        raise Unclear(f"a second deploy is refused: {refusal}")
    enables = "true" if second["enabled"] else "only_first" if first["enabled"] else "false"
    times = {
        "true": "both deploys enabled it",
        "only_first": "the first deploy enabled it, the second did not",
    }
    told = times.get(enables, "no deploy enabled it")
    moved = second["lastDeployedAt"] != first["lastDeployedAt"]
    evidence = f"a deploy without need {'moved' if moved else 'did not move'} lastDeployedAt"
    touches = either("deploy_touches", moved, yes="always", no="only_needed", evidence=evidence)
    if disabled["needsDeploy"]:
        touches = unclear("deploy_touches", "the instance needs a deploy right after one")
    return [Finding("deploy_enables", enables, told), touches]


async def _deploy_disabled(scratch: Scratch) -> Mapping[str, Any]:
    before = await scratch.change_instance(enabled=False, preserveDeployState=True)
    made, refusal = await scratch.deploy()
    if made is None:
        raise Unclear(f"a deploy of a complete instance is refused: {refusal}")
    scratch.note(DEPLOY, before, made)
    return made


@answers("needs_deploy_on_same", "needs_deploy_on", "empty_labels")
async def needs_deploy(scratch: Scratch) -> list[Finding]:
    """The value that it has once more, then another description, then no labels."""
    value = {"key": PLAIN, "value": "one"}
    await _settle(scratch, await scratch.configure(value))
    now = await scratch.configure(value)
    same = now["needsDeploy"]
    await _settle(scratch, now)
    anything = (await scratch.change_instance(description="changed"))["needsDeploy"]
    unlabelled = await scratch.change_instance(labels=[], preserveDeployState=True)
    labelled = await scratch.change_instance(labels=scratch.labels, preserveDeployState=True)
    scratch.note(INSTANCE_LABELS, unlabelled, labelled)
    bare = unlabelled["labels"]
    asks = {True: "asks", False: "does not ask"}
    found = [
        either(
            "needs_deploy_on_same",
            same,
            yes="true",
            no="false",
            evidence=f"setting the same value {asks[same]} for a deploy",
        ),
        either(
            "needs_deploy_on",
            anything,
            yes="anything",
            no="version_config_flows",
            evidence=f"another description {asks[anything]} for a deploy",
        ),
    ]
    if bare:
        return [*found, unclear("empty_labels", "an empty list of labels changes nothing")]
    evidence = f"no labels came back as {'null' if bare is None else '[]'}"
    return [*found, either("empty_labels", bare is None, yes="null", no="list", evidence=evidence)]


async def _settle(scratch: Scratch, now: Mapping[str, Any]) -> None:
    """Leaves an instance that needs no deploy. Raises Unclear."""
    if now["needsDeploy"]:
        made, refusal = await scratch.deploy()
        if made is None or made["needsDeploy"]:
            raise Unclear(f"the instance needs a deploy whatever is done: {refusal or 'it was deployed'}")


@answers("version_change_drops_pending_config")
async def move(scratch: Scratch) -> list[Finding]:
    """A value that is not deployed, and another version."""
    version = await scratch.available("incomplete")
    await scratch.configure({"key": PLAIN, "value": "two"})
    value = _variable(await scratch.change_instance(integration=version), PLAIN)["value"]
    kept = value == "two"
    evidence = f"a value that was not deployed {'outlived' if kept else 'was lost in'} a change of version"
    return [
        either("version_change_drops_pending_config", not kept, yes="true", no="false", evidence=evidence)
    ]


@answers("deploy_incomplete")
async def deploy_incomplete(scratch: Scratch) -> list[Finding]:
    """A variable without a value."""
    moved = await scratch.change_instance(integration=await scratch.available("incomplete"))
    if moved["configState"] == "FULLY_CONFIGURED":
        raise Unclear("a variable without default or value leaves the instance complete")
    return [_refused("deploy_incomplete", await scratch.deploy(), yes="refused", no="allowed")]


@answers("oauth_pending")
async def oauth_pending(scratch: Scratch) -> list[Finding]:
    """A connection that nobody authorised."""
    moved = await scratch.change_instance(integration=await scratch.available("oauth"))
    pending = [node for node in moved["configVariables"]["nodes"] if node["status"] == "PENDING"]
    if not pending or moved["configState"] != "FULLY_CONFIGURED":
        raise Unclear(f"{len(pending)} connections are pending, and the instance is {moved['configState']}")
    return [_refused("oauth_pending", await scratch.deploy(), yes="blocks", no="deployable")]


@answers("unavailable_version")
async def unavailable_version(scratch: Scratch) -> list[Finding]:
    """A move to a version that was taken out of use."""
    await scratch.change_instance(integration=await scratch.available("plain"))
    version = await scratch.available("incomplete")
    await scratch.change("updateIntegrationVersionAvailability", id=version, available=False)
    outcome = await scratch.attempt("updateInstance", id=scratch.instance_id, integration=version)
    return [_refused("unavailable_version", outcome, yes="refused", no="allowed")]


@answers("import_renames")
async def rename(scratch: Scratch) -> list[Finding]:
    """A version that renames a variable; the instance has a value, the newest or the deployed one."""
    _ = scratch.instance_id
    await scratch.import_draft(renamed(scratch.name("4"), scratch.labels))
    scratch.versions["renamed"] = await scratch.change(
        "publishIntegration", id=scratch.draft_id, comment="scratch"
    )
    moved = await scratch.change_instance(integration=await scratch.available("renamed"))
    kept = _variable(moved, RENAMED)["value"] in ("one", "two")
    evidence = f"the value in use {'goes on' if kept else 'is not there'} under the new name"
    return [either("import_renames", kept, yes="obeyed", no="ignored", evidence=evidence)]


def _refused(rule: str, outcome: tuple[Any, str], *, yes: str, no: str) -> Finding:
    refusal = outcome[1]
    return either(rule, bool(refusal), yes=yes, no=no, evidence=f"refused: {refusal}" if refusal else "done")


CREATION: tuple[Experiment, ...] = (create, same_name)
"""In the order in which they are made: they leave an instance on the first version."""

CHANGES: tuple[Experiment, ...] = (
    connection,
    deploy_twice,
    needs_deploy,
    updated_at,
    move,
    deploy_incomplete,
    oauth_pending,
    unavailable_version,
    rename,
)
"""In the order in which they are made."""
