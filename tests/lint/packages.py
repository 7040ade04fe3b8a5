"""packaging/debian-packages (what `./dev` installs) and docs/dependencies.md (why) name the same packages.

A package in docs/dependencies.md is the backquoted first cell of a table row; a row whose cell starts otherwise is prose.
Prints each package that only one of the two names and exits 1 if there is one.
"""

import pathlib
import re
import sys


def installed_packages(text):
    """The packages that packaging/debian-packages lists, all sections."""
    lines = (line.strip() for line in text.splitlines())
    return {line for line in lines if line and not line.startswith(("#", "["))}


def explained_packages(text):
    """The packages that docs/dependencies.md has a row for; a cell may hold several."""
    cells = re.findall(r"^\|\s*(`[^|]+)\|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def main():
    top = pathlib.Path(__file__).resolve().parents[2]
    installed = installed_packages((top / "packaging/debian-packages").read_text(encoding="utf-8"))
    explained = explained_packages((top / "docs/dependencies.md").read_text(encoding="utf-8"))
    for name in sorted(installed - explained):
        print(f"docs/dependencies.md doesn't say why `{name}` is installed")
    for name in sorted(explained - installed):
        print(f"packaging/debian-packages doesn't install `{name}`, which docs/dependencies.md explains")
    return 1 if installed != explained else 0


if __name__ == "__main__":
    sys.exit(main())
