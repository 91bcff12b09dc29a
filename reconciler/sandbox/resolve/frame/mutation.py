"""Why this exists: every mutation has the same frame: permission, its own savepoint, refusals, counting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .activities import note
from .context import Context
from .errors import DeniedError, NotFoundError, RefusedError
from .inputs import as_kept, without_nulls
from .resolvers import Resolver

Run = Callable[[Context, dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """A mutation that changes nothing, so that everybody may make it."""

    run: Run

    def __call__(self, context: Context, given: dict[str, Any]) -> Any:
        """What it answers."""
        return self.run(context, given)


def mutation(name: str, result: str, run: Run) -> Resolver:
    """The resolver of a mutation whose payload shows its outcome as this field."""
    writes = not isinstance(run, Reading)

    def resolve(_: Any, info: Any, input: dict[str, Any]) -> dict[str, Any]:
        context: Context = info.context
        if writes and not context.may_write:
            context.failed = True
            raise DeniedError
        context.forget()
        context.store.savepoint()
        payload: dict[str, Any] = {
            "clientMutationId": input.get("clientMutationId"),
            "errors": [],
            result: None,
        }
        try:
            payload[result] = run(context, as_kept(context, without_nulls(context, input)))
        except RefusedError as refused:
            _undo(context)
            payload["errors"] = refused.payload()
        except NotFoundError as error:
            _undo(context)
            if context.rules["mutation_not_found"] == "top_level":
                raise
            payload["errors"] = [{"field": "id", "messages": [error.message]}]
        except Exception:
            _undo(context)
            raise
        else:
            if writes:
                context.store.count_up("writes")
                note(context, name, payload[result])
            context.store.release()
        context.forget()
        return payload

    return resolve


def _undo(context: Context) -> None:
    context.store.undo()
    context.failed = True
