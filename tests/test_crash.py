"""What is left behind when the server dies: a backend must never take half of a stream for the whole."""

import signal
import unittest

from harness.backends import sink
from harness.case import TunnelTest


class Killed(TunnelTest):
    def test_A177_a_killed_server_resets_its_backends(self):
        _, backend, server, alice = self.tunnel(sink)
        stream = self.connect(alice, server)
        stream.send(b"half of it")
        visit = backend.visit()
        visit.wait_for(10)
        server.signal(signal.SIGKILL)
        self.assertEqual(visit.wait(), "reset")

    def test_A181_a_server_told_twice_to_end_resets_its_backends(self):
        _, backend, server, alice = self.tunnel(sink)
        stream = self.connect(alice, server)
        stream.send(b"half of it")
        visit = backend.visit()
        visit.wait_for(10)
        server.drain()
        server.event("drain")
        server.drain()
        self.assertEqual(server.wait(), 0)
        self.assertEqual(visit.wait(), "reset")


if __name__ == "__main__":
    unittest.main()
