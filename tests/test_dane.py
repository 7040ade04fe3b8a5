"""Trust by DANE: TLSA records that are given, and records that are looked up and validated: a signed zone on loopback."""

import hashlib
import itertools
import os
import signal
import socket
import sys
import tempfile
import unittest

from harness.backends import unused_port
from harness.case import TunnelTest
from harness.chains import BEGIN, PAST, Mint, Minted
from harness.cotter import Server
from harness.dns import Liar, NameServer, Resolver, Zone
from harness.processes import DEADLINE, Finished, event_of, eventually
from harness.tls_servers import OpensslServer, PythonServer, server_context

# notBefore and notAfter of signatures that are long over.
OVER = ("20200101000000", "20200201000000")
OTHER = "00112233445566778899aabbccddeeff" * 2


def tlsa(usage, selector, matching, minted):
    """The record's text; its data is computed by Python and openssl."""
    octets = minted.spki() if selector else minted.der()
    data = octets if matching == 0 else (hashlib.sha256 if matching == 1 else hashlib.sha512)(octets).digest()
    return f"{usage} {selector} {matching} {data.hex()}"


class ServedChain(TunnelTest):
    """root > middle > leaf, and a server of Python's that presents leaf and middle and echoes."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-dane-"))
        cls.mint = Mint(cls.folder)
        cls.root = cls.mint.authority("root")
        cls.stranger = cls.mint.authority("stranger")
        cls.middle = cls.mint.authority("middle", cls.root)
        cls.leaf = cls.mint.server("match.example", cls.middle, names="DNS:match.example,DNS:authority.example")
        chain = cls.mint.bundle("chain.pem", cls.leaf, cls.middle)
        cls.server = cls.enterClassContext(PythonServer(server_context(cls.leaf, chain=chain)))

    def setUp(self):
        self.alice = self.side("alice")

    def verify(self, name, *arguments, code=None):
        """The document of a live verdict about the server under that name."""
        done = self.alice.run("verify", self.server.address, "--server-name", name, "--json", *arguments)
        if code is not None:
            self.assertEqual(done.code, code, done)
        return done.json

    def assert_verdict(self, expected, document, *words):
        """`expected`: the code of the only reason, or None for trusted; `words` are in its message."""
        codes = [reason["code"] for reason in document["reasons"]]
        self.assertEqual(codes, [expected] if expected else [], document["reasons"])
        self.assertEqual(document["verdict"], "refused" if expected else "trusted")
        self.assertEqual(document["trust"], "dane")
        for word in words:
            self.assertIn(word, document["reasons"][0]["message"])


class LookedUp(ServedChain):
    """The zones example. (signed), old.example. (signatures that are over), plain.example. (not signed)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.zone = Zone(cls.folder, "example.")
        cls.plain = Zone(cls.folder, "plain.example.")
        cls.old = Zone(cls.folder, "old.example.")
        at = f"_{cls.server.port}._tcp"
        right = tlsa(3, 1, 1, cls.leaf)
        for name in ("match", "wrong", "forged", "absent", "odd", "authority", "shared", "crowd"):
            cls.zone.add(f"{name} IN A 127.0.0.1")
        cls.zone.add(
            f"{at}.match IN TLSA {right}", f"{at}.wrong IN TLSA 3 1 1 {OTHER}",
            f"{at}.forged IN TLSA {right.replace('3 1 1', '3 1 2')}{'ab' * 32}",
            f"{at}.odd IN TLSA {right.replace('3 1 1', '4 1 1')}", f"{at}.odd IN TLSA {right[:-2]}",
            *(f"{at}.crowd IN TLSA 3 1 1 {number:064x}" for number in range(1, 60)), f"{at}.crowd IN TLSA {right}",
            f"{at}.authority IN TLSA {tlsa(2, 0, 1, cls.middle)}",
            f"{at}.shared IN CNAME {at}.match",
            "alias IN CNAME match", "far IN CNAME authority",
            "both IN CNAME absent", f"{at}.both IN TLSA {right}",
            "outward IN CNAME host.plain", f"{at}.outward IN TLSA {right}",
            "outlaw IN CNAME host.plain",
            "lost IN CNAME host.old", f"{at}.lost IN TLSA {right}",
            "plain IN NS ns", "old IN NS ns", cls.old.ds())
        for zone in (cls.plain, cls.old):
            zone.add("host IN A 127.0.0.1", f"{at}.host IN TLSA {right}")
        cls.zone.write()
        cls.zone.forge("ab" * 32, "ac" * 32)
        cls.plain.write(signed=False)
        cls.old.write(dates=OVER)
        zones = [cls.zone, cls.plain, cls.old]
        cls.name_server = cls.enterClassContext(NameServer(cls.folder, zones))
        cls.resolver = cls.enterClassContext(Resolver(cls.folder, cls.name_server, zones))

    def dane(self, whom=None):
        return ["--trust", "dane", "--dnssec-anchor", self.zone.anchor, "--resolver", (whom or self.name_server).resolver]

    def own(self, name, resolver=None):
        return f"_{self.server.port}._tcp.{name}."


