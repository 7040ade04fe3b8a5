"""The same chains judged by cotter, by openssl and by GnuTLS: what each says, and where and why they differ."""

import base64
import functools
import hashlib
import os
import pathlib
import random
import re
import tempfile
import unittest

from agreement_cases import HOST, REFUSED, TRUSTED, World, all_cases
from harness import judges
from harness.cotter import Side
from harness.handmade import (ANY_USAGE, CLIENT_AUTH, CRL_SIGN, DAY, DIGITAL_SIGNATURE, KEY_CERT_SIGN, NOW, SERVER_AUTH, SHA1, SHA384,
                              basic_constraints, dns, extended_key_usage, extension, key_usage, name_constraints, tlv)

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))
ARGUED = pathlib.Path(__file__).resolve().parents[1] / "docs/agreement.md"
# What was recorded was said by these; another version may say otherwise.
RECORDED_OPENSSL, RECORDED_GNUTLS = "OpenSSL 3.0.", "certtool 3.7."


@functools.cache
def the_world():
    return World()


@functools.cache
def the_cases():
    return all_cases(the_world())


class AgreementTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cotter-agreement-"))
        cls.side = cls.enterClassContext(Side("judge"))
        cls.world = the_world()
        cls.has_openssl = judges.version_of("openssl", "version").startswith(RECORDED_OPENSSL)
        cls.has_gnutls = judges.version_of("certtool", "--version").startswith(RECORDED_GNUTLS)

    def question(self, chain, roots, host, crls=(), purpose="server"):
        return judges.Question(self.folder, chain, roots, host, crls, purpose)

    def assert_path_is_no_secret(self, document, chain, roots, crls, why):
        """Of the path that cotter found, asked about alone and by the name as cotter compares it, somebody else thinks alike."""
        by_pin = {base64.b64encode(hashlib.sha256(one.der).digest()).decode(): one for one in (*chain, *roots)}
        path = [by_pin[one["pins"]["cert-sha256"].removeprefix("cert-sha256/")] for one in document["chain"]]
        question = self.question(path, roots, document["host"], crls)
        others = judges.openssl(question), judges.gnutls(question)
        self.assertIn(TRUSTED, [verdict for verdict, _ in others], f"{why}: only cotter trusts {others}")


class Recorded(AgreementTest):
    def test_each_judge_says_what_is_recorded(self):
        for case in the_cases()[::3 if SANITIZED else 1]:
            roots = case.roots or [self.world.root]
            question = self.question(case.chain, roots, case.host, case.crls, case.purpose)
            verdict, codes, document = judges.cotter(self.side, question)
            with self.subTest(case.title, judge="cotter"):
                self.assertEqual((verdict, codes), (REFUSED if case.cotter else TRUSTED, case.cotter), document)
            openssl, strict, gnutls = judges.openssl(question), judges.openssl(question, "-x509_strict"), judges.gnutls(question)
            if self.has_openssl:
                with self.subTest(case.title, judge="openssl"):
                    self.assertEqual((openssl[0], strict[0]), (case.openssl, case.strict), openssl[1] + strict[1])
            if self.has_gnutls:
                with self.subTest(case.title, judge="GnuTLS"):
                    self.assertEqual(gnutls[0], case.gnutls, gnutls[1])
            with self.subTest(case.title, judge="all"):
                if verdict == TRUSTED and TRUSTED not in (openssl[0], gnutls[0]):
                    self.assert_path_is_no_secret(document, case.chain, roots, case.crls, case.title)

    def test_openssl_is_of_the_version_whose_verdicts_are_recorded(self):
        if not self.has_openssl:
            self.skipTest(f"openssl is {judges.version_of('openssl', 'version')}; its verdicts are not compared")

    def test_gnutls_is_of_the_version_whose_verdicts_are_recorded(self):
        if not self.has_gnutls:
            self.skipTest(f"certtool is {judges.version_of('certtool', '--version')}; its verdicts are not compared")

    def test_every_difference_is_argued_and_nothing_else_is(self):
        argued = {}
        for line in ARGUED.read_text(encoding="utf-8").splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == 5 and cells[2] in (TRUSTED, REFUSED):
                self.assertNotIn(cells[0], argued, "argued twice")
                argued[cells[0]] = cells[1:]
        recorded = {case.title: [f"`{code}`" if (code := case.cotter.split(" ")[0]) else TRUSTED, case.openssl, case.strict,
                                 case.gnutls] for case in the_cases() if case.differs()}
        self.assertEqual(argued, recorded)

    def test_the_number_of_cases_that_the_document_tells_is_theirs(self):
        text = ARGUED.read_text(encoding="utf-8")
        told = re.search(r"(\d+)\s+chains\D+(\d+) of them", text)
        self.assertEqual(tuple(map(int, told.groups())), (len(the_cases()), sum(case.differs() for case in the_cases())))


