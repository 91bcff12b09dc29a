"""What publishing tells: versions, their numbers, and what they take over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.probe.definition import definition, incomplete, oauth
from reconciler.probe.experiment import Experiment, answers
from reconciler.probe.finding import Finding, either, unclear
from reconciler.probe.scratch import Scratch

_LONG_COMMENT = "p" * 1001
_ATTRIBUTES = {"commitHash": "0" * 40, "reconcilerProbe": "kept"}
_OVERVIEW = "scratch"


@answers("comment_limit", "published_available", "publish_copies_labels", "attributes_keep_own_keys")
async def publish(scratch: Scratch) -> list[Finding]:
    """The first version, with a long comment and attributes of our own."""
    await _prepare(scratch, "3", metadata='{"probe": 1}')
    given: dict[str, Any] = {"id": scratch.draft_id, "attributes": json.dumps(_ATTRIBUTES)}
    version, refusal = await scratch.attempt("publishIntegration", comment=_LONG_COMMENT, **given)
    if version is None:
        version = await scratch.change("publishIntegration", comment="scratch", **given)
    scratch.versions["plain"] = version
    labelled = set(scratch.labels) <= set(version["labels"] or ())
    attributes = json.loads(version["versionAttributes"] or "{}")
    return [
        either(
            "comment_limit",
            bool(refusal),
            yes="1000",
            no="none",
            evidence=f"{len(_LONG_COMMENT)} characters are {f'refused: {refusal}' if refusal else 'taken'}",
        ),
        await _available(scratch, version),
        either(
            "publish_copies_labels",
            labelled,
            yes="true",
            no="false",
            evidence=f"the version bears {'' if labelled else 'none of '}the draft's labels",
        ),
        _attributes(attributes),
    ]


async def _available(scratch: Scratch, version: Mapping[str, Any]) -> Finding:
    rule = "published_available"
    if version["versionIsAvailable"]:
        return Finding(rule, "true", "it was available in the answer to its publishing")
    if await scratch.becomes_available(version["id"]):
        return Finding(rule, "after_delay", "it was available a while after the answer to its publishing")
    scratch.untold = True
    await scratch.available("plain")  # at once, as it moves what was touched last
    return Finding(rule, "not_until_told", "it stayed unavailable")


def _attributes(found: dict[str, Any]) -> Finding:
    if "commitHash" not in found:
        return unclear("attributes_keep_own_keys", "no attributes are read back at all")
    kept = "reconcilerProbe" in found
    evidence = f"a key of our own was {'kept' if kept else 'dropped'}"
    return either("attributes_keep_own_keys", kept, yes="true", no="false", evidence=evidence)


@answers("draft_in_sequence", "draft_version_number", "draft_available", "version_is_latest")
async def draft_beside_version(scratch: Scratch) -> list[Finding]:
    """The draft's own look after a publish."""
    version = scratch.version("plain")
    draft = await scratch.read("sequence", "integration", id=scratch.draft_id)
    sequence = {node["id"]: node for node in draft["versionSequence"]["nodes"]}
    listed = scratch.draft_id in sequence
    number = version["versionNumber"]
    shown = {number: "last", number + 1: "next", 0: "zero"}.get(draft["versionNumber"])
    numbers = f"it shows {draft['versionNumber']}, where {number} was published"
    newest = sequence.get(version["id"], {}).get("versionIsLatest", False)
    available = draft["versionIsAvailable"]
    return [
        either(
            "draft_in_sequence",
            listed,
            yes="true",
            no="false",
            evidence=f"versionSequence {'has' if listed else 'lacks'} its id",
        ),
        Finding("draft_version_number", shown, numbers)
        if shown
        else unclear("draft_version_number", numbers),
        either(
            "draft_available",
            available,
            yes="true",
            no="false",
            evidence=f"versionIsAvailable is {str(available).lower()}",
        ),
        _latest(draft=draft["versionIsLatest"], newest=newest),
    ]


def _latest(*, draft: bool, newest: bool) -> Finding:
    if draft == newest:
        return unclear("version_is_latest", f"{'both' if draft else 'neither'} draft and version say so")
    evidence = f"the {'draft' if draft else 'newest version'} says so"
    return either("version_is_latest", draft, yes="draft", no="newest_published", evidence=evidence)


@answers("unpublished_on_labels", "metadata_per_version")
async def change_after_publish(scratch: Scratch) -> list[Finding]:
    """A label, then other metadata, on a draft that was just published."""
    version = scratch.version("plain")
    before = await scratch.read("sequence", "integration", id=scratch.draft_id)
    draft = await scratch.update_draft(labels=[*scratch.labels, "probe-more"])
    changed = draft["hasUnpublishedChanges"]
    await scratch.update_draft(metadata='{"probe": 2}')
    found = (await scratch.read("version", "integration", id=version["id"]))["metadata"]
    own = json.loads(found or "{}").get("probe")
    evidence = f"a new label {'makes' if changed else 'does not make'} hasUnpublishedChanges true"
    first = either("unpublished_on_labels", changed, yes="true", no="false", evidence=evidence)
    if before["hasUnpublishedChanges"]:
        first = unclear("unpublished_on_labels", "hasUnpublishedChanges is true right after publishing")
    if own not in (1, 2):
        return [first, unclear("metadata_per_version", "the version shows no metadata")]
    which = "kept its own" if own == 1 else "shows the draft's"
    return [first, either("metadata_per_version", own == 1, yes="true", no="false", evidence=f"it {which}")]


@answers("publish_copies_marketplace")
async def second_version(scratch: Scratch) -> list[Finding]:
    """A version after one whose marketplace setting has a text. Nothing is put into the marketplace."""
    await scratch.change(
        "updateIntegrationMarketplaceConfiguration",
        id=scratch.version("plain")["id"],
        marketplaceConfiguration="NOT_AVAILABLE_IN_MARKETPLACE",
        overview=_OVERVIEW,
    )
    await _prepare(scratch, "1", variables=[incomplete()])
    version = await scratch.change("publishIntegration", id=scratch.draft_id, comment="scratch")
    scratch.versions["incomplete"] = version
    copied = version["overview"] == _OVERVIEW
    evidence = f"the next version {'has' if copied else 'lacks'} the overview of the one before"
    return [either("publish_copies_marketplace", copied, yes="true", no="false", evidence=evidence)]


@answers("publish_unchanged")
async def publish_twice(scratch: Scratch) -> list[Finding]:
    """One more version, and the same again."""
    await _prepare(scratch, "2", variables=[oauth()])
    version = await scratch.change("publishIntegration", id=scratch.draft_id, comment="scratch")
    scratch.versions["oauth"] = version
    again, refusal = await scratch.attempt("publishIntegration", id=scratch.draft_id, comment="scratch")
    if again is None:
        return [Finding("publish_unchanged", "refused", f"refused: {refusal}")]
    if again["id"] == version["id"]:
        return [Finding("publish_unchanged", "same_version", "publishing again gave the same version")]
    return [Finding("publish_unchanged", "new_version", f"it made version {again['versionNumber']}")]


async def _prepare(
    scratch: Scratch, variant: str, *, variables: list[dict[str, Any]] | None = None, **given: Any
) -> None:
    """A draft with this definition and a name that sorts by its variant."""
    name = scratch.name(variant)
    await scratch.import_draft(definition(name, scratch.labels, variables=variables or ()))
    await scratch.update_draft(name=name, labels=scratch.labels, **given)


PUBLISH: tuple[Experiment, ...] = (
    publish,
    draft_beside_version,
    change_after_publish,
    second_version,
    publish_twice,
)
"""In the order in which they are made: they leave three versions to the instance."""
