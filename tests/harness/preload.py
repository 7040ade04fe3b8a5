"""A library of a few lines of C, to be loaded before libc by the program under test (LD_PRELOAD)."""

import os

from harness.processes import Finished


def compile_preload(folder, name, source):
    """Compiles `source` in the folder; where the library is."""
    file, library = (os.path.join(folder, f"{name}.{ending}") for ending in ("c", "so"))
    with open(file, "w", encoding="ascii") as out:
        out.write(source)
    done = Finished([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, file, "-ldl"])
    if done.code != 0:
        raise AssertionError(str(done))
    return library
