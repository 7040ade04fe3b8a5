"""`serve --client-ca`: who is admitted by a certificate, and how a missing, stale or contradicting word refuses."""

import datetime
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness.case import TunnelTest
from harness.certificates import Authority
from harness.foreign_clients import gnutls_cli, s_client
from harness.tls_peer import UNKNOWN, TlsPeer, alert_for, client_context

REVOKED = "SSLV3_ALERT_CERTIFICATE_REVOKED"


def shown(issued):
    return client_context(issued.certificate, issued.key)


class AuthorityTest(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")
        self.service = self.backend()
        self.authority = Authority(self.owner.folder)
        self.places = 0

    def serve(self, *arguments):
        return self.server(self.owner, self.service, "--client-ca", self.authority.certificate, *arguments)

    def refusal(self, gate, issued):
        """The alert for this client and the line in the log, from an address of its own so that each has its line."""
        self.places += 1
        mark = gate.mark()
        alert = alert_for(gate, shown(issued), f"127.0.2.{self.places}")
        return alert, gate.event("refused", since=mark)

    def assert_admitted(self, gate, issued, name):
        self.places += 1
        mark = gate.mark()
        self.assertIsNone(alert_for(gate, shown(issued), f"127.0.2.{self.places}"))
        gate.event("admitted", since=mark, client=name)


class Chains(AuthorityTest):
    def test_a_client_of_the_ca_is_let_in_and_called_by_its_subject_alternative_name(self):
        gate = self.serve()
        alice = self.authority.issue("common", "DNS:alice.example,URI:spiffe://example/alice")
        self.assert_admitted(gate, alice, "ca:DNS:alice.example")
        for start in (s_client, gnutls_cli):
            client = self.enterContext(start(gate, alice.certificate, alice.key))
            client.say(b"hello\n")
            client.heard("hello")

    def test_a_cotter_client_shows_a_certificate_of_the_ca(self):
        gate = self.serve()
        alice = self.authority.issue("alice", "DNS:alice.example")
        bob = self.side("bob")
        stream = self.open_stream(bob, gate, "--cert", alice.certificate, "--key", alice.key)
        stream.finish_sending()
        self.assertEqual(stream.wait(), 0)

    def test_the_ca_admits_beside_the_registry(self):
        gate = self.serve()
        bob = self.admitted(self.owner, "bob")
        self.assertIsNone(alert_for(gate, client_context(bob.certificate, bob.key)))
        gate.event("admitted", client="bob")

    def test_what_does_not_chain_for_client_authentication_is_refused_with_the_alert_that_fits(self):
        other = Authority(self.side("elsewhere").folder)
        gate = self.serve()
        rows = (
            ("A29: for servers only", self.authority.issue("server", "DNS:a.example", usage="serverAuth"), "wrong_purpose",
             "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE"),
            ("another CA of the same name", other.issue("alice", "DNS:a.example"), "chain_untrusted",
             "TLSV1_ALERT_UNKNOWN_CA"),
            ("expired", self.authority.issue("old", "DNS:a.example", dates=("20200101000000Z", "20210101000000Z")), "expired",
             "SSLV3_ALERT_CERTIFICATE_EXPIRED"),
            ("not yet valid", self.authority.issue("early", "DNS:a.example", dates=("20400101000000Z", "20410101000000Z")),
             "not_yet_valid", "SSLV3_ALERT_BAD_CERTIFICATE"),
            ("A30: a common name alone", self.authority.issue("nameless"), "not_admitted", UNKNOWN),
        )
        for what, issued, code, alert in rows:
            with self.subTest(what):
                said, line = self.refusal(gate, issued)
                self.assertEqual((line["codes"], said), (code, alert), line)
        self.assertEqual(self.service.count, 0)

    def test_A29_a_certificate_for_servers_is_no_clients(self):
        gate = self.serve()
        said, line = self.refusal(gate, self.authority.issue("server", "DNS:a.example", usage="serverAuth"))
        self.assertEqual((said, line["codes"]), ("SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", "wrong_purpose"))
        self.assert_admitted(gate, self.authority.issue("both", "DNS:b.example", usage="serverAuth,clientAuth"),
                             "ca:DNS:b.example")

    def test_A47_the_servers_own_certificate_is_no_clients_even_if_its_ca_says_so(self):
        own = self.authority.issue("both", "DNS:server.example", usage="serverAuth,clientAuth")
        gate = self.serve("--cert", own.certificate, "--key", own.key)
        said, line = self.refusal(gate, own)
        self.assertEqual((said, line["codes"]), (UNKNOWN, "not_admitted"))
        self.owner.do("client", "add", "loop", own.certificate)
        self.assert_admitted(gate, own, "loop")


class Names(AuthorityTest):
    def test_A31_only_names_of_the_pattern_count_by_type_and_label(self):
        gate = self.serve("--client-name", "DNS:*.ops.example", "--client-name", "URI:spiffe://example/db", "--client-name",
                          "EMAIL:root@example.net", "--client-name", "IP:192.0.2.7")
        rows = (
            ("DNS:a.ops.example", "ca:DNS:a.ops.example"),
            ("DNS:A.OPS.example", "ca:DNS:A.OPS.example"),
            ("DNS:x.example,DNS:b.ops.example", "ca:DNS:b.ops.example"),
            ("URI:spiffe://example/db", "ca:URI:spiffe://example/db"),
            ("email:root@example.net", "ca:EMAIL:root@example.net"),
            ("IP:192.0.2.7", "ca:IP:192.0.2.7"),
            ("DNS:ops.example", None),
            ("DNS:a.b.ops.example", None),
            ("DNS:a.ops.example.evil", None),
            ("DNS:evilops.example", None),
            ("DNS:*.ops.example", None),
            ("URI:DNS:a.ops.example", None),
            ("URI:spiffe://example/db/", None),
            ("email:a@ops.example", None),
            ("DNS:192.0.2.7", None),
            ("IP:192.0.2.8", None),
        )
        for number, (names, expected) in enumerate(rows):
            with self.subTest(names):
                issued = self.authority.issue(f"c{number}", names)
                if expected:
                    self.assert_admitted(gate, issued, expected)
                else:
                    said, line = self.refusal(gate, issued)
                    self.assertEqual((said, line["codes"]), (UNKNOWN, "not_admitted"), line)

    def test_A31_a_pattern_without_a_type_or_with_a_star_inside_refuses_to_start(self):
        for pattern in ("alice.example", "DNS:a*.example", "DNS:*", "URI:spiffe://*/x", "DNS:", "IP:127.1"):
            with self.subTest(pattern):
                started = self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", self.service.address, "--client-ca",
                                         self.authority.certificate, "--client-name", pattern)
                self.assertEqual(started.code, 2, str(started))
                self.assertIn("next: ", started.err)


