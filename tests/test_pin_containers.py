"""pin for what is packed or under a passphrase (PKCS#7, PKCS#12, encrypted keys), and what it warns of in keys."""

import base64
import hashlib
import os
import sys
import tempfile
import unittest

from harness.case import TunnelTest
from harness.chains import Mint, new_key, openssl
from harness.screen import Screen
from harness.processes import Finished

# The modulus and exponent of an RSA key, as DER through `openssl asn1parse -genconf`.
RSA_KEY = "asn1=SEQUENCE:spki\n[spki]\na=SEQUENCE:alg\nk=BITWRAP,SEQUENCE:key\n[alg]\no=OID:rsaEncryption\np=NULL\n[key]\nn=INTEGER:{}\ne=INTEGER:65537\n"


def primes_until(most):
    return [n for n in range(2, most + 1) if all(n % d for d in range(2, n))]


def roca_modulus():
    """2048 bits that are a power of 65537 modulo every prime up to 167, as CVE-2017-15361's keys are."""
    constant = 1
    for prime in primes_until(167):
        constant *= prime
    return (1 << 2047) // constant * constant + constant + pow(65537, 4711, constant)


def near_modulus():
    """2048 bits with factors that are 2000 apart (CVE-2022-26320)."""
    half = (1 << 1023) + (1 << 1022) + 4711
    return half * (half + 2000)


