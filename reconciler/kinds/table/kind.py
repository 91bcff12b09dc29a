"""Kinds that a table can tell: plain fields, references and secrets, each read and written by its row.

Most of what Prismatic keeps beside integrations, customers and instances is of this sort. Such objects have
no labels. Where they have another place that is ours to write in (a header, the end of a description), the
mark and the record stand there; where they have none, what identifies them is the key that git names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from msgspec import Struct, structs, to_builtins

from reconciler.kinds.capabilities import Recorded, Refers, Tells
from reconciler.kinds.nodes import fitted
from reconciler.kinds.protocol import Policy, Request, Step, Steps, address_of, ignored
from reconciler.kinds.table.absent import absent_fields, lacks
from reconciler.kinds.table.compare import Comparison, considered, mentioned
from reconciler.kinds.table.documents import Api, Search, made
from reconciler.kinds.table.labels import (
    PROTECTION,
    denied,
    digests_of,
    labels_left,
    labels_to_write,
    mark_changes,
    own_mark,
)
from reconciler.kinds.table.marks import LIMIT
from reconciler.kinds.table.node import node as shown_node
from reconciler.kinds.table.places import Labels, Place
from reconciler.kinds.table.plain import PlainKind
from reconciler.kinds.table.record import LabelRecord, Layout, label
from reconciler.kinds.table.rotation import DIGITS, SECRETS, Rotation
from reconciler.kinds.table.row import Row, addresses
from reconciler.kinds.table.secrets import has_record, remembered, resting
from reconciler.kinds.table.told import rows_told
from reconciler.kinds.telling import Telling
from reconciler.model.address import Ref, Resolve
from reconciler.model.digest import Plain, sha256
from reconciler.model.operation import Operation
from reconciler.model.plan import Cause, Change, Refusal, Verb
from reconciler.model.secret import SHOWN, Hidden, Secret
from reconciler.model.state import Facts, How, LiveObject, Resource, Written

_AND = " and "
LONGEST = 160
"""Neither a header nor a description is as short as a label."""


class TabledKind(PlainKind, Recorded, Refers, Tells):
    """A kind of which `fields` says nearly all. Its documents are made from them, with `api` for what the API
    calls it; so is its schema, with `rules` for what no single field can say. `example` names its example.
    """

    api: Api
    keys: tuple[tuple[str, ...], ...] = (("name",),)
    """What identifies an unmarked object, strongest first: the fields of each key together."""
    place: Place | None = None
    newest_first = True
    release_of = ""
    """The field that names the integration whose releases `release` names; `latest` is what it publishes."""
    key_is_unique = False
    """Whether the server keeps the key unique, so that an unmarked object of this key is taken over."""

    def __init__(self) -> None:
        self.list_name = self.api.many
        self.key_names = tuple(map(_AND.join, self.keys))
        self._documents = made(self.api, self.fields)
        self.node = shown_node(self.name, self.fields)

    @property
    def marked(self) -> bool:
        """Whether there is a place for a mark."""
        return self.place is not None

    @property
    def has_twins(self) -> bool:
        """Unless the server keeps the key unique; without a mark, one of a like key may be anybody's."""
        return self.marked and not self.key_is_unique

    @cached_property
    def layout(self) -> Layout:
        """The fields whose digests are kept: of a secret one, that it was written; of all the secrets,
        together and keyed; and the protection.
        """
        groups = (*(row.name for row in self.fields), SECRETS, PROTECTION)
        widths = {SECRETS: DIGITS, PROTECTION: 1}
        return Layout(groups, widths, longest=LIMIT if isinstance(self.place, Labels) else LONGEST)

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        """The fields of which it must be known whether they were written as secrets."""
        return tuple(sorted(row.name for row in self.fields if row.secret == "may"))

    @property
    def refers(self) -> frozenset[str]:
        """What its rows name."""
        return frozenset(row.refers for row in self.fields if row.refers)

    def referred(self, live: LiveObject, kind: str) -> frozenset[str]:
        """What those rows hold that name this kind."""
        found = (live.fields[row.name] for row in self.fields if row.refers == kind)
        return frozenset(str(one) for ids in found if isinstance(ids, Mapping) for one in ids)

    def refers_to(self, row: Row, fields: Mapping[str, object]) -> str:
        """The kind that a row of a manifest with these fields names."""
        return row.refers

    def get(self, object_id: str) -> Operation:
        """The document for one object."""
        return Operation(self.api.one, self._documents[self.api.one], {"id": object_id})

    def find(self, request: Request) -> Operation:
        """The objects of the resource's mark or first key, or the newest where the server cannot search."""
        search = self.api.search or Search()
        wanted = own_mark(request) if search.by_mark else request.resource.fields.get(self.keys[0][0])
        return Operation(self.list_name, self._documents["find"], {search.variable: wanted})

    def is_own(self, live: LiveObject, request: Request) -> bool:
        """Whether the object bears the resource's mark; without a place for one, whether its key is the
        resource's.
        """
        if self.marked:
            return own_mark(request) in live.labels
        keys = self.natural_key(request.resource, request.resolve)
        return bool(keys) and all(self.live_key(live, name) == value for name, value in keys)

    def parse(self, node: Mapping[str, object]) -> LiveObject:
        """The object as its rows read it."""
        fitted(self.node, node, self.name)
        return self._read(node)

    def shown(self, node: Struct) -> LiveObject:
        """The same of a node that fits already."""
        return self._read(to_builtins(node))

    def _read(self, node: Mapping[str, Any]) -> LiveObject:
        absent = [(row.name,) for row in self.fields if row.place and lacks(node, row.place)]
        node, labels = self.place.read(node) if self.place else (node, frozenset())
        owners = (str(node["id"]), self._owner(node.get("name")))
        return LiveObject(
            kind=self.name,
            id=str(node["id"]),
            fields={row.name: row.parsed(node) for row in self.fields},
            labels=labels,
            facts=Facts(absent=frozenset(absent), made=_moment(node.get("createdAt"))),
            record=LabelRecord(self.layout, labels, self._keys, owners),
            denied=denied(node),
        )

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, object]]:
        """The keys of which the manifest gives all; that a reference is to nothing is given, too."""
        found = []
        for key in self.keys:
            rows = self._rows(key)
            values = [row.wanted(resource.fields.get(row.name), resolve) for row in rows]
            if all(value or row.refers for row, value in zip(rows, values, strict=True)):
                found.append((_AND.join(key), _hashable(values)))
        return found

    def live_key(self, live: LiveObject, name: str) -> object:
        """The fields of that key."""
        return _hashable(row.known(live.fields[row.name]) for row in self._rows(name.split(_AND)))

    def adoptable(self, key: str) -> bool:
        """Where the server keeps the key unique, a second object could not be created anyway."""
        return self.key_is_unique

    def told(self, live: LiveObject, telling: Telling) -> Mapping[str, object]:
        """What its rows say."""
        return rows_told(self.fields, live, telling, self.refers_to)

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """All that its rows refer to, and what stands for them in the API."""
        fields = resource.fields
        named = [Ref(a) for row in self.fields if row.refers for a in addresses(fields.get(row.name))]
        standing = [row.stands_for(fields) for row in self.fields if row.stands_for and row.name in fields]
        return [*named, *filter(None, standing)]

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """One call mends everything."""
        if request.live is None:
            looks = (
                1 if self.has_twins or not self.marked else 0
            )  # once more, for what another run made at the same time
            lacking = tuple(self._lacking(request))
            step = Step(Verb.CREATE, "does not exist", self._creation(request), reads=looks)
            return Steps((step,), refusals=lacking)
        changes = tuple(self.changes(request))
        refusals = (*self._fixed(request, changes), *absent_fields(request))
        marking = tuple(mark_changes(request)) if self.marked else ()
        if not changes and not marking:
            return Steps(refusals=refusals)
        verb = Verb.ADOPT if adopt else Verb.UPDATE
        reason = "exists without an owner" if adopt else "differs from the manifest"
        return Steps((Step(verb, reason, (*changes, *marking)),), (*changes, *marking), (), refusals)

    def recorded(self, live: LiveObject, policy: Policy) -> bool:
        """Where the environment keeps one, whether it is there."""
        return has_record(live, policy)

    def baseline(self, request: Request) -> Resource:
        """The rows that are no secret, refer to nothing and hold no parts, as they stand; of others but
        secrets, those that do not differ.
        """
        resource, live = request.resource, request.live
        assert live is not None
        fields: dict[str, object] = {}
        differing = {change.path.partition(".")[0] for change in self.changes(request)}
        for row in self._mentioned(request):
            if row.secret == "always":
                continue
            if row.name not in differing:
                fields[row.name] = resource.fields[row.name]
            elif row.secret == "never" and not row.refers and not row.shape.by_key:
                fields[row.name] = live.fields[row.name]
        return structs.replace(resource, fields=fields)

    def changes(self, request: Request) -> Iterable[Change]:
        """The rows whose values differ."""
        assert request.live is not None
        rotation = Rotation(self.fields, request)
        return Comparison(self._mentioned(request), rotation, self.marked, request, request.live).changes()

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """create, update with all that the manifest mentions, or delete."""
        live = request.live
        if verb is Verb.DELETE:
            assert live is not None
            return self._mutation(verb, {"id": live.id}, request)
        if verb is Verb.FORGET:
            assert live is not None
            assert self.place is not None
            left = self.place.write({"id": live.id}, labels_left(request), live)
            return self._mutation(verb, left, request)
        values = {
            row.called: row.sent(self._whole(row, request), request.resolve, request.resource.fields)
            for row in self._written(verb, request)
            if not (live and row.fixed) and row.input is not None
        }
        if self.place is not None:
            values = self.place.write(values, self._labels(request), live)
        if live is not None:
            values["id"] = live.id
        return self._mutation(verb, values, request)

    def observed(
        self, verb: Verb, node: Mapping[str, object], before: LiveObject | None = None
    ) -> LiveObject | None:
        """The answer shows the whole object."""
        return None if verb is Verb.DELETE else self.parse(node)

    def satisfied(self, step: str, verb: Verb, request: Request) -> bool:
        """Whether the object already is as the manifest says; for its creation, whether it exists."""
        if request.live is None or verb is Verb.DELETE:
            return False
        if verb is Verb.FORGET:
            return set(labels_left(request)) == request.live.labels
        if verb is Verb.ADOPT and set(self._labels(request)) != request.live.labels:
            return False
        return verb is Verb.CREATE or not self.steps(request, adopt=False).steps

    def basis(self, live: LiveObject, resource: Resource | None) -> str:
        """All fields and labels; of a secret, only that it is there, and of a reference, only the ids: that
        what it names is called otherwise is no change of the object.
        """
        named = {row.name: row.known(live.fields[row.name]) for row in self.fields if row.refers}
        texts = {name: resting(live.fields[name], name, live) for name in self._keys}
        return sha256([live.id, {**live.fields, **named, **texts}, sorted(live.labels)])

    def _rows(self, names: Sequence[str]) -> list[Row]:
        return [row for row in self.fields if row.name in names]

    def _whole(self, row: Row, request: Request) -> object:
        """A row's value to send: of a map also what is ignored, and of one of parts what is not mentioned,
        since the platform may reset what is left out.
        """
        given, live = request.resource.fields[row.name], request.live
        if live is None or not isinstance(given, Mapping):
            return given
        named, there = considered(row, given, request.resource), live.fields[row.name]
        kept = {
            key: value
            for key, value in there.items()
            if not isinstance(value, Hidden)
            and (row.shape.by_key or ignored(request.resource, f"{row.name}.{key}"))
        }
        return {**kept, **named}

    def _mentioned(self, request: Request) -> list[Row]:
        return mentioned(self.fields, request)

    def _written(self, verb: Verb, request: Request) -> list[Row]:
        """What is only adopted stays untouched where it does not differ."""
        rows = self._mentioned(request)
        if verb is not Verb.ADOPT:
            return rows
        differing = {change.path.partition(".")[0] for change in self.changes(request)}
        return [row for row in rows if row.name in differing]

    def _creation(self, request: Request) -> tuple[Change, ...]:
        fields = request.resource.fields
        rows = [row for row in self.fields if fields.get(row.name) not in (None, "", [], {})]
        return tuple(Change(row.name, None, row.shown(fields[row.name]), Cause.PENDING) for row in rows)

    def _lacking(self, request: Request) -> Iterable[Refusal]:
        """What a new object cannot be made without. Of one that is there, it may be left alone."""
        for row in self.fields:
            if row.to_create and request.resource.fields.get(row.name) is None:
                message = f'"{row.name}" is missing: no new {self.name} can be made without it'
                hint = "give it in the manifest, from where its secret is kept"
                yield Refusal("secret-missing", message, address_of(request.resource), hint)

    def _labels(self, request: Request) -> list[str]:
        return labels_to_write(request, self._record(request))

    def _record(self, request: Request) -> str:
        fields = request.resource.fields
        written = dict(remembered(request).written or {})
        values: dict[str, object] = {}
        for row in self._mentioned(request):
            value = row.wanted(fields[row.name], request.resolve)
            secret = row.secret == "always" or isinstance(value, Secret)
            values[row.name] = SHOWN if secret else value
            if row.secret == "may":
                written[row.name] = Written(How.SECRET if secret else How.PLAIN)
        digests = digests_of(request, values)
        if now := Rotation(self.fields, request).digest:
            digests[SECRETS] = now
        owner = request.live.id if request.live else self._owner(fields.get("name"))
        return label(self.layout, digests, written, self._keys, owner)

    def _owner(self, name: object) -> Plain:
        """What tells an object from others while it has no id."""
        return (self.name, name.strip() if isinstance(name, str) else None)

    def _fixed(self, request: Request, changes: Iterable[Change]) -> Iterable[Refusal]:
        fixed = {row.name for row in self.fields if row.fixed}
        for change in changes:
            if change.path not in fixed:
                continue
            if change.before in (None, ""):
                message = f'"{change.path}" can be set at creation alone: the object that is there has none, '
                hint = (
                    "leave it out of the manifest, or delete that object, so that a new one is made with it"
                )
            else:
                message = f'"{change.path}" cannot be changed once it is set: it is "{change.before}", '
                hint = "write the old value, or give the manifest another metadata.name to make a new object"
            message += f'and the manifest says "{change.after}"'
            yield Refusal("fixed-field", message, address_of(request.resource), hint)

    def _mutation(self, verb: Verb, values: Mapping[str, object], request: Request) -> Operation:
        word = {Verb.CREATE: "create", Verb.DELETE: "delete"}.get(verb, "update")
        name = f"{word}{self.api.type}"
        return Operation(
            name,
            self._documents.get(name, ""),
            {"input": values},
            result=self.api.one,
            repeatable=verb is not Verb.CREATE,
            address=address_of(request.resource),
        )


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _hashable(values: Iterable[object]) -> tuple[object, ...]:
    """The values to be looked up by: a tenant may keep no blanks around texts."""
    return tuple(
        tuple(value) if isinstance(value, list) else value.strip() if isinstance(value, str) else value
        for value in values
    )
