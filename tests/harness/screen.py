"""A program on a terminal of its own, with a person who types: for prompts, and for what must not be shown there."""

import os
import pty
import signal

from harness.processes import DEADLINE


class Screen:
    """Runs a program with standard input, output and error on a new terminal, which is its controlling one."""

    def __init__(self, arguments, env):
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            signal.alarm(int(DEADLINE))  # ends with us even if nobody types
            os.execvpe(arguments[0], [str(argument) for argument in arguments], env)
        self.shown = b""

    def until(self, wanted):
        """Reads until that text has been shown."""
        while wanted.encode() not in self.shown:
            if not self._read():
                raise AssertionError(f"no {wanted!r} in {self.shown!r}")

    def type(self, text):
        os.write(self._descriptor, text.encode() + b"\n")

    def wait(self):
        """The exit code, once it has ended; `shown` then has all of it."""
        while self._read():
            pass
        os.close(self._descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self):
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # the other side has closed
            return False
        self.shown += data
        return bool(data)
