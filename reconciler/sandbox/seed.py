"""Why this exists: benchmarks need thousands of instances, sooner than mutations would make them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .resolve.content import versions
from .resolve.content.merging import stored
from .resolve.definitions import state
from .resolve.frame.context import Context
from .resolve.integrations import drafts
from .store import Row, timestamp

if TYPE_CHECKING:
    from .sandbox import Sandbox

_DEFINITION = """\
definitionVersion: 7
name: {name}
description: Synchronises records
category: CRM
flows:
  - name: Receive
    steps:
      - name: Trigger
        isTrigger: true
        inputs: {{}}
        action: {{key: webhook, component: &hook {{key: webhook-triggers, isPublic: true, version: LATEST}}}}
      - name: Send
        inputs: {{}}
        action: {{key: httpPost, component: {{key: http, isPublic: true, version: LATEST}}}}
  - name: Nightly
    steps:
      - {{name: Trigger, isTrigger: true, inputs: {{}}, action: {{key: webhook, component: *hook}}}}
requiredConfigVars:
  - {{key: Region, dataType: picklist, pickList: [eu, us], defaultValue: eu}}
  - {{key: Batch Size, dataType: number, defaultValue: "100"}}
  - key: API
    dataType: connection
    connection: {{key: personalAccessToken, component: {{key: airtable, isPublic: true, version: LATEST}}}}
    inputs: {{apiKey: {{type: value, value: ""}}}}
"""
_START = 1_735_689_600_000_000  # 2025-01-01, so that what is made later is later


def seed(
    sandbox: Sandbox, *, integrations: int, customers: int, instances: int, mark_project: str | None = None
) -> None:
    """Fill a tenant: integrations published once, customers, and instances deployed round-robin on both.

    With mark_project every object bears that project's label. Instances need at least one of each other kind.
    """
    store = sandbox.store
    with store.writing():
        context = Context(store, sandbox.rules, store.meta(), "owner")
        versions = [_integration(context, number, mark_project) for number in range(1, integrations + 1)]
        made = [_customer(context, number, mark_project) for number in range(1, customers + 1)]
        store.insert_many("customer", made)
        deployed = [
            _instance(
                context,
                number,
                versions[number % len(versions)],
                made[number % len(made)]["id"],
                mark_project,
            )
            for number in range(1, instances + 1)
        ]
        store.insert_many("instance", deployed)


def _labels(project: str | None, kind: str, name: str) -> str:
    return json.dumps([f"reconciler:{project}/{kind}/{name}".lower()] if project else [])


def _integration(context: Context, number: int, project: str | None) -> Row:
    """A draft and its first published version, which is returned."""
    name = f"integration-{number:04}"
    given = {"labels": _labels(project, "integration", name)}
    draft = drafts.create(context, name, "Synchronises records", given, _DEFINITION.format(name=name))
    first, now = context.first_number, context.store.now()
    published = {
        **{column: value for column, value in draft.items() if not column.startswith("_")},
        "id": context.store.new_id(),
        "is_draft": 0,
        "number": first,
        "unpublished": 0,
        "available": 1,
        "published_at": now,
        "published_by": context.meta["user"],
        "created_at": now,
        "updated_at": now,
    }
    context.store.insert("integration", published)
    settled = {"number": first, "published_state": json.dumps(state(context, draft)), "unpublished": 0}
    context.store.update("integration", draft["id"], settled)
    deployed = {"deployed_version": versions.number(context, {**draft, **settled})}
    context.store.update("instance", context.system_instance(draft["sequence"])["id"], deployed)
    return published


def _customer(context: Context, number: int, project: str | None) -> Row:
    name, moment = f"customer-{number:04}", timestamp(_START + number)
    return {
        "id": context.store.new_id(),
        "name": name,
        "description": "",
        "external_id": name,
        "labels": _labels(project, "customer", name),
        "created_at": moment,
        "updated_at": moment,
    }


def _instance(context: Context, number: int, published: Row, customer: str, project: str | None) -> Row:
    name, moment = f"instance-{number:05}", timestamp(_START + 1_000_000_000 + number)
    region, _, connection = json.loads(published["variables"])
    config: dict[str, dict[str, Any]] = {
        region["s"]: {"value": "us"},
        connection["s"]: {"inputs": {"apiKey": {"type": "VALUE", "value": f"key-{number}"}}},
    }
    return {
        "id": context.store.new_id(),
        "name": name,
        "description": "",
        "labels": _labels(project, "instance", name),
        "integration": published["id"],
        "sequence": published["sequence"],
        "customer": customer,
        "enabled": 1,
        "needs_deploy": 0,
        "deployed_version": published["number"],
        "last_deployed_at": moment,
        "config": stored(config),
        "deployed_config": stored(config),
        "created_at": moment,
        "updated_at": moment,
    }
