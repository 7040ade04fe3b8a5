"""--starttls: every protocol over to TLS, agreeing with openssl, and no way round it for a server or anybody between."""

import re
import socket
import sys
import threading
import unittest

from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.processes import Finished
from harness.starttls_servers import DIALOGUES, StartTlsServer
from harness.tls_servers import PythonServer, server_context

REFUSALS = {
    "smtp": (b"220 a\r\n", b"250-a\r\n250 SIZE 10\r\n"), "imap": (b"* OK a\r\n", b"c1 BAD what\r\n"), "pop3": (b"+OK a\r\n", b"-ERR what\r\n"),
    "ftp": (b"220 a\r\n", b"502 what\r\n"), "ldap": (b"", bytes.fromhex("300c02010178070a010204000400")),
    "xmpp": (b"", b"<stream:stream><stream:features></stream:features>"), "postgres": (b"", b"N"),
    "mysql": (b"\x1c\0\0\0\x0a8.0\0\1\0\0\0nonce123\0\xff\0\x21\2\0aaaa", b""),
}


class StartTls(TunnelTest):
    @classmethod
    def setUpClass(cls):
        cls.scene = cls()
        cls.addClassCleanup(cls.scene.doCleanups)
        cls.alice = cls.scene.side("alice")
        cls.issued = self_signed(cls.alice.folder, "server")
        cls.pin = cls.issued.pin()

    def runTest(self):
        """For the scene above."""

    def test_every_protocol_leads_to_the_certificate_for_pin_and_for_verify(self):
        for name, dialogue in DIALOGUES.items():
            with self.subTest(name), StartTlsServer(server_context(self.issued), dialogue) as server:
                entries = self.alice.do("pin", server.address, "--starttls", name, "--json").json["certificates"]
                self.assertEqual([one["pins"]["spki-sha256"] for one in entries], [self.pin])
                judged = self.alice.run("verify", server.address, "--starttls", name, "--pin", self.pin, "--json")
                self.assertEqual((judged.code, judged.json["verdict"]), (0, "trusted"))
                wrong = self.alice.run("verify", server.address, "--starttls", name, "--pin", f"sha256/{'x' * 42}8=", "--json")
                self.assertEqual(wrong.code, 3, wrong)

    def test_the_servers_are_right_by_openssl(self):
        for name, dialogue in DIALOGUES.items():
            with self.subTest(name), StartTlsServer(server_context(self.issued), dialogue) as server:
                seen = Finished(["openssl", "s_client", "-connect", server.address, "-starttls", name, "-xmpphost", "localhost"])
                self.assertIn("BEGIN CERTIFICATE", seen.out, seen)

    def test_A229_plaintext_sent_along_with_the_consent_is_refused(self):
        for name, dialogue in DIALOGUES.items():
            with self.subTest(name), StartTlsServer(server_context(self.issued), dialogue, injected=b"250 injected\r\n") as server:
                for command in (["pin"], ["verify", "--pin", self.pin]):
                    done = self.alice.run(*command, server.address, "--starttls", name)
                    self.assertEqual((done.code, done.out), (1, ""), done)
                    self.assertIn("clear text", done.err)

    def test_A230_a_server_that_refuses_gets_nothing_in_clear_text(self):
        for name, (greeting, answer) in REFUSALS.items():
            heard = []

            def dialogue(plain, greeting=greeting, answer=answer, heard=heard):
                plain.say(greeting)
                if greeting == b"" or name != "mysql":
                    heard.append(plain.exactly(1))
                plain.say(answer)
                while True:
                    heard.append(plain.exactly(1))

            with self.subTest(name), StartTlsServer(server_context(self.issued), dialogue) as server:
                done = self.alice.run("verify", server.address, "--starttls", name, "--pin", self.pin)
                self.assertEqual((done.code, done.out), (1, ""), done)
                self.assertIn("TLS with", done.err)
                server.meeting().wait()
                said = b"".join(heard)
                self.assertNotIn(b"\x16\x03", said)  # no ClientHello either
                self.assertLessEqual(len(said), 200)

    def test_A231_a_silent_or_trickling_server_meets_the_deadline_of_the_handshake(self):
        waiting = []
        for name in DIALOGUES:  # all at once: each waits ten seconds
            listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
            process = self.enterContext(self.alice.start("pin", "127.0.0.1:%d" % listener.getsockname()[1], "--starttls", name))
            connection, _ = listener.accept()
            waiting.append((process, self.enterContext(connection)))
        for process, connection in waiting:
            connection.settimeout(1)
            while process.running():
                try:
                    connection.sendall(b"2")  # no line, no answer: and time goes on all the same
                    connection.recv(4096)
                except (TimeoutError, BrokenPipeError, ConnectionResetError):
                    pass
            self.assertEqual(process.wait(), 1)
        said = [process.err.text() for process, _ in waiting]
        self.assertGreater(len([text for text in said if "in time" in text]), 4, said)

    def test_A231_a_line_without_end_is_cut_off(self):
        def endless(plain):
            while True:
                plain.say(b"a" * 1000)

        with StartTlsServer(server_context(self.issued), endless) as server:
            done = self.alice.run("pin", server.address, "--starttls", "imap")
            self.assertEqual(done.code, 1)
            self.assertIn("line without end", done.err)

    def test_what_the_server_says_is_escaped(self):
        with StartTlsServer(server_context(self.issued), lambda plain: plain.say(b"-ERR \x1b[2Jno\r\n")) as server:
            done = self.alice.run("pin", server.address, "--starttls", "pop3")
            self.assertIn("-ERR \\x1b[2Jno", done.err)

    def test_a_server_that_speaks_tls_at_once_or_goes_away_is_said_so(self):
        with PythonServer(server_context(self.issued)) as server:
            done = self.alice.run("pin", server.address, "--starttls", "postgres")
            self.assertEqual(done.code, 1)
        with StartTlsServer(server_context(self.issued), lambda plain: plain.exactly(10**6)) as server:
            threading.Timer(0, lambda: server.meeting().tcp.shutdown(socket.SHUT_RDWR)).start()
            done = self.alice.run("pin", server.address, "--starttls", "ldap")
            self.assertEqual(done.code, 1)
            self.assertIn("closed", done.err)

    def test_the_name_is_sent_after_the_dialogue_too(self):
        with StartTlsServer(server_context(self.issued), DIALOGUES["xmpp"]) as server:
            self.alice.do("pin", server.address, "--starttls", "xmpp", "--server-name", "db.example")
            self.assertEqual(server.meeting().wait().name, "db.example")

    def test_a_host_alone_means_the_protocols_own_port(self):
        for name, port in (("smtp", 25), ("ldap", 389), ("mysql", 3306)):
            for command in (["pin"], ["verify", "--pin", self.pin]):
                done = self.alice.run(*command, "127.0.0.255", "--starttls", name)
                self.assertEqual(done.code, 1)
                self.assertIn(f"127.0.0.255:{port}", done.err)

    def test_an_unknown_protocol_is_2_and_lists_the_known_ones(self):
        for command in (["pin"], ["verify", "--pin", self.pin]):
            done = self.alice.run(*command, "127.0.0.1:1", "--starttls", "gopher")
            self.assertEqual(done.code, 2)
            for name in DIALOGUES:
                self.assertTrue(re.search(rf"\b{name}\b", done.err), done.err)


if __name__ == "__main__":
    sys.exit(unittest.main())
