"""What the server writes of each connection: two lines that agree with each other and with the client's, safe to parse."""

import datetime
import json
import socket
import subprocess
import unittest

from harness.case import TunnelTest
from harness.certificates import Authority
from harness.processes import Finished, eventually
from harness.tls_peer import TlsPeer, client_context


class Lines(TunnelTest):
    def test_a_stream_has_one_line_at_its_beginning_and_one_at_its_end(self):
        _, _, server, alice = self.tunnel()
        peer = self.peer(server, alice)
        peer.send(b"12345")
        self.assertEqual(peer.receive(5), b"12345")
        peer.close_notify()
        self.assertEqual(peer.receive_all(), b"")
        end = server.event("closed")
        begin, = server.events("admitted")
        for line in (begin, end):
            self.assertEqual((line["client"], line["pin"]), ("alice", alice.pin()))
            self.assertEqual(line["peer"], "%s:%d" % peer.local)
            self.assertEqual(line["listen"], server.address)
            self.assertEqual(line["conn"], begin["conn"])
            datetime.datetime.fromisoformat(line["time"])
        self.assertEqual((begin["tls"], begin["to"]), ("TLSv1.3", server.arguments[server.arguments.index("--to") + 1]))
        self.assertEqual((end["bytes_in"], end["bytes_out"], end["end"]), (5, 5, "done"))
        self.assertGreaterEqual(end["duration_ms"], 0)
        self.assertEqual(len(server.events("closed")), 1)

    def test_both_ends_write_the_same_connection_id(self):
        _, _, server, alice = self.tunnel()
        client = self.listening_process(alice, server)
        with self.dial(client) as local:
            local.sendall(b"!")
            self.assertEqual(local.recv(1), b"!")
        ids = {json.loads(client.err.wait(lambda line: '"connected"' in line and line, "connected"))["conn"]}
        ids.add(server.event("admitted")["conn"])
        self.assertEqual(len(ids), 1)

    @staticmethod
    def dial(client):
        return socket.create_connection(client.at)

    def test_text_lines_have_the_same_fields(self):
        owner = self.side("owner")
        backend = self.backend()
        alice = self.admitted(owner, "alice")
        with owner.start("serve", "--listen", "127.0.0.1:0", "--to", backend.address, "--json") as server:
            ready = json.loads(server.out.wait(lambda line: "listening" in line and line, "listening event"))
            done = Finished(alice.command("connect", ready["listen"], "--pin", ready["pin"]), stdin=b"abc", env=alice.env())
            self.assertEqual((done.code, done.raw), (0, b"abc"))
            line = server.err.wait(lambda text: " closed " in text and text, "end")
        self.assertRegex(line, r"^\S+Z info closed conn=\w{8} client=alice pin=\"sha256/\S+\" peer=127\.0\.0\.1:\d+ listen=127\.0\.0\.1:\d+ "
                               r"bytes_in=3 bytes_out=3 duration_ms=\d+ end=done reason=\"[^\"]+\"$")


class Hostile(TunnelTest):
    SUBJECTS = {
        "a line break": "evil\\nlevel=info event=admitted client=root",
        "quotes and braces": 'evil","event":"admitted","x":"{}',
        "an escape sequence": "evil\\1b[2J\\1b[31m",
        "a right-to-left override": "evil\u202egnp.exe",
        "a backslash at the end": "evil\\\\",
    }

    def mint(self, folder, number, subject):
        path = f"{folder}/hostile{number}"
        configuration = f"{path}.cnf"
        with open(configuration, "w", encoding="utf-8") as file:
            file.write("[req]\nprompt=no\ndistinguished_name=dn\nstring_mask=utf8only\nutf8=yes\n[dn]\nCN=placeholder\n")
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                   "-utf8", "-config", configuration, "-subj", "/CN=" + subject, "-keyout", f"{path}.key", "-out", f"{path}.crt"]
        subprocess.run(command, check=True, capture_output=True)
        return f"{path}.crt", f"{path}.key"

    def refuse_each(self, server, folder):
        for number, subject in enumerate(self.SUBJECTS.values()):
            # openssl's -subj takes no control characters by escapes, so they are put in as they are.
            raw = subject.replace("\\n", "\n").replace("\\1b", "\x1b")
            context = client_context(*self.mint(folder, number, raw.replace("/", "\\/")))
            try:
                with TlsPeer(server, context) as peer:
                    peer.receive_some()
            except OSError:
                pass

    def test_A149_hostile_subjects_never_break_a_json_line(self):
        owner, _, server, _ = self.tunnel()
        self.refuse_each(server, owner.folder)
        eventually(lambda: len(server.events("refused")) == len(self.SUBJECTS), "each has its own whole line")
        self.assertIn("u{202e}", server.err.text())
        for line in server.err.text().splitlines():
            if line.startswith("{"):
                self.assertIn(json.loads(line)["event"], ("refused", "handshake_failed"))
            self.assertFalse(any(ord(letter) < 0x20 or letter == "\u202e" for letter in line), repr(line))
        self.assertEqual(server.events("admitted"), [])

    def test_A149_hostile_subjects_never_break_a_text_line(self):
        owner = self.side("owner")
        backend = self.backend()
        with owner.start("serve", "--listen", "127.0.0.1:0", "--to", backend.address, "--json") as server:
            ready = json.loads(server.out.wait(lambda line: "listening" in line and line, "listening event"))
            server.host, server.port = "127.0.0.1", int(ready["listen"].rsplit(":", 1)[1])
            self.refuse_each(server, owner.folder)
            server.err.wait(lambda line: "u{202e}" in line, "escaped override")
            text = server.err.text()
        for line in text.splitlines():
            self.assertNotRegex(line, r"^level=info")
            self.assertFalse(any(ord(letter) < 0x20 or letter == "\u202e" for letter in line), repr(line))
        self.assertNotIn(" admitted ", text.replace("not admitted", ""))

    def test_A149_hostile_names_in_sni_alpn_and_alternative_names_are_escaped(self):
        owner = self.side("owner")
        authority = Authority(owner.folder)
        evil = authority.issue("evil", '@alt\n[alt]\nDNS.1="a\\"b\\n{c.example"')
        backend = self.backend()
        server = self.server(owner, backend, "--client-ca", authority.certificate)
        context = client_context(evil.certificate, evil.key, alpn='x"\n{')
        try:
            with TlsPeer(server, context) as peer:
                peer.send(b"!")
                peer.receive(1)
        except OSError:
            pass
        server.err.wait(lambda line: '"admitted"' in line or '"refused"' in line or '"handshake_failed"' in line, "line")
        for line in server.err.text().splitlines():
            if line.startswith("{"):
                json.loads(line)
            self.assertFalse(any(ord(letter) < 0x20 for letter in line), repr(line))


if __name__ == "__main__":
    unittest.main()
