"""Whether a plan is the one that was reviewed, and in what the two differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.model.errors import InvalidInput, Refused, Stale
from reconciler.model.plan import Refusal
from reconciler.report.document import plan_document
from reconciler.report.values import pair, shorten, show
from reconciler.verbs.plan import Planned

CODE = "not-reviewed"
_AGAIN = "review what is planned now: reconciler plan"
_LONGEST = 80

Document = Mapping[str, Any]


def check(planned: Planned, checksum: str | None, file: Path | None) -> None:
    """Raises Stale or Refused where the plan is not the one of this checksum, or not the one that a file
    holds; where there is a file, with all in which the two differ.
    """
    from reconciler.verbs.saved import read

    wanted = (checksum or "").removeprefix("sha256:")
    now = planned.plan.checksum.removeprefix("sha256:")
    if file is None:
        if wanted and wanted != now:
            raise Stale(
                f"the plan's checksum is {planned.plan.checksum}, not sha256:{wanted}",
                hint="review the plan again: the tenant or the manifests changed",
            )
        return
    reviewed = read(file)
    bound = str(reviewed["checksum"]).removeprefix("sha256:")
    if wanted and wanted != bound:
        message = f'the plan in "{file}" has the checksum sha256:{bound}, not sha256:{wanted}'
        raise InvalidInput.of("plan-file", message, hint="give the file and the checksum of one plan")
    _for_here(planned, reviewed)
    if bound != now:
        document = plan_document(planned.plan, created_at="", rate=1.0)
        message = f"the plan is not the one that was reviewed: it is sha256:{now}, not sha256:{bound}"
        raise Refused([Refusal(CODE, message, "", _AGAIN), *differences(reviewed, document)])


def _for_here(planned: Planned, reviewed: Document) -> None:
    plan = planned.plan
    here = {"project": plan.project, "environment": plan.environment, "tenant": planned.live.tenant}
    for name, value in here.items():
        if reviewed[name] != value:
            message = f'the plan was reviewed for the {name} "{reviewed[name]}", and this is "{value}"'
            raise Refused([Refusal(CODE, message, "", _AGAIN)])


def differences(reviewed: Document, now: Document) -> list[Refusal]:
    """In what a plan's document differs from that of the one that was reviewed, by address."""
    before = {action["id"]: action for action in reviewed["actions"]}
    after = {action["id"]: action for action in now["actions"]}
    told = [
        *(
            _told(one, f"{one['verb']} was reviewed, and is not planned any more")
            for one in _only(before, after)
        ),
        *(_told(one, _unreviewed(one)) for one in _only(after, before)),
        *(
            _told(one, text)
            for key, one in after.items()
            if key in before
            for text in _changed(before[key], one)
        ),
        *_refusals(reviewed, now),
        *_waves(reviewed, now),
    ]
    return sorted(told, key=lambda one: one.address)


def _only(these: Mapping[str, Document], those: Mapping[str, Document]) -> list[Document]:
    return [one for key, one in these.items() if key not in those]


def _told(action: Document, message: str) -> Refusal:
    return Refusal(CODE, message, str(action["address"]))


def _unreviewed(action: Document) -> str:
    changes = ", ".join(f"{one['path']} {_arrow(one)}" for one in action["changes"])
    return f"{action['verb']} is planned now, and was not reviewed" + (f": {changes}" if changes else "")


def _changed(reviewed: Document, now: Document) -> Iterator[str]:
    if reviewed.get("content") == now.get("content"):
        return
    old, new = ({one["path"]: one for one in each["changes"]} for each in (reviewed, now))
    same = True
    for path in sorted({*old, *new}):
        was, is_ = (_arrow(each[path]) if path in each else "unchanged" for each in (old, new))
        if was != is_:
            same = False
            yield f"{now['verb']}: {path} was reviewed as {was}, and is now {is_}"
    if same:
        yield f"{now['verb']} would do the same to an object that was changed since"


def _arrow(change: Document) -> str:
    if change.get("before") is None:
        return shorten(show(change.get("after")), _LONGEST)
    before, after = pair(change["before"], change.get("after"), _LONGEST)
    return f"{before} → {after}"


def _refusals(reviewed: Document, now: Document) -> Iterator[Refusal]:
    before, after = (
        {(one["code"], one.get("address", "")) for one in each.get("refusals", ())}
        for each in (reviewed, now)
    )
    for code, address in sorted(before - after):
        yield Refusal(CODE, f"it was refused when it was reviewed, and is not now: {code}", address)
    for code, address in sorted(after - before):
        yield Refusal(CODE, f"it is refused now, and was not when it was reviewed: {code}", address)


def _waves(reviewed: Document, now: Document) -> Iterator[Refusal]:
    before, after = (
        {one["name"]: (one["waves"], one["maxFailures"]) for one in each.get("rollouts", ())}
        for each in (reviewed, now)
    )
    for name in sorted(name for name in {*before, *after} if before.get(name) != after.get(name)):
        yield Refusal(CODE, "its waves are not those that were reviewed", str(name))
