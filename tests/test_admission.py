"""Who gets to the service: registered keys, whatever the client's program, and nobody else; refusals name their cause."""

import os
import ssl
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness.backends import receive, sink
from harness.case import TunnelTest
from harness.certificates import (malleated, recoded_key, rsa_with_other_exponent, self_signed, self_signed_with,
                                  serial_of)
from harness.foreign_clients import curl, gnutls_cli, s_client
from harness.processes import eventually
from harness.tls_peer import UNKNOWN, TlsPeer, alert_for, client_context

ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\nwelcome\n"


def answer(visit):
    """Answers one line, or the head of an HTTP request, with a word of welcome."""
    while data := receive(visit):
        if b"HTTP/1" not in visit.first:
            visit.connection.sendall(b"welcome\n")
            break
        if visit.first.endswith(b"\r\n\r\n"):
            visit.connection.sendall(ANSWER)
            break
    visit.connection.shutdown(1)
    sink(visit)


class Admitted(TunnelTest):
    """A key in the registry comes through, from every kind of client."""

    def setUp(self):
        self.owner = self.side("owner")
        self.service = self.backend(answer)
        self.gate = self.server(self.owner, self.service)
        self.alice = self.admitted(self.owner, "alice")

    def test_a_cotter_client_is_let_in(self):
        stream = self.connect(self.alice, self.gate)
        stream.send(b"hello\n")
        self.assertEqual(stream.receive(8), b"welcome\n")
        admitted = self.gate.event("admitted", client="alice")
        self.assertEqual(admitted["pin"], self.alice.pin())

    def test_openssl_s_client_is_let_in(self):
        client = self.enterContext(s_client(self.gate, self.alice.certificate, self.alice.key))
        client.say(b"hello\n")
        client.heard("welcome")
        self.gate.event("admitted", client="alice")

    def test_gnutls_cli_is_let_in(self):
        client = self.enterContext(gnutls_cli(self.gate, self.alice.certificate, self.alice.key))
        client.say(b"hello\n")
        client.heard("welcome")
        self.gate.event("admitted", client="alice")

    def test_curl_is_let_in_and_pins_the_server_by_the_same_pin(self):
        client = self.enterContext(curl(self.gate, self.alice.certificate, self.alice.key))
        client.heard("welcome")
        self.assertEqual(client.wait(), 0)
        self.gate.event("admitted", client="alice")

    def test_python_is_let_in(self):
        with TlsPeer(self.gate, client_context(self.alice.certificate, self.alice.key)) as peer:
            peer.send(b"hello\n")
            self.assertEqual(peer.receive_all(), b"welcome\n")

    def test_every_key_of_a_client_is_let_in_under_its_one_name(self):
        for kind in ("rsa:3072", "ed25519"):
            second = self_signed(self.alice.folder, kind.replace(":", ""), kind)
            self.owner.do("client", "add-key", "alice", second.certificate)
            self.assertIsNone(alert_for(self.gate, client_context(second.certificate, second.key)), kind)
            self.gate.event("admitted", client="alice", pin=second.pin())

    def test_A30_the_name_is_the_registrys_and_not_the_certificates(self):
        named = self_signed(self.owner.folder, "mallory")
        self.owner.do("client", "add", "bob", named.certificate)
        self.assertIsNone(alert_for(self.gate, client_context(named.certificate, named.key)))
        self.gate.event("admitted", client="bob", pin=named.pin())

    def test_a_new_certificate_of_the_same_key_is_let_in(self):
        again = self_signed_with(self.alice.key, self.alice.path("again.crt"), "someone else")
        self.assertIsNone(alert_for(self.gate, client_context(again.certificate, again.key)))
        self.gate.event("admitted", client="alice")


