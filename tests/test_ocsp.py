"""OCSP: responses in files, stapled by openssl s_server, asked for; the same answers that `openssl ocsp` accepts."""

import subprocess
import tempfile

from harness.case import TunnelTest
from harness.chains import SERVER, Mint
from harness.processes import Finished, event_of
from harness.status import DELEGATE, StatusChain, StatusServer, ocsp_about
from harness.tls_servers import OpensslServer

import unittest

MUST_STAPLE = SERVER + "tlsfeature=status_request\n"
VERSIONS = ("-tls1_3", "-tls1_2")


class OcspTest(TunnelTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-ocsp-"))
        cls.mint = Mint(cls.folder)
        cls.root = cls.mint.authority("root")
        cls.middle = cls.mint.authority("middle", cls.root)
        cls.leaf = cls.mint.server("db.example", cls.middle)
        cls.strict = cls.mint.server("db.example", cls.middle, extensions=MUST_STAPLE)
        cls.chain = cls.mint.bundle("chain.pem", cls.leaf, cls.middle)

    def setUp(self):
        self.alice = self.side("alice")

    def about(self, *arguments, **options):
        return ocsp_about(self.mint, *arguments, **options)

    def assert_codes(self, expected, done, why=""):
        """`expected`: the codes of the reasons, each once, in order; none means trusted."""
        document = done.json
        codes = list(dict.fromkeys(reason["code"] for reason in document["reasons"]))
        self.assertEqual(codes, expected, f"{why} {document['reasons']}")
        self.assertEqual(done.code, 3 if expected else 0, why)
        return " ".join(reason["message"] for reason in document["reasons"])

    def judge(self, *arguments, chain=None):
        return self.alice.run("verify", "--chain", chain or self.chain, "--host", "db.example", "--trust", "chain", "--roots",
                              self.root.certificate, *arguments, "--json")

    def look(self, server, *arguments):
        return self.alice.run("verify", server.address, "--server-name", "db.example", "--trust", "chain", "--roots",
                              self.root.certificate, *arguments, "--json")


class Files(OcspTest):
    def test_what_is_given_must_decide_for_every_certificate_below_the_anchor(self):
        leaf, middle = self.about(self.leaf), self.about(self.middle)
        other = self.mint.server("other.example", self.middle)
        stranger = self.mint.authority("middle", self.root)
        root_crl = self.mint.crl("root-clean", self.root)
        rows = [
            ("both", [leaf, middle], [], []),
            ("the order is free", [middle, leaf], [], []),
            ("the leaf alone", [leaf], [], ["revocation_unknown"]),
            ("the leaf alone, when only that is asked", [leaf], ["--revocation", "leaf"], []),
            ("a CRL for one, OCSP for the other", [leaf], ["--crl", root_crl], []),
            ("another's", [self.about(other), middle], [], ["revocation_unknown"]),
            ("revoked", [self.about(self.leaf, "revoked"), middle], [], ["revoked"]),
            ("good and revoked", [leaf, self.about(self.leaf, "revoked"), middle], [], ["revoked"]),
            ("the authority revoked", [leaf, self.about(self.middle, "revoked")], [], ["revoked"]),
            ("nobody asked", [self.about(self.leaf, "revoked")], ["--revocation", "off"], []),
            ("good, but revoked by a CRL", [leaf, middle],
             ["--crl", self.mint.crl("middle-revokes", self.middle, self.leaf), "--crl", root_crl], ["revoked"]),
            ("unknown to the responder", [self.about(self.leaf, "unknown"), middle], [], ["revocation_unknown"]),
            ("by a delegate", [self.about(self.leaf, signer=self.delegate()), middle], [], []),
            ("by a delegate of another", [self.about(self.leaf, signer=self.delegate(stranger)), middle], [],
             ["revocation_unknown"]),
            ("by who is no delegate", [self.about(self.leaf, signer=other), middle], [], ["revocation_unknown"]),
        ]
        for why, responses, arguments, expected in rows:
            with self.subTest(why):
                given = [word for one in responses for word in ("--ocsp-response", one)]
                self.assert_codes(expected, self.judge(*given, *arguments), why)

    def delegate(self, issuer=None):
        return self.mint.certificate("responder", DELEGATE, issuer or self.middle)

    def test_A113_openssl_accepts_and_refuses_the_same_answers(self):
        stranger = self.mint.authority("middle", self.root)
        other = self.mint.server("other.example", self.middle)
        for state, signer in (("good", None), ("revoked", None), ("unknown", None), ("good", self.delegate()),
                              ("revoked", self.delegate()), ("good", self.delegate(stranger)), ("good", other)):
            response = self.about(self.leaf, state, signer=signer)
            theirs = Finished(["openssl", "ocsp", "-respin", response, "-issuer", self.middle.certificate, "-cert",
                               self.leaf.certificate, "-CAfile", self.root.certificate, "-verify_other",
                               self.middle.certificate, "-no_nonce"])
            said = theirs.out.split(": ", 1)[1].split("\n")[0] if "Response verify OK" in theirs.err else "nothing"
            expected = {"good": [], "revoked": ["revoked"], "unknown": ["revocation_unknown"], "nothing": ["revocation_unknown"]}
            done = self.judge("--ocsp-response", response, "--revocation", "leaf")
            self.assert_codes(expected[said], done, f"{state} by {signer and signer.certificate}: {theirs.out}{theirs.err}")

    def test_a_file_that_is_no_answer_is_told_with_its_name(self):
        for content in (b"", b"\x30\x03\x0a\x01\x03", b"-----BEGIN CERTIFICATE-----\n"):
            file = self.mint.file("no-answer.der", content)
            done = self.judge("--ocsp-response", file)
            self.assertEqual(done.code, 2, done)
            self.assertIn("no-answer.der", done.out)
        self.assertIn("tryLater", self.judge("--ocsp-response", self.mint.file("later.der", b"\x30\x03\x0a\x01\x03")).out)

    def test_A115_a_file_that_must_be_stapled_to_needs_an_answer(self):
        chain = self.mint.bundle("strict.pem", self.strict, self.middle)
        self.assertIn("must-staple", self.assert_codes(["revocation_unknown"], self.judge(chain=chain)))
        self.assert_codes([], self.judge("--ocsp-response", self.about(self.strict), "--revocation", "leaf", chain=chain))
        self.assert_codes([], self.judge("--revocation", "off", chain=chain))
        crl = self.mint.crl("strict-clean", self.middle)
        self.assert_codes(["revocation_unknown"], self.judge("--crl", crl, "--revocation", "leaf", chain=chain),
                          "a CRL is not what it asks for")


class Stapled(OcspTest):
    def staple(self, minted, response, version):
        stapling = ["-status_file", response] if response else []
        return self.enterContext(OpensslServer(minted, version, *stapling))

    def test_A115_must_staple_needs_a_good_staple_and_any_revocation_refuses(self):
        forged = self.about(self.strict, signer=self.mint.certificate("responder", DELEGATE, self.root))
        rows = [
            ("plain, without a staple", self.leaf, None, []),
            ("plain, good", self.leaf, self.about(self.leaf), []),
            ("plain, revoked", self.leaf, self.about(self.leaf, "revoked"), ["revoked"]),
            ("plain, another's", self.leaf, self.about(self.middle), []),
            ("must-staple without one", self.strict, None, ["revocation_unknown"]),
            ("must-staple, good", self.strict, self.about(self.strict), []),
            ("must-staple, revoked", self.strict, self.about(self.strict, "revoked"), ["revoked"]),
            ("must-staple, unknown", self.strict, self.about(self.strict, "unknown"), ["revocation_unknown"]),
            ("must-staple, another's", self.strict, self.about(self.leaf), ["revocation_unknown"]),
            ("must-staple, forged", self.strict, forged, ["revocation_unknown"]),
        ]
        for version in VERSIONS:
            for why, minted, response, expected in rows:
                with self.subTest(f"{version} {why}"):
                    self.assert_codes(expected, self.look(self.staple(minted, response, version)), f"{version} {why}")

    def test_a_staple_covers_the_leaf_where_crls_must_decide(self):
        crl = self.mint.crl("root-only", self.root)
        for version in VERSIONS:
            self.assert_codes([], self.look(self.staple(self.leaf, self.about(self.leaf), version), "--crl", crl))
            self.assert_codes(["revocation_unknown"], self.look(self.staple(self.leaf, None, version), "--crl", crl))

    def connect(self, server, *arguments, stdin=b""):
        return self.alice.run("connect", server.address, "--server-name", "db.example", "--trust", "chain", "--roots",
                              self.root.certificate, "--min-tls", "1.2", *arguments, stdin=stdin)

    def test_A115_the_stream_is_held_back_inside_the_handshake(self):
        for version in VERSIONS:
            done = self.connect(self.staple(self.strict, self.about(self.strict), version), stdin=b"abc\n")
            self.assertEqual((done.code, done.raw), (0, b"cba\n"), done)
            for response, told in ((None, "must-staple"), (self.about(self.strict, "revoked"), "is revoked by a stapled OCSP answer")):
                refused = self.staple(self.strict, response, version)
                done = self.connect(refused, stdin=b"secret\n")
                self.assertEqual((done.code, done.raw), (3, b""), done)
                self.assertIn(told, done.err)
                refused.end()
                self.assertNotIn("secret", refused.out.text())

    def test_A114_a_resumed_session_is_judged_with_the_staple_that_it_began_with(self):
        for version in VERSIONS:
            server = self.staple(self.strict, self.about(self.strict), version)
            client = self.enterContext(self.alice.start(
                "connect", server.address, "--server-name", "db.example", "--trust", "chain", "--roots", self.root.certificate,
                "--min-tls", "1.2", "--resumption", "--listen", "127.0.0.1:0", "--json", "--log-format", "json"))
            at = client.out.wait(lambda line: (event_of(line) or {}).get("listen"), "listening event")
            for resumed in (None, "yes"):
                mark = client.err.count()
                talk = Finished(["python3", "-c", "import socket,sys\ns=socket.create_connection(('127.0.0.1',int(sys.argv[1])))\n"
                                 "s.sendall(b'abc\\n')\nassert s.recv(4)==b'cba\\n'\ns.close()", at.rsplit(":", 1)[1]])
                self.assertEqual(talk.code, 0, f"{talk}\n{client.err.text()}")
                event = client.err.wait(
                    lambda line: event if (event := event_of(line) or {}).get("event") == "connected" else None, "connected", mark)
                self.assertEqual(event.get("resumed"), resumed, version)
                client.err.wait(lambda line: (event_of(line) or {}).get("event") == "closed", "closed", mark)


class Fetched(OcspTest):
    def setUp(self):
        super().setUp()
        self.http = self.enterContext(StatusServer(self.mint))
        self.certificates = StatusChain(self.mint, self.http)

    def judge(self, *arguments, chain=None):
        return self.alice.run("verify", "--chain", chain or self.certificates.bundle, "--host", "db.example", "--trust", "chain",
                              "--roots", self.certificates.root.certificate, *arguments, "--json")

    def answer(self, **leaf):
        self.http.answer("/ocsp-root", self.certificates.root, good=[self.certificates.middle])
        self.http.answer("/ocsp-middle", self.certificates.middle, **leaf)

    def test_each_certificate_is_asked_about_at_the_responder_that_it_names(self):
        leaf = self.certificates.leaf
        self.answer(good=[leaf])
        self.assert_codes([], self.judge("--fetch-ocsp", "--fetch-private"))
        self.assertEqual(sorted(self.http.requests), ["/ocsp-middle", "/ocsp-root"])
        self.answer(revoked=[leaf])
        self.assert_codes(["revoked"], self.judge("--fetch-ocsp", "--fetch-private"))
        self.answer()
        self.assert_codes(["revocation_unknown"], self.judge("--fetch-ocsp", "--fetch-private"), "unknown")

    def test_A108_what_can_not_be_had_refuses_and_names_the_url(self):
        self.answer(good=[self.certificates.leaf])
        del self.http.authorities["/ocsp-root"]
        told = self.assert_codes(["revocation_unknown"], self.judge("--fetch-ocsp", "--fetch-private"))
        self.assertIn(f"{self.http.url}/ocsp-root", told)
        self.assertIn("500", told)
        plain = self.mint.server("db.example", self.certificates.middle)
        chain = self.mint.bundle("plain.pem", plain, self.certificates.middle)
        told = self.assert_codes(["revocation_unknown"],
                                 self.judge("--fetch-ocsp", "--fetch-private", "--revocation", "leaf", chain=chain))
        self.assertIn("names no OCSP responder", told)

    def test_A100_nobody_is_asked_unless_that_is_said_and_the_path_is_good(self):
        self.answer(good=[self.certificates.leaf])
        self.assert_codes([], self.judge())
        self.assert_codes([], self.judge("--fetch-private"))
        told = self.assert_codes(["revocation_unknown"], self.judge("--fetch-ocsp"))
        self.assertIn("--fetch-private", told)
        done = self.alice.run("verify", "--chain", self.certificates.bundle, "--host", "db.example", "--trust", "chain", "--roots",
                              self.root.certificate, "--fetch-ocsp", "--fetch-private", "--json")
        self.assertEqual(done.code, 3, done)
        self.assertIn("chain_untrusted", done.out)
        done = self.alice.run("verify", "--chain", self.certificates.bundle, "--host", "other.example", "--trust", "chain",
                              "--roots", self.certificates.root.certificate, "--fetch-ocsp", "--fetch-private", "--json")
        self.assertIn("host_mismatch", done.out)
        self.assertEqual(self.http.requests, [])

    def test_a_live_server_is_asked_about_before_the_stream_begins(self):
        self.answer(good=[self.certificates.leaf])
        for version in VERSIONS:
            # It wants a certificate of ours, which the first look does not offer.
            server = self.enterContext(OpensslServer(self.certificates.leaf, version, "-Verify", "1"))
            trust = ["--server-name", "db.example", "--trust", "chain", "--roots", self.certificates.root.certificate, "--min-tls",
                     "1.2", "--fetch-ocsp", "--fetch-private"]
            self.answer(good=[self.certificates.leaf])
            done = self.alice.run("connect", server.address, *trust, stdin=b"abc\n")
            self.assertEqual((done.code, done.raw), (0, b"cba\n"), done)
            self.answer(revoked=[self.certificates.leaf])
            done = self.alice.run("connect", server.address, *trust, stdin=b"secret\n")
            self.assertEqual((done.code, done.raw), (3, b""), done)
            self.assertIn("is revoked by an OCSP answer", done.err)

    def test_a_client_that_listens_asks_again(self):
        leaf = self.certificates.leaf
        self.answer(good=[leaf])
        server = self.enterContext(OpensslServer(leaf))
        client = self.enterContext(self.alice.start(
            "connect", server.address, "--server-name", "db.example", "--trust", "chain", "--roots",
            self.certificates.root.certificate, "--fetch-ocsp", "--fetch-private", "--listen", "127.0.0.1:0", "--json",
            "--log-format", "json"))
        at = client.out.wait(lambda line: (event_of(line) or {}).get("listen"), "listening event")
        port = at.rsplit(":", 1)[1]
        self.assertEqual(self.ask(port), b"cba\n", client.err.text())
        self.answer(revoked=[leaf])
        mark = client.err.count()
        client.signal(1)
        client.err.wait(lambda line: (event_of(line) or {}).get("event") == "status", "status event", mark)
        self.assertEqual(self.ask(port), b"")
        client.out.wait(lambda line: "is revoked by an OCSP answer" in line, "refusal")

    @staticmethod
    def ask(port):
        """What comes back for abc; nothing if the connection is reset."""
        done = subprocess.run(["python3", "-c", "import socket,sys\ns=socket.create_connection(('127.0.0.1',int(sys.argv[1])))\n"
                               "try:\n s.sendall(b'abc\\n'); sys.stdout.buffer.write(s.recv(4))\nexcept OSError: pass", port],
                              capture_output=True, timeout=60, check=True)
        return done.stdout


if __name__ == "__main__":
    unittest.main()
