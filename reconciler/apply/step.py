"""One action: look, send, look again where the answer leaves doubt, wait until it has taken effect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from msgspec import structs

from reconciler.apply.deletion import look_inside
from reconciler.apply.look import ATTEMPTS, FIRST_WAIT, further, own, own_by_now
from reconciler.apply.running import Run
from reconciler.apply.twins import beside_another, lost_to_nobody, older_than_own, several, taking_back
from reconciler.kinds import all_kinds
from reconciler.kinds.answers import observed, understood
from reconciler.kinds.capabilities import Destroys, FollowUp, Notices, Publishes, Readiness, Uploads
from reconciler.kinds.protocol import Kind, Request, may_share
from reconciler.model.address import Ref
from reconciler.model.errors import (
    ApiError,
    JournalFailed,
    NotFound,
    PayloadError,
    ReconcilerError,
    Stale,
    Unforeseen,
    Unreachable,
)
from reconciler.model.operation import Operation
from reconciler.model.outcome import Result, Status, Waiting
from reconciler.model.plan import Action, Verb
from reconciler.model.state import LiveObject, Resource
from reconciler.runs.manifest_test import run_test
from reconciler.runs.poll import Poll

_DEPLOYED = {Verb.CREATE, Verb.CONFIGURE}
"""What leaves things to be deployed, of which the object may not tell."""
Aside = Callable[[Action, Awaitable[None]], Awaitable[Result]]
"""Carries out an action that no plan has, and tells how it ended."""
LATEST = 60.0
"""Seconds for which a server may still be at what travelled together, after a gateway gave up on it."""
PATIENCE = 3.0
"""Seconds after which what is waited for may be brought about."""


async def carry_out(action: Action, run: Run, aside: Aside) -> None:
    """Carries an action out, and `aside` what turns out to be needed beside it. Raises Stale, ApiError,
    Unreachable, NotAuthenticated or Withdrawn.
    """
    kind = all_kinds()[action.address.kind]
    name = action.id.rpartition("#")[2]
    if action.address not in run.looked:
        if not await _look_first(kind, action, run):
            return
        run.looked.add(action.address)
    elif action.verb is Verb.PUBLISH:
        await _look_again(kind, name, action, run)
    request = _request(action, run)
    if kind.satisfied(name, action.verb, request) or _is_idle(kind, action, run):
        await _follow_up(kind, action, run)
        await _wait(kind, action, run)  # an earlier run may have ended before it took effect
        return
    for ref in kind.needs(request.resource) if action.address in run.resources else ():
        if isinstance(run.resolve(ref), Ref):
            raise ApiError(f'"{ref.field}" of {ref.address} is still not known', address=str(action.address))
    if action.verb is Verb.TEST:
        await _test(kind, name, action, run)
        return
    if action.verb is Verb.DELETE:
        await look_inside(action, run)
    run.sent.setdefault(action.address, {})[name] = action.verb
    if isinstance(kind, Publishes) and (op := kind.announced(action.verb, _request(action, run))):
        _further(kind, await _journalled(kind, op, action, run), action, run)
        _not_overtaken(kind, name, action, _request(action, run))
    answered = await _send(kind, name, action, run)
    if answered and action.verb is Verb.CREATE and not kind.marked:
        await _keep_older(kind, action, run, aside)
    if action.verb is Verb.DELETE:
        run.observed.pop(action.address, None)
        return
    await _follow_up(kind, action, run)
    await _wait(kind, action, run)


def _is_idle(kind: Kind, action: Action, run: Run) -> bool:
    """Whether a deploy would change nothing: what it was planned for turned out to be there already."""
    if action.verb is not Verb.DEPLOY or not _DEPLOYED.isdisjoint(run.sent.get(action.address, {}).values()):
        return False
    follows = any(name.startswith(f"{action.address}#") for name in action.depends_on)
    return follows and not _unready(kind, action, run)


async def _test(kind: Kind, name: str, action: Action, run: Run) -> None:
    await run_test(
        name,
        _request(action, run),
        before=run.before.get(action.address),
        send=lambda op: _journalled(kind, op, action, run),
        ask=run.tenant.ask,
        poll=Poll(run.wait_seconds, run.sleep, run.clock),
        tell=lambda _: run.listener(Waiting(action, "the test's execution to end", run.wait_seconds)),
    )


def _request(action: Action, run: Run) -> Request:
    resource = run.resources.get(action.address) or Resource(action.address, {})
    if action.makes_way:  # nothing but what the plan shows
        resource = structs.replace(resource, fields={change.path: change.after for change in action.changes})
    live, sent = run.observed.get(action.address), tuple(run.sent.get(action.address, ()))
    return Request(run.project, resource, live, run.resolve, run.policy, run.attributes, sent)


async def _look_first(kind: Kind, action: Action, run: Run) -> bool:
    """The precondition: the object is as it was planned from, or does not exist yet where it is to be
    created. False where nothing is left to do.
    """
    if not action.target:
        found = await _find(kind, action, run)
        # Without a mark it may be anybody's: what the plan did not show is not taken over by a creation.
        bare = found is not None and action.verb is Verb.CREATE and not kind.marked
        if bare and kind.steps(_request(action, run), adopt=False).steps:
            raise _came_to_be(action)
        return True
    try:
        live = await run.pages.look(run.tenant, kind, action.target)
    except NotFound:
        live = None
    if live is None:
        if action.verb is Verb.DELETE:
            return False
        raise Stale("it was deleted since the plan was made", address=str(action.address), hint="plan again")
    if kind.basis(live, run.resources.get(action.address)) != action.basis:
        raise Stale(
            "someone else changed it since the plan was made", address=str(action.address), hint="plan again"
        )
    live = _noting(kind, live, run.observed.get(action.address))
    run.observed[action.address] = run.before[action.address] = live
    return True


def _came_to_be(action: Action) -> Stale:
    return Stale(
        "another object of its name came to be since the plan was made",
        address=str(action.address),
        hint="plan again",
    )


def _noting(kind: Kind, fresh: LiveObject, known: LiveObject | None) -> LiveObject:
    """What was noted of an object, and no answer shows, stays noted."""
    if known is None:
        return fresh
    return (
        kind.noticed(fresh, known) if isinstance(kind, Notices) else structs.replace(fresh, notes=known.notes)
    )


async def _look_again(kind: Kind, name: str, action: Action, run: Run) -> None:
    """What cannot be taken back goes out as this run made it ready, unless another run was quicker."""
    try:
        request = await _reread(kind, action, run)
    except NotFound as error:
        raise Stale("it was deleted meanwhile", address=str(action.address), hint="plan again") from error
    _not_overtaken(kind, name, action, request)


def _not_overtaken(kind: Kind, name: str, action: Action, request: Request) -> None:
    overtaken = isinstance(kind, Publishes) and kind.overtaken(action.verb, request)
    if overtaken and not kind.satisfied(name, action.verb, request):
        raise Stale("someone else changed it meanwhile", address=str(action.address), hint="plan again")


async def _find(kind: Kind, action: Action, run: Run) -> LiveObject | None:
    """Looks for an object that already bears the mark: made by an earlier run, or by another one now."""
    found = await own(run.tenant, kind, _request(action, run))
    if len(found) > 1:
        raise several(action, found)
    if found:
        run.observed[action.address] = found[0]
        return found[0]
    return None


async def _send(kind: Kind, name: str, action: Action, run: Run) -> LiveObject | None:
    """Sends it, more than once where that is safe. Gives the object where the call's own answer shows it."""
    for attempt in range(1, ATTEMPTS + 1):
        op = kind.operation(name, action.verb, _request(action, run))
        _keep(kind, name, action, run)
        try:
            node = await _journalled(kind, op, action, run)
        except PayloadError as error:
            await _rescue(kind, action, run, error)
            return None
        except NotFound as error:
            if action.verb is Verb.DELETE:
                return None
            raise Stale("it was deleted meanwhile", address=str(action.address), hint="plan again") from error
        except ApiError as error:
            if not error.doubtful:
                raise
            try:
                seen = await _happened(kind, name, action, run)
                if not seen and error.unfinished:
                    await run.sleep(LATEST)
                    seen = await _happened(kind, name, action, run)
                if seen:
                    return None
            except Unreachable as gone:
                gone.doubtful = True  # by the call that nobody can ask about now
                raise
            # A second one without a mark could not be told from anybody's: the next run looks again.
            if attempt == ATTEMPTS or (action.verb is Verb.CREATE and not kind.marked):
                raise
            await run.sleep(FIRST_WAIT * 2**attempt)
        else:
            await _upload(kind, action, node, run)
            return await _observe(kind, action, node, run)
    return None


