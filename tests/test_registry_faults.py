"""A running server whose registry is locked, gone, replaced or broken: it fails closed, says so, and comes back."""

import os
import shutil
import sqlite3
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness.case import TunnelTest
from harness.certificates import Authority
from harness.processes import DEADLINE, eventually
from harness.tls_peer import UNKNOWN, alert_for, client_context


class FaultTest(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")
        self.service = self.backend()
        self.alice = self.admitted(self.owner, "alice")
        self.bob = self.admitted(self.owner, "bob")

    def serve(self, *arguments):
        return self.server(self.owner, self.service, *arguments)


class Unreachable(FaultTest):
    def test_A194_a_registry_that_is_gone_admits_by_the_last_list_for_the_grace_and_then_nobody(self):
        gate = self.serve("--registry-grace", "1s")
        stream = self.open_stream(self.alice, gate)
        away = self.owner.path("away.db")
        os.rename(self.owner.registry, away)
        stale = gate.event("registry_stale")
        self.assertIn("No such file", stale["reason"])
        self.assertTrue(stale["next"])
        eventually(lambda: not self.is_admitted(gate, self.bob), "nobody new is admitted")
        self.assertIn("the registry can't be read", gate.event("refused", codes="not_admitted")["reason"])
        self.assert_alive(stream)
        os.rename(away, self.owner.registry)
        gate.event("registry_back")
        eventually(lambda: self.is_admitted(gate, self.bob), "the list is read again")
        told = self.owner.do("client", "revoke", "alice", "--json").json
        self.assertEqual((told["streams_closed"], told["servers_applied"]), (1, 1))

    def test_A194_within_the_grace_the_last_list_serves_and_a_revoked_key_stays_revoked(self):
        gate = self.serve()
        self.owner.do("client", "revoke", "bob")
        os.rename(self.owner.registry, self.owner.path("away.db"))
        gate.event("registry_stale")
        self.assertTrue(self.is_admitted(gate, self.alice))
        self.assertFalse(self.is_admitted(gate, self.bob))

    def test_A194_a_grace_without_end_or_too_short_to_be_kept_is_not_taken(self):
        for grace in ("off", "0s", "500ms", "8d", "soon"):
            with self.subTest(grace):
                started = self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", self.service.address, "--registry-grace",
                                         grace)
                self.assertEqual((started.code, started.out), (2, ""), str(started))
                self.assertIn("next: ", started.err)

    def test_A194_a_client_ca_does_not_admit_either_while_the_denials_cannot_be_read(self):
        authority = Authority(self.owner.folder)
        issued = authority.issue("carol", "DNS:carol.example")
        gate = self.serve("--registry-grace", "1s", "--client-ca", authority.certificate)
        carol = client_context(issued.certificate, issued.key)
        self.assertIsNone(alert_for(gate, carol))
        os.rename(self.owner.registry, self.owner.path("away.db"))
        eventually(lambda: alert_for(gate, carol) == UNKNOWN, "nobody new is admitted")

    def test_A201_another_file_in_its_place_is_not_taken_for_it(self):
        gate = self.serve("--registry-grace", "1s")
        mallory = self.side("mallory")
        self.admitted(mallory, "mallory")
        mallory.do("client", "add", "self", mallory.pin())
        shutil.copyfile(mallory.registry, self.owner.path("planted.db"))
        os.chmod(self.owner.path("planted.db"), 0o600)
        os.rename(self.owner.path("planted.db"), self.owner.registry)
        stale = gate.event("registry_stale")
        self.assertIn("another file is in its place", stale["reason"])
        self.assertIn("start this server again", stale["next"])
        self.assertFalse(self.is_admitted(gate, mallory))
        eventually(lambda: not self.is_admitted(gate, self.alice), "nobody new is admitted")

    def test_A201_a_link_in_its_place_is_not_followed(self):
        gate = self.serve("--registry-grace", "1s")
        away = self.owner.path("away.db")
        os.rename(self.owner.registry, away)
        os.symlink(away, self.owner.registry)
        gate.event("registry_stale")
        eventually(lambda: not self.is_admitted(gate, self.alice), "nobody new is admitted")