class Answers(LookedUp):
    def rows(self):
        return [
            ("match.example", None, []),
            ("MATCH.example.", None, []),
            ("authority.example", None, []),
            ("wrong.example", "dane_mismatch", ["TLSA records for " + self.own("wrong.example"), "3 1 1 00112233"]),
            ("forged.example", "dane_bogus", ["is bogus", self.own("forged.example")]),
            ("host.old.example", "dane_bogus", ["is bogus", "old.example"]),
            ("host.plain.example", "dane_bogus", ["insecure", "not signed"]),
            ("absent.example", "dane_mismatch", ["DNSSEC proves that there is no TLSA record"]),
            ("nowhere.example", "dane_mismatch", ["DNSSEC proves that there is no TLSA record"]),
            ("odd.example", "dane_mismatch", ["none of the TLSA records", "unknown usage", "SHA-256 digest has 32 bytes"]),
        ]

    def test_A143_each_answer_has_its_verdict_from_the_name_server_and_through_a_resolver(self):
        for whom in (self.name_server, self.resolver):
            for name, expected, words in self.rows():
                with self.subTest(name, whom=type(whom).__name__):
                    document = self.verify(name, *self.dane(whom), code=3 if expected else 0)
                    self.assert_verdict(expected, document, *words)

    def test_records_that_are_too_many_for_a_datagram_come_by_tcp(self):
        self.assertIn("60 records", self.verify("crowd.example", *self.dane(), code=0)["notes"][0]["message"])

    def test_A144_a_resolver_that_calls_everything_authentic_changes_nothing(self):
        with Liar(self.name_server) as liar:
            for name, expected, words in self.rows():
                with self.subTest(name):
                    self.assert_verdict(expected, self.verify(name, *self.dane(liar)), *words)
            self.assertGreater(liar.lies, 10)

    def test_A148_aliases_are_followed_where_they_are_validated(self):
        rows = [
            ("alias.example", None, []),  # to match.example
            ("shared.example", None, []),  # the records themselves are elsewhere
            ("far.example", None, []),  # to authority.example, which is what the certificate says
            ("both.example", None, []),  # the target has none, the name itself has
            ("outward.example", None, []),  # to a name that is not signed: its own are asked
            ("outlaw.example", "dane_mismatch", [self.own("outlaw.example")]),
            ("lost.example", "dane_bogus", ["lost.example"]),  # to a name whose signatures are over
        ]
        for name, expected, words in rows:
            with self.subTest(name):
                self.assert_verdict(expected, self.verify(name, *self.dane()), *words)

    def test_it_says_what_was_asked_and_what_came(self):
        document = self.verify("match.example", *self.dane())
        self.assertEqual(document["notes"], [{"code": "dane_records", "message": f"TLSA {self.own('match.example')}: 1 record, "
                                                                                 "validated by DNSSEC"}])
        self.assertEqual((document["matched"]["position"], len(document["chain"])), (0, 1))
        pins = self.alice.do("pin", self.leaf.certificate, "--json").json["certificates"][0]["pins"]
        self.assertEqual(document["matched"]["pin"], pins["spki-sha256"])
        document = self.verify("far.example", *self.dane())
        self.assertIn(f"TLSA {self.own('authority.example')}: ", document["notes"][0]["message"])
        self.assertEqual((document["matched"]["position"], len(document["chain"])), (1, 2))

    def test_people_are_told_in_words(self):
        done = self.alice.run("verify", self.server.address, "--server-name", "host.plain.example", *self.dane())
        self.assertEqual(done.code, 3)
        self.assertIn("dane_bogus", done.out)
        self.assertIn("next: ", done.err)

    def test_A143_without_a_trust_anchor_for_the_zone_nothing_is_secure(self):
        self.assert_verdict("dane_bogus",
                            self.verify("match.example", "--trust", "dane", "--resolver", self.name_server.resolver,
                                        "--dnssec-anchor", self.plain.anchor), "insecure")
        # Another's key for the zone: not the one that signs.
        impostor = self.mint.file("impostor.ds", self.zone.ds()[:-4] + "0000\n")
        self.assert_verdict("dane_bogus",
                            self.verify("match.example", "--trust", "dane", "--resolver", self.name_server.resolver,
                                        "--dnssec-anchor", impostor), "bogus")

    def test_an_address_has_no_records(self):
        done = self.alice.run("verify", self.server.address, "--json", *self.dane())
        self.assert_verdict("dane_bogus", done.json, "an address has no TLSA records", "--server-name")


