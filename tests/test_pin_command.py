"""pin: for files of every kind and for live servers, in every format, and agreeing with openssl."""

import base64
import hashlib
import os
import pathlib
import sys
import tempfile
import unittest

from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.chains import KEYS, Mint, new_key, openssl
from harness.processes import Finished
from harness.tls_servers import PythonServer, server_context

GOLDEN = """-----BEGIN CERTIFICATE-----
MIIBmzCCAUKgAwIBAgIUapek+RuDG8GgS3dDg31MpiswX3IwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMZXhhbXBsZS50ZXN0MB4XDTI2MTEyNDEwMzAzNFoXDTM2MTEy
MTEwMzAzNFowFzEVMBMGA1UEAwwMZXhhbXBsZS50ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEY9+TjVrKv/Lme3+02y6QoQdjKZXhN0m8h/Y2IAOBnfOpAZyp
bj759rQi8aPGGxtV376ttpzePdDzVUyzWoYPmKNsMGowHQYDVR0OBBYEFNAIepBR
hIXEKzamzeEnqWI1fEmeMB8GA1UdIwQYMBaAFNAIepBRhIXEKzamzeEnqWI1fEme
MA8GA1UdEwEB/wQFMAMBAf8wFwYDVR0RBBAwDoIMZXhhbXBsZS50ZXN0MAoGCCqG
SM49BAMCA0cAMEQCIH+OilCg8+tivx1tXo1HYbiB81/IKfGm1t84dinpuHReAiB1
wn93qfJPZxqcYbbltGx6AZMk/COKOkLLngomQqlLnw==
-----END CERTIFICATE-----
"""
INCLUDE = pathlib.Path(__file__).resolve().parents[1] / "include"


def sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


