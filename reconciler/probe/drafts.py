"""What the draft tells: creating it, importing into it, and what is read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.probe.definition import (
    FLOW,
    OWN_KEY,
    component_version,
    definition,
    of_users,
    parse,
    steps,
)
from reconciler.probe.experiment import Experiment, answers
from reconciler.probe.finding import Finding, Unclear, either, unclear
from reconciler.probe.scratch import Scratch

_IMPORTED = "as imported"


@answers("create_with_definition", "create_name_from")
async def create(scratch: Scratch) -> list[Finding]:
    """Creating with a definition of another name."""
    own, other = scratch.name(), scratch.name("by its definition")
    text = definition(other, scratch.labels)
    made = await scratch.change("createIntegration", name=own, labels=scratch.labels, definition=text)
    scratch.draft = made
    taken = _flows(made).keys() == {FLOW} and bool(parse(made["definition"]).get("requiredConfigVars"))
    evidence = f"the new draft {'has' if taken else 'lacks'} the definition's parts"
    found = either("create_with_definition", taken, yes="imports", no="ignores", evidence=evidence)
    if not taken:
        return [found, unclear("create_name_from", "createIntegration ignores the definition")]
    if made["name"] not in (own, other):
        return [found, unclear("create_name_from", "it bears a name that nobody gave it")]
    by_input = made["name"] == own
    whose = f"its name is {'the input' if by_input else 'the definition'}'s"
    return [found, either("create_name_from", by_input, yes="input", no="definition", evidence=whose)]


@answers("import_updates_metadata", "normalisation")
async def import_once(scratch: Scratch) -> list[Finding]:
    """An import under another name, and the keys that it gained."""
    name = scratch.name(_IMPORTED)
    draft = await scratch.import_draft(definition(name, scratch.labels, description=_IMPORTED))
    taken = draft["name"] == name
    whose = f"the draft {'took' if taken else 'did not take'} the text's name"
    body = parse(draft["definition"])
    later = any({"queueConfig", "triggerResolver"} & flow.keys() for flow in body.get("flows") or ())
    later = later or any("errorConfig" in step for step in steps(body))
    gained = "keys of the 2026 release were added" if later else "no keys of the 2026 release were added"
    return [
        either("import_updates_metadata", taken, yes="name_and_description", no="nothing", evidence=whose),
        either("normalisation", later, yes="2026", no="2025", evidence=gained),
    ]


@answers("definition_name_follows", "definition_shows_labels")
async def read_back(scratch: Scratch) -> list[Finding]:
    """The definition after the draft got another name and one more label."""
    name, more = scratch.name("renamed"), "probe-more"
    await scratch.import_draft(definition(scratch.name(_IMPORTED), scratch.labels, description=_IMPORTED))
    draft = await scratch.update_draft(name=name, labels=[*scratch.labels, more])
    body = parse(draft["definition"])
    shown = body.get("labels") or []
    if body.get("name") not in (name, scratch.name(_IMPORTED)):
        first = unclear("definition_name_follows", "the definition shows another name than either")
    else:
        follows = body["name"] == name
        first = either(
            "definition_name_follows",
            follows,
            yes="true",
            no="false",
            evidence=f"a rename {'changes' if follows else 'does not change'} the definition",
        )
    answer = "never" if not shown else "current" if more in shown else "as_sent"
    seen = f"it shows {'the new label' if more in shown else 'the imported ones' if shown else 'none'}"
    return [first, Finding("definition_shows_labels", answer, seen)]


@answers("import_clears_labels", "import_flow_ids", "component_versions_shift")
async def import_again(scratch: Scratch) -> list[Finding]:
    """The same definition once more, without labels."""
    _ = scratch.draft_id
    before = scratch.draft
    if _flows(before).keys() != {FLOW} or not set(scratch.labels) <= set(before["labels"] or ()):
        raise Unclear("the draft was not prepared for it")
    draft = await scratch.import_draft(definition(scratch.name(_IMPORTED), description=_IMPORTED))
    cleared = not set(scratch.labels) <= set(draft["labels"] or ())
    kept = _flows(draft) == _flows(before)
    then, now = (component_version(parse(one["definition"])) for one in (before, draft))
    await scratch.update_draft(labels=scratch.labels)
    return [
        either(
            "import_clears_labels",
            cleared,
            yes="true",
            no="false",
            evidence=f"a text without labels {'took' if cleared else 'left'} the draft's",
        ),
        either(
            "import_flow_ids",
            kept,
            yes="survive",
            no="change",
            evidence=f"the flow's id {'stayed' if kept else 'changed'} over an import",
        ),
        either(
            "component_versions_shift",
            then != now,
            yes="true",
            no="false",
            evidence=f"LATEST was {then}, then {now}" if then != now else f"LATEST was {now} both times",
        ),
    ]


@answers("unknown_definition_keys")
async def unknown_keys(scratch: Scratch) -> list[Finding]:
    """A key that no release knows."""
    text = definition(scratch.name(), scratch.labels, more={OWN_KEY: "kept"})
    made, refusal = await scratch.attempt(
        "importIntegration", integrationId=scratch.draft_id, definition=text
    )
    if made is None:
        return [Finding("unknown_definition_keys", "error", f"refused: {refusal}")]
    scratch.draft = made
    kept = OWN_KEY in parse(made["definition"])
    evidence = f"the key {'came' if kept else 'did not come'} back"
    return [either("unknown_definition_keys", kept, yes="keep", no="drop", evidence=evidence)]


@answers("unknown_types")
async def unknown_types(scratch: Scratch) -> list[Finding]:
    """A variable of a type that no release knows."""
    text = definition(scratch.name(), scratch.labels, variables=[{"key": "Odd", "dataType": OWN_KEY}])
    made, refusal = await scratch.attempt(
        "importIntegration", integrationId=scratch.draft_id, definition=text
    )
    if made is None:
        return [Finding("unknown_types", "refused", f"refused: {refusal}")]
    scratch.draft = made
    return [Finding("unknown_types", "taken", "the type was taken")]


@answers("user_level_counts")
async def user_level(scratch: Scratch) -> list[Finding]:
    """A variable that each user sets, and the draft's test instance, which has no users."""
    text = definition(scratch.name(), scratch.labels, variables=[of_users()])
    state = (await scratch.import_draft(text))["systemInstance"]["configState"]
    counts = state == "NEEDS_INSTANCE_CONFIGURATION"
    evidence = f"without a value that users give, the test instance is {state}"
    return [either("user_level_counts", counts, yes="true", no="false", evidence=evidence)]


