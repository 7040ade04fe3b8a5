"""The usual scene of an end-to-end test: an owner's side with a server, a client's side, a backend between."""

import itertools
import unittest

from harness.backends import Backend, echo
from harness.cotter import Connection, Server, Side, admit
from harness.processes import Process, event_of, eventually
from harness.tls_peer import UNKNOWN, TlsPeer, alert_for, client_context


class TunnelTest(unittest.TestCase):
    """Each test makes its own sides, servers and backends, and all end with it."""

    maxDiff = None
    _places = itertools.count()  # one source's handshakes are bounded, however honest it is

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

    def assert_alive(self, stream):
        """One more octet goes to the echoing backend and comes back."""
        stream.send(b"?")
        self.assertEqual(stream.receive(1), b"?")

    def is_admitted(self, server, side):
        """Whether that side's key gets through to the backend, or is refused as a stranger's is."""
        source = f"127.0.3.{next(self._places) % 250 + 1}"
        alert = alert_for(server, client_context(side.certificate, side.key), source)
        self.assertIn(alert, (None, UNKNOWN))
        return alert is None

    def peer(self, server, side, **options):
        """A TLS client of Python's with that side's key, its handshake done."""
        return self.enterContext(TlsPeer(server, client_context(side.certificate, side.key), **options))

    def patient_peer(self, server, side):
        """The same for a server that doesn't say when it listens."""

        def attempt():
            try:
                return self.peer(server, side)
            except ConnectionRefusedError:
                return None

        return eventually(attempt, f"somebody listens on {server.host}:{server.port}")

    def listening(self, side, server, *arguments, listen="127.0.0.1:0"):
        """`cotter connect --listen` of that side, listening; where it listens, for create_connection (or "unix:PATH")."""
        client = self.listening_process(side, server, *arguments, listen=listen)
        return client.at

    def listening_process(self, side, server, *arguments, listen="127.0.0.1:0", trust=None):
        """The process of the same; `trust`: arguments instead of the server's --pin."""
        trust = ["--pin", server.pin] if trust is None else trust
        client = self.enterContext(side.start("connect", server.address, *trust, "--listen", listen, "--json",
                                              "--log-format", "json", *arguments))
        ready = client.out.wait(lambda line: (event_of(line) or {}).get("listen"), "listening event")
        host, _, port = ready.rpartition(":")
        client.at = ready if ready.startswith("unix:") else (host.strip("[]"), int(port))
        return client

    def shell(self, side, command, **options):
        """A command of sh, for what only a shell can say (closed descriptors, limits)."""
        return Process(["sh", "-c", command], env=side.env(), **options)
