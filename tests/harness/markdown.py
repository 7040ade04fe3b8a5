"""Markdown as the documentation is written in it: fenced blocks with the comment that stands before each, headings and the
anchors that they make, links."""

import dataclasses
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]


def documents():
    """Every document that people read, README first."""
    return [*sorted(TOP.glob("*.md"), key=lambda path: path.name != "README.md"), *sorted((TOP / "docs").rglob("*.md")),
            *sorted((TOP / "contrib").rglob("*.md"))]


@dataclasses.dataclass
class Block:
    """A fenced block: its language, its lines, the number of the first, and what the comment before it says (or "")."""

    language: str
    text: str
    line: int
    comment: str


_FENCE = re.compile(r"^( *)```([\w+]*)\s*$")


def blocks(text):
    """The fenced blocks of a text, in order."""
    found = []
    lines = text.splitlines()
    comment = ""
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.lstrip().startswith("<!--"):
            whole = line
            while "-->" not in whole:
                at += 1
                whole += "\n" + lines[at]
            comment = whole.strip().removeprefix("<!--").removesuffix("-->").strip()
        elif fence := _FENCE.match(line):
            indent, language = fence.groups()
            first = at + 1
            at = first
            while lines[at].strip() != "```":
                at += 1
            body = "".join(each.removeprefix(indent) + "\n" for each in lines[first:at])
            found.append(Block(language, body, first + 1, comment))
            comment = ""
        elif line.strip():
            comment = ""
        at += 1
    return found


def without_blocks(text):
    """The text without its fenced blocks: what is prose."""
    return re.sub(r"^ *```.*?^ *```\s*$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text):
    """What `#…` may name in a document: its headings as GitHub writes them."""
    found = set()
    for heading in re.findall(r"^#+ +(.*?) *$", without_blocks(text), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 0
        while (name := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(name)
    return found


def links(text):
    """The targets of a document's links, as written."""
    return re.findall(r"\]\(([^)\s]+)\)", without_blocks(text))
