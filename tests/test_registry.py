"""`cotter client …` and the registry's file: what each command says and returns, and which doubts it refuses."""

import os
import stat
import sqlite3
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness.case import TunnelTest
from harness.certificates import self_signed

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"


class CommandTest(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")
        self.pins = [self_signed(self.owner.folder, f"key{number}").pin() for number in range(3)]

    def client(self, *arguments):
        return self.owner.run("client", *arguments)

    def assert_fails(self, done, exit_code, error, hint=""):
        """A failure has its exit code, says on standard error what, why and what next, and in JSON which."""
        again = self.owner.run(*done.arguments[1:], "--json")
        self.assertEqual((done.code, done.out), (exit_code, ""), str(done))
        self.assertRegex(done.err, r"(?s)^cotter: .+: .+\n  next: .+\n$")
        self.assertEqual((again.code, again.err), (exit_code, ""), str(again))
        document = again.json["error"]
        self.assertEqual(set(document), {"code", "message", "hint"})
        self.assertEqual(document["code"], error, str(again))
        self.assertIn(hint, document["hint"])
        self.assertIn(document["hint"], done.err)


class Commands(CommandTest):
    def test_add_says_who_is_admitted_by_which_key_until_when(self):
        added = self.client("add", "alice", self.pins[0])
        self.assertEqual((added.code, added.err), (0, ""))
        self.assertRegex(added.out, r"^admitted alice \(sha256/.{8}…\), until revoked; 1 key\n$")
        document = self.client("add", "bob", self.pins[1], self.pins[2], "--expires", "30d", "--json").json
        self.assertEqual(set(document), {"added", "pins", "expires", "servers", "servers_applied"})
        self.assertEqual((document["added"], document["pins"]), ("bob", self.pins[1:]))
        self.assertRegex(document["expires"], TIME)

    def test_list_shows_each_client_with_its_state(self):
        self.assertIn("nobody is admitted", self.client("list").out)
        self.assertEqual(self.client("list", "--json").json, {"clients": []})
        self.client("add", "alice", self.pins[0], "--note", "laptop")
        self.client("add", "bob", self.pins[1])
        self.client("suspend", "bob", "--reason", "holiday")
        alice, bob = self.client("list", "--json").json["clients"]
        self.assertEqual(set(alice), {"name", "state", "since", "reason", "expires", "note", "added", "rules", "message", "pins"})
        self.assertEqual((alice["name"], alice["state"], alice["note"], alice["expires"]), ("alice", "active", "laptop", None))
        self.assertEqual((bob["name"], bob["state"], bob["reason"]), ("bob", "suspended", "holiday"))
        table = self.client("list").out.splitlines()
        self.assertEqual(table[0].split(), ["NAME", "STATE", "KEYS", "PIN", "EXPIRES"])
        self.assertEqual([line.split()[:2] for line in table[1:]], [["alice", "active"], ["bob", "suspended"]])
        self.assertEqual(self.client().out, self.client("list").out, "without a word it lists")

    def test_show_has_keys_activity_and_who_did_what_when(self):
        self.client("add", "alice", self.pins[0])
        self.client("add-key", "alice", self.pins[1])
        self.client("suspend", "alice", "--reason", "laptop lost")
        self.client("restore", "alice")
        self.client("drop-key", "alice", self.pins[0])
        self.client("revoke", "alice", "--reason", "laptop stolen")
        shown = self.client("show", "alice", "--json").json
        self.assertEqual((shown["state"], shown["reason"], shown["pins"]), ("revoked", "laptop stolen", [self.pins[1]]))
        for number in ("open_streams", "bytes_in", "bytes_out", "refused"):
            self.assertEqual(shown[number], 0)
        self.assertIsNone(shown["last_seen"])
        history = shown["history"]
        self.assertEqual([(entry["action"], entry["pin"] or entry["detail"]) for entry in history],
                         [("revoke", "laptop stolen"), ("drop-key", self.pins[0]), ("restore", ""), ("suspend", "laptop lost"),
                          ("add-key", self.pins[1]), ("add", self.pins[0])])
        for entry in history:
            self.assertRegex(entry["at"], TIME)
            self.assertRegex(entry["actor"], r"^\S+@\S+$")
        text = self.client("show", "alice").out
        for words in ("alice: revoked since", "laptop stolen", self.pins[1], "drop-key by"):
            self.assertIn(words, text)

    def test_each_change_says_what_holds_now(self):
        self.client("add", "alice", self.pins[0])
        for arguments, word, sentence in ((("suspend", "alice"), "suspended", "suspended alice"),
                                          (("restore", "alice"), "restored", "restored alice"),
                                          (("add-key", "alice", self.pins[1]), "key_added", "added a key of alice"),
                                          (("drop-key", "alice", self.pins[1]), "key_dropped", "dropped a key of alice"),
                                          (("revoke", "alice"), "revoked", "revoked alice"),
                                          (("remove", "alice"), "removed", "removed alice")):
            database = self.owner.path("copy.db")
            with sqlite3.connect(self.owner.registry) as kept, sqlite3.connect(database) as copy:
                kept.backup(copy)
            os.chmod(database, 0o600)
            done = self.client(*arguments, "--json", "--registry", f"sqlite:{database}")
            self.assertEqual(done.code, 0, str(done))
            self.assertEqual(done.json, {"done": word, "name": "alice", "streams_closed": 0, "servers": 0,
                                         "servers_applied": 0})
            told = self.client(*arguments)
            self.assertEqual((told.code, told.out), (0, f"{sentence}: no server runs on this registry now\n"), str(told))

    def test_every_change_that_makes_no_sense_is_refused_with_its_cause_and_the_next_step(self):
        for name, pin in (("active", self.pins[0]), ("gone", self.pins[1])):
            self.client("add", name, pin)
        self.client("revoke", "gone")
        rows = (
            (("show", "nobody"), "no_such_client", "client list"),
            (("suspend", "nobody"), "no_such_client", "client list"),
            (("restore", "nobody"), "no_such_client", "client list"),
            (("revoke", "nobody"), "no_such_client", "client list"),
            (("remove", "nobody"), "no_such_client", "client list"),
            (("add-key", "nobody", self.pins[2]), "no_such_client", "client list"),
            (("drop-key", "nobody", self.pins[2]), "no_such_client", "client list"),
            (("add", "active", self.pins[2]), "name_taken", "client add-key active PIN"),
            (("add", "other", self.pins[0]), "key_taken", "one key has one name"),
            (("add", "other", self.pins[1]), "key_revoked", "make a new key"),
            (("add-key", "active", self.pins[0]), "key_known", "client show active"),
            (("add-key", "active", self.pins[1]), "key_revoked", "make a new key"),
            (("add-key", "gone", self.pins[2]), "client_revoked", "another key"),
            (("drop-key", "active", self.pins[2]), "no_such_key", "client show active"),
            (("drop-key", "active", self.pins[0]), "last_key", "client remove active"),
            (("restore", "active"), "client_active", "only a suspended client"),
            (("restore", "gone"), "client_revoked", "another key"),
            (("suspend", "gone"), "client_revoked", "for good"),
            (("revoke", "gone"), "client_revoked", "for good"),
        )
        before = self.client("list", "--json").out
        for arguments, error, hint in rows:
            with self.subTest(" ".join(arguments)):
                self.assert_fails(self.client(*arguments), 1, error, hint)
        self.client("suspend", "active")
        self.assert_fails(self.client("suspend", "active"), 1, "client_suspended", "client restore active")
        self.client("restore", "active")
        self.assertEqual([client["state"] for client in self.client("list", "--json").json["clients"]], ["active", "revoked"])
        self.assertEqual(len(before), len(self.client("list", "--json").out))

    def test_what_cannot_be_read_is_a_malformed_call(self):
        rows = (
            (("add", "alice", "sha256/short"), "pin_padding"),
            (("add", "alice", "nowhere.crt"), "pin_unknown_form"),
            (("add", "alice", self.pins[0], "--expires", "tomorrow"), None),
            (("add", "alice", self.pins[0], "--expires", "2020-01-01T00:00:00Z"), "expires_past"),
            (("add", "alice", self.pins[0], "--expires", "2040-01-01T00:00:00"), None),
            (("list", "--registry", "postgresql://x"), "registry_unproven"),
            (("list", "--registry", "postgresql://x?nosuch=1"), "registry_url"),
            (("list", "--registry", "mysql:x"), "registry_url"),
        )
        for arguments, error in rows:
            with self.subTest(" ".join(arguments)):
                done = self.client(*arguments, "--json")
                self.assertEqual(done.code, 2, str(done))
                if error:
                    self.assertEqual(done.json["error"]["code"], error)
                self.assertTrue(done.json["error"]["hint"])
        self.assertIn("there is no file of this name", self.client("add", "alice", "nowhere.crt").err)
        for arguments in (("frobnicate",), ("add",), ("add", "alice"), ("suspend",), ("drop-key", "alice")):
            with self.subTest(" ".join(arguments)):
                self.assertEqual(self.client(*arguments).code, 2)
        self.assertEqual(self.client("list", "--json").json, {"clients": []})

    def test_a_chain_is_refused_since_its_issuers_keys_are_nobodys_to_come_in_by(self):
        chain = self.owner.path("chain.pem")
        with open(chain, "w", encoding="ascii") as file:
            for number in range(2):
                with open(self_signed(self.owner.folder, f"link{number}").certificate, encoding="ascii") as link:
                    file.write(link.read())
        self.assert_fails(self.client("add", "alice", chain), 2, "many_objects", "alone")
        self.assertEqual(self.client("list", "--json").json["clients"], [])

    def test_a_file_gives_its_certificate_or_key_and_a_whole_list_is_refused_for_one_bad_pin(self):
        issued = self_signed(self.owner.folder, "whole")
        self.assertEqual(self.client("add", "alice", issued.certificate, "--json").json["pins"], [issued.pin()])
        refused = self.client("add", "bob", self.pins[0], "sha256/AAAA")
        self.assertEqual(refused.code, 2)
        self.assertEqual(self.client("show", "bob").code, 1)

    def test_A101_weak_keys_are_refused_at_add(self):
        for kind in ("rsa:1024", "rsa:1536"):
            weak = self_signed(self.owner.folder, kind.replace(":", ""), kind)
            for arguments in (("add", "weak", weak.certificate), ("add", "weak", f"file:{weak.certificate}")):
                done = self.client(*arguments, "--json")
                self.assertEqual((done.code, done.json["error"]["code"]), (2, "weak_key"), str(done))
        self.assertEqual(self.client("list", "--json").json, {"clients": []})

    def test_A116_a_revoked_key_stays_refused_after_its_client_is_removed(self):
        issued = self_signed(self.owner.folder, "gone")
        gate = self.server(self.owner, self.backend())
        self.client("add", "alice", issued.certificate)
        self.client("revoke", "alice")
        self.assertEqual(self.client("remove", "alice").code, 0)
        for name in ("alice", "other"):
            for key in (issued.certificate, issued.pin()):
                self.assert_fails(self.client("add", name, key), 1, "key_revoked", "make a new key")
        self.assertEqual(self.client("add", "alice", self.pins[0]).code, 0, "the name is free")
        from harness.tls_peer import alert_for, client_context
        self.assertIsNotNone(alert_for(gate, client_context(issued.certificate, issued.key)))
        gate.event("refused", codes="revoked")


class HostileText(CommandTest):
    HOSTILE = "\x1b[31mred\x07\r\n{\"event\":\"admitted\"}\u202e\x9b2J\\"

    def assert_safe(self, text):
        for character in text.replace("\n", ""):
            self.assertTrue(character.isprintable(), f"{character!r} in {text!r}")

    def test_A150_notes_and_reasons_reach_no_terminal_and_no_log_raw(self):
        issued = self_signed(self.owner.folder, "alice")
        gate = self.server(self.owner, self.backend())
        self.client("add", "alice", issued.certificate, "--note", self.HOSTILE)
        self.client("suspend", "alice", "--reason", self.HOSTILE)
        shown = self.client("show", "alice")
        self.assert_safe(shown.out)
        self.assertIn(r"\x1b[31mred\x07\x0d\x0a", shown.out)
        document = self.client("show", "alice", "--json").json
        self.assert_safe(document["note"] + document["reason"])
        self.assertTrue(document["note"].startswith(r"\x1b[31mred"), "escaped once")
        from harness.tls_peer import alert_for, client_context
        alert_for(gate, client_context(issued.certificate, issued.key))
        line = gate.event("refused", codes="suspended")
        self.assert_safe(line["reason"])
        self.assertIn(r"\x1b[31mred", line["reason"])
        self.assertNotIn(r"\\x1b", line["reason"])

    def test_A149_a_hostile_subject_makes_one_line_that_parses(self):
        gate = self.server(self.owner, self.backend())
        from harness.processes import Finished, event_of
        from harness.tls_peer import alert_for, client_context
        key = self.owner.path("hostile.key")
        certificate = self.owner.path("hostile.crt")
        made = Finished(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8",
                         "-subj", "/CN=x\x1b[2J\n{\"event\":\"admitted\"}", "-keyout", key, "-out", certificate])
        self.assertEqual(made.code, 0, str(made))
        alert_for(gate, client_context(certificate, key))
        line = gate.event("refused")
        self.assert_safe(line["subject"])
        self.assertIn("[2J", line["subject"])
        for text in gate.err.text().splitlines():
            if text.startswith("{"):
                self.assertNotEqual(event_of(text)["event"], "admitted")

    def test_A151_A152_what_is_no_name_is_refused_and_never_gets_near_a_file_or_the_store(self):
        names = ("", " ", "..", ".", "../x", "a/b", "a b", "-rf", "a.", "_a", "a\n", "a\tb", "a\x1b[31m", "a';--", "a\"b", "ä",
                 "\u0430lice", "x" * 65, "a\u202eb", "%s%n", "$(id)", "a,b", "a:b")
        for name in names:
            with self.subTest(repr(name)):
                for arguments in (("add", "--", name, self.pins[0]), ("revoke", "--", name), ("show", "--", name)):
                    done = self.client(*arguments)
                    self.assertEqual(done.code, 2, str(done))
                    self.assert_safe(done.err)
                invited = self.owner.run("invite", "--", name)
                self.assertEqual(invited.code, 2, str(invited))
        self.assertEqual(self.client("list", "--json").json, {"clients": []})
        self.assertEqual(sorted(os.listdir(self.owner.state)), ["registry.db", "registry.db.lock"])

    def test_A196_names_are_one_whatever_their_case_and_pins_are_not(self):
        self.client("add", "Alice", self.pins[0])
        self.assertEqual(self.client("show", "ALICE", "--json").json["name"], "alice")
        self.assert_fails(self.client("add", "aLiCe", self.pins[1]), 1, "name_taken")
        swapped = self.pins[0].removeprefix("sha256/").swapcase()
        other = self.client("drop-key", "alice", f"sha256/{swapped}")
        self.assertIn(other.code, (1, 2))