class RevocationLists(AuthorityTest):
    def setUp(self):
        super().setUp()
        self.alice = self.authority.issue("alice", "DNS:alice.example")
        self.bob = self.authority.issue("bob", "DNS:bob.example")
        self.crl = self.owner.path("ca.crl")

    def test_who_is_on_the_list_is_refused_as_revoked(self):
        self.authority.revocation_list(self.crl, self.bob)
        gate = self.serve("--client-crl", self.crl)
        self.assert_admitted(gate, self.alice, "ca:DNS:alice.example")
        said, line = self.refusal(gate, self.bob)
        self.assertEqual((said, line["codes"]), (REVOKED, "revoked"))

    def test_A36_a_reload_with_a_new_list_closes_the_open_stream_of_who_is_on_it_and_no_other(self):
        self.authority.revocation_list(self.crl)
        gate = self.serve("--client-crl", self.crl)
        with TlsPeer(gate, shown(self.alice)) as kept, TlsPeer(gate, shown(self.bob)) as closed:
            for peer in (kept, closed):
                peer.send(b"!")
                self.assertEqual(peer.receive(1), b"!")
            self.authority.revocation_list(self.crl, self.bob)
            gate.reload()
            gate.event("reload", result="applied")
            gate.event("revoked_closed", client="ca:DNS:bob.example")
            kept.send(b"?")
            self.assertEqual(kept.receive(1), b"?")
        self.assertEqual(self.refusal(gate, self.bob)[0], REVOKED)

    def test_A108_a_stale_list_refuses_everyone_and_does_not_say_that_their_certificates_have_expired(self):
        self.authority.revocation_list(self.crl, dates=("20200101000000Z", "20200201000000Z"))
        gate = self.serve("--client-crl", self.crl)
        said, line = self.refusal(gate, self.alice)
        self.assertEqual((said, line["codes"]), (UNKNOWN, "stale_revocation"))

    def test_A112_a_reload_with_an_older_list_refuses_until_a_newer_one_is_there(self):
        old = self.owner.path("old.crl")
        self.authority.revocation_list(old, dates=("20250101000000Z", "20400101000000Z"))
        self.authority.revocation_list(self.crl, self.bob, dates=("20260101000000Z", "20400101000000Z"))
        gate = self.serve("--client-crl", self.crl)
        self.assertEqual(self.refusal(gate, self.bob)[0], REVOKED)
        os.replace(old, self.crl)
        gate.reload()
        gate.event("reload", result="applied")
        said, line = self.refusal(gate, self.bob)
        self.assertEqual((said, line["codes"]), (UNKNOWN, "stale_revocation"))
        self.assertIn("2026-01-01T00:00:00Z", line["reason"])

    def test_A108_a_list_of_another_issuer_counts_as_none(self):
        Authority(self.side("elsewhere").folder, "other").revocation_list(self.crl)
        gate = self.serve("--client-crl", self.crl)
        said, line = self.refusal(gate, self.alice)
        self.assertEqual((said, line["codes"]), (UNKNOWN, "revocation_unknown"))

    def test_A108_a_list_that_cannot_be_read_refuses_to_start_and_at_a_reload_keeps_the_old(self):
        empty = self.owner.path("empty.crl")
        open(empty, "w", encoding="ascii").close()
        for bad in (self.owner.path("nowhere.crl"), empty, self.authority.certificate, self.owner.folder):
            with self.subTest(bad):
                started = self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", self.service.address, "--client-ca",
                                         self.authority.certificate, "--client-crl", bad)
                self.assertIn(started.code, (1, 2), str(started))
                self.assertIn(os.path.basename(bad), started.err)
        self.authority.revocation_list(self.crl, self.bob)
        gate = self.serve("--client-crl", self.crl)
        os.unlink(self.crl)
        gate.reload()
        kept = gate.event("reload", result="kept")
        self.assertIn(self.crl, kept["reason"])
        self.assertEqual(self.refusal(gate, self.bob)[0], REVOKED)
        self.assert_admitted(gate, self.alice, "ca:DNS:alice.example")

    def test_a_list_without_a_ca_is_a_call_that_makes_no_sense(self):
        self.authority.revocation_list(self.crl)
        started = self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", self.service.address, "--client-crl", self.crl)
        self.assertEqual(started.code, 2)
        self.assertIn("--client-ca", started.err)


