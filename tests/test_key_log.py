"""The public log of a server's keys: a key that is not remembered gets in only by it, nothing that is wrong with it lets one
in, its owner hears of every key under his name, and its files are what C2SP tlog-tiles says."""

import base64
import functools
import hashlib
import http.server
import os
import shutil
import socket
import stat
import struct
import subprocess
import threading
import unittest

from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.crash import Crashes
from harness.processes import event_of
from harness.tls_servers import PythonServer, server_context

PINS = ["sha256/" + base64.b64encode(bytes([number % 256, number // 256]) * 16).decode() for number in range(600)]


class WebFolder:
    """A static web server over a folder; `asked`: the paths, as they come; `elsewhere`: where it sends everybody."""

    def __init__(self, folder):
        self.asked = []
        self.elsewhere = None
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                if outer.elsewhere:
                    self.send_response(302)
                    self.send_header("Location", outer.elsewhere + self.path)
                    return self.end_headers()
                return super().do_GET()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class IndependentReader:
    """A reader of tiled logs, from the words of C2SP tlog-tiles, tlog-checkpoint, signed-note and RFC 6962, and of nothing that
    cotter has."""

    def __init__(self, folder, verifier):
        self.folder = folder
        name, key_id, key = verifier.split("+", 2)
        kind_and_key = base64.b64decode(key)
        assert hashlib.sha256(name.encode() + b"\n" + kind_and_key).digest()[:4].hex() == key_id
        assert kind_and_key[0] == 1
        text, signature = self.read("checkpoint").decode().split("\n\n")
        mark, signer, blob = signature.rstrip("\n").split(" ")
        blob = base64.b64decode(blob)
        assert (mark, signer, blob[:4].hex()) == ("\u2014", name, key_id)
        self._check_signature(text + "\n", blob[4:], kind_and_key[1:])
        origin, size, root = text.split("\n")
        assert origin == name
        self.size, self.root = int(size), base64.b64decode(root)

    def read(self, path):
        with open(os.path.join(self.folder, path), "rb") as file:
            return file.read()

    def _check_signature(self, text, signature, key):
        for name, content in (("text", text.encode()), ("signature", signature),
                              ("key.der", bytes.fromhex("302a300506032b6570032100") + key)):
            with open(f"{self.folder}.{name}", "wb") as file:
                file.write(content)
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", f"{self.folder}.key.der", "-rawin",
                        "-in", f"{self.folder}.text", "-sigfile", f"{self.folder}.signature"], check=True, capture_output=True)

    @staticmethod
    def number(n):
        digits = [f"{n % 1000:03}"]
        while n := n // 1000:
            digits.insert(0, f"x{n % 1000:03}")
        return "/".join(digits)

    def tile(self, level, n):
        hashes = self.size if level == "entries" else self.size >> (8 * level)
        width = min(256, hashes - 256 * n)
        return self.read(f"tile/{level}/{self.number(n)}" + (f".p/{width}" if width < 256 else ""))

    def entries(self):
        found = []
        for n in range((self.size + 255) // 256):
            bundle = self.tile("entries", n)
            while bundle:
                (length,) = struct.unpack(">H", bundle[:2])
                found.append(bundle[2:2 + length])
                bundle = bundle[2 + length:]
        return found

    def subtree(self, level, n):
        """The hash of the n-th complete subtree of 2**level leaves."""
        tile, within = divmod(n, 1 << (8 - level % 8))
        hashes = self.tile(level // 8, tile)
        first, count = within << (level % 8), 1 << (level % 8)
        row = [hashes[32 * i:32 * i + 32] for i in range(first, first + count)]
        while len(row) > 1:
            row = [hashlib.sha256(b"\1" + left + right).digest() for left, right in zip(row[::2], row[1::2])]
        return row[0]

    def range_hash(self, first, last):
        """RFC 6962 2.1, over the tiles."""
        count = last - first
        if count & (count - 1) == 0:
            return self.subtree(count.bit_length() - 1, first // count)
        split = 1 << ((count - 1).bit_length() - 1)
        return hashlib.sha256(b"\1" + self.range_hash(first, first + split) + self.range_hash(first + split, last)).digest()

    def inclusion(self, index, first=0, last=None):
        """RFC 6962 2.1.1."""
        last = self.size if last is None else last
        if last - first == 1:
            return []
        split = first + (1 << ((last - first - 1).bit_length() - 1))
        if index < split:
            return self.inclusion(index, first, split) + [("right", self.range_hash(split, last))]
        return self.inclusion(index, split, last) + [("left", self.range_hash(first, split))]

    def root_by(self, entry, path):
        digest = hashlib.sha256(b"\0" + entry).digest()
        for side, sibling in path:
            digest = hashlib.sha256(b"\1" + (sibling + digest if side == "left" else digest + sibling)).digest()
        return digest


class KeyLogTest(TunnelTest):
    def setUp(self):
        self.owner, self.alice = self.side("owner"), self.side("alice")
        self.known_peers = os.path.join(self.alice.state, "known_peers")
        self.log = self.owner.path("log")
        self.old = self_signed(self.alice.folder, "old")
        self.new = self_signed(self.alice.folder, "new", key="ed25519")

    def serve(self, issued, port=0):
        return self.enterContext(PythonServer(server_context(issued), port=port))

    def publish(self, *words, owner=None, log=None, name=None):
        """Publishes; gives the key that clients need."""
        name = name or self.server.address
        return (owner or self.owner).do("log", "publish", log or self.log, "--name", name, *words, "--json").json["key"]

    def options(self, log=None, key=None):
        return ["--key-log", log or self.log, "--key-log-key", key or self.key]

    def connect_by(self, *arguments):
        return self.alice.run("connect", self.server.address, *arguments, stdin=b"secret")

    def content(self):
        with open(self.known_peers, encoding="ascii") as file:
            return file.read()

    def assert_refused(self, told, *arguments, code="continuity_changed"):
        before = self.content() if os.path.exists(self.known_peers) else None
        done = self.connect_by(*arguments)
        self.assertEqual((done.code, done.raw), (3, b""), done)
        self.assertIn(told, done.err)
        self.assertEqual(self.connect_by(*arguments, "--json").json["error"]["code"], code)
        self.assertEqual(self.content() if before is not None else None, before)
        return done

    def assert_let_in(self, *arguments):
        done = self.connect_by(*arguments)
        self.assertEqual((done.code, done.raw), (0, b"secret"), done)
        return done


class Rotated(KeyLogTest):
    """Alice remembers the old key, and the server has the new one."""

    def setUp(self):
        super().setUp()
        server = self.serve(self.old)
        self.server = server
        self.key = self.publish("--pin", self.old.pin())
        self.assertEqual(self.alice.run("connect", server.address, "--trust", "accept-new", stdin=b"").code, 0)
        server.__exit__()
        self.server = self.serve(self.new, server.port)

    def test_the_log_is_what_lets_a_changed_key_in_and_from_then_on_it_is_remembered(self):
        self.assert_refused("the server's key has changed")
        self.assert_refused("its key log does not have this key", *self.options())
        self.publish("--pin", self.new.pin())
        for mode in ((), ("--trust", "strict"), ("--trust", "accept-new"), ("--trust", "ask")):
            seen = self.alice.run("verify", self.server.address, *self.options(), *mode, "--json")
            self.assertEqual(seen.code, 0, seen)
            self.assertIn("in its log, entry 1, since 2", " ".join(note["message"] for note in seen.json["notes"]))
        done = self.assert_let_in(*self.options())
        self.assertIn(f"in its key log (entry 1); it is remembered, and no other: {self.new.pin()}", done.err)
        self.assertEqual([line.split()[:2] for line in self.content().splitlines()], [[self.server.address, self.new.pin()]])
        # Now the log is not needed, and not read.
        self.assertEqual(self.assert_let_in().err, "")
        shutil.rmtree(self.log)
        self.assertEqual(self.assert_let_in(*self.options()).err, "")

    def test_over_http_it_is_the_same_and_no_redirect_is_followed(self):
        web = self.enterContext(WebFolder(self.owner.folder))
        aside = self.enterContext(WebFolder(self.owner.folder))
        self.publish("--pin", self.new.pin())
        web.elsewhere = aside.url
        self.assert_refused("redirects", *self.options(web.url + "/log/"))
        self.assertEqual(aside.asked, [])
        web.elsewhere = None
        web.asked.clear()
        self.assert_let_in(*self.options(web.url + "/log/"))
        self.assertEqual(web.asked, ["/log/checkpoint", "/log/tile/entries/000.p/2"])
        self.assert_let_in(*self.options("http://127.0.0.1:1"))

    def test_nobody_goes_back_to_a_key_that_came_before_the_remembered_one(self):
        self.publish("--pin", self.new.pin())
        self.assert_let_in(*self.options())
        self.server.__exit__()
        self.server = self.serve(self.old, self.server.port)
        self.assert_refused("as an older one than the one that is remembered, entry 0", *self.options())
        # Unless the owner takes the new one back: then any key that is his is better.
        self.publish("--retire", self.new.pin())
        self.assert_let_in(*self.options())

    def test_a_retired_key_stays_out(self):
        self.publish("--pin", self.new.pin())
        self.publish("--retire", self.new.pin())
        self.assert_refused("says that this key is retired, entry 2", *self.options())
        self.publish("--pin", self.new.pin())
        self.assert_let_in(*self.options())

    def test_a_key_that_is_revoked_here_stays_out(self):
        self.publish("--pin", self.new.pin())
        self.alice.do("peers", "revoke", self.new.pin())
        self.assert_refused("marked as revoked", *self.options(), code="continuity_revoked")

    def test_a_key_of_another_name_stays_out(self):
        self.publish("--pin", self.new.pin(), name="other.example")
        self.assert_refused("does not have this key", *self.options())
        self.publish("--pin", self.new.pin(), name="127.0.0.1")
        self.assert_let_in(*self.options())

    def test_a_log_that_another_key_signs_lets_nobody_in(self):
        mallory = self.side("mallory")
        forged = mallory.path("log")
        self.publish("--pin", self.new.pin(), owner=mallory, log=forged)
        self.assert_refused("key log is FALSE: what is served is another log", *self.options(forged))
        # Under the right name, too.
        with open(os.path.join(self.log, "checkpoint"), encoding="utf-8") as file:
            origin = file.readline().strip()
        path = os.path.join(forged, "checkpoint")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(text.split("\n", 1)[0], origin))
        self.assert_refused("not signed with the key", *self.options(forged))

    def test_an_old_copy_of_the_log_is_told_from_the_log(self):
        shutil.copytree(self.log, self.owner.path("old"))
        self.publish("--pin", PINS[1])
        self.publish("--pin", self.new.pin())
        verified = self.alice.run("verify", self.server.address, *self.options())
        self.assertEqual(verified.code, 0, verified)
        self.assert_refused("it has 1 entry, and had 3", *self.options(self.owner.path("old")))

    def test_a_log_with_two_histories_is_said_loudly_and_lets_nobody_in(self):
        before = self.owner.path("before")
        shutil.copytree(self.owner.state, before)
        shutil.copytree(self.log, self.owner.path("fork"))
        self.publish("--pin", PINS[1])
        self.assert_refused("does not have this key", *self.options())
        # Whoever has the log's key writes on from where it was.
        shutil.rmtree(self.owner.state)
        shutil.copytree(before, self.owner.state)
        os.chmod(self.owner.state, 0o700)
        self.publish("--pin", self.new.pin(), log=self.owner.path("fork"))
        done = self.assert_refused("key log is FALSE: its key has signed two different logs of 2 entries",
                                   *self.options(self.owner.path("fork")))
        self.assertIn("both checkpoints are kept", done.err)
        self.publish("--pin", PINS[2], log=self.owner.path("fork"))
        self.assert_refused("its key has signed another history", *self.options(self.owner.path("fork")))
        seen = self.alice.run("verify", self.server.address, *self.options(self.owner.path("fork")), "--json")
        self.assertEqual([reason["code"] for reason in seen.json["reasons"]], ["continuity_changed", "key_log"])

    def test_a_log_that_cannot_be_read_lets_nobody_in(self):
        self.publish("--pin", self.new.pin())
        bundle = os.path.join(self.log, "tile/entries/000.p/2")
        with open(bundle, "rb") as file:
            right = file.read()
        for why, wrong, told in (("cut off", right[:-1], "cut off"), ("none", None, "No such file"),
                                 ("another", right.replace(b"added", b"adder"), "not those that its key has signed")):
            with self.subTest(why):
                if wrong is None:
                    os.remove(bundle)
                else:
                    with open(bundle, "wb") as file:
                        file.write(wrong)
                self.assert_refused(told, *self.options())
        self.assert_refused("can't be read", *self.options("http://127.0.0.1:1/log"))
        self.assert_refused("can't be read", *self.options("/nonexistent"))

    def test_a_client_that_listens_learns_the_key_while_other_streams_go_on(self):
        self.publish("--pin", self.new.pin())
        client = self.enterContext(self.alice.start("connect", self.server.address, *self.options(), "--listen", "127.0.0.1:0",
                                                    "--json", "--log-format", "json"))
        address = client.out.wait(lambda line: (event_of(line) or {}).get("listen"), "listening event")
        host, port = address.rsplit(":", 1)
        for _ in range(2):
            with socket.create_connection((host, int(port))) as local:
                local.sendall(b"secret")
                self.assertEqual(local.recv(6), b"secret")
        client.err.wait(lambda line: (event_of(line) or {}).get("event") == "key_logged", "key_logged event")
        self.assertIn(self.new.pin(), self.content())

    def test_a_report_is_not_sent_of_a_server_that_its_log_lets_in(self):
        self.publish("--pin", self.new.pin())
        report = self.alice.path("reports")
        self.assert_let_in(*self.options(), "--report", f"file:{report}")
        self.assertFalse(os.path.exists(report) and os.path.getsize(report))


class Unknown(KeyLogTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve(self.new)
        self.key = self.publish("--pin", self.old.pin())

    def test_a_first_contact_is_by_the_log_or_not_at_all(self):
        for mode in ((), ("--trust", "strict"), ("--trust", "accept-new"), ("--trust", "ask")):
            self.assert_refused("does not have this key", *self.options(), *mode, code="continuity_unknown")
        self.assertFalse(os.path.exists(self.known_peers))
        self.publish("--pin", self.new.pin())
        self.assert_let_in(*self.options())
        self.assertIn(f"{self.server.address} {self.new.pin()} 2", self.content())

    def test_the_last_checkpoint_is_remembered_and_private(self):
        self.assert_refused("does not have this key", *self.options(), code="continuity_unknown")
        (seen,) = [name for name in os.listdir(self.alice.state) if name.endswith(".seen")]
        path = os.path.join(self.alice.state, seen)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, "rb") as kept, open(os.path.join(self.log, "checkpoint"), "rb") as served:
            self.assertEqual(kept.read(), served.read())
        self.publish("--pin", self.new.pin())
        os.chmod(path, 0o644)
        self.assert_refused("others can read", *self.options(), code="continuity_unknown")

    def test_calls_that_would_ask_no_log_are_malformed(self):
        rows = [
            (["--key-log", self.log], "one of the two is missing"),
            (["--key-log-key", self.key], "one of the two is missing"),
            ([*self.options(), "--pin", self.new.pin()], "asks no log"),
            ([*self.options(), "--trust", "chain"], "asks no log"),
            (self.options("ftp://example.com/log"), "over http and https"),
            (self.options("https://example.com/log?x"), "neither query nor fragment"),
            (self.options(key=self.key[:-2]), "key"),
            (self.options(key="a+00000000+AAAA"), "key"),
        ]
        for arguments, told in rows:
            done = self.connect_by(*arguments)
            self.assertEqual(done.code, 2, done)
            self.assertIn(told, done.err)
        self.assertEqual(self.alice.run("verify", self.server.address, *self.options(), "--prove").code, 2)

    def test_the_key_may_stand_in_a_file(self):
        path = self.alice.path("log.pub")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.key + "\n")
        self.publish("--pin", self.new.pin())
        self.assert_let_in(*self.options(key=path))


class Publishing(KeyLogTest):
    def setUp(self):
        super().setUp()
        self.name = "db.example.com:7000"

    def run_publish(self, *words):
        return self.owner.run("log", "publish", self.log, "--name", self.name, *words)

    def test_the_present_key_and_the_announced_one_are_published_once(self):
        own = self.owner.pin()
        done = self.run_publish("--json")
        self.assertEqual([(one["entry"], one["word"], one["pin"]) for one in done.json["added"]], [(0, "added", own)])
        self.assertIn("nothing to publish", self.run_publish().out)
        self.owner.do("rotate", "prepare")
        (added,) = self.run_publish("--json").json["added"]
        self.assertEqual(added["entry"], 1)
        self.assertNotEqual(added["pin"], own)
        self.owner.do("rotate", "commit", "--force")
        self.assertEqual(self.owner.pin(), added["pin"])
        self.assertEqual(self.run_publish("--json").json["added"], [])
        self.assertIn(f"published entry 2: retired {own}", self.run_publish("--retire", own).out)
        self.run_publish("--retire", added["pin"])
        done = self.run_publish()
        self.assertEqual(done.code, 1)
        self.assertIn("is retired", done.err)

    def test_a_dry_run_adds_nothing(self):
        self.assertIn("would publish entry 0", self.run_publish("--dry-run").out)
        self.assertFalse(os.path.exists(self.log))

    def test_the_key_of_the_log_is_private_and_the_files_are_for_everybody(self):
        self.run_publish()
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.owner.state, "key_log.key")).st_mode), 0o600)
        for folder, _, names in os.walk(self.log):
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode) & 0o555, 0o555, folder)
            for name in names:
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode), 0o644, name)

    def test_nothing_is_added_to_a_folder_that_was_changed_or_brought_back(self):
        self.run_publish()
        shutil.copytree(self.log, self.owner.path("backup"))
        self.run_publish("--pin", PINS[1])
        tile = os.path.join(self.log, "tile/0/000.p/2")
        with open(tile, "r+b") as file:
            file.write(b"x")
        done = self.run_publish("--pin", PINS[2], "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (3, "key_log_damaged"))
        shutil.rmtree(self.log)
        done = self.run_publish("--pin", PINS[2], "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (3, "key_log_gone"))
        shutil.copytree(self.owner.path("backup"), self.log)
        done = self.run_publish("--pin", PINS[2], "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (3, "key_log_shrunk"))

    def test_what_is_no_pin_of_a_key_is_no_entry(self):
        done = self.run_publish("--pin", "cert-" + PINS[1])
        self.assertEqual(done.code, 2, done)
        self.assertEqual(self.owner.run("log", "publish", self.log, "--name", "no name").code, 2)

    def test_independent_code_reads_the_tiles_and_verifies_every_entry(self):
        pins = iter(PINS[1:])
        for more in (1, 1, 5, 248, 1, 1, 40):
            words = [word for _ in range(more) for word in ("--pin", next(pins))]
            key = self.owner.do("log", "publish", self.log, "--name", self.name, *words, "--json").json["key"]
            reader = IndependentReader(self.log, key)
            self.assertEqual(reader.range_hash(0, reader.size), reader.root)
            entries = reader.entries()
            self.assertEqual(len(entries), reader.size)
            for index in {0, reader.size // 2, reader.size - 1}:
                self.assertEqual(reader.root_by(entries[index], reader.inclusion(index)), reader.root)
        self.assertEqual(reader.size, 297)
        for index, entry in enumerate(entries):
            self.assertEqual(entry.decode().split("\n")[:4], ["cotter-key/1", "added", self.name, PINS[index + 1]])


@unittest.skipIf(bool(os.environ.get("COTTER_SANITIZE")), "a sanitizer must be loaded first")
class Crash(KeyLogTest):
    def test_publishing_killed_at_each_step_leaves_a_whole_log_and_goes_on(self):
        crashes = Crashes(self.owner.folder)
        words = ["log", "publish", self.log, "--name", "db.example.com:7000"]
        for begun in (0, 2, 254):  # the last step fills a tile
            for at in range(1, 100):
                for folder in (self.log, self.owner.state):
                    shutil.rmtree(folder, ignore_errors=True)
                mirror = self.side("mirror")
                key = self.owner.do(*words, "--json", *(word for pin in PINS[1:begun + 1] for word in ("--pin", pin))).json["key"]
                watch = ["log", "monitor", self.log, "--key", key, "--name", "other.example.com", "--known", PINS[1], "--json"]
                before = mirror.do(*watch).json["size"]
                died = crashes.run(self.owner, at, *words, "--pin", PINS[begun + 1], "--pin", PINS[begun + 2])
                self.assertIn(mirror.do(*watch).json["size"], (before, before + 2))
                self.owner.do(*words, "--pin", PINS[begun + 2])
                after = mirror.do(*watch).json["size"]
                self.assertIn(after, (before + 1, before + 2))
                reader = IndependentReader(self.log, key)
                self.assertEqual(reader.range_hash(0, reader.size), reader.root)
                if not died:
                    break
            self.assertGreater(at, 8, "no step was met")


class Monitoring(KeyLogTest):
    def setUp(self):
        super().setUp()
        self.name = "db.example.com:7000"
        self.key = self.owner.do("log", "publish", self.log, "--name", self.name, "--json").json["key"]

    def monitor(self, *words, side=None, log=None):
        return (side or self.owner).run("log", "monitor", log or self.log, "--key", self.key, "--name", self.name, *words)

    def add(self, *words, name=None):
        self.owner.do("log", "publish", self.log, "--name", name or self.name, *words)

    def test_each_new_key_is_told_once(self):
        done = self.monitor()
        self.assertEqual(done.code, 0, done)
        self.assertIn(f"new      entry 0  added  {self.owner.pin()}  {self.name}", done.out)
        self.assertIn("nothing new", self.monitor().out)
        self.add("--pin", PINS[1], name="other.example.com")
        self.assertIn("nothing new", self.monitor().out)

    def test_a_foreign_key_is_3_until_it_is_known(self):
        self.monitor()
        self.add("--pin", PINS[1])
        for _ in range(2):
            done = self.monitor("--json")
            self.assertEqual((done.code, done.json["foreign"]), (3, 1))
            self.assertEqual([(one["entry"], one["pin"], one["foreign"]) for one in done.json["new"]], [(1, PINS[1], True)])
        done = self.monitor()
        self.assertIn(f"FOREIGN  entry 1  added  {PINS[1]}", done.out)
        self.assertIn("1 key under", done.err)
        self.assertEqual(self.monitor("--known", PINS[1]).code, 0)
        self.assertEqual(self.monitor().code, 0)
        self.add("--pin", PINS[2], name="db.example.com")
        self.assertEqual(self.monitor().code, 3)

    def test_elsewhere_the_right_keys_must_be_said(self):
        self.assertEqual(self.monitor(side=self.alice).code, 2)
        self.assertEqual(self.monitor("--known", self.owner.pin(), side=self.alice).code, 0)
        self.assertEqual(self.monitor("--known", PINS[5], side=self.alice).code, 0)  # told already

    def test_a_log_that_is_not_what_it_was_is_3_and_one_that_is_not_there_is_1(self):
        shutil.copytree(self.log, self.owner.path("old"))
        self.add("--pin", PINS[1])
        web = self.enterContext(WebFolder(self.owner.folder))
        self.assertEqual(self.monitor("--known", PINS[1], log=web.url + "/log").code, 0)
        done = self.monitor(log=web.url + "/old")
        self.assertEqual(done.code, 3)
        self.assertIn("is FALSE: it has 1 entry, and had 2", done.err)
        self.assertEqual(self.monitor(log=web.url + "/nothing").code, 1)

    def test_it_looks_again_and_again(self):
        watching = self.enterContext(self.owner.start("log", "monitor", self.log, "--key", self.key, "--name", self.name,
                                                      "--every", "100ms", "--json"))
        watching.out.wait(lambda line: (event_of(line) or {}).get("new"), "the first key")
        self.add("--pin", PINS[1])
        watching.out.wait(lambda line: (event_of(line) or {}).get("foreign"), "a foreign key")
        self.assertTrue(watching.running())
        self.assertEqual(self.monitor("--every", "off").code, 2)


if __name__ == "__main__":
    unittest.main()
