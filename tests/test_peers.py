"""cotter peers: what is remembered is listed, forgotten, revoked and brought over; and what a changed key looks like."""

import os
import re
import shlex
import sys
import unittest

from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.cotter import cotter_binary
from harness.processes import Finished, environment
from harness.tls_servers import PythonServer, server_context
from test_help import help_of

TIMES = "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z"


class PeersTest(TunnelTest):
    def setUp(self):
        self.alice = self.side("alice")
        self.known_peers = os.path.join(self.alice.state, "known_peers")
        self.key = self_signed(self.alice.folder, "server")
        self.other = self_signed(self.alice.folder, "other", key="ed25519")

    def serve(self, issued=None, port=0, chain=None):
        return self.enterContext(PythonServer(server_context(issued or self.key, chain=chain), port=port))

    def content(self):
        with open(self.known_peers, encoding="utf-8") as file:
            return file.read()

    def write(self, text, path=None):
        path = path or self.known_peers
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def peers(self, *arguments, **options):
        return self.alice.run("peers", *arguments, **options)


class Listing(PeersTest):
    def test_nothing_is_remembered_at_first(self):
        for words in ((), ("list",)):
            done = self.peers(*words)
            self.assertEqual(done.code, 0)
            self.assertIn("nothing is remembered", done.out)
        self.assertEqual(self.peers("--json").json, {"peers": []})
        self.assertFalse(os.path.exists(self.known_peers))

    def test_what_was_seen_is_listed_with_its_times(self):
        server = self.serve()
        self.alice.do("connect", server.address, "--trust", "accept-new")
        (peer,) = self.peers("--json").json["peers"]
        self.assertEqual((peer["name"], peer["host"], peer["port"]), (server.address, "127.0.0.1", server.port))
        self.assertEqual((peer["pin"], peer["mark"]), (self.key.pin(), None))
        for when in ("first_seen", "last_seen", "until"):
            self.assertRegex(peer[when], r"^20\d\d-\d\d-\d\dT.*Z$")
        self.assertIn(server.address, self.peers().out)

    def test_only_what_is_about_one_host_can_be_listed_even_if_it_is_hashed(self):
        self.peers("add", "a.example:1", self.key.pin(), "--hash-hosts")
        self.peers("add", "b.example:1", self.other.pin())
        self.assertNotIn("example", self.content())
        self.assertEqual([peer["pin"] for peer in self.peers("list", "a.example:1", "--json").json["peers"]], [self.key.pin()])
        self.assertIn("b.example:1", self.peers("list", "b.example:1").out)
        self.assertNotIn("example", self.peers("list").out)

    def test_A150_comments_are_escaped(self):
        self.write(f"a.example:1 {self.key.pin()} {TIMES} # \u202eevil\n")
        for done in (self.peers(), self.peers("--json")):
            self.assertNotIn("\u202e", done.out)
            self.assertIn("evil", done.out)

    def test_A128_a_file_that_cannot_be_read_is_said_with_its_line(self):
        self.write(f"a.example:1 {self.key.pin()} {TIMES}\noops\n")
        for words in ((), ("forget", "a.example:1"), ("revoke", self.key.pin()), ("add", "b.example:1", self.key.pin())):
            done = self.peers(*words)
            self.assertEqual(done.code, 1)
            self.assertIn("line 2 can't be understood", done.err)
            self.assertIn("mend or remove line 2", done.err)
        self.assertTrue(self.content().endswith("oops\n"))

    def test_the_examples_work_when_pasted(self):
        self.write(f"127.0.0.1:7000 {self.key.pin()} {TIMES}\n")
        self.write(f"c.example:1 {self.other.pin()} {TIMES}\n", self.alice.path("colleagues_known_peers"))
        for command in ("list", "add", "revoke", "forget", "import"):
            for line in help_of(["peers", command]).split("Examples:\n", 1)[1].splitlines():
                if "/etc/ssl" in line or "gnutls" in line:
                    continue  # a file of Debian's, or of the person's own
                line = line.strip().replace("cotter ", shlex.quote(cotter_binary()) + " ")
                if command == "forget" and "--dry-run" in line:
                    self.alice.do("peers", "add", "127.0.0.1:7000", self.other.pin())
                done = Finished(["sh", "-c", line], env=self.alice.env(), cwd=self.alice.folder)
                self.assertEqual(done.code, 0, str(done))


