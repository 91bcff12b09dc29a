"""Which kinds a project names is known without asking those that name nothing undeclared."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given

from reconciler.kinds import CORE, all_kinds
from reconciler.live.fetch import kinds_named
from reconciler.manifests import load, project
from reconciler.model.state import Desired
from tests.worlds import wanted

EXAMPLE = Path(__file__).parents[3] / "examples/manifests/reconciler.yaml"


def asked_of_each(desired: Desired) -> set[str]:
    """The same, of every single resource."""
    found = set(CORE)
    for address, resource in desired.resources.items():
        found |= {address.kind, *(ref.address.kind for ref in all_kinds()[address.kind].needs(resource))}
    return found


@given(wanted())
def test_drawn_projects_name_what_their_resources_name(desired: Desired):
    assert kinds_named(desired) == asked_of_each(desired)


def test_the_example_names_what_its_resources_name():
    found, _ = project.load(EXAMPLE)
    assert found is not None
    for environment in found.environments:
        desired, _ = load.load(found, environment, environ={}, resolve_secrets=False)
        assert desired.resources
        assert kinds_named(desired) == asked_of_each(desired)
        # More than the core kinds and those that are declared, else this shows nothing.
        assert kinds_named(desired) > {a.kind for a in desired.resources}
