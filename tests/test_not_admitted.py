"""A server that does not admit us: exit 3 and the line to send to its owner, whatever the server is made of."""

import os
import ssl
import sys
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.processes import Process
from harness.tls_servers import OpensslServer, PythonServer, server_context, sink

LARGE = b"x" * 3_000_000  # more than any buffer between holds: writes meet what the server does


class NotAdmitted(TunnelTest):
    def assert_not_admitted(self, done, side):
        self.assertEqual((done.code, done.raw), (3, b""), done)
        self.assertIn("does not admit this key", done.err)
        self.assertIn(f"\n  next: send its owner this line: cotter client add NAME {side.pin()}\n", done.err)

    def test_A33_a_cotter_server_says_so_before_a_byte_of_the_stream_moves(self):
        _, backend, server, _ = self.tunnel()
        stranger = self.side("stranger")
        for sent in (b"", b"hello", LARGE):
            done = stranger.run("connect", server.address, "--pin", server.pin, stdin=sent)
            self.assert_not_admitted(done, stranger)
        self.assertEqual(backend.count, 0)
        self.assertEqual(server.event("refused")["pin"], stranger.pin())

    def test_A33_both_sides_name_the_same_connection(self):
        _, _, server, _ = self.tunnel()
        done = self.side("stranger").run("connect", server.address, "--pin", server.pin)
        self.assertIn(f"(connection {server.event('refused')['conn']})", done.err)

    def test_A33_the_line_is_in_json_too(self):
        _, _, server, _ = self.tunnel()
        stranger = self.side("stranger")
        done = stranger.run("connect", server.address, "--pin", server.pin, "--json")
        self.assertEqual(done.code, 3)
        self.assertEqual(done.json["error"]["code"], "not_admitted")
        self.assertIn(f"cotter client add NAME {stranger.pin()}", done.json["error"]["hint"])

    def test_A33_the_line_that_is_given_admits(self):
        owner, _, server, _ = self.tunnel()
        stranger = self.side("stranger")
        done = stranger.run("connect", server.address, "--pin", server.pin, "--json")
        line = done.json["error"]["hint"].split("cotter ", 1)[1].replace("NAME", "stranger").split()
        server.end()
        owner.do(*line)
        again = self.server(owner, server.arguments[server.arguments.index("--to") + 1])
        self.assertEqual(stranger.do("connect", again.address, "--pin", again.pin, stdin=b"in").raw, b"in")

    def test_A33_openssl_s_server_refuses_in_the_middle_of_our_bytes(self):
        alice = self.side("alice")
        ca = Authority(alice.folder)
        issued = self_signed(alice.folder, "server")
        for version in ("-tls1_3", "-tls1_2"):
            with OpensslServer(issued, "-Verify", "1", "-verify_return_error", "-CAfile", ca.certificate, version) as server:
                for sent in (b"", b"hello\n", LARGE):
                    done = alice.run("connect", server.address, "--pin", issued.pin(), "--min-tls", "1.2", stdin=sent)
                    self.assert_not_admitted(done, alice)

    def test_A33_python_refuses_too(self):
        alice = self.side("alice")
        ca = Authority(alice.folder)
        issued = self_signed(alice.folder, "server")
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            with PythonServer(server_context(issued, version=version, client_ca=ca.certificate)) as server:
                for sent in (b"", b"hello", LARGE):
                    done = alice.run("connect", server.address, "--pin", issued.pin(), "--min-tls", "1.2", stdin=sent)
                    self.assert_not_admitted(done, alice)
                    self.assertEqual(server.meeting().wait().received, b"")

    def test_a_certificate_of_the_servers_ca_is_admitted(self):
        alice = self.side("alice")
        ca = Authority(alice.folder)
        issued = self_signed(alice.folder, "server")
        own = ca.issue("alice", "DNS:alice.example")
        with PythonServer(server_context(issued, client_ca=ca.certificate)) as server:
            done = alice.run("connect", server.address, "--pin", issued.pin(), "--cert", own.certificate, "--key", own.key,
                             stdin=b"hello")
        self.assertEqual((done.code, done.raw), (0, b"hello"), done.err)

    def test_A33_a_server_that_closes_without_a_word_is_1_and_the_line_is_offered(self):
        alice = self.side("alice")
        issued = self_signed(alice.folder, "server")
        with PythonServer(server_context(issued), lambda meeting: os.close(meeting.tls.detach())) as server:
            for sent in (b"", LARGE):
                done = alice.run("connect", server.address, "--pin", issued.pin(), stdin=sent)
                self.assertEqual(done.code, 1)
                self.assertIn("broke off before it had sent anything", done.err)
                self.assertIn(f"cotter client add NAME {alice.pin()}", done.err)

    def test_a_visitor_without_a_certificate_gets_no_line_with_an_empty_pin(self):
        alice = self.side("alice")
        issued = self_signed(alice.folder, "server")
        ca = Authority(alice.folder)
        for arguments in (("pin",), ("verify", "--pin", issued.pin())):
            with OpensslServer(issued, "-Verify", "1", "-verify_return_error", "-CAfile", ca.certificate, "-tls1_2") as server:
                done = alice.run(arguments[0], server.address, *arguments[1:])
                self.assertNotIn("client add", done.err)
                self.assertIn(done.code, (0, 1), done)

    def test_a_server_that_is_admitted_to_but_has_no_backend_is_1(self):
        owner = self.side("owner")
        alice = self.admitted(owner, "alice")
        server = self.server(owner, f"127.0.0.1:{backends.unused_port()}")
        done = alice.run("connect", server.address, "--pin", server.pin)
        self.assertEqual((done.code, done.raw), (1, b""))
        self.assertIn("the server admits this key, but", done.err)


