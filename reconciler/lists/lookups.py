"""Names into ids: people write names where the API wants ids, and slip."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from reconciler.kinds.integration import metadata as record
from reconciler.lists.execution import flows_of_instance, flows_of_versions
from reconciler.lists.listing import Column, Listing, Page, Row, one_of, page_of, row_of
from reconciler.lists.tables import INTEGRATIONS
from reconciler.model.errors import InvalidInput, NotFound, ReconcilerError
from reconciler.model.hints import listed
from reconciler.model.operation import Operation

if TYPE_CHECKING:
    from reconciler.api import Client
    from reconciler.api.pages import Executor

_METADATA = Column("metadata", "metadata")
SEARCHED = 1000
"""Rows among which a name is looked for that is nearly the one that was given."""
_NEAR = 3


class NotThere(ReconcilerError):
    """Nothing in the tenant has this name or id."""

    code = "not-found"


def type_of(text: str) -> str:
    """The type of the object whose id this is: ids of the API are base64 of `Type:…`. Empty if it is none."""
    try:
        kind, colon, rest = base64.b64decode(text, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return ""
    return kind if colon and rest and kind.isalnum() else ""


def is_id(text: str) -> bool:
    """Whether it looks like an id of the API."""
    return bool(type_of(text))


def check_type(listing: Listing, text: str) -> None:
    """Raises NotThere where it is the id of something else than the list holds."""
    kind = type_of(text)
    if kind and listing.node and kind != listing.node:
        raise NotThere(f'"{text}" is no {listing.singular}: it is the id of a {kind}')


async def identifier_of(client: Client, listing: Listing, named: str) -> str:
    """The id of what `named`, an id or a name, means. Raises NotThere, or InvalidInput if it is several."""
    if is_id(named):
        if await by_id(client, listing, (), named) is None:
            raise missing(listing, named, ())
        return named
    if listing.named == "id":
        raise missing(listing, named, ())
    columns = [column for column in listing.columns if column.name in ("id", listing.name)]
    found = await client.execute(page_of(listing, columns, {listing.named: named}, {"first": 10}))
    identifiers = [node["id"] for node in found.get("nodes") or () if node]
    if not identifiers:
        head = await client.execute(page_of(listing, columns, {}, {"first": 100}))
        names = [str(column.value(node)) for node in head.get("nodes") or () if node for column in columns]
        raise missing(listing, named, names)
    if len(identifiers) > 1:
        raise InvalidInput.of(
            "ambiguous",
            f'{len(identifiers)} {listing.kind} are called "{named}"',
            hint=f"give the id: one of {', '.join(identifiers)}",
        )
    return str(identifiers[0])


async def check_sequence(client: Client, listing: Listing, sequence: str) -> None:
    """Raises NotThere where no version of anything in the list has this versionSequenceId."""
    found = await client.execute(page_of(listing, (), {"versionSequenceId": sequence}, {"first": 1}))
    if not any(found.get("nodes") or ()):
        raise NotThere(f'there is no {listing.singular} with the versionSequenceId "{sequence}"')


class Rows:
    """Makes rows of nodes. What is asked for besides, it asks for once, and only if a column needs it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._drafts: dict[str, str] | None = None

    async def row(self, columns: Iterable[Column], node: Mapping[str, Any]) -> Row:
        """A node's values by the columns' names."""
        row = row_of(columns, node)
        for column in columns:
            if column.sequence and row[column.name]:
                row[column.name] = (await self._integrations()).get(row[column.name])
        return row

    async def _integrations(self) -> Mapping[str, str]:
        """The ids under which integrations are listed, by what ties their versions together."""
        if self._drafts is None:
            columns = [column for column in INTEGRATIONS.columns if column.name == "versionSequence"]

            def page(first: int, after: str | None) -> Operation:
                paging = {"first": first, **({"after": after} if after else {})}
                return page_of(INTEGRATIONS, columns, {}, paging)

            nodes = every(self._client, page)
            self._drafts = {node["versionSequenceId"]: node["id"] async for node in nodes}
        return self._drafts


