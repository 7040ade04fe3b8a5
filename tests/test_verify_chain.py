"""verify --chain: what the judge makes of chains that openssl minted, its JSON document, and the rules of the call."""

import base64
import ipaddress
import pathlib
import re
import sys
import tempfile
import unittest

from harness.case import TunnelTest
from harness.chains import AUTHORITY, BEGIN, FUTURE, PAST, SERVER, Mint
from harness.handmade import Certificate, RsaKey, alternative_names, basic_constraints, dns, pem, tlv

CERTIFICATE_KEYS = ["position", "subject", "issuer", "serial", "not_before", "not_after", "is_ca", "san", "key", "pins"]
VERDICT_KEYS = ["verdict", "host", "port", "trust", "matched", "reasons", "notes", "presented", "chain", "checked", "not_checked"]
NOW = "2026-12-01T00:00:00Z"


class ChainTest(TunnelTest):
    """The authorities are made once: what is judged differs in its leaf."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-chains-"))
        cls.mint = Mint(cls.folder)
        cls.root = cls.mint.authority("root")
        cls.middle = cls.mint.authority("middle", cls.root)
        cls.other = cls.mint.authority("other")
        cls.leaf = cls.mint.server("db.example", cls.middle)

    def setUp(self):
        self.alice = self.side("alice")

    def judge(self, chain, *arguments, host="db.example", at=NOW, roots=None, trust="chain"):
        """The JSON document of a verdict on these certificates, and the exit code."""
        file = chain if isinstance(chain, str) else self.mint.bundle("chain.pem", *chain)
        trusted = ["--roots", (roots or self.root).certificate] if roots is not False else []
        done = self.alice.run("verify", "--chain", file, *(["--host", host] if host else []), *(["--at", at] if at else []),
                              *trusted, *(["--trust", trust] if trust else []), *arguments, "--json")
        self.assertEqual(done.out.count("\n"), 1, done)
        return done.code, done.json

    def pin(self, minted):
        return self.alice.do("pin", minted.certificate, "--format", "cotter").out.strip()

    def assert_verdict(self, expected, chain, *arguments, why="", **options):
        """`expected`: the reasons' codes in order; none means trusted."""
        code, document = self.judge(chain, *arguments, **options)
        self.assertIn("reasons", document, document)
        codes = list(dict.fromkeys(reason["code"] for reason in document["reasons"]))  # several certificates may have one
        self.assertEqual(codes, expected, f"{why} {document['reasons']}")
        self.assertEqual((code, document["verdict"]), (3, "refused") if expected else (0, "trusted"), why)
        return document


class Document(ChainTest):
    def test_every_key_of_the_contract_is_there(self):
        document = self.assert_verdict([], [self.leaf, self.middle])
        self.assertEqual(list(document), VERDICT_KEYS)
        self.assertEqual((document["host"], document["port"], document["trust"], document["matched"]),
                         ("db.example", 443, "chain", None))
        self.assertEqual((document["reasons"], document["notes"]), ([], []))
        self.assertEqual(len(document["presented"]), 2)
        self.assertEqual([one["subject"] for one in document["chain"]], ["CN=db.example", "CN=middle", "CN=root"])
        for position, one in enumerate(document["chain"]):
            self.assertEqual(list(one), CERTIFICATE_KEYS)
            self.assertEqual(one["position"], position)
        leaf = document["chain"][0]
        self.assertEqual((leaf["not_before"], leaf["not_after"], leaf["is_ca"], leaf["san"], leaf["key"]),
                         ("2024-01-01T00:00:00Z", "2040-01-01T00:00:00Z", False, ["DNS:db.example"], "EC P-256"))
        self.assertEqual(list(leaf["pins"]), ["spki-sha256", "spki-sha512", "cert-sha256", "key-sha256"])

    def test_a_refusal_has_code_and_message_for_each_reason(self):
        document = self.assert_verdict(["host_mismatch"], [self.leaf, self.middle], host="mail.example:993")
        self.assertEqual((document["host"], document["port"]), ("mail.example", 993))
        self.assertEqual(list(document["reasons"][0]), ["code", "message"])
        self.assertIn("mail.example", document["reasons"][0]["message"])

    def test_a_match_names_the_pin_and_its_place_in_the_verified_chain(self):
        for match, minted, position in (("leaf", self.leaf, 0), ("issuer", self.middle, 1), ("any", self.root, 2)):
            document = self.assert_verdict([], [self.leaf, self.middle], "--pin", self.pin(minted), "--match", match,
                                           trust="chain+pins")
            self.assertEqual(document["matched"], {"pin": self.pin(minted), "position": position})

    def test_people_get_the_same_in_words_and_what_to_do(self):
        file = self.mint.bundle("chain.pem", self.leaf, self.middle)
        done = self.alice.run("verify", "--chain", file, "--host", "other.example", "--trust", "chain", "--roots",
                              self.root.certificate)
        self.assertEqual(done.code, 3)
        self.assertIn("refused  other.example:443  by chain", done.out)
        self.assertIn("host_mismatch", done.out)
        self.assertIn("next: ", done.err)


