"""policy convert and pin --format: what people have, read and written by the real binary."""

import base64
import hashlib
import subprocess
import tempfile
import unittest

from harness.case import TunnelTest
from harness.chains import Mint
from harness.tls_servers import PythonServer, server_context

A = "I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s="
B = "yLNyDVTZDkTVbzZWPmnzZxj5gE9xzFdyUOW5GeIPvGU="

POLICY = f"""version = 1
[[host]]
name = "www.example.com"
trust = "chain+pins"
match = "any"
pins = ["sha256/{A}", "sha256/{B}"]
"""


def codes(lost):
    return [loss["code"] for loss in lost]


class Convert(TunnelTest):
    def setUp(self):
        self.me = self.side("me")

    def convert(self, source, target, text, *arguments):
        return self.me.run("policy", "convert", "--from", source, "--to", target, *arguments, stdin=text.encode())

    def test_a_header_becomes_a_policy_and_a_header_again(self):
        header = f'Public-Key-Pins: pin-sha256="{A}"; pin-sha256="{B}"; max-age=3600; includeSubDomains\r\n'
        policy = self.convert("hpkp", "cotter", header, "--host", "www.example.com")
        self.assertEqual(policy.code, 0, policy)
        for line in ('name = "www.example.com"', "include_subdomains = true", 'trust = "chain+pins"', 'match = "any"',
                     'on_expiry = "chain"', f'  "sha256/{A}",'):
            self.assertIn(line + "\n", policy.out)
        self.assertIn("cotter: warning: www.example.com: ", policy.err)
        self.assertIn("(fails_open)", policy.err)
        again = self.convert("cotter", "hpkp", policy.out)
        self.assertEqual(again.code, 0, again)
        start = f'Public-Key-Pins: pin-sha256="{A}"; pin-sha256="{B}"; max-age='
        self.assertEqual(again.out[:len(start)], start)
        self.assertRegex(again.out[len(start):], r"^3[56]\d\d; includeSubDomains\n$")

    def test_a_converted_policy_judges_as_its_source_said(self):
        mint = Mint(self.me.folder)
        ca = mint.authority("ca")
        chain = mint.bundle("chain.pem", mint.server("www.example.com", ca), ca)
        pin = self.me.do("pin", "--format", "cotter", ca.certificate).out.strip()
        policy = self.convert("okhttp", "cotter", f'.add("**.example.com", "{pin}")')
        file = mint.file("policy.toml", policy.out)

        def verify(host, *arguments):
            return self.me.run("verify", "--chain", chain, "--host", host, "--policy", file, *arguments)

        self.assertEqual(verify("www.example.com", "--roots", ca.certificate).code, 0)
        self.assertEqual(verify("www.example.org", "--roots", ca.certificate).code, 3)
        stranger = mint.authority("stranger")
        self.assertEqual(verify("www.example.com", "--roots", stranger.certificate).code, 3)

    def test_json_has_the_text_and_what_is_lost(self):
        done = self.convert("cotter", "curl", POLICY, "--json")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.json["text"], f"sha256//{A};sha256//{B}\n")
        self.assertEqual(done.json["hosts"], ["www.example.com"])
        self.assertEqual(codes(done.json["lost"]), ["host", "trust", "match"])
        self.assertEqual({frozenset(loss) for loss in done.json["lost"]}, {frozenset(("code", "host", "message"))})
        self.assertEqual(done.err, "")

    def test_A67_a_dropped_denial_is_a_loss_and_an_empty_pinset_is_an_error(self):
        denied = POLICY + f'deny = ["cert-sha256/{A}"]\n'
        self.assertIn("deny", codes(self.convert("cotter", "okhttp", denied, "--json").json["lost"]))
        empty = POLICY.replace(f'"sha256/{A}", "sha256/{B}"', "")
        done = self.convert("cotter", "okhttp", empty, "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (2, "empty_pinset"))

    def test_A57_a_bad_file_is_refused_whole_with_its_place(self):
        text = f"a.example sha256/{A}\nb.example sha256/{A[:-1]}\n"
        done = self.convert("okhttp", "cotter", text)
        self.assertEqual((done.code, done.out), (2, ""), done)
        self.assertIn("(-, line 2, column 11)", done.err)

    def test_the_host_is_asked_for_and_chooses(self):
        done = self.convert("curl", "cotter", f"sha256//{A}", "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (2, "host_needed"))
        self.assertIn("--host", done.json["error"]["hint"])
        done = self.convert("curl", "cotter", f"sha256//{A}", "--host", "[2001:db8::1]:8443", "--json")
        self.assertEqual(done.json["hosts"], ["[2001:db8::1]:8443"])
        two = POLICY + f'[[host]]\nname = "example.org"\ninclude_subdomains = true\npins = ["sha256/{B}"]\n'
        self.assertEqual(self.convert("cotter", "curl", two, "--json").json["error"]["code"], "many_hosts")
        self.assertEqual(self.convert("cotter", "curl", two, "--host", "a.b.example.org").out, f"sha256//{B}\n")
        self.assertEqual(self.convert("cotter", "curl", two, "--host", "example.net", "--json").json["error"]["code"], "no_entry")

    def test_an_unknown_format_is_a_bad_call(self):
        self.assertEqual(self.convert("pkp", "cotter", "").code, 2)
        self.assertEqual(self.me.run("policy").code, 2)

    def test_A149_what_a_file_says_reaches_no_terminal_unescaped(self):
        for source, text in (("okhttp", "\x1b[31m.example sha256/x"), ("tlsa", "_443._tcp.\x1b[31m IN TLSA 3 1 1 00"),
                             ("hpkp", 'Public-Key-Pins: pin-sha256="\x1b"; max-age=1'), ("gnutls", "|g0|\x1b|443|0|x"),
                             ("curl", "sha256//\x1b"), ("cotter", 'version = 1\nx = "\x1b"')):
            done = self.convert(source, "cotter", text, "--host", "a.example")
            self.assertEqual(done.code, 2, done)
            self.assertNotIn("\x1b", done.err + done.out)


class PinFormat(TunnelTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-pin-format-"))
        cls.mint = Mint(cls.folder)
        cls.minted = cls.mint.server("www.example.com")
        cls.certificate, cls.key = cls.minted.certificate, cls.minted.key
        cls.digest = hashlib.sha256(cls.minted.spki()).digest()
        cls.base64 = base64.b64encode(cls.digest).decode()

    def setUp(self):
        self.me = self.side("me")

    def pin(self, name, *arguments):
        return self.me.run("pin", "--format", name, *arguments)

    def test_each_format_has_the_digest_that_openssl_makes(self):
        for name, text in (("curl", f"sha256//{self.base64}\n"), ("hpkp", f'pin-sha256="{self.base64}"\n'),
                           ("okhttp", f'.add("www.example.com", "sha256/{self.base64}")'),
                           ("tlsa", f"_443._tcp.www.example.com. IN TLSA 3 1 1 {self.digest.hex()}\n"),
                           ("gnutls", f"|c0|www.example.com|*|0|6|{self.digest.hex()}\n"),
                           ("android", f">{self.base64}<"), ("apple", f">{self.base64}<"), ("nats", self.digest.hex()),
                           ("ghostunnel", f"sha256:{self.base64}"), ("kubeadm", f"sha256:{self.digest.hex()}"),
                           ("envoy", self.base64), ("chromium", f"sha256/{self.base64}\n"),
                           ("openvpn", hashlib.sha256(self.minted.der()).hexdigest().upper()[-2:])):
            with self.subTest(name):
                done = self.pin(name, self.certificate)
                self.assertEqual(done.code, 0, done)
                self.assertIn(text, done.out)

    def test_a_header_takes_the_next_key_beside(self):
        done = self.pin("hpkp", "--backup", f"sha256/{B}", self.certificate)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.out, f'Public-Key-Pins: pin-sha256="{self.base64}"; pin-sha256="{B}"; max-age=5184000\n')

    def test_a_bare_key_needs_a_host_where_one_is_said(self):
        done = self.pin("okhttp", self.key)
        self.assertEqual(done.code, 2, done)
        self.assertIn("--host", done.err)
        self.assertEqual(self.pin("curl", self.key).out, f"sha256//{self.base64}\n")
        self.assertIn('.add("*.example.org", ', self.pin("okhttp", "--host", "*.example.org", self.key).out)
        self.assertIn("_25._tcp.mail.example.org. ", self.pin("tlsa", "--host", "mail.example.org:25", self.key).out)

    def test_of_a_chain_the_first_is_printed_and_the_rest_said(self):
        done = self.pin("curl", self.mint.bundle("chain.pem", self.minted, self.minted))
        self.assertEqual((done.code, done.out), (0, f"sha256//{self.base64}\n"), done)
        self.assertIn("only the first of 2", done.err)

    def test_curl_takes_the_pin_of_a_live_server(self):
        server = self.enterContext(PythonServer(server_context(self.minted), lambda meeting: meeting.receive()))
        pin = self.pin("curl", server.address).out.strip()
        other_pin = 90  # curl's exit code for it
        for argument, matches in ((pin, True), (f"sha256//{B}", False)):
            done = subprocess.run(["curl", "-sk", "--max-time", "20", "-o", "/dev/null", "--pinnedpubkey", argument,
                                   f"https://{server.address}/"], check=False)
            self.assertEqual(done.returncode != other_pin, matches, argument)


if __name__ == "__main__":
    unittest.main()
