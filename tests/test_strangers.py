"""People who connect and don't shake hands: silent, slow, wrong, huge, many. None holds a place, or anybody up."""

import os
import socket
import sqlite3
import ssl
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.facts import processor_seconds, resident_kib
from harness.processes import DEADLINE, eventually
from harness.tls_peer import TlsPeer, Truncated, alert_for, client_context

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))


def client_hello():
    """A ClientHello as OpenSSL makes it."""
    out = ssl.MemoryBIO()
    tls = client_context().wrap_bio(ssl.MemoryBIO(), out)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def records(payload, size, kind=22):
    """The payload in TLS records of that many octets."""
    pieces = (payload[i : i + size] for i in range(0, len(payload), size))
    return b"".join(bytes([kind, 3, 1]) + len(piece).to_bytes(2, "big") + piece for piece in pieces)


class Strangers(TunnelTest):
    def dial(self, server, source=None):
        connection = socket.create_connection((server.host, server.port), DEADLINE, source_address=source)
        return self.enterContext(connection)

    @staticmethod
    def until_closed(connection):
        """What the server says before it closes."""
        said = b""
        try:
            while part := connection.recv(65536):
                said += part
        except ConnectionError:
            pass
        return said

    def test_A158_whoever_says_nothing_is_closed_at_the_deadline(self):
        _, _, server, _ = self.tunnel(backends.echo, "--handshake-timeout", "500ms")
        self.assertEqual(self.until_closed(self.dial(server)), b"")
        self.assertIn("--handshake-timeout", server.event("handshake_failed")["reason"])

    def test_A158_half_a_hello_is_closed_at_the_deadline(self):
        _, _, server, _ = self.tunnel(backends.echo, "--handshake-timeout", "500ms")
        stranger = self.dial(server)
        stranger.sendall(client_hello()[:100])
        self.until_closed(stranger)
        self.assertIn("--handshake-timeout", server.event("handshake_failed")["reason"])

    def test_A158_the_deadline_is_for_the_whole_handshake_however_busy_it_is(self):
        _, _, server, _ = self.tunnel(backends.echo, "--handshake-timeout", "1s")
        stranger = self.dial(server)
        stranger.settimeout(0.05)
        hello = iter(client_hello())
        sent = 0
        while True:  # an octet every 50 ms: some ten seconds for the whole
            try:
                stranger.sendall(bytes([next(hello)]))
                sent += 1
                if not stranger.recv(1):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        self.assertLess(sent, 150)
        self.assertIn("--handshake-timeout", server.event("handshake_failed")["reason"])

    def test_A158_a_client_that_stops_after_the_servers_hello_is_closed_at_the_deadline(self):
        _, _, server, _ = self.tunnel(backends.echo, "--handshake-timeout", "500ms")
        stranger = self.dial(server)
        stranger.sendall(client_hello())
        self.assertTrue(self.until_closed(stranger))
        self.assertIn("--handshake-timeout", server.event("handshake_failed")["reason"])

    def test_what_is_no_tls_is_refused_at_once(self):
        _, backend, server, _ = self.tunnel()
        cases = {
            "HTTP": b"GET / HTTP/1.1\r\nHost: example\r\n\r\n",
            "SSH": b"SSH-2.0-OpenSSH_9.2\r\n" * 2,
            "garbage": os.urandom(2000),
            "zeros": bytes(2000),
            "a record longer than TLS allows": b"\x16\x03\x01\xff\xff" + bytes(100),
            "an alert first": b"\x15\x03\x01\x00\x02\x02\x28",
            "data first": b"\x17\x03\x03\x00\x10" + bytes(16),
        }
        for number, (name, octets) in enumerate(cases.items()):
            with self.subTest(name):
                mark = server.mark()
                # Each from a source of its own, since the lines of one are limited.
                stranger = self.dial(server, (f"127.0.1.{number + 1}", 0))
                stranger.sendall(octets)
                stranger.shutdown(socket.SHUT_WR)
                self.until_closed(stranger)
                server.event("handshake_failed", since=mark)
        self.assertEqual(backend.count, 0)

    def test_A54_a_hello_of_many_tiny_records_and_huge_ones_have_bounded_work(self):
        _, backend, server, _ = self.tunnel(backends.echo, "--handshake-timeout", "2s")
        hello = client_hello()[5:]
        huge = b"\x01" + (1 << 20).to_bytes(3, "big") + bytes(1 << 20)
        cases = {
            "one octet a record, never a whole": records(hello[:-1], 1),
            "a hello of a megabyte": records(huge, 16384),
            "a megabyte in tiny records": records(huge, 7),
            "empty records": b"\x16\x03\x01\x00\x00" * 50_000,
        }
        before = resident_kib(server.pid)
        for name, octets in cases.items():
            with self.subTest(name):
                mark = server.mark()
                stranger = self.dial(server)
                try:
                    stranger.sendall(octets)
                except ConnectionError:
                    pass
                self.until_closed(stranger)
                server.event("handshake_failed", since=mark)
        if not SANITIZED:
            self.assertLess(resident_kib(server.pid) - before, 8192)
        self.assertEqual(backend.count, 0)

    def test_A161_a_chain_of_too_many_certificates_or_octets_is_refused(self):
        owner, backend, server, alice = self.tunnel()
        one = self_signed(owner.folder, "one")
        with open(one.certificate, encoding="ascii") as file:
            pem = file.read()
        for name, count in (("more than ten certificates", 12), ("more than 32 KiB", 100)):
            with self.subTest(name):
                chain = owner.path("chain.pem")
                with open(chain, "w", encoding="ascii") as file:
                    file.write(pem * count)
                mark = server.mark()
                with self.assertRaises((ssl.SSLError, ConnectionError, Truncated)):
                    with TlsPeer(server, client_context(chain, one.key)) as peer:
                        peer.receive_some()
                line = server.err.wait(lambda text: "refused" in text or "handshake_failed" in text, "refusal", mark)
                self.assertTrue(line)
        self.assertEqual(backend.count, 0)
        # An admitted key doesn't make it any better.
        long = owner.path("long.pem")
        with open(alice.certificate, encoding="ascii") as mine, open(long, "w", encoding="ascii") as file:
            file.write(mine.read() + pem * 11)
        with self.assertRaises((ssl.SSLError, ConnectionError, Truncated)):
            with TlsPeer(server, client_context(long, alice.key)) as peer:
                peer.receive_some()
        self.assertEqual(backend.count, 0)

    def test_A158_a_flood_of_open_handshakes_keeps_no_admitted_client_out(self):
        count = 300 if SANITIZED else 700
        _, _, server, alice = self.tunnel(backends.echo, "--threads", "1", "--handshake-timeout", "60s")
        hello = client_hello()
        for i in range(count):
            stranger = self.dial(server, ("127.0.0.9", 0))
            if i % 2:
                stranger.sendall(hello[:50])
        stream = self.open_stream(alice, server)
        stream.finish_sending()
        self.assertEqual(stream.wait(), 0)

    def test_A159_nothing_that_is_slow_keeps_the_next_one_from_being_accepted(self):
        """Of one thread: open handshakes, a backend that accepts nothing, a registry that another holds."""
        owner = self.side("owner")
        alice = self.admitted(owner, "alice")
        backend = self.enterContext(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # its queue is full: from now on dialling it hangs
            waiting = self.enterContext(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(backend.getsockname())
        server = self.server(owner, "{}:{}".format(*backend.getsockname()), "--threads", "1", "--handshake-timeout", "60s",
                             "--connect-timeout", "60s", "--drain-timeout", "100ms")
        for _ in range(20):
            self.dial(server).sendall(client_hello()[:50])
        self.peer(server, alice)
        server.event("admitted", client="alice")
        registry = sqlite3.connect(owner.registry, isolation_level=None)
        self.addCleanup(registry.close)
        registry.execute("BEGIN EXCLUSIVE")
        stranger = self_signed(owner.folder, "stranger")
        self.assertIsNotNone(alert_for(server, client_context(stranger.certificate, stranger.key)))
        server.event("refused", codes="not_admitted")
        self.assertEqual(server.events("backend_unreachable"), [], "alice still waits")

    def test_A158_strangers_do_not_use_up_the_connections_that_are_allowed(self):
        _, _, server, alice = self.tunnel(backends.echo, "--threads", "1", "--max-connections", "5",
                                          "--handshake-timeout", "60s")
        strangers = [self.dial(server) for _ in range(20)]
        first = self.open_stream(alice, server)
        second = self.open_stream(alice, server)
        for stream in (first, second):
            stream.finish_sending()
            self.assertEqual(stream.wait(), 0)
        self.assertEqual(len(strangers), 20)

    def test_A172_refusals_of_one_source_are_told_at_a_bounded_rate_with_their_count(self):
        count = 40
        owner, _, server, _ = self.tunnel(backends.echo, "--threads", "1")
        stranger = self_signed(owner.folder, "stranger")
        context = client_context(stranger.certificate, stranger.key)
        for _ in range(count):
            try:
                with TlsPeer(server, context) as peer:
                    peer.receive_some()
            except (ssl.SSLError, ConnectionError, Truncated):
                pass

        def told():
            lines = server.events("refused")
            unwritten = sum(line.get("more_unwritten", 0) for line in lines)
            return len(lines) + unwritten + sum(line["count"] for line in server.events("refusals_unwritten")) == count

        eventually(told, "every refusal is told or counted")
        self.assertLess(len(server.events("refused")), count)

    def test_A172_refusals_of_many_sources_are_told_at_a_bounded_rate_with_their_count(self):
        _, _, server, _ = self.tunnel(backends.echo, "--threads", "1")
        count = 200
        for connection in [self.dial(server, source=(f"127.0.1.{i + 1}", 0)) for i in range(count)]:
            connection.sendall(b"no TLS at all\r\n\r\n")

        def told():
            lines = server.events("handshake_failed")
            unwritten = sum(line.get("more_unwritten", 0) for line in lines)
            return len(lines) + unwritten + sum(line["count"] for line in server.events("refusals_unwritten")) == count

        eventually(told, "every refusal is told or counted")
        # Of each source its first, so only the bound for all of them together leaves any out.
        self.assertLess(len(server.events("handshake_failed")) + len(server.events("refusals_unwritten")), count)

    def test_A167_memory_stays_flat_over_many_refused_handshakes(self):
        if SANITIZED:
            self.skipTest("a sanitizer's quarantine grows by design")
        owner, _, server, _ = self.tunnel()
        stranger = self_signed(owner.folder, "stranger")
        context = client_context(stranger.certificate, stranger.key)

        def knock(times):
            for _ in range(times):
                try:
                    with TlsPeer(server, context) as peer:
                        peer.receive_some()
                except (ssl.SSLError, ConnectionError, Truncated):
                    pass
            return resident_kib(server.pid)

        warm = knock(200)
        self.assertLess(knock(800) - warm, 2048)

    def test_strangers_cost_nothing_once_they_are_gone(self):
        _, _, server, _ = self.tunnel(backends.echo, "--handshake-timeout", "300ms")
        for _ in range(30):
            self.dial(server)
        eventually(lambda: len(server.events("handshake_failed")) >= 5, "they are told")
        before = processor_seconds(server.pid)
        with self.assertRaises(AssertionError):
            server.event("never", deadline=1)
        self.assertLess(processor_seconds(server.pid) - before, 0.5)


class LargeChains(TunnelTest):
    def test_A161_an_honest_chain_of_a_client_ca_passes(self):
        owner = self.side("owner")
        authority = Authority(owner.folder)
        alice = authority.issue("alice", "DNS:alice.example")
        backend = self.backend()
        server = self.server(owner, backend, "--client-ca", authority.certificate)
        chain = owner.path("chain.pem")
        with open(chain, "w", encoding="ascii") as file:
            for path in (alice.certificate, authority.certificate):
                with open(path, encoding="ascii") as part:
                    file.write(part.read())
        with TlsPeer(server, client_context(chain, alice.key)) as peer:
            peer.send(b"hello")
            self.assertEqual(peer.receive(5), b"hello")


if __name__ == "__main__":
    unittest.main()
