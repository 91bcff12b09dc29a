"""What small definitions in tests are made of."""

from __future__ import annotations

from typing import Any


def action(key: str, component: str) -> dict[str, Any]:
    """An action of one of the platform's own components."""
    return {"key": key, "component": {"key": component, "isPublic": True, "version": "LATEST"}}


def trigger() -> dict[str, Any]:
    """The step with which a flow begins."""
    hook = action("webhook", "webhook-triggers")
    return {"name": "Trigger", "isTrigger": True, "action": hook, "inputs": {}}
