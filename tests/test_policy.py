"""policy.toml: what connect and verify make of it, and that a listening client reads it again."""

import signal
import socket
import unittest

from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.processes import DEADLINE


def entry(name, *lines):
    return "\n".join(["[[host]]", f'name = "{name}"', *lines, ""])


def policy(*entries):
    return "version = 1\n" + "".join(entries)


def pinned(pin):
    return f'pins = ["{pin}"]'


class Policy(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")
        self.alice = self.admitted(self.owner, "alice")
        self.tunnel_server = self.server(self.owner, self.backend())
        self.wrong = self.side("somebody").pin()

    def write(self, text, name="policy.toml"):
        self.alice.pin()  # makes the state folder
        path = f"{self.alice.state}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def connect_by_file(self, *arguments):
        return self.alice.run("connect", self.tunnel_server.address, *arguments, stdin=b"octets")

    def test_the_state_folders_entry_is_enough_to_connect(self):
        self.write(policy(entry("127.0.0.1", pinned(self.tunnel_server.pin))))
        done = self.connect_by_file()
        self.assertEqual((done.code, done.raw), (0, b"octets"), done)

    def test_A66_an_entry_for_another_port_covers_nothing(self):
        self.write(policy(entry("127.0.0.1", "port = 1", pinned(self.tunnel_server.pin))))
        done = self.connect_by_file("--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (3, "no_policy"), done)

    def test_a_wrong_pin_an_ended_policy_and_an_empty_pinset_refuse_with_their_reasons(self):
        right = pinned(self.tunnel_server.pin)
        for lines, code in [([pinned(self.wrong)], "pin_mismatch"),
                            ([right, "expires = 2020-01-01T00:00:00Z"], "policy_expired"),
                            (["pins = []"], "empty_pinset"),
                            ([right, f'deny = ["{self.tunnel_server.pin}"]'], "pin_denied"),
                            (['trust = "strict"'], "continuity_unknown")]:
            with self.subTest(code):
                self.write(policy(entry("127.0.0.1", *lines)))
                verdict = self.alice.run("verify", self.tunnel_server.address, "--json")
                self.assertEqual((verdict.code, verdict.json["verdict"]), (3, "refused"), verdict)
                self.assertEqual(verdict.json["reasons"][0]["code"], code, verdict)
                self.assertEqual(self.connect_by_file().code, 3)

    def test_A12_report_mode_lets_pass_what_only_the_pins_refuse_and_says_so(self):
        self.write(policy(entry("127.0.0.1", pinned(self.wrong), 'mode = "report"', "expires = 2099-01-01T00:00:00Z")))
        verdict = self.alice.run("verify", self.tunnel_server.address, "--json")
        self.assertEqual((verdict.code, verdict.json["verdict"]), (0, "reported"), verdict)
        self.assertEqual(self.connect_by_file().code, 0)

    def test_a_pin_on_the_command_line_replaces_the_entrys_but_not_what_it_denies(self):
        server = self.tunnel_server
        self.write(policy(entry("127.0.0.1", pinned(self.wrong))))
        self.assertEqual(self.connect_by_file("--pin", server.pin).code, 0)
        self.write(policy(entry("127.0.0.1", pinned(self.wrong), f'deny = ["{server.pin}"]')))
        done = self.connect_by_file("--pin", server.pin, "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (3, "pin_denied"), done)

    def test_a_pin_and_a_policy_that_covers_the_host_contradict_each_other(self):
        path = self.write(policy(entry("127.0.0.1", pinned(self.tunnel_server.pin))), "other.toml")
        done = self.connect_by_file("--pin", self.tunnel_server.pin, "--policy", path, "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (2, "pin_and_policy"), done)
        self.assertEqual(self.connect_by_file("--policy", path).code, 0)
        elsewhere = self.write(policy(entry("elsewhere.example", pinned(self.wrong))), "elsewhere.toml")
        self.assertEqual(self.connect_by_file("--pin", self.tunnel_server.pin, "--policy", elsewhere).code, 0)

    def test_A57_a_file_with_a_fault_refuses_and_tells_the_place(self):
        self.write(policy(entry("127.0.0.1", pinned(self.tunnel_server.pin), "colour = 1")))
        done = self.connect_by_file()
        self.assertEqual(done.code, 2, done)
        self.assertIn("line 5", done.err)
        self.assertIn("colour", done.err)
        self.assertEqual(self.connect_by_file("--pin", self.tunnel_server.pin).code, 2, "even where a pin is given")

    def test_A19_a_policy_that_is_named_and_missing_refuses(self):
        self.assertEqual(self.connect_by_file("--policy", self.alice.path("missing.toml")).code, 1)

    def test_verify_of_a_file_is_judged_by_the_entry_of_its_host(self):
        leaf = self_signed(self.owner.folder, "db")
        path = self.write(policy(entry("*.example.com", pinned(leaf.pin()))), "p.toml")
        good = self.alice.run("verify", "--chain", leaf.certificate, "--host", "db.example.com", "--policy", path, "--json")
        self.assertEqual((good.code, good.json["matched"]["position"]), (0, 0), good)
        bad = self.alice.run("verify", "--chain", leaf.certificate, "--host", "a.db.example.com", "--policy", path)
        self.assertEqual(bad.code, 3, bad)
        self.assertIn("nothing is known", bad.err)

    def test_a_listening_client_reads_its_policy_again_without_dropping_a_stream(self):
        self.write(policy(entry("127.0.0.1", pinned(self.tunnel_server.pin))))
        client = self.listening_process(self.alice, self.tunnel_server, trust=[])

        def reload(text, result):
            self.write(text)
            client.signal(signal.SIGHUP)
            client.err.wait(lambda line: '"reload"' in line and f'"{result}"' in line, f"reload {result}")

        with socket.create_connection(client.at, DEADLINE) as stream:
            self.assertEqual(self.exchange(stream, b"before"), b"before")
            reload("version = 1\n[[host]]\n", "kept")
            with socket.create_connection(client.at, DEADLINE) as another:
                self.assertEqual(self.exchange(another, b"as before"), b"as before")
            reload(policy(entry("127.0.0.1", pinned(self.wrong))), "applied")
            # The refusal may be there before the connection is: the attempt itself then fails.
            with self.assertRaises(ConnectionError), socket.create_connection(client.at, DEADLINE) as another:
                self.exchange(another, b"judged by the new policy")
            self.assertEqual(self.exchange(stream, b"alive"), b"alive")

    @staticmethod
    def exchange(stream, data):
        """What an echoing backend gives back for `data`; the connection's end is an error."""
        stream.sendall(data)
        answer = b""
        while len(answer) < len(data):
            part = stream.recv(len(data) - len(answer))
            if not part:
                raise ConnectionError("the stream ended")
            answer += part
        return answer


if __name__ == "__main__":
    unittest.main()
