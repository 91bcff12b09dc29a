"""Which resources hold secrets is seen while they are digested."""

from __future__ import annotations

from pathlib import Path

from reconciler.manifests import load, project
from reconciler.model.nested import holds
from reconciler.model.secret import Sealed

EXAMPLE = Path(__file__).parents[2] / "examples/manifests/reconciler.yaml"


def test_just_those_are_sealed_that_hold_secrets():
    found, _ = project.load(EXAMPLE)
    assert found is not None
    desired, _ = load.load(found, found.default, environ={}, resolve_secrets=False)
    holding = [address for address, one in desired.resources.items() if holds(one.fields, Sealed)]
    assert list(desired.sealed) == holding
    assert {address.kind for address in holding} >= {"Instance"}
    assert len(holding) < len(desired.resources)