class Locked(FaultTest):
    def setUp(self):
        super().setUp()
        self.gate = self.serve()
        self.holder = sqlite3.connect(self.owner.registry, isolation_level=None, timeout=DEADLINE)
        self.addCleanup(self.holder.close)

    def test_A194_while_another_holds_it_for_writing_admission_goes_on_and_commands_say_that_it_is_busy(self):
        stream = self.open_stream(self.alice, self.gate)
        self.holder.execute("BEGIN IMMEDIATE")
        busy = self.owner.run("client", "suspend", "alice", "--json")
        self.assertEqual((busy.code, busy.json["error"]["code"]), (1, "registry_busy"), str(busy))
        self.assertIn("try again", busy.json["error"]["hint"])
        self.assertEqual(self.owner.run("client", "list").code, 0)
        self.assertTrue(self.is_admitted(self.gate, self.bob))
        self.gate.event("registry_unwritten")
        self.holder.execute("ROLLBACK")
        told = eventually(lambda: self.owner.run("client", "suspend", "alice", "--json"), "free again")
        self.assertEqual(told.code, 0, str(told))
        self.gate.event("revoked_closed", client="alice")
        self.assertEqual(stream.wait(), 1)
        self.assertNotIn("registry_stale", self.gate.err.text())

    def test_A198_a_change_that_another_program_commits_is_acted_on_without_being_told(self):
        stream = self.open_stream(self.alice, self.gate)
        self.holder.execute("BEGIN IMMEDIATE")
        self.holder.execute("UPDATE clients SET state = 'suspended' WHERE name = 'alice'")
        self.holder.execute("UPDATE meta SET version = version + 1")
        self.assert_alive(stream)
        self.holder.execute("COMMIT")
        self.gate.event("revoked_closed", client="alice")
        self.assertFalse(self.is_admitted(self.gate, self.alice))
        self.assertTrue(self.is_admitted(self.gate, self.bob))

    def test_A197_a_state_that_is_none_makes_the_list_stale_and_admits_nobody_by_it(self):
        self.holder.execute("PRAGMA ignore_check_constraints = ON")
        self.holder.execute("BEGIN IMMEDIATE")
        self.holder.execute("UPDATE clients SET state = 'welcome' WHERE name = 'bob'")
        self.holder.execute("INSERT INTO clients SELECT 'mallory', state, '', 0, '', expires, '', 0 FROM clients "
                            "WHERE name = 'bob'")
        self.holder.execute("UPDATE meta SET version = version + 1")
        self.holder.execute("COMMIT")
        stale = self.gate.event("registry_stale")
        self.assertIn("can't be read", stale["reason"])
        self.holder.execute("DELETE FROM clients WHERE name = 'mallory'")
        self.holder.execute("UPDATE clients SET state = 'suspended' WHERE name = 'bob'")
        self.holder.execute("UPDATE meta SET version = version + 1")
        self.gate.event("registry_back")
        eventually(lambda: not self.is_admitted(self.gate, self.bob), "the mended list is taken")


class Broken(FaultTest):
    def overwrite(self, content):
        """Over the file that the server has open, and over what has not been brought into it yet."""
        for suffix in ("", "-wal"):
            with open(self.owner.registry + suffix, "r+b") as file:
                file.write(content * (os.path.getsize(self.owner.registry + suffix) // len(content)))

    def test_A194_a_registry_that_is_overwritten_under_the_server_admits_nobody_by_it_and_commands_tell(self):
        gate = self.serve("--registry-grace", "1s")
        stream = self.open_stream(self.alice, gate)
        self.overwrite(b"\xa5" * 512)
        done = self.owner.run("client", "revoke", "alice", "--json")
        self.assertEqual(done.code, 1, str(done))
        self.assertIn(done.json["error"]["code"], ("registry_corrupt", "registry_unavailable"))
        self.assertTrue(done.json["error"]["hint"])
        mallory = self.side("mallory")
        mallory.pin()
        self.assertFalse(self.is_admitted(gate, mallory))
        self.assertTrue(gate.running())
        self.assert_alive(stream)
        started = self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", self.service.address)
        self.assertEqual((started.code, started.out), (1, ""), str(started))
        self.assertIn("next: ", started.err)


if __name__ == "__main__":
    unittest.main()
