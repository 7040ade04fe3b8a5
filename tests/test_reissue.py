"""`renew` of a certificate that the owner's authority has issued: the server gives the client its next one, if the owner has
it do so; openssl judges what came."""

import contextlib
import os
import pathlib
import sqlite3
import unittest

from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.processes import Finished
from harness.reissue import AGO, ReissueTest
from harness.tls_peer import TlsPeer, alert_for, client_context


class Certificate(ReissueTest):
    def test_A211_the_next_one_is_for_the_same_name_and_key_and_no_longer(self):
        files = self.issue("alice")
        before, key = self.facts(files), pathlib.Path(files[1]).read_bytes()
        text = self.openssl("x509", "-in", files[0], "-noout", "-ext", "basicConstraints,keyUsage,extendedKeyUsage,subjectAltName")
        renewed = self.renew(files)
        after = self.facts(files)
        self.assertEqual((renewed["renewed"], renewed["serial"]), (True, after["serial"].lower()))
        self.assertEqual(after["subject"], before["subject"])
        self.assertNotEqual(after["serial"], before["serial"])
        self.assertEqual(pathlib.Path(files[1]).read_bytes(), key)
        self.assertEqual(text, self.openssl("x509", "-in", files[0], "-noout", "-ext",
                                            "basicConstraints,keyUsage,extendedKeyUsage,subjectAltName"))
        self.verify(files)
        row = self.owner.query("SELECT not_after - issued, actor FROM issued_certificates WHERE serial = ?",
                               bytes.fromhex(after["serial"]))[0]
        self.assertEqual(row[0], 24 * 3600)
        self.assertRegex(row[1], "^renewal from 127.0.0.1:")
        self.visit(files)
        newest = self.owner.do("log", "show", "--json", "--client", "alice").out.splitlines()
        self.assertTrue(any('"ca-issue"' in line and after["serial"].lower() in line for line in newest), newest)
        self.assertEqual(sorted(os.listdir(os.path.dirname(files[0]))), ["alice.crt", "alice.key", "alice.p12", "ca.crt"])

    def test_the_clients_admission_goes_on_with_it(self):
        files = self.issue("alice")
        renewed = self.renew(files)
        self.assertEqual(self.owner.do("client", "show", "alice", "--json").json["expires"], renewed["not_after"])

    def test_not_before_half_of_its_life_has_passed(self):
        files = self.issue("early", -11)
        self.assertEqual(self.refused(files), "renewal_too_early")
        for _ in range(2):
            due = self.renew(files, "--if-due")
            self.assertEqual((due["renewed"], self.issued("early")), (False, 1))
        files = self.issue("alice")
        self.assertTrue(self.renew(files, "--if-due")["renewed"])
        self.assertFalse(self.renew(files, "--if-due")["renewed"])
        self.assertEqual(self.refused(files), "renewal_too_early")
        self.assertEqual(self.issued("alice"), 2)

    def test_an_answer_that_was_lost_is_given_once_more(self):
        files = self.issue("alice")
        before = pathlib.Path(files[0]).read_bytes()
        first = self.renew(files)
        pathlib.Path(files[0]).write_bytes(before)
        self.assertEqual(self.renew(files)["serial"], first["serial"])
        self.assertEqual(self.issued("alice"), 2)

    def test_a_next_key_comes_with_its_certificate_and_the_former_goes(self):
        files = self.issue("alice")
        former = [self.client.path(name) for name in ("former.crt", "former.key")]
        for source, kept in zip(files, former):
            pathlib.Path(kept).write_bytes(pathlib.Path(source).read_bytes())
        self.renew(files, "--next-key")
        self.verify(files)
        self.visit(files)
        self.assertNotEqual(pathlib.Path(files[1]).read_bytes(), pathlib.Path(former[1]).read_bytes())
        self.assertEqual(os.stat(files[1]).st_mode & 0o777, 0o600)
        self.assertEqual(len(self.owner.do("client", "show", "alice", "--json").json["pins"]), 1)
        self.assertIsNotNone(alert_for(self.gate, client_context(*former)), "the former key is still admitted")

    def test_an_identity_of_the_state_folder_is_renewed_there(self):
        carol = self.side("carol")
        carol.pin()
        request = carol.path("carol.csr")
        self.openssl("req", "-new", "-key", carol.key, "-subj", "/CN=whoever", "-out", request)
        signed = carol.path("carol.crt")
        self.clock.do(self.owner, AGO, "ca", "sign", request, "--name", "carol", "--hours", "24", "--out", signed)
        os.replace(signed, carol.certificate)
        for arguments in ([], ["--next-key"]):
            before = carol.pin()
            done = carol.run("renew", self.gate.address, "--pin", self.gate.pin, *arguments)
            if arguments:  # it has just been renewed
                self.assertEqual(done.code, 1, str(done))
            self.verify((carol.certificate, carol.key))
            self.assertEqual(carol.pin(), before)
            visited = carol.run("connect", self.gate.address, "--pin", self.gate.pin, stdin=b"hello")
            self.assertEqual((visited.code, visited.out), (0, "hello"), str(visited))


