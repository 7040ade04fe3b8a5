"""Key continuity: strict and accept-new, what is remembered, and a key that has changed."""

import os
import re
import stat
import sys
import unittest

from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.tls_servers import PythonServer, server_context


class KnownPeersTest(TunnelTest):
    def setUp(self):
        self.alice = self.side("alice")
        self.known_peers = os.path.join(self.alice.state, "known_peers")
        self.old = self_signed(self.alice.folder, "old")
        self.new = self_signed(self.alice.folder, "new", key="ed25519")

    def serve(self, issued, port=0):
        return self.enterContext(PythonServer(server_context(issued), port=port))

    def replaced(self, server, issued):
        """Another server at the same address, with another key."""
        server.__exit__()
        return self.serve(issued, server.port)

    def connect_by(self, server, *arguments):
        return self.alice.run("connect", server.address, *arguments, stdin=b"secret")

    def content(self):
        with open(self.known_peers, encoding="ascii") as file:
            return file.read()


class FirstContact(KnownPeersTest):
    def test_nothing_said_and_nothing_known_is_3_and_touches_no_network(self):
        server = self.serve(self.old)
        for command in ("connect", "verify"):
            done = self.alice.run(command, server.address)
            self.assertEqual((done.code, done.raw), (3, b""), done)
            self.assertIn("nothing is known of its key", done.err)
            self.assertIn("--pin", done.err)
            self.assertEqual(self.alice.run(command, server.address, "--json").json["error"]["code"], "no_policy")
        self.assertEqual(server.count, 0)

    def test_strict_refuses_a_key_that_is_not_remembered(self):
        server = self.serve(self.old)
        done = self.connect_by(server, "--trust", "strict", "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (3, "continuity_unknown"))
        self.assertEqual(server.meeting().wait().received, b"")
        self.assertFalse(os.path.exists(self.known_peers))

    def test_accept_new_remembers_and_from_then_on_that_is_the_policy(self):
        server = self.serve(self.old)
        done = self.connect_by(server, "--trust", "accept-new")
        self.assertEqual((done.code, done.raw), (0, b"secret"), done.err)
        self.assertRegex(self.content(), re.escape(f"{server.address} {self.old.pin()} 2"))
        for arguments in ((), ("--trust", "strict"), ("--trust", "accept-new")):
            self.assertEqual(self.connect_by(server, *arguments).code, 0)
        self.assertEqual(self.content().count("\n"), 1)

    def test_A126_accept_new_says_whose_key_it_took_up(self):
        server = self.serve(self.old)
        done = self.connect_by(server, "--trust", "accept-new")
        self.assertIn(self.old.pin(), done.err)
        self.assertEqual(self.connect_by(server, "--trust", "accept-new").err, "")

    def test_A129_the_file_is_its_owners_alone(self):
        self.connect_by(self.serve(self.old), "--trust", "accept-new")
        self.assertEqual(stat.S_IMODE(os.stat(self.known_peers).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.alice.state).st_mode), 0o700)

    def test_a_refused_or_broken_first_contact_is_not_remembered(self):
        server = self.serve(self.old)
        self.assertEqual(self.connect_by(server, "--pin", self.new.pin()).code, 3)
        self.assertEqual(self.connect_by(server, "--pin", self.old.pin()).code, 0)
        self.assertFalse(os.path.exists(self.known_peers))

    def test_verify_only_looks(self):
        server = self.serve(self.old)
        self.assertEqual(self.alice.run("verify", server.address, "--trust", "accept-new").code, 0)
        self.assertFalse(os.path.exists(self.known_peers))

    def test_A131_many_first_contacts_at_once_lose_no_line(self):
        servers = [self.serve(self.old) for _ in range(6)]
        clients = [self.enterContext(self.alice.start("connect", one.address, "--trust", "accept-new")) for one in servers]
        for client in clients:
            self.assertEqual(client.wait(), 0, client.err.text())
        self.assertEqual(sorted(line.split()[0] for line in self.content().splitlines()),
                         sorted(one.address for one in servers))


