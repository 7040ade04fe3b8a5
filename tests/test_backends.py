"""Backends that are down, far, slow or rude, and what the client is told; UNIX sockets; names with several addresses."""

import socket
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.processes import DEADLINE, Finished, event_of
from harness.tls_peer import TlsPeer, Truncated, client_context


class Unreachable(TunnelTest):
    def assert_told(self, server, alice, why):
        """A cotter client gets a sentence and exit 1; another TLS client a clean close; the log says why."""
        stream = self.connect(alice, server)
        self.assertEqual(stream.receive_all(), b"")
        self.assertEqual(stream.wait(), 1)
        self.assertIn("the service behind this server does not answer", stream.err.text())
        event = server.event("closed", end="backend_unreachable")
        self.assertRegex(event["reason"], why)
        self.assertIn(event["conn"], stream.err.text(), "both sides name the same connection")
        self.assertNotIn(server.to, stream.err.text(), "the inside is nobody's business")
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            self.assertEqual(peer.receive_all(), b"", "close_notify, and neither reset nor alert")

    def scene(self, to, *arguments):
        owner = self.side("owner")
        alice = self.admitted(owner, "alice")
        server = self.server(owner, to, *arguments)
        server.to = to
        return server, alice

    def test_A170_a_backend_that_is_down(self):
        self.assert_told(*self.scene(f"127.0.0.1:{backends.unused_port()}"), "[Rr]efused")

    def test_A170_a_unix_backend_that_is_not_there(self):
        owner = self.side("elsewhere")
        self.assert_told(*self.scene(f"unix:{owner.path('nobody.sock')}"), "No such file")

    def test_A170_a_backend_that_never_accepts_is_given_up_after_the_connect_timeout(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            full = []
            for _ in range(4):  # Linux takes one or two more than the backlog, then drops SYNs
                waiting = self.enterContext(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(listener.getsockname())
                full.append(waiting)
            server, alice = self.scene(f"127.0.0.1:{listener.getsockname()[1]}", "--connect-timeout", "500ms")
            self.assert_told(server, alice, "timed out")

    def test_A170_openssl_sees_a_clean_end(self):
        server, alice = self.scene(f"127.0.0.1:{backends.unused_port()}")
        done = Finished(["openssl", "s_client", "-connect", server.address, "-cert", alice.certificate, "-key", alice.key,
                         "-ign_eof", "-quiet"], stdin=b"")
        self.assertEqual(done.code, 0, str(done))
        self.assertNotIn("alert", done.err.replace("verify", ""))

    def test_A170_the_server_lives_on_and_the_next_stream_works_when_the_backend_is_back(self):
        port = backends.unused_port()
        server, alice = self.scene(f"127.0.0.1:{port}")
        self.assertEqual(self.connect(alice, server).wait(), 1)
        with socket.create_server(("127.0.0.1", port)) as listener:
            stream = self.connect(alice, server)
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"back")
                self.assertEqual(stream.receive(4), b"back")


class Rude(TunnelTest):
    def test_A170_a_backend_that_resets_at_once(self):
        _, _, server, alice = self.tunnel(lambda visit: backends.reset(visit.connection))
        stream = self.connect(alice, server)
        self.assertEqual(stream.receive_all(), b"")
        self.assertEqual(stream.wait(), 1)
        # The reset can come before the connection counts as made: then it is a backend that doesn't answer.
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            try:
                self.assertEqual(peer.receive_some(), b"")
            except (Truncated, ConnectionResetError):
                pass
        for end in (event_of(line) for line in server.err.text().splitlines()):
            self.assertNotEqual((end or {}).get("end"), "done", "a reset is no end")

    def test_A170_a_backend_that_resets_in_mid_stream(self):
        def behave(visit):
            backends.receive(visit)
            visit.connection.sendall(b"half of an ans")
            backends.receive(visit)
            backends.reset(visit.connection)

        _, _, server, alice = self.tunnel(behave)
        stream = self.connect(alice, server)
        stream.send(b"?")
        self.assertEqual(stream.receive(14), b"half of an ans")
        stream.send(b"?")
        self.assertEqual(stream.receive_all(), b"")
        self.assertEqual(stream.wait(), 1)
        server.event("closed", end="plain_reset", bytes_out=14)

    def test_A170_a_backend_that_closes_at_once_is_an_end_and_no_fault(self):
        _, _, server, alice = self.tunnel(lambda visit: None)
        stream = self.connect(alice, server)
        stream.finish_sending()
        self.assertEqual(stream.receive_all(), b"")
        self.assertEqual(stream.wait(), 0)
        server.event("closed", end="done")

    def test_a_backend_that_speaks_first_is_heard(self):
        _, _, server, alice = self.tunnel(backends.speak(b"220 ready\r\n"))
        self.assertEqual(self.connect(alice, server).receive(11), b"220 ready\r\n")
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            self.assertEqual(peer.receive(11), b"220 ready\r\n")


class Addresses(TunnelTest):
    def test_a_unix_socket_backend(self):
        owner = self.side("owner")
        backend = self.backend(unix=owner.path("backend.sock"))
        alice = self.admitted(owner, "alice")
        self.open_stream(alice, self.server(owner, backend))

    def test_an_ipv6_backend(self):
        owner = self.side("owner")
        alice = self.admitted(owner, "alice")
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
            server = self.server(owner, f"[::1]:{listener.getsockname()[1]}")
            stream = self.connect(alice, server)
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"six")
                self.assertEqual(stream.receive(3), b"six")

    def test_the_addresses_of_a_name_are_tried_in_turn(self):
        found = {info[4][0] for info in socket.getaddrinfo("localhost", 1, type=socket.SOCK_STREAM)}
        if not {"::1", "127.0.0.1"} <= found:
            self.skipTest(f"localhost is only {found} here")
        owner = self.side("owner")
        alice = self.admitted(owner, "alice")
        for address, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
            with self.subTest(address), socket.create_server((address, 0), family=family) as listener:
                server = self.server(owner, f"localhost:{listener.getsockname()[1]}")
                stream = self.connect(alice, server)
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(b"here")
                    self.assertEqual(stream.receive(4), b"here")
        port = backends.unused_port()
        server = self.server(owner, f"localhost:{port}")
        self.connect(alice, server)
        reason = server.event("closed", end="backend_unreachable")["reason"]
        self.assertIn("::1", reason)
        self.assertIn("127.0.0.1", reason)

    def test_a_public_backend_in_the_clear_needs_the_unsafe_flag(self):
        owner = self.side("owner")
        alice = self.admitted(owner, "alice")
        # TEST-NET-1: nobody has it, nobody is asked for it.
        server = self.server(owner, "192.0.2.1:9")
        self.assertEqual(self.connect(alice, server).wait(), 1)
        self.assertIn("neither loopback nor private", server.event("closed", end="backend_unreachable")["reason"])
        with self.assertRaises(AssertionError):
            server.event("closed", deadline=0.01, end="done")
        unsafe = self.server(owner, "192.0.2.1:9", "--unsafe-target", "--connect-timeout", "200ms")
        self.assertEqual(self.connect(alice, unsafe).wait(), 1)
        self.assertNotIn("private", unsafe.event("closed", end="backend_unreachable")["reason"])


class RealPeers(TunnelTest):
    def test_A178_socat_and_openssl_half_close_through_the_tunnel(self):
        owner = self.side("owner")
        backend = self.backend(backends.answer_after_end(b"the whole answer\n" * 1000))
        alice = self.admitted(owner, "alice")
        server = self.server(owner, backend)
        client = self.listening(alice, server)
        done = Finished(["socat", "-t", str(int(DEADLINE)), "STDIO", f"TCP:{client[0]}:{client[1]}"], stdin=b"question\n")
        self.assertEqual(done.raw, b"the whole answer\n" * 1000)

    def test_curl_through_listening_connect(self):
        def http(visit):
            backends.receive(visit)
            visit.connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nyes")
            visit.connection.shutdown(socket.SHUT_WR)
            backends.sink(visit)

        _, _, server, alice = self.tunnel(http)
        client = self.listening(alice, server)
        done = Finished(["curl", "-sS", "--noproxy", "*", f"http://{client[0]}:{client[1]}/"])
        self.assertEqual((done.code, done.out), (0, "yes"), str(done))


if __name__ == "__main__":
    unittest.main()
