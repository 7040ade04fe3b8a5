"""`rotate` with many clients, of whom some are away, and with several servers of one registry."""

import os
import shutil
import subprocess
import unittest

from harness.processes import DEADLINE, eventually
from harness.rotation import RotationTest

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))


class ManyClients(RotationTest):
    def test_fifty_clients_of_whom_some_are_away(self):
        count, away = (12, 3) if SANITIZED else (50, 5)
        clients = [self.side(f"client{number}") for number in range(count)]
        for number, client in enumerate(clients):
            self.owner.do("client", "add", f"client{number}", client.pin())
            client.do("peers", "add", self.gate.address, self.old)
        next_pin = self.prepare()
        self.gate.event("rotation_announced")
        present = clients[away:]
        for client in present:
            self.visit(client)
        eventually(lambda: self.status()["ready"] == count - away, "all who are here have answered")
        refused = self.owner.run("rotate", "commit")
        self.assertEqual(refused.code, 1)
        named = {line.split()[0] for line in refused.err.splitlines() if "never seen" in line}
        self.assertEqual(named, {f"client{number}" for number in range(away)})
        for client in clients[:away]:
            self.visit(client)
        eventually(lambda: self.status()["can_commit"], "all are ready")
        streams = [self.enterContext(Piped(client, self.gate)) for client in clients[:4]]
        for stream in streams:
            self.assertEqual(stream.echo(b"before"), b"before")
        self.owner.do("rotate", "commit")
        for stream in streams:
            self.assertEqual(stream.echo(b"after"), b"after")
        for client in clients[::5]:
            self.visit(client)
            self.assertEqual(self.known_pins(client), {next_pin})


class SeveralServers(RotationTest):
    def test_commit_waits_until_every_server_of_the_key_holds_the_next_one(self):
        other = self.side("other")
        os.mkdir(other.state, 0o700)
        for name in ("identity.key", "identity.crt"):
            shutil.copy(os.path.join(self.owner.state, name), other.state)
        second = self.server(other, self.service, "--registry", f"sqlite:{self.owner.registry}")
        alice = self.joined("alice")
        next_pin = self.prepare()
        second.event("rotation_held_up", next_pin=next_pin)
        self.visit(alice)
        eventually(lambda: self.ready() == {"alice"}, "alice is ready")
        at_second = alice.run("connect", second.address, "--pin", self.old, stdin=b"hello")
        self.assertEqual((at_second.code, at_second.out), (0, "hello"), "it serves, and says nothing of a next key")
        refused = self.owner.run("rotate", "commit")
        self.assertEqual(refused.code, 1)
        self.assertIn("needs next.key and next.crt in its state folder", refused.err)
        for name in ("next.crt", "next.key"):
            shutil.copy(os.path.join(self.owner.state, name), other.state)
        second.event("rotation_announced", next_pin=next_pin)
        eventually(lambda: self.status()["can_commit"], "both hold it")
        committed = self.owner.do("rotate", "commit", "--json").json
        self.assertEqual([server["present"] for server in committed["servers"]], [next_pin, next_pin])
        self.assertEqual(other.pin(), next_pin, "each switched its own files")

    def test_a_server_that_was_away_begins_with_the_next_key(self):
        next_pin = self.prepare()
        self.gate.event("rotation_announced")
        self.gate.drain()
        self.gate.wait()
        state = self.owner.path("kept")
        shutil.copytree(self.owner.state, state)
        self.owner.do("rotate", "commit")
        # As if its own files had not been switched.
        for name in ("identity.key", "identity.crt", "next.key", "next.crt"):
            shutil.copy(os.path.join(state, name), self.owner.state)
        with self.server(self.owner, self.service) as again:
            self.assertEqual(again.pin, next_pin)

    def test_a_server_with_files_of_its_own_is_not_rotated(self):
        key, certificate = (shutil.copy(getattr(self.owner, name), self.owner.path(f"own.{name}")) for name in
                            ("key", "certificate"))
        os.chmod(key, 0o600)
        with self.server(self.owner, self.service, "--key", key, "--cert", certificate) as own:
            next_pin = self.prepare()
            own.event("rotation_held_up", next_pin=next_pin)


class Piped:
    """`cotter connect` by what is remembered, its standard input and output in the test's hands."""

    def __init__(self, side, server):
        self._process = subprocess.Popen(side.command("connect", server.address), env=side.env(), stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def echo(self, data):
        self._process.stdin.write(data)
        self._process.stdin.flush()
        return self._process.stdout.read(len(data))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(DEADLINE)
        self._process.stdout.close()


if __name__ == "__main__":
    unittest.main()
