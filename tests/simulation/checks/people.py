"""What people did is not undone, sent out or deleted by a run that did not show that it would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.simulation.ledger import PERSON, Deed, changed, labels_of, values_of
from tests.simulation.run import Run


def respected(run: Run) -> Iterable[str]:
    """All that a run did to objects at which people had been, where they came before its look at them."""
    if not run.peoples or not run.looks_at_once:
        return
    for deed in run.own:
        before = run.first_sent(deed.id) - run.slack
        theirs = [one for one in run.peoples if one.id == deed.id and one.at < before]
        if deed.done and theirs:
            yield from _overwritten(run, deed, theirs)
            yield from _labels(run, deed, theirs)
            yield from _drafts(run, deed, theirs)
            yield from _deployed(run, deed, theirs)


def _overwritten(run: Run, deed: Deed, theirs: list[Deed]) -> Iterable[str]:
    """No plan that was made before showed what they did: it is stale."""
    spec = run.side.specs.get(deed.address, {})
    since = [one for one in theirs if one.at > run.ended.shown_at > 0]
    now = changed(deed)
    for one in since:
        gone = deed.name.startswith("delete") and not deed.twins
        for name, (_, wrote) in changed(one).items():
            said = _said(spec, name)
            if gone or (said and name in now and now[name][0] == wrote):
                yield f"{deed.address}: somebody's {name} was overwritten, which no plan showed"
    for one in theirs:
        for name, (_, wrote) in changed(one).items():
            lost = name.startswith("config.") and deed.after is not None and not _said(spec, name)
            if lost and now.get(name, (0,))[0] == wrote:
                yield f"{deed.address}: somebody's {name} is lost, which git does not mention"


def _said(spec: Mapping[str, Any], name: str) -> bool:
    key = {"external_id": "externalId"}.get(name, name)
    return key.removeprefix("config.") in spec.get("config", {}) if "." in key else key in spec


def _labels(run: Run, deed: Deed, theirs: list[Deed]) -> Iterable[str]:
    # An import may clear the labels by itself; that they come back is looked at in the end.
    if (
        deed.after is None
        or deed.name.startswith("import")
        or "labels" in run.side.specs.get(deed.address, {})
    ):
        return
    added = {label for one in theirs for label in labels_of(one.after) - labels_of(one.before)}
    if lost := added & (labels_of(deed.before) - labels_of(deed.after)):
        yield f"{deed.address}: somebody's labels {sorted(lost)} were taken off"


def lost(deeds: Iterable[Deed], specs: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    """Labels that a run's import took off, as some tenants do by themselves, and nobody put back."""
    gone: dict[tuple[str, str], str] = {}
    for deed in deeds:
        for label in labels_of(deed.after):
            gone.pop((deed.id, label), None)
        if deed.after is None:
            gone = {key: address for key, address in gone.items() if key[0] != deed.id}
        elif deed.sender > PERSON and deed.name.startswith("import"):
            gone |= {(deed.id, one): deed.address for one in labels_of(deed.before) - labels_of(deed.after)}
    for (_, label), address in gone.items():
        if address in specs and "labels" not in specs[address]:
            yield f"{address}: the label {label} went with an import, and did not come back"


def _drafts(run: Run, deed: Deed, theirs: list[Deed]) -> Iterable[str]:
    if run.permitted or not deed.name.startswith("import") or not deed.before or not deed.after:
        return
    wrote = {one.after["definition"] for one in theirs if one.after and one.name == "importIntegration"}
    if deed.before["definition"] in wrote and deed.after["definition"] != deed.before["definition"]:
        yield f"{deed.address}: somebody's draft was overwritten"


def _deployed(run: Run, deed: Deed, theirs: list[Deed]) -> Iterable[str]:
    if run.permitted or deed.name != "deployInstance" or not deed.before:
        return
    spec = run.side.specs.get(deed.address, {})
    now, then = values_of(deed.before), values_of(deed.before, "deployed_config")
    for one in theirs:
        for name, (_, wrote) in changed(one).items():
            key = name.removeprefix("config.")
            waits = name != key and now.get(key) == wrote and then.get(key) != wrote
            if waits and not _said(spec, name):
                yield f"{deed.address}: somebody's {name} went out with a deploy, which they saved only"
