"""Running a command at another time: a library that is loaded before libc moves the wall clock by some seconds."""

from harness.preload import compile_preload
from harness.processes import Finished

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec* at) {
    int (*real)(clockid_t, struct timespec*) = (int(*)(clockid_t, struct timespec*)) dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, at);
    const char* moved = getenv("CLOCK_MOVED_BY");
    if (result == 0 && clock == CLOCK_REALTIME && moved) at->tv_sec += atoll(moved);
    return result;
}
"""


class MovedClock:
    """Commands under a clock that is ahead by so many hours, or behind if there are fewer than none."""

    def __init__(self, folder):
        self._library = compile_preload(folder, "clock", _SOURCE)

    def moved_by(self, seconds):
        """What a program's environment has it be so."""
        return {"LD_PRELOAD": self._library, "CLOCK_MOVED_BY": str(round(seconds))}

    def do(self, side, hours, *arguments):
        """Runs it so, and must succeed."""
        done = Finished(side.command(*arguments), env={**side.env(), **self.moved_by(hours * 3600)})
        if done.code != 0:
            raise AssertionError(str(done))
        return done