class Verdicts(ChainTest):
    def test_a_chain_needs_path_name_dates_and_purpose(self):
        mint, middle = self.mint, self.middle
        rows = [
            ("all holds", [self.leaf, middle], []),
            ("the anchor sent along", [self.leaf, middle, self.root], []),
            ("A79 reversed, doubled, with a stranger", [self.leaf, self.other, self.root, middle, middle], []),
            ("the one between is missing", [self.leaf], ["chain_untrusted"]),
            ("another's root", [self.leaf, mint.authority("middle", self.other)], ["chain_untrusted"]),
            ("self-signed", [mint.server("db.example")], ["chain_untrusted"]),
            ("expired", [mint.server("db.example", middle, begin=PAST, end=BEGIN), middle], ["expired"]),
            ("not yet valid", [mint.server("db.example", middle, begin=FUTURE), middle], ["not_yet_valid"]),
            ("A29 for clients only",
             [mint.server("db.example", middle, extensions=SERVER.replace("serverAuth", "clientAuth")), middle],
             ["wrong_purpose"]),
            ("A97 signed with SHA-1", [mint.server("db.example", middle, digest="sha1"), middle], ["weak_signature"]),
            ("A101 an RSA key of 1024 bits", [mint.server("db.example", middle, key="rsa1024"), middle], ["weak_key"]),
            ("A03 issued by an ordinary leaf", [mint.server("db.example", self.leaf), self.leaf, middle],
             ["chain_untrusted"]),
            ("A92 too long for its pathLen",
             [(deep := mint.server("db.example", under := mint.authority("under", zero := mint.authority(
                 "zero", self.root, extensions=AUTHORITY.replace("CA:true", "CA:true,pathlen:0"))))), under, zero],
             ["chain_untrusted"]),
            ("A94 an unknown critical extension",
             [mint.server("db.example", middle, extensions=SERVER + "1.2.3.4=critical,ASN1:NULL\n"), middle],
             ["chain_untrusted"]),
            ("A93 outside the name constraints",
             [mint.server("db.example", narrow := mint.authority(
                 "narrow", self.root, extensions=AUTHORITY + "nameConstraints=critical,permitted;DNS:example.org\n")), narrow],
             ["chain_untrusted"]),
            ("several at once, in their order",
             [mint.server("mail.example", middle, begin=PAST, end=BEGIN), middle], ["host_mismatch", "expired"]),
        ]
        del deep
        for why, chain, expected in rows:
            with self.subTest(why):
                self.assert_verdict(expected, chain, why=why)

    def test_A29_a_chain_is_judged_for_the_purpose_that_is_asked_about(self):
        usages = {"serverAuth": ("server",), "clientAuth": ("client",), "serverAuth,clientAuth": ("server", "client"),
                  "emailProtection": ()}
        for usage, purposes in usages.items():
            leaf = self.mint.server("db.example", self.middle, extensions=SERVER.replace("serverAuth", usage))
            for purpose in ("server", "client"):
                self.assert_verdict([] if purpose in purposes else ["wrong_purpose"], [leaf, self.middle], "--purpose", purpose,
                                    why=f"{usage} for {purpose}")

    def test_A98_the_anchor_must_be_inside_its_dates_too(self):
        old = self.mint.authority("old", begin=PAST, end=BEGIN)
        self.assert_verdict(["expired"], [self.mint.server("db.example", old)], roots=old)

    def test_A120_both_dates_are_inclusive_to_the_second(self):
        for at, expected in (("2023-12-31T23:59:59Z", ["not_yet_valid"]), ("2024-01-01T00:00:00Z", []),
                             ("2040-01-01T00:00:00Z", []), ("2040-01-01T00:00:01Z", ["expired"]),
                             ("2040-01-01T01:00:00+01:00", [])):
            self.assert_verdict(expected, [self.leaf, self.middle], at=at, why=at)

    def test_A01_a_pinned_certificate_that_is_merely_appended_matches_nothing(self):
        impostor = self.mint.server("db.example", self.root)
        for match in ("leaf", "issuer", "any"):
            for appended in (self.leaf, self.middle):
                self.assert_verdict(["pin_mismatch"], [impostor, appended], "--pin", self.pin(appended), "--match", match,
                                    trust="chain+pins", why=match)
        # Under pins alone, the appended one would have to have signed the leaf.
        self.assert_verdict(["chain_untrusted"], [impostor, self.middle], "--pin", self.pin(self.middle), "--match", "any",
                            trust="pins", roots=False)
        self.assert_verdict(["pin_mismatch"], [impostor, self.leaf], "--pin", self.pin(self.leaf), trust="pins", roots=False)

    def test_A02_a_pin_above_the_leaf_counts_only_with_name_dates_and_purpose(self):
        pinned = ["--pin", self.pin(self.middle), "--match", "issuer"]
        rows = [
            ("all holds", self.leaf, []),
            ("another customer of that authority", self.mint.server("evil.example", self.middle), ["host_mismatch"]),
            ("expired", self.mint.server("db.example", self.middle, begin=PAST, end=BEGIN), ["expired"]),
            ("for clients", self.mint.server("db.example", self.middle,
                                             extensions=SERVER.replace("serverAuth", "clientAuth")), ["wrong_purpose"]),
        ]
        for why, leaf, expected in rows:
            self.assert_verdict(expected, [leaf, self.middle], *pinned, trust="pins", roots=False, why=why)

    def test_A03_a_pinned_signer_that_is_no_authority_signs_nothing(self):
        self.assert_verdict(["chain_untrusted"], [self.mint.server("db.example", self.leaf), self.leaf],
                            "--pin", self.pin(self.leaf), "--match", "issuer", trust="pins", roots=False)

    def test_a_pinned_leaf_counts_whatever_its_name_and_dates_are(self):
        old = self.mint.server("elsewhere.example", begin=PAST, end=BEGIN)
        self.assert_verdict([], [old], "--pin", self.pin(old), trust="pins", roots=False)

    def test_A101_a_weak_key_is_refused_even_when_pinned(self):
        weak = self.mint.server("db.example", key="rsa1024")
        self.assert_verdict(["weak_key"], [weak], "--pin", self.pin(weak), trust="pins", roots=False)

    def test_A59_a_pin_that_is_another_things_digest_is_explained(self):
        pins = self.alice.do("pin", self.leaf.certificate, "--json").json["certificates"][0]["pins"]
        for given, word in ((pins["cert-sha256"].removeprefix("cert-"), "cert digest of the leaf"),
                            (pins["key-sha256"].removeprefix("key-"), "key digest of the leaf"),
                            ("cert-" + pins["spki-sha256"], "spki digest of the leaf")):
            document = self.assert_verdict(["pin_mismatch"], [self.leaf], "--pin", given, trust="pins", roots=False)
            self.assertIn(word, document["reasons"][0]["message"])

    def test_A55_no_pin_is_no_match(self):
        self.assert_verdict(["empty_pinset"], [self.leaf], trust="pins", roots=False)
        self.assert_verdict(["empty_pinset"], [self.leaf, self.middle], trust="chain+pins")


