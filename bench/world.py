"""The project that the benchmark plans: ten sets over all customers, three config variables an instance."""

from __future__ import annotations

from pathlib import Path

SETS = 10
_PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata:
  name: bench
spec:
  manifests: [manifests]
  default: prod
  environments:
    prod:
      url: {url}
      rate: {rate}
      auth: {{accessToken: {{env: BENCH_TOKEN}}}}
"""
_INTEGRATION = """\
apiVersion: reconciler/v1
kind: Integration
metadata:
  name: sync-{number:02}
spec:
  definition: ../definitions/sync-{number:02}.yaml
  release: 1.0.0
"""
_DEFINITION = """\
definitionVersion: 7
name: Sync {number:02}
description: Copies records
requiredConfigVars:
  - key: Region
    stableKey: region
    dataType: string
    defaultValue: eu
  - key: Batch
    stableKey: batch
    dataType: number
    defaultValue: "10"
  - key: Folder
    stableKey: folder
    dataType: string
configPages:
  - name: Settings
    elements:
      - {{type: configVar, value: Region}}
      - {{type: configVar, value: Batch}}
      - {{type: configVar, value: Folder}}
flows:
  - name: Main
    stableKey: main
    steps:
      - name: Start
        stableKey: start
        isTrigger: true
        action: {{key: webhook, component: {{key: webhook-triggers, version: LATEST, isPublic: true}}}}
        inputs: {{}}
"""
_SPEC = """\
integration: sync-{number:02}
release: 1.0.0
name: {name}
description: Copies records
config:
  Region: us
  Batch: "25"
  Folder: {folder}
"""
_CUSTOMER = """\
apiVersion: reconciler/v1
kind: Customer
metadata:
  name: {name}
  labels: {{tier: gold}}
spec:
  name: Customer {name}
  externalId: {name}
"""
_HEAD = """\
apiVersion: reconciler/v1
kind: {kind}
metadata:
  name: sync-{number:02}
spec:
"""


def _below(text: str, indent: str) -> str:
    return "".join(f"{indent}{line}\n" for line in text.splitlines())


def _set(number: int) -> str:
    name = f"Sync {number:02} of ${{customer.name}}"
    spec = _SPEC.format(number=number, name=name, folder="/in/${customer.key}")
    head = _HEAD.format(kind="InstanceSet", number=number)
    return head + "  customers: {all: true}\n  template:\n" + _below(spec, "    ")


def _single(number: int, customer: str) -> str:
    name = f"Sync {number:02} of Customer {customer}"
    spec = _SPEC.format(number=number, name=name, folder=f"/in/{customer}")
    return _HEAD.format(kind="Instance", number=number) + f"  customer: {customer}\n" + _below(spec, "  ")


def definition(number: int) -> str:
    """What an integration of the project does."""
    return _DEFINITION.format(number=number)


def customers(instances: int) -> list[str]:
    """The names of the customers, each of which has an instance of every set."""
    return [f"c{number:05}" for number in range(max(1, instances // SETS))]


def mutations(instances: int) -> int:
    """How many mutations bring the project about from nothing: four for an integration, one for a customer,
    and two for an instance.
    """
    return 4 * SETS + len(customers(instances)) * (1 + 2 * SETS)


def write_project(folder: Path, instances: int, url: str, *, rate: float = 10, single: bool = False) -> None:
    """Writes the project: instances in sets, or each in a manifest of its own, a file for each customer."""
    for name in ("manifests", "definitions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "reconciler.yaml").write_text(_PROJECT.format(url=url, rate=rate))
    numbers = range(1, SETS + 1)
    for number in numbers:
        (folder / f"definitions/sync-{number:02}.yaml").write_text(definition(number))
    first = [_INTEGRATION.format(number=number) for number in numbers]
    first += [] if single else [_set(number) for number in numbers]
    (folder / "manifests/sync.yaml").write_text("---\n".join(first))
    for name in customers(instances):
        documents = [_CUSTOMER.format(name=name)]
        documents += [_single(number, name) for number in numbers] if single else []
        (folder / f"manifests/{name}.yaml").write_text("---\n".join(documents))
