"""`renew`: a client gets another key; the former is dropped once the next one is admitted, and not before."""

import os
import pathlib
import socket
import unittest

from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.crash import Crashes
from harness.cotter import Connection
from harness.processes import Finished, eventually
from harness.tls_peer import TlsPeer, alert_for, client_context

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))


class RenewTest(TunnelTest):
    serving = ()

    def setUp(self):
        self.owner = self.side("owner")
        self.service = self.backend()
        self.gate = self.server(self.owner, self.service, *self.serving)
        self.alice = self.side("alice")
        self.alice.do("join", self.owner.do("invite", "alice").out.strip())
        self.former = self.alice.pin()

    def keys(self, name="alice"):
        return set(self.owner.do("client", "show", name, "--json").json["pins"])

    def visit(self, client=None):
        done = (client or self.alice).run("connect", self.gate.address, stdin=b"hello")
        self.assertEqual((done.code, done.out), (0, "hello"), str(done))


class Renewal(RenewTest):
    def test_one_command_changes_the_key_on_both_sides(self):
        kept = {name: pathlib.Path(getattr(self.alice, name)).read_bytes() for name in ("key", "certificate")}
        renewed = self.alice.do("renew", "--json").json
        self.assertEqual(renewed["servers"], [{"server": self.gate.address, "name": "alice"}])
        self.assertNotEqual(renewed["pin"], self.former)
        self.assertEqual((self.alice.pin(), self.keys()), (renewed["pin"], {renewed["pin"]}))
        self.visit()
        self.assertEqual(sorted(name for name in os.listdir(self.alice.state) if name.startswith("identity.")),
                         ["identity.crt", "identity.key", "identity.lock"], "nothing of the former key is left")
        for name, content in kept.items():
            with open(self.alice.path(f"former.{name}"), "wb") as file:
                file.write(content)
        context = client_context(self.alice.path("former.certificate"), self.alice.path("former.key"))
        self.assertIsNotNone(alert_for(self.gate, context), "the former key is still admitted")
        actions = [entry["action"] for entry in self.owner.do("client", "show", "alice", "--json").json["history"]]
        self.assertEqual(actions[:2], ["drop-key", "add-key"])

    def test_it_can_be_done_again_and_with_another_kind_of_key(self):
        for kind in ("ed25519", "p256"):
            self.alice.do("renew", "--key-type", kind)
            self.visit()
            self.assertEqual(self.keys(), {self.alice.pin()})

    def test_a_client_that_listens_takes_the_new_key_for_its_next_stream(self):
        at = self.listening(self.alice, self.gate)

        def echo():
            with socket.create_connection(at, 60) as stream:
                stream.sendall(b"hello")
                return stream.recv(5, socket.MSG_WAITALL)

        self.assertEqual(echo(), b"hello")
        new = self.alice.do("renew", "--json").json["pin"]
        mark = self.gate.mark()
        self.assertEqual(echo(), b"hello")
        self.gate.event("admitted", since=mark, pin=new)

    def test_streams_of_the_former_key_end_with_it(self):
        stream = self.open_stream(self.alice, self.gate)
        self.alice.do("renew")
        self.gate.event("revoked_closed", client="alice", pin=self.former)
        self.assertNotEqual(stream.wait(), 0)

    def test_it_may_be_done_with_as_many_streams_open_as_the_client_may_have(self):
        self.owner.do("client", "rules", "alice", "--max-streams", "1")
        self.open_stream(self.alice, self.gate)
        self.assertEqual(self.connect(self.alice, self.gate).wait(), 3, "another stream would be one too many")
        self.alice.do("renew")
        self.assertEqual(self.keys(), {self.alice.pin()})

    def test_what_was_said_of_a_rotation_holds_for_the_next_key(self):
        self.owner.do("rotate", "prepare")
        self.gate.event("rotation_announced")
        self.visit()
        ready = lambda: self.owner.do("rotate", "status", "--json").json["can_commit"]
        eventually(ready, "alice is ready")
        self.alice.do("renew")
        self.assertTrue(ready())
        self.owner.do("rotate", "commit")
        self.visit()

    def test_all_servers_must_have_the_next_key_before_the_former_goes(self):
        other_owner = self.side("other")
        other = self.server(other_owner, self.service)
        self.alice.do("join", other_owner.do("invite", "guest").out.strip())
        address = other.address
        other.drain()
        self.assertEqual(other.wait(), 0)
        stopped = self.alice.run("renew")
        self.assertEqual(stopped.code, 1, str(stopped))
        self.assertEqual(self.alice.pin(), self.former)
        self.visit()
        again = self.server(other_owner, self.service, listen=address)
        renewed = self.alice.do("renew", "--json").json
        self.assertEqual({(one["server"], one["name"]) for one in renewed["servers"]},
                         {(self.gate.address, "alice"), (again.address, "guest")})
        for owner, name in ((self.owner, "alice"), (other_owner, "guest")):
            self.assertEqual(owner.do("client", "show", name, "--json").json["pins"], [renewed["pin"]])


