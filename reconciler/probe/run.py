"""All experiments in their order, on scratch objects that are gone afterwards, however it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from reconciler.api import Client
from reconciler.model.errors import ApiError, NullObject, PayloadError, ReconcilerError, TransportError
from reconciler.probe.customers import CUSTOMERS
from reconciler.probe.drafts import DRAFTS
from reconciler.probe.errors import ERRORS
from reconciler.probe.experiment import Experiment
from reconciler.probe.finding import Finding, Unclear, unclear
from reconciler.probe.instances import CHANGES, CREATION
from reconciler.probe.leftovers import remove
from reconciler.probe.limits import LIMITS
from reconciler.probe.lists import LISTS
from reconciler.probe.publish import PUBLISH
from reconciler.probe.rules import RULES
from reconciler.probe.scratch import DESCRIPTION, Scratch

EXPERIMENTS: tuple[Experiment, ...] = (
    *CUSTOMERS,
    *ERRORS,
    *LIMITS,
    *DRAFTS,
    *PUBLISH,
    *CREATION,
    *LISTS,
    *CHANGES,
)
_CLEANING = 60.0  # seconds that an interrupted run may take to remove what it made


async def examine(
    client: Client,
    run: str,
    *,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> list[Finding]:
    """A finding for each rule, in their order.

    Raises ReconcilerError where the token may not write or the tenant cannot be reached, and where something
    that was made could not be removed.
    """
    scratch = Scratch(client, run, sleep)
    try:
        await _create_customer(scratch)
        found: dict[str, Finding] = {}
        for experiment in EXPERIMENTS:
            found |= {one.rule: one for one in await _made(experiment, scratch)}
        await remove(client, lambda one: one.run == run)
    except BaseException:
        with anyio.move_on_after(_CLEANING, shield=True):
            await _clean_quietly(client, run)
        raise
    return [found[rule] for rule in RULES]


async def _create_customer(scratch: Scratch) -> None:
    """The first write. Where it fails, all others would."""
    try:
        made = await scratch.change(
            "createCustomer",
            name=scratch.name(),
            description=DESCRIPTION,
            externalId=f"{scratch.labels[0]}-{scratch.run}",
            labels=scratch.labels,
        )
    except (TransportError, NullObject):
        raise
    except ApiError as error:
        hint = "give a token of a user who may manage customers, integrations and instances"
        reason = (
            error.message if isinstance(error, PayloadError) else f"the token may not write: {error.message}"
        )
        raise ReconcilerError(f"a scratch customer cannot be made, {reason}", hint=hint) from error
    scratch.customer, scratch.created = made["id"], made


async def _made(experiment: Experiment, scratch: Scratch) -> list[Finding]:
    try:
        return await experiment.run(scratch)
    except (Unclear, ApiError) as error:
        return [unclear(rule, str(error)) for rule in experiment.rules]
    except (
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # null, or nothing, where no tenant was seen to do so
        why = f"an answer has a form that was not foreseen ({type(error).__name__}: {error})"
        return [unclear(rule, why) for rule in experiment.rules]


async def _clean_quietly(client: Client, run: str) -> None:
    """Removes what the run made. What ended the run is told, and the next run finds the rest."""
    try:
        await remove(client, lambda one: one.run == run)
    except ReconcilerError:
        return
