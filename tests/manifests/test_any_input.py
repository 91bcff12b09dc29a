"""Whatever value stands wherever in the files: resources or diagnostics, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.yaml12.text import parse
from tests.manifests import sample
from tests.manifests.sample import CUSTOMER, DEFINITION, INTEGRATION
from tests.manifests.test_load import INSTANCE_FULL, SET, X

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
SUBJECTS = {
    "reconciler.yaml": sample.PROJECT,
    "definitions/hello.yml": DEFINITION,
    "manifests/integration.yaml": INTEGRATION,
    "manifests/customer.yaml": CUSTOMER,
    "manifests/instance.yaml": INSTANCE_FULL,
    X: SET.replace("{labels: {tier: silver}}", "{names: [acme]}"),
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = list(
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path, *(found for key, inner in pairs for found in paths(inner, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_anywhere_gives_resources_or_diagnostics(tmp_path: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(sorted(SUBJECTS)))
    value = parse(SUBJECTS[file], file)[0][0].value
    broken = replaced(value, data.draw(st.sampled_from(paths(value))), data.draw(ANY))
    # JSON is YAML.
    files: dict[str, str | bytes] = {**SUBJECTS, file: json.dumps(broken)}
    for problem in sample.problems(tmp_path, files):
        assert problem.message
        assert problem.hint
