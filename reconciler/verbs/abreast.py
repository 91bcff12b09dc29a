"""`plan`, `drift` and `list` of several environments: each is read by itself, and told side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

import anyio
from msgspec import Struct

from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.integration.told import release_name
from reconciler.manifests.sets import sets_of
from reconciler.model.abreast import Abreast, Cell, Column, Runs
from reconciler.model.address import Address
from reconciler.model.errors import ReconcilerError
from reconciler.model.state import LiveObject, Resource
from reconciler.verbs.plan import Planned
from reconciler.verbs.session import Session

INTEGRATION, INSTANCE, SET = "Integration", "Instance", "InstanceSet"


class Answer(Struct, frozen=True):
    """What an environment answered, or why it did not."""

    session: Session
    planned: Planned | None = None
    missing: int = 0
    error: ReconcilerError | None = None


Look = Callable[[Session], Awaitable[tuple[Planned, int]]]
"""Plans in one environment; with how many resources are missing there."""


async def abreast(sessions: Sequence[Session], look: Look) -> tuple[Abreast, list[Answer]]:
    """Looks at all environments at the same time. One that does not answer, or whose manifests are wrong,
    hides no other.
    """
    answers: dict[str, Answer] = {}

    async def one(session: Session) -> None:
        name = session.environment.name
        try:
            planned, missing = await look(session)
            answers[name] = Answer(session, planned, missing)
        except ReconcilerError as error:
            answers[name] = Answer(session, error=error)
        except BaseExceptionGroup as group:
            ours, rest = group.split(ReconcilerError)
            if rest is not None or ours is None:
                raise
            answers[name] = Answer(session, error=_first(ours))

    async with anyio.create_task_group() as group:
        for session in sessions:
            group.start_soon(one, session)
    found = [answers[session.environment.name] for session in sessions]
    columns = tuple(_column(answer) for answer in found)
    return Abreast(sessions[0].project.name, columns, _rows(found)), found


def _first(group: BaseExceptionGroup[ReconcilerError]) -> ReconcilerError:
    """The most general of the errors that ended a run together."""
    flat = [one for one in _flat(group)]
    return max(flat, key=lambda error: error.exit_code)


def _flat(group: BaseExceptionGroup[ReconcilerError]) -> Iterator[ReconcilerError]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _flat(one)
        else:
            yield one


def _column(answer: Answer) -> Column:
    name = answer.session.environment.name
    if answer.planned is None:
        return Column(name, error=answer.error)
    plan = answer.planned.plan
    certain = sum(one.is_certain for one in plan.drift)
    counts = len(plan.actions), len(plan.refusals), certain
    notes = tuple(one for one in plan.notes if not one.address)
    return Column(name, *counts, len(plan.missing), plan.unmanaged, len(plan.orphans), notes)


def _rows(answers: Sequence[Answer]) -> dict[Address, dict[str, Cell]]:
    rows: dict[Address, dict[str, Cell]] = {}
    order: dict[Address, tuple[str, bool, str]] = {}
    for answer in answers:
        if answer.planned is not None:
            view, name = _View(answer.planned), answer.session.environment.name
            for address, members in _members(answer.planned, answer.session).items():
                rows.setdefault(address, {})[name] = view.cell(address, members)
                # Sets stand below their integration.
                integration = address if address.kind == INTEGRATION else members[0].fields["integration"]
                order.setdefault(address, (integration.name, address.kind == SET, address.name))
    return {address: rows[address] for address in sorted(rows, key=lambda one: order[one])}


def _members(planned: Planned, session: Session) -> dict[Address, list[Resource]]:
    """The integrations and the sets of an environment, each with its instances."""
    resources = planned.desired.resources.values()
    found: dict[Address, list[Resource]] = {one.address: [] for one in resources if one.kind == INTEGRATION}
    sets = {manifest.source: Address(SET, name) for name, manifest in sets_of(session.project).items()}
    for one in resources:
        if one.kind == INSTANCE:
            found.setdefault(one.fields["integration"], []).append(one)
            if one.source in sets:
                found.setdefault(sets[one.source], []).append(one)
    return found


class _View:
    """One environment's plan, by address."""

    def __init__(self, planned: Planned) -> None:
        plan = planned.plan
        self._planned = planned
        self._actions = Counter(action.address for action in plan.actions)
        self._refused = Counter(refusal.address for refusal in plan.refusals)
        self._drift = Counter(one.address for one in plan.drift if one.is_certain)
        self._missing = set(plan.missing)

    def cell(self, address: Address, members: Sequence[Resource]) -> Cell:
        """What is to be said of an integration or a set."""
        mine = [one.address for one in members]
        resource = self._planned.desired.resources.get(address)
        mine += [address] if resource is not None else []
        live = self._planned.objects.get(address)
        there = [one for each in members if (one := self._planned.objects.get(each.address)) is not None]
        deployed = [one for one in there if facts_of(one).last_deployed_at]
        return Cell(
            _asked([resource] if resource is not None else members),
            _published(live) if live is not None else "",
            tuple(self._runs(deployed)),
            len(there) - len(deployed),
            sum(one in self._missing for one in mine),
            sum(self._actions[one] for one in mine),
            sum(self._refused[str(one)] for one in mine),
            sum(self._drift[one] for one in mine),
        )

    def _runs(self, instances: Iterable[LiveObject]) -> Iterator[Runs]:
        """What instances run, the newest first."""
        releases = self._releases()
        found = Counter(
            (releases.get((facts_of(one).sequence, number), ""), number)
            for one in instances
            if (number := facts_of(one).deployed_version) is not None
        )
        for (release, number), count in sorted(found.items(), key=lambda item: (-item[0][1], item[0][0])):
            yield Runs(release, number, count)

    def _releases(self) -> Mapping[tuple[str | None, int], str]:
        """The releases that published versions bear, by the integration's sequence and the number."""
        from reconciler.kinds.integration.told import sequence_of

        return {
            (sequence_of(one), version.number): release_name(one, version)
            for one in self._planned.live.objects.get(INTEGRATION, ())
            for version in one.versions
        }


def _asked(resources: Iterable[Resource]) -> str:
    """The release that git asks for, where it is one."""
    releases = {
        str(one.fields.get("release") or f"version {one.fields.get('version')}")
        for one in resources
        if "release" in one.fields or "version" in one.fields
    }
    return releases.pop() if len(releases) == 1 else "several" if releases else ""


def _published(live: LiveObject) -> str:
    """The newest version that instances can choose, by its release."""
    newest = max((one for one in live.versions if one.available), key=lambda one: one.number, default=None)
    if newest is None:
        return ""
    return release_name(live, newest) or f"version {newest.number}"
