"""Completion, in real shells: every command, option and known word is offered by bash, zsh and fish, and files are where a file
is meant."""

import pathlib
import re
import tempfile
import unittest

from harness.cotter import cotter_binary
from harness.processes import Finished, environment
from harness.shells import Bash, Fish, Zsh, bash_completion_package


def cotter(*words):
    return Finished([cotter_binary(), *words], env=environment(COTTER_STATE="/nonexistent/state"))


def all_commands(command=None):
    """Every command as `cotter help --json` describes it, each before those below it."""
    command = command or cotter("help", "--json").json
    return [command, *(one for below in command["commands"] for one in all_commands(below))]


def options_in_help(words):
    """The options that --help shows: those of its lists, and those that it only names."""
    text = cotter(*words, "--help").out
    listed = re.findall(r"^  (-[\w,-]+)", text, re.MULTILINE)
    named = re.findall(r"^(?:\w+ \(cotter help \w+\):| )((?: --[\w-]+)+)$", text, re.MULTILINE)
    return {name for names in listed for name in names.split(",")} | {name for names in named for name in names.split()}


def visible_options(command):
    """What help shows of a command, and of the tool itself, whose options each command takes."""
    return options_in_help(command["command"].split()[1:]) | options_in_help([])


def script(shell):
    done = cotter("completion", shell)
    if done.code != 0:
        raise AssertionError(str(done))
    return done.out


def folder_of(test):
    return pathlib.Path(test.enterContext(tempfile.TemporaryDirectory(prefix="cotter-shell-")))


class Data(unittest.TestCase):
    def test_help_as_json_has_exactly_the_options_that_help_shows(self):
        for command in all_commands():
            with self.subTest(command=command["command"]):
                words = command["command"].split()[1:]
                names = {name for option in command["options"] for name in option["names"]}
                self.assertEqual(names, options_in_help(words) | {"-h", "--help"})

    def test_help_as_json_explains_one_command_or_a_topic(self):
        self.assertEqual(cotter("help", "client", "add", "--json").json["command"], "cotter client add")
        topic = cotter("help", "pins", "--json").json
        self.assertEqual((topic["topic"], topic["text"]), ("pins", cotter("help", "pins").out))

    def test_a_shell_that_is_not_known_is_refused_with_those_that_are(self):
        wrong = cotter("completion", "csh")
        self.assertEqual(wrong.code, 2)
        self.assertIn("bash", wrong.err)

    def test_the_script_is_a_json_string_where_json_is_asked_for(self):
        self.assertEqual(cotter("completion", "fish", "--json").json, {"shell": "fish", "script": script("fish")})

    def test_making_a_script_makes_no_state_folder(self):
        folder = folder_of(self)
        done = Finished([cotter_binary(), "completion", "bash"], env=environment(COTTER_STATE=folder / "state"))
        self.assertEqual(done.code, 0)
        self.assertEqual(list(folder.iterdir()), [])


class Offers:
    """What each shell must offer; `offers_of_all(lines)` is the shell's."""

    def offers_of(self, line):
        return set(self.offers_of_all([line])[line])

    def test_every_visible_option_of_every_command(self):
        commands = all_commands()
        offered = self.offers_of_all([f"{command['command']} --" for command in commands])
        for command in commands:
            with self.subTest(command=command["command"]):
                long_ones = {name for name in visible_options(command) if name.startswith("--")}
                self.assertEqual({word.rstrip("=") for word in offered[f"{command['command']} --"]}, long_ones)

    def test_short_options(self):
        for line in ("cotter log show -", "cotter -"):
            with self.subTest(line=line):
                self.assertIn("-h", self.offers_of(line))
        self.assertIn("-n", self.offers_of("cotter log show -"))

    def test_every_command(self):
        above = [command for command in all_commands() if command["commands"]]
        offered = self.offers_of_all([f"{command['command']} " for command in above])
        for command in above:
            with self.subTest(command=command["command"]):
                words = {one["command"].split()[-1] for one in command["commands"]}
                self.assertEqual(set(offered[f"{command['command']} "]), words)

    def test_every_known_word(self):
        lines = {f"{command['command']} {option['names'][-1]} ": option["words"]
                 for command in all_commands() for option in command["options"] if option["words"]}
        self.assertIn("cotter serve --min-tls ", lines)
        offered = self.offers_of_all(list(lines))
        for line, words in lines.items():
            with self.subTest(line=line):
                self.assertEqual(set(offered[line]), set(words))

    def test_words_of_arguments(self):
        self.assertEqual(self.offers_of("cotter completion "), {"bash", "zsh", "fish"})
        self.assertLessEqual({"serve", "client", "pins", "evidence"}, self.offers_of("cotter help "))

    def test_options_above_a_command_and_their_values_are_passed_over(self):
        for line in ("cotter --state client client sus", "cotter --state=client --json client sus",
                     "cotter client --key-type ed25519 sus"):
            with self.subTest(line=line):
                self.assertEqual(self.offers_of(line), {"suspend"})

    def test_a_name_that_is_a_command_of_another_level_leads_nowhere(self):
        self.assertIn("--note", self.offers_of("cotter client add serve --"))
        self.assertNotIn("--to", self.offers_of("cotter client add serve --"))

    def test_nothing_where_a_value_is_free(self):
        for line in ("cotter invite --expires ", "cotter client add al", "cotter log show --client "):
            with self.subTest(line=line):
                self.assertEqual(self.offers_of(line), set())

    def test_no_options_after_two_dashes(self):
        self.assertEqual(self.offers_of("cotter inspect -- --"), set())


