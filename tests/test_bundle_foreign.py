"""Bundles between implementations: what securesystemslib (the signing library of python-tuf) makes, cotter reads; and what
cotter signs, securesystemslib finds signed."""

import hashlib
import json
import os
import unittest

import securesystemslib.formats
import securesystemslib.keys

from harness.mirror import Mirror
from harness.case import TunnelTest

PIN = "sha256/3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8="
POLICY = f'version = 1\n[[host]]\nname = "db.example.com"\npins = ["{PIN}"]\n'
ROLES = ("root", "targets", "snapshot", "timestamp")


def canonical(content):
    return securesystemslib.formats.encode_canonical(content).encode("utf-8")


def public(key):
    """The key as metadata has it."""
    return {"keytype": key["keytype"], "scheme": key["scheme"], "keyval": {"public": key["keyval"]["public"]}}


class Foreign(TunnelTest):
    def make(self, folder, consistent):
        """A repository as their library signs it."""
        keys = {role: securesystemslib.keys.generate_ecdsa_key() for role in ROLES}

        def write(name, content, octets=None):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(octets if octets is not None else content)

        def described(content, **more):
            return {"length": len(content), "hashes": {"sha256": hashlib.sha256(content).hexdigest()}, **more}

        def publish(role, name, **content):
            signed = {"_type": role, "spec_version": "1.0.19", "version": 1, "expires": "2099-01-01T00:00:00Z", **content}
            signature = securesystemslib.keys.create_signature(keys[role], canonical(signed))
            file = json.dumps({"signed": signed, "signatures": [signature]}).encode()
            write(f"metadata/{name}", file)
            return file

        policy = POLICY.encode()
        prefix = hashlib.sha256(policy).hexdigest() + "." if consistent else ""
        write(f"targets/dir/{prefix}policy.toml", policy)
        version = "1." if consistent else ""
        publish("root", "1.root.json", consistent_snapshot=consistent, **{"x-comment": "é \"quoted\" \\ \n"},
                keys={key["keyid"]: public(key) for key in keys.values()},
                roles={role: {"keyids": [key["keyid"]], "threshold": 1} for role, key in keys.items()})
        targets = publish("targets", f"{version}targets.json", targets={"dir/policy.toml": described(policy, custom={"a": [1, None]})})
        snapshot = publish("snapshot", f"{version}snapshot.json", meta={"targets.json": described(targets, version=1)})
        publish("timestamp", "timestamp.json", meta={"snapshot.json": described(snapshot, version=1)})
        return os.path.join(folder, "metadata/1.root.json")

    def test_what_another_implementation_made_is_fetched(self):
        for consistent in (True, False):
            with self.subTest(consistent=consistent):
                alice = self.side("alice")
                root = self.make(alice.path("theirs"), consistent)
                with Mirror(alice.path("theirs")) as mirror:
                    for location in (alice.path("theirs"), mirror.url):
                        fetched = alice.do("bundle", "fetch", location, "--root", root, "--target", "dir/policy.toml")
                        self.assertEqual(fetched.out, POLICY)
                self.assertEqual(alice.do("bundle", "verify", alice.path("theirs"), "--root", root, "--json").json["targets"],
                                 ["dir/policy.toml"])

    def test_what_cotter_signs_their_library_finds_signed(self):
        for kind in ("p256", "ed25519"):
            with self.subTest(kind=kind):
                bob = self.side("bob")
                with open(bob.path("policy.toml"), "w", encoding="utf-8") as file:
                    file.write(POLICY)
                bob.do("bundle", "init", bob.path("pins"), "--keys", bob.path("keys"), "--key-type", kind)
                bob.do("bundle", "publish", bob.path("pins"), bob.path("policy.toml"), "--keys", bob.path("keys"))
                folder = os.path.join(bob.path("pins"), "metadata")
                keys = None
                for name in ("1.root.json", "1.targets.json", "1.snapshot.json", "timestamp.json"):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        document = json.load(file)
                    keys = keys or document["signed"]["keys"]
                    signature, = document["signatures"]
                    key = keys[signature["keyid"]]
                    self.assertEqual(signature["keyid"], hashlib.sha256(canonical(key)).hexdigest())
                    self.assertTrue(securesystemslib.keys.verify_signature({**key, "keyid": signature["keyid"]}, signature,
                                                                           canonical(document["signed"])), name)


if __name__ == "__main__":
    unittest.main()
