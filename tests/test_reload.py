"""Reload on SIGHUP: new keys, CAs and CRLs for the next handshake, open streams untouched, and all or nothing."""

import os
import shutil
import ssl
import unittest

from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.tls_peer import TlsPeer, Truncated, client_context


class Identity(TunnelTest):
    def scene(self, *arguments):
        self.owner = self.side("owner")
        self.files = (self.owner.path("server.crt"), self.owner.path("server.key"))
        self.old = self_signed(self.owner.folder, "old")
        self.put(self.old.certificate, self.old.key)
        self.to = self.backend()
        alice = self.admitted(self.owner, "alice")
        server = self.server(self.owner, self.to, "--cert", self.files[0], "--key", self.files[1], *arguments)
        return server, alice

    def put(self, certificate, key):
        shutil.copy(certificate, self.files[0])
        shutil.copy(key, self.files[1])
        os.chmod(self.files[1], 0o600)

    def reload(self, server, result):
        mark = server.mark()
        server.reload()
        return server.event("reload", since=mark, result=result)

    def test_A175_a_storm_of_signals_costs_no_stream(self):
        server, alice = self.scene()
        stream = self.open_stream(alice, server, pin=self.old.pin())
        for _ in range(200):
            server.reload()
            stream.send(b"x")
        self.assertEqual(stream.receive(200), b"x" * 200)
        self.reload(server, "applied")
        self.open_stream(alice, server, pin=self.old.pin())

    def test_A186_a_new_pair_serves_the_next_handshake_and_drops_no_stream(self):
        server, alice = self.scene()
        stream = self.open_stream(alice, server)
        new = self_signed(self.owner.folder, "new", "ed25519")
        self.put(new.certificate, new.key)
        self.assertEqual(self.reload(server, "applied")["pin"], new.pin())
        self.open_stream(alice, server, pin=new.pin())
        self.assertEqual(self.connect(alice, server).wait(), 3, "the old pin holds no more")
        stream.send(b"still the same stream")
        self.assertEqual(stream.receive(21), b"still the same stream")
        stream.finish_sending()
        self.assertEqual(stream.wait(), 0)

    def test_A186_what_is_no_sound_pair_keeps_the_old_whole_and_says_why(self):
        server, alice = self.scene()
        other = self_signed(self.owner.folder, "other")

        def lax():
            self.put(other.certificate, other.key)
            os.chmod(self.files[1], 0o644)

        def write(which, octets):
            with open(self.files[which], "wb") as file:
                file.write(octets)

        cases = {
            "a key that is not the certificate's": lambda: shutil.copy(other.key, self.files[1]),
            "a certificate that is not the key's": lambda: shutil.copy(other.certificate, self.files[0]),
            "an empty certificate file": lambda: write(0, b""),
            "half a key": lambda: write(1, open(self.old.key, "rb").read()[:80]),
            "a missing certificate": lambda: os.unlink(self.files[0]),
            "a missing key": lambda: os.unlink(self.files[1]),
            "a key that others can read": lax,
        }
        for name, spoil in cases.items():
            with self.subTest(name):
                self.put(self.old.certificate, self.old.key)
                spoil()
                event = self.reload(server, "kept")
                self.assertTrue(event["reason"])
                self.open_stream(alice, server, pin=self.old.pin())
        self.put(other.certificate, other.key)
        self.reload(server, "applied")
        self.open_stream(alice, server, pin=other.pin())

    def test_A36_no_earlier_session_is_resumed_after_a_reload(self):
        for name, version in (("TLS 1.3", ssl.TLSVersion.TLSv1_3), ("TLS 1.2", ssl.TLSVersion.TLSv1_2)):
            with self.subTest(name):
                server, alice = self.scene("--resumption", "--min-tls", "1.2", "--threads", "1")
                context = client_context(alice.certificate, alice.key, version)
                session = self.session(server, context)
                with TlsPeer(server, context, session) as peer:
                    self.use(peer)
                    self.assertTrue(peer.tls.session_reused, "it would be resumed without a reload")
                session = self.session(server, context)
                self.reload(server, "applied")
                with TlsPeer(server, context, session) as peer:
                    self.use(peer)
                    self.assertFalse(peer.tls.session_reused)

    def use(self, peer):
        peer.send(b"!")
        self.assertEqual(peer.receive(1), b"!")

    def session(self, server, context):
        with TlsPeer(server, context) as peer:
            self.use(peer)
            session = peer.tls.session
            peer.close_notify()
            peer.receive_all()
            return session


