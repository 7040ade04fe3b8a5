"""Many octets: what goes in comes out, all of it and nothing else, and no slow reader makes anybody's memory grow."""

import hashlib
import os
import selectors
import socket
import ssl
import threading
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.facts import resident_kib
from harness.processes import DEADLINE
from harness.tls_peer import client_context

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))
MIB = 1 << 20
# The sanitizers' builds are some ten times slower.
BULK = 10 * MIB if SANITIZED else 100 * MIB
BLOCK = os.urandom(MIB)
# A whole stream may wait in two socket buffers and one of ours each way; gigabytes may not.
MOST_GROWTH_KIB = 64 * 1024 if SANITIZED else 8 * 1024


def digest_of_blocks(count):
    digest = hashlib.sha256()
    for _ in range(count // MIB):
        digest.update(BLOCK)
    return digest.hexdigest()


def exchange(count):
    """A backend that sends so many octets while it takes the other side's."""

    def behave(visit):
        reader = threading.Thread(target=backends.sink, args=(visit,))
        reader.start()
        for _ in range(count // MIB):
            visit.connection.sendall(BLOCK)
        visit.connection.shutdown(socket.SHUT_WR)
        reader.join(DEADLINE)

    return behave


class BothWays(TunnelTest):
    def exchange_over(self, send, receive):
        """Sends BULK octets with send(block) in a thread and takes what receive() gives; the digest of that."""

        def sender():
            for _ in range(BULK // MIB):
                send(BLOCK)
            send(None)

        thread = threading.Thread(target=sender)
        thread.start()
        digest, total = hashlib.sha256(), 0
        while part := receive():
            digest.update(part)
            total += len(part)
        thread.join(DEADLINE)
        self.assertEqual(total, BULK)
        return digest.hexdigest()

    def check(self, server, backend, received):
        visit = backend.visit()
        self.assertEqual((visit.wait(), visit.count), ("eof", BULK))
        self.assertEqual((visit.digest(), received), (digest_of_blocks(BULK), digest_of_blocks(BULK)))
        server.event("closed", end="done", bytes_in=BULK, bytes_out=BULK)

    def test_A180_bulk_both_ways_at_once_through_serve_and_connect(self):
        _, backend, server, alice = self.tunnel(exchange(BULK))
        stream = self.connect(alice, server)

        def send(block):
            if block:
                stream.send(block)
            else:
                stream.finish_sending()

        received = self.exchange_over(send, lambda: stream.popen.stdout.read1(MIB))
        self.assertEqual(stream.wait(), 0)
        self.check(server, backend, received)

    def test_A180_bulk_both_ways_at_once_through_serve_and_another_tls_peer(self):
        _, backend, server, alice = self.tunnel(exchange(BULK))
        raw = socket.create_connection((server.host, server.port), DEADLINE)
        context = client_context(alice.certificate, alice.key)
        # ssl.SSLSocket may not be read and written at once by two threads without a lock of its own; OpenSSL's memory
        # form may not either. So one thread moves both directions, and another only makes the blocks.
        self.check(server, backend, self.pump(raw, context))

    def pump(self, raw, context):
        """Both directions by one thread with a non-blocking socket; the digest of what came."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing)
        raw.setblocking(False)
        selector = selectors.DefaultSelector()
        selector.register(raw, selectors.EVENT_READ)
        digest, left, pending, shaken, ended, taken = hashlib.sha256(), BULK, b"", False, False, 0
        while True:
            try:
                if not shaken:
                    tls.do_handshake()
                    shaken = True
                while part := tls.read(MIB):
                    digest.update(part)
                    taken += len(part)
                ended = True
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                ended = True
            if ended and not left and not pending and not outgoing.pending:
                raw.close()
                self.assertEqual(taken, BULK)
                return digest.hexdigest()
            if shaken and left and len(pending) < MIB:
                tls.write(BLOCK)
                left -= MIB
                if not left:
                    try:
                        tls.unwrap()
                    except ssl.SSLWantReadError:
                        pass
            pending += outgoing.read()
            selector.modify(raw, selectors.EVENT_READ | (selectors.EVENT_WRITE if pending else 0))
            if not selector.select(DEADLINE):
                raise AssertionError("nothing moves")
            try:
                if pending:
                    pending = pending[raw.send(pending) :]
            except BlockingIOError:
                pass
            try:
                if data := raw.recv(MIB):
                    incoming.write(data)
                else:
                    incoming.write_eof()
            except BlockingIOError:
                pass

    def test_A183_every_octet_value_passes_as_it_is(self):
        _, _, server, alice = self.tunnel()
        octets = bytes(range(256)) * 64 + b"\r\n.\r\n\x00\xff\x1a\x04" + b"+++ATH0"
        stream = self.connect(alice, server)
        stream.send(octets)
        stream.finish_sending()
        self.assertEqual(stream.receive_all(), octets)
        self.assertEqual(stream.wait(), 0)

    def test_A176_writes_of_one_octet_arrive_in_order(self):
        count = 500 if SANITIZED else 3000
        _, backend, server, alice = self.tunnel()
        peer = self.peer(server, alice)
        for i in range(count):
            peer.send(bytes([i % 251]))
        self.assertEqual(peer.receive(count), bytes(i % 251 for i in range(count)))
        peer.close_notify()
        visit = backend.visit()
        self.assertEqual((visit.wait(), visit.count), ("eof", count))
        server.event("closed", end="done", bytes_in=count, bytes_out=count)


class Backpressure(TunnelTest):
    def push_until_stuck(self, send):
        """Sends until the other side takes no more for a while; how many octets that were."""
        total = 0
        try:
            while total < 1 << 30:
                total += send(BLOCK)
        except TimeoutError:
            return total
        self.fail("a gigabyte went to somebody who doesn't read")

    def test_A171_a_backend_that_stops_reading_does_not_fill_the_servers_memory(self):
        wake = threading.Event()
        self.addCleanup(wake.set)
        _, _, server, alice = self.tunnel(lambda visit: wake.wait(DEADLINE))
        before = resident_kib(server.pid)
        peer = self.peer(server, alice)
        peer.socket.settimeout(1)

        def send(block):
            peer.send(block)
            return len(block)

        self.push_until_stuck(send)
        self.assertLess(resident_kib(server.pid) - before, MOST_GROWTH_KIB)

    def test_A171_a_client_that_stops_reading_does_not_fill_the_servers_memory(self):
        stuck = threading.Event()
        sent = []

        def flood(visit):
            visit.connection.settimeout(1)
            sent.append(self.push_until_stuck(visit.connection.send))
            stuck.set()
            backends.sink(visit)

        _, _, server, alice = self.tunnel(flood)
        before = resident_kib(server.pid)
        peer = self.peer(server, alice)
        self.assertTrue(stuck.wait(DEADLINE))
        self.assertLess(resident_kib(server.pid) - before, MOST_GROWTH_KIB)
        self.assertEqual(len(peer.receive(sent[0])), sent[0], "and then everything comes")

    def test_A171_a_local_program_that_stops_reading_does_not_fill_connects_memory(self):
        stuck = threading.Event()

        def flood(visit):
            visit.connection.settimeout(1)
            self.push_until_stuck(visit.connection.send)
            stuck.set()

        _, _, server, alice = self.tunnel(flood)
        client = self.listening_process(alice, server)
        before = resident_kib(client.pid)
        with socket.create_connection(client.at, DEADLINE):
            self.assertTrue(stuck.wait(DEADLINE))
            self.assertLess(resident_kib(client.pid) - before, MOST_GROWTH_KIB)
            self.assertLess(resident_kib(server.pid), before + 2 * MOST_GROWTH_KIB)


if __name__ == "__main__":
    unittest.main()
