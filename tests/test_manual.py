"""The manual: every command has a page with exactly the options that it takes, every page has what belongs in one, its examples
work, and the programs that show it have nothing to say against it."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness.cotter import cotter_binary
from harness.processes import Finished, environment

TOP = pathlib.Path(__file__).resolve().parents[1]
SOURCES = TOP / "docs/man"
NOT_OURS = {"--pinnedpubkey", "--allow-spki-pin", "--discovery-token-ca-cert-hash", "--cflags", "--libs"}  # other programs'


def cotter(*words, state="/nonexistent/state"):
    return Finished([cotter_binary(), *words], env=environment(COTTER_STATE=state))


def options_in_help(words):
    """The options that --help shows, listed or only named."""
    text = cotter(*words, "--help").out.split("Examples", 1)[0]
    listed = re.findall(r"^  (-[\w,-]+)", text, re.MULTILINE)
    named = re.findall(r"^(?:\w+ \(cotter help \w+\):| )((?: --[\w-]+)+)$", text, re.MULTILINE)
    return {name for names in listed for name in names.split(",")} | {name for names in named for name in names.split()}


def section(text, title):
    """What stands under a heading, up to the next of its level."""
    level = title.split()[0]
    found = re.search(rf"^{re.escape(title)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def options_in(text):
    """The options that have an entry of their own."""
    heads = re.findall(r"^(\*-.*)\n\t", text, re.MULTILINE)
    return {name for head in heads for name in re.findall(r"\*(--?[\w-]+)\*", head)}


class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-manual-")))
        cls.tool = cotter("help", "--json").json
        (cls.folder / "commands.json").write_text(json.dumps(cls.tool), encoding="utf-8")
        cls.texts = {}  # by "cotter-serve.1": scdoc's input
        for source in sorted(SOURCES.glob("*.scd")):
            name = source.name.removesuffix(".scd")
            made = Finished([SOURCES / "page.py", cls.folder / "commands.json", source, cls.folder / source.name])
            if made.code != 0:
                raise AssertionError(str(made))
            text = (cls.folder / source.name).read_bytes()
            page = Finished(["scdoc"], stdin=text)
            if page.code != 0:
                raise AssertionError(f"{name}: {page}")
            cls.texts[name] = text.decode()
            (cls.folder / name).write_bytes(page.raw)

    def commands(self):
        """The commands that the root lists, each with its page."""
        for command in self.tool["commands"]:
            yield command, self.texts.get(command["command"].replace(" ", "-") + ".1", "")

    def test_every_command_has_a_page_and_is_on_the_first_one(self):
        named = section(self.texts["cotter.1"], "# COMMANDS")
        for command, text in self.commands():
            with self.subTest(command=command["command"]):
                self.assertTrue(text, "there is no page")
                word = command["command"].split()[-1]
                self.assertIn(f"*cotter-{word}*(1)\n", named)
        pages = {f"{command['command'].replace(' ', '-')}.1" for command in self.tool["commands"]}
        self.assertEqual({name for name in self.texts if name.endswith(".1")}, pages | {"cotter.1"})

    def test_the_options_of_a_page_are_those_that_help_shows(self):
        of_all = options_in_help([])
        self.assertEqual(options_in(section(self.texts["cotter.1"], "# OPTIONS")), of_all)
        for command, text in self.commands():
            words = command["command"].split()[1:]
            with self.subTest(command=command["command"]):
                own = section(text, "# OPTIONS")
                self.assertEqual(options_in(own), options_in_help(words) - of_all)
                self.assertTrue(own or not command["arguments"] or command["commands"])
            for below in command["commands"]:
                with self.subTest(command=below["command"]):
                    part = section(text, f"## {below['command']}")
                    self.assertTrue(part, "the page says nothing of it")
                    self.assertEqual(options_in(part), options_in_help(below["command"].split()[1:]) - of_all)
                    self.assertIn("*--json*", part)

    def test_the_description_of_an_option_says_its_words_and_its_default(self):
        serve = self.texts["cotter-serve.1"]
        self.assertIn("*--min-tls* _1.2\\|1.3_\n\tLeast TLS version. Default: *1.3*.", serve)
        self.assertIn("One of *debug*, *info*, *warning*, *error*.", serve)
        self.assertIn("May be repeated.", section(serve, "# OPTIONS"))

    def test_every_page_has_the_sections_that_belong_in_it(self):
        usual = ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "SEE ALSO"]
        for name, text in self.texts.items():
            with self.subTest(page=name):
                titles = re.findall(r"^# (.+)$", text, re.MULTILINE)
                wanted = usual + (["EXIT STATUS"] if name.endswith(".1") else [])
                self.assertLessEqual(set(wanted), set(titles))
                self.assertEqual(titles[:3], usual[:3])
                self.assertEqual(titles[-1], "SEE ALSO")
                page, digit = name.rsplit(".", 1)
                self.assertTrue(text.startswith(f"{page}({digit})\n"))
                self.assertRegex(section(text, "# NAME"), rf"^\n{re.escape(page)} - \S")

    def test_what_is_referred_to_exists(self):
        for name, text in self.texts.items():
            with self.subTest(page=name):
                for page, digit in re.findall(r"\*([\w.-]+)\*\((\d)\)", text):
                    self.assertIn(f"{page}.{digit}", self.texts)
                self.assertGreaterEqual(len(re.findall(r"\*\(\d\)", section(text, "# SEE ALSO"))), 1)

    def test_every_flag_in_the_prose_is_one_of_cotters(self):
        known = set(NOT_OURS)
        waiting = [self.tool]
        while waiting:
            command = waiting.pop()
            known |= {name for option in command["options"] for name in option["names"]}
            waiting += command["commands"]
        for name, text in self.texts.items():
            with self.subTest(page=name):
                self.assertLessEqual(set(re.findall(r"(?<![\w-])--[a-z][\w-]*", text)), known)

    def test_pages_are_shown_without_a_warning(self):
        for name in self.texts:
            with self.subTest(page=name):
                shown = Finished(["man", "--warnings=w", "--local-file", "--pager=cat", self.folder / name],
                                 env=environment(MANWIDTH="80"))
                self.assertEqual((shown.code, shown.err), (0, ""))
                self.assertNotIn("@", re.sub(r"\S+@\S+|@(revoked|next|WORD)", "", shown.out))
                linted = Finished(["mandoc", "-T", "lint", "-W", "warning", self.folder / name])
                # scdoc writes a .PP after each heading, which changes nothing.
                faults = [line for line in linted.out.splitlines() if "skipping paragraph macro: PP" not in line]
                self.assertEqual(faults, [])

    def test_lines_of_examples_fit_a_terminal(self):
        for name, text in self.texts.items():
            with self.subTest(page=name):
                if name.endswith(".5"):
                    continue  # lines of files are as long as they are
                for block in re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
                    for line in block.splitlines():
                        self.assertLessEqual(len(line), 100, line)

    def example(self, page):
        return re.search(r"^```\n(.*?)^```", section(self.texts[page], "# EXAMPLES"), re.MULTILINE | re.DOTALL).group(1)

    def written(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    def test_the_examples_of_files_load(self):
        state = self.folder / "state"
        self.assertEqual(cotter("id", state=state).code, 0)
        configuration = self.written("cotter.toml", self.example("cotter.toml.5"))
        self.assertEqual((done := cotter("check", configuration, state=state)).code, 0, str(done))
        policy = self.written("policy.toml", self.example("cotter-policy.5"))
        self.assertEqual((done := cotter("policy", "check", policy)).code, 0, str(done))
        self.written("state/known_peers", self.example("cotter-known_peers.5"))
        listed = cotter("peers", "list", state=state)
        self.assertEqual(listed.code, 0, str(listed))
        self.assertIn("db.example.com:7000", listed.out)

    def test_the_keys_of_the_configuration_file_are_known_ones(self):
        text = self.texts["cotter.toml.5"]
        service = '[[service]]\nname = "a"\nlisten = "127.0.0.1:7000"\nto = ["127.0.0.1:1"]\n'
        for title, begin in (("# AT THE TOP", ""), ("# IN A SERVICE", service)):
            heads = re.findall(r"^(\*[a-z].*)\n\t", section(text, title), re.MULTILINE)
            keys = [key for head in heads for key in re.findall(r"\*([a-z_]+)\*", head)]
            self.assertGreater(len(keys), 8)
            for key in set(keys) - {"version", "name", "listen", "to"}:
                with self.subTest(key=key):
                    configuration = self.written("one.toml", f"version = 1\n{begin}{key} = {{}}\n{'' if begin else service}")
                    refused = cotter("check", configuration, state=self.folder / "other")
                    self.assertEqual(refused.code, 2)
                    self.assertNotIn("there is no key", refused.err)

    def test_the_example_of_the_library_compiles(self):
        source = self.written("example.cc", self.example("libcotter.3").replace("\\\\n", "\\n"))
        subprocess.run(["g++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", TOP / "include", source],
                       check=True)

    def test_every_public_header_is_on_the_librarys_page(self):
        headers = {f"cotter/{path.name}" for path in (TOP / "include/cotter").glob("*.h")}
        self.assertEqual(set(re.findall(r"<(cotter/[\w.]+)>", section(self.texts["libcotter.3"], "# HEADERS"))), headers)


if __name__ == "__main__":
    unittest.main()
