"""The tenant that a token opens is checked before anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.projects import Folder
from tests.sandbox.served import ServedSandbox

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {{name: shop}}
spec:
  manifests: [manifests/]
  environments:
    staging: {{url: "{0}", tenant: {1}, auth: {{refreshToken: {{env: FIRST_TOKEN}}}}, rate: 1000}}
    production: {{url: "{2}", tenant: {3}, auth: {{accessToken: {{env: SECOND_TOKEN}}}}, rate: 1000}}
  default: staging
"""


def test_a_token_of_another_tenant_is_refused_before_anything_is_read(
    project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with ServedSandbox(str(tmp_path / "one.db")) as one:
        monkeypatch.setenv("FIRST_TOKEN", one.token)
        monkeypatch.setenv("SECOND_TOKEN", one.token)
        project.shop()
        other = "00000000-0000-0000-0000-000000000000"
        project.write("reconciler.yaml", PROJECT.format(one.url, one.tenant, one.url, other))
        code, _, err = project("apply", "--yes", "-e", "production")
        assert code == 4
        assert one.tenant in err