class Store(CommandTest):
    def test_A190_the_files_are_private_also_those_that_a_running_server_adds(self):
        gate = self.server(self.owner, self.backend())
        self.client("add", "alice", self.pins[0])
        files = [name for name in os.listdir(self.owner.state) if name.startswith("registry.db")]
        self.assertEqual(set(files), {"registry.db", "registry.db-wal", "registry.db-shm", "registry.db.lock"})
        for name in files:
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.owner.state, name)).st_mode), 0o600, name)
        self.assertEqual(stat.S_IMODE(os.stat(self.owner.state).st_mode), 0o700)
        self.assertTrue(gate.running())

    def test_A190_files_that_others_can_read_are_refused_with_the_command_that_mends_them(self):
        self.client("add", "alice", self.pins[0])
        os.chmod(self.owner.registry, 0o644)
        self.assert_fails(self.client("list"), 1, "registry_mode", f"chmod 600 {self.owner.registry}")
        started = self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1")
        self.assertEqual((started.code, started.out), (1, ""))
        self.assertIn("chmod 600", started.err)
        os.chmod(self.owner.registry, 0o600)
        self.assertEqual(self.client("list").code, 0)

    def test_A201_a_link_in_the_place_of_the_file_is_refused(self):
        self.client("add", "alice", self.pins[0])
        os.rename(self.owner.registry, self.owner.path("moved.db"))
        os.symlink(self.owner.path("moved.db"), self.owner.registry)
        self.assert_fails(self.client("list"), 1, "registry_link", "the path of the file itself")

    def test_A200_a_file_of_a_later_cotter_or_of_something_else_is_refused_and_left_alone(self):
        self.client("add", "alice", self.pins[0])
        with sqlite3.connect(self.owner.registry) as database:
            database.execute("UPDATE meta SET schema = schema + 1")
        self.assert_fails(self.client("list"), 1, "registry_newer", "newer")
        self.assertEqual(self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1").code, 1)
        foreign = self.owner.path("foreign.db")
        with sqlite3.connect(foreign) as database:
            database.execute("CREATE TABLE precious (x)")
        os.chmod(foreign, 0o600)
        self.assert_fails(self.client("list", "--registry", f"sqlite:{foreign}"), 1, "registry_foreign", "another path")
        with sqlite3.connect(foreign) as database:
            self.assertEqual(database.execute("SELECT name FROM sqlite_master").fetchall(), [("precious",)])
        garbage = self.owner.path("garbage.db")
        with open(garbage, "wb") as file:
            file.write(b"not a database at all, but a diary\n" * 200)
        os.chmod(garbage, 0o600)
        self.assert_fails(self.client("list", "--registry", f"sqlite:{garbage}"), 1, "registry_corrupt", "backup")

    def test_A197_a_state_or_an_expiry_that_is_missing_cannot_be_stored(self):
        self.client("add", "alice", self.pins[0])
        with sqlite3.connect(self.owner.registry) as database:
            for change in ("UPDATE clients SET state = NULL", "UPDATE clients SET state = 'fine'",
                           "UPDATE clients SET expires = NULL", "INSERT INTO clients (name) VALUES ('x')"):
                with self.assertRaises(sqlite3.IntegrityError, msg=change):
                    database.execute(change)

    def test_A197_a_state_that_is_none_refuses(self):
        issued = self_signed(self.owner.folder, "alice")
        self.client("add", "alice", issued.certificate)
        with sqlite3.connect(self.owner.registry) as database:
            database.execute("PRAGMA ignore_check_constraints = ON")
            database.execute("UPDATE clients SET state = 'fine'")
        self.assert_fails(self.client("list"), 1, "registry_corrupt")
        self.assertEqual(self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1").code, 1)

    def test_A199_of_many_commands_at_once_each_change_happens_once_and_none_is_lost(self):
        codes = {}

        def run(label, *arguments):
            codes[label] = self.client(*arguments).code

        def all_at_once(calls):
            threads = [threading.Thread(target=run, args=call) for call in calls]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        all_at_once([(f"name{n}", "add", f"c{n}", self.pins[0]) for n in range(6)])
        self.assertEqual(sorted(codes.values()), [0, 1, 1, 1, 1, 1], "one key, one name")
        codes.clear()
        all_at_once([("a", "add", "same", self.pins[1]), ("b", "add", "same", self.pins[2])])
        self.assertEqual(sorted(codes.values()), [0, 1], "one name, one client")
        codes.clear()
        all_at_once([(f"{verb}{n}", verb, "same") for n in range(4) for verb in ("suspend", "revoke")])
        revokes = [code for label, code in codes.items() if label.startswith("revoke")]
        self.assertEqual(sorted(revokes), [0, 1, 1, 1])
        history = self.client("show", "same", "--json").json["history"]
        self.assertEqual(len(history), 1 + sum(code == 0 for code in codes.values()), "one audit row a change")
        self.assertEqual(history[0]["action"], "revoke")


if __name__ == "__main__":
    unittest.main()
