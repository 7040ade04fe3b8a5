"""The examples as a user builds them: cotter installed into a folder, an example found by find_package, compiled, linked.

Both are kept beside the binary under test and brought up to date once a test program.
"""

import fcntl
import functools
import os
import pathlib

from harness.processes import Finished, cotter_binary

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD_DEADLINE = 570


def _done(*arguments):
    done = Finished(arguments, deadline=BUILD_DEADLINE)
    if done.code != 0:
        raise AssertionError(str(done))


@functools.cache
def _place():
    """Where both are kept; this test program alone works there until it ends."""
    place = pathlib.Path(cotter_binary()).parent / "built_examples"
    place.mkdir(exist_ok=True)
    lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return place


@functools.cache
def installed():
    """The prefix that the build of the binary under test is installed to."""
    prefix = _place() / "prefix"
    _done("cmake", "--install", _place().parent, "--prefix", prefix)
    return prefix


def built(source, program, build):
    """The path of that program of the project in the folder `source`, as its user builds it, in the folder `build`."""
    _done("cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_PREFIX_PATH={installed()}",
          "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
    _done("cmake", "--build", build)
    return str(build / program)


@functools.cache
def built_example(folder, program):
    """The path of that program of examples/FOLDER."""
    return built(TOP / "examples" / folder, program, _place() / folder)