class Changing(PeersTest):
    BEFORE = "# ours\n\n@only-until x.example:1 {key} anything\n#\tend  \n"

    def setUp(self):
        super().setUp()
        self.kept = self.BEFORE.format(key=self.other.pin())

    def test_forgetting_takes_that_hosts_lines_and_no_others(self):
        mine = f"a.example:1 {self.key.pin()} {TIMES} # mine\n"
        rest = f"a.example:2 {self.key.pin()} {TIMES}\n@revoked a.example:1 {self.other.pin()} {TIMES}\n"
        self.write(self.kept + mine + mine + rest)
        tried = self.peers("forget", "A.Example.:1", "--dry-run", "--json")
        self.assertEqual(tried.json, {"done": "forgotten", "host": "a.example:1", "lines": 2, "kept_marks": 1, "dry_run": True})
        self.assertEqual(self.content(), self.kept + mine + mine + rest)
        self.assertEqual(self.peers("forget", "a.example:1").out, "forgot 2 lines of a.example:1; kept 1 mark\n")
        self.assertEqual(self.content(), self.kept + rest)
        again = self.peers("forget", "a.example:1", "--json")
        self.assertEqual((again.code, again.json["error"]["code"]), (1, "peer_unknown"))

    def test_one_of_several_keys_can_be_forgotten(self):
        self.peers("add", "a.example:1", self.key.pin())
        self.peers("add", "a.example:1", self.other.pin())
        self.alice.do("peers", "forget", "a.example:1", self.key.pin())
        self.assertIn(self.other.pin(), self.content())
        self.assertNotIn(self.key.pin(), self.content())

    def test_a_revoked_key_is_refused_at_every_host_until_somebody_takes_the_line_out(self):
        server = self.serve()
        self.alice.do("connect", server.address, "--trust", "accept-new")
        before = self.content()
        self.assertIn("would revoke", self.peers("revoke", self.key.pin(), "--dry-run").out)
        self.assertEqual(self.content(), before)
        done = self.alice.do("peers", "revoke", self.key.pin(), "--reason", "the disk was stolen")
        self.assertIn("it was remembered for 1 host\n", done.out)
        self.assertTrue(self.content().startswith(before))
        self.assertRegex(self.content().removeprefix(before), rf"^@revoked \* {re.escape(self.key.pin())} .* # the disk was stolen\n$")
        for address in (server.address, self.serve().address):
            for words in ((), ("--trust", "accept-new")):
                refused = self.alice.run("connect", address, *words)
                self.assertEqual(refused.code, 3)
        self.assertIn("already", self.peers("revoke", self.key.pin()).out)
        # Forgetting the host is no way round it, and neither is adding the key.
        self.alice.do("peers", "forget", server.address)
        self.assertEqual(self.alice.run("connect", server.address, "--trust", "accept-new", "--json").json["error"]["code"],
                         "continuity_revoked")
        self.assertEqual(self.peers("add", server.address, self.key.pin()).code, 1)

    def test_A132_a_reason_cannot_forge_a_line(self):
        for reason in (f"x\na.example:1 {self.other.pin()} {TIMES}", "x\r", "\x1b[2J"):
            done = self.peers("revoke", self.key.pin(), "--reason", reason)
            self.assertEqual(done.code, 2, done)
            self.assertFalse(os.path.exists(self.known_peers))

    def test_A127_an_announced_key_is_right_beside_the_old_one_and_others_stay_refused(self):
        server = self.serve()
        self.alice.do("connect", server.address, "--trust", "accept-new")
        self.alice.do("peers", "add", server.address, self.other.pin())
        server.__exit__()
        self.assertEqual(self.alice.run("connect", self.serve(self.other, server.port).address).code, 0)

    def test_A131_many_writers_at_once_lose_no_line_hashed_or_not(self):
        pin = self.key.pin()
        writers = [self.enterContext(self.alice.start("peers", "add", f"h{i}.example:1", pin, *["--hash-hosts"][: i % 2]))
                   for i in range(8)]
        for writer in writers:
            self.assertEqual(writer.wait(), 0, writer.err.text())
        self.assertEqual(self.content().count("\n"), len(writers))
        for i in range(8):
            self.assertEqual(len(self.peers("list", f"h{i}.example:1", "--json").json["peers"]), 1, i)

    def test_A129_what_is_written_is_its_owners_alone(self):
        self.write(f"a.example:1 {self.key.pin()} {TIMES}\n")
        for words in (("revoke", self.other.pin()), ("forget", "a.example:1"), ("add", "b.example:1", self.key.pin())):
            self.alice.do("peers", *words)
            self.assertEqual(os.stat(self.known_peers).st_mode & 0o777, 0o600)
        os.chmod(self.known_peers, 0o644)
        done = self.peers("forget", "b.example:1")
        self.assertEqual(done.code, 1)
        self.assertIn(f"chmod 600 {self.known_peers}", done.err)

    def test_A132_a_mark_that_is_not_known_refuses_its_host_and_its_key_and_survives(self):
        server = self.serve()
        self.alice.do("connect", server.address, "--trust", "accept-new")
        line = self.content()
        for mark, code in ((f"@only-until {server.address} {self.other.pin()} {TIMES}\n", 1),
                           (f"@only-until x.example:1 {self.key.pin()} whatever\n", 3),
                           (f"@only-until x.example:1 {self.other.pin()} whatever\n", 0)):
            self.write(mark + line)
            done = self.alice.run("connect", server.address)
            self.assertEqual(done.code, code, done)
            self.assertEqual("@only-until" in done.err, code != 0)
            self.alice.do("peers", "revoke", "sha256/FCvSuiYP5lr1VLJ5UCINrhKBDUldEwpqIoOur0gPiH4=")
            self.assertTrue(self.content().startswith(mark + line))


