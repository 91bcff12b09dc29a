"""What was done to the tenant, by whom, and how each object stood before and after: as the tenant's tables
tell at the very moment, whatever anybody says of it.
"""

from __future__ import annotations

import json
import random
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox import Sandbox
from reconciler.sandbox.nature import Nature
from reconciler.sandbox.resolve.frame.ids import PREFIX
from tests.torture.tenant import Tenant
from tests.torture.world import PROJECT

NOBODY, PERSON = -1, 0
"""Who sends, where it is no run: the drill itself, and somebody in the web app. Runs count from 1."""
SENDER: ContextVar[tuple[int, float]] = ContextVar("sender", default=(NOBODY, 0.0))
"""Who sent the request that is being carried out, and when it left them."""
_TABLES = {
    "Customer": "customer",
    "Integration": "integration",
    "Instance": "instance",
    "InstanceProfile": "profile",
    "EventWebhook": "event_webhook",
    "AlertWebhook": "alert_webhook",
    "AlertGroup": "alert_group",
    "LogStream": "log_stream",
    "Connection": "scoped_variable",
    "CustomerConnection": "customer_variable",
    "User": "person",
}
_TYPES = {
    "WebhookEndpoint": "EventWebhook",
    "ExternalLogStream": "LogStream",
    "ScopedConfigVariable": "Connection",
    "CustomerConfigVariable": "CustomerConnection",
    "OrganizationUser": "User",
}
LEASE = f"reconciler-lease:{PROJECT}"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """One mutation that reached the tenant: when it was carried out, when its sender let it go, what it said,
    and its object's row before and after. `addresses` are those that its mark gave it before and after;
    `twins` is how many objects of the last of them there were before a creation, or are after a deletion.
    """

    at: float
    left: float
    sender: int
    name: str
    kind: str
    id: str
    addresses: tuple[str, ...]
    given: Mapping[str, Any]
    done: bool
    before: Row | None
    after: Row | None
    twins: int

    @property
    def address(self) -> str:
        """What the object is called now, or was last; empty where it bears none of our marks."""
        return self.addresses[-1] if self.addresses else ""

    @property
    def is_lease(self) -> bool:
        """Whether it is about a run's lease."""
        return any(row and row.get("name") == LEASE for row in (self.before, self.after, self.given))


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of a request, and its object as it was before. `key` is what its answer stands under."""

    root: str
    key: str
    given: Mapping[str, Any]
    shown: str
    kind: str
    id: str
    before: Row | None
    old: str
    twins: int


class Ledger(Tenant):
    """A tenant that writes down each mutation. `deeds` holds all of them, in order."""

    def __init__(
        self, path: str, *, rules: Mapping[str, str], nature: Nature, now: Callable[[], float]
    ) -> None:
        self.deeds: list[Deed] = []
        self.unmarked: dict[str, str] = {}
        """The addresses of objects that were there before, without a mark."""
        self.named: dict[tuple[str, str], str] = {}
        """The addresses of objects that bear no marks, by kind and name."""
        self._called: dict[tuple[str, str], dict[str, str]] = {}
        self.lag, self.chance = 0.0, random.Random(0)
        """How often what its sender reads right after a mutation is older than that."""
        self._lagging: dict[int, Sandbox] = {}
        self._since = now
        super().__init__(path, rules=rules, nature=nature)

    def execute(self, query: str, variables: Any = None, *rest: Any, **named: Any) -> Any:
        """The answer; a mutation that somebody sent is noted."""
        sender, left = SENDER.get()
        if sender in self._lagging and query.startswith("query"):
            return self._lagging.pop(sender).execute(query, variables, *rest, **named)
        if sender == NOBODY or not query.startswith("mutation"):
            return super().execute(query, variables, *rest, **named)
        calls = [self._call(root, key, given) for root, key, given in _calls(query, variables)]
        if self.lag and sender > PERSON and self.chance.random() < self.lag:
            self._lagging[sender] = Sandbox()
            self.store.copy_to(self._lagging[sender].store)
        answer = super().execute(query, variables, *rest, **named)
        now = self._since()
        for call in calls:
            self.deeds.append(self._deed(call, answer, now, left or now, sender))
        return answer

    def _call(self, root: str, key: str, given: Mapping[str, Any]) -> _Call:
        """A call before it is carried out."""
        shown = next((given[name] for name in ("id", "integrationId") if given.get(name)), "")
        kind, identifier = self._object(*_decoded(shown))
        before = self._row(kind, identifier)
        marked = self._would_be(given, root) if root.startswith("create") else ""
        twins = len(self.marked(marked)) if marked else 0
        return _Call(root, key, given, shown, kind, identifier, before, self.address(kind, before), twins)

    def _deed(self, call: _Call, answer: Any, now: float, left: float, sender: int) -> Deed:
        """The same now that it was."""
        kind, identifier, twins = call.kind, call.id, call.twins
        done, made = _outcome(answer, call.key)
        if not call.shown and made:
            kind, identifier = _decoded(made)
        after = self._row(kind, identifier)
        if call.root.startswith("create") and after is None:
            done = False  # it was undone along with another of its request
        addresses = tuple(dict.fromkeys(one for one in (call.old, self.address(kind, after)) if one))
        if call.root.startswith("delete") and addresses:
            twins = len(self.marked(addresses[0]))
        told = (call.root, kind, identifier, addresses, call.given, done, call.before, after, twins)
        return Deed(now, left, sender, *told)

    def _object(self, kind: str, identifier: str) -> tuple[str, str]:
        """What an id names; the settings of a flow are a part of an instance."""
        if kind == "InstanceFlowConfig":
            row = self.store.by_prefix("instance", identifier[:PREFIX])
            return "Instance", row["id"] if row else ""
        return kind, identifier

    def _would_be(self, given: Mapping[str, Any], root: str) -> str:
        """The address that what is to be created would have."""
        kind = root.removeprefix("create")
        kind = _TYPES.get(kind, kind)
        if kind not in _TABLES:
            return ""
        row = {**given, "is_draft": True, "sequence": ""}
        row["labels"] = json.dumps(given["labels"]) if "labels" in given else None
        if kind == "Instance":
            row["customer"] = _decoded(given["customer"])[1]
        return self.address(kind, {name: value for name, value in row.items() if value is not None})

    def address(self, kind: str, row: Row | None) -> str:
        """The address that our mark on an object tells; a version's is its integration's."""
        if row is None or kind not in _TABLES:
            return ""
        if kind == "Integration" and not row["is_draft"]:
            row = self._first("SELECT * FROM integration WHERE sequence = ? AND is_draft", row["sequence"])
            if row is None:
                return ""
        name = _named(row, kind) or self._once(row)
        if not name and kind not in ("Customer", "Integration", "Instance"):
            return self.named.get((kind, str(row.get("name"))), "")
        if not name or kind != "Instance":
            return f"{kind}/{name}" if name else ""
        owner = self._row("Customer", row["customer"])
        return f"Instance/{(_named(owner, 'Customer') or self._once(owner)) if owner else ''}/{name}"

    def _once(self, row: Row) -> str:
        return self.unmarked.get(row.get("id", ""), "").rpartition("/")[2]

    def marked(self, address: str) -> list[Row]:
        """The objects that bear the address's mark."""
        kind = address.partition("/")[0]
        rows = [dict(row) for row in self.store.all(f"SELECT * FROM {_TABLES[kind]}")]
        drafts = [row for row in rows if kind != "Integration" or row["is_draft"]]
        return [row for row in drafts if self.address(kind, row) == address]

    def publishes(self, text: str) -> bool:
        """Whether a published definition holds the text."""
        query = "SELECT 1 FROM integration JOIN definition ON definition = digest "
        return bool(self.store.all(f"{query}WHERE NOT is_draft AND instr(body, ?)", (text,)))

    def crowd(self, number: int) -> None:
        """So many more customers of other people."""
        like = next(row for (table, _), row in self.foreign.items() if table == "customer")
        self.store.insert_many(
            "customer",
            [
                {**like, "id": self.nature.new_id(), "name": f"Crowd {at}", "created_at": self.store.now()}
                for at in range(number)
            ],
        )
        self.foreign = self.rows()

    def _row(self, kind: str, identifier: str) -> Row | None:
        if kind not in _TABLES:
            return None
        row = self._first(f"SELECT * FROM {_TABLES[kind]} WHERE id = ?", identifier)
        if row and kind == "Instance":
            keys = self._keys(row["integration"])
            for column in ("config", "deployed_config"):
                values = json.loads(row[column] or "{}")
                row[column] = {keys.get(name, name): value for name, value in values.items()}
        return row

    def _keys(self, version: str) -> dict[str, str]:
        """What the variables of a version are called, by the names under which their values are kept."""
        row = self._first("SELECT definition, variables FROM integration WHERE id = ?", version)
        if row is None:
            return {}
        known = (row["definition"], row["variables"])
        if known not in self._called:
            body = self._first("SELECT body FROM definition WHERE digest = ?", row["definition"])
            variables = json.loads(body["body"] if body else "{}").get("requiredConfigVars") or ()
            kept = [one["s"] for one in json.loads(row["variables"])]
            self._called[known] = dict(zip(kept, (one["key"] for one in variables), strict=False))
        return self._called[known]

    def _first(self, query: str, value: str) -> Row | None:
        rows = self.store.all(query, (value,))
        return dict(rows[0]) if rows else None