class PinTest(TunnelTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-pins-"))
        cls.mint = Mint(cls.folder)
        cls.root = cls.mint.authority("root")
        cls.leaf = cls.mint.server("db.example", cls.root, names="DNS:db.example,IP:192.0.2.1")

    def setUp(self):
        self.alice = self.side("alice")

    def pin(self, *arguments, stdin=b""):
        return self.alice.run("pin", *arguments, stdin=stdin)

    def entries(self, *arguments, stdin=b""):
        done = self.pin(*arguments, "--json", stdin=stdin)
        self.assertEqual(done.code, 0, done)
        return done.json["certificates"]


class Values(PinTest):
    def test_the_golden_vector(self):
        entry = self.entries("-", stdin=GOLDEN.encode())[0]
        self.assertEqual(entry["pins"], {
            "spki-sha256": "sha256/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=",
            "spki-sha512": "sha512/" + base64.b64encode(bytes.fromhex(
                "c73313cc191ef782de559ad9eaf01c104c8284399414709f55e014058af96d6b07da66d15369ae3b6bdbb46cadd517cb2c018c80b2d2b2"
                "a3a15ee5bc2c75f399")).decode(),
            "cert-sha256": "cert-sha256/" + base64.b64encode(bytes.fromhex(
                "7ec8bf9a7edc5158775a65d142ddd68116a3b8b7e71c953a0cda360c999ea1db")).decode(),
            "key-sha256": "key-sha256/IuM5W6mP1PSt7BZEbSDpjiLHoZ/tvc8pGs7j4cXOxCU="})

    def test_they_agree_with_openssl_for_every_kind_of_key(self):
        for kind in KEYS:
            with self.subTest(kind):
                one = self.mint.server(f"{kind}.example", key=kind)
                pins = self.entries(one.certificate)[0]["pins"]
                self.assertEqual(pins["spki-sha256"], "sha256/" + sha256(one.spki()))
                self.assertEqual(pins["cert-sha256"], "cert-sha256/" + sha256(one.der()))
                self.assertEqual(self.entries(one.key)[0]["pins"]["spki-sha256"], pins["spki-sha256"])

    def test_the_document_has_the_keys_of_the_contract(self):
        done = self.pin(self.leaf.certificate, "--json")
        self.assertEqual(list(done.json), ["source", "certificates"])
        self.assertEqual(done.json["source"], self.leaf.certificate)
        entry = done.json["certificates"][0]
        self.assertEqual(list(entry), ["position", "subject", "issuer", "serial", "not_before", "not_after", "is_ca", "san", "key",
                                       "pins"])
        self.assertEqual((entry["subject"], entry["issuer"], entry["is_ca"]), ("CN=db.example", "CN=root", False))
        self.assertEqual(entry["san"], ["DNS:db.example", "IP:192.0.2.1"])
        self.assertEqual((entry["not_before"], entry["key"]), ("2024-01-01T00:00:00Z", "EC P-256"))

    def test_a_chain_gives_each_in_its_place(self):
        entries = self.entries(self.mint.bundle("chain.pem", self.leaf, self.root))
        self.assertEqual([(one["position"], one["subject"]) for one in entries], [(0, "CN=db.example"), (1, "CN=root")])


class Files(PinTest):
    def test_A78_every_form_of_one_key_has_one_pin(self):
        key = new_key(self.alice.path("key"), "rsa")
        ec = new_key(self.alice.path("ec"))
        csr = openssl("req", "-new", "-key", key, "-subj", "/CN=x")
        rows = [
            ("PKCS#8", openssl("pkey", "-in", key)), ("PKCS#1", openssl("rsa", "-in", key, "-traditional")),
            ("PKCS#8, DER", openssl("pkey", "-in", key, "-outform", "DER")),
            ("PKCS#1, DER", openssl("rsa", "-in", key, "-traditional", "-outform", "DER")),
            ("public key", openssl("pkey", "-in", key, "-pubout")),
            ("public key, DER", openssl("pkey", "-in", key, "-pubout", "-outform", "DER")),
            ("PKCS#1 public key", openssl("rsa", "-in", key, "-RSAPublicKey_out")),
            ("request", csr), ("request, DER", openssl("req", "-outform", "DER", stdin=csr)),
            ("text before and after", b"a key of mine\n" + openssl("pkey", "-in", key, "-pubout") + b"\nthat was it\n"),
            ("CRLF", openssl("pkey", "-in", key, "-pubout").replace(b"\n", b"\r\n")),
            ("byte-order mark", b"\xef\xbb\xbf" + openssl("pkey", "-in", key, "-pubout")),
            ("no newline at the end", openssl("pkey", "-in", key, "-pubout").rstrip(b"\n")),
        ]
        expected = "sha256/" + sha256(openssl("pkey", "-in", key, "-pubout", "-outform", "DER"))
        for why, content in rows:
            entries = self.entries(self.mint.file("one", content))
            self.assertEqual([one["pins"]["spki-sha256"] for one in entries], [expected], why)
            self.assertNotIn("subject", entries[0])
        expected = "sha256/" + sha256(openssl("pkey", "-in", ec, "-pubout", "-outform", "DER"))
        for content in (openssl("ec", "-in", ec), openssl("ec", "-in", ec, "-outform", "DER"),
                        openssl("ecparam", "-name", "prime256v1") + openssl("ec", "-in", ec)):
            self.assertEqual([one["pins"]["spki-sha256"] for one in self.entries("-", stdin=content)], [expected])

    def test_A78_what_is_no_object_is_refused_whole(self):
        pem = self.leaf.pem()
        trusted = openssl("x509", "-in", self.leaf.certificate, "-trustout", "-addtrust", "serverAuth").decode()
        rows = [
            ("empty", ""), ("garbage", "nothing here\n"), ("cut in its last line", pem[:-10]), ("cut in its middle", pem[:200]),
            ("TRUSTED CERTIFICATE", trusted), ("a good one and a cut one", pem + pem[:200]),
            ("a good one and an unknown one", pem + "-----BEGIN THING-----\nAAAA\n-----END THING-----\n"),
            ("a key encrypted in the way before PKCS#8", openssl("ec", "-in", self.leaf.key, "-aes256", "-passout", "pass:x").decode()),
            ("labels that differ", pem.replace("END CERTIFICATE", "END X509 CRL")),
            ("a letter that is none", pem.replace("MII", "M*I", 1)),
        ]
        for why, content in rows:
            done = self.pin(self.mint.file("bad", content))
            self.assertEqual((done.code, done.out), (2, ""), f"{why} {done}")
        self.assertIn("openssl x509", self.pin(self.mint.file("bad", trusted)).err)

    def test_A70_bytes_after_a_certificates_end_are_refused(self):
        for tail in (b"\0", b"\n", self.leaf.der()):
            self.assertEqual(self.pin("-", stdin=self.leaf.der() + tail).code, 2)

    def test_A62_only_regular_files_of_sensible_size_are_read(self):
        fifo = self.alice.path("fifo")
        os.mkfifo(fifo)
        huge = self.alice.path("huge")
        with open(huge, "wb") as file:
            file.truncate(17 << 20)
        for path in (fifo, "/dev/zero", self.alice.folder, huge):
            for arguments in (("pin", path), ("connect", "localhost:1", "--pin", f"file:{path}")):
                done = self.alice.run(*arguments)
                self.assertEqual((done.code, done.out), (2, ""), done)
                self.assertIn("cotter: read", done.err)

    def test_standard_input_has_the_same_bound(self):
        self.assertEqual(self.pin("-", stdin=bytes(17 << 20)).code, 2)

    def test_what_is_not_there_is_1_and_says_what_was_looked_for(self):
        done = self.pin("nowhere.pem")
        self.assertEqual((done.code, done.out), (1, ""))
        self.assertIn("nowhere.pem", done.err)
        self.assertIn("next: ", done.err)
        done = self.pin("db.example")
        self.assertIn("HOST:PORT", done.err)

    def test_A73_a_key_that_others_would_write_otherwise_gets_a_warning(self):
        key = new_key(self.alice.path("ec"))
        compressed = openssl("ec", "-in", key, "-pubout", "-conv_form", "compressed")
        done = self.pin("-", stdin=compressed)
        self.assertEqual(done.code, 0, done)
        self.assertIn("encoded in an unusual way", done.err)
        self.assertNotIn("unusual", self.pin(key).err)
        self.assertEqual(self.pin("-", stdin=openssl("ec", "-in", key, "-pubout", "-param_enc", "explicit")).code, 2)


class Formats(PinTest):
    def test_cotter_is_one_pin_a_line(self):
        done = self.pin(self.mint.bundle("chain.pem", self.leaf, self.root), "--format", "cotter")
        self.assertEqual(done.out, f"sha256/{sha256(self.leaf.spki())}\nsha256/{sha256(self.root.spki())}\n")

    def test_text_names_the_certificate_and_its_pins(self):
        done = self.pin(self.leaf.certificate)
        self.assertIn("CN=db.example", done.out)
        self.assertIn("sha256/" + sha256(self.leaf.spki()), done.out)
        self.assertIn("cert-sha256/" + sha256(self.leaf.der()), done.out)

    def test_the_header_compiles_and_its_constants_are_the_pins(self):
        header = self.mint.file("pins.h", self.pin(self.leaf.certificate, "--format", "c++").raw)
        program = self.mint.file("pins.cc", f'''#include "{header}"
#include <cstdio>
int main() {{
    static constexpr auto pin = pins::kPin0;
    for (const auto octet : pin.octets) std::printf("%02x", static_cast<unsigned>(octet));
}}
''')
        binary = self.mint.path("pins")
        built = Finished(["g++", "-std=c++20", "-Wall", "-Werror", f"-I{INCLUDE}", program, "-o", binary])
        self.assertEqual(built.code, 0, built)
        self.assertEqual(Finished([binary]).out, hashlib.sha256(self.leaf.spki()).hexdigest())

    def test_an_unknown_format_is_2(self):
        self.assertEqual(self.pin(self.leaf.certificate, "--format", "sha1").code, 2)


class Live(PinTest):
    def test_it_shows_the_chain_as_presented_and_trusts_nothing(self):
        chain = self.mint.bundle("chain.pem", self.leaf, self.root)
        with PythonServer(server_context(self.leaf, chain=chain)) as server:
            entries = self.entries(server.address)
            self.assertEqual([one["pins"]["spki-sha256"] for one in entries],
                             ["sha256/" + sha256(self.leaf.spki()), "sha256/" + sha256(self.root.spki())])
            self.assertEqual(server.meeting().wait().received, b"")

    def test_the_name_that_is_asked_for_is_the_one_given(self):
        with PythonServer(server_context(self.leaf)) as server:
            for arguments, name in ((["--server-name", "db.example"], "db.example"), ([], None)):
                self.entries(server.address, *arguments)
                self.assertEqual(server.meeting().wait().name, name)
            self.entries(f"localhost:{server.port}")
            self.assertEqual(server.meeting().wait().name, "localhost")

    def test_every_spelling_of_a_pin_matches_the_live_server(self):
        issued = self_signed(self.alice.folder, "server")
        entry = self.entries(issued.certificate)[0]["pins"]
        der = openssl("x509", "-in", issued.certificate, "-outform", "DER")
        spki = openssl("pkey", "-pubin", "-outform", "DER", stdin=openssl("x509", "-in", issued.certificate, "-noout", "-pubkey"))
        point = spki[-65:]
        value = entry["spki-sha256"].removeprefix("sha256/")
        spki_hex = hashlib.sha256(spki).hexdigest()
        cert_hex = hashlib.sha256(der).hexdigest()
        public_key = self.mint.file("public.pem", openssl("x509", "-in", issued.certificate, "-noout", "-pubkey"))

        def digest(name, data):
            return base64.b64encode(hashlib.new(name, data).digest()).decode()

        spellings = [
            *entry.values(), f"spki-sha256/{value}", f"sha256//{value}", f'pin-sha256="{value}"',
            f"spki-sha256:{spki_hex}", f"spki-sha256:{spki_hex.upper()}", f"cert-sha256:{cert_hex}",
            "cert-sha256:" + ":".join(cert_hex[i : i + 2] for i in range(0, 64, 2)),
            f"key-sha256:{hashlib.sha256(point).hexdigest()}",
            openssl("x509", "-in", issued.certificate, "-noout", "-fingerprint", "-sha256").decode().strip(),
            *(f"{what}sha{size}/{digest(f'sha{size}', data)}" for what, data in
              (("", spki), ("spki-", spki), ("cert-", der), ("key-", point)) for size in (256, 384, 512)),
            f"spki-der/{base64.b64encode(spki).decode()}", f"cert-der/{base64.b64encode(der).decode()}",
            f"key-der/{base64.b64encode(point).decode()}", f"file:{issued.certificate}", f"cert:file:{issued.certificate}",
            f"file:{issued.key}", f"file:{public_key}", f"sha256/{sha256(b'another')};sha256//{value}",
        ]
        with PythonServer(server_context(issued)) as server:
            for spelling in spellings:
                done = self.alice.run("connect", server.address, "--pin", spelling, stdin=b"in")
                self.assertEqual((done.code, done.raw), (0, b"in"), f"{spelling} {done}")

    def test_A57_A58_A60_A61_what_is_no_pin_is_2_and_says_what_and_where(self):
        issued = self_signed(self.alice.folder, "server")
        value = sha256(b"x")
        spelt = [value, f"sha256:{value}", "sha1/" + base64.b64encode(bytes(20)).decode(), "md5/x", "a" * 64, f"sha256/{value[:-1]}",
                 f"sha256/{value} ", f" sha256/{value}", f"sha256/{value}=", f"sha256/{value[:20]}\n{value[20:]}", f"SHA256/{value}",
                 "sha256/" + base64.urlsafe_b64encode(b"\xff" * 32).decode(), f"sha256/{value};", f";sha256/{value}",
                 f"sha256/{value};sha256/x", "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                 "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", f"pin-sha256={value}", "cert-sha256:" + "a" * 63,
                 f"file:{self.alice.path('nowhere')}x", f"cert:file:{issued.key}"]
        for text in spelt:
            done = self.alice.run("connect", "localhost:1", "--pin", text)
            self.assertIn(done.code, (1,) if "nowhere" in text else (2,), f"{text!r} {done}")
            self.assertIn("next: ", done.err, text)


if __name__ == "__main__":
    sys.exit(unittest.main())
