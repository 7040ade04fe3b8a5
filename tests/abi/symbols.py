"""What the shared library shows: its symbols by name, one a line, as tests/abi/libcotter.symbols keeps them.

    python3 tests/abi/symbols.py build/release/libcotter.so > tests/abi/libcotter.symbols
"""

import subprocess
import sys


def symbols_of(library):
    """The defined dynamic symbols of that file, demangled and without their version, in order."""
    listed = subprocess.run(["nm", "--dynamic", "--defined-only", "--demangle", str(library)],
                            check=True, capture_output=True, text=True).stdout
    names = {line.split(maxsplit=2)[2].split("@@")[0] for line in listed.splitlines()}
    return sorted(names - {"COTTER_0"})


if __name__ == "__main__":
    print("\n".join(symbols_of(sys.argv[1])))
