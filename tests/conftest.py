"""What all tests stand on."""

import gc
import os
import shutil
import signal
import ssl
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Under nohup, the process and all that it starts would ignore what tests send.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The same examples in each run, so that what is red is red again; others: --hypothesis-profile=explore.
# How busy the machine is is no finding: tests count, they do not time.
_patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", derandomize=True, **_patient)
settings.register_profile("explore", derandomize=False, database=None, **_patient)
settings.load_profile("steady")

# Journals are flushed to disk line by line, which is most of what a small apply costs.
MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# Each client would read all the world's certificates, though tests talk to nobody whom one vouches for.
ssl.create_default_context = cache(ssl.create_default_context)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Modules and tests stay: nobody need look for garbage among them, neither now nor at each test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(5_000, 10, 10)
        gc.enable()
