"""`cotter ca`: an authority, its clients and its lists, as an owner meets them and as programs of other makes judge them."""

import os
import pathlib
import ssl
import stat
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from compare_ends import Haproxy, Nginx, Stunnel
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.foreign_clients import curl, gnutls_cli
from harness.processes import Finished, eventually
from harness.terminal import Terminal
from harness.tls_peer import TlsPeer, Truncated, alert_for, client_context


class AuthorityTest(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")

    @property
    def ca(self):
        return os.path.join(self.owner.state, "ca", "ca.crt")

    def issue(self, name, *arguments):
        """The files of a new client, in a folder of its own."""
        return self.owner.do("ca", "issue", name, "--out", self.owner.path(name), "--json", *arguments).json

    def openssl(self, *arguments, **options):
        done = Finished(["openssl", *arguments], **options)
        self.assertEqual(done.code, 0, str(done))
        return done.out

    def verify(self, certificate, *arguments):
        return Finished(["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", self.ca, *arguments,
                         "-untrusted", certificate, certificate])

    def listed(self, *arguments):
        """The serial numbers and reasons on the next list, as openssl reads them."""
        path = self.owner.path("list.pem")
        self.owner.do("ca", "crl", "--out", path, *arguments)
        text = self.openssl("crl", "-in", path, "-noout", "-text")
        entries = {}
        for part in text.split("Serial Number: ")[1:]:
            reason = part.split("CRL Reason Code:")
            entries[part.split()[0].lower()] = reason[1].split("\n")[1].strip() if len(reason) > 1 else None
        return entries


class Certificates(AuthorityTest):
    def test_openssl_and_gnutls_find_nothing_wrong_with_what_it_issues(self):
        for kind in ("p256", "ed25519", "rsa3072"):
            for extra in ([], ["--intermediate"]):
                with self.subTest(kind=kind, extra=extra):
                    self.owner = self.side("owner")
                    self.owner.do("--key-type", kind, "ca", "init", *extra)
                    files = self.issue("alice", "--key-type", kind)
                    crl = self.owner.path("clients.crl")
                    self.owner.do("ca", "crl", "--out", crl)
                    judged = self.verify(files["certificate"], "-crl_check_all", "-CRLfile", crl)
                    self.assertEqual(judged.code, 0, str(judged))
                    chain = self.owner.path("chain.pem")
                    with open(chain, "w", encoding="ascii") as file:
                        for part in (files["certificate"], self.ca):
                            file.write(pathlib.Path(part).read_text(encoding="ascii"))
                    judges = [["--verify", "--load-ca-certificate", self.ca, "--infile", files["certificate"]],
                              ["--verify-chain", "--infile", chain]]
                    if not extra:  # certtool looks at one list and one issuer
                        judges.append(["--verify-crl", "--load-ca-certificate", self.ca, "--infile", crl])
                    for arguments in judges:
                        done = Finished(["certtool", *arguments])
                        self.assertEqual(done.code, 0, str(done))

    def test_A29_what_it_issues_is_no_servers(self):
        self.owner.do("ca", "init")
        files = self.issue("alice")
        judged = Finished(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", self.ca, files["certificate"]])
        self.assertNotEqual(judged.code, 0, str(judged))

    def test_A211_of_a_request_the_key_alone_counts(self):
        self.owner.do("ca", "init")
        key, request = self.owner.path("mallory.key"), self.owner.path("mallory.csr")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                     request, "-subj", "/O=Root/CN=admin", "-addext", "basicConstraints=critical,CA:true", "-addext",
                     "subjectAltName=DNS:*,DNS:db.example,IP:10.0.0.1", "-addext", "extendedKeyUsage=serverAuth,anyExtendedKeyUsage",
                     "-addext", "keyUsage=keyCertSign,cRLSign")
        out = self.owner.path("mallory.crt")
        self.owner.do("ca", "sign", request, "--name", "mallory", "--out", out)
        text = self.openssl("x509", "-in", out, "-noout", "-text")
        self.assertIn("Subject: CN = mallory\n", text)
        self.assertIn("CA:FALSE", text)
        self.assertIn("URI:cotter:mallory\n", text)
        for wider in ("DNS:", "IP Address:", "admin", "CA:TRUE", "Certificate Sign", "Server", "Any Extended"):
            self.assertNotIn(wider, text)
        self.assertEqual(self.openssl("x509", "-in", out, "-noout", "-pubkey"), self.openssl("pkey", "-in", key, "-pubout"))

    def test_A208_a_request_whose_signature_is_not_its_keys_is_refused(self):
        self.owner.do("ca", "init")
        request = self.owner.path("alice.der")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                     self.owner.path("alice.key"), "-subj", "/CN=alice", "-outform", "DER", "-out", request)
        self.owner.do("ca", "sign", request, "--name", "before")
        with open(request, "r+b") as file:
            der = bytearray(file.read())
            der[der.index(b"alice")] ^= 1  # within what is signed
            file.seek(0)
            file.write(der)
        refused = self.owner.run("ca", "sign", request, "--name", "alice", "--add-key")
        self.assertEqual(refused.code, 2, str(refused))
        self.assertIn("not signed by its own key", refused.err)
        self.assertEqual([c["name"] for c in self.owner.do("client", "list", "--json").json["clients"]], ["before"])

    def test_what_is_no_request_or_weak_is_refused(self):
        self.owner.do("ca", "init")
        folder = self.owner.folder
        for name, *how in (("rsa1024", "-newkey", "rsa:1024"), ("sha1", "-newkey", "rsa:2048", "-sha1")):
            self.openssl("req", "-new", *how, "-nodes", "-keyout", f"{folder}/{name}.key", "-subj", "/CN=x", "-out", f"{folder}/{name}")
        certificate = self_signed(folder, "selfsigned").certificate
        for path in (f"{folder}/rsa1024", f"{folder}/sha1", certificate, "/dev/null", "/nonexistent"):
            with self.subTest(path):
                refused = self.owner.run("ca", "sign", path, "--name", "alice")
                self.assertIn(refused.code, (1, 2), str(refused))
                self.assertIn("next: ", refused.err)
        self.assertEqual(self.owner.do("ca", "list", "--json").json["certificates"], [])

    def test_short_lived_certificates_end_the_admission_with_them_and_renewal_prolongs_it(self):
        self.owner.do("ca", "init")
        files = self.issue("alice", "--hours", "24")
        self.assertEqual(self.owner.do("client", "show", "alice", "--json").json["expires"], files["not_after"])
        pem = self.owner.do("ca", "renew", "alice", "--days", "2").out
        self.assertTrue(pem.startswith("-----BEGIN CERTIFICATE-----"))
        renewed = self.owner.do("ca", "renew", "alice", "--days", "3", "--out", self.owner.path("alice"), "--json").json
        self.assertGreater(renewed["not_after"], files["not_after"])
        self.assertEqual(renewed["pin"], files["pin"])
        self.assertEqual(self.owner.do("client", "show", "alice", "--json").json["expires"], renewed["not_after"])
        self.assertEqual(self.verify(renewed["certificate"]).code, 0)