class Silent(TunnelTest):
    def test_a_server_that_says_nothing_ends_at_the_handshake_timeout(self):
        alice = self.side("alice")
        with backends.Backend(backends.sink) as silent:
            done = alice.run("connect", silent.address, "--pin", alice.pin(), "--handshake-timeout", "300ms", stdin=b"secret")
        self.assertEqual((done.code, done.raw), (1, b""))
        self.assertIn("did not finish in time", done.err)
        self.assertIn("--handshake-timeout", done.err)

    def test_one_that_falls_silent_inside_its_hello_does_too(self):
        alice = self.side("alice")
        with backends.Backend(backends.speak(b"\x16\x03\x03\x01\x00\x02")) as half:
            done = alice.run("connect", half.address, "--pin", alice.pin(), "--handshake-timeout", "300ms")
        self.assertEqual(done.code, 1)
        self.assertIn("did not finish in time", done.err)

    def test_one_that_speaks_something_else_is_told_from_a_refusal(self):
        alice = self.side("alice")
        for greeting in (b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(5000)):
            with backends.Backend(backends.speak(greeting)) as other:
                done = alice.run("connect", other.address, "--pin", alice.pin(), stdin=b"secret")
            self.assertEqual(done.code, 1, done)
            self.assertIn("check that it is a TLS server", done.err)

    def test_one_that_closes_at_once_is_1(self):
        alice = self.side("alice")
        with backends.Backend(lambda visit: None) as closing:
            done = alice.run("connect", closing.address, "--pin", alice.pin())
        self.assertEqual(done.code, 1)

    def test_a_cotter_server_whose_word_never_comes_ends_at_its_deadline(self):
        alice = self.side("alice")
        issued = self_signed(alice.folder, "server")
        context = server_context(issued)
        context.set_alpn_protocols(["cotter/1"])
        with PythonServer(context, sink) as server:
            done = alice.run("connect", server.address, "--pin", issued.pin(), "--handshake-timeout", "200ms",
                             "--connect-timeout", "200ms", stdin=b"secret")
            self.assertEqual((done.code, done.raw), (1, b""))
            self.assertIn("did not say in time that it admits this key", done.err)
            self.assertEqual(server.meeting().received, b"")

    def test_one_that_says_cotter_and_then_something_else_is_refused(self):
        alice = self.side("alice")
        issued = self_signed(alice.folder, "server")
        context = server_context(issued)
        context.set_alpn_protocols(["cotter/1"])
        with PythonServer(context, lambda meeting: meeting.tls.sendall(b"\xff" * 100)) as server:
            done = alice.run("connect", server.address, "--pin", issued.pin(), stdin=b"secret")
        self.assertEqual((done.code, done.raw), (1, b""), done)

    def test_connecting_ends_at_its_timeout(self):
        alice = self.side("alice")
        with backends.socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            # With its queue full, the listener answers no further SYN.
            address = full.getsockname()
            waiting = [backends.socket.socket() for _ in range(8)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(address)
            with Process(alice.command("connect", f"127.0.0.1:{address[1]}", "--pin", alice.pin(), "--connect-timeout",
                                       "300ms"), env=alice.env()) as client:
                self.assertEqual(client.wait(), 1)
                self.assertRegex(client.err.text(), "timed out|in time")
            for one in waiting:
                one.close()




if __name__ == "__main__":
    sys.exit(unittest.main())
