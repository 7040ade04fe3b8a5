"""The usual scene of an end-to-end test: an owner's side with a server, a client's side, a backend between."""

import unittest

from harness.backends import Backend, echo
from harness.cotter import Connection, Server, Side, admit


class TunnelTest(unittest.TestCase):
    """Each test makes its own sides, servers and backends, and all end with it."""

    maxDiff = None

    def side(self, name):
        return self.enterContext(Side(name))

    def backend(self, behaviour=echo, unix=None):
        return self.enterContext(Backend(behaviour, unix))

    def server(self, owner, to, *arguments, **options):
        address = to if isinstance(to, str) else to.address
        return self.enterContext(Server(owner, address, *arguments, **options))

    def connect(self, side, server, *arguments, **options):
        return self.enterContext(Connection(side, server, *arguments, **options))

    def admitted(self, owner, name, *arguments):
        """A new side whose key the owner has admitted under that name."""
        client = self.side(name)
        admit(owner, client, name, *arguments)
        return client

    def tunnel(self, behaviour=echo, *arguments):
        """The scene: owner, backend, server, and alice, who is admitted."""
        owner = self.side("owner")
        backend = self.backend(behaviour)
        alice = self.admitted(owner, "alice")  # before the server starts, which need not have heard of it at once
        return owner, backend, self.server(owner, backend, *arguments), alice

    def open_stream(self, side, server, *arguments, **options):
        """A connection through which one octet has gone to the echoing backend and come back."""
        stream = self.connect(side, server, *arguments, **options)
        stream.send(b"!")
        self.assertEqual(stream.receive(1), b"!", stream.err.text())
        return stream
