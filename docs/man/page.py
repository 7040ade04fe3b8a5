#!/usr/bin/env python3
"""A manual page's source with what the tool itself knows put in: synopses and options come out of `cotter help --json`, so a
page can't name another set of options than the tool takes. Prose is the page's own.

usage: page.py COMMANDS.json PAGE.scd COMPLETE.scd     (what it writes is scdoc's input)

A line of the source that begins with @ stands for something:

  @synopsis WORD...   the calls of that command and of those below it
  @options WORD...    its arguments and options
  @command WORD...    a heading with its call; the prose up to the next @ or # line; then its arguments and options
  @include FILE       that file, from the page's folder
"""

import json
import pathlib
import re
import sys

USUAL_GROUP = "Options"


def escaped(text):
    """Text in which nothing is markup to scdoc."""
    return re.sub(r"([\\*_+#<>~`|\[\]])", r"\\\1", text)


def sentence(text):
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "…", "?")) else text + "."


class Tool:
    """The commands of the tool by their words."""

    def __init__(self, root):
        self._root = root

    def find(self, words):
        command = self._root
        for word in words:
            command = next((one for one in command["commands"] if one["command"].split()[-1] == word), None)
            if command is None:
                raise SystemExit(f"page.py: there is no command {' '.join(words)}")
        return command

    def global_names(self):
        return [option["names"][-1] for option in self._root["options"]]


def call(command):
    """How a command is called, in scdoc's markup."""
    words = [f"*{command['command']}*"]
    for option in command["options"]:
        if option["required"]:
            words.append(f"*{option['names'][-1]}* _{escaped(option['value'])}_")
    for argument in command["arguments"]:
        name = f"_{escaped(argument['names'][0])}_" + ("..." if argument["repeats"] else "")
        words.append(name if argument["required"] else f"\\[{name}\\]")
    if command["needs_command"]:
        words.append("_COMMAND_")
    return " ".join([*words, "\\[_OPTION_\\]..."])


def calls(command):
    """Those of a command and of all below it."""
    own = [] if command["needs_command"] else [call(command)]
    return [*own, *(one for below in command["commands"] for one in calls(below))]


def explained(option, is_argument):
    """An entry of a list: what is written, and below it what it means."""
    if not option["description"]:
        raise SystemExit(f"page.py: {option['names'][-1]} is nowhere explained")
    if is_argument:
        head = f"_{escaped(option['names'][0])}_"
    else:
        value = f" _{escaped(option['value'])}_" if option["value"] else ""
        head = ", ".join(f"*{name}*{value}" for name in option["names"])
    text = escaped(sentence(option["description"]))
    if option["words"] and option["value"] != "|".join(option["words"]):
        text += " One of " + ", ".join(f"*{escaped(word)}*" for word in option["words"]) + "."
    if option["default"]:
        text += f" Default: *{escaped(option['default'])}*."
    if option["repeats"] and "repeated" not in text:
        text += " May be repeated."
    return f"{head}\n\t{text}\n"


def options(tool, words):
    """The arguments and options of a command, under a heading for each group but the usual one."""
    command = tool.find(words)
    parts = [explained(one, True) for one in command["arguments"] if one["description"]]
    groups = {}
    for option in command["options"]:
        if words and "--help" in option["names"]:
            continue  # one of those that every command takes
        groups.setdefault(option["group"], []).append(explained(option, False))
    parts += groups.pop(USUAL_GROUP, [])
    for group, some in groups.items():
        parts += [f"*{group}*\n", *some]
    if words:
        names = ", ".join(f"*{name}*" for name in tool.global_names())
        parts.append(f"Also those that every command takes: {names}; see *cotter*(1).\n")
    return "\n".join(parts)


def complete(tool, source, folder):
    """The source's lines, with its @ lines replaced."""
    waiting = None  # the command whose options stand at the end of the prose
    is_literal = False
    for line in source.splitlines():
        is_literal ^= line == "```"
        if is_literal or not line.startswith(("@", "#")):
            yield line
            continue
        if waiting is not None:
            yield options(tool, waiting)
            waiting = None
        directive, *words = line.split()
        if directive == "@synopsis":
            yield "++\n".join(calls(tool.find(words)))
        elif directive == "@options":
            yield options(tool, words)
        elif directive == "@command":
            waiting = words
            yield f"## {' '.join(['cotter', *words])}\n\n{call(tool.find(words))}"
        elif directive == "@include":
            yield (folder / words[0]).read_text(encoding="utf-8").rstrip("\n")
        elif directive.startswith("@"):
            raise SystemExit(f"page.py: {directive} means nothing")
        else:
            yield line


def main():
    commands, page, result = map(pathlib.Path, sys.argv[1:])
    tool = Tool(json.loads(commands.read_text(encoding="utf-8")))
    lines = complete(tool, page.read_text(encoding="utf-8"), page.parent)
    result.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
