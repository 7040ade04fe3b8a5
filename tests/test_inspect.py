"""inspect: the same elements at the same places as openssl asn1parse, the summary, and where a file stops being DER."""

import os
import re
import sys
import tempfile
import unittest

from harness.case import TunnelTest
from harness.chains import KEYS, Mint, new_key, openssl
from harness.processes import Finished

ASN1PARSE = re.compile(r"^ *(\d+):d=(\d+) +hl= *(\d+) l= *(\d+) (cons|prim): *(.*?)\s*$")


def elements_by_openssl(der):
    """What asn1parse says: (offset, depth, header, length, constructed)."""
    parsed = Finished(["openssl", "asn1parse", "-inform", "DER"], stdin=der)
    rows = [ASN1PARSE.match(line) for line in parsed.out.splitlines()]
    return [(int(row[1]), int(row[2]), int(row[3]), int(row[4]), row[5] == "cons") for row in rows if row]


class InspectTest(TunnelTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-inspect-"))
        cls.mint = Mint(cls.folder)
        cls.root = cls.mint.authority("root")
        cls.leaf = cls.mint.server("db.example", cls.root, names="DNS:db.example,IP:192.0.2.1", extensions=(
            "basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n"
            "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\ncrlDistributionPoints=URI:http://ca.example/crl\n"
            "authorityInfoAccess=OCSP;URI:http://ca.example/ocsp\ncertificatePolicies=1.2.3.4\ntlsfeature=status_request\n"))

    def setUp(self):
        self.alice = self.side("alice")

    def inspect(self, *arguments, stdin=b""):
        return self.alice.run("inspect", *arguments, stdin=stdin)

    def objects(self, *arguments, stdin=b""):
        done = self.inspect(*arguments, "--json", stdin=stdin)
        self.assertEqual(done.code, 0, done)
        return done.json["objects"]


class Elements(InspectTest):
    def test_they_are_those_of_asn1parse_for_every_kind_of_object(self):
        rsa = new_key(self.alice.path("rsa"), "rsa")
        pem = self.leaf.certificate
        objects = {
            "request": openssl("req", "-new", "-key", rsa, "-subj", "/CN=x", "-addext", "subjectAltName=DNS:x", "-outform", "DER"),
            "crl": openssl("crl", "-in", self.mint.crl("one", self.root, self.leaf), "-outform", "DER"),
            "pkcs1": openssl("rsa", "-in", rsa, "-traditional", "-outform", "DER"),
            "pkcs8": openssl("pkey", "-in", rsa, "-outform", "DER"),
            "encrypted": openssl("pkcs8", "-topk8", "-in", rsa, "-outform", "DER", "-passout", "pass:x"),
            "public": openssl("pkey", "-in", rsa, "-pubout", "-outform", "DER"),
            "pkcs7": openssl("crl2pkcs7", "-nocrl", "-certfile", pem, "-outform", "DER"),
            "pkcs12": openssl("pkcs12", "-export", "-in", pem, "-inkey", self.leaf.key, "-passout", "pass:x"),
        }
        for kind in KEYS:
            objects[kind] = self.mint.server(f"{kind}.example", key=kind).der()
        for what, der in objects.items():
            with self.subTest(what):
                [one] = self.objects("-", "--flat", stdin=der)
                self.assertEqual([(row["offset"], row["depth"], row["header"], row["length"], row["constructed"])
                                  for row in one["elements"]], elements_by_openssl(der))
                self.assertIsNone(one["fault"])

    def test_strings_that_hold_der_are_entered_like_asn1parse_strparse(self):
        [one] = self.objects(self.leaf.certificate)
        der = self.leaf.der()
        holding = [row for row in one["elements"] if row.get("holds_der")]
        self.assertGreater(len(holding), 8)  # the extensions, and the signature
        for row in holding:
            index = one["elements"].index(row)
            inner = [other for other in one["elements"][index + 1:] if other["offset"] < row["offset"] + row["header"] + row["length"]]
            begin = inner[0]["offset"]
            inside = Finished(["openssl", "asn1parse", "-inform", "DER", "-strparse", str(row["offset"])], stdin=der)
            rows = [ASN1PARSE.match(line) for line in inside.out.splitlines()]
            top = [(int(match[1]) + begin, int(match[4])) for match in rows if match]
            self.assertEqual([(other["offset"], other["length"]) for other in inner if (other["offset"], other["length"]) in top], top)

    def test_the_text_has_offsets_headers_lengths_names_and_values(self):
        done = self.inspect(self.leaf.certificate)
        self.assertEqual(done.code, 0, done)
        for line in (r"^      0     4 +\d+    SEQUENCE$", r"OBJECT IDENTIFIER  commonName \(2\.5\.4\.3\)$", r'UTF8String  "db\.example"$',
                     r"UTCTime  2024-01-01T00:00:00Z$", r"INTEGER  0x02$", r"BOOLEAN  TRUE$", r"OCTET STRING, holding$"):
            self.assertRegex(done.out, re.compile(line, re.MULTILINE))

    def test_hex_adds_every_octet(self):
        der = self.leaf.der()
        [one] = self.objects("-", "--hex", stdin=der)
        for row in one["elements"]:
            begin = row["offset"] + row["header"]
            if "hex" in row:
                self.assertEqual(bytes.fromhex(row["hex"]), der[begin : begin + row["length"]])
            else:
                self.assertTrue(row["constructed"] or row.get("holds_der"))
        text = self.inspect("-", "--hex", stdin=der).out
        shown = bytes.fromhex("".join(line for line in text.splitlines() if re.fullmatch(r" {28,}([0-9a-f]{2} ?)+", line)))
        self.assertEqual(len(shown), sum(len(row.get("hex", "")) // 2 for row in one["elements"]))

    def test_every_block_of_a_pem_file_is_an_object(self):
        objects = self.objects(self.mint.bundle("chain.pem", self.leaf, self.root))
        self.assertEqual([one["label"] for one in objects], ["CERTIFICATE", "CERTIFICATE"])
        self.assertEqual([one["summary"]["subject"] for one in objects], ["CN=db.example", "CN=root"])


class Broken(InspectTest):
    def test_it_says_where_a_file_stops_being_der_and_shows_what_precedes(self):
        der = self.leaf.der()
        ber = b"\x30\x80\x02\x01\x01\x00\x00"
        rows = [
            ("cut", der[:-5], 0, "a length that goes beyond the end"), ("ber", ber, 0, "indefinite length"),
            ("a tail", der + b"\x05\x00", len(der), "bytes after the end"),
            ("ber inside", b"\x30\x0a\x02\x01\x01" + ber, 5, "indefinite length"),
            ("words", b"words and nothing else", 0, "a length that goes beyond the end"), ("nothing", b"", 0, "nothing at all"),
        ]
        for what, content, offset, why in rows:
            with self.subTest(what):
                done = self.inspect("-", stdin=content)
                self.assertEqual(done.code, 2, done)
                self.assertIn(f"stops being DER at byte {offset}: {why}", done.err)
                document = self.inspect("-", "--json", stdin=content)
                self.assertEqual(document.code, 2)
                self.assertEqual(document.json["objects"][0]["fault"], {"offset": offset, "why": why})
                self.assertEqual(document.json["error"]["code"], "not_der")
        self.assertIn("INTEGER  0x01", self.inspect("-", stdin=rows[3][1]).out)

    def test_a_certificate_that_cotter_refuses_is_shown_and_named(self):
        der = bytearray(self.leaf.der())
        version = der.index(b"\xa0\x03\x02\x01\x02")
        der[version + 4] = 1  # version 2, with extensions
        [one] = self.objects("-", stdin=bytes(der))
        self.assertIn("cotter refuses it", one["summary"]["problems"][0])
        self.assertEqual(one["summary"]["subject"], "CN=db.example")

    def test_A166_A234_deep_long_and_huge_files_are_shown_in_bounds(self):
        deep = b"\x05\x00"
        for _ in range(4000):
            size = len(deep)
            head = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big") if size > 255 else bytes([0x81, size])
            deep = b"\x30" + head + deep
        huge = b"\x02\x83\xf0\x00\x00" + b"\x7f" * 0xF00000
        rows = [("deep", deep, "nested deeper", 2), ("a huge integer", huge, "", 0),
                ("a huge identifier", b"\x06\x83\xf0\x00\x00" + b"\x81" * 0xEFFFFF + b"\x01", "", 0),
                ("many", b"\x30\x83\x4c\x4b\x40" + b"\x05\x00" * 2_500_000, "more elements than are shown", 2)]
        for what, content, why, code in rows:
            with self.subTest(what):
                done = self.inspect(self.mint.file("hostile", content))
                self.assertEqual(done.code, code, str(done)[:1000])
                self.assertIn(why, done.err)
                self.assertLess(len(done.raw), 60 << 20)
                self.assertLess(max(map(len, done.out.splitlines())), 700)

    def test_A62_only_files_are_read(self):
        fifo = self.alice.path("fifo")
        os.mkfifo(fifo)
        for path in (fifo, "/dev/zero", self.alice.folder):
            self.assertEqual(self.inspect(path).code, 2)
        self.assertEqual(self.inspect("nowhere").code, 1)

    def test_A149_names_of_a_file_are_escaped(self):
        evil = self.mint.server("evil", names="", subject="/CN=a\x1b[2Jb")
        done = self.inspect(evil.certificate)
        self.assertNotIn("\x1b", done.out)
        self.assertIn("a\\x1b[2Jb", done.out)


class Summary(InspectTest):
    def test_it_tells_a_certificate(self):
        [one] = self.objects(self.leaf.certificate)
        told = one["summary"]
        self.assertEqual((told["kind"], told["version"], told["issuer"], told["subject"], told["key"], told["is_ca"]),
                         ("certificate", "3", "CN=root", "CN=db.example", "EC P-256", "false"))
        self.assertEqual((told["not_before"], told["signature_algorithm"]), ("2024-01-01T00:00:00Z", "ecdsa-with-SHA256"))
        self.assertEqual(told["san"], ["DNS:db.example", "IP:192.0.2.1"])
        self.assertEqual(told["problems"], [])
        entry = self.alice.do("pin", self.leaf.certificate, "--json").json["certificates"][0]
        self.assertEqual((told["pin"], told["certificate_pin"]), (entry["pins"]["spki-sha256"], entry["pins"]["cert-sha256"]))
        extensions = {one["name"]: one for one in told["extensions"]}
        for name, value in (("X509v3 Basic Constraints", "CA:FALSE"), ("X509v3 Key Usage", "Digital Signature"),
                            ("X509v3 CRL Distribution Points", "URI:http://ca.example/crl"),
                            ("Authority Information Access", "OCSP - URI:http://ca.example/ocsp"),
                            ("X509v3 Certificate Policies", "Policy: 1.2.3.4"), ("TLS Feature", "status_request")):
            self.assertIn(value, extensions[name]["values"], name)
        self.assertTrue(extensions["X509v3 Key Usage"]["critical"])
        self.assertIn("Digital Signature", self.inspect(self.leaf.certificate).out)

    def test_it_tells_every_other_object(self):
        key = self.leaf.key
        pem = self.leaf.certificate
        ocsp = self.mint.path("ocsp")
        openssl("ocsp", "-index", self.mint.path("index.txt"), "-CA", self.root.certificate, "-rsigner", self.root.certificate, "-rkey",
                self.root.key, "-issuer", self.root.certificate, "-cert", pem, "-respout", ocsp, "-noverify")
        with open(ocsp, "rb") as file:
            answer = file.read()
        rows = [
            (openssl("req", "-new", "-key", key, "-subj", "/CN=x"), "certificate request", "subject", "CN=x"),
            (openssl("crl", "-in", self.mint.crl("two", self.root, self.leaf)), "certificate revocation list", "revoked", "1"),
            (openssl("pkey", "-in", key), "private key", "key", "EC P-256"), (openssl("pkey", "-in", key, "-pubout"), "public key", "key", "EC P-256"),
            (openssl("pkcs8", "-topk8", "-in", key, "-passout", "pass:x"), "encrypted private key", "encryption", "PBES2"),
            (openssl("crl2pkcs7", "-nocrl", "-certfile", pem), "PKCS#7", "certificates", "1"),
            (openssl("pkcs12", "-export", "-in", pem, "-inkey", key, "-passout", "pass:x"), "PKCS#12", "mac_iterations", "2048"),
            (answer, "OCSP response", "status", "successful"),
        ]
        for content, kind, name, value in rows:
            with self.subTest(kind):
                [one] = self.objects("-", stdin=content)
                self.assertEqual((one["summary"]["kind"], one["summary"][name]), (kind, value))
                self.assertIn(value, self.inspect("-", stdin=content).out)

    def test_what_makes_a_key_private_is_shown_only_when_asked_for(self):
        for kind in ("ec", "rsa", "ed25519"):
            key = new_key(self.alice.path(kind), kind)
            der = openssl("pkey", "-in", key, "-outform", "DER")
            secrets = [der[at : at + 8].hex() for at in range(len(der) // 2, len(der) - 24)]
            for arguments in ([], ["--hex"], ["--json", "--hex"]):
                done = self.inspect(key, *arguments)
                self.assertEqual(done.code, 0)
                text = done.out.replace(" ", "")
                self.assertFalse([one for one in secrets if one in text], done.out)
                self.assertIn("hidden", done.out)
            shown = self.inspect(key, "--show-private").out
            self.assertNotIn("hidden", shown)


if __name__ == "__main__":
    sys.exit(unittest.main())