class Importing(PeersTest):
    def test_another_list_is_added_whole(self):
        theirs = f"# theirs\na.example:1 {self.key.pin()} {TIMES} # by Bob\n@revoked * {self.other.pin()} {TIMES}\n"
        path = self.write(theirs, self.alice.path("theirs"))
        os.chmod(path, 0o644)
        tried = self.peers("import", path, "--dry-run", "--json")
        self.assertEqual({key: tried.json[key] for key in ("added", "revoked", "known_already", "dry_run")},
                         {"added": 2, "revoked": 1, "known_already": 0, "dry_run": True})
        self.assertFalse(os.path.exists(self.known_peers))
        self.alice.do("peers", "import", path)
        self.assertEqual(self.content(), theirs.split("\n", 1)[1])
        self.assertEqual(self.peers("import", path, "--json").json["known_already"], 2)
        self.assertEqual(self.alice.do("peers", "import", "-", "--json", stdin=theirs.encode()).json["added"], 0)

    def test_A127_a_conflict_is_listed_and_nothing_is_written(self):
        self.write(f"a.example:1 {self.key.pin()} {TIMES}\n")
        path = self.write(f"b.example:1 {self.key.pin()} {TIMES}\na.example:1 {self.other.pin()} {TIMES}\n", self.alice.path("theirs"))
        before = self.content()
        for words in ((), ("--dry-run",)):
            done = self.peers("import", path, *words)
            self.assertEqual(done.code, 1)
            self.assertIn("for a.example:1: another key is remembered for it", done.err)
            self.assertNotIn("b.example", done.err)
            self.assertEqual(self.content(), before)

    def test_a_list_that_cannot_be_read_is_refused_with_its_line(self):
        good = f"a.example:1 {self.key.pin()} {TIMES}\n"
        for text, word in ((good + "oops\n", "line 2"), (good + good.rstrip("\n"), "torn"), ("@later " + good, "@later")):
            done = self.peers("import", self.write(text, self.alice.path("theirs")))
            self.assertNotEqual(done.code, 0)
            self.assertIn(word, done.err)
            self.assertFalse(os.path.exists(self.known_peers))


    def test_what_gnutls_remembers_comes_over(self):
        """gnutls-cli meets a server by --tofu, and cotter goes by what it has written."""
        server = self.serve()
        home = self.alice.path("home")
        os.mkdir(home)
        met = Finished(["gnutls-cli", "--tofu", "--port", str(server.port), "127.0.0.1"], stdin=b"y\n",
                       env=environment(HOME=home))
        written = os.path.join(home, ".gnutls", "known_hosts")
        self.assertTrue(os.path.exists(written), str(met))
        done = self.peers("import", written, "--json")
        self.assertEqual(done.json.get("added"), 1, done)
        self.assertEqual(self.peers("--json").json["peers"][0]["pin"], self.key.pin())
        self.assertEqual(self.alice.run("connect", server.address).code, 0)


