"""A small project in which nothing is wrong, for tests to break one thing of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifests import project
from reconciler.manifests.load import load
from reconciler.manifests.project import Project
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import Desired

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: acme}
spec:
  manifests: [manifests/]
  environments:
    staging:
      url: https://app.prismatic.io
      auth: {refreshToken: {env: TOKEN}}
      variables: {region: eu}
    production:
      url: https://app.prismatic.io
  default: staging
"""
DEFINITION = """\
definitionVersion: 7
name: Hello
flows:
  - name: Receive order
    steps:
      - name: Order Trigger
        isTrigger: true
        action: &hook
          key: webhook
          component: {key: webhook-triggers, isPublic: true, version: LATEST}
      - name: Write Log
        action: {key: writeLog, component: {key: log, isPublic: true, version: LATEST}}
        inputs:
          message: {type: reference, value: orderTrigger.results.body}
          level: {type: configVar, value: Level}
requiredConfigVars:
  - {key: Level, dataType: picklist, defaultValue: info, pickList: [info, warn]}
  - {key: Channel, dataType: string, defaultValue: general}
  - {key: Count, dataType: number, defaultValue: "1"}
  - {key: Urgent, dataType: boolean, defaultValue: "false"}
  - {key: Items, dataType: string, collectionType: valuelist, defaultValue: "[]"}
  - key: Store
    dataType: connection
    connection: {key: apiKey, component: {key: store, isPublic: true, version: LATEST}}
    inputs:
      apiKey: {type: value, value: ""}
      host: {type: value, value: shop.example}
configPages:
  - name: Configuration
    elements: [{type: configVar, value: Level}, {type: configVar, value: Store}]
"""
INTEGRATION = """\
apiVersion: reconciler/v1
kind: Integration
metadata: {name: hello}
spec: {definition: ../definitions/hello.yml, release: 1.0.0}
"""
CUSTOMER = """\
apiVersion: reconciler/v1
kind: Customer
metadata: {name: acme, labels: {tier: gold}}
spec: {name: Acme Inc, externalId: acme-42}
"""
INSTANCE = """\
apiVersion: reconciler/v1
kind: Instance
metadata: {name: hello}
spec:
  customer: acme
  integration: hello
  name: Hello for Acme
  config:
    Store: {inputs: {apiKey: {secret: {env: KEY}}}}
"""
FILES: dict[str, str | bytes] = {
    "reconciler.yaml": PROJECT,
    "definitions/hello.yml": DEFINITION,
    "manifests/integration.yaml": INTEGRATION,
    "manifests/customer.yaml": CUSTOMER,
    "manifests/instance.yaml": INSTANCE,
}
ENVIRON = {"TOKEN": "t0ken", "KEY": "s3cret", "PATH": "/usr/bin:/bin"}


def manifest(kind: str, spec: str, metadata: str = "{name: extra}") -> str:
    return f"apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n"


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in {**FILES, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root / "reconciler.yaml"


def opened(root: Path, files: Mapping[str, str | bytes] | None = None) -> Project:
    loaded, found = project.load(write(root, files or {}))
    assert loaded is not None, found
    return loaded


@dataclass(frozen=True)
class Loaded:
    desired: Desired
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "error")


def load_all(project: Project, environment: str) -> Loaded:
    desired, diagnostics = load(project, environment, environ=ENVIRON)
    return Loaded(desired, tuple(diagnostics))


def loaded(
    root: Path, files: Mapping[str, str | bytes] | None = None, environment: str = "staging"
) -> Loaded:
    return load_all(opened(root, files), environment)


def problems(root: Path, files: Mapping[str, str | bytes], environment: str = "staging") -> list[Diagnostic]:
    # In a folder of its own, so that "outside the project" is a place where nothing else lies.
    found, diagnostics = project.load(write(root / "repo", files))
    if found is None:
        return diagnostics
    return [*diagnostics, *load_all(found, environment).diagnostics]
