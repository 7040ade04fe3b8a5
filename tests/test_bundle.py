"""Bundles: an owner signs and publishes policies; clients fetch them from a folder or over HTTP, follow changed keys, take
nothing older, mixed or ended, and judge servers by what was published last."""

import json
import os
import shutil
import signal
import socket
import time
import unittest

from harness.case import TunnelTest
from harness.clock import MovedClock
from harness.crash import Crashes
from harness.mirror import Mirror
from harness.processes import Finished, eventually

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))
PIN = "sha256/Zjkcxo6Qdm0WGj6wP2DALU3evyz7jqR+Mbgst0YjZzY="
OTHER = "sha256/oC31WtP+BnitNc6kY9wtdi/qG61eoQGMUMEBUR4EaUI="


def policy(pin, host="127.0.0.1"):
    return f'version = 1\n[[host]]\nname = "{host}"\npins = ["{pin}"]\n'


class BundleTest(TunnelTest):
    def setUp(self):
        self.bob = self.side("bob")
        self.pins = self.bob.path("pins")
        self.keys = self.bob.path("keys")
        self.root = os.path.join(self.pins, "metadata", "1.root.json")

    def bundle(self, *arguments, **options):
        return self.bob.do("bundle", *arguments, **options)

    def begin(self, *arguments):
        self.bundle("init", self.pins, "--keys", self.keys, *arguments)

    def publish(self, text, *arguments, name="policy.toml"):
        with open(self.bob.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.bundle("publish", self.pins, self.bob.path(name), "--keys", self.keys, *arguments)

    def key(self, name, kind="ED25519"):
        """A key pair of another person's, as openssl makes it: the private and the public file."""
        private, public = self.bob.path(name + ".key"), self.bob.path(name + ".pem")
        self.shell_out(f"umask 077; openssl genpkey -algorithm {kind} -out {private}; openssl pkey -in {private} -pubout -out {public}")
        return private, public

    def shell_out(self, command):
        done = Finished(["sh", "-ec", command], env=self.bob.env())
        self.assertEqual(done.code, 0, str(done))
        return done

    def shown(self):
        return self.bundle("show", self.pins, "--json").json

    def mirror(self):
        return self.enterContext(Mirror(self.pins))

    def fetch(self, side, location, *arguments):
        return side.run("bundle", "fetch", location, "--json", *arguments)

    def assert_policy(self, done, text, warns=None):
        self.assertEqual(done.code, 0, str(done))
        self.assertEqual(done.json["policy"], text)
        if warns is None:
            self.assertNotIn("warning", done.err)
        else:
            self.assertIn(warns, done.err)

    def assert_refused(self, done, code):
        self.assertEqual((done.code, done.json["error"]["code"]), (3, code), str(done))


class Owner(BundleTest):
    def test_what_is_published_is_fetched_from_a_folder_and_over_http(self):
        self.begin()
        self.publish(policy(PIN))
        mirror = self.mirror()
        for location in (self.pins, mirror.url):
            alice = self.side("alice")
            self.assert_policy(self.fetch(alice, location, "--root", self.root), policy(PIN))
            self.assert_policy(self.fetch(alice, location), policy(PIN))
            kept = alice.do("bundle", "show", "--json").json["bundles"]
            self.assertEqual([(one["usable"], one["targets"]) for one in kept], [(True, ["policy.toml"])])
        self.assertEqual(len([path for path in mirror.requests if "targets/" in path]), 1, "what is the same is not fetched again")

    def test_private_keys_are_private_and_apart(self):
        self.begin()
        self.assertEqual(os.stat(self.keys).st_mode & 0o777, 0o700)
        for name in ("root", "targets", "snapshot", "timestamp"):
            self.assertEqual(os.stat(os.path.join(self.keys, name + ".key")).st_mode & 0o777, 0o600)
        served = self.bob.run("bundle", "init", self.bob.path("other"), "--keys", self.bob.path("other/keys"))
        self.assertEqual(served.code, 2)
        self.assertIn("web server", served.err)
        self.assertEqual(self.bob.run("bundle", "init", self.pins, "--keys", self.bob.path("more")).code, 1)

    def test_policies_that_clients_would_not_load_are_not_published(self):
        self.begin()
        for text in ("version = 2\n", policy("sha256/AAAA"), policy("file:server.crt"), "nonsense"):
            path = self.bob.path("policy.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = self.bob.run("bundle", "publish", self.pins, path, "--keys", self.keys)
            self.assertEqual(done.code, 2, str(done))
        self.assertFalse(os.path.exists(os.path.join(self.pins, "metadata", "timestamp.json")))

    def test_keys_under_a_passphrase(self):
        passphrase = self.bob.path("passphrase")
        with open(os.open(passphrase, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write("correct horse\n")
        self.begin("--passphrase-file", passphrase, "--key-type", "ed25519")
        with open(os.path.join(self.keys, "root.key"), encoding="utf-8") as file:
            self.assertIn("ENCRYPTED", file.read())
        self.publish(policy(PIN), "--passphrase-file", passphrase)
        # What a timer does needs no passphrase.
        self.bundle("publish", self.pins, "--refresh", "--keys", self.keys)
        self.assert_policy(self.fetch(self.side("alice"), self.pins, "--root", self.root), policy(PIN))

    def test_two_persons_sign_the_root(self):
        private, public = self.key("carol")
        self.begin("--threshold", "2", "--root-key", public)
        self.assertFalse(os.path.exists(self.root))
        self.assertEqual(self.shown()["roles"]["root"]["staged"]["signatures"], 1)
        self.bundle("sign", self.pins, "--role", "root", "--key", private)
        self.assertTrue(os.path.exists(self.root))
        self.publish(policy(PIN))
        alice = self.side("alice")
        self.assert_policy(self.fetch(alice, self.pins, "--root", self.root), policy(PIN))
        # One of the two alone changes nothing for clients.
        _, new = self.key("new")
        waits = self.bundle("add-key", self.pins, "--role", "targets", "--key", new, "--keys", self.keys, "--json").json
        self.assertEqual((waits["published"], waits["missing_signatures"]), (False, 1))
        self.assert_policy(self.fetch(alice, self.pins), policy(PIN))
        self.assertEqual(alice.do("bundle", "show", "--json").json["bundles"][0]["versions"]["root"], 1)
        self.bundle("sign", self.pins, "--role", "root", "--key", private)
        self.assert_policy(self.fetch(alice, self.pins), policy(PIN))
        self.assertEqual(alice.do("bundle", "show", "--json").json["bundles"][0]["versions"]["root"], 2)

    def test_who_holds_the_targets_key_signs_and_another_publishes(self):
        self.begin()
        away = self.bob.path("targets.key")
        os.rename(os.path.join(self.keys, "targets.key"), away)
        self.publish(policy(PIN))
        self.assertEqual(self.bob.run("bundle", "sign", self.pins, "--role", "timestamp", "--key", away).code, 2)
        signed = self.bundle("sign", self.pins, "--role", "targets", "--key", away)
        self.assertIn("bundle publish", signed.err)
        self.bundle("publish", self.pins, "--keys", self.keys)
        self.assert_policy(self.fetch(self.side("alice"), self.pins, "--root", self.root), policy(PIN))

    @unittest.skipIf(SANITIZED, "a sanitizer must be loaded first")
    def test_the_owner_hears_of_ends_that_a_refresh_does_not_put_off(self):
        self.begin("--expires", "30d")
        self.publish(policy(PIN))
        quiet = self.bundle("publish", self.pins, "--refresh", "--keys", self.keys)
        self.assertNotIn("warning", quiet.err)
        environment = {**self.bob.env(), **MovedClock(self.bob.folder).moved_by(20 * 86400)}
        warned = Finished(self.bob.command("bundle", "publish", self.pins, "--refresh", "--keys", self.keys), env=environment)
        self.assertRegex(warned.err, "the root ends in (9|10) d")

    def test_A139_the_same_key_twice_is_one_key(self):
        self.begin()
        private, public = self.key("carol", "EC -pkeyopt ec_paramgen_curve:P-256")
        compressed = self.bob.path("compressed.pem")
        self.shell_out(f"openssl ec -in {private} -pubout -conv_form compressed -out {compressed}")
        self.bundle("add-key", self.pins, "--role", "targets", "--key", public, "--keys", self.keys)
        self.bundle("add-key", self.pins, "--role", "targets", "--key", compressed, "--keys", self.keys)
        self.assertEqual(len(self.shown()["roles"]["targets"]["keys"]), 2)
        done = self.bob.run("bundle", "add-key", self.pins, "--role", "targets", "--key", compressed, "--threshold", "3",
                            "--keys", self.keys)
        self.assertEqual(done.code, 2, str(done))

    def test_a_changed_key_is_followed(self):
        self.begin()
        self.publish(policy(PIN))
        alice = self.side("alice")
        self.assert_policy(self.fetch(alice, self.pins, "--root", self.root), policy(PIN))
        for role in ("root", "targets", "snapshot", "timestamp"):
            old = self.shown()["roles"][role]["keys"][0]
            private, public = self.key(role + "-2")
            self.bundle("add-key", self.pins, "--role", role, "--key", public, "--keys", self.keys)
            shutil.copy(private, os.path.join(self.keys, role + "-2.key"))
            self.bundle("drop-key", self.pins, "--role", role, "--key", old[:12], "--keys", self.keys)
            os.remove(os.path.join(self.keys, role + ".key"))
        self.publish(policy(OTHER))
        self.assert_policy(self.fetch(alice, self.pins), policy(OTHER))
        self.bundle("verify", self.pins, "--root", self.root)


    @unittest.skipIf(SANITIZED, "a sanitizer must be loaded first")
    def test_publishing_killed_at_each_step_leaves_the_old_version_or_the_new_one(self):
        self.begin()
        self.publish(policy(PIN))
        crashes = Crashes(self.bob.folder)
        before = self.bob.path("before")
        shutil.copytree(self.pins, before)
        with open(self.bob.path("policy.toml"), "w", encoding="utf-8") as file:
            file.write(policy(OTHER))
        call = ["bundle", "publish", self.pins, self.bob.path("policy.toml"), "--keys", self.keys]
        for at in range(1, 100):
            shutil.rmtree(self.pins)
            shutil.copytree(before, self.pins)
            died = crashes.run(self.bob, at, *call)
            alice = self.side("alice")
            fetched = self.fetch(alice, self.pins, "--root", self.root)
            self.assertEqual(fetched.code, 0, f"step {at}: {fetched}")
            self.assertIn(fetched.json["policy"], (policy(PIN), policy(OTHER)))
            self.bob.do(*call)
            self.assert_policy(self.fetch(alice, self.pins), policy(OTHER))
            if not died:
                break
        self.assertGreater(at, 8, "no step was met")


class Hostile(BundleTest):
    def setUp(self):
        super().setUp()
        self.begin("--key-type", "ed25519")  # signatures of one length, so that files differ in content alone
        self.publish(policy(PIN))
        self.old = self.bob.path("old")
        shutil.copytree(self.pins, self.old)
        self.mirror = self.enterContext(Mirror(self.pins))
        self.alice = self.side("alice")
        self.assert_policy(self.fetch(self.alice, self.mirror.url, "--root", self.root), policy(PIN))
        self.publish(policy(OTHER))

    def old_file(self, name):
        with open(os.path.join(self.old, name), "rb") as file:
            return file.read()

    def test_A134_an_old_copy_is_refused_and_the_new_policy_stays(self):
        self.assert_policy(self.fetch(self.alice, self.mirror.url), policy(OTHER))
        self.mirror.folder = self.old
        self.assert_policy(self.fetch(self.alice, self.mirror.url), policy(OTHER), warns="version 1, and 2 was trusted")

    def test_A136_parts_of_two_versions_are_refused(self):
        self.mirror.instead["/metadata/2.snapshot.json"] = self.old_file("metadata/1.snapshot.json")
        self.assert_policy(self.fetch(self.alice, self.mirror.url), policy(PIN), warns="was signed for")
        self.assert_refused(self.fetch(self.side("eve"), self.mirror.url, "--root", self.root), "bundle_mixed")
        self.mirror.instead.clear()
        self.assert_policy(self.fetch(self.alice, self.mirror.url), policy(OTHER))

    def test_A138_more_than_was_signed_for_is_not_read(self):
        self.mirror.instead["/metadata/timestamp.json"] = b" " * 100_000
        self.assert_refused(self.fetch(self.side("eve"), self.mirror.url, "--root", self.root), "bundle_too_large")

    def test_what_the_owner_did_not_sign_is_refused(self):
        fresh = json.loads(self.mirror.content("/metadata/timestamp.json"))
        fresh["signed"]["version"] = 2**62
        self.mirror.instead["/metadata/timestamp.json"] = json.dumps(fresh).encode()
        self.assert_refused(self.fetch(self.side("eve"), self.mirror.url, "--root", self.root), "bundle_under_signed")
        other = self.side("mallory")
        other.do("bundle", "init", other.path("pins"), "--keys", other.path("keys"))
        stranger = os.path.join(other.path("pins"), "metadata", "1.root.json")
        done = self.fetch(self.alice, self.mirror.url, "--root", stranger)
        self.assertEqual((done.code, done.json["error"]["code"]), (2, "bundle_other_root"))

    def test_who_has_no_root_is_told_where_to_get_it(self):
        done = self.fetch(self.side("eve"), self.mirror.url)
        self.assertEqual((done.code, done.json["error"]["code"]), (2, "bundle_no_root"))
        self.assertIn("--bundle-root", done.json["error"]["hint"])

    @unittest.skipIf(SANITIZED, "a sanitizer must be loaded first")
    def test_A135_what_nobody_renews_ends(self):
        clock = MovedClock(self.bob.folder)

        def fetch(days):
            return Finished(self.alice.command("bundle", "fetch", self.mirror.url, "--json"),
                            env={**self.alice.env(), **clock.moved_by(days * 86400)})

        self.assert_policy(fetch(6), policy(OTHER))
        self.assert_refused(fetch(8), "policy_expired")
        clock.do(self.bob, 8 * 24, "bundle", "publish", self.pins, "--refresh", "--keys", self.keys)
        self.assert_policy(fetch(8), policy(OTHER))

    def test_a_mirror_does_not_say_where_the_client_goes_next(self):
        self.assert_policy(self.fetch(self.alice, self.mirror.url), policy(OTHER))
        with Mirror(self.pins) as inside:
            self.mirror.elsewhere["/metadata/timestamp.json"] = f"{inside.url}/metadata/timestamp.json"
            self.assert_policy(self.fetch(self.alice, self.mirror.url), policy(OTHER), warns="could not be renewed")
            self.assertEqual(inside.requests, [], "what only this machine reaches is asked nothing")

    def test_a_mirror_that_is_gone_is_told_and_the_policy_stays(self):
        self.assert_policy(self.fetch(self.alice, self.mirror.url), policy(OTHER))
        self.mirror.instead["/metadata/timestamp.json"] = None
        self.assert_policy(self.fetch(self.alice, self.mirror.url), policy(OTHER), warns="could not be renewed")
        gone = self.fetch(self.side("eve"), "http://127.0.0.1:1", "--root", self.root)
        self.assertEqual(gone.code, 1, str(gone))

    @unittest.skipIf(SANITIZED, "a sanitizer must be loaded first")
    def test_A134_killed_at_each_step_a_client_has_the_old_state_or_the_new_one(self):
        crashes = Crashes(self.alice.folder)
        bundles = os.path.join(self.alice.state, "bundles")
        before = self.alice.path("before")
        shutil.copytree(bundles, before)
        for at in range(1, 100):
            shutil.rmtree(bundles)
            shutil.copytree(before, bundles)
            died = crashes.run(self.alice, at, "bundle", "fetch", self.mirror.url)
            kept = self.alice.do("bundle", "show", "--json").json["bundles"]
            self.assertEqual([one["usable"] for one in kept], [True], at)
            self.assertIn(kept[0]["versions"]["targets"], (1, 2))
            self.assert_policy(self.fetch(self.alice, self.mirror.url), policy(OTHER))
            if not died:
                break
        self.assertGreater(at, 2, "no step was met")


class Clients(BundleTest):
    """Connections by what was published."""

    def setUp(self):
        super().setUp()
        self.owner, _, self.gate, self.alice = self.tunnel()
        self.begin()

    def verify(self, *arguments):
        return self.alice.run("verify", self.gate.address, "--bundle", self.pins, *arguments, "--json")

    def test_the_verdict_changes_with_what_is_published(self):
        self.publish(policy(OTHER))
        refused = self.verify("--bundle-root", self.root)
        self.assertEqual((refused.code, refused.json["reasons"][0]["code"]), (3, "pin_mismatch"))
        self.publish(policy(self.gate.pin))
        self.assertEqual(self.verify().code, 0)
        stream = Finished(self.alice.command("connect", self.gate.address, "--bundle", self.pins), env=self.alice.env(), stdin=b"hello")
        self.assertEqual((stream.code, stream.out), (0, "hello"), str(stream))
        self.publish(policy(OTHER))
        stream = Finished(self.alice.command("connect", self.gate.address, "--bundle", self.pins), env=self.alice.env(), stdin=b"hello")
        self.assertEqual((stream.code, stream.out), (3, ""), str(stream))

    def test_a_target_of_another_name(self):
        self.publish(policy(self.gate.pin), name="db.toml")
        self.assertEqual(self.verify("--bundle-root", self.root).json["error"]["code"], "bundle_no_target")
        self.assertEqual(self.verify("--bundle-target", "db.toml").code, 0)
        self.assertEqual(self.verify("--bundle-target", "../db.toml").code, 2)

    def test_a_bundle_takes_the_place_of_a_policy_file_and_no_other(self):
        self.publish(policy(self.gate.pin))
        for more, code in ((["--policy", self.bob.path("policy.toml")], "policy_and_bundle"), (["--pin", OTHER], "pin_and_policy")):
            done = self.verify("--bundle-root", self.root, *more)
            self.assertEqual((done.code, done.json["error"]["code"]), (2, code))
        self.assertEqual(self.alice.run("verify", self.gate.address, "--bundle-root", self.root).code, 2)

    def test_A135_a_listening_client_hears_of_a_change_and_of_the_end(self):
        self.publish(policy(self.gate.pin))
        mirror = self.mirror()
        client = self.listening_process(self.alice, self.gate, trust=["--bundle", mirror.url, "--bundle-root", self.root])

        def bundle_event(**fields):
            def found(line):
                event = json.loads(line) if line.startswith("{") else {}
                return event if event.get("event") == "bundle" and all(event.get(key) == value for key, value in fields.items()) else None
            return client.err.wait(found, f"bundle {fields}")

        first = bundle_event(result="current")
        self.assertIn("age_seconds", first)
        self.assertTrue(self.passes(client.at))
        self.publish(policy(OTHER))
        client.signal(signal.SIGHUP)
        self.assertEqual(bundle_event(result="changed")["targets"], 2)
        eventually(lambda: not self.passes(client.at), "the new pin decides")

    def passes(self, address):
        try:
            with socket.create_connection(address, timeout=20) as stream:
                stream.sendall(b"!")
                return stream.recv(1) == b"!"
        except ConnectionError:
            return False

    def test_A135_a_stream_ends_with_the_bundle_it_was_trusted_by(self):
        self.publish(policy(self.gate.pin), "--fresh-for", "4s")
        client = self.listening_process(self.alice, self.gate, trust=["--bundle", self.pins, "--bundle-root", self.root])
        begun = time.monotonic()
        with socket.create_connection(client.at, timeout=30) as stream:
            stream.sendall(b"!")
            self.assertEqual(stream.recv(1), b"!")
            try:
                self.assertEqual(stream.recv(1), b"")
            except ConnectionResetError:
                pass
        self.assertLess(time.monotonic() - begun, 20)
        self.assertFalse(self.passes(client.at))
        self.assertEqual(self.verify().json["error"]["code"], "policy_expired")


if __name__ == "__main__":
    unittest.main()
