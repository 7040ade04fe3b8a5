"""What is said: one JSON document for every failure, and nothing of a peer's reaches a terminal raw."""

import os
import sys
import tempfile
import unittest

from harness.backends import unused_port
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.chains import SERVER, Mint
from harness.tls_servers import PythonServer, server_context

# Escape sequences, line breaks, a bell, C1 controls, bidirectional overrides, a line separator.
NASTY = "a\x1b[31mRED\x1b]0;title\x07\r\n2026 info admitted\x9b2J\u202eesrever\u2066\u2028end"
NEVER = [chr(code) for code in [*range(0x20), 0x7F, *range(0x80, 0xA0), 0x200E, 0x200F, *range(0x2028, 0x202F),
                                *range(0x2066, 0x206A)] if code not in (0x0A,)]


def length(content):
    return bytes([len(content)]) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")


def names_extension(*names):
    """subjectAltName of these (tag, octets), in DER: the command's own language can't say such names."""
    body = b"".join(bytes([tag]) + length(octets) + octets for tag, octets in names)
    whole = b"\x30" + length(body) + body
    return "subjectAltName=DER:" + ":".join(f"{octet:02x}" for octet in whole) + "\n"


class TerminalSafety(TunnelTest):
    def setUp(self):
        self.alice = self.side("alice")
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="cotter-nasty-"))
        mint = Mint(folder)
        nasty = NASTY.encode()
        self.issuer = mint.authority("issuer", subject=f"/O={NASTY}/CN=issuer")
        self.leaf = mint.server("db.example", self.issuer, subject=f"/CN={NASTY}")
        self.chain = mint.bundle("chain.pem", self.leaf, self.issuer)
        self.worse = [mint.certificate("worse", SERVER + names_extension(name), subject=f"/CN={NASTY}")
                      for name in ((0x82, nasty[:100]), (0x82, b"db.example\0.evil"), (0x86, b"https://x/\x1b[2J"),
                                   (0x81, b"a\r\n@b"))]

    def assert_clean(self, done):
        for text in (done.out, done.err):
            for bad in NEVER:
                self.assertNotIn(bad, text.replace("\r\n", "") if bad == "\r" else text, f"{bad!r} in {text!r}")
            self.assertNotIn("\n2026 info admitted", text)
        self.assertNotIn("\ufffd", done.out + done.err)

    def test_A150_pin_and_verify_of_a_file(self):
        for arguments in (("pin", self.chain), ("pin", self.chain, "--format", "c++"), ("pin", self.chain, "--format", "cotter"),
                          ("verify", "--chain", self.chain, "--host", "db.example", "--trust", "chain"),
                          ("verify", "--chain", self.chain, "--host", "db.example", "--trust", "chain", "--roots",
                           self.issuer.certificate)):
            done = self.alice.run(*arguments)
            self.assertIn(done.code, (0, 3), done)
            self.assert_clean(done)

    def test_A150_live_servers_in_pin_verify_and_connect(self):
        with PythonServer(server_context(self.leaf, chain=self.chain)) as server:
            for arguments in (("pin", server.address), ("verify", server.address, "--trust", "chain"),
                              ("connect", server.address, "--trust", "chain"),
                              ("connect", server.address, "--pin", self.alice.pin(), "--match", "any"),
                              ("connect", server.address, "--trust", "chain", "--roots", self.issuer.certificate)):
                done = self.alice.run(*arguments)
                self.assertIn(done.code, (0, 3), done)
                self.assert_clean(done)

    def test_A81_A150_a_name_with_control_characters_is_malformed_everywhere(self):
        for one in self.worse:
            done = self.alice.run("pin", one.certificate)
            self.assertEqual((done.code, done.out), (2, ""))
            self.assert_clean(done)
        with PythonServer(server_context(self.worse[0])) as server:
            for arguments in (("connect", "--trust", "accept-new"), ("connect", "--pin", self.alice.pin()),
                              ("verify", "--trust", "chain")):
                done = self.alice.run(arguments[0], server.address, *arguments[1:], stdin=b"secret")
                self.assertEqual(done.code, 3, done)
                self.assertIn("control character", done.out + done.err)
                self.assert_clean(done)
                self.assertEqual(server.meeting().wait().received, b"")

    def test_A149_json_stays_one_line_that_parses(self):
        for arguments in (("pin", self.chain), ("verify", "--chain", self.chain, "--host", "x.example", "--trust", "chain")):
            done = self.alice.run(*arguments, "--json")
            self.assertEqual(done.out.count("\n"), 1)
            self.assertIsInstance(done.json, dict)
            self.assert_clean(done)

    def test_A150_file_names_and_pins_of_the_call_are_escaped_too(self):
        for arguments in (("pin", "\x1b[2Jnowhere"), ("connect", "localhost:1", "--pin", "\x1b[2J"),
                          ("connect", "\x1b[2J:1", "--trust", "chain"), ("verify", "--chain", "\x1b[2J", "--host", "x",
                                                                         "--trust", "chain")):
            self.assert_clean(self.alice.run(*arguments))


