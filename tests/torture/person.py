"""Somebody who works in the web app meanwhile, on our objects and on other people's."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from tests.torture.tenant import Tenant
from tests.torture.world import PROJECT, Side

EDITS = ("rename_customer", "describe", "configure", "toggle", "label", "import", "delete")
_OURS = f"reconciler:{PROJECT}/"


class Person:
    """Edits at random until told to stop; what they do to foreign objects is how these are to be then."""

    def __init__(self, tenant: Tenant, side: Side, rng: random.Random) -> None:
        self._tenant, self._side, self._rng = tenant, side, rng
        self._over = threading.Event()
        self.edits = 0
        self._failure: BaseException | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Works in a thread of their own for the duration of the block."""
        thread = threading.Thread(target=self._work)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        try:
            while not self._over.wait(self._rng.uniform(0.002, 0.03)):
                self.act(self._rng.choice(EDITS))
        except BaseException as error:
            self._failure = error

    def act(self, what: str) -> None:
        """One edit, of one of the EDITS."""
        # One moment for the edit and for what is noted of it; runs go on in between.
        with self._tenant.alone():
            before = self._tenant.rows()
            getattr(self, f"_{what}")()
            self._note(before)

    def _note(self, before: dict) -> None:
        after = self._tenant.rows()
        for key in list(self._tenant.foreign):
            if before.get(key) != after.get(key):
                if key in after:
                    self._tenant.foreign[key] = after[key]
                else:
                    del self._tenant.foreign[key]

    def _one(self, kind: str) -> dict | None:
        hidden = "" if kind == "integrations" else "isSystem: false, "
        nodes = self._tenant.ask(f"{{ {kind}({hidden}first: 100) {{ nodes {{ id name labels }} }} }}")[kind][
            "nodes"
        ]
        # Those that come and go by themselves are a fault's, and nobody's to edit.
        nodes = [node for node in nodes if not node["name"].startswith("Somebody's customer ")]
        return self._rng.choice(nodes) if nodes else None

    def _edit(self, mutation: str, **values: object) -> None:
        self.edits += self._tenant.mutate(mutation, values) is not None

    def _rename_customer(self) -> None:
        if one := self._one("customers"):
            self._edit("updateCustomer", id=one["id"], name=f"Renamed {self._rng.randrange(10**6)}")

    def _describe(self) -> None:
        kind = self._rng.choice(["Customer", "Instance", "Integration"])
        if one := self._one(f"{kind.lower()}s"):
            text = f"Edited {self._rng.randrange(10**6)}"
            field = "category" if kind == "Integration" and self._rng.random() < 0.5 else "description"
            self._edit(f"update{kind}", id=one["id"], **{field: text})

    def _configure(self) -> None:
        if one := self._one("instances"):
            value = self._rng.choice(["#theirs", "#mine"])
            self._edit(
                "updateInstanceConfigVariables",
                id=one["id"],
                configVariables=[{"key": "Channel", "value": value}],
            )

    def _toggle(self) -> None:
        if one := self._one("instances"):
            self._edit("updateInstance", id=one["id"], enabled=self._rng.random() < 0.5)

    def _label(self) -> None:
        kind = self._rng.choice(["Customer", "Instance", "Integration"])
        if one := self._one(f"{kind.lower()}s"):
            labels = [*(one["labels"] or ()), f"person-{self._rng.randrange(100)}"]
            self._edit(f"update{kind}", id=one["id"], labels=labels)

    def _import(self) -> None:
        one = self._one("integrations")
        if one is None or self._tenant.is_looked_at or not self._is_published(one["id"]):
            return
        name = next((x.rpartition("/")[2] for x in one["labels"] or () if x.startswith(_OURS)), "")
        if body := self._side.definitions.get(name):
            mine = {**body, "flows": [{**flow, "description": "somebody's draft"} for flow in body["flows"]]}
            self._edit("importIntegration", integrationId=one["id"], definition=yaml.safe_dump(mine))

    def _is_published(self, identifier: str) -> bool:
        """Nobody works on an integration that came into being this very moment."""
        query = "query ($id: ID!) { integration(id: $id) { versionSequence { nodes { id } } } }"
        nodes = self._tenant.ask(query, {"id": identifier})["integration"]["versionSequence"]["nodes"]
        return any(node and node["id"] != identifier for node in nodes)

    def _delete(self) -> None:
        one = self._one("instances")
        if one is not None and self._rng.random() < 0.3:
            self._edit("deleteInstance", id=one["id"])
