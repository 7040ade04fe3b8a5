"""verify explains itself: what was checked and what was not, both chains, and what a wrong pin really is the digest of."""

import base64
import hashlib
import unittest

from harness.case import TunnelTest
from harness.certificates import Authority
from harness.processes import Finished


def sha256_pin(octets, kind=""):
    return f"{kind}sha256/" + base64.b64encode(hashlib.sha256(octets).digest()).decode()


class VerifyExplains(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")
        self.authority = Authority(self.owner.folder)
        self.leaf = self.authority.issue("db.example", "DNS:db.example", usage="serverAuth")
        self.chain = self.owner.path("chain.pem")
        with open(self.chain, "wb") as bundle:
            for path in (self.leaf.certificate, self.authority.certificate):
                with open(path, "rb") as file:
                    bundle.write(file.read())

    def verify(self, *arguments, host="db.example"):
        return self.owner.run("verify", "--chain", self.chain, "--host", host, *arguments)

    def codes(self, document, key, held=None):
        return {check["code"] for check in document[key] if held is None or check["held"] is held}

    def test_a_chain_says_what_it_rests_on(self):
        document = self.verify("--trust", "chain", "--roots", self.authority.certificate, "--json").json
        self.assertEqual(self.codes(document, "checked", held=False), set())
        self.assertLessEqual({"path", "dates", "purpose", "host_name", "signatures"}, self.codes(document, "checked"))
        self.assertLessEqual({"key_possession", "pins", "crl", "ocsp", "dane", "certificate_transparency"},
                             self.codes(document, "not_checked"))
        self.assertTrue(all(check["message"] for check in document["checked"] + document["not_checked"]))

    def test_what_did_not_hold_is_told_apart(self):
        document = self.verify("--trust", "chain", "--roots", self.authority.certificate, "--json", host="other.example").json
        self.assertEqual(self.codes(document, "checked", held=False), {"host_name"})

    def test_a_pin_of_the_key_says_that_names_and_dates_were_not_looked_at(self):
        server = self.server(self.owner, self.backend())
        document = self.owner.run("verify", server.address, "--pin", server.pin, "--json").json
        self.assertLessEqual({"key_possession", "protocol", "pins"}, self.codes(document, "checked", held=True))
        self.assertLessEqual({"path", "dates", "host_name"}, self.codes(document, "not_checked"))

    def test_people_see_both_chains_and_every_check(self):
        done = self.verify("--trust", "chain", "--roots", self.authority.certificate)
        for words in ("presented 0  CN=db.example", "presented 1  CN=ca", "verified  1  CN=ca", "checked      host name: ",
                      "not checked  key possession: no connection", "not checked  ocsp: "):
            self.assertIn(words, done.out)
        self.assertIn("failed       host name: ", self.verify("--trust", "chain", "--roots", self.authority.certificate,
                                                              host="other.example").out)

    def test_A59_a_wrong_pin_is_told_what_it_is_the_digest_of(self):
        with open(self.leaf.certificate, "rb") as file:
            pem = file.read()
        der = Finished(["openssl", "x509", "-in", self.leaf.certificate, "-outform", "DER"]).raw
        public = Finished(["openssl", "x509", "-in", self.leaf.certificate, "-noout", "-pubkey"]).raw
        right = base64.b64decode(self.leaf.pin().removeprefix("sha256/"))
        for pin, told in [(sha256_pin(der), "is the cert digest of the leaf, given as spki"),
                          ("cert-" + self.leaf.pin(), "is the spki digest of the leaf, given as cert"),
                          (sha256_pin(pem), "the PEM text of the leaf"),
                          (sha256_pin(pem.rstrip()), "the PEM text of the leaf"),
                          (sha256_pin(public), "the PEM text of the public key"),
                          (sha256_pin(right.hex().encode() + b"\n"), "hexadecimal text: hashed twice"),
                          (sha256_pin(b"db.example\n"), "the host's name"),
                          (sha256_pin(b"cert.pem\n"), "the file name cert.pem"),
                          (self.authority_pin(), "of certificate 1 as presented")]:
            with self.subTest(told):
                done = self.verify("--pin", pin, "--json")
                self.assertEqual(done.code, 3, done)
                (reason,) = done.json["reasons"]
                self.assertEqual(reason["code"], "pin_mismatch")
                self.assertIn(told, reason["message"])

    def authority_pin(self):
        return self.owner.do("pin", self.authority.certificate, "--json").json["certificates"][0]["pins"]["spki-sha256"]

    def test_a_pin_of_the_key_that_is_remembered_says_that_the_key_has_changed(self):
        first = self.server(self.owner, self.backend())
        port = first.port
        client = self.admitted(self.owner, "client")
        self.assertEqual(client.run("connect", first.address, "--trust", "accept-new").code, 0)
        first.end()
        other = self.server(self.side("other"), self.backend(), listen=f"127.0.0.1:{port}")
        done = client.run("verify", other.address, "--pin", first.pin)
        self.assertEqual(done.code, 3, done)
        self.assertIn("the server's key has changed since", done.out)


if __name__ == "__main__":
    unittest.main()
