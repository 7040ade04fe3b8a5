"""Killing a command at each of its steps in the file system: a library that is loaded before libc counts renames, links and
unlinks, and ends the process with SIGKILL before or after the one that was chosen."""

import signal
import subprocess

from harness.preload import compile_preload

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static int count;
static int limit(void) {
    const char* text = getenv("CRASH_AT");
    return text ? atoi(text) : 0;
}
/* The odd numbers are before a step, the even ones after it. */
static void step(void) {
    if (++count == limit()) kill(getpid(), SIGKILL);
}
#define STEP(name, parameters, arguments)                                   \
    int name parameters {                                                   \
        int (*real) parameters = (int(*) parameters) dlsym(RTLD_NEXT, #name); \
        step();                                                             \
        int result = real arguments;                                        \
        step();                                                             \
        return result;                                                      \
    }
STEP(rename, (const char* from, const char* to), (from, to))
STEP(link, (const char* from, const char* to), (from, to))
STEP(unlink, (const char* path), (path))
"""


class Crashes:
    """Runs commands that die at a step."""

    def __init__(self, folder):
        self._library = compile_preload(folder, "crash", _SOURCE)

    def run(self, side, at, *arguments):
        """Whether the command died at that step; False: it ended by itself before it came so far."""
        env = dict(side.env(), LD_PRELOAD=self._library, CRASH_AT=str(at))
        done = subprocess.run(side.command(*arguments), env=env, capture_output=True, timeout=60, check=False)
        if done.returncode == -signal.SIGKILL:
            return True
        if done.returncode != 0:
            raise AssertionError(f"{arguments} at step {at}: exit {done.returncode}\n{done.stderr.decode()}")
        return False
