"""`rotate` killed at each of its steps: the same command ends the work, and nobody is locked out meanwhile."""

import os
import unittest

from harness.crash import Crashes
from harness.processes import eventually
from harness.rotation import RotationTest

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))


@unittest.skipIf(SANITIZED, "a sanitizer must be loaded first")
class Crash(RotationTest):
    """Whatever step was the last, the same command ends the work, and nobody is locked out."""

    def test_prepare_killed_at_each_step(self):
        crashes = Crashes(self.owner.folder)
        alice = self.joined("alice")
        for at in range(1, 100):
            died = crashes.run(self.owner, at, "rotate", "prepare")
            next_pin = self.prepare()
            self.gate.event("rotation_announced", next_pin=next_pin)
            self.visit(alice)
            self.assertEqual(self.known_pins(alice), {self.old, next_pin}, at)
            if not died:
                break
            self.owner.do("rotate", "abort")
            self.gate.event("rotation_aborted", next_pin=next_pin)
        self.assertGreater(at, 6, "no step was met")

    def test_A186_commit_killed_at_each_step(self):
        crashes = Crashes(self.owner.folder)
        alice = self.joined("alice")
        for at in range(1, 100):
            next_pin = self.prepare()
            self.gate.event("rotation_announced", next_pin=next_pin)
            self.visit(alice)
            eventually(lambda: self.status()["can_commit"], "ready")
            died = crashes.run(self.owner, at, "rotate", "commit")
            # Between the crash and the next command, too: the client passes, whichever key the server has.
            self.visit(alice)
            if died:
                self.owner.do("rotate", "commit")
            self.gate.event("key_switch", pin=next_pin)
            self.visit(alice)
            self.assertEqual(self.known_pins(alice), {next_pin}, at)
            self.assertEqual(self.owner.pin(), next_pin)
            if not died:
                break
        self.assertGreater(at, 4, "no step was met")

    def test_commit_killed_at_each_step_while_no_server_runs(self):
        crashes = Crashes(self.owner.folder)
        alice = self.joined("alice")
        address = self.gate.address
        for at in range(1, 100):
            next_pin = self.prepare()
            self.gate.event("rotation_announced", next_pin=next_pin)
            self.visit(alice)
            eventually(lambda: self.status()["can_commit"], "ready")
            self.gate.drain()
            self.assertEqual(self.gate.wait(), 0)
            died = crashes.run(self.owner, at, "rotate", "commit")
            self.gate = self.server(self.owner, self.service, listen=address)
            self.visit(alice)
            self.owner.do("rotate", "commit")
            if self.gate.pin != next_pin:
                self.gate.event("key_switch", pin=next_pin)
            self.visit(alice)
            self.assertEqual(self.known_pins(alice), {next_pin}, at)
            if not died:
                break
        self.assertGreater(at, 10, "no step was met")


if __name__ == "__main__":
    unittest.main()