class ContainersTest(TunnelTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-packed-"))
        cls.mint = Mint(cls.folder)
        cls.root = cls.mint.authority("root")
        cls.leaf = cls.mint.server("db.example", cls.root)

    def setUp(self):
        self.alice = self.side("alice")
        self.secret = self.private("secret", "open sesame\n")

    def private(self, name, content):
        path = self.alice.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, 0o600)
        return path

    def pin(self, *arguments, stdin=b""):
        return self.alice.run("pin", *arguments, stdin=stdin)

    def spkis(self, *arguments, stdin=b""):
        done = self.pin(*arguments, "--json", stdin=stdin)
        self.assertEqual(done.code, 0, done)
        return [one["pins"]["spki-sha256"] for one in done.json["certificates"]]

    def expected(self, *minted):
        return ["sha256/" + base64.b64encode(hashlib.sha256(one.spki()).digest()).decode() for one in minted]

    def pkcs12(self, *arguments, passphrase="open sesame"):
        return openssl("pkcs12", "-export", "-in", self.leaf.certificate, "-inkey", self.leaf.key, "-certfile", self.root.certificate,
                       "-passout", f"pass:{passphrase}", *arguments)

    def pem_and_der(self, name, der, label):
        yield self.mint.file(f"{name}.der", der)
        yield self.mint.file(f"{name}.pem", f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n")


class Packed(ContainersTest):
    def test_pkcs7_gives_its_certificates_signed_or_not(self):
        both = self.mint.bundle("both.pem", self.leaf, self.root)
        bare = openssl("crl2pkcs7", "-nocrl", "-certfile", both, "-outform", "DER")
        message = self.mint.file("message", "a message")
        signed = openssl("smime", "-sign", "-in", message, "-signer", self.leaf.certificate, "-inkey", self.leaf.key, "-certfile",
                         self.root.certificate, "-outform", "DER", "-nodetach")
        for name, der in (("bare", bare), ("signed", signed)):
            printed = openssl("pkcs7", "-inform", "DER", "-print_certs", stdin=der)
            for path in self.pem_and_der(name, der, "PKCS7"):
                by_openssl = self.spkis(self.mint.file("printed.pem", printed))
                self.assertEqual(self.spkis(path), by_openssl)
                self.assertEqual(sorted(by_openssl), sorted(self.expected(self.leaf, self.root)))

    def test_pkcs12_gives_its_own_certificate_first_then_the_others_then_the_key(self):
        rows = [("as openssl writes it", []), ("as Windows writes it", ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"]),
                ("as macOS and Java wrote it, with RC2-40", ["-legacy"]), ("without MAC", ["-nomac"]),
                ("with its certificates in clear", ["-certpbe", "NONE"])]
        leaf, root = self.expected(self.leaf, self.root)
        for why, arguments in rows:
            path = self.mint.file("one.p12", self.pkcs12(*arguments))
            self.assertEqual(self.spkis(path, "--passphrase-file", self.secret), [leaf, root, leaf], why)
        self.assertEqual(self.spkis(self.mint.file("empty.p12", self.pkcs12(passphrase=""))), [leaf, root, leaf])

    def test_an_encrypted_key_gives_its_pins_in_pem_and_der(self):
        for options in (["-v2", "aes-256-cbc"], ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"], ["-scrypt"], ["-v1", "PBE-SHA1-3DES"]):
            der = openssl("pkcs8", "-topk8", "-in", self.leaf.key, "-outform", "DER", "-passout", "pass:open sesame", *options)
            for path in self.pem_and_der("encrypted", der, "ENCRYPTED PRIVATE KEY"):
                self.assertEqual(self.spkis(path, "--passphrase-file", self.secret), self.expected(self.leaf), options)

    def test_A191_what_serves_and_admits_opens_none_of_them(self):
        path = self.mint.file("empty.p12", self.pkcs12(passphrase=""))
        bare = self.mint.file("bare.p7", openssl("crl2pkcs7", "-nocrl", "-certfile", self.leaf.certificate, "-outform", "DER"))
        for file in (path, bare):
            for command in (["client", "add", "bob", file], ["verify", "127.0.0.1:1", "--pin", f"file:{file}"],
                            ["verify", "--chain", file, "--host", "db.example", "--trust", "chain"]):
                done = self.alice.run(*command)
                self.assertEqual((done.code, done.out), (2, ""), done)


class Passphrases(ContainersTest):
    def test_the_terminal_is_asked_and_shows_nothing_of_it(self):
        path = self.mint.file("one.p12", self.pkcs12())
        terminal = Screen(self.alice.command("pin", path, "--format", "cotter"), self.alice.env())
        terminal.until("Passphrase of ")
        terminal.type("open sesame")
        self.assertEqual(terminal.wait(), 0, terminal.shown)
        self.assertIn(self.expected(self.leaf)[0].encode(), terminal.shown)
        self.assertNotIn(b"sesame", terminal.shown)

    def test_where_nobody_can_be_asked_it_says_what_to_do(self):
        path = self.mint.file("one.p12", self.pkcs12())
        done = Finished(["setsid", "--wait", *self.alice.command("pin", path)], stdin=b"open sesame\n", env=self.alice.env())
        self.assertEqual((done.code, done.out), (1, ""), done)
        self.assertIn("--passphrase-file", done.err)

    def test_nobody_is_asked_where_nothing_is_locked(self):
        done = Finished(["setsid", "--wait", *self.alice.command("pin", self.leaf.certificate)], env=self.alice.env())
        self.assertEqual(done.code, 0)

    def test_a_wrong_passphrase_is_1_and_said(self):
        wrong = self.private("wrong", "close sesame\n")
        encrypted = openssl("pkcs8", "-topk8", "-in", self.leaf.key, "-passout", "pass:open sesame")
        for content in (self.pkcs12(), self.pkcs12("-nomac"), encrypted):
            done = self.pin(self.mint.file("locked", content), "--passphrase-file", wrong)
            self.assertEqual((done.code, done.out), (1, ""), done)
            self.assertIn("passphrase is wrong", done.err)

    def test_A185_a_passphrase_that_others_can_read_is_refused(self):
        os.chmod(self.secret, 0o644)
        done = self.pin(self.mint.file("one.p12", self.pkcs12()), "--passphrase-file", self.secret)
        self.assertEqual(done.code, 1)
        self.assertIn("chmod 600", done.err)


class Hostile(ContainersTest):
    def test_A191_cut_changed_and_greedy_files_are_refused(self):
        rows = [self.pkcs12()[:-9], self.pkcs12()[:100], openssl("crl2pkcs7", "-nocrl", "-certfile", self.leaf.certificate, "-outform", "DER")[:-9]]
        for content in rows:
            self.assertEqual(self.pin(self.mint.file("cut", content), "--passphrase-file", self.secret).code, 2)
        greedy = self.pkcs12("-iter", str(0x10000), "-nomac").replace(b"\x02\x03\x01\x00\x00", b"\x02\x03\x7f\xff\xff")
        done = self.pin(self.mint.file("greedy", greedy), "--passphrase-file", self.secret)
        self.assertEqual(done.code, 2, done)
        self.assertIn("more often", done.err)

    def test_ber_is_refused_with_the_command_that_reads_it(self):
        done = self.pin("-", stdin=b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x00\x00\x00\x00")
        self.assertEqual(done.code, 2)
        self.assertIn("indefinite length", done.err)
        self.assertIn("openssl pkcs7", done.err)


class Weak(ContainersTest):
    def key(self, modulus):
        config = self.mint.file("key.conf", RSA_KEY.format(modulus))
        path = self.mint.path("key.der")
        openssl("asn1parse", "-genconf", config, "-noout", "-out", path)
        return path

    def test_A104_A105_keys_that_can_be_factored_are_named_and_not_admitted(self):
        for modulus, word in ((roca_modulus(), "CVE-2017-15361"), (near_modulus(), "CVE-2022-26320")):
            path = self.key(modulus)
            for format_ in ("text", "json", "cotter", "c++"):
                done = self.pin(path, "--format", format_)
                self.assertEqual(done.code, 0)
                self.assertIn(word, done.err)
            done = self.alice.run("client", "add", "bob", path)
            self.assertEqual(done.code, 2, done)
            self.assertIn(word, done.err)

    def test_A103_keys_on_a_list_are_named(self):
        path = new_key(self.alice.path("rsa"), "rsa")
        modulus = openssl("rsa", "-in", path, "-noout", "-modulus")
        spki = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
        by_modulus = hashlib.sha1(modulus).hexdigest()[20:]  # as openssl-blacklist's files have it
        for line in (by_modulus, by_modulus.upper(), hashlib.sha256(spki).hexdigest()):
            known = self.mint.file("list", f"# keys of CVE-2008-0166\n\n{'0' * 20}\n{line}\n")
            self.assertIn("on the list", self.pin(path, "--weak-keys", known).err)
        other = self.mint.file("list", f"{'0' * 20}\n")
        self.assertNotIn("on the list", self.pin(path, "--weak-keys", other).err)
        self.assertEqual(self.pin(path, "--weak-keys", self.mint.file("list", "what\n")).code, 2)


if __name__ == "__main__":
    sys.exit(unittest.main())
