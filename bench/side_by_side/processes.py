"""Processes of a comparison: each on the core that it is given, with what the kernel says that it cost."""

import json
import os
import resource
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
DEADLINE = 60.0


class Unready(Exception):
    """A process did not come up."""


def free_ports():
    """Two different ones."""
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def await_port(port, process):
    """Until something accepts there, asked again and again: of other programs there is no event to wait for."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise Unready(f"nothing listens on port {port}; it said:\n{process.said()}")


class Process:
    """A program and its children, tied to cores; ended by stop(), or with the block."""

    def __init__(self, arguments, cores, log, idle_priority=False, **more):
        self._log = log
        self._output = open(log, "wb")
        self._child = subprocess.Popen(
            [str(argument) for argument in arguments], stderr=self._output, start_new_session=True,
            preexec_fn=lambda: self._settle(cores, idle_priority), **{"stdout": self._output, **more})
        self.pid = self._child.pid
        self.stdout, self.stdin = self._child.stdout, self._child.stdin

    @staticmethod
    def _settle(cores, idle_priority):
        os.sched_setaffinity(0, cores)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        if idle_priority:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))

    def poll(self):
        return self._child.poll()

    def finish(self):
        """What it still has to say on standard output, and its exit code; it gets no more input."""
        said = self._child.communicate(timeout=2 * DEADLINE)[0]
        return said.decode(), self._child.returncode

    def said(self):
        return self._log.read_text(errors="replace")

    def stop(self):
        if self._child.poll() is None:
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self._child.wait(timeout=3)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._child.wait()
        for pipe in (self.stdin, self.stdout, self._output):
            if pipe:
                pipe.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def tree(self):
        """This process and what it started, by id."""
        found, unread = [], [self.pid]
        while unread:
            pid = unread.pop()
            found.append(pid)
            try:
                with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                    unread += [int(child) for child in children.read().split()]
            except FileNotFoundError:
                pass
        return found

    def cpu_seconds(self):
        """Used so far by all of them, user and system; threads that ended count, since the process keeps their sum."""
        total = 0
        for pid in self.tree():
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                fields = stat.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def pss_kib(self):
        """Memory, shared pages divided among those who share them (proc(5), smaps_rollup)."""
        total = 0
        for pid in self.tree():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
                total += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        return total


def tally(line):
    """What a driver printed last."""
    return json.loads(line)