class WhoMay(ReissueTest):
    def request(self, files, octets):
        with TlsPeer(self.gate, client_context(*files, alpn="cotter-control/1")) as peer:
            peer.send(octets)
            return peer.receive_all()

    def test_A32_another_certificate_of_the_same_key_renews_nothing(self):
        files = self.issue("alice")
        other = self.client.path("other.crt")
        self.openssl("req", "-x509", "-new", "-key", files[1], "-subj", "/CN=alice", "-days", "1", "-addext",
                     "subjectAltName=URI:cotter:alice", "-out", other)
        self.assertEqual(self.request((other, files[1]), b"\1\0\0"), b"\1\0\5alice", "the key is admitted")
        self.assertEqual(self.request((other, files[1]), b"\5\0\0"), b"\2\0\1\7")
        self.assertEqual(self.issued("alice"), 1)
        self.assertEqual(self.request(files, b"\5\0\0")[:1], b"\3")

    def test_A208_a_next_key_is_certified_only_with_its_own_proof_for_this_connection(self):
        files = self.issue("alice")
        victim = self_signed(self.owner.folder, "victim")
        der = Finished(["openssl", "x509", "-in", victim.certificate, "-noout", "-pubkey"]).raw
        spki = Finished(["openssl", "pkey", "-pubin", "-outform", "DER"], stdin=der).raw
        for signature in (b"", b"\x30\x06\x02\x01\x01\x02\x01\x01", bytes(64)):
            proof = len(spki).to_bytes(2, "big") + spki + signature
            self.assertEqual(self.request(files, b"\5" + len(proof).to_bytes(2, "big") + proof), b"\2\0\1\4", signature)
        self.assertEqual(self.issued("alice"), 1)

    def test_A116_a_revoked_certificate_or_client_renews_nothing(self):
        revoked, superseded, suspended = (self.issue(name) for name in ("alice", "bob", "carol"))
        self.owner.do("ca", "revoke", "alice")
        self.owner.do("ca", "revoke", self.facts(superseded)["serial"], "--reason", "superseded")
        self.owner.do("client", "suspend", "carol")
        for files in (revoked, superseded, suspended):
            self.assertEqual(self.refused(files), "not_admitted")
        self.assertEqual([self.issued(name) for name in ("alice", "bob", "carol")], [1, 1, 1])

    def test_a_server_of_another_registry_is_not_asked_to_certify_whom_it_does_not_know(self):
        files = self.issue("alice")
        other = self.server(self.side("other"), self.service, "--client-ca", os.path.join(self.owner.state, "ca", "ca.crt"))
        self.assertEqual(self.refused(files, gate=other), "renewal_not_listed")

    def test_the_authority_is_read_anew_when_the_server_reloads(self):
        files = self.issue("alice")
        os.rename(os.path.join(self.owner.state, "ca", "intermediate.key"), self.owner.path("away.key"))
        mark = self.gate.mark()
        self.gate.reload()
        self.gate.event("reload", since=mark, result="kept")
        self.renew(files)


