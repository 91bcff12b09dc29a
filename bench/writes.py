"""Serves a tenant that is filled while it is measured, quicker than any client writes: customers and
instances are kept in memory, all else is the sandbox's. The first instance of each integration is made there,
too, and all others are like it, under their own names and with their own values.

    python -m bench.writes [--latency MILLISECONDS] [--each MILLISECONDS]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from bench.serving import Counted, Root, serve
from reconciler.kinds import all_kinds
from reconciler.sandbox import Sandbox

_ENCODE = msgspec.json.Encoder().encode
_DEPLOY = "mutation($input: DeployInstanceInput!) { deployInstance(input: $input) { instance { id } } }"


class Instance(NamedTuple):
    """One instance: what its node is made of."""

    id: str
    name: str
    labels: Sequence[str]
    customer: str
    values: Mapping[str, str]
    model: Model


class Model:
    """The instances of one integration, as the sandbox shows one of them."""

    def __init__(self, new: Mapping[str, Any], deployed: Mapping[str, Any]) -> None:
        self._keys = [one["requiredConfigVariable"]["key"] for one in new["configVariables"]["nodes"]]
        self._new, self._deployed = _pattern(new), _pattern(deployed)

    def node(self, one: Instance, *, deployed: bool) -> bytes:
        """An instance as it is answered."""
        values = [one.values[key] for key in self._keys]
        told = (one.id, one.name, one.labels, one.customer, *values)
        return (self._deployed if deployed else self._new) % tuple(map(_ENCODE, told))


def _pattern(node: Mapping[str, Any]) -> bytes:
    """A node in which a place stands for each of what differs."""
    hole = "\1"
    variables = [{**one, "value": hole} for one in node["configVariables"]["nodes"]]
    own = {"id": hole, "name": hole, "labels": hole, "customer": {"id": hole}}
    others = {name: value for name, value in node.items() if name not in {*own, "configVariables"}}
    config = {**node["configVariables"], "nodes": variables}
    whole = _ENCODE({**own, "configVariables": config, **others})
    return whole.replace(b"%", b"%%").replace(_ENCODE(hole), b"%b")


class Writes(Counted):
    """The application."""

    def __init__(self, latency: float, each: float) -> None:
        super().__init__(latency, each)
        self._sandbox = Sandbox()
        self._customers: dict[str, bytes] = {}
        self._instances: dict[str, Instance] = {}
        self._deployed: set[str] = set()
        self._marked: dict[tuple[str, str], list[str]] = {}
        self._models: dict[str, Model] = {}
        self._own: Mapping[str, Callable[[Mapping[str, Any]], bytes]] = {
            "createCustomer": self._create_customer,
            "createInstance": self._create_instance,
            "deployInstance": self._deploy,
            "customers": self._list_customers,
            "instances": self._list_instances,
        }

    @property
    def token(self) -> str:
        """What lets a client in."""
        return self._sandbox.token

    def answer(self, asked: Mapping[str, Any], roots: Sequence[Root]) -> bytes:
        """The answer to a request."""
        variables = asked.get("variables") or {}
        parts = [
            (root.key, self._own[root.name](root.given(variables)))
            for root in roots
            if root.name in self._own
        ]
        if len(parts) < len(roots):
            answer = self._sandbox.execute(asked["query"], dict(variables))[1]
            if answer.get("errors"):
                return _ENCODE(answer)
            parts += [
                (one.key, _ENCODE(answer["data"][one.key])) for one in roots if one.name not in self._own
            ]
        return b'{"data":{' + b",".join(_ENCODE(key) + b":" + part for key, part in parts) + b"}}"

    def _create_customer(self, given: Mapping[str, Any]) -> bytes:
        asked, made = given["input"], f"customer-{len(self._customers)}"
        own = {name: asked.get(name, "") for name in ("name", "externalId", "description", "labels")}
        node = self._customers[made] = _ENCODE({"id": made, **own, "allowUpdate": True, "allowRemove": True})
        self._mark(made, asked["labels"], "")
        return _payload("customer", node)

    def _create_instance(self, given: Mapping[str, Any]) -> bytes:
        asked, made = given["input"], f"instance-{len(self._instances)}"
        model = self._models.get(asked["integration"])
        if model is None:
            model = self._models[asked["integration"]] = self._model(asked)
        values = {one["key"]: one["value"] for one in asked["configVariables"]}
        one = Instance(made, asked["name"], asked["labels"], asked["customer"], values, model)
        self._instances[made] = one
        self._mark(made, asked["labels"], asked["customer"])
        return _payload("instance", model.node(one, deployed=False))

    def _deploy(self, given: Mapping[str, Any]) -> bytes:
        one = self._instances[given["input"]["id"]]
        self._deployed.add(one.id)
        return _payload("instance", one.model.node(one, deployed=True))

    def _mark(self, made: str, labels: Iterable[str], customer: str) -> None:
        for label in labels:
            for of in {customer, ""}:
                self._marked.setdefault((label, of), []).append(made)

    def _list_customers(self, given: Mapping[str, Any]) -> bytes:
        return _page(self._sought(given, self._customers), given, self._customers.__getitem__)

    def _list_instances(self, given: Mapping[str, Any]) -> bytes:
        return _page(self._sought(given, self._instances), given, self._node)

    def _node(self, made: str) -> bytes:
        one = self._instances[made]
        return one.model.node(one, deployed=made in self._deployed)

    def _sought(self, given: Mapping[str, Any], of: Mapping[str, object]) -> Sequence[str]:
        if "labels_Contains" not in given:
            return list(of)
        marked = self._marked.get((given["labels_Contains"], given.get("customer", "")), ())
        return [one for one in marked if one in of]

    def _model(self, asked: Mapping[str, Any]) -> Model:
        """What the sandbox makes of the first instance of an integration, new and deployed."""
        somebody = self._made("customer", {"name": asked["integration"], "externalId": asked["integration"]})
        made = self._made("instance", {**asked, "customer": somebody})
        get = all_kinds()["Instance"].get(made)
        new = self._told(get.document, get.variables)["instance"]
        self._told(_DEPLOY, {"input": {"id": made}})
        return Model(new, self._told(get.document, get.variables)["instance"])

    def _made(self, what: str, asked: Mapping[str, Any]) -> str:
        call = f"create{what.title()}"
        document = (
            f"mutation($i: {call[0].upper()}{call[1:]}Input!) {{ {call}(input: $i) {{ {what} {{ id }} }} }}"
        )
        made: str = self._told(document, {"i": asked})[call][what]["id"]
        return made

    def _told(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._sandbox.execute(document, dict(variables))[1]
        assert not answer.get("errors"), answer
        told: dict[str, Any] = answer["data"]
        return told


def _payload(of: str, node: bytes) -> bytes:
    return b'{"%b":%b,"errors":[]}' % (of.encode(), node)


def _page(ids: Sequence[str], given: Mapping[str, Any], node: Callable[[str], bytes]) -> bytes:
    first, offset = given.get("first", 100), given.get("offset", 0)
    more = offset + first < len(ids)
    info = _ENCODE({"hasNextPage": more, "endCursor": str(offset + first) if more else None})
    shown = b",".join(map(node, ids[offset : offset + first]))
    return b'{"totalCount":%d,"pageInfo":%b,"nodes":[%b]}' % (len(ids), info, shown)


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0)
    parser.add_argument("--each", type=float, default=0, help="milliseconds that a mutation takes")
    given = parser.parse_args()
    serve(Writes(given.latency / 1000, given.each / 1000))


if __name__ == "__main__":
    main()