async def draft_of(client: Client, identifier: str) -> tuple[str, Mapping[str, Sequence[str]]]:
    """The id under which an integration is listed, which is its draft's, by that of any of its versions, and
    the names that its metadata gives to versions, by their ids.
    """
    sequence = await sequence_of(client, identifier)
    if not sequence:
        return identifier, {}
    page = page_of(INTEGRATIONS, (_METADATA,), {"versionSequenceId": sequence}, {"first": 1})
    nodes = [one for one in (await client.execute(page)).get("nodes") or () if one]
    if not nodes:
        return identifier, {}
    given: dict[str, list[str]] = {}
    for name, version in record.text_map(record.our_part(_METADATA.value(nodes[0])).get("releases")).items():
        given.setdefault(version, []).append(name)
    return str(nodes[0]["id"]), given


def with_names(node: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> Mapping[str, Any]:
    """A version with all releases' names that it bears: that under which it was published, and those that it
    was given since.
    """
    attributes = node.get("versionAttributes")
    ours, more = record.our_part(attributes), names.get(node["id"], ())
    if not more:
        return node
    borne = dict.fromkeys(str(name) for name in (ours.get("release"), *more) if name)
    return {**node, "versionAttributes": record.with_ours(attributes, {**ours, "release": ", ".join(borne)})}


async def sequence_of(client: Client, identifier: str) -> str:
    """What ties an integration's versions together, by the id of any of them; "" where it is not told."""
    columns = [column for column in INTEGRATIONS.columns if column.name == "versionSequence"]
    node = await by_id(client, INTEGRATIONS, columns, identifier)
    return str((node or {}).get("versionSequenceId") or "")


async def by_id(
    client: Client, listing: Listing, columns: Sequence[Column], identifier: str
) -> Mapping[str, Any] | None:
    """The object with this id; None where there is none. Raises NotThere for the id of something else."""
    check_type(listing, identifier)
    try:
        node = await client.execute(one_of(listing, columns, identifier))
    except NotFound:
        return None
    return node if isinstance(node, Mapping) else None


async def flow_filters(client: Client, named: str, filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters for the executions of a flow by its name, beside those (already ids) that say whose flow:
    an instance's, or an integration's in whichever version. Raises InvalidInput or NotThere.
    """
    if instance := filters.get("instance"):
        page, inner = flows_of_instance(str(instance)), "flowConfigs"
        found = [(node["flow"]["name"], node["id"]) async for node in every(client, page, inner)]
        argument, ids = "flowConfig", [identifier for name, identifier in found if name == named]
    elif sequence := filters.get("integration_VersionSequenceId"):
        versions = every(client, flows_of_versions(str(sequence)))
        found = [(flow["name"], flow["id"]) async for node in versions for flow in node["flows"]["nodes"]]
        argument, ids = "flow_In", [identifier for name, identifier in found if name == named]
    else:
        raise InvalidInput.of(
            "flow-of-nothing",
            f'"{named}" is the name of a flow, which any integration may have',
            hint="give --instance or --integration too, or the flow's id",
        )
    if not ids:
        names = list(dict.fromkeys(name for name, _ in found))
        raise NotThere(f'there is no flow "{named}"', hint=f"the flows are {listed(names)}" if names else "")
    return {argument: ids[0] if argument == "flowConfig" else ids}


async def every(client: Executor, page: Page, inner: str = "") -> AsyncGenerator[dict[str, Any], None]:
    """The nodes of a list, page after page; `inner` is the field of the answer in which the list stands."""
    from reconciler.api.pages import stream

    source = _Inner(client, inner) if inner else client
    async with aclosing(cast(AsyncGenerator[dict[str, Any], None], stream(source, page))) as nodes:
        async for node in nodes:
            yield node


class _Inner:
    """Executes operations whose list stands inside an object."""

    def __init__(self, client: Executor, field: str) -> None:
        self._client, self._field = client, field

    async def execute(self, op: Operation) -> Any:
        """The list; an empty one where the object is not there."""
        answer = await self._client.execute(op)
        return answer.get(self._field) if isinstance(answer, Mapping) else []


def missing(listing: Listing, name: str, names: Sequence[str]) -> ReconcilerError:
    """The error for a name that nothing has, with those of `names` that are near to it."""
    word = name.casefold()
    folded = {one.casefold(): one for one in names}
    near = [folded[one] for one in get_close_matches(word, folded, n=_NEAR, cutoff=0.6)]
    near += [one for key, one in folded.items() if word in key and one not in near]
    everything = f"see all with: reconciler get {listing.kind}" if listing.kind else ""
    hint = f"did you mean {listed(near[:_NEAR])}?" if near else everything
    return NotThere(f'there is no {listing.singular} "{name}"', hint=hint)