async def _upload(kind: Kind, action: Action, node: Mapping[str, Any], run: Run) -> None:
    if isinstance(kind, Uploads):
        for upload in kind.uploads(action.verb, node, _request(action, run)):
            await run.tenant.upload(upload)


async def _settle(kind: Kind, action: Action, run: Run) -> LiveObject | None:
    """The object, now that it was created, and no other beside it. Two runs may both have looked before
    either created. Each looks again, and all keep the oldest: what bears the mark beside it came to be since
    our look that found nothing, and nobody has done anything with it yet.
    """
    request = _request(action, run)
    found = await own_by_now(run.tenant, kind, request, run.sleep)
    for twin in found[1:]:
        op = kind.operation(Verb.DELETE.value, Verb.DELETE, structs.replace(request, live=twin))
        await _removed(kind, op, action, run)
    if found and (request.live is None or request.live.id != found[0].id):
        run.observed[action.address] = found[0]
    return found[0] if found else None


async def _removed(kind: Kind, op: Operation, action: Action, run: Run) -> None:
    """Deletes what came to be beside the object. It is tried again whatever the server says of it: left there
    it would have all later plans refused, since nobody can tell then which of the two is meant.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await _journalled(kind, op, action, run)
        except NotFound:
            return
        except ApiError:
            if attempt == ATTEMPTS:
                raise
            await run.sleep(FIRST_WAIT * 2**attempt)
        else:
            return


async def _keep_older(kind: Kind, action: Action, run: Run, aside: Aside) -> None:
    """Looks whether another object of its name came to be beside one without a mark, that this run knows to
    have made. Of two, every run keeps the older, and whoever made the later takes it back. Where that cannot
    be told, or done, both are left.
    """
    request = _request(action, run)
    found = await own_by_now(run.tenant, kind, request, run.sleep)
    older = older_than_own(kind, action, request, found)
    if older is None:
        return
    removal = taking_back(kind, action, request)
    result = await aside(removal, _take_back(kind, removal, older, run))
    if result.status is not Status.DONE:
        raise beside_another(action, found)
    run.observed[action.address] = older
    if kind.steps(_request(action, run), adopt=False).steps:
        raise _came_to_be(action)


async def _take_back(kind: Kind, removal: Action, older: LiveObject, run: Run) -> None:
    """Deletes what this run made, if that takes nothing away from anybody."""
    if await lost_to_nobody(kind, removal, _request(removal, run), older, run.tenant):
        await _send(kind, Verb.DELETE.value, removal, run)
    run.observed.pop(removal.address, None)


def _keep(kind: Kind, name: str, action: Action, run: Run) -> None:
    """What a call destroys for good is safe before it is sent."""
    if not isinstance(kind, Destroys):
        return
    text = kind.destroys(name, action.verb, _request(action, run))
    if text:
        run.kept[action.id] = run.journal.keep(action, text)


async def _rescue(kind: Kind, action: Action, run: Run, error: PayloadError) -> None:
    """The server refused; the kind may know another way to the same end."""
    await _reread(kind, action, run)
    rescue = _next_call(kind, action, run, error)
    if rescue is None:
        raise error
    node = await _journalled(kind, rescue, action, run)
    run.observed[action.address] = _noting(kind, understood(kind, node), run.observed.get(action.address))


async def _observe(kind: Kind, action: Action, node: Mapping[str, Any], run: Run) -> LiveObject | None:
    live = observed(kind, action.verb, node, run.observed.get(action.address))
    if live is not None:
        run.observed[action.address] = live
    elif action.verb not in (Verb.CREATE, Verb.DELETE):
        _note(kind, action.verb, node, action, run)
        await _reread(kind, action, run)
    if action.verb is Verb.CREATE and kind.has_twins:
        await _settle(kind, action, run)
    elif action.verb is Verb.CREATE and live is None:
        await _find(kind, action, run)
    return live


def _note(kind: Kind, verb: Verb, node: Mapping[str, Any], action: Action, run: Run) -> None:
    """Notes what an answer tells that nothing shows later."""
    if isinstance(kind, Publishes) and (known := run.observed.get(action.address)):
        run.observed[action.address] = kind.noted(verb, node, known)


async def _journalled(kind: Kind, op: Operation, action: Action, run: Run) -> Mapping[str, Any]:
    first = run.unsent.sends(action)
    run.journal.before(action, op)
    shares = may_share(kind, action.verb) and not op.name.startswith("delete")
    op = structs.replace(op, shares=shares, withdrawable=first)
    try:
        node = await run.tenant.send(kind, op)
    except BaseException as error:
        with suppress(JournalFailed):  # what happened to the call matters more
            run.journal.after(action, op, error.__class__.__name__)
        if isinstance(error, Exception) and not isinstance(error, ReconcilerError):
            raise Unforeseen(error, address=str(action.address), doubtful=True) from error
        raise
    with suppress(JournalFailed):  # the call was carried out; the next entry that fails ends the run
        run.journal.after(action, op, "")
    return node


async def _happened(kind: Kind, name: str, action: Action, run: Run) -> bool:
    """After an answer that leaves doubt: whether the server carried the call out all the same. What is read
    may be older than the call, so one look is not enough where repeating would double something.
    """
    if await _is_seen(kind, name, action, run):
        return True
    for attempt in range(1, ATTEMPTS) if action.verb in (Verb.CREATE, Verb.PUBLISH) else ():
        await run.sleep(FIRST_WAIT * 2**attempt)
        if await _is_seen(kind, name, action, run):
            return True
    return False


async def _is_seen(kind: Kind, name: str, action: Action, run: Run) -> bool:
    if action.verb is Verb.CREATE:
        settle = _settle if kind.has_twins else _find
        return await settle(kind, action, run) is not None
    if action.verb is Verb.DELETE:
        try:
            return await run.tenant.read(kind, kind.get(action.target)) is None
        except NotFound:
            return True
    request = await _reread(kind, action, run)
    if live := await further(run.tenant, kind, request):
        run.observed[action.address] = live
        request = _request(action, run)
    return kind.satisfied(name, action.verb, request) or _next_call(kind, action, run) is not None


async def _reread(kind: Kind, action: Action, run: Run) -> Request:
    live = run.observed.get(action.address)
    if live is not None:
        fresh = await run.tenant.read(kind, kind.get(live.id))
        if fresh is not None:
            run.observed[action.address] = _noting(kind, fresh, live)
    return _request(action, run)


async def _follow_up(kind: Kind, action: Action, run: Run) -> None:
    op = _next_call(kind, action, run)
    if op is not None:
        _further(kind, await _journalled(kind, op, action, run), action, run)


def _further(kind: Kind, node: Mapping[str, Any], action: Action, run: Run) -> None:
    """The object as the answer to a call around the step's own shows it."""
    run.observed[action.address] = _noting(kind, understood(kind, node), run.observed.get(action.address))


