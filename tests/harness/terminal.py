"""A person's terminal: programs get it as their controlling terminal, and the test reads the screen and types."""

import os
import select
import time

from harness.processes import DEADLINE, Process

# The shell opens the terminal first in a session that has none yet, which makes it the controlling one of all it starts.
_TAKE_TERMINAL = 'exec 9<>"$0" && exec 9>&- && exec "$@"'


class Terminal:
    """A pseudo-terminal with nobody at it but the test."""

    def __init__(self):
        self._master, self._slave = os.openpty()
        self.path = os.ttyname(self._slave)
        self.screen = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._master)
        os.close(self._slave)

    def start(self, command, **options):
        """A program whose controlling terminal this is; its standard streams are the test's, as for any Process."""
        return Process(["sh", "-c", _TAKE_TERMINAL, self.path, *command], **options)

    def read_until(self, wanted, deadline=DEADLINE):
        """Reads the screen until that text has come since the last call; what came."""
        until = time.monotonic() + deadline
        fresh = ""
        while wanted not in fresh:
            ready, _, _ = select.select([self._master], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise AssertionError(f"the screen never showed {wanted!r}; it has:\n{self.screen}")
            part = os.read(self._master, 65536).decode("utf-8", "replace").replace("\r\n", "\n")
            fresh += part
            self.screen += part
        return fresh

    def rest(self):
        """What has come since, without waiting for more."""
        fresh = ""
        while select.select([self._master], [], [], 0)[0]:
            fresh += os.read(self._master, 65536).decode("utf-8", "replace").replace("\r\n", "\n")
        self.screen += fresh
        return fresh

    def type(self, text):
        os.write(self._master, text.encode())
