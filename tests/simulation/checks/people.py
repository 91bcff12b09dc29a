"""What people did is not undone, sent out or deleted by a run that did not show that it would."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from tests.simulation.ledger import PERSON, Deed, changed, labels_of, values_of
from tests.simulation.run import Run
from tests.simulation.world import Commit


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


Lost = tuple[str, str, str]
"""An object's id, the name of a field, and what people wrote there; of labels each by itself."""


def lost(deeds: Iterable[Deed], sides: Mapping[int, Commit], unseen: Container[Lost] = ()) -> Iterable[str]:
    """What a run's import took away, as tenants do by themselves, and nobody put back: labels, and a category
    of which git said nothing, by the commits (`sides`) of the runs. What no run can have seen is left out.
    """
    gone: dict[Lost, str] = {}
    for deed in deeds:
        for one in _there(deed.id, deed.after):
            gone.pop(one, None)
        if deed.after is None or deed.sender == PERSON:
            gone = {key: address for key, address in gone.items() if not _is_over(key, deed)}
        elif deed.sender > PERSON and deed.name.startswith("import"):
            taken = _there(deed.id, deed.before) - _there(deed.id, deed.after)
            said = [
                sides[deed.sender].specs[one] for one in deed.addresses if one in sides[deed.sender].specs
            ]
            gone |= {one: deed.address for one in taken if said and not any(one[1] in spec for spec in said)}
    for one, address in gone.items():
        if one not in unseen:
            yield f"{address}: {one[1]} {one[2]} went with an import, and did not come back"


def unseen(run: Run) -> Iterable[Lost]:
    """What people wrote between the moment of a run's last look at a draft and that of its import: the
    platform imports on no condition, and tells nobody what was there.
    """
    for deed in run.own:
        if deed.name.startswith("import") and deed.before:
            looked = run.looked(deed.id, deed)
            for one in run.peoples:
                if one.id == deed.id and looked < one.at < deed.at:
                    yield from _there(one.id, one.after) - _there(one.id, one.before)


def _there(identifier: str, row: Mapping[str, Any] | None) -> set[Lost]:
    category = (row or {}).get("category")
    found = {(identifier, "labels", label) for label in labels_of(row)}
    return found | ({(identifier, "category", category)} if category else set())


def _is_over(key: Lost, deed: Deed) -> bool:
    """Whether nobody need bring it back: its object is gone, or somebody wrote something else there."""
    return key[0] == deed.id and (deed.after is None or (key[1] == "category" and "category" in deed.given))


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
