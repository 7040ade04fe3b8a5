"""What TLS cotter speaks, as other makes see it: versions, suites, tickets, renegotiation, early data, client authentication."""

import ssl
import subprocess
import sys
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.processes import Finished
from harness.tls_peer import TlsPeer, client_context
from harness.tls_servers import OpensslServer, PythonServer, echo, server_context

TLS12 = ssl.TLSVersion.TLSv1_2


class OpensslClient(TunnelTest):
    def s_client(self, server, side, *arguments, stdin=b"Q\n"):
        """What openssl s_client makes of the server, as that side."""
        return Finished(["openssl", "s_client", "-connect", server.address, "-cert", side.certificate, "-key", side.key,
                         *arguments], stdin=stdin)

    def test_A48_tls_1_2_is_refused_by_default_and_taken_where_the_flag_says_so(self):
        for arguments, works in (((), False), (("--min-tls", "1.2"), True)):
            _, _, server, alice = self.tunnel(backends.echo, *arguments)
            done = self.s_client(server, alice, "-tls1_2")
            self.assertEqual("New, TLSv1.2, Cipher is ECDHE-" in done.out, works, done)
            self.assertIn("New, TLSv1.3, Cipher is TLS_AES_", self.s_client(server, alice, "-tls1_3").out)
            for old in ("-tls1", "-tls1_1"):
                self.assertIn("Cipher is (NONE)", self.s_client(server, alice, old, "-cipher", "ALL:@SECLEVEL=0").out)

    def test_A45_only_ecdhe_with_aead_is_spoken(self):
        _, _, server, alice = self.tunnel(backends.echo, "--min-tls", "1.2")
        for suite in ("AES128-GCM-SHA256", "AES256-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256",
                      "DHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM8", "aNULL", "PSK", "SRP"):
            done = self.s_client(server, alice, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0")
            self.assertIn("Cipher is (NONE)", done.out or "Cipher is (NONE)", f"{suite} {done}")
            self.assertNotEqual(done.code, 0, suite)

    def test_A46_tls_1_2_without_extended_master_secret_is_refused(self):
        owner, backend, server, alice = self.tunnel(backends.echo, "--min-tls", "1.2")
        del owner
        configuration = alice.path("no_ems.cnf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write("openssl_conf=a\n[a]\nssl_conf=b\n[b]\nsystem_default=c\n[c]\nOptions=-ExtendedMasterSecret\n")
        env = alice.env() | {"OPENSSL_CONF": configuration}
        done = Finished(["openssl", "s_client", "-connect", server.address, "-cert", alice.certificate, "-key", alice.key,
                         "-tls1_2"], stdin=b"hello\n", env=env)
        self.assertIn("Extended master secret: no", done.out, done)
        server.event("refused", codes="downgraded_protocol")
        self.assertEqual(backend.count, 0)

    def test_A36_there_is_no_session_ticket_by_default(self):
        for arguments, is_there in (((), False), (("--resumption",), True)):
            # The server ends by itself, after what it would have sent.
            _, _, server, alice = self.tunnel(backends.source(5), *arguments)
            done = self.s_client(server, alice, "-ign_eof", stdin=b"")
            self.assertEqual("New Session Ticket" in done.out, is_there, done)

    def test_A24_renegotiation_is_refused(self):
        _, _, server, alice = self.tunnel(backends.echo, "--min-tls", "1.2")
        with self.enterContext(alice_client(server, alice, "-tls1_2")) as client:
            client.stdin.write(b"R\n")
            client.stdin.flush()
            out = client.stdout.read()
            self.assertIn(b"RENEGOTIATING", out)
            self.assertIn(b"no renegotiation", out)
            self.assertNotEqual(client.wait(60), 0)

    def test_compression_and_alpn_of_strangers(self):
        _, _, server, alice = self.tunnel()
        done = self.s_client(server, alice, "-comp", "-alpn", "h2,http/1.1")
        self.assertIn("Compression: NONE", done.out)
        self.assertIn("No ALPN negotiated", done.out)
        self.assertIn("Early data was not sent", done.out)

    def test_A28_any_name_or_none_meets_the_same_rules(self):
        _, _, server, alice = self.tunnel()
        stranger = self.side("stranger")
        stranger.pin()
        for arguments in (("-noservername",), ("-servername", "x.example"), ("-servername", "*"), ("-servername", "a" * 250)):
            self.assertIn("Cipher is TLS_", self.s_client(server, alice, *arguments).out)
            mark = server.mark()
            self.s_client(server, stranger, *arguments)
            server.event("refused", since=mark, codes="not_admitted")


def alice_client(server, side, *arguments):
    return subprocess.Popen(["openssl", "s_client", "-connect", server.address, "-cert", side.certificate, "-key", side.key,
                             *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class OurClient(TunnelTest):
    def setUp(self):
        self.alice = self.side("alice")
        self.issued = self_signed(self.alice.folder, "server")

    def connect_to(self, server, *arguments, stdin=b"in"):
        return self.alice.run("connect", server.address, "--pin", self.issued.pin(), *arguments, stdin=stdin)

    def test_A48_a_server_of_tls_1_2_is_refused_by_default_and_taken_with_the_flag(self):
        with PythonServer(server_context(self.issued, version=TLS12)) as server:
            done = self.connect_to(server)
            self.assertEqual((done.code, done.raw), (1, b""), done)
            self.assertIn("--min-tls 1.2", done.err)
            self.assertEqual(self.connect_to(server, "--min-tls", "1.2").raw, b"in")

    def test_A45_a_server_with_static_rsa_or_cbc_alone_is_refused(self):
        rsa = self_signed(self.alice.folder, "rsa", key="rsa:2048")
        for suite in ("AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256"):
            context = server_context(rsa, version=TLS12)
            context.set_ciphers(f"{suite}:@SECLEVEL=0")
            with PythonServer(context) as server:
                done = self.alice.run("connect", server.address, "--pin", rsa.pin(), "--min-tls", "1.2", stdin=b"secret")
                self.assertEqual((done.code, done.raw), (1, b""), f"{suite} {done}")
                self.assertEqual(server.meeting().wait().received, b"")

    def test_A46_a_server_without_extended_master_secret_is_refused(self):
        configuration = self.alice.path("no_ems.cnf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write("openssl_conf=a\n[a]\nssl_conf=b\n[b]\nsystem_default=c\n[c]\nOptions=-ExtendedMasterSecret\n")
        with OpensslServer(self.issued, "-tls1_2", env=self.alice.env() | {"OPENSSL_CONF": configuration}) as server:
            done = self.connect_to(server, "--min-tls", "1.2", stdin=b"secret\n")
        self.assertEqual((done.code, done.raw), (3, b""), done)
        self.assertIn("extended master secret", done.err)

    def test_A23_a_request_for_a_certificate_after_the_handshake_is_fatal(self):
        def ask(meeting):
            meeting.receive()
            meeting.tls.verify_client_post_handshake()
            meeting.tls.sendall(b"more")
            meeting.receive()

        context = server_context(self.issued)
        context.post_handshake_auth = True
        with PythonServer(context, ask) as server:
            done = self.connect_to(server)
            self.assertEqual(done.code, 1, done)
            self.assertNotIn(b"more", done.raw)

    def test_a_server_that_insists_on_its_own_protocols_is_met_without_any(self):
        with OpensslServer(self.issued, "-alpn", "http/1.1") as server:
            done = self.connect_to(server, stdin=b"abc\n")
            self.assertEqual((done.code, done.raw), (0, b"cba\n"), done)
        context = server_context(self.issued)
        context.set_alpn_protocols(["h2"])
        with PythonServer(context, echo) as server:
            self.assertEqual(self.connect_to(server).raw, b"in")

    def test_a_warning_of_the_server_does_not_hide_our_verdict(self):
        with OpensslServer(self.issued, "-tls1_2", "-servername", "other.example", "-cert2", self.issued.certificate, "-key2",
                           self.issued.key) as server:
            done = self.alice.run("connect", f"localhost:{server.port}", "--min-tls", "1.2", "--pin", self.alice.pin(), "--json")
            self.assertEqual((done.code, done.json["error"]["code"]), (3, "pin_mismatch"))

    def test_A90_one_name_is_sent_and_judged(self):
        with PythonServer(server_context(self.issued)) as server:
            for address, arguments, name in ((f"localhost:{server.port}", [], "localhost"), (server.address, [], None),
                                             (f"localhost:{server.port}", ["--server-name", "DB.Example."], "db.example")):
                done = self.alice.run("connect", address, "--trust", "accept-new", *arguments, stdin=b"in")
                self.assertEqual(done.raw, b"in", done)
                self.assertEqual(server.meeting().wait().name, name)
            with open(f"{self.alice.state}/known_peers", encoding="ascii") as file:
                hosts = [line.split()[0] for line in file]
            self.assertEqual(sorted(hosts), sorted([f"localhost:{server.port}", server.address, f"db.example:{server.port}"]))

    def test_ipv6_and_a_name_with_several_addresses(self):
        with PythonServer(server_context(self.issued), host="::1") as server:
            self.assertEqual(self.connect_to(server).raw, b"in")


class Python(TunnelTest):
    def test_A23_our_server_never_asks_again_and_takes_no_answer_to_that(self):
        _, _, server, alice = self.tunnel()
        context = client_context(alice.certificate, alice.key)
        context.post_handshake_auth = True
        with TlsPeer(server, context) as peer:
            peer.send(b"in")
            self.assertEqual(peer.receive(2), b"in")


if __name__ == "__main__":
    sys.exit(unittest.main())
