"""Configurations of apps and servers, with digests that openssl made, decide as policies what they decide at home."""

import base64
import hashlib
import json
import os
import tempfile
import unittest

from harness.case import TunnelTest
from harness.chains import Mint, openssl

HOST = "www.example.com"
OTHER = "yLNyDVTZDkTVbzZWPmnzZxj5gE9xzFdyUOW5GeIPvGU="


class Formats(TunnelTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-policy-formats-"))
        cls.mint = Mint(cls.folder)
        cls.ca = cls.mint.authority("ca")
        cls.leaf = cls.mint.server(HOST, cls.ca)
        cls.chain = cls.mint.bundle("chain.pem", cls.leaf, cls.ca)
        stranger = cls.mint.authority("stranger")
        cls.other_chain = cls.mint.bundle("other.pem", cls.mint.server(HOST, stranger), stranger)
        cls.roots = cls.mint.bundle("roots.pem", cls.ca, stranger)

    def setUp(self):
        self.me = self.side("me")

    def convert(self, source, target, text, *arguments):
        return self.me.run("policy", "convert", "--from", source, "--to", target, *arguments, stdin=text.encode())

    def digest(self, minted):
        return hashlib.sha256(minted.spki()).digest()

    def verdict(self, policy, chain, host=HOST):
        file = self.mint.file("policy.toml", policy)
        return self.me.run("verify", "--chain", chain, "--host", host, "--policy", file, "--roots", self.roots).code

    def texts(self):
        """Each format's text that pins this server, or its CA, in the digests of openssl and hashlib."""
        leaf, ca = self.digest(self.leaf), self.digest(self.ca)
        leaf64, ca64 = base64.b64encode(leaf).decode(), base64.b64encode(ca).decode()
        fingerprint = openssl("x509", "-in", self.leaf.certificate, "-noout", "-fingerprint", "-sha256").decode()
        fingerprint = fingerprint.strip().split("=")[1]
        yield "android", (f'<network-security-config><domain-config><domain includeSubdomains="true">example.com</domain>'
                          f'<pin-set><pin digest="SHA-256">{ca64}</pin></pin-set></domain-config></network-security-config>')
        yield "trustkit", json.dumps({"TSKPinnedDomains": {HOST: {"TSKPublicKeyHashes": [leaf64, OTHER]}}})
        yield "apple", json.dumps({"NSPinnedDomains": {"example.com": {
            "NSIncludesSubdomains": True, "NSPinnedCAIdentities": [{"SPKI-SHA256-BASE64": ca64}]}}})
        yield "chromium", (f"PinsListTimestamp\n4000000000\nCa\n{self.ca.pem()}\n"
                           f'{{"pinsets": [{{"name": "x", "static_spki_hashes": ["Ca"]}}], '
                           f'"entries": [{{"name": "{HOST}", "pins": "x"}}]}}')
        yield "envoy", f'{{"trusted_ca": {{"filename": "ca.pem"}}, "verify_certificate_spki": ["{leaf64}"]}}'
        yield "envoy", f"validation_context:\n  verify_certificate_hash:\n  - {fingerprint}\n"
        yield "nats", f'tls {{ pinned_certs: ["{leaf.hex()}"] }}'
        yield "ghostunnel", f"ghostunnel client --allow-spki-pin sha256:{leaf64}"
        yield "openvpn", f"<peer-fingerprint>\n{fingerprint}\n</peer-fingerprint>"
        yield "kubeadm", f"kubeadm join {HOST}:443 --token abcdef.s3cret --discovery-token-ca-cert-hash sha256:{ca.hex()}"

    def test_each_admits_the_server_that_it_pins_and_no_other(self):
        for source, text in self.texts():
            with self.subTest(source):
                policy = self.convert(source, "cotter", text, "--host", HOST)
                self.assertEqual(policy.code, 0, policy)
                self.assertNotIn("s3cret", policy.out + policy.err)
                self.assertEqual(self.verdict(policy.out, self.chain, f"{HOST}:443"), 0, policy.out)
                self.assertEqual(self.verdict(policy.out, self.other_chain, f"{HOST}:443"), 3, policy.out)

    def test_A67_what_a_format_makes_of_its_own_text_decides_the_same(self):
        for source, text in self.texts():
            with self.subTest(source):
                policy = self.convert(source, "cotter", text, "--host", HOST).out
                written = self.convert("cotter", source, policy, "--host", HOST)
                self.assertEqual(written.code, 0, written)
                again = self.convert(source, "cotter", written.out, "--host", HOST)
                self.assertEqual(again.code, 0, again)
                self.assertEqual(self.verdict(again.out, self.chain, f"{HOST}:443"), 0, again.out)
                self.assertEqual(self.verdict(again.out, self.other_chain, f"{HOST}:443"), 3, again.out)

    def test_chromiums_pins_lie_beside_its_json(self):
        digest = base64.b64encode(self.digest(self.leaf)).decode()
        path = self.mint.file("list.json", '{"pinsets": [{"name": "x", "static_spki_hashes": ["Key"]}], '
                                           f'"entries": [{{"name": "{HOST}", "pins": "x"}}]}}')
        done = self.me.run("policy", "convert", "--from", "chromium", "--to", "curl", path)
        self.assertEqual(done.code, 1, done)
        self.assertIn("list.pins", done.err)
        self.mint.file("list.pins", f"PinsListTimestamp\n4000000000\nKey\nsha256/{digest}\n")
        done = self.me.run("policy", "convert", "--from", "chromium", "--to", "curl", path)
        self.assertEqual((done.code, done.out), (0, f"sha256//{digest}\n"), done)
        os.remove(self.mint.path("list.pins"))

    def test_a_pin_is_printed_as_each_of_them(self):
        digest = self.digest(self.leaf)
        digest64 = base64.b64encode(digest).decode()
        fingerprint = openssl("x509", "-in", self.leaf.certificate, "-noout", "-fingerprint", "-sha256").decode()
        for name, text in (("android", f'<pin digest="SHA-256">{digest64}</pin>'), ("apple", f"<string>{digest64}</string>"),
                           ("chromium", f"sha256/{digest64}\n"), ("envoy", f'"{digest64}"'), ("nats", f'"{digest.hex()}"'),
                           ("ghostunnel", f"--allow-spki-pin=sha256:{digest64}\n"),
                           ("openvpn", fingerprint.strip().split("=")[1] + "\n"),
                           ("kubeadm", f"--discovery-token-ca-cert-hash=sha256:{digest.hex()}\n")):
            with self.subTest(name):
                done = self.me.run("pin", "--format", name, self.leaf.certificate)
                self.assertEqual(done.code, 0, done)
                self.assertIn(text, done.out)
        done = self.me.run("pin", "--format", "trustkit", "--backup", f"sha256/{OTHER}", self.leaf.certificate)
        self.assertIn(f"<string>{digest64}</string>", done.out)
        self.assertEqual(self.me.run("pin", "--format", "trustkit", self.leaf.certificate).code, 2)

    def test_A149_what_a_file_says_reaches_no_terminal_unescaped(self):
        for source, text in (("android", "<network-security-config>\x1b</network-security-config>"), ("trustkit", '{"\x1b": 1}'),
                             ("apple", "<plist>\x1b</plist>"), ("chromium", "\x1b\n{}"), ("envoy", "\x1b: 1"),
                             ("nats", "pinned_certs: [\x1b]"), ("ghostunnel", "--allow-spki-pin \x1b"),
                             ("stubby", 'upstream_recursive_servers: [{address_data: "\\e"}]'),
                             ("openvpn", "<peer-fingerprint>\n\x1b\n</peer-fingerprint>"),
                             ("kubeadm", "--discovery-token-ca-cert-hash sha256:\x1b")):
            with self.subTest(source):
                done = self.convert(source, "cotter", text, "--host", "a.example")
                self.assertEqual(done.code, 2, done)
                self.assertNotIn("\x1b", done.err + done.out)


if __name__ == "__main__":
    unittest.main()
