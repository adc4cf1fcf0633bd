"""Runs a command in a terminal, types a line when it asks, and passes on what it writes. Ends as the command does."""

import os
import pty
import sys

child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])

written = b""
asked = False
try:
    while shown := os.read(terminal, 4096):
        written += shown
        sys.stdout.buffer.write(shown)
        sys.stdout.buffer.flush()
        if not asked and b"Type yes to go on: " in written:
            asked = True
            os.write(terminal, sys.argv[1].encode() + b"\n")
except OSError:
    # Linux's way to say that nobody has the other end open any more.
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
