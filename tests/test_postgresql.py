"""Several servers on one PostgreSQL database: they act on each other's changes, outlast its absence, and trust no other."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness.case import TunnelTest
from harness.clock import MovedClock
from harness.cotter import Side
from harness.invitation_code import Code
from harness.postgresql import Cluster
from harness.processes import Finished, eventually

TOP = pathlib.Path(__file__).resolve().parents[1]


def setUpModule():
    FleetTest.cluster = unittest.enterModuleContext(Cluster())


class FleetTest(TunnelTest):
    """An owner with a database of their own."""

    cluster = None

    def setUp(self):
        self.database = self.cluster.database()
        self.url = self.cluster.url(self.database)
        self.owner = self.side("owner")
        self.service = self.backend()

    def side(self, name):
        return self.enterContext(DatabaseSide(name, self.cluster))

    def do(self, *arguments):
        """A command of the owner's, with this database for its list; what it says in JSON."""
        return self.owner.do(*arguments, "--registry", self.url, "--json").json

    def run_command(self, *arguments, url=None):
        return self.owner.run(*arguments, "--registry", url or self.url, "--json")

    def admit(self, name):
        client = self.side(name)
        self.do("client", "add", name, client.pin())
        return client

    def gate(self, *arguments, url=None):
        """One more server; all have the owner's identity."""
        return self.server(self.owner, self.service, "--registry", url or self.url, *arguments)

    def sql(self, *statements):
        return self.cluster.sql(self.database, "SET search_path = cotter", *statements)


class DatabaseSide(Side):
    """A side whose programs aren't led elsewhere by this machine's settings for PostgreSQL."""

    def __init__(self, name, cluster):
        super().__init__(name)
        self._cluster = cluster

    def env(self):
        return {name: value for name, value in super().env().items() if not name.startswith("PG")}


