"""What the tests of rotation begin with: an owner, a service, a server before it, clients that go by memory."""

import os

from harness.case import TunnelTest


class RotationTest(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")
        self.service = self.backend()
        self.gate = self.server(self.owner, self.service)
        self.old = self.gate.pin

    def joined(self, name):
        """A client that came by an invitation: it goes by what it remembers."""
        client = self.side(name)
        client.do("join", self.owner.do("invite", name).out.strip())
        return client

    def prepare(self):
        return self.owner.do("rotate", "prepare", "--json").json["rotation"]["next"]

    def status(self):
        return self.owner.do("rotate", "status", "--json").json

    def ready(self):
        return {client["name"] for client in self.status()["clients"] if client["ready"]}

    def visit(self, client, *arguments, code=0):
        done = client.run("connect", self.gate.address, *arguments, stdin=b"hello")
        self.assertEqual((done.code, done.out), (code, "hello" if code == 0 else ""), str(done))
        return done

    def known(self, client):
        with open(os.path.join(client.state, "known_peers"), encoding="utf-8") as file:
            return [line.split() for line in file]

    def known_pins(self, client):
        return {word for line in self.known(client) for word in line if word.startswith("sha256/")}
