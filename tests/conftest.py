"""What all tests stand on."""

import signal

# Under nohup, the process and all that it starts would ignore what tests send.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
