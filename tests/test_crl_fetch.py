"""CRLs: fetched from where certificates say, bounded in every way, and never rolled back; openssl verify agrees."""

import os
import tempfile
import unittest

from harness.case import TunnelTest
from harness.chains import BEGIN, PAST, Mint
from harness.processes import Finished
from harness.status import StatusChain, StatusServer, numbered_crl
from harness.tls_servers import OpensslServer

EARLIER, LATER = "20250101000000Z", "20260101000000Z"


class CrlTest(TunnelTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-crl-"))
        cls.mint = Mint(cls.folder)
        cls.http = cls.enterClassContext(StatusServer(cls.mint))
        cls.certificates = StatusChain(cls.mint, cls.http)
        cls.root, cls.middle, cls.leaf = cls.certificates.root, cls.certificates.middle, cls.certificates.leaf
        cls.root_crl = numbered_crl(cls.mint, cls.root, 1)
        cls.clean = numbered_crl(cls.mint, cls.middle, 1)

    def setUp(self):
        self.alice = self.side("alice")
        self.http.requests.clear()
        self.http.files.clear()
        self.http.serve("/root.crl", self.root_crl)
        self.http.serve("/middle.crl", self.clean)

    def judge(self, *arguments, host="db.example", root=None, side=None):
        return (side or self.alice).run("verify", "--chain", self.certificates.bundle, "--host", host, "--trust", "chain",
                                        "--roots", (root or self.root).certificate, *arguments, "--json")

    def fetch(self, *arguments, **options):
        return self.judge("--fetch-crl", "--fetch-private", *arguments, **options)

    def assert_codes(self, expected, done, why=""):
        document = done.json
        codes = list(dict.fromkeys(reason["code"] for reason in document["reasons"]))
        self.assertEqual(codes, expected, f"{why} {document['reasons']}")
        self.assertEqual(done.code, 3 if expected else 0, why)
        return " ".join(reason["message"] for reason in document["reasons"])


class Fetching(CrlTest):
    def test_each_certificate_below_the_anchor_is_looked_up_where_it_says(self):
        self.assert_codes([], self.fetch())
        self.assertEqual(sorted(self.http.requests), ["/middle.crl", "/root.crl"])
        self.http.serve("/middle.crl", numbered_crl(self.mint, self.middle, 2, self.leaf, form="DER"))
        self.assert_codes(["revoked"], self.fetch())
        self.http.serve("/root.crl", numbered_crl(self.mint, self.root, 2, self.middle))
        self.assert_codes(["revoked"], self.fetch())
        self.http.requests.clear()
        self.assert_codes(["revoked"], self.fetch("--revocation", "leaf"))
        self.assertEqual(self.http.requests, ["/middle.crl"])

    def test_A108_what_does_not_come_or_does_not_decide_refuses(self):
        stranger = self.mint.authority("middle")
        rows = [
            ("nothing there", None, ["revocation_unknown"], "404"),
            ("no CRL", b"<html>", ["revocation_unknown"], "/middle.crl"),
            ("another's", numbered_crl(self.mint, self.root, 1), ["revocation_unknown"], "no CRL"),
            ("forged", numbered_crl(self.mint, stranger, 9), ["revocation_unknown"], "did not sign"),
            ("out of date", numbered_crl(self.mint, self.middle, 1, begin=PAST, end=BEGIN), ["stale_revocation"], "out of date"),
            ("not yet begun", numbered_crl(self.mint, self.middle, 1, begin="20390101000000Z"), ["stale_revocation"], "not begun"),
            ("led round in circles", f"{self.http.url}/middle.crl", ["revocation_unknown"], "redirects"),
            ("led to a file", "file:///etc/hostname", ["revocation_unknown"], "/middle.crl"),
            ("led to ftp", "ftp://127.0.0.1/x", ["revocation_unknown"], "/middle.crl"),
            ("endless", b"\0" * (33 << 20), ["revocation_unknown"], "larger than"),
        ]
        for why, served, expected, told in rows:
            with self.subTest(why):
                self.http.files.pop("/middle.crl")
                if isinstance(served, bytes) or (served and served.startswith(("http:", "file:", "ftp:"))):
                    self.http.files["/middle.crl"] = served
                elif served:
                    self.http.serve("/middle.crl", served)
                self.assertIn(told, self.assert_codes(expected, self.fetch(side=self.side("fresh")), why))
                self.http.files["/middle.crl"] = b""

    def test_a_redirect_is_followed_to_http(self):
        self.http.files["/moved.crl"] = self.http.files["/middle.crl"]
        self.http.files["/middle.crl"] = f"{self.http.url}/moved.crl"
        self.assert_codes([], self.fetch())

    def test_A100_no_url_of_a_certificate_is_followed_unless_that_is_said(self):
        self.assert_codes([], self.judge())
        self.assert_codes([], self.judge("--fetch-private"))
        told = self.assert_codes(["revocation_unknown"], self.judge("--fetch-crl"))
        self.assertIn("127.0.0.1, which is not of the public network", told)
        self.assert_codes(["host_mismatch"], self.fetch("--revocation", "off", host="other.example"))
        self.assertEqual(self.fetch(root=self.mint.authority("other")).code, 3)
        self.assertEqual(self.fetch(host="other.example").code, 3)
        self.assertEqual(self.http.requests, [])

    def test_the_environment_sends_nothing_through_a_proxy(self):
        env = self.alice.env() | {"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
        done = Finished(self.alice.command("verify", "--chain", self.certificates.bundle, "--host", "db.example", "--trust", "chain",
                                           "--roots", self.root.certificate, "--fetch-crl", "--fetch-private", "--json"), env=env)
        self.assert_codes([], done)


class Rollback(CrlTest):
    def older_and_newer(self):
        return (numbered_crl(self.mint, self.middle, 4, begin=EARLIER),
                numbered_crl(self.mint, self.middle, 5, self.leaf, begin=LATER))

    def test_A112_an_older_crl_is_refused_once_a_newer_one_was_seen(self):
        older, newer = self.older_and_newer()
        self.http.serve("/middle.crl", older)
        self.assert_codes([], self.fetch())
        self.http.serve("/middle.crl", newer)
        self.assert_codes(["revoked"], self.fetch())
        self.http.serve("/middle.crl", older)
        told = self.assert_codes(["stale_revocation"], self.fetch())
        self.assertIn("number 5 of 2026-01-01T00:00:00Z", told)
        given = ["--crl", older, "--crl", self.root_crl]
        self.assert_codes(["stale_revocation"], self.judge(*given), "from a file, too")
        self.assert_codes([], self.judge(*given, side=self.side("bob")), "who has seen none can't know")
        self.assert_codes([], self.judge(*given, "--at", "2025-06-01T00:00:00Z"), "of another time it was the newest")
        file = os.path.join(self.alice.state, "crl_numbers")
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)

    def test_A112_a_rollback_to_what_did_not_revoke_yet_does_not_help_a_live_server_either(self):
        older, newer = self.older_and_newer()
        server = self.enterContext(OpensslServer(self.leaf))
        trust = ["--server-name", "db.example", "--trust", "chain", "--roots", self.root.certificate, "--fetch-crl",
                 "--fetch-private"]
        self.http.serve("/middle.crl", older)
        done = self.alice.run("connect", server.address, *trust, stdin=b"abc\n")
        self.assertEqual((done.code, done.raw), (0, b"cba\n"), done)
        self.http.serve("/middle.crl", newer)
        self.assertEqual(self.alice.run("connect", server.address, *trust, stdin=b"abc\n").code, 3)
        self.http.serve("/middle.crl", older)
        done = self.alice.run("connect", server.address, *trust, stdin=b"abc\n")
        self.assertEqual((done.code, done.raw), (3, b""), done)
        self.assertIn("number 5", done.err)

    def test_A112_a_memory_that_can_not_be_read_lets_no_crl_count(self):
        given = ["--crl", self.clean, "--crl", self.root_crl]
        self.assert_codes([], self.judge(*given))
        file = os.path.join(self.alice.state, "crl_numbers")
        with open(file, encoding="ascii") as content:
            sound = content.read()
        for content, mode in ((sound[:-1], 0o600), (sound + "what\n", 0o600), (sound, 0o644), (sound + sound, 0o600)):
            with open(file, "w", encoding="ascii") as broken:
                broken.write(content)
            os.chmod(file, mode)
            told = self.assert_codes(["revocation_unknown"], self.judge(*given), content)
            self.assertIn("crl_numbers", told)
        os.unlink(file)
        self.assert_codes([], self.judge(*given))


class Agreement(CrlTest):
    def test_A108_openssl_verify_judges_the_same_crls_alike(self):
        sets = {
            "both clean": [self.root_crl, self.clean],
            "one missing": [self.clean],
            "none of this chain": [numbered_crl(self.mint, self.mint.authority("other"), 1)],
            "the leaf revoked": [self.root_crl, numbered_crl(self.mint, self.middle, 2, self.leaf)],
            "the authority revoked": [numbered_crl(self.mint, self.root, 2, self.middle), self.clean],
            "out of date": [self.root_crl, numbered_crl(self.mint, self.middle, 1, begin=PAST, end=BEGIN)],
            "forged": [self.root_crl, numbered_crl(self.mint, self.mint.authority("middle"), 1)],
        }
        for why, crls in sets.items():
            ours = self.judge(*(word for crl in crls for word in ("--crl", crl)), side=self.side("fresh"))
            files = [word for crl in crls for word in ("-CRLfile", crl)]
            theirs = Finished(["openssl", "verify", "-crl_check_all", *files, "-CAfile", self.root.certificate, "-untrusted",
                               self.middle.certificate, self.leaf.certificate])
            self.assertEqual(ours.code == 0, theirs.code == 0, f"{why}\n{ours}\n{theirs}")


if __name__ == "__main__":
    unittest.main()