class Names(ChainTest):
    def test_names_are_compared_as_section_7_says(self):
        rows = [
            ("A84 one label", "DNS:*.example.org", "a.example.org", True),
            ("A84 not two", "DNS:*.example.org", "a.b.example.org", False),
            ("A84 not none", "DNS:*.example.org", "example.org", False),
            ("A84 no part of a label", "DNS:a*.example.org", "ab.example.org", False),
            ("A84 not in the middle", "DNS:a.*.org", "a.b.org", False),
            ("A84 not alone", "DNS:*", "localhost", False),
            ("A84 not above a public suffix", "DNS:*.org", "example.org", False),
            ("A85 letters of any case", "DNS:Db.Example.ORG", "dB.eXAMPLE.org", True),
            ("A85 one dot at the end of ours", "DNS:example.org", "example.org.", True),
            ("a dot at the end of theirs", "DNS:example.org.", "example.org", False),
            ("A87 a U-label is its A-label", "DNS:xn--bcher-kva.example", "bücher.example", True),
            ("A83 an address", "IP:192.0.2.1", "192.0.2.1", True),
            ("A83 no address as a name", "DNS:192.0.2.1", "192.0.2.1", False),
            ("A83 another address", "IP:192.0.2.1", "192.0.2.2", False),
            ("A83 IPv6 in any spelling", "IP:2001:db8:0:0::1", "[2001:DB8::1]", True),
            ("A88 a URI is no name", "URI:https://example.org", "example.org", False),
            ("A88 an e-mail address is no name", "email:a@example.org", "example.org", False),
            ("A82 the common name never counts", "", "example.org", False),
            ("A82 nor beside an e-mail address", "email:a@example.net", "example.org", False),
        ]
        for why, names, host, matches in rows:
            with self.subTest(why):
                leaf = self.mint.server("example.org", self.root, names=names)
                self.assert_verdict([] if matches else ["host_mismatch"], [leaf], host=host, why=why)

    def test_A87_a_name_is_shown_as_its_a_label_and_no_letter_passes_for_another(self):
        look_alike = alternative_names(dns("xn--bcher-kva.example"), dns("p\u0430ypal.example"))
        leaf = Certificate("db.example", key := RsaKey(), None, [look_alike])
        file = self.mint.file("chain.pem", pem("CERTIFICATE", leaf.der))
        pinned = ["--chain", file, "--pin", f"spki-der/{base64.b64encode(key.spki).decode()}", "--match", "leaf"]
        for host in ("b\u00fccher.example", "bu\u0308cher.example", "XN--BCHER-KVA.example."):
            document = self.alice.do("verify", *pinned, "--host", host, "--json").json
            self.assertEqual(document["host"], "xn--bcher-kva.example")
            self.assertEqual(document["presented"][0]["san"], ["DNS:xn--bcher-kva.example", r"DNS:p\xd0\xb0ypal.example"])
        refused = self.alice.run("verify", "--chain", file, "--host", "p\u0430ypal.example", "--trust", "chain", "--roots", file)
        self.assertIn("the certificate is not for xn--pypal-4ve.example", refused.out)
        self.assertTrue(refused.out.isascii(), refused.out)

    def test_A89_names_are_an_array_and_none_is_made_of_another(self):
        hostile = ["a.example, DNS:db.example", 'a.example","DNS:db.example', "a.example\\", "DNS:db.example", "a'b`c$(d)"]
        leaf = Certificate("db.example", RsaKey(), None, [alternative_names(*map(dns, hostile))])
        file = self.mint.file("chain.pem", pem("CERTIFICATE", leaf.der))
        shown = self.alice.do("pin", file, "--json").json["certificates"][0]["san"]
        self.assertEqual(shown, ["DNS:" + name.replace("\\", "\\\\") for name in hostile])
        done = self.alice.run("verify", "--chain", file, "--host", "db.example", "--trust", "chain", "--roots", file, "--json")
        self.assertIn("host_mismatch", [reason["code"] for reason in done.json["reasons"]])

    def test_A91_very_many_names_are_matched_and_not_recited(self):
        names = [dns(f"n{number}.example") for number in range(5000)]
        leaf = Certificate("db.example", RsaKey(), None, [alternative_names(*names, dns("x" * 5000))])
        file = self.mint.file("chain.pem", pem("CERTIFICATE", leaf.der))
        for host, is_named in (("n4999.example", True), ("n5000.example", False)):
            done = self.alice.run("verify", "--chain", file, "--host", host, "--trust", "chain", "--roots", file)
            self.assertEqual("host_mismatch" not in done.out, is_named, done.out)
            self.assertLess(len(done.out + done.err), 2000)
        shown = self.alice.do("pin", file, "--json").json["certificates"][0]["san"]
        self.assertEqual(len(shown), 5001)
        self.assertLess(len(shown[-1]), 1100)

    def test_docs_names_says_what_is_so(self):
        text = (pathlib.Path(__file__).resolve().parents[1] / "docs/names.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| `(\w+):(\S+)` \| `(\S+)` \| (no )?match \|$", text, re.MULTILINE)
        self.assertEqual(len(rows), sum(line.endswith("match |") for line in text.splitlines()))
        self.assertGreater(len(rows), 20)
        root = Certificate("root", root_key := RsaKey(), None, [basic_constraints(True)])
        roots = self.mint.file("names-root.pem", pem("CERTIFICATE", root.der))
        tags = {"DNS": 0x82, "URI": 0x86, "EMAIL": 0x81, "IP": 0x87}
        for kind, value, host, no in rows:
            octets = ipaddress.ip_address(value).packed if kind == "IP" else value.encode()
            leaf = Certificate("leaf", root_key, root, [alternative_names(tlv(tags[kind], octets))])
            chain = self.mint.file("names-leaf.pem", pem("CERTIFICATE", leaf.der))
            done = self.alice.run("verify", "--chain", chain, "--host", f"[{host}]" if ":" in host else host, "--trust", "chain",
                                  "--roots", roots)
            self.assertEqual(done.code, 3 if no else 0, f"{kind}:{value} {host} {done}")

    def test_A86_malformed_names_are_2(self):
        file = self.mint.bundle("chain.pem", self.leaf, self.middle)
        for host in ("a..b", ".example.org", "exa mple", "example.org\n", "a" * 64 + ".org", "-a.org", "a-.org", "*.example.org",
                     "1.2.3", "0x7f.1", "127.1", "[::1", "[1.2.3.4]", "::1:443", "host:0", "host:65536", "host:x", "[::1%lo]",
                     "ex\u202eample.org", "a_b.org:"):
            done = self.alice.run("verify", "--chain", file, "--host", host, "--trust", "chain")
            self.assertEqual((done.code, done.out), (2, ""), f"{host!r} {done}")
            self.assertIn("next: ", done.err)