class ClientAuthority(TunnelTest):
    def scene(self, with_crl):
        self.owner = self.side("owner")
        self.authority = Authority(self.owner.folder, "first")
        self.alice = self.authority.issue("alice", "DNS:alice.example")
        self.bob = self.authority.issue("bob", "DNS:bob.example")
        self.ca = self.owner.path("client-ca.crt")
        self.crl = self.owner.path("client.crl")
        shutil.copy(self.authority.certificate, self.ca)
        self.authority.revocation_list(self.crl)
        self.to = self.backend()
        crl = ["--client-crl", self.crl] if with_crl else []
        return self.server(self.owner, self.to, "--client-ca", self.ca, *crl)

    def open(self, server, issued):
        peer = self.enterContext(TlsPeer(server, client_context(issued.certificate, issued.key)))
        peer.send(b"!")
        self.assertEqual(peer.receive(1), b"!")
        return peer

    def assert_refused(self, server, issued):
        with self.assertRaises((ssl.SSLError, ConnectionError, Truncated)):
            with TlsPeer(server, client_context(issued.certificate, issued.key)) as peer:
                peer.receive_some()

    def test_A44_a_new_crl_closes_the_stream_of_whom_it_revokes_and_no_other(self):
        server = self.scene(True)
        alice, bob = self.open(server, self.alice), self.open(server, self.bob)
        self.authority.revocation_list(self.crl, self.alice)
        server.reload()
        server.event("reload", result="applied")
        with self.assertRaises((Truncated, ConnectionResetError)):
            alice.receive_some()
        self.assertIn("alice.example", server.event("revoked_closed")["client"])
        self.assert_refused(server, self.alice)
        bob.send(b"?")
        self.assertEqual(bob.receive(1), b"?")
        self.open(server, self.bob)

    def test_a_new_client_ca_closes_the_streams_of_the_old_ones_clients(self):
        server = self.scene(False)
        alice = self.open(server, self.alice)
        other = Authority(self.owner.folder, "second")
        carol = other.issue("carol", "DNS:carol.example")
        self.assert_refused(server, carol)
        shutil.copy(other.certificate, self.ca)
        server.reload()
        server.event("reload", result="applied")
        with self.assertRaises((Truncated, ConnectionResetError)):
            alice.receive_some()
        self.assert_refused(server, self.bob)
        self.open(server, carol)

    def test_A186_a_bad_crl_or_ca_keeps_the_old_ones_and_their_streams(self):
        server = self.scene(True)
        alice = self.open(server, self.alice)
        for path in (self.crl, self.ca):
            for octets in (b"", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", os.urandom(100)):
                with self.subTest(path=os.path.basename(path), octets=octets[:20]):
                    with open(path, "rb") as file:
                        good = file.read()
                    with open(path, "wb") as file:
                        file.write(octets)
                    mark = server.mark()
                    server.reload()
                    self.assertTrue(server.event("reload", since=mark, result="kept")["reason"])
                    alice.send(b"?")
                    self.assertEqual(alice.receive(1), b"?")
                    self.open(server, self.bob)
                    with open(path, "wb") as file:
                        file.write(good)

    def test_A180_no_octet_is_lost_while_the_server_reloads_again_and_again(self):
        server = self.scene(False)
        peer = self.open(server, self.alice)
        for i in range(20):
            peer.send(bytes([i]) * 50_000)
            mark = server.mark()
            server.reload()
            server.event("reload", since=mark, result="applied")
            self.assertEqual(peer.receive(50_000), bytes([i]) * 50_000)


if __name__ == "__main__":
    unittest.main()
