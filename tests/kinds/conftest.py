"""A project in which every kind's manifests can be written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.kinds.world import World

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: shop}
spec:
  manifests: [manifests/]
  environments:
    sandbox: {secretKey: {env: KIND_KEY}, batch: 1}
    staging: {url: "http://127.0.0.1:9", auth: {refreshToken: {env: KIND_KEY}}}
  default: sandbox
"""


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> World:
    """The project, with its secrets in the environment."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("KIND_KEY", "key-of-digests-0123456789")
    monkeypatch.setenv("KIND_SECRET", "canary-first-51c2")
    monkeypatch.delenv("RECONCILER_PROJECT", raising=False)
    world = World(tmp_path, capsys)
    world.write("reconciler.yaml", PROJECT)
    assert yaml.safe_load(PROJECT)
    return world