class Typed:
    """What stands on the line of `shell` once Tab was pressed."""

    def test_commands_and_options_typed(self):
        self.assertEqual(self.shell.called_with("cotter cli\tadd-k\talice\t k"), ["client", "add-key", "alice", "k"])
        self.assertEqual(self.shell.called_with("cotter conn\t--unsafe-l\th:1"), ["connect", "--unsafe-listen", "h:1"])

    def test_files_with_spaces_and_folders_typed(self):
        (self.folder / "our server.crt").touch()
        (self.folder / "states").mkdir()
        (self.folder / "status").touch()
        for typed, words in (("inspect our\t", ["inspect", "our server.crt"]),
                             ("serve --cert our\t", ["serve", "--cert", "our server.crt"]),
                             ("serve --cert=our\t", ["serve", "--cert=our server.crt"]),
                             ("--state stat\t", ["--state", "states"]),
                             ("--state=stat\t", ["--state=states"])):
            with self.subTest(typed=typed):
                self.assertEqual([word.rstrip("/") for word in self.shell.called_with(f"cotter {typed}")], words)


class BashAlone(Offers, Typed, unittest.TestCase):
    def setUp(self):
        self.folder = folder_of(self)
        self.shell = self.enterContext(Bash(self.folder, script("bash")))

    def offers_of_all(self, lines):
        return {line: self.shell.offers(line) for line in lines}

    def test_words_after_an_equals_sign(self):
        self.assertEqual(self.offers_of("cotter serve --min-tls="), {"1.2", "1.3"})
        self.assertEqual(self.offers_of("cotter connect --trust=chain+"), {"chain+pins"})

    def test_an_address_is_one_argument_though_readline_splits_it(self):
        self.assertEqual(self.offers_of("cotter peers add 127.0.0.1:7000 sha256//AAAA= --ha"), {"--hash-hosts"})
        self.assertEqual(self.offers_of("cotter serve --listen 127.0.0.1:7000 --to"), {"--to"})

    def test_options_where_nothing_else_can_follow(self):
        self.assertIn("--listen", self.offers_of("cotter serve "))


class ZshAlone(Offers, Typed, unittest.TestCase):
    def setUp(self):
        self.folder = folder_of(self)
        self.shell = self.enterContext(Zsh(self.folder, script("zsh")))

    def offers_of_all(self, lines):
        return self.shell.offers_of_all(lines)


class FishAlone(Offers, unittest.TestCase):
    def setUp(self):
        self.folder = folder_of(self)
        self.fish = Fish(self.folder, script("fish"))

    def offers_of_all(self, lines):
        return self.fish.offers_of_all(lines)

    def test_descriptions_are_those_of_help(self):
        offered = self.offers_of_all(["cotter client ", "cotter inspect --"])
        self.assertEqual(offered["cotter client "]["revoke"], "Refuse a client for good; its streams are closed")
        self.assertIn("Don't look into OCTET", offered["cotter inspect --"]["--flat"])

    def test_files_and_folders(self):
        (self.folder / "server.crt").touch()
        (self.folder / "servers").mkdir()
        offered = self.offers_of_all(["cotter inspect serv", "cotter serve --cert serv", "cotter --state serv",
                                      "cotter client add bob serv", "cotter log verify a.proof serv", "cotter id serv"])
        for line in ("cotter inspect serv", "cotter serve --cert serv", "cotter client add bob serv",
                     "cotter log verify a.proof serv"):
            with self.subTest(line=line):
                self.assertEqual(set(offered[line]), {"server.crt", "servers/"})
        self.assertEqual(set(offered["cotter --state serv"]), {"servers/"})
        self.assertEqual(set(offered["cotter id serv"]), set())


class BashWithItsPackage(Typed, unittest.TestCase):
    def setUp(self):
        self.folder = folder_of(self)
        self.shell = self.enterContext(Bash(self.folder, script("bash"), bash_completion_package()))


if __name__ == "__main__":
    unittest.main()
