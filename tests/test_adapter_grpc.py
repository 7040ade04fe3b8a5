"""cotter/grpc.h, by its examples: a channel that is judged by a policy, a server that admits the clients of a list."""

import os
import socket
import subprocess
import unittest

from harness.built_example import built_example
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.processes import Process
from harness.tls_servers import PythonServer, server_context


def sink(meeting):
    """Takes what comes for as long as it comes; the first thing of HTTP/2 is the client's preface (RFC 9113 3.4)."""
    meeting.is_resumed = meeting.tls.session_reused
    meeting.receive()
    meeting.tcp.shutdown(socket.SHUT_RDWR)  # gRPC would wait for the rest of an end in good order


class Grpc(TunnelTest):
    def client(self, port, entry, *identity):
        """The client's program, one call a line of its input; `entry` is what its policy says of localhost."""
        policy = os.path.join(self.folder, "policy.toml")
        with open(policy, "w", encoding="utf-8") as file:
            file.write(f'version = 1\n[[host]]\nname = "localhost"\n{entry}\n')
        self.known = os.path.join(self.folder, "known_peers")
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return self.enterContext(Process([built_example("grpc", "grpc_client"), f"localhost:{port}", policy, self.known,
                                          *identity], stdin=subprocess.PIPE, env=environment))

    @staticmethod
    def call(client):
        since = client.out.count()
        client.popen.stdin.write(b"hello\n")
        client.popen.stdin.flush()
        return client.out.wait(lambda line: line, "the call's end", since)

    def setUp(self):
        super().setUp()
        self.owner = self.side("owner")
        self.folder = self.owner.folder

    def tls_server(self, issued, tickets=0):
        """Speaks TLS, is offered HTTP/2, and records what it gets."""
        context = server_context(issued)
        context.set_alpn_protocols(["h2"])
        context.num_tickets = tickets
        return self.enterContext(PythonServer(context, sink))

    def test_a_server_with_another_key_gets_no_octet_of_a_call(self):
        server = self.tls_server(self_signed(self.folder, "a"))
        other = self_signed(self.folder, "b")
        client = self.client(server.port, f'pins = ["{other.pin()}"]')
        self.assertIn("pin_mismatch", self.call(client))
        self.assertEqual(server.meeting().wait().received, b"")

    def test_a_resumed_session_is_judged_by_what_holds_now(self):
        key = self_signed(self.folder, "a")
        server = self.tls_server(key, tickets=2)
        client = self.client(server.port, 'trust = "accept-new"')
        self.call(client)
        while not (meeting := server.meeting().wait()).is_resumed:
            self.assertTrue(meeting.received.startswith(b"PRI * HTTP/2.0"))
            self.call(client)

        with open(self.known, encoding="ascii") as file:
            remembered = file.read()
        with open(self.known, "w", encoding="ascii") as file:
            file.write(remembered.replace(key.pin(), self_signed(self.folder, "b").pin()))
        self.assertIn("continuity_changed", self.call(client))
        while (meeting := server.meeting().wait()).received:
            pass  # of a call before
        self.assertTrue(meeting.is_resumed)

    def test_a_server_admits_by_key_greets_by_name_and_takes_no_call_of_a_revoked_client(self):
        key = self_signed(self.folder, "server")
        alice, mallory = self.admitted(self.owner, "alice"), self.side("mallory")
        mallory.do("id")
        server = self.enterContext(Process([built_example("grpc", "grpc_server"), "localhost:0", key.certificate, key.key,
                                            f"sqlite:{self.owner.registry}"], env=self.owner.env()))
        port = server.out.wait(lambda line: line.startswith("listening") and line.split()[-1], "listening")
        entry = f'pins = ["{key.pin()}"]'
        friend = self.client(port, entry, alice.certificate, alice.key)
        self.assertEqual(self.call(friend), "answered: hello alice")
        stranger = self.client(port, entry, mallory.certificate, mallory.key)
        self.assertIn("refused", self.call(stranger))
        self.owner.do("client", "revoke", "alice")
        self.assertIn("refused", self.call(friend))


if __name__ == "__main__":
    unittest.main()
