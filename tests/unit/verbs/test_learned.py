from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.verbs.learned import FILE, keep, known


def test_what_one_run_found_out_the_next_one_knows_for_that_tenant_alone(tmp_path: Path):
    keep(tmp_path, "a", {"lists": (16, 50), "looks": (4, 9)})
    keep(tmp_path, "b", {"lists": (2, 2)})
    assert known(tmp_path, "a") == {"lists": (16, 50), "looks": (4, 9)}
    assert known(tmp_path, "b") == {"lists": (2, 2)}
    assert known(tmp_path, "c") == {}


def test_no_folder_is_made_for_it(tmp_path: Path):
    keep(tmp_path / "none", "a", {"lists": (16, 50)})
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": 1}', '{"a": {"lists": 3}}', '{"a": {"lists": ["x", 2]}}']
)
def test_a_file_of_another_form_is_as_good_as_none(tmp_path: Path, text: str):
    (tmp_path / FILE).write_text(text)
    assert known(tmp_path, "a") == {}
    keep(tmp_path, "a", {"lists": (16, 50)})
    assert known(tmp_path, "a") == {"lists": (16, 50)}


def test_widths_that_cannot_be_are_not_known(tmp_path: Path):
    (tmp_path / FILE).write_text('{"a": {"lists": [0, 5], "looks": [9, 5], "deployInstance": [5, 5]}}')
    assert known(tmp_path, "a") == {"deployInstance": (5, 5)}
