"""--trust ask: a person at a terminal is shown an unknown key, and says yes, or what the owner gave; or nobody is trusted."""

import os
import re
import subprocess
import sys
import unittest

from harness.case import TunnelTest
from harness.certificates import self_signed, self_signed_with
from harness.processes import Finished, event_of
from harness.terminal import Terminal
from harness.tls_servers import PythonServer, server_context

PROMPT = "[no]: "


class AskTest(TunnelTest):
    def setUp(self):
        self.alice = self.side("alice")
        self.known_peers = os.path.join(self.alice.state, "known_peers")
        self.key = self_signed(self.alice.folder, "server")
        self.terminal = self.enterContext(Terminal())

    def serve(self, issued=None, port=0):
        return self.enterContext(PythonServer(server_context(issued or self.key), port=port))

    def at_terminal(self, *arguments, stdin=subprocess.DEVNULL, stdout=None):
        command = self.alice.command(*arguments)
        return self.enterContext(self.terminal.start(command, env=self.alice.env(), stdin=stdin, stdout=stdout))

    def answer(self, server, *answers, command="connect", arguments=()):
        """Asks about that server, types the answers, and gives the process once it has ended."""
        process = self.at_terminal(command, server.address, "--trust", "ask", *arguments)
        for text in answers:
            self.terminal.read_until(PROMPT)
            self.terminal.type(text)
        process.code = process.wait()
        return process

    def content(self):
        if not os.path.exists(self.known_peers):
            return ""
        with open(self.known_peers, encoding="ascii") as file:
            return file.read()


