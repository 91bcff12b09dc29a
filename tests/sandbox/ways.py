"""The two ways to a sandbox, in the process and over a port."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx

from reconciler.api import Client, Credentials, Patience
from reconciler.model.secret import Secret
from reconciler.sandbox import BASE_URL, Sandbox, transport
from tests.harness import no_sleep
from tests.sandbox.served import ServedSandbox

CUSTOMERS = "{ customers(isSystem: false) { nodes { id name labels } totalCount } }"
CREATE = """mutation ($name: String!) {
  createCustomer(input: {name: $name}) { customer { id name } errors { field messages } } }"""
ME = "{ authenticatedUser { tenantId } }"
_numbers = itertools.count(1)


class Way:
    """A way to a sandbox: in this process, or over a port; either way its file is open here."""

    def __init__(self, sandbox: Sandbox, served: ServedSandbox | None = None) -> None:
        self.sandbox = sandbox
        self.is_served = served is not None
        self.url = served.url if served else BASE_URL
        sandbox.reset()
        sandbox.set_faults([])

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.AsyncHTTPTransport(verify=False) if self.is_served else transport(self.sandbox)

    def send(self, *requests: tuple[str, dict[str, Any]]) -> list[httpx.Response | httpx.HTTPError]:
        """What comes of requests over one client, one after another: responses or errors."""

        async def run() -> list[httpx.Response | httpx.HTTPError]:
            found: list[httpx.Response | httpx.HTTPError] = []
            headers = {"Authorization": f"Bearer {self.sandbox.token}"}
            async with httpx.AsyncClient(transport=self.transport(), headers=headers, timeout=10) as client:
                for path, body in requests:
                    try:
                        found.append(await client.post(f"{self.url}{path}", json=body))
                    except httpx.HTTPError as error:
                        found.append(error)
            return found

        return anyio.run(run)

    def ask(self, query: str = CUSTOMERS, **variables: Any) -> httpx.Response | httpx.HTTPError:
        return self.send(("/api", {"query": query, "variables": variables}))[0]

    def create(self) -> httpx.Response | httpx.HTTPError:
        return self.ask(CREATE, name=f"Acme {next(_numbers)}")

    def names(self) -> list[str]:
        return names_in(self.sandbox.execute(CUSTOMERS)[1])

    @asynccontextmanager
    async def client(self, **credentials: Any):  # type: ignore[no-untyped-def]
        given = Credentials(self.url, **(credentials or {"access_token": Secret(self.sandbox.token)}))
        patience = Patience(sleep=no_sleep)
        async with Client(
            self.url, given, transport=self.transport(), rate=None, patience=patience
        ) as client:
            yield client


def names_in(answer: dict[str, Any]) -> list[str]:
    return [node["name"] for node in answer["data"]["customers"]["nodes"]]
