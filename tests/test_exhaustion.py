"""When something runs out: descriptors, allowed connections. Accepting pauses, says so once, costs nothing, recovers."""

import os
import resource
import socket
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.facts import descriptors, processor_seconds
from harness.processes import DEADLINE, eventually
from harness.tls_peer import TlsPeer, client_context


# The undefined-behaviour sanitizer opens a pipe to look at an object, and without descriptors calls every object bad.
NEEDS_DESCRIPTORS = "undefined" in os.environ.get("COTTER_SANITIZE", "")


class Descriptors(TunnelTest):
    @unittest.skipIf(NEEDS_DESCRIPTORS, "the sanitizer itself needs descriptors")
    def test_A169_accepting_pauses_without_descriptors_says_so_once_and_goes_on_later(self):
        _, _, server, alice = self.tunnel(backends.echo, "--threads", "1")
        open_stream = self.open_stream(alice, server)
        before = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (descriptors(server.pid) + 1, before[1]))
        # The first takes the last descriptor, the others none.
        waiting = [self.enterContext(socket.create_connection((server.host, server.port), DEADLINE)) for _ in range(10)]
        self.assertIn("open files", server.event("accept_paused")["reason"])
        used = processor_seconds(server.pid)
        with self.assertRaises(AssertionError):
            server.event("never", deadline=1.5)
        self.assertLess(processor_seconds(server.pid) - used, 0.5, "it doesn't spin")
        self.assertEqual(len(server.events("accept_paused")), 1)
        open_stream.send(b"the open stream lives")
        self.assertEqual(open_stream.receive(21), b"the open stream lives")
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, before)
        server.event("accept_resumed")
        self.open_stream(alice, server)
        self.assertEqual(len(waiting), 10)

    @unittest.skipIf(NEEDS_DESCRIPTORS, "the sanitizer itself needs descriptors")
    def test_A169_a_backend_that_no_descriptor_is_left_for_is_told_and_the_client_ended_cleanly(self):
        _, _, server, alice = self.tunnel(backends.echo, "--threads", "1")
        self.open_stream(alice, server)
        context = client_context(alice.certificate, alice.key)
        before = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (descriptors(server.pid) + 1, before[1]))
        with TlsPeer(server, context) as peer:
            self.assertEqual(peer.receive_all(), b"")
        self.assertIn("open files", server.event("closed", end="backend_unreachable")["reason"])
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, before)
        self.open_stream(alice, server)

    def test_A169_a_server_with_few_descriptors_allows_only_what_it_can_serve(self):
        owner = self.side("owner")
        backend = self.backend()
        alice = self.admitted(owner, "alice")
        port = backends.unused_port()
        command = f"ulimit -n 150; exec {' '.join(owner.command('serve', '--listen', f'127.0.0.1:{port}', '--to', backend.address, '--log-format', 'json'))}"
        with self.shell(owner, command) as server:
            server.host, server.port, server.address = "127.0.0.1", port, f"127.0.0.1:{port}"
            first = self.patient_peer(server, alice)
            peers = [first] + [self.peer(server, alice) for _ in range(30)]
            for peer in peers:
                peer.send(b"x")
                self.assertEqual(peer.receive(1), b"x")
            late = [self.enterContext(socket.create_connection((server.host, port), DEADLINE)) for _ in range(40)]
            # Strangers make room for each other, not for nobody: an admitted client still comes in among them.
            peers.append(self.peer(server, alice))
            for peer in peers:
                peer.send(b"y")
                self.assertEqual(peer.receive(1), b"y")
            self.assertNotIn("Too many open files", server.err.text())
            self.assertEqual(len(late), 40)


class Connections(TunnelTest):
    def test_the_allowed_number_of_connections_is_kept_and_the_next_one_waits_its_turn(self):
        _, backend, server, alice = self.tunnel(backends.echo, "--threads", "1", "--max-connections", "2")
        context = client_context(alice.certificate, alice.key)
        first = self.open_stream(alice, server)
        self.open_stream(alice, server)
        waiting = socket.create_connection((server.host, server.port), DEADLINE)
        self.assertIn("as many connections as allowed", server.event("accept_paused")["reason"])
        used = processor_seconds(server.pid)
        with self.assertRaises(AssertionError):
            server.event("never", deadline=1)
        self.assertLess(processor_seconds(server.pid) - used, 0.5, "it doesn't spin")
        self.assertEqual((backend.count, len(server.events("accept_paused"))), (2, 1))
        waiting.close()
        first.finish_sending()
        self.assertEqual(first.wait(), 0)
        with TlsPeer(server, context) as peer:
            peer.send(b"my turn")
            self.assertEqual(peer.receive(7), b"my turn")

    def test_listening_connect_keeps_to_its_number_too(self):
        _, backend, server, alice = self.tunnel()
        client = self.listening_process(alice, server, "--max-connections", "1")
        with socket.create_connection(client.at, DEADLINE) as first:
            first.sendall(b"1")
            self.assertEqual(first.recv(1), b"1")
            second = self.enterContext(socket.create_connection(client.at, DEADLINE))
            second.sendall(b"2")
            client.err.wait(lambda line: "accept_paused" in line, "pause")
            self.assertEqual(backend.count, 1)
        self.assertEqual(second.recv(1), b"2")
        eventually(lambda: backend.count == 2, "the second has reached the backend")


if __name__ == "__main__":
    unittest.main()
