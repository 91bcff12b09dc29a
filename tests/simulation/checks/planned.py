"""A run does what it showed, to what it was told to, for as many requests as it said."""

from __future__ import annotations

from collections.abc import Iterable

from tests.simulation.ledger import Deed
from tests.simulation.run import Run

_EXPLAINS = (
    ("create", {"create"}),
    ("deploy", {"deploy"}),
    ("publish", {"publish"}),
    ("import", {"import", "create"}),
    ("test", {"test"}),
    ("updateIntegrationVersionAvailability", {"availability", "publish"}),
)
_ANY = {"create", "import", "update", "publish", "availability", "configure", "deploy", "enable", "disable"}
_ANY |= {"adopt", "forget"}
_EXTRA = 4


def shown(run: Run) -> Iterable[str]:
    """What was done, and no action of the plan explains at that address."""
    planned: dict[str, set[str]] = {}
    for address, verb in run.planned():
        planned.setdefault(address, set()).add(verb)
    for deed in run.own:
        verbs = {verb for address in deed.addresses for verb in planned.get(address, ())}
        if not deed.done or verbs & _explaining(deed):
            continue
        yield f"{deed.name} of {deed.address or deed.kind}, and the plan has {sorted(verbs)} there"


def _explaining(deed: Deed) -> set[str]:
    if deed.name.startswith("delete"):
        # A twin that another run created at the same moment is taken back.
        return {"delete", "create"} if deed.twins else {"delete"}
    return next((verbs for word, verbs in _EXPLAINS if deed.name.startswith(word)), _ANY)


def chosen(run: Run) -> Iterable[str]:
    """What was done, or planned, to what it was not about."""
    wanted = _needed(run)
    touched = {address for deed in run.own if deed.done for address in deed.addresses[-1:]}
    for address in sorted(touched | {address for address, _ in run.planned()}):
        if any(_fits(pattern, address) for pattern in run.attempt.exclude):
            yield f"{address} is excluded, and touched or planned"
        if wanted is not None and address not in wanted:
            yield f"{address} is not selected, and touched or planned"


def _needed(run: Run) -> set[str] | None:
    """What is selected, and what that cannot do without; None for everything."""
    if not run.attempt.select:
        return None
    known = {*run.side.specs, *(address for address, _ in run.planned())}
    known |= {address for deed in run.own for address in deed.addresses}
    found = {one for one in known if any(_fits(pattern, one) for pattern in run.attempt.select)}
    for address in list(found):
        found |= needs(run.side.specs.get(address, {}))
    return found


def needs(spec: dict[str, object]) -> set[str]:
    """The addresses that a spec names."""
    return {f"{kind}/{spec[key]}" for key, kind in _REFERENCES if isinstance(spec.get(key), str)}


_REFERENCES = (("customer", "Customer"), ("integration", "Integration"))


def _fits(pattern: str, address: str) -> bool:
    return address == pattern or (pattern.endswith("*") and address.startswith(pattern[:-1]))


def cheap(run: Run) -> Iterable[str]:
    """A run costs what its plan said: exactly that where nothing is to be done, else but for what it waits
    for and what only shows once it is done. A tenant may make an integration without its definition, drop
    what a release is called, publish one that nobody can choose yet, and leave an instance switched off that
    it deploys.
    """
    if not (run.calm and run.frugal and run.ended.code == 0 and run.ended.plans):
        return
    budget = run.plan["requests"]
    actions = run.plan["actions"]
    assert isinstance(budget, dict)
    assert isinstance(actions, list)
    late = [a for a in actions if a["id"] in _late(a["address"])]
    writes = len([name for name in run.wire.mutations if not name.endswith("Lease")])
    switched = len([action for action in actions if action["verb"] == "enable"])
    queries = [one for one in run.wire.letters if one.name.startswith("query ")]
    reads = len([one for one in queries if one.name != "query leases"])
    if writes > budget["write"] + (1 if actions else 0) + 2 * len(late) + switched:
        yield f"{writes} requests that write, and the plan said {budget['write']}"
    if reads > budget["read"] + (_EXTRA + 2 * len(actions) if actions else 0):
        yield f"{reads} requests that read, and the plan said {budget['read']}"


def _late(address: str) -> tuple[str, ...]:
    return (f"{address}#create", f"{address}#publish") if address.startswith("Integration/") else ()


def known(run: Run) -> Iterable[str]:
    """Nothing is planned to be created that was there when the run began, unless what it read was older."""
    if "stale_read" in run.trouble:
        return
    there: dict[str, bool] = {}
    for deed in run.deeds:
        if deed.at > run.ended.shown_at:
            break
        if deed.done and deed.addresses:
            there.update(dict.fromkeys(deed.addresses, False))
            there[deed.address] = deed.at < run.began and (deed.after is not None or deed.twins > 0)
    for address, verb in run.planned():
        if verb == "create" and there.get(address):
            yield f"{address} is planned to be created, and was there before"


def kept(run: Run) -> Iterable[str]:
    """Nothing is deleted beside a refusal, or where anything was not done."""
    deleted = [deed for deed in run.own if deed.done and deed.name.startswith("delete") and not deed.twins]
    if not deleted:
        return
    refusals = run.plan.get("refusals") or ()
    assert isinstance(refusals, list | tuple)
    if named := [one["address"] for one in refusals if one.get("address")]:
        yield f"{deleted[0].address} was deleted, and {named[0]} was refused"
    actions = run.ended.document.get("actions") or ()
    failed = [one["id"] for one in actions if one.get("status") in ("failed", "stale", "skipped")]
    if failed := [one for one in failed if not one.endswith("#delete")]:
        yield f"{deleted[0].address} was deleted, and {failed[0]} was not done"
    for deed in deleted:
        if deed.address in run.side.specs and not run.has_other(deed):
            yield f"{deed.address} was deleted, which git has, and there is no other"


def adopted(run: Run) -> Iterable[str]:
    """Whoever takes something over changes nothing of it but the mark and the record."""
    if not run.adopts:
        return
    for deed in run.own:
        before, after = deed.before or {}, deed.after or {}
        moved = {name for name in before if before[name] != after.get(name)}
        if moved - {"labels", "metadata", "description", "headers", "updated_at", "unpublished"}:
            yield f"{deed.address} was taken over, and {sorted(moved)} of it changed"
        if deed.name.startswith("deploy"):
            yield f"{deed.address} was taken over, and deployed"