class RegistryDenials(AuthorityTest):
    """The registry's word stands over a valid chain."""

    def setUp(self):
        super().setUp()
        self.gate = self.serve()
        self.alice = self.authority.issue("alice", "DNS:alice.example", serial=0x1234567890)
        self.same_serial = self.authority.issue("renewed", "DNS:renewed.example", serial=0x1234567890)

    def test_a_registered_key_has_its_registered_name_over_the_certificates(self):
        self.owner.do("client", "add", "alice", self.alice.certificate)
        self.assert_admitted(self.gate, self.alice, "alice")

    def test_A73_a_suspended_or_revoked_key_is_refused_though_its_chain_is_valid(self):
        self.owner.do("client", "add", "alice", self.alice.pin())
        again = self.authority.issue("again", "DNS:again.example", key=self.alice.key)
        for verb, code in (("suspend", "suspended"), ("revoke", "revoked")):
            if verb == "revoke":
                self.owner.do("client", "restore", "alice")
                self.assert_admitted(self.gate, again, "alice")
            self.owner.do("client", verb, "alice")
            for issued in (self.alice, again):
                said, line = self.refusal(self.gate, issued)
                self.assertEqual((said, line["codes"], line["client"]), (UNKNOWN, code, "alice"))
        self.owner.do("client", "remove", "alice")
        self.assertEqual(self.refusal(self.gate, again)[1]["codes"], "revoked")

    def test_A71_a_suspended_or_revoked_certificate_is_refused_by_issuer_and_serial_with_any_key(self):
        self.owner.do("client", "add", "alice", self.alice.certificate)
        self.assert_admitted(self.gate, self.same_serial, "ca:DNS:renewed.example")
        for verb, code in (("suspend", "suspended"), ("revoke", "revoked")):
            if verb == "revoke":
                self.owner.do("client", "restore", "alice")
                self.assert_admitted(self.gate, self.same_serial, "ca:DNS:renewed.example")
            self.owner.do("client", verb, "alice")
            self.assertEqual(self.refusal(self.gate, self.same_serial)[1]["codes"], code)
        self.owner.do("client", "remove", "alice")
        self.assertEqual(self.refusal(self.gate, self.same_serial)[1]["codes"], "revoked")

    def test_A44_a_registry_denial_closes_the_open_stream_of_a_client_of_the_ca(self):
        with TlsPeer(self.gate, shown(self.alice)) as peer:
            peer.send(b"!")
            self.assertEqual(peer.receive(1), b"!")
            self.owner.do("client", "add", "alice", self.alice.certificate)
            self.owner.do("client", "revoke", "alice")
            self.gate.event("revoked_closed", client="ca:DNS:alice.example")