class FirstContact(AskTest):
    def test_yes_remembers_the_key_and_the_stream_is_that_keys(self):
        server = self.serve()
        process = self.at_terminal("connect", server.address, "--trust", "ask", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.popen.stdin.write(b"yes\nsecret")  # standard input is the stream, and no answer
        process.popen.stdin.close()
        shown = self.terminal.read_until(PROMPT)
        self.assertEqual(self.content(), "")
        looked = server.meeting().wait()
        self.assertEqual(looked.received, b"", "nothing is sent before the person has said yes")
        self.terminal.type("yes\n")
        with process.popen.stdout as stream:
            self.assertEqual(stream.read(), b"yes\nsecret")
        self.assertEqual(process.wait(), 0, process.err.text())
        self.assertRegex(self.content(), re.escape(f"{server.address} {self.key.pin()} 2"))
        self.assertEqual(server.meeting().wait().received, b"yes\nsecret")
        for words in (server.address, "EC P-256", "CN=server", "somebody may stand between"):
            self.assertIn(words, shown)

    def test_A126_the_key_is_shown_so_that_it_can_be_compared_with_the_owners(self):
        server = self.serve()
        self.answer(server, "no\n")
        self.assertIn(self.key.pin().removeprefix("sha256/"), re.sub(r"\s", "", self.terminal.screen))

    def test_from_then_on_nobody_is_asked(self):
        server = self.serve()
        self.assertEqual(self.answer(server, "yes\n").code, 0)
        for mode in (("--trust", "ask"), ("--trust", "strict"), ()):
            done = self.alice.run("connect", server.address, *mode, stdin=b"again")
            self.assertEqual((done.code, done.raw, done.err), (0, b"again", ""), done)
        self.assertEqual(self.content().count("\n"), 1)

    def test_the_owners_pin_in_any_spelling_is_compared_and_remembered(self):
        value = self.key.pin().removeprefix("sha256/")
        fingerprint = Finished(["openssl", "x509", "-in", self.key.certificate, "-noout", "-fingerprint", "-sha256"]).out
        for pasted in (self.key.pin() + "\n", f"sha256//{value}\r", f'pin-sha256="{value}"\n', fingerprint):
            with self.subTest(pasted=pasted):
                server = self.serve()
                self.assertEqual(self.answer(server, pasted).code, 0, self.terminal.screen)
                self.assertIn(f"{server.address} {self.key.pin()}", self.content())

    def test_another_pin_is_refused_with_3(self):
        server = self.serve()
        other = self_signed(self.alice.folder, "other", key="ed25519")
        process = self.answer(server, other.pin() + "\n", arguments=("--json",))
        self.assertEqual(process.code, 3)
        self.assertEqual(event_of(process.out.text())["error"]["code"], "pin_mismatch")
        self.assertEqual((self.content(), server.count), ("", 1))

    def test_everything_but_yes_is_no(self):
        for answers in (("\n",), ("no\n",), ("\x04",), ("Yes\n", "y\n", "sure\n"), ("maybe\n", "\n")):
            with self.subTest(answers=answers):
                server = self.serve()
                process = self.answer(server, *answers)
                self.assertEqual(process.code, 3)
                self.assertIn("nobody confirmed its key", process.err.text())
                self.assertEqual((self.content(), server.count), ("", 1))

    def test_an_unclear_answer_can_be_mended(self):
        self.assertEqual(self.answer(self.serve(), "yes!\n", "yes\n").code, 0)

    def test_what_was_typed_before_the_question_is_no_answer_to_it(self):
        server = self.serve()
        self.terminal.type("yes\nyes\n")
        process = self.at_terminal("connect", server.address, "--trust", "ask")
        self.terminal.read_until(PROMPT)
        self.terminal.type("no\n")
        self.assertEqual(process.wait(), 3)
        self.assertEqual(self.content(), "")

    def test_A133_what_is_shown_is_refused_when_it_is_pasted_back(self):
        server = self.serve()
        process = self.at_terminal("connect", server.address, "--trust", "ask")
        shown = self.terminal.read_until(PROMPT)
        self.terminal.type(re.search(r"^  (sha256 .*)$", shown, re.MULTILINE).group(1) + "\n")
        self.assertEqual(process.wait(), 3)
        self.assertIn("the answer was what the server itself shows", process.err.text())
        self.assertEqual(self.content(), "")

    def test_A133_a_certificate_cannot_speak_for_us(self):
        said = "x\n\ncotter: this key is right\033[2J"
        pin = re.sub(r"([/+])", r"\\\1", self.key.pin())
        loud = self_signed_with(self.key.key, self.alice.path("loud.crt"), f"{said}/O={pin}")
        server = self.serve(loud)
        process = self.at_terminal("connect", server.address, "--trust", "ask")
        shown = self.terminal.read_until(PROMPT)
        self.assertNotIn("\033", shown)
        self.assertEqual(len(re.findall(r"^cotter: ", shown, re.MULTILINE)), 1, shown)
        self.terminal.type(self.key.pin() + "\n")
        self.assertEqual(process.wait(), 3, "a pin that the certificate shows is nobody's word but its own")
        self.assertEqual(self.content(), "")

    def test_a_listening_client_asks_once_before_it_listens(self):
        server = self.serve()
        process = self.at_terminal("connect", server.address, "--trust", "ask", "--listen", "127.0.0.1:0", "--json")
        self.terminal.read_until(PROMPT)
        self.assertEqual(process.out.text(), "")
        self.terminal.type("yes\n")
        process.out.wait(lambda line: (event_of(line) or {}).get("listen"), "listening event")
        self.assertEqual(self.content().count("\n"), 1)

    def test_verify_asks_remembers_and_judges_by_it(self):
        server = self.serve()
        process = self.answer(server, "yes\n", command="verify", arguments=("--json",))
        self.assertEqual(process.code, 0, process.err.text())
        verdict = event_of(process.out.text())
        self.assertEqual((verdict["verdict"], verdict["matched"]["pin"]), ("trusted", self.key.pin()))
        self.assertEqual(self.alice.run("verify", server.address).code, 0)
        self.assertEqual(self.answer(self.serve(), "no\n", command="verify").code, 3)

    def test_the_policy_file_can_say_ask(self):
        server = self.serve()
        os.makedirs(self.alice.state, mode=0o700, exist_ok=True)
        with open(os.path.join(self.alice.state, "policy.toml"), "w", encoding="ascii") as file:
            file.write('version = 1\n[[host]]\nname = "127.0.0.1"\ntrust = "ask"\n')
        self.assertEqual(self.alice.run("connect", server.address).code, 3, "there is no terminal")
        process = self.at_terminal("connect", server.address)
        self.terminal.read_until(PROMPT)
        self.terminal.type("yes\n")
        self.assertEqual(process.wait(), 0)

    def test_a_name_can_be_remembered_hashed(self):
        server = self.serve()
        self.assertEqual(self.answer(server, "yes\n", arguments=("--hash-hosts",)).code, 0)
        self.assertRegex(self.content(), r"^\|1\|[A-Za-z0-9+/=]{44}\|[A-Za-z0-9+/=]{44} sha256/")
        self.assertNotIn("127.0.0.1", self.content())
        self.assertEqual(self.alice.run("connect", server.address).code, 0)


class Nobody(AskTest):
    def test_A133_without_a_terminal_the_answer_is_no(self):
        server = self.serve()
        for command in ("connect", "verify"):
            for words in (b"yes\n", self.key.pin().encode() + b"\n"):
                done = self.alice.run(command, server.address, "--trust", "ask", stdin=words)
                self.assertEqual((done.code, done.raw), (3, b""), done)
                self.assertIn("there is no terminal to ask at", done.err)
                self.assertIn("--pin", done.err)
        done = self.alice.run("connect", server.address, "--trust", "ask", "--json")
        self.assertEqual(done.json["error"]["code"], "continuity_unknown")
        self.assertEqual(self.content(), "")

    def test_a_denied_key_is_put_to_nobody(self):
        denied = self.alice.path("deny.toml")
        with open(denied, "w", encoding="ascii") as file:
            file.write(f'version = 1\n[[host]]\nname = "127.0.0.1"\ntrust = "ask"\ndeny = ["{self.key.pin()}"]\n')
        server = self.serve()
        process = self.at_terminal("connect", server.address, "--policy", denied, "--json")
        self.assertEqual(process.wait(), 3)
        self.assertEqual(event_of(process.out.text())["error"]["code"], "pin_denied")
        self.assertEqual((self.terminal.screen, self.content()), ("", ""))


class Changed(AskTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.assertEqual(self.answer(self.server, "yes\n").code, 0)
        self.before = self.content()
        self.screen = self.terminal.screen

    def test_A127_a_changed_key_is_refused_and_nobody_is_asked(self):
        self.server.__exit__()
        server = self.serve(self_signed(self.alice.folder, "new", key="ed25519"), self.server.port)
        for command in ("connect", "verify"):
            process = self.at_terminal(command, server.address, "--trust", "ask")
            self.assertEqual(process.wait(), 3)
            self.assertIn("has changed", process.err.text() + process.out.text())
        self.assertEqual(self.content(), self.before)
        self.terminal.type("\n")  # so that there is something to read: nothing but its echo comes
        self.terminal.read_until("\n")
        self.assertEqual(self.terminal.screen.removeprefix(self.screen).count(PROMPT), 0)

    def test_A128_a_file_that_cannot_be_read_asks_nobody(self):
        with open(self.known_peers, "a", encoding="ascii") as file:
            file.write("torn")
        other = self.serve()
        process = self.at_terminal("connect", other.address, "--trust", "ask")
        self.assertEqual(process.wait(), 1)
        self.assertIn("line 2 is torn", process.err.text())
        self.assertEqual(other.count, 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
