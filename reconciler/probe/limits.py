"""What the tenant takes of a client: sizes, rates, tokens, questions about its schema."""

from __future__ import annotations

from reconciler.model.errors import TransportError, Unreachable
from reconciler.probe.experiment import Experiment, answers
from reconciler.probe.finding import Finding, Unclear, either, untried
from reconciler.probe.scratch import Scratch

_BODY = 2_700_000  # a little more than Django's limit


@answers("introspection")
async def introspection(scratch: Scratch) -> list[Finding]:
    """The name of the root type, without the header that documentation tools send."""
    answer = await scratch.answer("introspect")
    refused = bool(answer.faults) or not (answer.data or {}).get("__schema")
    evidence = answer.faults[0].message if answer.faults else "__schema was answered"
    return [either("introspection", refused, yes="off", no="on", evidence=evidence)]


@answers("body_limit")
async def body_limit(scratch: Scratch) -> list[Finding]:
    """One query with a long text to look for."""
    size = f"{_BODY / 1e6:.1f} MB"
    try:
        answer = await scratch.answer("long", text="x" * _BODY, repeatable=False)
        refused = answer.status == 413
    except (TransportError, Unreachable) as error:
        if "HTTP 413" not in error.message:
            raise Unclear(f"the connection may have broken for any reason: {error.message}") from error
        refused = True
    evidence = f"{size} were {'refused (HTTP 413)' if refused else 'read'}"
    return [either("body_limit", refused, yes="2.5MB", no="none", evidence=evidence)]


@answers("alias_limit")
async def alias_limit(scratch: Scratch) -> list[Finding]:
    """The same question 51 times in one request, and 11 times where that is too often."""
    many = await scratch.many(51)
    if not many.faults:
        return [Finding("alias_limit", "none", "51 root fields in one request are answered")]
    few = await scratch.many(11)
    refused, limit = (few, 10) if few.faults else (many, 50)
    evidence = f"{limit + 1} root fields are refused: {refused.faults[0].message}"
    return [Finding("alias_limit", str(limit), evidence)]


@answers("query_cost")
async def query_cost(scratch: Scratch) -> list[Finding]:
    """Three whole pages within each other, of an integration that nobody has."""
    answer = await scratch.answer("nested", called=scratch.name("of nobody"))
    refused = bool(answer.faults)
    evidence = answer.faults[0].message if refused else "1,000,000 possible nodes were no reason to refuse"
    return [either("query_cost", refused, yes="20000", no="none", evidence=evidence)]


@answers("headless_upgrade", "unknown_components")
async def definitions_apart(_: Scratch) -> list[Finding]:
    """Not made: neither could be taken back."""
    return [
        untried("headless_upgrade", "it takes a code-native integration and values that no call can save"),
        untried("unknown_components", "a component that came of it would stay"),
    ]


@answers("rate_limit")
async def rate_limit(_: Scratch) -> list[Finding]:
    """Not made: its only way is to do harm."""
    return [untried("rate_limit", "it takes more requests a second than the environment allows")]


@answers("token_rotation")
async def token_rotation(scratch: Scratch) -> list[Finding]:
    """Looks at the exchange that every run begins with; there is none of its own."""
    rotates = scratch.client.rotates_tokens
    if rotates is None:
        return [untried("token_rotation", "the environment has no refresh token")]
    evidence = f"the exchange gave {'a new' if rotates else 'no'} refresh token"
    return [either("token_rotation", rotates, yes="true", no="false", evidence=evidence)]


LIMITS: tuple[Experiment, ...] = (
    introspection,
    body_limit,
    alias_limit,
    query_cost,
    definitions_apart,
    rate_limit,
    token_rotation,
)
"""In the order in which they are made."""