class AtRandom(AgreementTest):
    """Chains with a few things wrong at random: whatever cotter trusts, somebody else trusts, too."""

    ROUNDS = 25 if SANITIZED else 100
    DATES = ({}, {}, {"end": NOW - DAY}, {"begin": NOW + DAY})
    LEAF = ({"extended": None}, {"extended": extended_key_usage(CLIENT_AUTH)}, {"extended": extended_key_usage(ANY_USAGE)},
            {"extended": extended_key_usage(SERVER_AUTH, CLIENT_AUTH)}, {"usage": None}, {"usage": key_usage(KEY_CERT_SIGN)},
            {"constraints": None}, {"constraints": basic_constraints(True)}, {"digest": SHA384}, {"digest": SHA1},
            {"identifier": False}, {"more": [extension("1.2.3.4", tlv(5), True)]}, {"more": [extension("1.2.3.4", tlv(5))]},
            {"version": 1}, {"subject": None}, {})
    AUTHORITY = ({"constraints": None}, {"constraints": basic_constraints(False)}, {"constraints": basic_constraints(True, 0)},
                 {"constraints": basic_constraints(True, 1)}, {"usage": None}, {"usage": key_usage(CRL_SIGN)},
                 {"usage": key_usage(DIGITAL_SIGNATURE, KEY_CERT_SIGN)}, {"identifier": False},
                 {"more": [extended_key_usage(SERVER_AUTH)]}, {"more": [extended_key_usage(CLIENT_AUTH)]},
                 {"more": [name_constraints([dns("example.org")])]}, {"more": [name_constraints(excluded=[dns("example.org")])]},
                 {"more": [name_constraints([dns("example.net")])]}, {"digest": SHA1}, {})
    NAMES = (HOST, HOST, HOST, "*.example.org", "DB.example.org", "mail.example.org", "*.org", "d*.example.org", HOST + ".")

    def chain(self, draw):
        world = self.world

        def options(faults, probability):
            merged = dict(draw.choice(self.DATES)) if draw.random() < probability else {}
            if draw.random() < probability:
                merged |= draw.choice(faults)
            return merged

        root = world.authority("root", world.root_key, **options(self.AUTHORITY, 0.1))
        middle = world.authority("middle", world.middle_key, root, **options(self.AUTHORITY, 0.2))
        issuer, extras = middle, [middle]
        if draw.random() < 0.4:
            issuer = world.authority("lower", world.other_key, middle, **options(self.AUTHORITY, 0.2))
            extras.append(issuer)
        leaf = world.leaf(issuer, dns(draw.choice(self.NAMES)), **options(self.LEAF, 0.25))
        extras += draw.sample([root, world.other, world.middle, leaf], draw.randrange(3))
        draw.shuffle(extras)
        if draw.random() < 0.1:
            extras.remove(issuer)
        return [leaf, *extras], draw.choice(([root], [root], [root, world.other], [root, world.other], [middle], [world.other]))

    def test_A95_cotter_trusts_no_path_that_both_others_refuse(self):
        draw = random.Random(20261124)
        verdicts = {TRUSTED: 0, REFUSED: 0}
        for number in range(self.ROUNDS):
            chain, roots = self.chain(draw)
            verdict, _, document = judges.cotter(self.side, self.question(chain, roots, HOST))
            verdicts[verdict] += 1
            if verdict == TRUSTED:
                self.assert_path_is_no_secret(document, chain, roots, (), f"chain {number}")
        self.assertGreater(min(verdicts.values()), self.ROUNDS // 10, verdicts)


if __name__ == "__main__":
    unittest.main()