class NoAuthority(ReissueTest):
    serving = ()

    def prepare(self):
        self.key = os.path.join(self.owner.state, "ca", "intermediate.key")
        os.rename(self.key, self.owner.path("away.key"))

    def test_A213_a_server_that_was_not_told_to_needs_no_key_of_the_authority(self):
        os.rename(self.owner.path("away.key"), self.key)
        files = self.issue("alice")
        self.assertEqual(self.refused(files), "renewal_forbidden")
        self.assertIn("--renew-certificates", self.client.run(*self.renewal(files)[:-1]).err)
        self.visit(files)


class UnderAPassphrase(ReissueTest):
    @property
    def initially(self):
        self.passphrase = self.owner.path("passphrase")
        with open(os.open(self.passphrase, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write("correct horse\n")
        return ("--passphrase-file", self.passphrase)

    @property
    def serving(self):
        return ("--renew-certificates", "--ca-passphrase-file", self.passphrase, "--no-renewal")

    def issue(self, name, *arguments):
        return super().issue(name, AGO, "--passphrase-file", self.passphrase)

    def test_the_server_opens_the_key_and_keys_stay_the_owners_to_change(self):
        files = self.issue("alice")
        self.assertEqual(self.refused(files, "--next-key"), "renewal_forbidden")
        self.renew(files)
        self.verify(files)

    def test_A213_what_it_can_not_open_or_others_can_read_stops_it_at_the_start(self):
        def serve(*arguments):
            done = self.owner.run("serve", "--listen", "127.0.0.1:0", "--to", self.service.address, "--json", *arguments)
            self.assertNotEqual(done.code, 0, str(done))
            return done.json["error"]["code"]

        self.assertEqual(serve("--renew-certificates"), "key_encrypted")
        self.assertEqual(serve("--ca-passphrase-file", self.passphrase), "no_renewal_of_certificates")
        self.assertEqual(serve("--renew-certificates", "--ca-folder", self.owner.path("nowhere")), "no_authority")
        os.chmod(os.path.join(self.owner.state, "ca", "root.key"), 0o644)
        self.assertEqual(serve(*self.serving), "file_mode")

    def test_a_configuration_file_says_the_same(self):
        os.rename(os.path.join(self.owner.state, "ca"), self.owner.path("authority"))
        file = self.owner.path("cotter.toml")
        with open(file, "w", encoding="utf-8") as out:
            out.write('version = 1\nrenew_certificates = true\nca_folder = "authority"\n'
                      'ca_passphrase_file = "passphrase"\n[[service]]\nname = "db"\nlisten = "127.0.0.1:0"\n'
                      f'to = ["{self.service.address}"]\n')
        self.owner.do("check", file)
        os.rename(self.owner.path("authority"), self.owner.path("elsewhere"))
        self.assertNotEqual(self.owner.run("check", file).code, 0)


class AtThisTime(TunnelTest):
    """Without another clock, which sanitizers don't bear: the record is made to say that it is older."""

    def age(self):
        with contextlib.closing(sqlite3.connect(self.owner.registry)) as database, database:
            database.execute("UPDATE issued_certificates SET issued = issued - 2 * (not_after - issued)")

    def test_a_certificate_is_renewed_and_then_its_key_too(self):
        self.owner, client = self.side("owner"), self.side("client")
        self.owner.do("ca", "init", "--intermediate")
        self.owner.do("ca", "issue", "alice", "--hours", "24", "--out", client.path("alice"), "--forget")
        gate = self.server(self.owner, self.backend(), "--renew-certificates")
        files = ["--pin", gate.pin, "--cert", client.path("alice/alice.crt"), "--key", client.path("alice/alice.key")]
        early = client.run("renew", gate.address, *files, "--json")
        self.assertEqual(early.json["error"]["code"], "renewal_too_early", str(early))
        pins = []
        for arguments in ([], ["--next-key"]):
            self.age()
            pins.append(client.do("renew", gate.address, *files, *arguments, "--json").json["pin"])
            visited = client.run("connect", gate.address, *files, stdin=b"hello")
            self.assertEqual((visited.code, visited.out), (0, "hello"), str(visited))
        self.assertNotEqual(*pins)
        self.assertEqual(self.owner.do("client", "show", "alice", "--json").json["pins"], pins[1:])


if __name__ == "__main__":
    unittest.main()
