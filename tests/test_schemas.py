"""What is made from the rows of the kinds is checked in as it is made."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from reconciler.manifests import schemas
from reconciler.manifests.kinds import KINDS
from tests.schemas import ROOT, files


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_it_is_as_the_rows_make_it(path: Path) -> None:
    assert path.read_text("utf-8") == files()[path], "run: make schemas"


EXAMPLES = {kind: schemas.load(kind.lower())["examples"][0] for kind in KINDS}


def wrong(document: object) -> bool:
    return not schemas.validator("manifest").is_valid(document)


def test_the_schema_of_all_manifests_takes_what_the_schemas_of_kinds_take() -> None:
    """And refuses what those refuse: a field of another kind, one that is missing, a kind that is none."""
    assert [kind for kind, example in EXAMPLES.items() if wrong(example)] == []
    for kind, example in EXAMPLES.items():
        assert wrong({**example, "spec": {**example["spec"], "nonsense": 1}}), kind
        assert wrong({**example, "kind": "Nonsense"})
        assert wrong({name: value for name, value in example.items() if name != "metadata"})
    assert wrong({**EXAMPLES["Customer"], "kind": "Instance"})


def test_each_document_of_the_example_fits_it() -> None:
    paths = [*(ROOT / "examples" / "manifests" / "manifests").rglob("*.yaml")]
    documents = [one for path in paths for one in yaml.safe_load_all(path.read_text("utf-8"))]
    assert documents
    assert [one["metadata"]["name"] for one in documents if wrong(one)] == []