class OneList(FleetTest):
    def test_A118_A44_what_one_revokes_closes_the_streams_on_every_server(self):
        alice, bob = self.admit("alice"), self.admit("bob")
        gates = [self.gate(), self.gate()]
        streams = [self.open_stream(alice, gate) for gate in gates]
        others = [self.open_stream(bob, gate) for gate in gates]
        told = self.do("client", "revoke", "alice", "--reason", "lost")
        self.assertEqual((told["streams_closed"], told["servers"], told["servers_applied"]), (2, 2, 2))
        for gate, stream, other in zip(gates, streams, others):
            gate.event("revoked_closed", client="alice")
            self.assertEqual(stream.wait(), 1)
            self.assertFalse(self.is_admitted(gate, alice))
            self.assert_alive(other)

    def test_A198_a_change_of_which_no_notification_came_is_acted_on(self):
        alice, bob = self.admit("alice"), self.admit("bob")
        gates = [self.gate(), self.gate()]
        streams = [self.open_stream(alice, gate) for gate in gates]
        self.sql("UPDATE clients SET state = 'suspended' WHERE name = 'alice'", "UPDATE meta SET version = version + 1")
        for gate, stream in zip(gates, streams):
            gate.event("revoked_closed", client="alice")
            self.assertEqual(stream.wait(), 1)
            self.assertTrue(self.is_admitted(gate, bob))

    def test_A198_a_backup_of_another_history_with_the_same_version_is_noticed(self):
        alice, bob = self.admit("alice"), self.admit("bob")
        gate = self.gate()
        stream, other = self.open_stream(alice, gate), self.open_stream(bob, gate)
        self.sql("UPDATE clients SET state = 'suspended' WHERE name = 'alice'",
                 "UPDATE changes SET token = 'other' WHERE version = (SELECT version FROM meta)")
        gate.event("revoked_closed", client="alice")
        self.assertEqual(stream.wait(), 1)
        self.assert_alive(other)

    def test_A203_of_many_who_bring_one_code_to_two_servers_one_is_admitted(self):
        gates = [self.gate(), self.gate()]
        code = Code(self.do("invite", "alice", "--address", gates[0].address)["code"])
        codes = [str(code), str(code.replaced(address=gates[1].address))]
        racers = [self.side(f"racer{number}") for number in range(8)]
        for racer in racers:
            racer.pin()
        with concurrent.futures.ThreadPoolExecutor(len(racers)) as pool:
            done = list(pool.map(lambda pair: pair[1].run("join", codes[pair[0] % 2]), enumerate(racers)))
        self.assertEqual(sorted(one.code for one in done), [0] + [3] * (len(racers) - 1), "\n".join(map(str, done)))
        winner = next(racer for racer, one in zip(racers, done) if one.code == 0)
        self.assertEqual([(one["name"], one["pins"]) for one in self.do("client", "list")["clients"]],
                         [("alice", [winner.pin()])])
        for gate in gates:
            eventually(lambda at=gate: self.is_admitted(at, winner), "both servers know who has joined")

    def test_A200_servers_that_start_at_once_on_an_empty_database_make_the_tables_once(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            gates = list(pool.map(lambda _: self.gate(), range(2)))
        alice = self.admit("alice")
        for gate in gates:
            self.assertTrue(self.is_admitted(gate, alice))

    def test_A200_tables_of_a_later_cotter_are_refused(self):
        self.do("client", "list")
        self.sql("UPDATE meta SET schema = 1000")
        done = self.run_command("client", "list")
        self.assertEqual((done.code, done.json["error"]["code"]), (1, "registry_newer"), str(done))

    def test_every_command_of_the_owner_takes_it(self):
        self.do("ca", "init")
        self.do("ca", "issue", "carol", "--out", self.owner.path("carol"))
        self.do("ca", "list")
        self.do("ca", "revoke", "carol")
        self.gate()
        self.do("invite", "dave", "--address", "db.example:7000")
        waiting = self.do("invite", "list")["invitations"]
        self.do("invite", "withdraw", waiting[0]["id"])
        self.do("client", "add", "erin", self.side("erin").pin())
        self.do("explain", "erin")
        for change in ("suspend", "restore", "show", "disconnect", "revoke", "remove"):
            self.do("client", change, "erin")
        self.do("client", "pending")
        self.do("log", "verify")
        self.assertFalse(os.path.exists(self.owner.registry), "and the state folder has no list besides")

    def test_a_configuration_file_names_it(self):
        self.admit("alice")
        file = self.owner.path("cotter.toml")
        pathlib.Path(file).write_text(f'version = 1\nregistry = "{self.url}"\n[[service]]\nname = "db"\nlisten = "127.0.0.1:0"\n'
                                      f'to = ["{self.service.address}"]\n', encoding="utf-8")
        self.owner.do("check", file)
        wrong = pathlib.Path(file)
        wrong.write_text(wrong.read_text(encoding="utf-8").replace(self.database, "nosuch"), encoding="utf-8")
        done = self.owner.run("check", file)
        self.assertEqual(done.code, 1, str(done))
        self.assertIn("createdb", done.err)


class Absence(FleetTest):
    def setUp(self):
        super().setUp()
        self.alice, self.bob = self.admit("alice"), self.admit("bob")

    def come_back(self, gate):
        gate.event("registry_back")
        self.assertEqual([len(gate.events(name)) for name in ("registry_stale", "registry_back")], [1, 1])
        eventually(lambda: self.is_admitted(gate, self.bob), "the list is read again")

    def test_A194_a_database_that_hangs_serves_by_its_last_list_for_the_grace_and_then_admits_nobody(self):
        gate = self.gate("--registry-grace", "1s")
        stream = self.open_stream(self.alice, gate)
        self.cluster.pause()
        self.addCleanup(self.cluster.resume)
        stale = gate.event("registry_stale")
        self.assertIn("says nothing", stale["reason"])
        eventually(lambda: not self.is_admitted(gate, self.bob), "nobody new is admitted")
        self.assertIn("the registry can't be read", gate.event("refused", codes="not_admitted")["reason"])
        self.assert_alive(stream)
        away = self.run_command("client", "list")
        self.assertEqual((away.code, away.json["error"]["code"]), (1, "registry_unavailable"), str(away))
        self.cluster.resume()
        self.come_back(gate)
        told = self.do("client", "revoke", "alice")
        self.assertEqual((told["streams_closed"], told["servers_applied"]), (1, 1))

    def test_A194_within_the_grace_a_revoked_client_stays_out(self):
        gate = self.gate()
        self.do("client", "revoke", "bob")
        self.cluster.stop()
        self.addCleanup(self.cluster.start)
        gate.event("registry_stale")
        self.assertTrue(self.is_admitted(gate, self.alice))
        self.assertFalse(self.is_admitted(gate, self.bob))

    def test_A198_what_was_changed_while_a_server_had_no_connection_is_acted_on_after_its_return(self):
        gate = self.gate()
        stream = self.open_stream(self.alice, gate)
        self.cluster.stop()
        gate.event("registry_stale")
        self.assert_alive(stream)
        self.cluster.start()
        self.sql("UPDATE clients SET state = 'suspended' WHERE name = 'alice'", "UPDATE meta SET version = version + 1")
        gate.event("revoked_closed", client="alice")
        self.assertEqual(stream.wait(), 1)
        self.come_back(gate)

    def test_A194_a_server_does_not_start_without_it(self):
        self.cluster.stop()
        self.addCleanup(self.cluster.start)
        started = self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", self.service.address, "--registry", self.url)
        self.assertEqual((started.code, started.out), (1, ""), str(started))
        self.assertIn("next: ", started.err)

    def test_A194_a_list_that_cannot_be_read_is_not_taken_for_the_newest(self):
        gate = self.gate("--registry-grace", "1s")
        self.sql("ALTER TABLE clients DROP CONSTRAINT clients_state_check",
                 "UPDATE clients SET state = 'welcome' WHERE name = 'bob'", "UPDATE meta SET version = version + 1")
        self.assertIn("can't be read", gate.event("registry_stale")["reason"])
        eventually(lambda: not self.is_admitted(gate, self.alice), "nobody new is admitted")
        self.assertEqual(gate.events("registry_back"), [])
        self.sql("UPDATE clients SET state = 'active' WHERE name = 'bob'")
        self.come_back(gate)

    def test_a_server_ends_in_good_order_while_the_database_hangs(self):
        gate = self.gate("--drain-timeout", "1s")
        self.cluster.pause()
        self.addCleanup(self.cluster.resume)
        gate.drain()
        self.assertEqual(gate.wait(), 0)


class WhoIsWho(FleetTest):
    def url_by_port(self, host="db.example", root=None, **more):
        options = {"hostaddr": "127.0.0.1", "port": self.cluster.port, "user": "cotter", "sslmode": "verify-full",
                   "sslrootcert": root or self.cluster.authority.certificate, "passfile": self.passfile(), **more}
        return f"postgresql://{host}/{self.database}?" + "&".join(f"{key}={value}" for key, value in options.items())

    def passfile(self, mode=0o600):
        file = self.owner.path("passfile")
        pathlib.Path(file).write_text(f"*:*:*:*:{self.cluster.PASSWORD}\n", encoding="ascii")
        os.chmod(file, mode)
        return file

    def assert_fails(self, done, exit_code, error, words=""):
        self.assertEqual((done.code, done.json["error"]["code"]), (exit_code, error), str(done))
        self.assertIn(words, done.json["error"]["message"])
        self.assertNotIn(self.cluster.PASSWORD, done.out + done.err)

    def test_A195_over_the_network_the_database_has_to_be_the_one_that_is_meant(self):
        self.assertEqual(self.run_command("client", "list", url=self.url_by_port()).code, 0)
        other = self.run_command("client", "list", url=self.url_by_port(host="other.example"))
        self.assert_fails(other, 1, "registry_unavailable", "other.example")
        forged = self.side("mallory").path("ca.crt")
        shutil.copyfile(self.owner_certificate(), forged)
        self.assert_fails(self.run_command("client", "list", url=self.url_by_port(root=forged)), 1, "registry_unavailable",
                          "certificate verify failed")

    def owner_certificate(self):
        self.owner.pin()
        return self.owner.certificate

    def test_A195_a_database_that_nothing_proves_is_refused_before_a_word_is_said(self):
        for more in ("", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca"):
            with self.subTest(more):
                done = self.run_command("client", "list", url=f"postgresql://192.0.2.1/cotter{more}")
                self.assert_fails(done, 2, "registry_unproven", "192.0.2.1")
                self.assertIn("sslmode=verify-full", done.json["error"]["hint"])

    def test_A157_a_password_is_never_taken_from_the_command_line_nor_shown(self):
        for url in (f"postgresql://cotter:{self.cluster.PASSWORD}@127.0.0.1:{self.cluster.port}/{self.database}",
                    f"{self.url}&password={self.cluster.PASSWORD}"):
            done = self.run_command("client", "list", url=url)
            self.assert_fails(done, 2, "registry_password", "password")
            self.assertIn("passfile", done.json["error"]["hint"])
            self.assertNotIn(self.cluster.PASSWORD, self.owner.run("client", "list", "--registry", url).err)
        gate = self.gate(url=self.url_by_port())
        self.cluster.stop()
        self.addCleanup(self.cluster.start)
        gate.event("registry_stale")
        self.assertNotIn(self.cluster.PASSWORD, gate.err.text() + gate.out.text())

    def test_a_wrong_password_says_where_to_look(self):
        file = self.passfile()
        url = self.url_by_port()
        pathlib.Path(file).write_text("*:*:*:*:wrong\n", encoding="ascii")
        done = self.run_command("client", "list", url=url)
        self.assert_fails(done, 1, "registry_unavailable", "password authentication failed")
        self.assertIn("pg_hba.conf", done.json["error"]["hint"])

    def grants(self):
        """What the manual has a server's own role be given: always, and where it renews certificates."""
        page = (TOP / "docs/fleet.md").read_text(encoding="utf-8")
        self.cluster.sql("postgres", "DO $$ BEGIN CREATE ROLE cotter_server LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
        return re.findall(r"```sql\n(.*?)```", page, re.DOTALL)[1:]

    @unittest.skipIf(os.environ.get("COTTER_SANITIZE"), "a sanitizer must be loaded before the clock")
    def test_a_server_that_renews_certificates_needs_two_grants_more(self):
        clock = MovedClock(self.owner.folder)
        alice = self.side("alice")
        files = [os.path.join(alice.path("alice"), name) for name in ("alice.crt", "alice.key")]
        for call in (["init", "--intermediate"], ["issue", "alice", "--hours", "24", "--out", alice.path("alice")]):
            clock.do(self.owner, -13, "ca", *call, "--registry", self.url)
        always, renewing = self.grants()
        self.sql(always)
        gate = self.gate("--renew-certificates", url=self.cluster.url(self.database, "cotter_server"))
        renewal = ["renew", gate.address, "--pin", gate.pin, "--cert", files[0], "--key", files[1], "--json"]
        self.assertEqual(alice.run(*renewal).json["error"]["code"], "renewal_unavailable")
        self.sql(renewing)
        renewed = alice.do(*renewal).json
        self.assertEqual(self.do("client", "show", "alice")["expires"], renewed["not_after"])

    def test_the_grants_of_the_manual_are_what_a_server_needs_and_no_more(self):
        self.do("client", "list")
        self.sql(self.grants()[0])
        self.owner.pin()
        self.do("rotate", "prepare")
        alice = self.side("alice")
        gate = self.gate("--pending", url=self.cluster.url(self.database, "cotter_server"))
        code = Code(self.do("invite", "alice", "--address", gate.address)["code"])
        alice.do("join", str(code))
        alice.do("renew")
        stream = self.open_stream(alice, gate)
        eventually(lambda: self.sql("SELECT count(*) FROM rotation_answers") == [["1"]], "she has the next key")
        bob = self.side("bob")
        self.do("client", "add", "bob", bob.pin())
        self.assertTrue(self.is_admitted(gate, bob))
        eventually(lambda: self.sql("SELECT canonical IS NOT NULL FROM keys WHERE client = 'bob'") == [["t"]],
                   "the key behind the digest is learnt")
        stranger = self.side("stranger")
        stranger.pin()
        self.assertFalse(self.is_admitted(gate, stranger))
        eventually(lambda: self.do("client", "pending")["pending"], "the stranger waits")
        told = self.do("client", "revoke", "alice")
        self.assertEqual((told["streams_closed"], told["servers_applied"]), (1, 1))
        self.assertEqual(stream.wait(), 1)
        self.assertEqual(gate.events("registry_unwritten"), [])
        for forbidden in ("UPDATE clients SET state = 'active'", "DELETE FROM denied_keys", "UPDATE clients SET expires = 0",
                          "DELETE FROM clients", "CREATE TABLE more (id BIGINT)"):
            with self.subTest(forbidden), self.assertRaisesRegex(AssertionError, "permission denied"):
                self.cluster.sql(self.database, "SET search_path = cotter", forbidden, user="cotter_server")


if __name__ == "__main__":
    unittest.main()
