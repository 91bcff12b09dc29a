"""A served tenant with other people's objects in it, behind a door that can kill a client at any request."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.sandbox import Sandbox
from reconciler.sandbox.app import build_app
from reconciler.sandbox.nature import Nature
from reconciler.sandbox.serve import _listen, _server
from tests.torture.world import marker

Record = dict[tuple[str, str], dict[str, Any]]
_TABLES = ("customer", "integration", "instance")


@dataclass
class Kill:
    """SIGKILL at the n-th request from now on: before it is carried out, or after it, unanswered."""

    request: int
    after: bool = False
    known: threading.Event = field(default_factory=threading.Event)
    pid: int = 0
    struck: bool = False

    def aim(self, pid: int) -> None:
        """Says whom it will befall."""
        self.pid = pid
        self.known.set()

    def strike(self) -> None:
        """Ends the process; it runs no instruction more."""
        if not self.known.wait(10):
            raise TimeoutError("nobody was aimed at")  # and process 0 is the whole group
        self.struck = True
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class Door:
    """The ASGI application that is served: it hands requests on to a tenant, which may be changed.
    `changing` are the numbers of the requests that changed something.
    """

    def __init__(self) -> None:
        self.inner: Any = None
        self.writes: Callable[[], int] = int
        self.changing: list[int] = []
        self.requests, self.total = 0, 0
        self._kill: Kill | None = None

    def arm(self, kill: Kill | None) -> None:
        """Counts requests anew, up to the kill."""
        self.requests, self._kill = 0, kill
        self.changing = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests += 1
        self.total += 1
        kill = self._kill
        if kill is None or self.requests != kill.request:
            number, before = self.requests, self.writes()
            await self.inner(scope, receive, send)
            if self.writes() != before:
                self.changing.append(number)
            return
        if kill.after:
            await self.inner(scope, receive, _swallow)
        kill.strike()


async def _swallow(_: Any) -> None:
    """Keeps an answer from a client."""


@contextmanager
def served() -> Iterator[tuple[Door, str]]:
    """A door that is open to this machine, and its URL."""
    door, opened = Door(), threading.Event()
    listener = _listen("127.0.0.1", 0)
    with Sandbox() as nobody:
        server = _server(nobody, opened.set)
        server.config.app = door
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        opened.wait(10)
        try:
            yield door, f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join(10)
            listener.close()


class Tenant(Sandbox):
    """A tenant that can be asked past every fault, and that knows which of its objects are other people's."""

    def __init__(
        self, path: str | Path, *, rules: Mapping[str, str] | None = None, nature: Nature | None = None
    ) -> None:
        super().__init__(path, rules=rules, nature=nature)
        self.foreign: Record = {}
        self._looked = 0.0
        self.busy: Callable[[], bool] = lambda: False
        """Whether somebody else knows of a run that may be between the two."""

    @property
    def is_looked_at(self) -> bool:
        """Whether a run may have looked at a draft and be about to publish it. Between the two the platform
        offers no means to notice a third party's import, so that nobody imports then.
        """
        return self.busy() or self.nature.clock() < self._looked + 0.5

    def execute(self, query: str, *rest: Any, **named: Any) -> Any:
        """The answer; looks at single integrations are noted."""
        if query.startswith("query integration("):
            self._looked = self.nature.clock()
        return super().execute(query, *rest, **named)

    def open(self, door: Door) -> None:
        """What comes through the door from now on is for this tenant."""
        door.inner, door.writes = build_app(self), super().writes

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """Its data; what is refused is an error here."""
        _, answer, _ = self.execute(query, variables)
        assert not answer.get("errors"), answer
        return answer["data"]

    def mutate(self, mutation: str, values: dict[str, Any]) -> dict[str, Any] | None:
        """Somebody's mutation; the object in its answer, None where it was refused."""
        kind = next(k for k in ("integration", "customer", "instance") if k in mutation.lower())
        query = (
            f"mutation ($input: {mutation[0].upper() + mutation[1:]}Input!) {{ {mutation}(input: $input) "
            f"{{ {kind} {{ id }} errors {{ field messages }} }} }}"
        )
        _, answer, _ = self.execute(query, {"input": values})
        payload = (answer.get("data") or {}).get(mutation) or {}
        return None if answer.get("errors") or payload.get("errors") else payload.get(kind)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else's request is carried out meanwhile."""
        with self._lock:
            yield

    def others(self) -> None:
        """Other people's objects: customers, an integration, its instance, and another project's objects."""
        first = self._made("createCustomer", name="Foreign One", labels=["theirs"], description="x")
        self._made("createCustomer", name="Foreign Two", labels=["reconciler:other/customer/acme"])
        definition = {
            "definitionVersion": 7,
            "name": "Foreign",
            "description": marker(0, "foreign", "1"),
            "flows": [
                {
                    "name": "Receive",
                    "steps": [
                        {
                            "name": "Trigger",
                            "isTrigger": True,
                            "inputs": {},
                            "action": {
                                "key": "webhook",
                                "component": {
                                    "key": "webhook-triggers",
                                    "isPublic": True,
                                    "version": "LATEST",
                                },
                            },
                        }
                    ],
                }
            ],
            "requiredConfigVars": [{"key": "Channel", "dataType": "string", "defaultValue": "all"}],
        }
        draft = self._made("createIntegration", name="Foreign", labels=["reconciler:other/integration/alpha"])
        self._made("importIntegration", integrationId=draft, definition=json.dumps(definition))
        version = self._made("publishIntegration", id=draft)
        if self.rules["published_available"] == "not_until_told":
            self._made("updateIntegrationVersionAvailability", id=version, available=True)
        for number in (1, 2):
            instance = self._made(
                "createInstance",
                customer=first,
                integration=version,
                name=f"Foreign {number}",
                labels=["theirs", "reconciler:other/instance/sync"],
                configVariables=[{"key": "Channel", "value": "#theirs"}],
            )
            self._made("deployInstance", id=instance)
        self.foreign = self.rows()

    def rows(self) -> Record:
        """Every row of the tenant, as it lies in the tables, but what belongs to the platform itself."""
        with self._lock:
            return {
                (table, row["id"]): row
                for table in _TABLES
                for row in self.store.all(f"SELECT * FROM {table}")
                if not row.get("is_system") and not str(row["name"]).startswith("Somebody's customer ")
            }

    def _made(self, mutation: str, **values: Any) -> str:
        made = self.mutate(mutation, values)
        for _ in range(5):  # what was published may become available a few requests later
            if made is not None:
                return str(made["id"])
            self.ask("{ customers { totalCount } }")
            made = self.mutate(mutation, values)
        raise AssertionError(f"{mutation} was refused: {values}")