class Refused(TunnelTest):
    """Everybody else is refused in the handshake, and the service never hears of it."""

    def setUp(self):
        self.owner = self.side("owner")
        self.service = self.backend(answer)
        self.gate = self.server(self.owner, self.service)
        self.alice = self.admitted(self.owner, "alice")
        self.stranger = self_signed(self.owner.folder, "stranger")

    def assert_service_undisturbed(self):
        """The one connection that the backend ever sees is the one made here."""
        self.assertIsNone(alert_for(self.gate, client_context(self.alice.certificate, self.alice.key), "127.0.0.99"))
        self.service.visit()
        self.assertEqual(self.service.count, 1)

    def test_A34_a_stranger_is_refused_whatever_its_program(self):
        shown = (self.stranger.certificate, self.stranger.key)
        for start, sign in ((s_client, "SSL alert number 46"), (gnutls_cli, "[46]"), (curl, "alert certificate unknown")):
            client = self.enterContext(start(self.gate, *shown))
            client.say(b"hello\n")
            told = client.told()
            self.assertIn(sign, told)
            self.assertNotIn("welcome", told)
        self.assertEqual(alert_for(self.gate, client_context(*shown)), UNKNOWN)
        self.assert_service_undisturbed()

    def test_A14_a_client_without_a_certificate_is_refused_whatever_its_program(self):
        for start, sign in ((s_client, "SSL alert number 116"), (gnutls_cli, "[116]"), (curl, "certificate required")):
            client = self.enterContext(start(self.gate))
            client.say(b"hello\n")
            told = client.told()
            self.assertIn(sign, told)
            self.assertNotIn("welcome", told)
        self.gate.event("refused", codes="no_certificate")
        self.assertEqual(alert_for(self.gate, client_context()), "TLSV13_ALERT_CERTIFICATE_REQUIRED")
        self.assert_service_undisturbed()

    def test_A14_a_client_without_a_certificate_is_refused_by_tls_1_2_too(self):
        gate = self.server(self.owner, self.service, "--min-tls", "1.2")
        with self.assertRaises(ssl.SSLError) as refusal:
            TlsPeer(gate, client_context(version=ssl.TLSVersion.TLSv1_2))
        self.assertEqual(refusal.exception.reason, "SSLV3_ALERT_HANDSHAKE_FAILURE")
        self.assert_service_undisturbed()

    def test_a_stranger_is_refused_by_tls_1_2_before_the_handshake_ends(self):
        gate = self.server(self.owner, self.service, "--min-tls", "1.2")
        with self.assertRaises(ssl.SSLError) as refusal:
            TlsPeer(gate, client_context(self.stranger.certificate, self.stranger.key, ssl.TLSVersion.TLSv1_2))
        self.assertEqual(refusal.exception.reason, UNKNOWN)
        self.assert_service_undisturbed()

    def test_A05_neither_the_name_nor_the_serial_of_another_lets_anyone_in(self):
        real = self_signed(self.owner.folder, "real")
        self.owner.do("client", "add", "real", real.certificate)
        copies = {
            "the name": self_signed_with(self.stranger.key, self.owner.path("named.crt"), "real"),
            "the serial": self_signed_with(self.stranger.key, self.owner.path("numbered.crt"), "stranger",
                                           serial_of(real.certificate)),
            "both": self_signed_with(self.stranger.key, self.owner.path("both.crt"), "real", serial_of(real.certificate)),
        }
        for number, (what, copy) in enumerate(copies.items()):
            with self.subTest(what):
                mark = self.gate.mark()
                self.assertEqual(alert_for(self.gate, client_context(copy.certificate, copy.key), f"127.0.1.{number + 1}"),
                                 UNKNOWN)
                line = self.gate.event("refused", since=mark, codes="not_admitted")
                self.assertEqual(line["pin"], self.stranger.pin())
                self.assertNotIn("client", line)
        self.assert_service_undisturbed()

    def test_the_log_says_whom_it_refused_and_why(self):
        alert_for(self.gate, client_context(self.stranger.certificate, self.stranger.key))
        line = self.gate.event("refused")
        self.assertEqual(line["pin"], self.stranger.pin())
        self.assertEqual(line["subject"], "CN=stranger")
        self.assertEqual(line["codes"], "not_admitted")
        self.assertIn("is not in the registry", line["reason"])
        self.assertRegex(line["peer"], r"^127\.0\.0\.1:\d+$")
        self.assertRegex(line["conn"], r"^[0-9a-z]{8}$")

    def test_A33_a_cotter_client_that_is_refused_exits_3_with_the_line_for_the_owner(self):
        bob = self.side("bob")
        refused = bob.run("connect", self.gate.address, "--pin", self.gate.pin, stdin=b"hello\n")
        self.assertEqual((refused.code, refused.out), (3, ""), str(refused))
        self.assertIn(f"cotter client add NAME {bob.pin()}", refused.err)
        conn = self.gate.event("refused", pin=bob.pin())["conn"]
        self.assertIn(conn, refused.err, "both sides print the same connection id")
        as_json = bob.run("connect", self.gate.address, "--pin", self.gate.pin, "--json")
        self.assertEqual((as_json.code, as_json.json["error"]["code"]), (3, "not_admitted"))
        self.assert_service_undisturbed()

    def test_the_line_for_the_owner_lets_the_client_in(self):
        bob = self.side("bob")
        refused = bob.run("connect", self.gate.address, "--pin", self.gate.pin)
        line = refused.err.split("cotter client add NAME ")[1].split()[0]
        self.owner.do("client", "add", "bob", line)
        with self.connect(bob, self.gate) as stream:
            stream.send(b"hello\n")
            self.assertEqual(stream.receive(8), b"welcome\n")

    def test_A47_the_servers_own_key_admits_nobody_until_it_is_registered(self):
        own = client_context(self.owner.certificate, self.owner.key)
        self.assertEqual(alert_for(self.gate, own), UNKNOWN)
        self.assert_service_undisturbed()
        self.owner.do("client", "add", "loop", self.gate.pin)
        self.assertIsNone(alert_for(self.gate, own))