def _next_call(kind: Kind, action: Action, run: Run, error: PayloadError | None = None) -> Operation | None:
    """The call that makes a step whole, or gets to its end another way; None where none is needed."""
    if not isinstance(kind, FollowUp):
        return None
    return kind.follow_up(action.verb, _request(action, run), error)


def _unready(kind: Kind, action: Action, run: Run) -> str:
    return kind.unready(action.verb, _request(action, run)) if isinstance(kind, Readiness) else ""


async def _wait(kind: Kind, action: Action, run: Run) -> None:
    """Accepted is not ready: polls until the effect is there, or the time for it is over. What does not come
    by itself within a few seconds is brought about, once.
    """
    poll, told = Poll(run.wait_seconds, run.sleep, run.clock, FIRST_WAIT), False
    while what := _unready(kind, action, run):
        run.listener(Waiting(action, what, run.wait_seconds))
        op = None
        if isinstance(kind, Publishes) and not told and poll.waited >= PATIENCE:
            op = kind.hastened(action.verb, _request(action, run))
        if op is not None:
            _note(kind, Verb.AVAILABILITY, await _journalled(kind, op, action, run), action, run)
            told = True
        elif not await poll.again():
            raise ApiError(
                f"waited {run.wait_seconds:.0f} s in vain for {what}",
                address=str(action.address),
                hint="look at it in the web app; the next apply goes on from there",
            )
        await _reread(kind, action, run)
        await _follow_up(kind, action, run)
