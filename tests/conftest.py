"""What all tests stand on."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

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