class Streams(LookedUp):
    def connect_by_dane(self, name, *arguments, whom=None):
        return self.alice.run("connect", self.server.address, "--server-name", name, *self.dane(whom), *arguments, stdin=b"there")

    def test_octets_go_through_where_a_record_matches(self):
        for name in ("match.example", "authority.example", "alias.example"):
            done = self.connect_by_dane(name)
            self.assertEqual((done.code, done.raw), (0, b"there"), done)

    def test_A143_no_octet_leaves_where_none_does(self):
        for name, word in (("wrong.example", "are of"), ("forged.example", "bogus"), ("host.plain.example", "insecure"),
                           ("absent.example", "no TLSA record"), ("odd.example", "none of the TLSA records")):
            with self.subTest(name):
                before = self.server.count
                done = self.connect_by_dane(name, "--json")
                self.assertEqual((done.code, done.out.count("\n")), (3, 1), done)
                self.assertIn(word, done.json["error"]["message"])
                self.assertIn(done.json["error"]["code"], ("dane_bogus", "dane_mismatch"))
                while self.server.count > before:
                    self.assertEqual(self.server.meeting().wait().received, b"")
                    before += 1

    def test_the_connect_timeout_bounds_the_look_up(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            whom = type("Silent", (), {"resolver": f"127.0.0.1@{silent.getsockname()[1]}"})
            done = self.connect_by_dane("match.example", "--connect-timeout", "1s", "--json", whom=whom)
            self.assertEqual((done.code, done.json["error"]["code"]), (3, "dane_bogus"))
            self.assertIn("none came in time", done.json["error"]["message"])

    def test_a_resolver_that_is_not_there_lets_nobody_in(self):
        nobody = type("Nobody", (), {"resolver": f"127.0.0.1@{unused_port()}"})
        done = self.connect_by_dane("match.example", "--connect-timeout", "1s", "--json", whom=nobody)
        self.assertEqual((done.code, done.json["error"]["code"]), (3, "dane_bogus"))
        self.assertIn("there is no answer", done.json["error"]["message"])

    def test_a_policy_file_may_say_dane(self):
        self.alice.pin()
        policy = os.path.join(self.alice.state, "policy.toml")
        with open(policy, "w", encoding="utf-8") as file:
            file.write('version = 1\n[[host]]\nname = "example"\ninclude_subdomains = true\ntrust = "dane"\n')
        where = ["--dnssec-anchor", self.zone.anchor, "--resolver", self.name_server.resolver]
        for name, code in (("match.example", 0), ("wrong.example", 3)):
            done = self.alice.run("connect", self.server.address, "--server-name", name, *where, stdin=b"x")
            self.assertEqual(done.code, code, done)


class Changes(TunnelTest):
    """A client that listens asks anew for each stream."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="cotter-dane-"))
        self.owner, self.behind, self.server, self.alice = self.tunnel()
        self.spki = Minted(self.owner.certificate, self.owner.key, None).spki()
        self.zone = Zone(self.folder, "example.")
        self.write(right=True)
        self.name_server = self.enterContext(NameServer(self.folder, [self.zone]))

    def write(self, right):
        digest = hashlib.sha256(self.spki).hexdigest() if right else OTHER
        self.zone.records = ["db IN A 127.0.0.1", f"_{self.server.port}._tcp.db IN TLSA 3 1 1 {digest}"]
        self.zone.write()

    def change(self, right):
        self.write(right)
        self.name_server.reload(self.zone)

    def exchange(self, client):
        """What comes back of an octet: it, or nothing where the stream is refused."""
        try:
            with socket.create_connection(client.at, DEADLINE) as connection:
                connection.sendall(b"!")
                return connection.recv(1)
        except ConnectionError:
            return b""

    def listening_by_dane(self, *arguments):
        return self.listening_process(self.alice, self.server, "--server-name", "db.example", "--dnssec-anchor",
                                      self.zone.anchor, "--resolver", self.name_server.resolver, *arguments,
                                      trust=["--trust", "dane"])

    def test_a_record_that_changes_decides_about_the_next_stream(self):
        client = self.listening_by_dane()
        self.assertEqual(self.exchange(client), b"!")
        with socket.create_connection(client.at, DEADLINE) as standing:
            standing.sendall(b"?")
            self.assertEqual(standing.recv(1), b"?")
            self.change(right=False)
            eventually(lambda: self.exchange(client) == b"", "the next stream is refused")
            client.out.wait(lambda line: "dane_mismatch" in line, "the refusal")
            standing.sendall(b"still")
            self.assertEqual(standing.recv(5), b"still")
        self.change(right=True)
        eventually(lambda: self.exchange(client) == b"!", "the next stream is carried again")

    def test_A36_a_resumed_session_is_judged_by_the_records_of_now(self):
        self.server.end()
        self.enterContext(Server(self.owner, self.behind.address, "--resumption", listen=self.server.address))
        client = self.listening_by_dane("--resumption")

        def resumes():
            if self.exchange(client) != b"!":
                return False
            return any((event_of(line) or {}).get("resumed") == "yes" for line in client.err.text().splitlines())

        eventually(resumes, "a session is resumed")
        self.change(right=False)
        eventually(lambda: self.exchange(client) == b"", "the next stream is refused")
        client.out.wait(lambda line: "dane_mismatch" in line, "the refusal")

    def test_many_streams_at_once_ask_at_once(self):
        client = self.listening_by_dane()
        connections = [self.enterContext(socket.create_connection(client.at, DEADLINE)) for _ in range(12)]
        for connection in connections:
            connection.sendall(b"!")
        for connection in connections:
            connection.settimeout(DEADLINE)
            self.assertEqual(connection.recv(1), b"!")

    def test_a_reload_asks_anew_and_an_end_is_clean_while_a_question_is_open(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            silent.settimeout(DEADLINE)
            client = self.listening_process(self.alice, self.server, "--server-name", "db.example", "--dnssec-anchor",
                                            self.zone.anchor, "--resolver", f"127.0.0.1@{silent.getsockname()[1]}",
                                            trust=["--trust", "dane"])
            with socket.create_connection(client.at, DEADLINE):
                silent.recv(512)  # the question has left
                client.signal(signal.SIGHUP)
                client.err.wait(lambda line: (event_of(line) or {}).get("event") == "reload", "reload")
                client.signal(signal.SIGTERM)
                client.signal(signal.SIGTERM)
                self.assertEqual(client.wait(), 0)


class Given(ServedChain):
    """--tlsa in place of a look-up."""

    def test_it_means_trust_by_dane(self):
        document = self.verify("match.example", "--tlsa", tlsa(3, 1, 1, self.leaf), code=0)
        self.assert_verdict(None, document)
        self.assertEqual(document["notes"][0]["message"], "TLSA: 1 record, given on the command line")
        self.assert_verdict("dane_mismatch", self.verify("match.example", "--tlsa", f"3 1 1 {OTHER}", code=3))
        self.assert_verdict(None, self.verify("match.example", "--tlsa", f"3 1 1 {OTHER}", "--tlsa", tlsa(3, 0, 2, self.leaf)))

    def test_a_file_is_judged_by_records_that_are_given(self):
        chain = self.mint.bundle("file.pem", self.leaf, self.middle)
        call = ["verify", "--chain", chain, "--host", "match.example:25", "--json"]
        for record, code in ((tlsa(3, 1, 1, self.leaf), 0), (tlsa(2, 0, 1, self.middle), 0), (f"3 1 1 {OTHER}", 3)):
            done = self.alice.run(*call, "--tlsa", record)
            self.assertEqual((done.code, done.json["trust"]), (code, "dane"), done)
        done = self.alice.run(*call, "--tlsa", tlsa(1, 1, 1, self.leaf), "--roots", self.root.certificate)
        self.assertEqual((done.code, len(done.json["chain"])), (0, 3), done)
        done = self.alice.run(*call, "--trust", "dane")
        self.assertEqual((done.code, done.json["error"]["code"]), (2, "bad_call"))
        self.assertIn("--tlsa", done.json["error"]["hint"])

    def test_octets_go_through_by_a_record_that_is_given(self):
        done = self.alice.run("connect", self.server.address, "--tlsa", tlsa(3, 1, 1, self.leaf), stdin=b"there")
        self.assertEqual((done.code, done.raw), (0, b"there"), done)
        done = self.alice.run("connect", self.server.address, "--tlsa", f"3 1 1 {OTHER}", stdin=b"there")
        self.assertEqual((done.code, done.raw), (3, b""), done)

    def test_A145_what_it_would_add_to_or_replace_in_silence_is_2(self):
        pin = self.alice.do("pin", self.leaf.certificate, "--format", "cotter").out.strip()
        record = ["--tlsa", tlsa(3, 1, 1, self.leaf)]
        policy = self.mint.file("policy.toml", f'version = 1\n[[host]]\nname = "match.example"\npins = ["{pin}"]\n')
        for arguments in ([*record, "--trust", "chain"], [*record, "--trust", "pins", "--pin", pin], [*record, "--pin", pin],
                          [*record, "--policy", policy], ["--tlsa", ""], ["--tlsa", "3 1 1"], ["--tlsa", f"4 1 1 {OTHER}"],
                          ["--tlsa", f"3 1 2 {OTHER}"], ["--tlsa", f"3 1 1 {OTHER}", "--tlsa", "3 1 1 zz"],
                          ["--trust", "dane", "--resolver", "resolver.example"], ["--trust", "dane", "--resolver", "127.0.0.1@0"],
                          ["--trust", "dane", "--pin", pin]):
            done = self.alice.run("verify", self.server.address, "--server-name", "match.example", *arguments)
            self.assertEqual((done.code, done.out), (2, ""), f"{arguments} {done}")
        dane = self.mint.file("dane.toml", 'version = 1\n[[host]]\nname = "match.example"\ntrust = "dane"\n')
        self.verify("match.example", *record, "--policy", dane, code=0)

    def test_a_trust_anchor_that_cannot_be_read_is_no_verdict(self):
        for content, code, word in ((None, 1, ""), (b"", 2, "no record"), (b"example. IN A 127.0.0.1\n", 2, "line 1"),
                                    (b"; a comment\nexample. IN DS 1 13 1 " + b"ab" * 20 + b"\n", 2, "line 2")):
            path = self.mint.path("nowhere") if content is None else self.mint.file("anchor", content)
            done = self.alice.run("verify", self.server.address, "--server-name", "match.example", "--trust", "dane",
                                  "--dnssec-anchor", path)
            self.assertEqual((done.code, done.out), (code, ""), done)
            self.assertIn(word, done.err)


class Agreement(ServedChain):
    """The same question to OpenSSL's own DANE: docs/dane.md lists where the answers differ, and why."""

    def openssl_says(self, server, record, trusts_root):
        roots = ["-CAfile", self.root.certificate] if trusts_root else ["-no-CAfile", "-no-CApath", "-no-CAstore"]
        done = Finished(["openssl", "s_client", "-connect", server.address, "-dane_tlsa_domain", "match.example",
                         "-dane_tlsa_rrdata", record, "-dane_ee_no_namechecks", *roots, "-verify_return_error", "-brief"])
        return "Verification: OK" in done.err

    def cotter_says(self, server, record, trusts_root):
        roots = self.root.certificate if trusts_root else self.stranger.certificate
        done = self.alice.run("verify", server.address, "--server-name", "match.example", "--tlsa", record, "--roots", roots)
        self.assertIn(done.code, (0, 3), done)
        return done.code == 0

    def test_A145_openssl_agrees_but_for_what_is_listed(self):
        leaves = {
            "good": self.leaf,
            "expired": self.mint.server("match.example", self.middle, begin=PAST, end=BEGIN),
            "of another name": self.mint.server("elsewhere.example", self.middle),
        }
        differences = set()
        trusted = 0
        for state, leaf in leaves.items():
            with OpensslServer(leaf) as server:
                for usage, (selector, matching) in itertools.product(range(4), ((0, 0), (0, 1), (1, 0), (1, 2))):
                    right = leaf if usage in (1, 3) else self.middle
                    # A record of another's, and no usual anchor, are asked about where all else is in order.
                    cases = [("right", right, True)]
                    if state == "good":
                        cases += [("right", right, False), ("wrong", self.stranger, True)]
                    for whose, of, trusts_root in cases:
                        record = tlsa(usage, selector, matching, of)
                        ours = self.cotter_says(server, record, trusts_root)
                        trusted += ours
                        if ours != self.openssl_says(server, record, trusts_root):
                            differences.add((state, whose, record[:5], trusts_root, ours))
        self.assertEqual(differences, set())
        self.assertGreater(trusted, 20)

    def test_where_openssl_decides_otherwise(self):
        leaf = self.mint.server("match.example", self.root)
        with OpensslServer(Minted(leaf.certificate, leaf.key, None)) as server:
            # The bare key of an authority that is not sent.
            record = tlsa(2, 1, 0, self.root)
            self.assertEqual((self.cotter_says(server, record, False), self.openssl_says(server, record, False)), (False, True))


if __name__ == "__main__":
    sys.exit(unittest.main())