class Changed(KnownPeersTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve(self.old)
        self.connect_by(self.server, "--trust", "accept-new")
        self.before = self.content()
        self.server = self.replaced(self.server, self.new)

    def test_A127_a_changed_key_is_refused_in_every_mode_and_the_file_stays(self):
        for arguments in ((), ("--trust", "strict"), ("--trust", "accept-new")):
            done = self.connect_by(self.server, *arguments)
            self.assertEqual((done.code, done.raw), (3, b""), done)
            meeting = self.server.meeting().wait()
            self.assertEqual((meeting.end, meeting.received), ("handshake", b""))
            self.assertEqual(self.content(), self.before)

    def test_a_changed_key_names_both_pins_and_since_when_the_old_one_was_known(self):
        done = self.connect_by(self.server)
        since = self.before.split()[2]
        self.assertIn(self.old.pin()[:15], done.err)
        self.assertIn(self.new.pin()[:15], done.err)
        self.assertIn(f"known since {since}", done.err)
        self.assertIn("may be an attack", done.err)

    def test_a_changed_key_gets_no_ready_made_command_that_would_accept_it(self):
        for arguments in ((), ("--json",)):
            done = self.connect_by(self.server, *arguments)
            for word in ("--pin", "accept-new", f"forget {self.server.address}", "rm ", "sed ", "cotter connect",
                         "cotter peers add", "known_peers"):
                self.assertNotIn(word, done.out + done.err)

    def test_verify_says_the_same_with_its_code(self):
        done = self.alice.run("verify", self.server.address, "--json")
        self.assertEqual(done.code, 3)
        self.assertEqual([reason["code"] for reason in done.json["reasons"]], ["continuity_changed"])

    def test_a_pin_that_a_person_gives_decides_instead(self):
        self.assertEqual(self.connect_by(self.server, "--pin", self.new.pin()).code, 0)
        self.assertEqual(self.content(), self.before)


class Files(KnownPeersTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve(self.old)
        self.connect_by(self.server, "--trust", "accept-new")
        self.line = self.content()

    def write(self, text, mode=0o600):
        with open(self.known_peers, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.known_peers, mode)

    def test_A128_what_cannot_be_read_is_neither_unknown_nor_a_match(self):
        rows = {
            "torn": self.line.rstrip("\n"),
            "A132 a line that is none": self.line + "what is this\n",
            "A132 a control character": self.line.replace("\n", "\x1b[2J\n"),
            "a bad pin": self.line.replace("sha256/", "sha256/x"),
            "a bad date": self.line.replace("T", " ", 1),
            "a mark that is none": "@trusted " + self.line,
        }
        for why, text in rows.items():
            self.write(text)
            for arguments in ((), ("--trust", "strict"), ("--trust", "accept-new")):
                done = self.connect_by(self.server, *arguments)
                self.assertIn(done.code, (1, 3), f"{why} {done}")
                self.assertNotIn(b"secret", done.raw)
                self.assertIn("known_peers", done.err, why)
                self.assertEqual(self.content(), text)

    def test_A129_a_file_that_others_can_read_is_refused_with_the_chmod(self):
        self.write(self.line, mode=0o644)
        done = self.connect_by(self.server)
        self.assertEqual(done.code, 1, done)
        self.assertIn(f"chmod 600 {self.known_peers}", done.err)

    def test_A129_a_link_is_not_followed(self):
        elsewhere = self.alice.path("elsewhere")
        os.rename(self.known_peers, elsewhere)
        os.symlink(elsewhere, self.known_peers)
        self.assertNotEqual(self.connect_by(self.server).code, 0)
        self.assertNotEqual(self.connect_by(self.server, "--trust", "accept-new").code, 0)

    def test_a_revoked_mark_refuses_the_key_at_every_host(self):
        other = self.serve(self.old)
        self.write("@revoked " + self.line)
        for server in (self.server, other):
            done = self.connect_by(server, "--trust", "accept-new", "--json")
            self.assertEqual((done.code, done.json["error"]["code"]), (3, "continuity_revoked"))

    def test_comments_and_several_keys_of_one_host_are_understood(self):
        self.write("# mine\n\n" + self.line.replace(self.old.pin(), self.new.pin()) + self.line)
        self.assertEqual(self.connect_by(self.server).code, 0)

    def test_A85_the_port_and_the_spelling_of_the_name_are_one_key(self):
        host, port = self.server.address.rsplit(":", 1)
        del host
        done = self.connect_by(type("Spelt", (), {"address": f"LOCALHOST.:{port}"}), "--trust", "accept-new")
        self.assertEqual(done.code, 0, done.err)
        self.assertIn(f"localhost:{port} {self.old.pin()}", self.content())
        self.assertEqual(self.connect_by(type("Spelt", (), {"address": f"localhost:{port}"})).code, 0)
        self.assertEqual(self.connect_by(type("Spelt", (), {"address": "localhost:1"})).code, 3)


if __name__ == "__main__":
    sys.exit(unittest.main())