def _calls(query: str, variables: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """The calls of a mutation: what each is called, what its answer stands under, and what it is given."""
    joined = re.findall(r"\b(\w+)_(\d+): (\w+)\(", query)
    calls = [
        (root, f"{key}_{at}", variables.get(f"input_{at}") or {}) for key, at, root in joined if key == root
    ]
    root = query.partition("{")[2].partition("(")[0].strip()
    return calls or [(root, root, variables.get("input") or {})]


def changed(deed: Deed) -> dict[str, tuple[Any, Any]]:
    """What a deed changed of its object, by what people call it; of its config each value by itself."""
    before, after = deed.before or {}, deed.after or {}
    found = {
        name: (before.get(name), after.get(name))
        for name in ("name", "description", "category", "enabled", "external_id", "definition")
        if name in before and before.get(name) != after.get(name)
    }
    old, new = values_of(before), values_of(after)
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            found[f"config.{key}"] = (old.get(key), new.get(key))
    return found


def values_of(row: Mapping[str, Any], column: str = "config") -> dict[str, Any]:
    """The config values of an instance's row."""
    return dict(row.get(column) or {})


def labels_of(row: Mapping[str, Any] | None) -> set[str]:
    """The labels that people see: ours are not among them."""
    labels = json.loads(row.get("labels") or "[]") if row else []
    return {label for label in labels if not label.startswith("reconciler")}


def _named(row: Mapping[str, Any], kind: str) -> str:
    prefix = f"reconciler:{PROJECT}/{kind}/".lower()
    words = json.loads(row.get("labels") or "[]") or str(row.get("description") or "").split()
    if row.get("metadata"):
        # Where a tenant takes the labels off, what stands beside them still tells.
        known = json.loads(row["metadata"]).get("reconciler") or {}
        words = [*words, str(known.get("mark") or "")]
    return next((word.removeprefix(prefix) for word in words if word.startswith(prefix)), "")


def _decoded(shown: str) -> tuple[str, str]:
    if not shown:
        return "", ""
    kind, _, identifier = b64decode(shown).decode().partition(":")
    return _TYPES.get(kind, kind), identifier


def _outcome(answer: Any, key: str) -> tuple[bool, str]:
    """Whether it was carried out, and the id of the object in its answer."""
    body = answer[1]
    payload = (body.get("data") or {}).get(key) or {}
    errors = [one for one in body.get("errors") or () if (one.get("path") or [key])[0] == key]
    done = not errors and not payload.get("errors")
    objects = [part for name, part in payload.items() if name != "errors" and isinstance(part, dict)]
    return done, str(objects[0].get("id") or "") if done and objects else ""
