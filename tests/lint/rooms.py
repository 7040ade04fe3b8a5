"""The rooms under src/ include only rooms above them; the public headers include only public headers.

The order is the list in docs/architecture.md, between its `rooms:begin` and `rooms:end` marks. Prints each include that
runs the other way and exits 1 if there is one. Tests may include any room's testing/ folder.
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# A header that adapts a library includes it; nobody else's program does.
ADAPTERS = {"beast.h": "boost/", "boost_asio.h": "boost/"}
HEAVY = ("boost/", "nlohmann/", "CLI/", "spdlog/", "fmt/", "toml++/", "SQLiteCpp/")


def rooms_in(architecture):
    """The names of the rooms, top first, out of the text of docs/architecture.md."""
    marked = re.search(r"<!-- rooms:begin -->(.*?)<!-- rooms:end -->", architecture, re.DOTALL)
    if not marked:
        raise ValueError("docs/architecture.md has no list of rooms between its rooms:begin and rooms:end marks")
    rows = re.findall(r"^\|\s*`?([a-z0-9_]+)`?\s*\|", marked.group(1), re.MULTILINE)
    return [row for row in rows if row != "room"]


def faults_of_room_file(rooms, path, text):
    """What is wrong with the includes of src/ROOM/…: `path` is relative to src/."""
    room = path.parts[0]
    if room not in rooms:
        return [f"src/{path}: the room `{room}` is not in the list in docs/architecture.md"]
    is_test = path.name.endswith("_test.cc") or "testing" in path.parts
    faults = []
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if not include or include.group(1) != '"':
            continue
        target = pathlib.PurePosixPath(include.group(2))
        where = f'src/{path}:{number}: includes "{target}"'
        if len(target.parts) < 2:
            faults.append(f"{where}: write it with its room, as seen from src/")
        elif target.parts[0] not in rooms:
            faults.append(f"{where}: `{target.parts[0]}` is no room")
        elif rooms.index(target.parts[0]) > rooms.index(room) and not (is_test and "testing" in target.parts):
            faults.append(f"{where}: `{target.parts[0]}` stands below `{room}`")
        elif "testing" in target.parts and not is_test:
            faults.append(f"{where}: what serves tests stays out of the product")
    return faults


def faults_of_public_header(path, text):
    """What is wrong with the includes of a header under include/: it shows nobody else's headers and no room's."""
    faults = []
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if not include or include.group(2).startswith(ADAPTERS.get(pathlib.PurePath(path).name, "\0")):
            continue
        if include.group(1) == '"' or include.group(2).startswith(HEAVY):
            faults.append(f"{path}:{number}: a public header includes {include.group(2)}")
    return faults


def main():
    top = pathlib.Path(__file__).resolve().parents[2]
    rooms = rooms_in((top / "docs/architecture.md").read_text(encoding="utf-8"))
    faults = []
    for path in sorted((top / "src").rglob("*")):
        if path.suffix in (".cc", ".h"):
            faults += faults_of_room_file(rooms, path.relative_to(top / "src"), path.read_text(encoding="utf-8"))
    for path in sorted((top / "include").rglob("*.h")):
        faults += faults_of_public_header(path.relative_to(top), path.read_text(encoding="utf-8"))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
