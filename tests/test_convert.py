"""convert: what openssl would write, private keys kept private, and the right words where an object can't have a form."""

import os
import stat
import sys
import tempfile
import unittest

from harness.case import TunnelTest
from harness.chains import KEYS, Mint, new_key, openssl
from harness.screen import Screen


class ConvertTest(TunnelTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-convert-"))
        cls.mint = Mint(cls.folder)
        cls.leaf = cls.mint.server("db.example", key="rsa")

    def setUp(self):
        self.alice = self.side("alice")

    def convert(self, form, source, *arguments, stdin=b""):
        return self.alice.run("convert", "--to", form, source, *arguments, stdin=stdin)

    def converted(self, form, source, *arguments, stdin=b""):
        done = self.convert(form, source, *arguments, stdin=stdin)
        self.assertEqual(done.code, 0, done)
        return done.raw


class Forms(ConvertTest):
    def test_they_are_what_openssl_writes(self):
        certificate = self.leaf.certificate
        for kind in KEYS:
            if kind == "rsa1024":
                continue
            with self.subTest(kind):
                key = new_key(self.alice.path(kind), kind)
                pkcs8 = openssl("pkey", "-in", key)
                self.assertEqual(self.converted("pkcs8", key), pkcs8)
                self.assertEqual(self.converted("spki", key), openssl("pkey", "-in", key, "-pubout"))
                der = openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER")
                self.assertEqual(self.converted("der", key), der)
                self.assertEqual(self.converted("pem", "-", stdin=der), pkcs8)
        traditional = openssl("rsa", "-in", self.leaf.key, "-traditional")
        self.assertEqual(self.converted("pkcs1", self.leaf.key), traditional)
        self.assertEqual(self.converted("pkcs8", "-", stdin=traditional), openssl("pkey", "-in", self.leaf.key))
        self.assertEqual(self.converted("pkcs1", certificate), openssl("rsa", "-in", self.leaf.key, "-RSAPublicKey_out"))
        self.assertEqual(self.converted("spki", certificate), openssl("x509", "-in", certificate, "-noout", "-pubkey"))
        self.assertEqual(self.converted("der", certificate), self.leaf.der())
        self.assertEqual(self.converted("pem", "-", stdin=self.leaf.der()), openssl("x509", "-in", certificate))

    def test_what_is_packed_gives_its_key(self):
        secret = self.alice.path("secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write("open sesame")
        os.chmod(secret, 0o600)
        packed = self.mint.file("one.p12", openssl("pkcs12", "-export", "-in", self.leaf.certificate, "-inkey", self.leaf.key,
                                                   "-passout", "pass:open sesame"))
        locked = self.mint.file("locked.pem", openssl("pkcs8", "-topk8", "-in", self.leaf.key, "-passout", "pass:open sesame"))
        for path in (packed, locked):
            for form, expected in (("pkcs8", openssl("pkey", "-in", self.leaf.key)), ("pkcs1", openssl("rsa", "-in", self.leaf.key, "-traditional")),
                                   ("spki", openssl("pkey", "-in", self.leaf.key, "-pubout"))):
                self.assertEqual(self.converted(form, path, "--passphrase-file", secret), expected)
        # Its armour alone needs no passphrase, and takes none off.
        der = self.converted("der", locked)
        with open(locked, "rb") as file:
            self.assertEqual(self.converted("pem", "-", stdin=der), file.read())

    def test_an_object_that_cannot_have_a_form_is_2_and_why(self):
        ec = new_key(self.alice.path("ec"))
        both = self.mint.bundle("both.pem", self.leaf, self.leaf)
        packed = self.mint.file("one.p12", openssl("pkcs12", "-export", "-in", self.leaf.certificate, "-inkey", self.leaf.key, "-passout", "pass:"))
        rows = [("pkcs8", self.leaf.certificate, "holds no private key"), ("pkcs1", ec, "RSA keys alone"), ("der", both, "2 objects"),
                ("pem", packed, "no PEM form"), ("spki", self.mint.file("crl", openssl("crl", "-in", self.mint.crl("x", self.leaf))), "X509 CRL"),
                ("pem", self.mint.file("words", "words"), "neither PEM nor DER")]
        for form, path, why in rows:
            done = self.convert(form, path)
            self.assertEqual((done.code, done.out), (2, ""), done)
            self.assertIn(why, done.err)
        self.assertEqual(self.convert("pkcs7", ec).code, 2)
        self.assertEqual(self.convert("pem", "nowhere").code, 1)


class Output(ConvertTest):
    def mode(self, path):
        return stat.S_IMODE(os.stat(path).st_mode)

    def test_A185_a_private_key_is_written_for_its_owner_alone(self):
        before = os.umask(0)
        try:
            for form in ("pkcs8", "pkcs1", "pem", "der"):
                out = self.alice.path(f"key.{form}")
                self.converted(form, self.leaf.key, "--out", out)
                self.assertEqual(self.mode(out), 0o600)
            for form in ("spki", "pem"):
                out = self.alice.path(f"public.{form}")
                self.converted(form, self.leaf.certificate, "--out", out)
                self.assertEqual(self.mode(out), 0o666)
        finally:
            os.umask(before)

    def test_A130_what_is_there_is_replaced_only_when_asked(self):
        out = self.mint.file("there", "precious")
        done = self.convert("spki", self.leaf.certificate, "--out", out)
        self.assertEqual(done.code, 1)
        self.assertIn("--replace", done.err)
        with open(out, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")
        self.converted("spki", self.leaf.certificate, "--out", out, "--replace")
        with open(out, "rb") as file:
            self.assertEqual(file.read(), openssl("x509", "-in", self.leaf.certificate, "-noout", "-pubkey"))

    def test_nothing_is_written_where_the_object_is_refused(self):
        out = self.alice.path("out")
        self.assertEqual(self.convert("pkcs8", self.leaf.certificate, "--out", out).code, 2)
        self.assertFalse(os.path.exists(out))

    def test_a_terminal_gets_no_private_key_and_no_der(self):
        for form, source, word in (("pkcs8", self.leaf.key, "private key is not shown"), ("der", self.leaf.certificate, "DER is not text")):
            terminal = Screen(self.alice.command("convert", "--to", form, source), self.alice.env())
            self.assertEqual(terminal.wait(), 1, terminal.shown)
            self.assertIn(word.encode(), terminal.shown)
            self.assertNotIn(b"BEGIN", terminal.shown)
        terminal = Screen(self.alice.command("convert", "--to", "spki", self.leaf.key), self.alice.env())
        self.assertEqual(terminal.wait(), 0)
        self.assertIn(b"BEGIN PUBLIC KEY", terminal.shown)

    def test_a_private_key_sent_to_a_file_that_others_can_read_is_warned_of(self):
        for mode, is_warned in ((0o644, True), (0o600, False)):
            out = self.alice.path(f"out{mode}")
            descriptor = os.open(out, os.O_CREAT | os.O_WRONLY, mode)
            os.fchmod(descriptor, mode)
            with self.alice.start("convert", "--to", "pkcs8", self.leaf.key, stdout=descriptor) as process:
                self.assertEqual(process.wait(), 0)
            os.close(descriptor)
            self.assertEqual("others can read" in process.err.text(), is_warned)

    def test_json_says_where_it_went(self):
        out = self.alice.path("out")
        done = self.convert("pkcs8", self.leaf.key, "--out", out, "--json")
        self.assertEqual(done.json, {"out": out, "bytes": os.path.getsize(out), "private": True})
        self.assertEqual(self.convert("pkcs8", self.leaf.key, "--json").code, 2)


if __name__ == "__main__":
    sys.exit(unittest.main())
