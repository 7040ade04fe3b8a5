"""Every block of every document is run as its reader would run it, or says why it can't be (harness/session.py has the
words); what isn't run is still read by whatever reads such a file.

`python3 test_documentation.py README.md docs/pins.md` runs the blocks of those; each document is a test of its own.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import machine
from harness.markdown import TOP, blocks, documents
from harness.processes import Finished, cotter_binary
from harness.session import Instructions, Session, WentOtherwise, commands_of_console, matcher

# A name that RFC 2606 keeps for examples; here each is this machine.
EXAMPLE_HOST = re.compile(r"\b(?:[a-z0-9-]+\.)*[a-z0-9-]+\.example(?:\.(?:com|net|org))?\b|\b(?:[a-z0-9-]+\.)*example\.(?:com|net|org)\b")
SHELL = ("sh", "console")


def setUpModule():
    try:
        machine.enter()
    except machine.Refused as why:
        raise unittest.SkipTest(str(why)) from None


def check_shell(block):
    """What shellcheck says of a script that isn't run. Commands and flags of cotter are looked up by test_help.py."""
    text = block.text
    if block.language == "console":
        text = "".join(command.text for command in commands_of_console(text))
    # A word in capitals or … is for the reader to fill in.
    done = Finished(["shellcheck", "-s", "bash", "-S", "error", "-"], stdin=text.replace("…", "x").encode())
    if done.code != 0:
        raise WentOtherwise(done.out)


def check_json(block):
    for line in block.text.splitlines() if block.text.count("\n{") else [block.text]:
        json.loads(line)


def check_yaml(block):
    import yaml  # pylint: disable=import-outside-toplevel  # Debian's python3-yaml

    try:
        list(yaml.safe_load_all(block.text))
    except yaml.YAMLError as fault:
        raise WentOtherwise(str(fault)) from None


def check_cpp(block):
    done = Finished(["g++", "-std=c++20", "-fsyntax-only", "-Wall", f"-I{TOP}/include", "-xc++", "-"], stdin=block.text.encode())
    if done.code != 0:
        raise WentOtherwise(done.err)


CHECKS = {"sh": check_shell, "console": check_shell, "json": check_json, "toml": lambda block: tomllib.loads(block.text),
          "yaml": check_yaml, "cpp": check_cpp}


def run_block(session, block):
    told = Instructions.read(block.comment)
    check = CHECKS.get(block.language)
    runs = block.language in SHELL or told.save or told.with_command or told.output_of
    if not (check or runs or told.not_run):
        raise WentOtherwise(f"nothing runs or reads a block of `{block.language or 'no language'}`: say how, or why not")
    if check and (told.not_run or block.language not in SHELL):
        check(block)
    if runs and not told.not_run:
        session.run(block, told)


def run_document(document):
    """Runs all blocks, and stops at the first that doesn't do what is written."""
    text = document.read_text(encoding="utf-8")
    machine.name_hosts(sorted(set(EXAMPLE_HOST.findall(text))))
    with Session(document) as session:
        for block in sorted(blocks(text), key=lambda block: Instructions.read(block.comment).last):
            try:
                run_block(session, block)
            except (AssertionError, ValueError, OSError, subprocess.SubprocessError) as fault:
                raise WentOtherwise(f"{document.relative_to(TOP)}:{block.line}: {fault}") from None


class Documents(unittest.TestCase):
    """One test a document, made below."""


def name_of(document):
    return "test_" + re.sub(r"\W", "_", document.relative_to(TOP).with_suffix("").as_posix())


for _document in documents():
    setattr(Documents, name_of(_document), lambda self, document=_document: run_document(document))


class Runner(unittest.TestCase):
    """That a document which is wrong is found out."""

    def run_text(self, text):
        folder = TOP / "build"
        folder.mkdir(exist_ok=True)
        document = folder / "test_documentation.md"
        document.write_text(text, encoding="utf-8")
        self.addCleanup(document.unlink, missing_ok=True)
        run_document(document)

    def test_what_is_right_passes(self):
        self.run_text("```console\nalice$ echo 1 2 3; false || echo four\n1 … 3\nfour\n$ cat <<X\n> a\n> X\na\n```\n"
                      "<!-- run: exit 3; as bob -->\n```sh\nx=3\nexit_with() { return $1; }\nexit_with $x\n```\n"
                      "<!-- run: save a/b.txt -->\n```text\nhello\n```\n```console\n$ cat a/b.txt\n…\n```\n")

    def test_what_is_wrong_fails(self):
        for wrong in ("```console\n$ echo 1\n2\n```\n", "```console\n$ echo 1\n```\n", "```console\n$ true\nmore\n```\n",
                      "```sh\nfalse\n```\n", "```sh\nfalse\ntrue\n```\n", "<!-- run: exit 1 -->\n```sh\ntrue\n```\n",
                      "```\nwords\n```\n", "<!-- not run: -->\n```sh\ntrue\n```\n", "<!-- run: sometimes -->\n```sh\ntrue\n```\n",
                      "```json\n{\n```\n", "```toml\nx\n```\n", "```yaml\na: [\n```\n", "```cpp\nint\n```\n",
                      "<!-- not run: needs the moon -->\n```sh\nif true; then\n```\n", "```sh\ncotter serve --frobnicate\n```\n",
                      "<!-- run: output of echo 1 -->\n```\n2\n```\n", "```sh\nif true\n```\n"):
            with self.subTest(wrong=wrong), self.assertRaises(AssertionError):
                self.run_text(wrong)

    def test_dots_stand_for_what_changes_and_for_nothing_else(self):
        for expected, said, fits in ((["a … c"], "a b c\n", True), (["a … c"], "a b\n", False), (["…"], "", True),
                                     (["a", "…", "z"], "a\nb\nc\nz\n", True), (["a", "…", "z"], "a\nb\n", False),
                                     (["a…"], "a\nb\n", False), (["a.c"], "abc\n", False)):
            with self.subTest(expected=expected, said=said):
                self.assertEqual(bool(matcher(expected, to_the_end=True).match(said)), fits)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *(f"Documents.{name_of(TOP / word)}" if word.endswith(".md") else word for word in sys.argv[1:])])