class Json(TunnelTest):
    def test_every_failure_is_one_document_with_the_right_code(self):
        alice = self.side("alice")
        issued = self_signed(alice.folder, "server")
        pin = alice.pin()
        with PythonServer(server_context(issued)) as server:
            closed = f"localhost:{unused_port()}"
            rows = [
                (2, "bad_call", ("connect",)), (2, "bad_call", ("connect", server.address, "--bogus")),
                (2, "bad_call", ("nonsense",)), (2, "bad_call", ("pin",)), (2, "bad_call", ("verify",)),
                (2, "bad_call", ("id", "extra")), (2, "bad_call", ("version", "extra")),
                (2, "bad_key_type", ("id", "--key-type", "dsa", "--state", alice.path("fresh"))),
                (2, "bad_port", ("connect", "localhost", "--pin", pin)),
                (2, "bad_host_name", ("connect", "a..b:1", "--pin", pin)),
                (2, "pin_unknown_form", ("connect", closed, "--pin", "zzz")),
                (2, "pins_unused", ("connect", closed, "--pin", pin, "--trust", "chain")),
                (2, "half_identity", ("connect", closed, "--pin", pin, "--key", alice.key)),
                (2, "bad_duration", ("connect", closed, "--pin", pin, "--idle-timeout", "soon")),
                (2, "listen_exposed", ("connect", closed, "--pin", pin, "--listen", "0.0.0.0:0")),
                (1, "cannot_connect", ("connect", closed, "--pin", pin)),
                (1, "cannot_connect", ("pin", closed)), (1, "cannot_connect", ("verify", closed, "--pin", pin)),
                (1, "file_read", ("pin", alice.path("nowhere"))),
                (1, "file_read", ("connect", closed, "--pin", f"file:{alice.path('nowhere')}")),
                (1, "file_read", ("connect", closed, "--pin", pin, "--roots", alice.path("nowhere"))),
                (1, "file_read", ("connect", closed, "--pin", pin, "--crl", alice.path("nowhere"))),
                (3, "no_policy", ("connect", server.address)), (3, "no_policy", ("verify", server.address)),
                (3, "pin_mismatch", ("connect", server.address, "--pin", pin)),
                (3, "empty_pinset", ("connect", server.address, "--trust", "pins")),
                (3, "continuity_unknown", ("connect", server.address, "--trust", "strict")),
                (3, "chain_untrusted", ("connect", server.address, "--trust", "chain")),
            ]
            for code, word, arguments in rows:
                with self.subTest(arguments):
                    done = alice.run(*arguments, "--json")
                    self.assertEqual(done.code, code, done)
                    self.assertEqual(done.out.count("\n"), 1, done)
                    self.assertEqual(list(done.json), ["error"])
                    self.assertEqual(list(done.json["error"]), ["code", "message", "hint"])
                    self.assertEqual(done.json["error"]["code"], word, done)

    def test_every_failure_in_words_says_what_and_what_to_do(self):
        alice = self.side("alice")
        issued = self_signed(alice.folder, "server")
        with PythonServer(server_context(issued)) as server:
            for arguments in (("connect",), ("connect", server.address), ("connect", server.address, "--pin", alice.pin()),
                              ("connect", "localhost:1", "--pin", alice.pin()), ("connect", "localhost", "--pin", alice.pin()),
                              ("connect", "nobody.invalid:1", "--pin", alice.pin()), ("pin", "nowhere"), ("pin", "localhost:1"),
                              ("verify", "localhost:1", "--pin", "x"), ("verify", server.address, "--trust", "chain")):
                done = alice.run(*arguments)
                self.assertNotEqual(done.code, 0)
                self.assertIn("next: ", done.err, done)

    def test_success_is_one_document_too(self):
        alice = self.side("alice")
        for arguments in (("id",), ("version",), ("pin", alice.certificate if alice.pin() else "")):
            done = alice.run(*arguments, "--json")
            self.assertEqual((done.code, done.out.count("\n")), (0, 1), done)
            self.assertIsInstance(done.json, dict)

    def test_A157_no_secret_is_ever_said(self):
        alice = self.side("alice")
        alice.pin()
        with open(alice.key, encoding="ascii") as file:
            secret = file.read().splitlines()[1]
        os.chmod(alice.key, 0o644)
        for arguments in (("id",), ("connect", "localhost:1", "--trust", "pins"), ("pin", alice.key)):
            for form in ((), ("--json",)):
                done = alice.run(*arguments, *form)
                self.assertNotIn(secret[:20], done.out + done.err)


if __name__ == "__main__":
    sys.exit(unittest.main())
