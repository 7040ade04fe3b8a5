"""`invite` and `join`: one command on each side admits a client; a code works once, for the key that was there."""

import concurrent.futures
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness.backends import Backend, echo, unused_port
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.cotter import Connection
from harness.invitation_code import Code
from harness.processes import eventually, event_of
from harness.tls_peer import TlsPeer, Truncated, client_context

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))


class InviteTest(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")
        self.service = self.backend()
        self.gate = self.server(self.owner, self.service)
        self.alice = self.side("alice")

    def invite(self, name="alice", *arguments):
        return self.owner.do("invite", name, *arguments, "--json").json

    def assert_refused(self, done, error, exit_code):
        self.assertEqual((done.code, done.out), (exit_code, ""), str(done))
        self.assertRegex(done.err, r"(?s)cotter: .+\n  next: .+\n$")
        again = done.arguments[1:]
        self.assertTrue(again)
        self.assertIn(error, done.err)


class OneCommandEach(InviteTest):
    def test_two_commands_admit_a_client_and_a_third_opens_its_stream(self):
        invited = self.owner.do("invite", "alice")
        self.assertRegex(invited.out, r"^cotter-join-[0-9a-z-]+\n$", "standard output has the code alone")
        self.assertIn("cotter join", invited.err)
        joined = self.alice.do("join", invited.out.strip())
        pin = self.alice.pin()
        self.assertEqual(joined.out, f"joined {self.gate.address} as alice ({pin}), until revoked\n"
                                     f"next: cotter connect {self.gate.address} --listen PORT\n")
        stream = self.enterContext(Connection(self.alice, self.gate))
        stream.send(b"!")
        self.assertEqual(stream.receive(1), b"!")

    def test_after_joining_connect_needs_no_pin(self):
        self.alice.do("join", self.invite()["code"])
        carried = self.alice.run("connect", self.gate.address, stdin=b"hello")
        self.assertEqual((carried.code, carried.out), (0, "hello"), str(carried))

    def test_both_commands_say_the_same_in_json(self):
        document = self.invite("alice", "--client-expires", "30d")
        self.assertEqual(set(document), {"id", "name", "code", "address", "expires"})
        self.assertEqual((document["name"], document["address"]), ("alice", self.gate.address))
        joined = self.alice.do("join", document["code"], "--json").json
        self.assertEqual(set(joined), {"event", "server", "name", "pin", "connection", "expires"})
        self.assertEqual((joined["event"], joined["name"], joined["pin"]), ("joined", "alice", self.alice.pin()))
        line = self.gate.event("joined", client="alice", pin=self.alice.pin())
        self.assertEqual(line["conn"], joined["connection"])
        shown = self.owner.do("client", "show", "alice", "--json").json
        self.assertEqual(shown["expires"], joined["expires"])
        self.assertEqual([entry["action"] for entry in shown["history"]], ["join", "invite"])

    def test_A208_the_key_is_made_at_the_client_and_is_the_one_that_signed_the_handshake(self):
        self.assertFalse(os.path.exists(self.alice.key))
        self.alice.do("join", self.invite()["code"])
        self.assertEqual(stat.S_IMODE(os.stat(self.alice.key).st_mode), 0o600)
        self.assertEqual(self.owner.do("client", "show", "alice", "--json").json["pins"], [self.alice.pin()])

    def test_A208_no_key_is_admitted_but_the_one_that_the_joiner_holds(self):
        """Another's certificate can be shown, but not without its key."""
        victim = self_signed(self.owner.folder, "victim")
        own = self_signed(self.owner.folder, "own")
        with self.assertRaises(ssl.SSLError):
            client_context(victim.certificate, own.key)
        code = Code(self.invite()["code"])
        context = client_context(own.certificate, own.key, alpn="cotter-join/1")
        # A request has no room for a key: with a pin of the victim behind it, it is none.
        for request, answer in ((b"\1" + code.secret + victim.pin().encode(), b"0"), (b"\1" + code.secret, b"1 alice -")):
            with TlsPeer(self.gate, context) as peer:
                peer.send(request)
                self.assertEqual(peer.receive_all(), answer)
        self.assertEqual(self.owner.do("client", "show", "alice", "--json").json["pins"], [own.pin()])

    def test_join_listen_goes_straight_on_to_carry_the_stream(self):
        code = self.invite()["code"]
        client = self.enterContext(self.alice.start("join", code, "--listen", "127.0.0.1:0", "--json"))
        ready = client.out.wait(lambda line: (event_of(line) or {}).get("event") == "listening" and event_of(line),
                                "listening event")
        host, port = ready["listen"].rsplit(":", 1)
        with socket.create_connection((host, int(port)), 60) as stream:
            stream.sendall(b"hello")
            self.assertEqual(stream.recv(5, socket.MSG_WAITALL), b"hello")
        self.gate.event("admitted", client="alice")

    def test_A157_the_code_is_read_from_standard_input_so_that_no_process_list_shows_it(self):
        code = self.invite()["code"]
        joined = self.alice.run("join", "-", stdin=f"  {code}\n".encode())
        self.assertEqual(joined.code, 0, str(joined))
        self.assertNotIn(code, joined.out + joined.err)

    def test_invite_before_any_server_ran_says_what_to_start(self):
        new = self.side("new")
        invited = new.run("invite", "alice")
        self.assertEqual((invited.code, invited.out), (1, ""))
        self.assertIn("cotter serve has not run with the state folder", invited.err)
        self.assertIn("start cotter serve first", invited.err)
        self.assertEqual(new.run("invite", "alice", "--json").json["error"]["code"], "never_served")

    def test_the_address_can_be_another_than_where_the_server_listens(self):
        self.assertEqual(Code(self.invite("alice", "--address", "db.example:7000")["code"]).address, "db.example:7000")
        for bad in ("db.example", "db.example:0", "db example:7", ":7", "db.example:70000"):
            with self.subTest(bad):
                self.assertEqual(self.owner.run("invite", "bob", "--address", bad).code, 2)


class OnceAndInTime(InviteTest):
    def test_A203_a_code_works_once(self):
        code = self.invite()["code"]
        self.alice.do("join", code)
        mallory = self.side("mallory")
        again = mallory.run("join", code)
        self.assertEqual((again.code, again.out), (3, ""))
        for words in ("does not take this code", f"cotter client add NAME {mallory.pin()}", "next: "):
            self.assertIn(words, again.err)
        line = self.gate.event("join_refused")
        self.assertIn("used or withdrawn", line["reason"])
        self.assertIn(line["conn"], again.err)
        self.assertEqual([client["pins"] for client in self.owner.do("client", "list", "--json").json["clients"]],
                         [[self.alice.pin()]])
        self.assertEqual(mallory.run("connect", self.gate.address, "--pin", self.gate.pin).code, 3)

    def test_A203_of_many_who_use_it_at_once_at_two_servers_one_is_admitted(self):
        second = self.server(self.owner, self.service)
        racers = [self.side(f"racer{number}") for number in range(8 if SANITIZED else 20)]
        for racer in racers:
            racer.pin()
        codes = [self.invite("alice")["code"]]
        codes.append(str(Code(codes[0]).replaced(address=second.address)))
        if Code(codes[0]).address == second.address:
            codes[1] = str(Code(codes[0]).replaced(address=self.gate.address))
        with concurrent.futures.ThreadPoolExecutor(len(racers)) as pool:
            done = list(pool.map(lambda pair: pair[1].run("join", codes[pair[0] % 2]), enumerate(racers)))
        winners = [racer for racer, outcome in zip(racers, done) if outcome.code == 0]
        self.assertEqual(sorted(outcome.code for outcome in done), [0] + [3] * (len(racers) - 1),
                         "\n".join(map(str, done)))
        listed = self.owner.do("client", "list", "--json").json["clients"]
        self.assertEqual([(client["name"], client["pins"]) for client in listed], [("alice", [winners[0].pin()])])
        self.assertEqual(self.owner.do("invite", "list", "--json").json, {"invitations": []})

    def test_A203_a_code_survives_the_servers_sudden_end_and_still_works_once(self):
        codes = [self.invite(name)["code"] for name in ("alice", "bob")]
        self.alice.do("join", codes[0])
        self.gate.signal(signal.SIGKILL)
        self.gate.wait()
        self.server(self.owner, self.service, listen=self.gate.address)
        self.assertEqual(self.side("mallory").run("join", codes[0]).code, 3, "what was used stays used")
        self.assertEqual(self.side("bob").run("join", codes[1]).code, 0)

    def test_A204_a_code_ends_when_the_servers_clock_says_so(self):
        code = self.invite("alice", "--expires", "2s")["code"]
        eventually(lambda: not self.owner.do("invite", "list", "--json").json["invitations"], "the code has ended")
        late = self.alice.run("join", code)
        self.assertEqual((late.code, late.out), (3, ""))
        self.assertIn("ended at", self.gate.event("join_refused")["reason"])
        self.assertNotIn("ended at", late.err, "which of the causes it was only the log tells (A206)")

    def test_A204_no_time_that_is_past_or_senseless_is_taken(self):
        for expires in ("0s", "2020-01-01T00:00:00Z", "soon", "-1h", "1", "99999999999y"):
            with self.subTest(expires):
                self.assertEqual(self.owner.run("invite", "alice", "--expires", expires).code, 2)
        self.assertEqual(self.owner.do("invite", "list").out, "no code waits; cotter invite NAME makes one\n")

    def test_a_code_can_be_withdrawn(self):
        document = self.invite()
        self.invite("bob")
        listed = self.owner.do("invite", "list", "--json").json["invitations"]
        self.assertEqual({one["name"]: set(one) for one in listed},
                         {name: {"id", "name", "created", "expires"} for name in ("alice", "bob")})
        self.assertIn(document["id"], self.owner.do("invite", "list").out)
        self.assertEqual(self.owner.do("invite", "withdraw", document["id"], "--json").json, {"withdrawn": document["id"]})
        self.assertEqual(self.alice.run("join", document["code"]).code, 3)
        again = self.owner.run("invite", "withdraw", document["id"])
        self.assertEqual(again.code, 1)
        self.assertIn("next: ", again.err)

    def test_A206_whatever_is_wrong_with_a_code_the_server_answers_the_same(self):
        used, withdrawn, taken = (self.invite(name) for name in ("alice", "bob", "carol"))
        self.alice.do("join", used["code"])
        self.owner.do("invite", "withdraw", withdrawn["id"])
        self.owner.do("client", "add", "carol", self.side("carol").pin())
        unknown = str(Code(used["code"]).replaced(secret=bytes(16)))
        own = self_signed(self.owner.folder, "own")
        for code in (used["code"], withdrawn["code"], taken["code"], unknown):
            with TlsPeer(self.gate, client_context(own.certificate, own.key, alpn="cotter-join/1")) as peer:
                peer.send(b"\1" + Code(code).secret)
                self.assertEqual(peer.receive_all(), b"0")


class WhoMayJoin(InviteTest):
    def test_A214_a_code_gives_no_existing_name_another_key(self):
        code = self.invite()["code"]
        first = self.side("first")
        self.owner.do("client", "add", "alice", first.pin())
        self.assertEqual(self.alice.run("join", code).code, 3)
        self.assertEqual(self.owner.do("client", "show", "alice", "--json").json["pins"], [first.pin()])
        taken = self.owner.run("invite", "alice")
        self.assertEqual((taken.code, taken.out), (1, ""))
        self.assertIn("client add-key alice PIN", taken.err)

    def test_A116_a_suspended_or_revoked_key_joins_nowhere_and_leaves_the_code_for_another(self):
        self.owner.do("client", "add", "old", self.alice.pin())
        code = self.invite("new")["code"]
        for change in (("suspend", "old"), ("revoke", "old"), ("remove", "old")):
            self.owner.do("client", *change)
            refused = self.alice.run("join", code)
            self.assertEqual(refused.code, 3, f"{change}: {refused}")
        self.assertEqual(self.owner.do("client", "list", "--json").json, {"clients": []})
        self.assertEqual(self.side("bob").run("join", code).code, 0)

    def test_a_removed_clients_waiting_codes_are_withdrawn(self):
        code = self.invite("alice")["code"]
        self.owner.do("client", "add", "alice", self.side("first").pin())
        self.owner.do("client", "remove", "alice")
        self.assertEqual(self.alice.run("join", code).code, 3)

    def test_A101_a_weak_key_does_not_join(self):
        weak = self_signed(self.owner.folder, "weak", "rsa:1024")
        code = Code(self.invite()["code"])
        context = client_context(alpn="cotter-join/1")
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.load_cert_chain(weak.certificate, weak.key)
        with self.assertRaises((ssl.SSLError, Truncated)):
            with TlsPeer(self.gate, context) as peer:
                peer.send(b"\1" + code.secret)
                peer.receive_all()
        self.assertEqual(self.owner.do("client", "list", "--json").json, {"clients": []})

    def test_A50_a_join_connection_reaches_nothing_but_the_exchange(self):
        stranger = self_signed(self.owner.folder, "stranger")
        admitted = self_signed(self.owner.folder, "admitted")
        self.owner.do("client", "add", "bob", admitted.certificate)
        for issued in (stranger, admitted):
            for spoken in (b"GET / HTTP/1.0\r\n\r\n", b"\0" * 17, b"\1" + b"x" * 16, b"\1" * 60000):
                with self.subTest((issued.certificate, spoken[:4])):
                    with TlsPeer(self.gate, client_context(issued.certificate, issued.key, alpn="cotter-join/1")) as peer:
                        peer.send(spoken)
                        try:
                            self.assertEqual(peer.receive_all(), b"0")
                        except (Truncated, ConnectionError):
                            pass
        self.assertEqual(self.service.count, 0)
        with TlsPeer(self.gate, client_context(admitted.certificate, admitted.key)) as peer:
            peer.send(b"!")
            self.assertEqual(peer.receive(1), b"!")
        self.assertEqual(self.service.count, 1)

    def test_A50_without_the_join_protocol_a_strangers_handshake_does_not_end(self):
        stranger = self_signed(self.owner.folder, "stranger")
        code = Code(self.invite()["code"])
        for alpn in (None, "cotter/1", "http/1.1"):
            with self.assertRaises(ssl.SSLError):
                with TlsPeer(self.gate, client_context(stranger.certificate, stranger.key, alpn=alpn)) as peer:
                    peer.send(b"\1" + code.secret)
                    peer.receive_all()
        self.assertEqual(self.owner.do("client", "list", "--json").json, {"clients": []})


class Secrets(InviteTest):
    def test_A205_nothing_of_a_secret_is_kept_or_written_anywhere(self):
        code = self.invite()["code"]
        other = self.invite("bob")["code"]
        self.alice.do("join", code)
        self.side("mallory").run("join", code)
        self.gate.event("join_refused")
        for text in (code, other):
            secret = Code(text).secret
            letters = text.replace("-", "")[len("cotterjoin") + 60 : len("cotterjoin") + 84]
            for folder, _, names in os.walk(self.owner.state):
                for name in names:
                    if not os.path.isfile(os.path.join(folder, name)):
                        continue  # the server's status socket
                    with open(os.path.join(folder, name), "rb") as file:
                        content = file.read()
                    self.assertNotIn(secret, content, name)
                    self.assertNotIn(secret.hex().encode(), content.lower(), name)
                    self.assertNotIn(letters.encode(), content.replace(b"-", b""), name)
            with open(f"/proc/{self.gate.pid}/cmdline", "rb") as arguments:
                spoken = self.gate.err.text() + self.gate.out.text() + arguments.read().decode()
            self.assertNotIn(letters, spoken.replace("-", ""))
            self.assertNotIn(secret.hex(), spoken)
        rows = self.owner.query("SELECT hash FROM invitations")
        self.assertEqual(len(rows), 1, "what was used is gone")

    def test_A207_an_impostor_never_gets_the_secret(self):
        impostor = self_signed(self.owner.folder, "impostor")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(impostor.certificate, impostor.key)
        context.set_alpn_protocols(["cotter-join/1"])
        heard = []

        def pretend(visit):
            try:
                with context.wrap_socket(visit.connection, server_side=True) as stream:
                    while data := stream.recv(4096):
                        heard.append(data)
            except ssl.SSLError as fault:
                heard.append(fault.reason)
            visit.finished("eof")

        with Backend(pretend) as pretender:
            code = Code(self.invite()["code"])
            refused = self.alice.run("join", str(code.replaced(address=pretender.address)))
            pretender.visit().wait()
        self.assertEqual((refused.code, refused.out), (3, ""), str(refused))
        self.assertIn("is not trusted", refused.err)
        self.assertEqual(heard, ["SSLV3_ALERT_BAD_CERTIFICATE"])
        self.assertEqual(self.alice.run("join", str(code)).code, 0, "the code is still good")

    def test_A207_another_cotter_server_is_an_impostor_too(self):
        elsewhere = self.side("elsewhere")
        other = self.server(elsewhere, self.service)
        refused = self.alice.run("join", str(Code(self.invite()["code"]).replaced(address=other.address)))
        self.assertEqual(refused.code, 3, str(refused))
        other.event("handshake_failed", alert="bad_certificate")


class BadCodes(InviteTest):
    def test_each_fault_of_a_code_is_told_apart(self):
        code = self.invite()["code"]
        letters = code[len("cotter-join-"):]
        # In a group of six, where two that differ stand side by side.
        at = next(at for at in range(21, 26) if letters[at] != letters[at + 1])
        swapped = letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :]
        changed = letters[:30] + ("a" if letters[30] != "a" else "b") + letters[31:]
        rows = (
            ("cut in the middle", code[: len(code) // 2], "invitation_cut"),
            ("its last letter lost", code[:-1], "invitation_cut"),
            ("one letter changed", f"cotter-join-{changed}", "invitation_mistyped"),
            ("two letters swapped", f"cotter-join-{swapped}", "invitation_mistyped"),
            ("something behind it", code + "abc", "invitation_mistyped"),
            ("a pin", self.gate.pin, "invitation_not_a_code"),
            ("nothing", "", "invitation_not_a_code"),
            ("an address", self.gate.address, "invitation_not_a_code"),
            ("a foreign letter", f"cotter-join-{letters[:4]}u{letters[5:]}", "invitation_mistyped"),
        )
        for what, text, error in rows:
            with self.subTest(what):
                done = self.alice.run("join", "--json", "--", text)
                self.assertEqual((done.code, done.json["error"]["code"]), (2, error), str(done))
                self.assertTrue(done.json["error"]["hint"])
                self.assertNotIn(letters[:24], done.out, "not even a bad code is printed")
        self.assertEqual(self.alice.run("join", "--", code.upper().replace("-", " ")).code, 0, "case and spaces don't count")

    def test_an_unreachable_server_is_not_a_verdict(self):
        code = Code(self.invite()["code"]).replaced(address=f"127.0.0.1:{unused_port()}")
        done = self.alice.run("join", str(code))
        self.assertEqual((done.code, done.out), (1, ""))
        self.assertIn("next: ", done.err)

    def test_a_code_that_contradicts_the_remembered_key_is_not_used(self):
        self.alice.do("join", self.invite()["code"])
        forged = Code(self.invite("bob")["code"]).replaced(key_digest=bytes(range(32)))
        done = self.alice.run("join", str(forged))
        self.assertIn(done.code, (1, 3))
        self.assertIn(self.gate.pin, done.err)
        self.assertIn("another way", done.err)


if __name__ == "__main__":
    unittest.main()