class Encodings(TunnelTest):
    """Admission goes by exact bytes, denial by the key."""

    def setUp(self):
        self.owner = self.side("owner")
        self.service = self.backend(answer)
        self.gate = self.server(self.owner, self.service)
        self.real = self_signed(self.owner.folder, "real")
        self.own = client_context(self.real.certificate, self.real.key)

    def recoded(self, name, *how):
        key = recoded_key(self.real.key, self.owner.path(f"{name}.key"), *how)
        return self_signed_with(key, self.owner.path(f"{name}.crt"), "real")

    def test_A73_another_encoding_of_an_admitted_key_is_not_admitted(self):
        self.owner.do("client", "add", "real", self.real.certificate)
        other = self.recoded("compressed", "-conv_form", "compressed")
        self.assertNotEqual(other.pin(), self.real.pin())
        self.assertEqual(alert_for(self.gate, client_context(other.certificate, other.key)), UNKNOWN)
        self.assertIn("another encoding of a key of real", self.gate.event("refused")["reason"])
        self.assertIsNone(alert_for(self.gate, self.own))

    def test_A73_another_encoding_of_a_revoked_key_is_revoked_too_and_cannot_be_added(self):
        self.owner.do("client", "add", "real", self.real.certificate)
        self.owner.do("client", "revoke", "real")
        other = self.recoded("compressed", "-conv_form", "compressed")
        self.assertEqual(alert_for(self.gate, client_context(other.certificate, other.key)), UNKNOWN)
        self.gate.event("refused", codes="revoked", client="real", pin=other.pin())
        added = self.owner.run("client", "add", "fresh", other.certificate, "--json")
        self.assertEqual((added.code, added.json["error"]["code"]), (1, "key_revoked"))

    def test_A73_a_key_registered_by_its_pin_is_known_in_every_encoding_once_it_has_been_met(self):
        self.owner.do("client", "add", "real", self.real.pin())
        self.assertIsNone(alert_for(self.gate, self.own))
        other = self.recoded("compressed", "-conv_form", "compressed")
        eventually(lambda: self.owner.query("SELECT 1 FROM keys WHERE canonical IS NOT NULL"), "the key is learnt")
        self.owner.do("client", "revoke", "real")
        self.assertEqual(alert_for(self.gate, client_context(other.certificate, other.key)), UNKNOWN)
        self.gate.event("refused", codes="revoked", client="real", pin=other.pin())

    def test_A74_a_key_with_explicit_curve_parameters_is_refused_everywhere(self):
        other = self.recoded("explicit", "-param_enc", "explicit")
        added = self.owner.run("client", "add", "real", other.certificate)
        self.assertEqual(added.code, 2, str(added))
        self.owner.do("client", "add", "real", other.pin())
        self.assertIsNotNone(alert_for(self.gate, client_context(other.certificate, other.key)))
        self.assertEqual(self.service.count, 0)

    def test_A71_a_malleated_signature_neither_passes_a_certificate_pin_nor_escapes_a_denial(self):
        pin = f"cert:file:{self.real.certificate}"
        self.owner.do("client", "add", "real", pin)
        other = malleated(self.real.certificate, self.owner.path("malleated.crt"))
        self.assertIsNone(alert_for(self.gate, self.own))
        self.assertEqual(alert_for(self.gate, client_context(other, self.real.key)), UNKNOWN)
        self.owner.do("client", "revoke", "real")
        mark = self.gate.mark()
        self.assertEqual(alert_for(self.gate, client_context(other, self.real.key), "127.0.0.2"), UNKNOWN)
        self.gate.event("refused", since=mark, codes="revoked", client="real")

    def test_A76_a_revoked_modulus_is_revoked_with_every_exponent(self):
        first = self_signed(self.owner.folder, "rsa", "rsa:2048")
        key = rsa_with_other_exponent(first.key, self.owner.path("other.key"))
        other = self_signed_with(key, self.owner.path("other.crt"), "other")
        self.owner.do("client", "add", "holder", first.certificate)
        taken = self.owner.run("client", "add", "second", other.certificate, "--json")
        self.assertEqual((taken.code, taken.json["error"]["code"]), (1, "key_taken"))
        self.owner.do("client", "revoke", "holder")
        self.assertEqual(alert_for(self.gate, client_context(other.certificate, other.key)), UNKNOWN)
        self.gate.event("refused", codes="revoked", client="holder", pin=other.pin())
        denied = self.owner.run("client", "add", "second", other.certificate, "--json")
        self.assertEqual((denied.code, denied.json["error"]["code"]), (1, "key_revoked"))

    def test_A101_a_weak_key_is_refused_even_when_it_is_pinned(self):
        weak = self_signed(self.owner.folder, "weak", "rsa:1024")
        self.owner.do("client", "add", "weak", weak.pin())
        client = self.enterContext(s_client(self.gate, weak.certificate, weak.key, "-cipher", "DEFAULT@SECLEVEL=0"))
        client.say(b"hello\n")
        self.assertNotIn("welcome", client.told())
        self.gate.event("refused", codes="weak_key")
        self.assertEqual(self.service.count, 0)


if __name__ == "__main__":
    unittest.main()