class LooksOfAChange(PeersTest):
    """The same authority renews a certificate with a new key; or somebody else does."""

    def leaf(self, authority, name, **options):
        issued = authority.issue(name, names="IP:127.0.0.1", usage="serverAuth", **options)
        chain = self.alice.path(f"{name}-chain.pem")
        with open(chain, "w", encoding="ascii") as file:
            for part in (issued.certificate, authority.certificate):
                with open(part, encoding="ascii") as content:
                    file.write(content.read())
        return issued, chain

    def change(self, old, new):
        """What connect and verify say where `old` was remembered and `new` is presented."""
        server = self.serve(old[0], chain=old[1])
        self.alice.do("connect", server.address, "--trust", "accept-new")
        server.__exit__()
        server = self.serve(new[0], server.port, new[1])
        before = self.content()
        told = self.alice.run("connect", server.address)
        verdict = self.alice.run("verify", server.address, "--json")
        self.assertEqual((told.code, verdict.code, self.content()), (3, 3, before))
        self.assertIn("only then does cotter peers forget HOST:PORT", told.err)
        self.assertNotIn(f"forget {server.address}", told.err + told.out)
        document = verdict.json
        self.assertEqual([reason["code"] for reason in document["reasons"]], ["continuity_changed"])
        self.assertEqual(document["change"]["remembered"], [old[0].pin()])
        self.assertIn(document["notes"][0]["message"], told.err)
        self.alice.do("peers", "forget", server.address)
        return document["change"]["kind"], document["change"]["looks_like_renewal"], told.err

    def test_A127_a_renewal_an_early_change_and_another_issuer_are_told_apart_and_all_refused(self):
        authority = Authority(self.alice.folder)
        other = Authority(self.alice.folder, "other-ca")
        due = self.leaf(authority, "due", days=10)
        young = self.leaf(authority, "young", days=25 + 365)
        new = self.leaf(authority, "new", days=365)
        foreign = self.leaf(other, "foreign", days=365)
        kind, is_renewal, told = self.change(due, new)
        self.assertEqual((kind, is_renewal), ("renewal", True), told)
        self.assertIn("it looks like a renewal", told)
        kind, is_renewal, told = self.change(young, new)
        self.assertEqual((kind, is_renewal), ("early", False), told)
        self.assertIn("suspicious", told)
        self.assertEqual(self.change(due, foreign)[:2], ("other_issuer", False))
        self.assertEqual(self.change(due, (new[0], new[0].certificate))[:2], ("unproven", False))
        self.assertEqual(self.change((self.key, self.key.certificate), new)[:2], ("self_signed", False))


if __name__ == "__main__":
    sys.exit(unittest.main())
