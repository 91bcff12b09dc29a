"""What all tests stand on."""

import signal

from hypothesis import settings

# Under nohup, the process and all that it starts would ignore what tests send.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The same examples in each run, so that what is red is red again; others: --hypothesis-profile=explore.
settings.register_profile("steady", derandomize=True)
settings.register_profile("explore", derandomize=False, database=None)
settings.load_profile("steady")
