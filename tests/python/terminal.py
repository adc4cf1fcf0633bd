"""Runs a command in a terminal of 24 rows and 40 columns, and passes on what it writes there, byte for byte.

SIGUSR1 presses Ctrl-C in it, SIGUSR2 the next of the keys in the variable KEYS. Ends as the command does, and says on standard error whether the
terminal shows what is typed.
"""

import fcntl
import os
import pty
import signal
import struct
import sys
import termios

child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])

signal.signal(signal.SIGUSR1, lambda *_: os.write(terminal, b"\x03"))
keys = iter(os.environ.get("KEYS", ""))
signal.signal(signal.SIGUSR2, lambda *_: os.write(terminal, next(keys).encode()))
try:
    while shown := os.read(terminal, 4096):
        sys.stdout.buffer.write(shown)
        sys.stdout.buffer.flush()
except OSError:
    # Linux's way to say that nobody has the other end open any more.
    pass
shows = termios.tcgetattr(terminal)[3] & termios.ECHO
print("echo is", "on" if shows else "off", file=sys.stderr, flush=True)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
