"""The pipelines that `init` writes, step by step: from the first pull request to the issue on drift."""

from __future__ import annotations

import shutil

import pytest

from tests.pipelines.on_github import way_on_github
from tests.pipelines.on_gitlab import way_on_gitlab
from tests.pipelines.quick import listening
from tests.sandbox.served import ServedSandbox


@pytest.mark.skipif(not all(map(shutil.which, ("jq", "curl", "node"))), reason="as runners have them")
def test_every_step_of_the_pipelines_does_what_it_is_for(tmp_path_factory: pytest.TempPathFactory):
    """In one test, as the tenant and what the scripts call take seconds to start."""
    folder = tmp_path_factory.mktemp
    with listening(folder("link") / "link") as link, ServedSandbox() as served:
        way_on_github(folder("github"), folder("machine"), served, link)
        way_on_gitlab(folder("gitlab"), folder("machine"), served, link)