class Files(AuthorityTest):
    def test_A19_a_ca_file_that_gives_no_anchor_refuses_to_start(self):
        empty = self.owner.path("empty.pem")
        open(empty, "w", encoding="ascii").close()
        trusted = self.owner.path("trusted.pem")
        with open(self.authority.certificate, encoding="ascii") as plain, open(trusted, "w", encoding="ascii") as file:
            file.write(plain.read().replace("BEGIN CERTIFICATE", "BEGIN TRUSTED CERTIFICATE")
                       .replace("END CERTIFICATE", "END TRUSTED CERTIFICATE"))
        torn = self.owner.path("torn.pem")
        with open(self.authority.certificate, encoding="ascii") as whole, open(torn, "w", encoding="ascii") as file:
            text = whole.read()
            file.write(text + text[: len(text) // 2])
        fifo = self.owner.path("fifo.pem")
        os.mkfifo(fifo)
        rows = (self.owner.path("nowhere.pem"), empty, trusted, torn, fifo, self.owner.folder, self.authority.key)
        for bad in rows:
            with self.subTest(os.path.basename(bad)):
                started = self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", self.service.address, "--client-ca", bad)
                self.assertIn(started.code, (1, 2), str(started))
                self.assertEqual(started.out, "")
                self.assertIn(os.path.basename(bad), started.err)

    def test_A19_the_systems_roots_are_never_asked(self):
        """Neither without --client-ca nor beside it, whatever the environment says."""
        elsewhere = Authority(self.side("elsewhere").folder)
        alice = elsewhere.issue("alice", "DNS:alice.example")
        self.owner.env = lambda kept=self.owner.env(): {**kept, "SSL_CERT_FILE": elsewhere.certificate}
        for gate in (self.server(self.owner, self.service), self.serve()):
            said, _ = self.refusal(gate, alice)
            self.assertIsNotNone(said)
        self.assertEqual(self.service.count, 0)

    def test_A19_a_reload_with_a_broken_ca_file_keeps_the_old_and_a_new_ca_closes_who_is_not_of_it(self):
        gate = self.serve()
        alice = self.authority.issue("alice", "DNS:alice.example")
        with open(self.authority.certificate, encoding="ascii") as file:
            old = file.read()
        with TlsPeer(gate, shown(alice)) as peer:
            peer.send(b"!")
            self.assertEqual(peer.receive(1), b"!")
            open(self.authority.certificate, "w", encoding="ascii").close()
            gate.reload()
            self.assertIn(self.authority.certificate, gate.event("reload", result="kept")["reason"])
            self.assert_admitted(gate, alice, "ca:DNS:alice.example")
            other = Authority(self.side("elsewhere").folder)
            with open(other.certificate, encoding="ascii") as new, open(self.authority.certificate, "w",
                                                                        encoding="ascii") as file:
                file.write(new.read())
            gate.reload()
            gate.event("revoked_closed", client="ca:DNS:alice.example")
        self.assertEqual(self.refusal(gate, alice)[0], "TLSV1_ALERT_UNKNOWN_CA")
        bob = other.issue("bob", "DNS:bob.example")
        self.assert_admitted(gate, bob, "ca:DNS:bob.example")
        with open(self.authority.certificate, "w", encoding="ascii") as file:
            file.write(old)

    def test_A123_a_stream_ends_with_the_certificate_that_let_it_in(self):
        gate = self.serve()
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=6)
        alice = self.authority.issue("alice", "DNS:alice.example",
                                     dates=("20200101000000Z", soon.strftime("%Y%m%d%H%M%SZ")))
        with TlsPeer(gate, shown(alice)) as peer:
            peer.send(b"!")
            self.assertEqual(peer.receive(1), b"!")
            gate.event("closed", client="ca:DNS:alice.example", end="expired")
        self.assertEqual(self.refusal(gate, alice)[0], "SSLV3_ALERT_CERTIFICATE_EXPIRED")


if __name__ == "__main__":
    unittest.main()