class Revocation(ChainTest):
    def test_A108_given_lists_must_decide(self):
        mint, root, middle, leaf = self.mint, self.root, self.middle, self.leaf
        fresh_root, fresh_middle = mint.crl("fresh-root", root), mint.crl("fresh-middle", middle)
        revoked, revoked_middle = mint.crl("revoked", middle, leaf), mint.crl("revoked-middle", root, middle)
        stale = mint.crl("stale", middle, begin=PAST, end=BEGIN)
        early = mint.crl("early", middle, begin=FUTURE)
        forged = mint.crl("forged", mint.authority("middle"))
        rows = [
            ("all clear", [fresh_root, fresh_middle], "chain", []),
            ("the leaf revoked", [fresh_root, revoked], "chain", ["revoked"]),
            ("the authority revoked", [revoked_middle, fresh_middle], "chain", ["revoked"]),
            ("the authority's list missing", [fresh_middle], "chain", ["revocation_unknown"]),
            ("out of date", [fresh_root, stale], "chain", ["stale_revocation"]),
            ("A109 from the future", [fresh_root, early], "chain", ["stale_revocation"]),
            ("A110 forged", [fresh_root, forged], "chain", ["revocation_unknown"]),
            ("another's only", [mint.crl("other", self.other)], "chain", ["revocation_unknown"]),
            ("only the leaf asked about", [fresh_middle], "leaf", []),
            ("the authority is not asked about", [revoked_middle, fresh_middle], "leaf", []),
            ("the leaf revoked, asked about alone", [revoked], "leaf", ["revoked"]),
            ("off", [revoked], "off", []),
        ]
        for why, lists, scope, expected in rows:
            with self.subTest(why):
                given = [word for one in lists for word in ("--crl", one)]
                self.assert_verdict(expected, [leaf, middle], *given, "--revocation", scope, why=why)

    def test_a_list_that_cannot_be_read_is_no_verdict(self):
        for content, code in ((None, 1), (b"", 2), (b"garbage", 2), (self.leaf.pem().encode(), 2)):
            path = self.mint.path("none.crl") if content is None else self.mint.file("bad.crl", content)
            done = self.alice.run("verify", "--chain", self.mint.bundle("chain.pem", self.leaf, self.middle), "--host",
                                  "db.example", "--trust", "chain", "--roots", self.root.certificate, "--crl", path)
            self.assertEqual((done.code, done.out), (code, ""), done)