class WhoMay(RenewTest):
    def request(self, side, octets, alpn="cotter-control/1"):
        with TlsPeer(self.gate, client_context(side.certificate, side.key, alpn=alpn)) as peer:
            peer.send(octets)
            return peer.receive_all()

    def test_A32_A208_a_key_is_registered_only_with_its_own_proof_for_this_connection(self):
        victim = self_signed(self.owner.folder, "victim")
        der = Finished(["openssl", "x509", "-in", victim.certificate, "-noout", "-pubkey"]).raw
        spki = Finished(["openssl", "pkey", "-pubin", "-outform", "DER"], stdin=der).raw
        for signature in (b"", b"\x30\x06\x02\x01\x01\x02\x01\x01", bytes(64)):
            proof = len(spki).to_bytes(2, "big") + spki + signature
            answer = self.request(self.alice, b"\3" + len(proof).to_bytes(2, "big") + proof)
            self.assertEqual(answer, b"\2\0\1\4", signature)
        self.assertEqual(self.keys(), {self.former})

    def test_A50_strangers_get_no_answer(self):
        stranger = self.side("stranger")
        stranger.pin()
        context = client_context(stranger.certificate, stranger.key, alpn="cotter-control/1")
        self.assertIsNotNone(alert_for(self.gate, context))
        self.owner.do("client", "suspend", "alice")
        context = client_context(self.alice.certificate, self.alice.key, alpn="cotter-control/1")
        self.assertIsNotNone(alert_for(self.gate, context))

    def test_nothing_but_a_known_request_is_done_and_the_service_hears_none_of_it(self):
        self.assertEqual(self.request(self.alice, b"\1\0\0"), b"\1\0\5alice")
        for octets in (b"\0\0\0", b"\1\0\1x", b"\2\0\0", b"\2\0\x21" + b"\0" * 33, b"\4\0\1x", b"\x7f\0\0"):
            self.assertEqual(self.request(self.alice, octets), b"\2\0\1\1", octets)
        self.assertEqual(self.service.count, 0)

    def test_a_key_drops_no_other_than_the_one_in_whose_place_it_came(self):
        second = self.side("second")
        self.owner.do("client", "add-key", "alice", second.pin())
        self.assertEqual(self.request(second, b"\4\0\0"), b"\1\0\5alice", "there is nothing to finish")
        self.assertEqual(self.keys(), {self.former, second.pin()})
        self.alice.do("renew")
        self.assertEqual(self.keys(), {self.alice.pin(), second.pin()})

    def test_A214_a_key_of_another_name_is_not_taken_over(self):
        bob = self.admitted(self.owner, "bob")
        os.rename(bob.key, os.path.join(self.alice.state, "identity.next.key"))
        os.rename(bob.certificate, os.path.join(self.alice.state, "identity.next.crt"))
        refused = self.alice.run("renew", "--json")
        self.assertEqual((refused.code, refused.json["error"]["code"]), (1, "renewal_key_refused"))
        self.assertEqual((self.alice.pin(), self.keys()), (self.former, {self.former}))

    def test_a_revoked_client_renews_nothing(self):
        self.owner.do("client", "revoke", "alice")
        refused = self.alice.run("renew")
        self.assertEqual(refused.code, 3, str(refused))
        self.assertEqual(self.alice.pin(), self.former)


class ByTheOwnerAlone(RenewTest):
    serving = ("--no-renewal",)

    def test_the_owner_may_forbid_it(self):
        refused = self.alice.run("renew", "--json")
        self.assertEqual((refused.code, refused.json["error"]["code"]), (1, "renewal_forbidden"))
        self.assertEqual((self.alice.pin(), self.keys()), (self.former, {self.former}))
        self.visit()


class ByACertificate(TunnelTest):
    def test_a_key_that_only_a_ca_admits_is_told_to_have_another_certificate(self):
        owner = self.side("owner")
        authority = Authority(owner.folder)
        gate = self.server(owner, self.backend(), "--client-ca", authority.certificate)
        carol = self.side("carol")
        carol.pin()
        issued = authority.issue("carol", names="DNS:carol.example", key=carol.key)
        os.replace(issued.certificate, carol.certificate)
        os.chmod(carol.certificate, 0o600)
        before = carol.pin()
        refused = carol.run("renew", gate.address, "--pin", gate.pin, "--json")
        self.assertEqual((refused.code, refused.json["error"]["code"]), (1, "renewal_not_listed"), str(refused))
        self.assertEqual(carol.pin(), before)


@unittest.skipIf(SANITIZED, "a sanitizer must be loaded first")
class Crash(RenewTest):
    def test_killed_at_each_step_it_can_be_run_again_and_nobody_is_locked_out(self):
        crashes = Crashes(self.alice.folder)
        for at in range(1, 100):
            before = self.alice.pin()
            died = crashes.run(self.alice, at, "renew")
            self.visit()
            if died:
                self.alice.do("renew")
            self.visit()
            self.assertEqual(self.keys(), {self.alice.pin()}, at)
            self.assertNotEqual(self.alice.pin(), before, at)
            if not died:
                break
        self.assertGreater(at, 12, "no step was met")


if __name__ == "__main__":
    unittest.main()