class Files(AuthorityTest):
    def test_A213_the_authoritys_key_is_private_and_apart_and_serve_needs_it_not(self):
        self.owner.do("ca", "init")
        key = os.path.join(self.owner.state, "ca", "root.key")
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(key)).st_mode), 0o700)
        files = self.issue("alice")
        os.rename(key, self.owner.path("far away"))
        server = self.server(self.owner, self.backend(), "--client-ca", self.ca)
        self.assertIsNone(alert_for(server, client_context(files["certificate"], files["key"])))
        self.assertEqual(self.owner.run("ca", "issue", "bob").code, 1)

    def test_an_encrypted_key_wants_its_passphrase_from_a_file_or_the_terminal(self):
        words = self.owner.path("words")
        with open(words, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write("correct horse battery\n")
        self.owner.do("ca", "init", "--passphrase-file", words)
        with open(os.path.join(self.owner.state, "ca", "root.key"), encoding="ascii") as file:
            self.assertIn("BEGIN ENCRYPTED PRIVATE KEY", file.read())
        refused = self.owner.run("ca", "issue", "alice")
        self.assertEqual(refused.code, 1, str(refused))
        self.assertIn("--passphrase-file", refused.err)
        self.issue("alice", "--passphrase-file", words)
        with Terminal() as terminal:
            process = self.enterContext(terminal.start(self.owner.command("ca", "crl"), env=self.owner.env()))
            terminal.read_until("Passphrase of ")
            terminal.type("correct horse battery\n")
            self.assertEqual(process.wait(), 0, process.err.text())
            self.assertNotIn("correct horse", terminal.screen)
        self.openssl("pkey", "-in", os.path.join(self.owner.state, "ca", "root.key"), "-passin", f"file:{words}", "-noout")

    def test_the_pkcs12_file_opens_in_openssl_and_gnutls_by_the_passphrase_that_was_shown_once(self):
        self.owner.do("ca", "init", "--intermediate")
        files = self.issue("alice")
        words = files["passphrase"]
        self.assertRegex(words, "^([a-z2-9]{5}-){4}[a-z2-9]{5}$")
        read = self.openssl("pkcs12", "-in", files["pkcs12"], "-passin", f"pass:{words}", "-nodes")
        self.assertEqual(read.count("BEGIN CERTIFICATE"), 3)
        self.assertEqual(read.count("BEGIN PRIVATE KEY"), 1)
        read = Finished(["certtool", "--p12-info", "--inder", "--infile", files["pkcs12"], "--password", words])
        self.assertEqual(read.code, 0, str(read))
        wrong = Finished(["openssl", "pkcs12", "-in", files["pkcs12"], "-passin", "pass:wrong", "-nodes"])
        self.assertNotEqual(wrong.code, 0)
        for top, _, names in os.walk(self.owner.folder):
            for name in names:
                with open(os.path.join(top, name), "rb") as file:
                    self.assertNotIn(words.encode(), file.read(), name)

    def test_forget_keeps_no_copy_and_shreds_one_that_was_kept(self):
        self.owner.do("ca", "init")
        kept = os.path.join(self.owner.state, "ca", "issued")
        self.issue("alice")
        self.issue("bob", "--forget")
        self.assertEqual(os.listdir(kept), ["alice"])
        self.assertEqual(os.listdir(os.path.join(kept, "alice")), ["alice.key"])
        self.assertEqual(self.owner.run("ca", "issue", "carol", "--forget").code, 2)
        self.owner.do("ca", "renew", "alice", "--forget")
        self.assertEqual(os.listdir(os.path.join(kept, "alice")), [])

    def test_nothing_is_issued_where_its_files_cannot_be_written(self):
        self.owner.do("ca", "init")
        os.mkdir(self.owner.path("alice"))
        with open(self.owner.path("alice/alice.key"), "w", encoding="ascii") as file:
            file.write("mine")
        for out in (self.owner.path("alice"), self.owner.path("not/there"), "/proc/nothing"):
            refused = self.owner.run("ca", "issue", "alice", "--out", out)
            self.assertEqual(refused.code, 1, str(refused))
        self.assertEqual(self.owner.do("ca", "list", "--json").json["certificates"], [])
        self.assertEqual(self.owner.do("client", "list", "--json").json["clients"], [])

    def test_A214_a_taken_name_is_said_to_be_before_a_file_is(self):
        self.owner.do("ca", "init")
        self.issue("alice")
        again = self.owner.run("ca", "issue", "alice", "--json")
        self.assertEqual((again.code, again.json["error"]["code"]), (1, "name_taken"), str(again))
        self.assertIn("--add-key", again.json["error"]["hint"])
        self.owner.do("ca", "issue", "alice", "--add-key", "--forget", "--out", self.owner.path("second"))
        self.assertEqual(len(self.owner.do("client", "show", "alice", "--json").json["pins"]), 2)

    def test_an_authority_is_made_once(self):
        self.owner.do("ca", "init")
        with open(self.ca, encoding="ascii") as file:
            before = file.read()
        again = self.owner.run("ca", "init")
        self.assertEqual((again.code, again.out), (1, ""), str(again))
        with open(self.ca, encoding="ascii") as file:
            self.assertEqual(file.read(), before)


class Lists(AuthorityTest):
    def test_A108_numbers_only_grow(self):
        self.owner.do("ca", "init")
        numbers = [self.owner.do("ca", "crl", "--json").json["lists"][0]["number"] for _ in range(5)]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_either_revocation_revokes_both(self):
        self.owner.do("ca", "init")
        serials = {name: self.issue(name)["serial"] for name in ("alice", "bob", "carol", "dave", "erin")}
        self.owner.do("ca", "revoke", "alice", "--reason", "keyCompromise")
        self.owner.do("client", "revoke", "bob", "--reason", "laptop stolen")
        self.owner.do("client", "suspend", "carol")
        self.owner.do("ca", "revoke", serials["dave"], "--reason", "affiliationChanged")
        states = {c["name"]: c["state"] for c in self.owner.do("client", "list", "--json").json["clients"]}
        self.assertEqual(states, {"alice": "revoked", "bob": "revoked", "carol": "suspended", "dave": "revoked", "erin": "active"})
        self.assertEqual(self.listed(), {serials["alice"]: "Key Compromise", serials["bob"]: None,
                                         serials["carol"]: "Certificate Hold", serials["dave"]: "Affiliation Changed"})
        self.owner.do("client", "restore", "carol")
        self.owner.do("client", "remove", "bob")
        self.assertEqual(set(self.listed()), {serials["alice"], serials["bob"], serials["dave"]})
        states = {c["name"]: c["state"] for c in self.owner.do("ca", "list", "--json").json["certificates"]}
        self.assertEqual(states, {"alice": "revoked", "bob": "revoked", "carol": "valid", "dave": "revoked", "erin": "valid"})

    def test_revocation_closes_the_open_stream_and_the_list_refuses_elsewhere(self):
        self.owner.do("ca", "init")
        files = self.issue("alice")
        crl = self.owner.path("clients.crl")
        self.owner.do("ca", "crl", "--out", crl)
        here = self.server(self.owner, self.backend())
        other = self.side("elsewhere")
        elsewhere = self.server(other, self.backend(), "--client-ca", self.ca, "--client-crl", crl)
        stream = self.open_stream(self.side("alice"), here, "--cert", files["certificate"], "--key", files["key"])
        shown = client_context(files["certificate"], files["key"])
        self.assertIsNone(alert_for(elsewhere, shown))
        elsewhere.event("admitted", client="ca:URI:cotter:alice")
        told = self.owner.do("ca", "revoke", "alice", "--json").json
        self.assertEqual((told["streams_closed"], told["certificates"], told["servers"]), (1, 1, 1))
        self.assertNotEqual(stream.wait(), 0)
        self.assertIsNotNone(alert_for(here, shown))
        self.owner.do("ca", "crl", "--out", crl)
        elsewhere.reload()
        elsewhere.event("reload")
        self.assertEqual(alert_for(elsewhere, shown), "SSLV3_ALERT_CERTIFICATE_REVOKED")

    def test_a_root_that_was_moved_away_is_needed_for_its_own_list_alone(self):
        self.owner.do("ca", "init", "--intermediate", "--name", "Example")
        away = self.owner.path("root.key")
        os.rename(os.path.join(self.owner.state, "ca", "root.key"), away)
        files = self.issue("alice")
        crl = self.owner.path("clients.crl")
        self.owner.do("ca", "crl", "--out", crl)
        server = self.server(self.owner, self.backend(), "--client-ca", self.ca, "--client-crl", crl)
        self.assertIsNone(alert_for(server, client_context(files["certificate"], files["key"])))
        listed = self.owner.do("ca", "list", "--json").json["certificates"]
        intermediate = next(one["serial"] for one in listed if one["name"] is None)
        refused = self.owner.run("ca", "renew", "--intermediate")
        self.assertIn("--root-key", refused.err)
        self.owner.do("ca", "renew", "--intermediate", "--root-key", away)
        self.assertEqual(self.verify(files["certificate"]).code, 0, "the certificate of the same key serves as before")
        self.owner.do("ca", "revoke", intermediate)
        lists = self.owner.do("ca", "crl", "--root-key", away, "--out", crl, "--json").json["lists"]
        self.assertEqual([one["revoked"] for one in lists], [0, 1])
        judged = self.verify(files["certificate"], "-crl_check_all", "-CRLfile", crl)
        self.assertIn("revoked", judged.out + judged.err)


class OtherMakes(AuthorityTest):
    """Servers that trust the authority and its list, with an intermediate as without."""

    def admits(self, server, files):
        """Whether the server lets the client in; None while nobody listens, as in stunnel's reload."""
        try:
            with TlsPeer(server, client_context(files["certificate"], files["key"])) as peer:
                peer.send(b"hello")
                return peer.receive(5) == b"hello"
        except ConnectionRefusedError:
            return None
        except (ssl.SSLError, Truncated, ConnectionError):
            return False

    @staticmethod
    def workers(server):
        """The processes that a server has started."""
        pid = server.process.popen.pid
        return set(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())

    def admit_and_revoke(self, make, *extra):
        if not make.installed():
            self.skipTest(f"{make.name} is not installed")
        self.owner.do("ca", "init", *extra)
        alice, bob = self.issue("alice"), self.issue("bob")
        crl = self.owner.path("clients.crl")
        self.owner.do("ca", "crl", "--out", crl)
        folder = self.side(make.name).folder
        self.certificate = self.ca
        backend = self.backend()
        host, port = backend.address.rsplit(":", 1)
        server = make(folder, self, self_signed(folder, "server"), (host, int(port)), crl)
        try:
            self.assertTrue(self.admits(server, alice))
            self.assertTrue(self.admits(server, bob))
            self.owner.do("client", "revoke", "alice")
            self.owner.do("ca", "crl", "--out", crl)
            before = self.workers(server)
            server.reload()
            # As long as they are there, they go on by the list that they know.
            eventually(lambda: not before & self.workers(server), f"the workers of {make.name} have been replaced")
            eventually(lambda: self.admits(server, alice) is False, f"{make.name} refuses alice")
            eventually(lambda: self.admits(server, bob), f"{make.name} admits bob still")
            self.assertIs(self.admits(server, alice), False)
        finally:
            server.end()

    def test_A118_nginx(self):
        self.admit_and_revoke(Nginx)

    def test_A118_nginx_with_an_intermediate(self):
        self.admit_and_revoke(Nginx, "--intermediate")

    def test_A118_stunnel(self):
        self.admit_and_revoke(Stunnel)

    def test_A118_stunnel_with_an_intermediate(self):
        self.admit_and_revoke(Stunnel, "--intermediate")

    def test_A118_haproxy_with_an_intermediate(self):
        self.admit_and_revoke(Haproxy, "--intermediate")

    def test_clients_of_other_makes_take_the_files(self):
        self.owner.do("ca", "init", "--intermediate")
        files = self.issue("alice")
        server = self.server(self.owner, self.backend(), "--client-ca", self.ca)
        client = self.enterContext(gnutls_cli(server, files["certificate"], files["key"]))
        client.say(b"hello\n")
        client.heard("hello")
        mark = server.mark()
        client = self.enterContext(curl(server, files["pkcs12"] + ":" + files["passphrase"], files["pkcs12"], "--cert-type", "P12",
                                        "--http0.9", "--max-time", "20"))
        server.event("admitted", since=mark, client="alice")
        client.end()


if __name__ == "__main__":
    unittest.main()
