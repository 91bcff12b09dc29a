"""Two tenants whose version and component numbers differ take the same manifests."""

from __future__ import annotations

from pathlib import Path

import httpx
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


def test_the_same_manifests_plan_empty_in_both(
    project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with (
        ServedSandbox(str(tmp_path / "one.db")) as one,
        ServedSandbox(str(tmp_path / "two.db"), component_shift=40, version_shift=7) as two,
    ):
        monkeypatch.setenv("FIRST_TOKEN", one.refresh_token)
        monkeypatch.setenv("SECOND_TOKEN", two.token)
        project.shop()
        project.write("reconciler.yaml", PROJECT.format(one.url, one.tenant, two.url, two.tenant))
        for environment in ("staging", "production"):
            code, out, err = project("apply", "--yes", "-e", environment)
            assert code == 0, out + err
        for environment in ("staging", "production"):
            assert project("plan", "--detailed-exitcode", "-e", environment)[0] == 0
        assert _version(one) != _version(two)


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


def _version(served: ServedSandbox) -> int:
    query = "{ instances(isSystem: false) { nodes { integration { versionNumber } } } }"
    headers = {"Authorization": f"Bearer {served.token}"}
    answer = httpx.post(f"{served.url}/api", json={"query": query, "variables": {}}, headers=headers).json()
    (node,) = answer["data"]["instances"]["nodes"]
    return int(node["integration"]["versionNumber"])
