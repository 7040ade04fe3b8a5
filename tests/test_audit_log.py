"""The audit log: everything that is done gets an entry, nobody can change one unseen, and whoever holds a checkpoint can be
shown that, or shows the opposite."""

import base64
import hashlib
import json
import os
import re
import signal
import sqlite3
import ssl
import unittest

from harness.case import TunnelTest
from harness.invitation_code import Code
from harness.processes import Finished, event_of, eventually
from harness.tls_peer import Truncated

PINS = ["sha256/" + base64.b64encode(bytes([number]) * 32).decode() for number in range(1, 40)]
TRIGGERS = ("log_entries_stay_as_they_are", "log_entries_stay", "log_head_grows", "log_head_stays", "log_tiles_stay")
COLUMNS = "at, actor, action, client, pin, peer, connection, count, detail"


def leaf(line):
    return hashlib.sha256(b"\0" + line.encode()).digest()


def root(leaves):
    """RFC 9162 2.1.1, written from its words."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()


class AuditTest(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")

    def log(self, *words, **options):
        return self.owner.run("log", *words, **options)

    def lines(self, *words):
        return self.owner.do("log", "show", "--json", *words).out.splitlines()

    def entries(self, *words):
        return [json.loads(line) for line in self.lines(*words)]

    def changes(self, count, first=0):
        for number in range(first, first + count):
            self.owner.do("client", "add", f"client{number}", PINS[number])

    def checkpoint(self, name):
        """A checkpoint, kept elsewhere, and the key that signed it."""
        document = self.owner.do("log", "checkpoint", "--json").json
        path = self.owner.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(document["checkpoint"])
        return path, document["key"]

    def tamper(self, *statements):
        """As somebody changes the file who may write it."""
        database = sqlite3.connect(self.owner.registry)
        with database:
            for trigger in TRIGGERS:
                database.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            for statement in statements:
                database.execute(statement)
        database.close()

    def saved(self):
        """The registry as it is now, to be put back."""
        database = sqlite3.connect(self.owner.registry)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        with open(self.owner.registry, "rb") as file:
            return file.read()

    def restore(self, content):
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.owner.registry + suffix):
                os.remove(self.owner.registry + suffix)
        with open(self.owner.registry, "wb") as file:
            file.write(content)

    def forge(self, change):
        """Writes the whole history anew, `change` made to its rows: every hash, tile and the head as cotter would."""
        database = sqlite3.connect(self.owner.registry)
        rows = database.execute(f"SELECT {COLUMNS} FROM log_entries ORDER BY sequence").fetchall()
        database.close()
        rows = change([list(row) for row in rows])
        self.tamper("DELETE FROM log_entries", "DELETE FROM log_tiles",
                    *(f"INSERT INTO log_entries (sequence, {COLUMNS}) VALUES ({sequence}, {', '.join(map(self.quoted, row))})"
                      for sequence, row in enumerate(rows)))
        leaves = [leaf(line) for line in self.lines()]
        self.tamper(f"INSERT INTO log_tiles VALUES (0, 0, x'{b''.join(leaves).hex()}')",
                    f"UPDATE log_head SET size = {len(leaves)}, root = x'{root(leaves).hex()}'")

    @staticmethod
    def quoted(value):
        return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


class Entries(AuditTest):
    def test_every_change_of_a_client_has_its_entry(self):
        owner = self.owner
        owner.do("client", "add", "alice", PINS[0])
        owner.do("client", "suspend", "alice", "--reason", 'a "trip" \x1b[31m')
        owner.do("client", "restore", "alice")
        owner.do("client", "rules", "alice", "--max-streams", "3")
        owner.do("client", "disconnect", "alice")
        owner.do("client", "add-key", "alice", PINS[1])
        owner.do("client", "drop-key", "alice", PINS[0])
        owner.do("client", "revoke", "alice", "--reason", "lost")
        owner.do("client", "remove", "alice")
        entries = self.entries()
        self.assertEqual([entry["action"] for entry in entries],
                         ["add", "suspend", "restore", "rules", "disconnect", "add-key", "drop-key", "revoke", "remove"])
        self.assertEqual([entry["sequence"] for entry in entries], list(range(9)))
        self.assertEqual({entry["client"] for entry in entries}, {"alice"})
        self.assertEqual(entries[0]["pin"], PINS[0])
        self.assertIn("max-streams", entries[3]["detail"])
        self.assertIn("\\x1b", entries[1]["detail"])
        self.assertNotIn("\x1b", self.log("show").out)

    def test_A119_what_servers_do_and_whom_they_refuse_has_entries(self):
        backend = self.backend()
        server = self.server(self.owner, backend)
        served = self.entries("--action", "server-key")
        self.assertEqual([entry["pin"] for entry in served], [server.pin])
        stranger = self.side("stranger")
        alice = self.admitted(self.owner, "alice")
        self.owner.do("client", "suspend", "alice")
        refused = self.connect(alice, server)
        self.assertEqual(refused.wait(), 3)
        self.assertEqual(self.connect(stranger, server).wait(), 3)
        found = eventually(lambda: len(self.entries("--action", "refuse")) == 2 and self.entries("--action", "refuse"),
                           "two refusals are recorded")
        self.assertEqual((found[0]["client"], found[0]["detail"], found[0]["pin"]), ("alice", "suspended", alice.pin()))
        self.assertEqual((found[1].get("client"), found[1]["detail"]), (None, "not_admitted"))
        self.assertTrue(found[1]["peer"].startswith("127.0.0.1:"))
        self.assertEqual(found[1]["connection"], server.event("refused", codes="not_admitted")["conn"])
        self.assertEqual(self.log("verify").code, 0)
        # The same server again has nothing new to say; with another key it has.
        server.drain()
        server.wait()
        self.server(self.owner, backend).end()
        self.assertEqual(len(self.entries("--action", "server-key")), 1)
        os.remove(self.owner.key)
        os.remove(self.owner.certificate)
        replaced = self.server(self.owner, backend)
        self.assertEqual(self.entries("--action", "server-key")[-1]["pin"], replaced.pin)
        self.assertIn(server.pin, self.entries("--action", "server-key")[-1]["detail"])

    def test_A172_a_flood_of_refusals_is_counted_not_written_out(self):
        server = self.server(self.owner, self.backend())
        stranger = self.side("stranger")
        stranger.pin()
        for _ in range(30):
            with self.assertRaises((ssl.SSLError, OSError, Truncated)):
                self.peer(server, stranger).receive_all()
        server.drain()
        server.wait()
        refusals = self.entries("--action", "refuse")
        self.assertEqual(sum(entry.get("count", 1) for entry in refusals), 30)
        self.assertEqual(len(refusals), 21)
        self.assertEqual(refusals[-1]["count"], 10)

    def test_A157_no_code_and_no_key_is_in_an_entry(self):
        server = self.server(self.owner, self.backend())
        code = self.owner.do("invite", "alice", "--json").json["code"]
        alice = self.side("alice")
        alice.do("join", code)
        self.assertNotEqual(self.side("mallory").run("join", code).code, 0)
        other = self.owner.do("invite", "bob", "--json").json
        self.owner.do("invite", "withdraw", other["id"])
        eventually(lambda: self.entries("--action", "refuse-join"), "the second use of the code is recorded")
        entries = self.entries()
        self.assertEqual([entry["action"] for entry in entries if entry["action"] != "refuse-join"],
                         ["server-key", "invite", "join", "invite", "withdraw"])
        joined = next(entry for entry in entries if entry["action"] == "join")
        self.assertTrue(joined["actor"].startswith("join from 127.0.0.1:"), joined)
        self.assertEqual((joined["client"], joined["pin"]), ("alice", alice.pin()))
        refused = next(entry for entry in entries if entry["action"] == "refuse-join")
        self.assertTrue(refused["peer"].startswith("127.0.0.1:"), refused)
        self.assertIn(server.pin, {entry.get("pin") for entry in entries})
        said = "\n".join(self.lines()) + self.log("show").out
        for secret in (code, other["code"]):
            secret = secret.removeprefix("cotter-join-")
            for start in range(0, len(secret) - 12):
                self.assertNotIn(secret[start:start + 12], said)
        secret = Code(code).secret
        for form in (secret.hex(), base64.b64encode(secret).decode()):
            self.assertNotIn(form, said)
        with open(self.owner.key, encoding="ascii") as key:
            self.assertNotIn(key.read().splitlines()[1], said)

    def test_the_authority_has_its_entries(self):
        self.owner.do("ca", "init", "--intermediate")
        self.owner.do("ca", "issue", "alice", "--out", self.owner.path("alice"))
        self.owner.do("ca", "renew", "alice", "--out", self.owner.path("renewed"))
        self.owner.do("ca", "revoke", "alice")
        self.owner.do("ca", "crl", "--out", self.owner.path("crl.pem"))
        actions = [entry["action"] for entry in self.entries()]
        for action in ("ca-init", "ca-issue", "add", "ca-revoke", "revoke", "ca-list"):
            self.assertIn(action, actions)
        self.assertEqual([entry.get("client", "") for entry in self.entries("--action", "ca-issue")],
                         ["", "alice", "alice"])
        self.assertEqual(self.owner.run("ca", "init").code, 1)
        self.assertEqual(len(self.entries("--action", "ca-init")), 1)

    def test_show_filters_and_follows(self):
        self.changes(3)
        self.assertEqual([entry["client"] for entry in self.entries("--client", "client1")], ["client1"])
        self.assertEqual([entry["sequence"] for entry in self.entries("-n", "2")], [1, 2])
        self.assertEqual(self.entries("--since", "2100-01-01T00:00:00Z"), [])
        self.assertEqual(len(self.entries("--since", "1h")), 3)
        unknown = self.log("show", "--action", "remember")
        self.assertEqual(unknown.code, 2)
        self.assertIn("cotter help audit", unknown.err)
        follower = self.enterContext(self.owner.start("log", "show", "--json", "--follow", "-n", "1"))
        follower.out.wait(lambda line: event_of(line)["sequence"] == 2, "the newest entry")
        self.changes(1, first=3)
        follower.out.wait(lambda line: event_of(line)["client"] == "client3", "the entry to come")
        self.assertEqual(follower.out.count(), 2)


class ByHand(AuditTest):
    def test_the_root_and_the_signature_can_be_checked_without_cotter(self):
        self.changes(7)
        document = self.owner.do("log", "checkpoint", "--json").json
        leaves = [leaf(line) for line in self.lines()]
        self.assertEqual(base64.b64encode(root(leaves)).decode(), document["root"])
        text, signature = document["checkpoint"].split("\n\n")
        name, key_id, key = document["key"].split("+", 2)
        self.assertEqual(text.splitlines(), [name, "7", document["root"]])
        dash, signer, value = signature.split()
        self.assertEqual((dash, signer), ("—", name))
        octets = base64.b64decode(value)
        self.assertEqual(octets[:4].hex(), key_id)
        public = base64.b64decode(key)
        self.assertEqual(hashlib.sha256(name.encode() + b"\n" + public).digest()[:4].hex(), key_id)

    def test_the_documents_lines_of_shell_check_a_signature_and_a_leaf(self):
        self.changes(1)
        path, key = self.checkpoint("monday.checkpoint")
        script = self.block("openssl pkeyutl").split("\n", 1)[1]
        checked = Finished(["sh", "-ec", script], env=dict(self.owner.env(), CHECKPOINT=path, VERIFIER=key), cwd=self.owner.folder)
        self.assertEqual(checked.code, 0, str(checked))
        with open(path, encoding="utf-8") as file:
            changed = file.read().replace("\n1\n", "\n2\n")
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)
        refused = Finished(["sh", "-ec", script], env=dict(self.owner.env(), CHECKPOINT=path, VERIFIER=key), cwd=self.owner.folder)
        self.assertNotEqual(refused.code, 0, str(refused))
        hashed = Finished(["sh", "-c", self.block("sha256sum")], env=dict(self.owner.env(), ENTRY=self.lines()[0]))
        self.assertEqual(hashed.out.split()[0], leaf(self.lines()[0]).hex(), str(hashed))
        self.assertEqual(self.owner.do("log", "checkpoint", "--json").json["root"],
                         base64.b64encode(leaf(self.lines()[0])).decode())

    def block(self, word):
        """The block of the page with that word in it."""
        page = os.path.join(os.path.dirname(__file__), "..", "docs", "audit-log.md")
        with open(page, encoding="utf-8") as file:
            return next(block for block in re.findall(r"```sh\n(.*?)```", file.read(), re.DOTALL) if word in block)


class Tampering(AuditTest):
    def refuted(self, code, *words):
        done = self.log("verify", "--json", *words)
        self.assertEqual(done.code, 3, str(done))
        self.assertEqual(done.json["error"]["code"], code, str(done))
        self.assertNotEqual(self.log("verify", *words).err, "")
        return done.json["error"]["message"]

    def test_a_change_behind_cotters_back_is_named(self):
        self.changes(12)
        self.assertEqual(self.log("verify").code, 0)
        whole = self.saved()
        rows = (
            ("UPDATE log_entries SET actor = 'nobody@nowhere' WHERE sequence = 5", "entry_changed", "entry 5"),
            ("UPDATE log_entries SET pin = '' WHERE sequence = 0", "entry_changed", "entry 0"),
            ("DELETE FROM log_entries WHERE sequence = 7", "entry_missing", "entry 7"),
            ("DELETE FROM log_entries WHERE sequence = 11", "entry_missing", "entry 11"),
            ("UPDATE log_entries SET sequence = CASE sequence WHEN 3 THEN 100 ELSE 200 END WHERE sequence IN (3, 4); "
             "UPDATE log_entries SET sequence = CASE sequence WHEN 100 THEN 4 ELSE 3 END WHERE sequence IN (100, 200)",
             "entry_changed", "entry 3"),
            ("DELETE FROM log_entries WHERE sequence >= 6; "
             "UPDATE log_tiles SET hashes = substr(hashes, 1, 192); UPDATE log_head SET size = 6", "log_cut_off", "entry 6"),
            ("UPDATE log_tiles SET hashes = x'" + "00" * 32 * 12 + "'", "entry_changed", "entry 0"),
            ("UPDATE log_head SET root = x'" + "00" * 32 + "'", "head_changed", "head"),
        )
        for statements, code, where in rows:
            with self.subTest(statements):
                self.tamper(*statements.split("; "))
                self.assertIn(where, self.refuted(code))
                self.restore(whole)
        self.assertEqual(self.log("verify").code, 0)

    def test_the_store_takes_no_change_of_the_log_from_those_who_dont_mean_it(self):
        self.changes(3)
        database = sqlite3.connect(self.owner.registry)
        for statement in ("UPDATE log_entries SET actor = 'x'", "DELETE FROM log_entries", "DELETE FROM log_tiles",
                          "UPDATE log_head SET size = 1"):
            with self.assertRaises(sqlite3.IntegrityError, msg=statement):
                database.execute(statement)
        database.close()

    def test_a_history_written_anew_is_noticed_by_the_state_folder(self):
        self.changes(12)
        self.assertEqual(self.log("verify").code, 0)

        def hide(rows):
            rows[9][3] = "mallory"
            return rows

        self.forge(hide)
        self.assertIn("8 to 11", self.refuted("history_rewritten"))
        for words in (("checkpoint",), ("prove", "3")):
            refused = self.log(*words, "--json")
            self.assertEqual((refused.code, refused.json["error"]["code"]), (3, "history_rewritten"), str(refused))

    def test_a_history_written_anew_is_caught_by_a_checkpoint_kept_elsewhere(self):
        self.changes(12)
        path, key = self.checkpoint("monday.checkpoint")
        self.changes(3, first=12)
        proof = self.owner.path("monday.proof")
        self.owner.do("log", "prove", "--since", path, "--out", proof)
        auditor = self.side("auditor")
        shown = auditor.run("log", "verify", path, proof, "--key", key)
        self.assertEqual(shown.code, 0, str(shown))
        self.assertIn("the log of 15 entries begins with that of 12 entries", shown.out)
        self.assertFalse(os.path.exists(auditor.state), "verifying files needs no state folder")

        # Whoever rewrites it has the owner's folder in hand, too, and removes what it remembers.
        self.forge(lambda rows: rows[:4] + rows[5:])
        for name in os.listdir(self.owner.state):
            if name.endswith(".seen"):
                os.remove(os.path.join(self.owner.state, name))
        self.assertEqual(self.log("verify").code, 0, "the forger was good")
        refused = self.log("prove", "--since", path, "--json")
        self.assertEqual((refused.code, refused.json["error"]["code"]), (3, "history_rewritten"), str(refused))
        # A proof made by force doesn't help either: the tree of 12 was another.
        later, _ = self.checkpoint("tuesday.checkpoint")
        with open(later, encoding="utf-8") as file:
            head = file.read()
        with open(proof, encoding="utf-8") as file:
            hashes = file.read().split("\n\n")[0]
        with open(proof, "w", encoding="utf-8") as file:
            file.write(hashes + "\n\n" + head)
        caught = auditor.run("log", "verify", path, proof, "--key", key, "--json")
        self.assertEqual(caught.code, 3, str(caught))
        self.assertIn("not_consistent", [finding["code"] for finding in caught.json["findings"]])

    def test_a_registry_in_the_place_of_another_is_noticed(self):
        self.changes(2)
        self.assertEqual(self.log("verify").code, 0)
        os.remove(self.owner.registry)
        self.changes(3)
        self.refuted("log_replaced")

    def test_what_is_remembered_counts_only_as_signed(self):
        self.changes(2)
        self.assertEqual(self.log("verify").code, 0)
        seen, = (name for name in os.listdir(self.owner.state) if name.endswith(".seen"))
        path = os.path.join(self.owner.state, seen)
        with open(path, encoding="utf-8") as file:
            content = file.read()
        for wrong in (content.replace("\n2\n", "\n1\n"), content[:-20], "", content.replace("—", "-")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(wrong)
            refused = self.log("verify", "--json")
            self.assertEqual((refused.code, refused.json["error"]["code"]), (1, "audit_seen"), str(refused))


class Proofs(AuditTest):
    def test_an_entry_is_proven_to_whoever_has_the_key(self):
        self.changes(5)
        proof = self.owner.path("entry.proof")
        self.owner.do("log", "prove", "3", "--out", proof)
        _, key = self.checkpoint("head")
        auditor = self.side("auditor")
        shown = auditor.run("log", "verify", proof, "--key", key)
        self.assertEqual(shown.code, 0, str(shown))
        self.assertIn(self.lines()[3], shown.out)
        with open(proof, encoding="utf-8") as file:
            content = file.read()
        other = base64.b64encode(self.lines()[3].replace("client3", "client9").encode()).decode()
        for changed, code in ((re.sub("extra .*", "extra " + other, content), 3), (content.replace("index 3", "index 2"), 3),
                              (content.replace("\n5\n", "\n6\n"), 3), (content.replace("index 3", "index x"), 2)):
            with open(proof, "w", encoding="utf-8") as file:
                file.write(changed)
            self.assertEqual(auditor.run("log", "verify", proof, "--key", key).code, code, changed)

    def test_without_a_key_nobodys_signature_counts(self):
        self.changes(1)
        path, _ = self.checkpoint("head")
        stranger = self.side("stranger")
        refused = stranger.run("log", "verify", path)
        self.assertEqual(refused.code, 2)
        self.assertIn("--key", refused.err)
        self.assertEqual(self.log("verify", path).code, 0, "the owner's own counts")
        other = self.side("other")
        other.do("client", "add", "bob", PINS[0])
        foreign = other.do("log", "checkpoint", "--json").json["key"]
        self.assertEqual(stranger.run("log", "verify", path, "--key", foreign).code, 3)

    def test_calls_that_cannot_be_answered(self):
        self.changes(2)
        path, _ = self.checkpoint("head")
        rows = ((("prove",), 2, "nothing_to_prove"), (("prove", "x"), 2, "bad_sequence"), (("prove", "7"), 1, "no_such_entry"),
                (("prove", "--since", self.owner.registry), 1, None), (("verify", self.owner.certificate), 2, None),
                (("verify", path, "--key", "abc"), 2, "verifier_key"), (("prune", "--before", "soon"), 2, "bad_time"))
        self.owner.pin()
        for words, code, name in rows:
            with self.subTest(words):
                done = self.log(*words, "--json")
                self.assertIn(done.code, (1, 2))
                if name:
                    self.assertEqual((done.code, done.json["error"]["code"]), (code, name), str(done))

    def test_A202_pruned_entries_leave_their_hashes_and_every_proof(self):
        self.changes(6)
        path, key = self.checkpoint("before")
        # As if they were of last year.
        self.forge(lambda rows: [[row[0] - 500 * 86400, *row[1:]] if index < 4 else row for index, row in enumerate(rows)])
        for name in os.listdir(self.owner.state):
            if name.endswith(".seen"):
                os.remove(os.path.join(self.owner.state, name))
        path, key = self.checkpoint("before")
        self.assertEqual(self.owner.do("log", "prune", "--json").json["pruned"], 4)
        self.assertEqual([entry["sequence"] for entry in self.entries()], [4, 5, 6])
        self.assertEqual(self.entries()[-1]["action"], "prune")
        self.assertIn("entries before 4 were pruned", self.log("show").err)
        self.assertEqual(self.log("verify").code, 0)
        self.assertEqual(self.log("prove", "2", "--json").json["error"]["code"], "entry_pruned")
        for words, name in ((("5",), "entry"), (("--since", path), "growth")):
            self.owner.do("log", "prove", *words, "--out", self.owner.path(name))
        shown = self.side("auditor").run("log", "verify", path, self.owner.path("growth"), self.owner.path("entry"), "--key", key)
        self.assertEqual(shown.code, 0, str(shown))
        self.assertEqual(self.owner.do("log", "prune", "--json").json["pruned"], 0)


class Interruption(AuditTest):
    def test_A199_killed_between_and_within_changes_the_log_holds(self):
        self.owner.do("client", "add", "alice", PINS[0])
        for number in range(12):
            running = self.enterContext(self.owner.start("client", "suspend" if number % 2 == 0 else "restore", "alice"))
            if number % 3 == 0:
                eventually(lambda seen=number, of=running: len(self.entries()) > seen // 2 or not of.running(), "a change")
            running.signal(signal.SIGKILL)
            running.popen.wait()
            self.assertEqual(self.log("verify").code, 0)
        entries = self.entries("--client", "alice")
        state = self.owner.do("client", "show", "alice", "--json").json
        self.assertEqual(len(state["history"]), len(entries))
        self.assertEqual(state["state"], {"add": "active", "restore": "active", "suspend": "suspended"}[entries[-1]["action"]])

    def test_a_killed_server_leaves_a_log_that_holds(self):
        server = self.server(self.owner, self.backend())
        stranger = self.side("stranger")
        self.assertEqual(self.connect(stranger, server).wait(), 3)
        eventually(lambda: self.entries("--action", "refuse"), "the refusal is recorded")
        self.connect(stranger, server).wait()
        server.signal(signal.SIGKILL)
        server.popen.wait()
        self.assertEqual(self.log("verify").code, 0)

    def test_A199_writers_at_once_make_one_log(self):
        self.owner.pin()
        server = self.server(self.owner, self.backend())
        stranger = self.side("stranger")
        writers = [self.owner.start("client", "add", f"c{number}", PINS[number]) for number in range(10)]
        for writer in writers:
            self.enterContext(writer)
        for _ in range(3):
            self.assertEqual(self.connect(stranger, server).wait(), 3)
        self.assertEqual([writer.wait() for writer in writers], [0] * 10)
        eventually(lambda: len(self.entries("--action", "refuse")) == 3, "the refusals are recorded")
        entries = self.entries()
        self.assertEqual([entry["sequence"] for entry in entries], list(range(14)))
        self.assertEqual(sorted(entry["client"] for entry in entries if entry["action"] == "add"),
                         sorted(f"c{number}" for number in range(10)))
        self.assertEqual(self.log("verify").code, 0)


if __name__ == "__main__":
    unittest.main()
