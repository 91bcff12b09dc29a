"""A stand-in for the core: enough to test the edge by itself."""

from __future__ import annotations

import time
from typing import Any

from reconciler.sandbox.nature import Nature


class StubSandbox:
    """Echoes what it is asked; a few queries misbehave on purpose."""

    token = "stub-access-token"
    refresh_token = "stub-refresh-token"
    nature = Nature()
    tenant_id = "3f0e7a52-0f4b-4f0e-9f6e-2f1f5f0a7f11"

    def __init__(self, **rules: str) -> None:
        self.rules = rules

    past = None

    def strike(self, query: str, operation_name: str | None = None) -> tuple[()]:
        return ()

    def strike_auth(self) -> tuple[()]:
        return ()

    def execute(
        self,
        query: str,
        variables: dict[str, Any] | None,
        operation_name: str | None = None,
        allow_introspection: bool = False,
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        if query == "crash":
            raise RuntimeError("broken inside")
        if query == "slow":
            time.sleep(0.2)
        if query == "refused":
            return (
                200,
                {"data": {"createX": {"x": None, "errors": [{"field": "name", "messages": ["no"]}]}}},
                {},
            )
        echo = {"query": query, "variables": variables, "introspection": allow_introspection}
        return 200, {"data": echo}, {"X-Stub": "1"}
