"""Strangers who wait to be approved: what the list keeps of them, how short it stays, and that they learn nothing of it."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.cotter import Server
from harness.processes import eventually
from harness.tls_peer import UNKNOWN, alert_for, client_context


class Pending(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")
        self.service = self.backend()
        self.gate = self.server(self.owner, self.service, "--pending")

    def waiting(self):
        return self.owner.do("client", "pending", "--json").json["pending"]

    def await_waiting(self, count):
        return eventually(lambda: (found := self.waiting()) and len(found) == count and found, f"{count} wait")

    def knock(self, side, source=None, server=None):
        return alert_for(server or self.gate, client_context(side.certificate, side.key), source)

    def test_a_stranger_waits_and_is_approved(self):
        self.assertIn("nobody waits", self.owner.do("client", "pending").out)
        carol = self.side("carol")
        pin = carol.pin()
        refused = self.connect(carol, self.gate)
        self.assertEqual(refused.wait(), 3)
        (one,) = self.await_waiting(1)
        self.assertEqual(set(one), {"pin", "from", "first_seen", "last_seen", "count"})
        self.assertEqual((one["pin"], one["count"]), (pin, 1))
        self.assertRegex(one["from"], r"^127\.0\.0\.1:\d+$")
        self.assertIn(pin, self.owner.do("client", "pending").out)
        approved = self.owner.do("client", "approve", pin, "carol", "--expires", "30d", "--json").json
        self.assertEqual((approved["added"], approved["pins"]), ("carol", [pin]))
        self.open_stream(carol, self.gate)
        self.assertEqual(self.waiting(), [])
        history = self.owner.do("client", "show", "carol", "--json").json["history"]
        self.assertIn("approve", [entry["action"] for entry in history])

    def test_A206_A228_a_stranger_learns_nothing_of_it(self):
        plain = self.server(self.side("another"), self.service)
        stranger = self_signed(self.owner.folder, "stranger")
        for server in (plain, self.gate, self.gate):
            self.assertEqual(self.knock(stranger, server=server), UNKNOWN)
        self.await_waiting(1)
        self.assertEqual(self.knock(stranger), UNKNOWN, "nor once it is on the list")
        self.assertEqual(self.service.count, 0)

    def test_one_who_comes_again_is_one_line(self):
        carol = self_signed(self.owner.folder, "carol")
        self.assertEqual(self.knock(carol), UNKNOWN)
        self.await_waiting(1)
        self.assertEqual(self.knock(carol), UNKNOWN)
        eventually(lambda: self.waiting()[0]["count"] == 2, "it is counted twice")

    def test_who_is_on_the_list_of_clients_does_not_wait_whatever_its_state(self):
        sides = {verb: self.admitted(self.owner, verb) for verb in ("suspend", "revoke")}
        for verb, side in sides.items():
            self.owner.do("client", verb, verb)
            self.assertEqual(self.knock(side), UNKNOWN)
        self.owner.do("client", "remove", "revoke")
        self.assertEqual(self.knock(sides["revoke"]), UNKNOWN, "nor does a key that was revoked before its client was removed")
        stranger = self_signed(self.owner.folder, "stranger")
        self.assertEqual(self.knock(stranger), UNKNOWN)
        (one,) = self.await_waiting(1)
        self.assertEqual(one["pin"], stranger.pin())

    def test_A172_one_network_fills_its_few_places_and_no_more(self):
        for number in range(8):
            self.assertEqual(self.knock(self_signed(self.owner.folder, f"crowd{number}")), UNKNOWN)
        self.assertEqual(self.knock(self_signed(self.owner.folder, "apart"), "127.0.0.77"), UNKNOWN)
        waiting = self.await_waiting(5)
        self.assertEqual(len([one for one in waiting if one["from"].startswith("127.0.0.77:")]), 1)

    def test_without_the_flag_nobody_waits(self):
        self.gate.drain()
        self.assertEqual(self.gate.wait(), 0)
        plain = self.server(self.owner, self.service)
        self.assertEqual(self.knock(self_signed(self.owner.folder, "stranger"), server=plain), UNKNOWN)
        plain.event("refused")
        plain.drain()
        plain.wait()
        self.assertEqual(self.waiting(), [])

    def test_what_one_server_has_seen_another_approves(self):
        other = self.side("other")
        second = self.enterContext(Server(other, self.service.address, "--registry", f"sqlite:{self.owner.registry}"))
        carol = self.side("carol")
        pin = carol.pin()
        self.assertEqual(self.knock(carol), UNKNOWN)
        self.await_waiting(1)
        other.do("client", "approve", pin, "carol", "--registry", f"sqlite:{self.owner.registry}")
        self.open_stream(carol, second)
        self.open_stream(carol, self.gate)

    def test_who_does_not_wait_cannot_be_approved(self):
        pin = self_signed(self.owner.folder, "nobody").pin()
        done = self.owner.run("client", "approve", pin, "nobody", "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (1, "not_pending"))
        for arguments in (("sha256/AAAA", "x"), (pin, "No Name")):
            self.assertEqual(self.owner.run("client", "approve", *arguments).code, 2)


if __name__ == "__main__":
    unittest.main()
