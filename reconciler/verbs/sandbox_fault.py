"""`sandbox fault`: what goes wrong between a client and the sandbox, to see what becomes of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.model.errors import InvalidInput
from reconciler.model.hints import suggest
from reconciler.verbs.sandbox import checked_open
from reconciler.verbs.session import Session, open_sandbox

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from reconciler.sandbox.faults import Fault, Faults

_NUMBERS = {"probability": float, "nth": int, "times": int, "seconds": float}


def fault_of(kind: str, **values: Any) -> Fault:
    """A fault of this kind. Raises InvalidInput, with what was probably meant."""
    from reconciler.sandbox.faults import KINDS, Fault

    if kind not in KINDS:
        hint = suggest(kind, list(KINDS), "see them with: reconciler sandbox fault")
        raise InvalidInput.of("unknown-fault", f'there is no fault "{kind}"', hint=hint)
    try:
        return Fault(kind, **values)
    except ValueError as error:
        raise InvalidInput.of("bad-fault", f'fault "{kind}": {error}') from error


def parse_fault(text: str) -> Fault:
    """A fault as it stands in one argument: `KIND` or `KIND:name=value,name=value`. Raises InvalidInput."""
    kind, _, rest = text.partition(":")
    values: dict[str, Any] = {}
    for part in filter(None, rest.split(",")):
        name, given, value = part.partition("=")
        if not given or name not in ("operation", *_NUMBERS):
            names = ", ".join(("operation", *_NUMBERS))
            hint = f"write KIND:name=value,…; the names are {names}"
            raise InvalidInput.of("bad-fault", f'fault "{kind}" does not understand "{part}"', hint=hint)
        try:
            values[name] = _NUMBERS.get(name, str)(value)
        except ValueError as error:
            message = f'fault "{kind}": {name} cannot be "{value}"'
            raise InvalidInput.of("bad-fault", message, hint="write a number") from error
    return fault_of(kind, **values)


def faults(session: Session | None) -> Faults:
    """What is armed in the project's sandbox, with its counters; nothing where there is no project."""
    from reconciler.sandbox.faults import Faults

    if session is None:
        return Faults()
    with _opened(session) as sandbox:
        return sandbox.faults


def arm(session: Session | None, fault: Fault) -> None:
    """Arms one more. Raises InvalidInput outside a project."""
    with _opened(session) as sandbox:
        sandbox.arm(fault)


def clear(session: Session | None) -> None:
    """Arms nothing any more. Raises InvalidInput outside a project."""
    with _opened(session) as sandbox:
        sandbox.clear_faults()


def reseed(session: Session | None, seed: int) -> None:
    """Starts the same faults anew from this seed. Raises InvalidInput outside a project."""
    with _opened(session) as sandbox:
        sandbox.reseed(seed)


@contextmanager
def _opened(session: Session | None) -> Iterator[Sandbox]:
    if session is None:
        raise InvalidInput.of(
            "no-project",
            "a fault is armed in the sandbox of a project, and there is none here",
            hint="go to a project, or give it to a server: reconciler sandbox serve --fault KIND",
        )
    sandbox: Sandbox = checked_open(lambda: open_sandbox(session), session.state / "sandbox.db")
    try:
        yield sandbox
    finally:
        sandbox.close()
