"""The daemon's end, and the ends that it gives to streams: signals, deadlines, idleness, lifetime, expiry."""

import datetime
import os
import signal
import socket
import ssl
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.certificates import Authority
from harness.processes import DEADLINE, eventually
from harness.tls_peer import TlsPeer, Truncated, client_context

# Long enough to start everything, short enough to wait for.
LIFE = 15 if os.environ.get("COTTER_SANITIZE") else 6


class Signals(TunnelTest):
    def test_A181_an_idle_server_exits_0_at_sigterm(self):
        _, _, server, _ = self.tunnel()
        server.drain()
        self.assertEqual(server.wait(), 0)
        server.event("stopped", streams=0)

    def test_A181_at_sigterm_nobody_new_comes_in_and_open_streams_finish(self):
        _, backend, server, alice = self.tunnel()
        stream = self.open_stream(alice, server)
        server.drain()
        server.event("drain", streams=1)
        # The listener is closed by its own thread, a moment later.
        eventually(lambda: self.is_refused(server), "nobody new comes in")
        stream.send(b"x" * 1_000_000)
        stream.finish_sending()
        self.assertEqual(stream.receive_all(), b"x" * 1_000_000)
        self.assertEqual((stream.wait(), server.wait()), (0, 0))
        self.assertEqual(backend.visit().wait(), "eof")
        server.event("closed", end="done", bytes_in=1_000_001)

    @staticmethod
    def is_refused(server):
        try:
            socket.create_connection((server.host, server.port), DEADLINE).close()
        except ConnectionError:
            return True
        return False

    def test_A181_what_is_still_open_at_the_deadline_ends_with_an_error_on_both_sides(self):
        _, backend, server, alice = self.tunnel(backends.echo, "--drain-timeout", "300ms")
        stream = self.open_stream(alice, server)
        server.drain()
        self.assertEqual(stream.wait(), 1)
        self.assertEqual(backend.visit().wait(), "reset")
        server.event("closed", end="drained")
        self.assertEqual(server.wait(), 0)

    def test_A181_a_second_signal_ends_at_once_and_no_side_takes_it_for_a_clean_end(self):
        for second in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(second.name):
                _, backend, server, alice = self.tunnel()
                peer = self.peer(server, alice)
                peer.send(b"!")
                self.assertEqual(peer.receive(1), b"!")
                server.drain()
                server.event("drain")
                server.signal(second)
                self.assertEqual(server.wait(), 0)
                self.assertEqual(backend.visit().wait(), "reset")
                with self.assertRaises((Truncated, ConnectionResetError)):
                    peer.receive_some()
                server.event("closed", end="drained")

    def test_A181_a_stranger_in_its_handshake_does_not_hold_a_drain_up(self):
        _, _, server, _ = self.tunnel(backends.echo, "--handshake-timeout", "60s")
        with socket.create_connection((server.host, server.port), DEADLINE):
            server.drain()
            self.assertEqual(server.wait(), 0)

    def test_A181_listening_connect_finishes_its_streams_and_exits_0(self):
        _, _, server, alice = self.tunnel()
        client = self.listening_process(alice, server)
        with socket.create_connection(client.at, DEADLINE) as local:
            local.sendall(b"1")
            self.assertEqual(local.recv(1), b"1")
            client.signal(signal.SIGTERM)
            client.err.wait(lambda line: '"drain"' in line, "drain")
            local.sendall(b"2")
            self.assertEqual(local.recv(1), b"2")
            local.shutdown(socket.SHUT_WR)
            self.assertEqual(local.recv(1), b"")
            self.assertEqual(client.wait(), 0)

    def test_A181_a_second_signal_resets_what_listening_connect_carries(self):
        _, backend, server, alice = self.tunnel()
        client = self.listening_process(alice, server)
        with socket.create_connection(client.at, DEADLINE) as local:
            local.sendall(b"1")
            self.assertEqual(local.recv(1), b"1")
            client.signal(signal.SIGTERM)
            client.err.wait(lambda line: '"drain"' in line, "drain")
            client.signal(signal.SIGTERM)
            self.assertEqual(client.wait(), 0)
            with self.assertRaises(ConnectionResetError):
                local.recv(1)
        self.assertEqual(backend.visit().wait(), "reset")


class Deadlines(TunnelTest):
    def test_A182_a_stream_that_carries_nothing_is_ended_after_the_idle_timeout(self):
        _, backend, server, alice = self.tunnel(backends.echo, "--idle-timeout", "500ms")
        stream = self.open_stream(alice, server)
        self.assertEqual(stream.wait(), 1)
        self.assertEqual(backend.visit().wait(), "reset")
        server.event("closed", end="idle", bytes_in=1)

    def test_A182_octets_of_either_side_alone_keep_a_stream_from_being_idle(self):
        def chatter(visit):
            visit.connection.settimeout(0.2)
            for _ in range(15):
                visit.connection.sendall(b"tick")
                try:
                    backends.receive(visit)
                except TimeoutError:
                    pass
            visit.connection.shutdown(socket.SHUT_WR)
            visit.connection.settimeout(DEADLINE)
            backends.sink(visit)

        _, _, server, alice = self.tunnel(chatter, "--idle-timeout", "1500ms")
        stream = self.connect(alice, server)
        self.assertEqual(stream.receive_all(), b"tick" * 15)  # three seconds
        stream.finish_sending()
        self.assertEqual(stream.wait(), 0)

    def test_A182_no_stream_outlives_max_lifetime_however_busy(self):
        def chatter(visit):
            while True:
                visit.connection.sendall(b"tick" * 1000)

        _, _, server, alice = self.tunnel(chatter, "--max-lifetime", "700ms")
        stream = self.connect(alice, server)
        stream.receive_all()
        self.assertEqual(stream.wait(), 1)
        server.event("closed", end="lifetime")

    def test_A123_a_stream_ends_at_the_expiry_of_its_client(self):
        owner = self.side("owner")
        backend = self.backend()
        alice = self.admitted(owner, "alice", "--expires", f"{LIFE}s")
        server = self.server(owner, backend)
        stream = self.open_stream(alice, server)
        self.assertEqual(stream.wait(), 1)
        self.assertEqual(backend.visit().wait(), "reset")
        server.err.wait(lambda line: "no_longer_admitted" in line or '"end":"expired"' in line, "end by expiry")
        self.assertEqual(self.connect(alice, server).wait(), 3)

    def test_A123_a_stream_ends_at_the_expiry_of_its_certificate(self):
        owner = self.side("owner")
        authority = Authority(owner.folder)
        now = datetime.datetime.now(datetime.UTC)
        dates = [(now + datetime.timedelta(seconds=seconds)).strftime("%Y%m%d%H%M%SZ") for seconds in (-3600, LIFE)]
        short = authority.issue("alice", "DNS:alice.example", dates=dates)
        backend = self.backend()
        server = self.server(owner, backend, "--client-ca", authority.certificate)
        with TlsPeer(server, client_context(short.certificate, short.key)) as peer:
            peer.send(b"!")
            self.assertEqual(peer.receive(1), b"!")
            with self.assertRaises((Truncated, ConnectionResetError)):
                peer.receive_some()
        server.event("closed", end="expired")
        with self.assertRaises((ssl.SSLError, ConnectionError, Truncated)):
            with TlsPeer(server, client_context(short.certificate, short.key)) as peer:
                peer.receive_some()


if __name__ == "__main__":
    unittest.main()
