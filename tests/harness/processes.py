"""Processes that a test starts: their lines are read as they come, waits have deadlines, and nothing outlives the test.

Only processes started here are ever signalled, each by its own id.
"""

import json
import os
import pathlib
import signal
import subprocess
import threading
import time

# Generous, since they pass only when something is wrong; sanitizer builds on a busy machine are slow.
DEADLINE = float(os.environ.get("COTTER_TEST_DEADLINE", "60"))

SANITIZER_MARKS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


def cotter_binary():
    """The binary under test: $COTTER_BIN, else the release build."""
    top = pathlib.Path(__file__).resolve().parents[2]
    return os.path.abspath(os.environ.get("COTTER_BIN", top / "build/release/cotter"))


def environment(**changes):
    """The environment for what a test starts: this one's, without what would lead it to the user's own state."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COTTER_", "XDG_", "SSL_", "OPENSSL_"))}
    kept.update(LC_ALL="C.UTF-8", NO_COLOR="1")
    kept.update({name: str(value) for name, value in changes.items()})
    return kept


class SanitizerFault(AssertionError):
    """A sanitizer spoke in a process's standard error."""


class Lines:
    """One output of a process, read by a thread into lines that others wait for."""

    def __init__(self, stream):
        self._stream = stream
        self._lines = []
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._stream:
            with self._changed:
                self._lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._stream.close()

    def text(self):
        with self._changed:
            return "\n".join(self._lines)

    def count(self):
        with self._changed:
            return len(self._lines)

    def finish(self):
        """Waits until the output has ended."""
        self._thread.join(DEADLINE)

    def follow(self, since=0):
        """Every line from number `since` on, as it comes, until the output ends."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda first=since: self._ended or len(self._lines) > first)
                fresh = self._lines[since:]
                if not fresh:
                    return
            yield from fresh
            since += len(fresh)

    def wait(self, wanted, what, since=0, deadline=DEADLINE):
        """What `wanted` makes of the first line (from number `since`) that it makes anything of."""
        until = time.monotonic() + deadline
        with self._changed:
            while True:
                for line in self._lines[since:]:
                    found = wanted(line)
                    if found:
                        return found
                since = len(self._lines)
                left = until - time.monotonic()
                if self._ended or left <= 0:
                    why = "the output ended" if self._ended else f"{deadline} s passed"
                    raise AssertionError(f"no {what}: {why}; there was:\n" + "\n".join(self._lines))
                self._changed.wait(left)


def event_of(line):
    """The JSON object of a line, or None."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def eventually(holds, what, deadline=DEADLINE):
    """What `holds` gives, once that is true: for what no event tells, looked at again and again up to the deadline."""
    until = time.monotonic() + deadline
    pause = threading.Event()
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"{what}: not so after {deadline} s")
        pause.wait(0.02)


class Process:
    """A running program; ended, and searched for sanitizers' words, at the end of the `with`."""

    def __init__(self, arguments, env=None, stdin=subprocess.DEVNULL, stdout=None, cwd=None):
        self.arguments = [str(argument) for argument in arguments]
        # A session of its own, without this terminal: Ctrl-C at it ends the one who started the test, who then ends this in
        # good order, and no program asks the person there.
        self.popen = subprocess.Popen(self.arguments, stdin=stdin, stdout=subprocess.PIPE if stdout is None else stdout,
                                      stderr=subprocess.PIPE, env=env or environment(), cwd=cwd, start_new_session=True)
        self.out = Lines(self.popen.stdout) if stdout is None else None
        self.err = Lines(self.popen.stderr)

    @property
    def pid(self):
        return self.popen.pid

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, deadline=DEADLINE):
        """The exit code, once it has ended by itself."""
        try:
            code = self.popen.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {deadline} s: {self.arguments}\n{self.err.text()}") from None
        for lines in (self.out, self.err):
            if lines:
                lines.finish()
        self._search_for_sanitizers()
        return code

    def running(self):
        return self.popen.poll() is None

    def end(self):
        """Ends it if it runs: SIGTERM first, SIGKILL when that isn't obeyed."""
        if self.running():
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        if self.popen.stdin:
            try:
                self.popen.stdin.close()
            except BrokenPipeError:
                pass
        for lines in (self.out, self.err):
            if lines:
                lines.finish()
        self._search_for_sanitizers()

    def _search_for_sanitizers(self):
        text = self.err.text()
        if any(mark in text for mark in SANITIZER_MARKS):
            raise SanitizerFault(f"{self.arguments}\n{text}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Finished:
    """A program that has run to its end."""

    def __init__(self, arguments, stdin=b"", env=None, deadline=DEADLINE, cwd=None):
        self.arguments = [str(argument) for argument in arguments]
        done = subprocess.run(self.arguments, input=stdin, capture_output=True, env=env or environment(), timeout=deadline,
                              check=False, cwd=cwd, start_new_session=True)
        self.code = done.returncode
        self.raw = done.stdout
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")
        if any(mark in self.err for mark in SANITIZER_MARKS):
            raise SanitizerFault(f"{self.arguments}\n{self.err}")

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"{' '.join(self.arguments)}\nexit {self.code}\n--- out\n{self.out[:4000]}\n--- err\n{self.err[:4000]}"
