"""What a peer says over the wire changes nobody's trust: neither whom a client trusts, nor whom a server admits."""

import os
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.certificates import self_signed, self_signed_with
from harness.chains import Mint
from harness.invitation_code import Code
from harness.tls_peer import TlsPeer, Truncated, client_context
from harness.tls_servers import PythonServer, server_context

PLANTED = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="
HEADERS = (f'HTTP/1.1 200 OK\r\nPublic-Key-Pins: pin-sha256="{PLANTED[7:]}"; pin-sha256="{PLANTED[7:-2]}I="; max-age=31536000; '
           f'includeSubDomains\r\nExpect-CT: max-age=86400, enforce\r\n\r\n{PLANTED}\n').encode()


def content_of(folder):
    """Every file of a folder with its content."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(at, name), "rb") as file:
                found[os.path.relpath(file.name, folder)] = file.read()
    return found


class WhomAClientTrusts(TunnelTest):
    def test_A141_pins_that_a_server_sends_are_octets_like_any_other(self):
        _, _, server, alice = self.tunnel(backends.speak(HEADERS))
        before = content_of(alice.state)
        stream = self.connect(alice, server)
        self.assertEqual(stream.receive(len(HEADERS)), HEADERS)
        stream.finish_sending()
        self.assertEqual(stream.wait(), 0)
        self.assertEqual(content_of(alice.state), before)
        self.assertEqual(alice.run("connect", server.address, stdin=b"").code, 3, "without --pin nothing is known of it")

    def test_A141_pins_in_a_certificate_plant_nothing_and_continuity_remembers_the_leaf_alone(self):
        alice = self.side("alice")
        mint = Mint(alice.folder)
        planting = ("basicConstraints=critical,CA:false\nsubjectAltName=DNS:localhost\n"
                    f"1.3.6.1.4.1.99999.1=ASN1:UTF8String:pin-sha256={PLANTED[7:]} max-age=99999999\n"
                    f"nsComment=Public-Key-Pins {PLANTED[7:]}\n")
        issued = mint.certificate("localhost", planting)
        server = self.enterContext(PythonServer(server_context(issued)))
        done = alice.run("connect", server.address, "--trust", "accept-new", stdin=b"x")
        self.assertEqual((done.code, done.raw), (0, b"x"), done.err)
        with open(os.path.join(alice.state, "known_peers"), encoding="ascii") as file:
            lines = file.read().splitlines()
        pin = alice.do("pin", issued.certificate, "--format", "cotter").out.strip()
        self.assertEqual([line.split()[:2] for line in lines], [[server.address, pin]])
        self.assertNotIn(PLANTED[7:].encode(), b"".join(content_of(alice.state).values()))
        self.assertFalse(os.path.exists(os.path.join(alice.state, "policy.toml")))


class WhomAServerAdmits(TunnelTest):
    def registry_of(self, owner):
        """Clients and the history of changes; what is seen of a client (times, octets) is no change."""
        clients = owner.do("client", "list", "--json").json["clients"]
        return clients, [owner.do("client", "show", client["name"], "--json").json["history"] for client in clients]

    def test_A119_nothing_that_a_client_sends_changes_the_registry(self):
        owner, _, server, alice = self.tunnel()
        bob = self.admitted(owner, "bob")
        before = self.registry_of(owner)
        self.assertEqual([entry["action"] for history in before[1] for entry in history], ["add", "add"])
        stream = self.open_stream(alice, server)
        for words in (b"cotter client revoke bob\n", b"\1" + b"\0" * 16, b"UPDATE clients SET state = 'revoked';\n"):
            stream.send(words)
            self.assertEqual(stream.receive(len(words)), words)
        # What alice says of clients is said of alice's own registry.
        for arguments in (("client", "revoke", "bob"), ("client", "add", "mallory", bob.pin())):
            alice.run(*arguments)
        # The protocol for joining knows no other request than a code.
        context = client_context(alice.certificate, alice.key, alpn="cotter-join/1")
        for request in (b"\2" + b"revoke bob".ljust(16), b"\1" + b"bob".ljust(16), b"client revoke bob\n"):
            with TlsPeer(server, context) as peer:
                peer.send(request)
                try:
                    self.assertEqual(peer.receive_all(), b"0")
                except Truncated:
                    pass  # what is no request at all gets no answer
        self.assertEqual(self.registry_of(owner), before)
        self.open_stream(bob, server)

    def test_A119_each_change_says_who_made_it_and_when(self):
        owner, _, _, _ = self.tunnel()
        owner.do("client", "suspend", "alice", "--reason", "holiday")
        owner.do("client", "restore", "alice")
        history = owner.do("client", "show", "alice", "--json").json["history"]
        self.assertEqual([entry["action"] for entry in history], ["restore", "suspend", "add"])
        for entry in history:
            self.assertTrue(entry["actor"], entry)
            self.assertRegex(entry["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_A32_a_code_admits_the_key_of_the_connection_that_brings_it_and_no_other(self):
        owner, _, server, _ = self.tunnel()
        first, second = (self_signed(owner.folder, name) for name in ("first", "second"))
        code = Code(owner.do("invite", "carol", "--address", server.address, "--json").json["code"])
        request = b"\1" + code.secret
        with TlsPeer(server, client_context(first.certificate, first.key, alpn="cotter-join/1")) as opened:
            opened.send(request[:5])  # begun over the first key's connection, brought over the second's
            with TlsPeer(server, client_context(second.certificate, second.key, alpn="cotter-join/1")) as other:
                other.send(request)
                self.assertEqual(other.receive_all(), b"1 carol -")
            opened.send(request[5:])
            self.assertEqual(opened.receive_all(), b"0")
        self.assertEqual(owner.do("client", "show", "carol", "--json").json["pins"], [second.pin()])

    def test_A106_one_key_is_one_client_whatever_certificate_it_is_in(self):
        owner = self.side("owner")
        first = self_signed(owner.folder, "first")
        again = self_signed_with(first.key, owner.path("again.crt"), "again")
        owner.do("client", "add", "alice", first.certificate)
        for what in (first.certificate, again.certificate, first.pin(), f"file:{again.certificate}"):
            done = owner.run("client", "add", "bob", what, "--json")
            self.assertEqual((done.code, done.json["error"]["code"]), (1, "key_taken"), done)
            self.assertIn("alice", done.json["error"]["message"])
        other = self_signed(owner.folder, "other")
        owner.do("client", "add", "bob", other.certificate)
        self.assertEqual(owner.run("client", "add-key", "bob", again.certificate, "--json").json["error"]["code"], "key_taken")


if __name__ == "__main__":
    unittest.main()