class Calls(ChainTest):
    def run_with(self, *arguments, stdin=b""):
        return self.alice.run("verify", *arguments, stdin=stdin)

    def test_a_host_is_needed_but_where_a_leaf_alone_is_pinned(self):
        file = self.mint.bundle("chain.pem", self.leaf, self.middle)
        pin = self.pin(self.leaf)
        self.assertEqual(self.run_with("--chain", file, "--pin", pin).code, 0)
        self.assertEqual(self.run_with("--chain", file, "--pin", pin, "--trust", "pins").code, 0)
        for arguments in ((), ("--trust", "chain"), ("--pin", pin, "--trust", "chain+pins"), ("--pin", pin, "--match", "any"),
                          ("--pin", pin, "--match", "issuer")):
            done = self.run_with("--chain", file, *arguments)
            self.assertEqual((done.code, done.out), (2, ""), f"{arguments} {done}")
            self.assertIn("--host", done.err)

    def test_no_policy_is_3(self):
        done = self.run_with("--chain", self.leaf.certificate, "--host", "db.example", "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (3, "no_policy"))

    def test_a_dash_is_standard_input(self):
        done = self.run_with("--chain", "-", "--host", "db.example", "--trust", "chain", "--roots", self.root.certificate,
                             "--at", NOW, stdin=(self.leaf.pem() + self.middle.pem()).encode())
        self.assertEqual(done.code, 0, done)

    def test_calls_that_contradict_themselves_are_2(self):
        chain = ["--chain", self.leaf.certificate, "--host", "db.example"]
        for arguments in ([], ["db.example", *chain], [*chain, "--trust", "strict"], [*chain, "--trust", "accept-new"],
                          ["db.example", "--host", "x", "--trust", "chain"], ["db.example", "--at", NOW, "--trust", "chain"],
                          [*chain, "--trust", "chain", "--pin", self.pin(self.leaf)], [*chain, "--pin", "sha256/x"],
                          [*chain, "--trust", "chain", "--revocation", "some"], [*chain, "--trust", "chain", "--purpose", "any"],
                          ["db.example", "--purpose", "server", "--trust", "chain"]):
            done = self.run_with(*arguments)
            self.assertEqual((done.code, done.out), (2, ""), f"{arguments} {done}")

    def test_a_date_without_zone_or_sense_is_2(self):
        for at in ("2026-12-01", "2026-12-01T00:00:00", "2026-13-01T00:00:00Z", "2026-12-01T24:00:00Z", "yesterday", "0",
                   "2026-12-01T00:00:00Z ", "-2026-12-01T00:00:00Z"):
            done = self.run_with("--chain", self.leaf.certificate, "--host", "db.example", "--trust", "chain", "--at", at)
            self.assertEqual((done.code, done.out), (2, ""), f"{at} {done}")

    def test_a_chain_that_cannot_be_read_is_no_verdict(self):
        rows = [("missing", None, 1), ("empty", b"", 2), ("garbage", b"\0\1\2", 2), ("a key", self.leaf.key, 2),
                ("cut", self.leaf.pem()[:-40].encode(), 2)]
        for why, content, code in rows:
            path = self.mint.path("nowhere") if content is None else content if isinstance(content, str) else self.mint.file(
                "bad.pem", content)
            done = self.run_with("--chain", path, "--host", "db.example", "--trust", "chain")
            self.assertEqual((done.code, done.out), (code, ""), f"{why} {done}")


if __name__ == "__main__":
    sys.exit(unittest.main())