@answers("import_same_name")
async def import_same_name(scratch: Scratch) -> list[Finding]:
    """An import without an id, under the draft's name. A second integration goes at once."""
    draft = await scratch.update_draft(name=scratch.name())
    text = definition(draft["name"], scratch.labels)
    made, refusal = await scratch.attempt("importIntegration", definition=text)
    if made is None:
        return [Finding("import_same_name", "refused", f"refused: {refusal}")]
    if made["id"] == scratch.draft_id:
        scratch.draft = made
        return [Finding("import_same_name", "overwrites", "the answer has the first one's id")]
    await scratch.change("deleteIntegration", id=made["id"])
    if made["versionSequenceId"] == draft["versionSequenceId"]:
        raise Unclear("the import made another record of the same integration")
    return [Finding("import_same_name", "creates_second", "the answer has an id of its own")]


def _flows(draft: Mapping[str, Any]) -> dict[str, str]:
    """The flows' ids by their names."""
    return {flow["name"]: flow["id"] for flow in draft["flows"]["nodes"]}


DRAFTS: tuple[Experiment, ...] = (
    create,
    import_once,
    read_back,
    import_again,
    unknown_keys,
    unknown_types,
    user_level,
    import_same_name,
)
"""In the order in which they are made: each leaves a draft to the next."""
