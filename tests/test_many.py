"""Many connections: hundreds that work, thousands that idle, on one thread and on two."""

import os
import resource
import socket
import threading
import unittest

from harness.case import TunnelTest
from harness.facts import resident_kib, status
from harness.processes import DEADLINE, eventually
from harness.tls_peer import TlsPeer, client_context

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))
WORKING = 60 if SANITIZED else 500
IDLE = 200 if SANITIZED else 5000


def want_descriptors(test, count):
    """Raises this process's limit (and with it what its children inherit), or skips."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        test.skipTest(f"{count} descriptors are needed, and the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


class Working(TunnelTest):
    def work(self, *arguments):
        want_descriptors(self, 4 * WORKING + 200)
        _, backend, server, alice = self.tunnel(*arguments)
        context = client_context(alice.certificate, alice.key)
        peers = [self.enterContext(TlsPeer(server, context)) for _ in range(WORKING)]
        # Everybody says something of their own before anybody listens: nobody may hear another's words.
        for i, peer in enumerate(peers):
            peer.send(b"%08d" % i * 100)
        for i, peer in reversed(list(enumerate(peers))):
            self.assertEqual(peer.receive(800), b"%08d" % i * 100)
        for peer in peers:
            peer.close_notify()
            self.assertEqual(peer.receive_all(), b"")
        self.assertEqual(backend.count, WORKING)
        ends = [server.event("closed", end="done", bytes_in=800, bytes_out=800, peer="%s:%d" % peer.local) for peer in peers]
        self.assertEqual(len({end["conn"] for end in ends}), WORKING)
        return server

    def test_A184_hundreds_of_streams_at_once_each_get_their_own_octets(self):
        self.work()

    def test_two_threads_share_the_connections_and_behave_the_same(self):
        from harness.backends import echo

        server = self.work(echo, "--threads", "2")
        used = [thread for thread in os.listdir(f"/proc/{server.pid}/task") if self.has_worked(server.pid, thread)]
        self.assertGreaterEqual(len(used), 2, "the kernel spreads hundreds of connections over both listeners")

    @staticmethod
    def has_worked(pid, thread):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12]) >= 2

    def test_many_local_programs_share_one_listening_connect(self):
        count = WORKING // 5
        _, backend, server, alice = self.tunnel()
        client = self.listening(alice, server)
        faults = []

        def program(i):
            try:
                with socket.create_connection(client, DEADLINE) as local:
                    local.sendall(b"%08d" % i * 1000)
                    local.shutdown(socket.SHUT_WR)
                    if local.makefile("rb").read() != b"%08d" % i * 1000:
                        faults.append(f"{i} got something else")
            except OSError as fault:
                faults.append(f"{i}: {fault}")

        threads = [threading.Thread(target=program, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        self.assertEqual((faults, backend.count), ([], count))
        server.event("closed")


class Idle(TunnelTest):
    def test_thousands_of_idle_streams_cost_little_and_all_still_work(self):
        # In this process two descriptors a stream (client and backend), in the server's two.
        want_descriptors(self, 2 * IDLE + 500)
        _, backend, server, alice = self.tunnel(lambda visit: self.answer(visit))
        context = client_context(alice.certificate, alice.key)
        before = resident_kib(server.pid)
        peers = [self.enterContext(TlsPeer(server, context)) for _ in range(IDLE)]
        eventually(lambda: backend.count == IDLE, "every stream has reached the backend")
        each = (resident_kib(server.pid) - before) / IDLE
        if not SANITIZED:
            self.assertLess(each, 40, "KiB of the server's memory for an idle stream")
        for peer in peers[:: max(1, IDLE // 50)]:
            peer.send(b"still there?")
            self.assertEqual(peer.receive(12), b"still there?")
        self.assertEqual(status(server.pid, "State")[0] in "SR", True)

    @staticmethod
    def answer(visit):
        # A small stack would do; threads are what the harness has.
        from harness.backends import echo

        echo(visit)


if __name__ == "__main__":
    threading.stack_size(256 * 1024)
    unittest.main()
