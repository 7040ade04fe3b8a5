"""`rotate`: the server gets another key, its clients learn it beforehand, and nobody is locked out but who is named."""

import os
import pathlib
import shutil
import socket
import ssl
import threading
import unittest

from harness.processes import DEADLINE, eventually, event_of
from harness.rotation import RotationTest
from harness.tls_peer import TlsPeer, client_context


class Announcement(RotationTest):
    def test_a_client_learns_the_next_key_says_so_and_passes_the_commit(self):
        alice = self.joined("alice")
        next_pin = self.prepare()
        self.gate.event("rotation_announced", next_pin=next_pin)
        learning = self.visit(alice)
        self.assertIn("has announced its next key", learning.err)
        self.assertIn(f"cotter peers revoke {next_pin}", learning.err)
        line = next(line for line in self.known(alice) if line[0] == "@next")
        self.assertEqual(line[1:3] + line[5:], [self.gate.address, next_pin, f"after={self.old}"])
        self.gate.event("control", client="alice", request="next_key_ready")
        self.assertEqual(self.ready(), {"alice"})
        self.assertTrue(self.status()["can_commit"])
        self.assertNotIn("announced", self.visit(alice).err, "what is known is not told again")

        committed = self.owner.do("rotate", "commit", "--json").json
        self.assertEqual(committed["rotation"]["state"], "committed")
        self.assertEqual([server["present"] for server in committed["servers"]], [next_pin])
        passing = self.visit(alice)
        self.assertIn("has the key now that it had announced", passing.err)
        self.assertEqual(self.known_pins(alice), {next_pin})
        self.assertEqual(self.owner.pin(), next_pin)
        self.assertEqual(self.owner.do("rotate", "status", "--json").json["rotation"]["state"], "committed")
        # An invitation is of the new key from now on.
        bob = self.joined("bob")
        self.assertEqual(self.known_pins(bob), {next_pin})

    def test_A134_who_has_seen_the_new_key_never_takes_the_old_one_again(self):
        alice, late = self.joined("alice"), self.joined("late")
        self.prepare()
        self.visit(alice)
        self.visit(late)
        self.owner.do("rotate", "commit")
        self.visit(alice)
        address = self.gate.address
        self.gate.drain()
        self.assertEqual(self.gate.wait(), 0)
        # Whoever has the old key stands in the server's place.
        thief = self.side("thief")
        os.mkdir(thief.state, 0o700)
        for name in ("key", "crt"):
            shutil.copy(os.path.join(self.owner.state, f"previous.{name}"), os.path.join(thief.state, f"identity.{name}"))
        shutil.copy(self.owner.registry, thief.registry)
        with self.server(thief, self.service, "--registry", f"sqlite:{thief.path('empty.db')}", listen=address) as old:
            self.assertEqual(old.pin, self.old)
            refused = alice.run("connect", address)
            self.assertEqual(refused.code, 3, str(refused))
            self.assertIn("the server's key has changed", refused.err)

    def test_A32_an_announcement_is_worth_nothing_on_another_connection(self):
        """Recorded from the real server and said by somebody who holds the present key, too, but not the next."""
        alice = self.admitted(self.owner, "alice")
        context = client_context(alice.certificate, alice.key, alpn="cotter/1")
        self.prepare()
        self.gate.event("rotation_announced")

        def frame():
            with TlsPeer(self.gate, context) as peer:
                head = peer.receive(3)
                body = peer.receive(int.from_bytes(head[1:], "big"))
                self.assertEqual(peer.receive(3), b"\1\0\0")
                return head + body

        first, second = eventually(lambda: (one := frame())[0] == 3 and one, "an announcement"), frame()
        spki = int.from_bytes(first[4:6], "big")
        self.assertEqual(first[3:6 + spki], second[3:6 + spki], "the key is the same")
        self.assertNotEqual(first[6 + spki:], second[6 + spki:], "the proof is not")
        certificate, key = (os.path.join(self.owner.state, f"identity.{end}") for end in ("crt", "key"))
        victim = self.side("victim")
        with Impostor(certificate, key, first + b"\1\0\0") as impostor:
            done = victim.run("connect", impostor.address, "--trust", "accept-new")
            self.assertEqual(done.code, 0, str(done))
            self.assertIn("is not believed: checking a next key: its signature is not one of that key for this connection",
                          done.err)
        self.assertEqual(self.known_pins(victim), {self.old})

    def test_what_is_not_plainly_trusted_is_not_listened_to(self):
        alice = self.admitted(self.owner, "alice")
        self.prepare()
        self.gate.event("rotation_announced")
        self.visit(alice, "--trust", "strict", code=3)
        self.assertFalse(os.path.exists(os.path.join(alice.state, "known_peers")))

    def test_first_contact_learns_the_next_key_with_the_present_one(self):
        alice = self.admitted(self.owner, "alice")
        next_pin = self.prepare()
        self.gate.event("rotation_announced")
        self.visit(alice, "--trust", "accept-new")
        self.assertEqual(self.known_pins(alice), {self.old, next_pin})

    def test_a_revoked_next_key_is_not_learnt_and_the_owner_sees_it(self):
        alice = self.joined("alice")
        next_pin = self.prepare()
        alice.do("peers", "revoke", next_pin)
        self.gate.event("rotation_announced")
        self.assertIn("is marked as revoked", self.visit(alice).err)
        self.gate.event("control", request="next_key_refused")
        self.assertEqual([client["answer"] for client in self.status()["clients"]], ["refused"])

    def test_a_client_that_listens_learns_too_and_goes_on_through_the_commit(self):
        code = self.owner.do("invite", "alice").out.strip()
        alice = self.side("alice")
        client = self.enterContext(alice.start("join", code, "--listen", "127.0.0.1:0", "--json", "--log-format", "json"))
        ready = client.out.wait(lambda line: (event_of(line) or {}).get("listen"), "listening event")
        at = (ready.rsplit(":", 1)[0], int(ready.rsplit(":", 1)[1]))
        next_pin = self.prepare()
        self.gate.event("rotation_announced")
        stream = self.enterContext(Local(at))
        self.assertEqual(stream.echo(b"before"), b"before")
        client.err.wait(lambda line: (event_of(line) or {}).get("event") == "key_learnt", "key_learnt")
        self.gate.event("control", client="alice", request="next_key_ready")
        self.owner.do("rotate", "commit")
        self.assertEqual(stream.echo(b"after"), b"after", "a stream from before the commit goes on")
        with Local(at) as another:
            self.assertEqual(another.echo(b"new"), b"new")
        client.err.wait(lambda line: (event_of(line) or {}).get("event") == "key_succeeded", "key_succeeded")
        self.assertEqual(self.known_pins(alice), {next_pin})

    def test_nothing_is_learnt_from_a_resumed_session(self):
        """prepare voids every session, so a client that resumes is told in the full handshake that follows."""
        self.gate.drain()
        self.gate.wait()
        self.gate = self.server(self.owner, self.service, "--resumption", listen=self.gate.address)
        alice = self.joined("alice")
        client = self.listening_process(alice, self.gate, "--resumption", trust=[])
        resumed = eventually(lambda: self.local_visit(client) and self.gate.events("admitted")[-1].get("resumed"),
                             "a resumed session")
        self.assertEqual(resumed, "yes")
        self.prepare()
        self.gate.event("rotation_announced")
        client.err.wait(lambda line: self.local_visit(client) and (event_of(line) or {}).get("event") == "key_learnt",
                        "key_learnt")

    def local_visit(self, client):
        with Local(client.at) as stream:
            return stream.echo(b"x") == b"x"


class Readiness(RotationTest):
    def test_hand_written_pins_are_shown_as_not_ready_with_the_line_they_need(self):
        alice = self.admitted(self.owner, "alice")
        next_pin = self.prepare()
        self.gate.event("rotation_announced")
        told = self.visit(alice, "--pin", self.old)
        self.assertIn("its pins were given by hand", told.err)
        self.gate.event("control", client="alice", request="next_key_pinned-by-hand")
        self.assertEqual([(client["answer"], client["needs"]) for client in self.status()["clients"]],
                         [("pinned-by-hand", f"--pin {next_pin} beside the present pin")])
        self.assertFalse(os.path.exists(os.path.join(alice.state, "known_peers")), "nothing is added to what a person gave")
        refused = self.owner.run("rotate", "commit")
        self.assertEqual(refused.code, 1)
        self.assertRegex(refused.err, r"alice  sha256/\S+  pins by hand; needs --pin " + next_pin.replace("+", r"\+"))
        self.visit(alice, "--pin", self.old, "--pin", next_pin)
        self.gate.event("control", client="alice", request="next_key_ready")
        self.owner.do("rotate", "commit")
        self.visit(alice, "--pin", self.old, "--pin", next_pin)
        self.visit(alice, "--pin", self.old, code=3)

    def test_another_program_is_named_once_it_has_come_and_not_answered(self):
        alice = self.admitted(self.owner, "alice")
        next_pin = self.prepare()
        eventually(lambda: self.owner.do("rotate", "status").out.count("never seen"), "never seen")
        # Times are whole seconds: it must come in a later one than the preparation's.
        def comes():
            with self.peer(self.gate, alice) as peer:
                peer.send(b"!")
                peer.receive(1)
            return [client["needs"] for client in self.status()["clients"] if client["needs"]]
        self.assertEqual(eventually(comes, "it has come"), [f"--pin {next_pin}, if it is no cotter or an older one"])

    def test_force_leaves_behind_and_names_them(self):
        alice, bob = self.joined("alice"), self.joined("bob")
        self.prepare()
        self.gate.event("rotation_announced")
        self.visit(alice)
        self.gate.event("control", client="alice")
        refused = self.owner.run("rotate", "commit", "--json")
        self.assertEqual((refused.code, refused.json["error"]["code"]), (1, "rotation_not_ready"))
        self.assertEqual(self.owner.pin(), self.old)
        forced = self.owner.do("rotate", "commit", "--force")
        self.assertIn("left behind:\n  bob", forced.err)
        self.assertNotIn("alice", forced.err)
        self.visit(alice)
        self.visit(bob, code=3)

    def test_suspended_and_ended_clients_hold_nothing_up(self):
        for name in ("suspended", "revoked"):
            self.admitted(self.owner, name)
        self.owner.do("client", "suspend", "suspended")
        self.owner.do("client", "revoke", "revoked")
        self.prepare()
        self.assertEqual(self.status()["clients"], [])
        self.owner.do("rotate", "commit")

    def test_every_key_of_a_name_counts_by_itself(self):
        alice = self.joined("alice")
        second = self.side("second")
        self.owner.do("client", "add-key", "alice", second.pin())
        self.prepare()
        self.gate.event("rotation_announced")
        self.visit(alice)
        self.gate.event("control", client="alice")
        self.assertEqual(sorted(client["ready"] for client in self.status()["clients"]), [False, True])
        self.assertEqual(self.owner.run("rotate", "commit").code, 1)


class Withdrawal(RotationTest):
    def test_an_abort_reaches_those_who_have_learnt_the_key(self):
        alice = self.joined("alice")
        first = self.prepare()
        self.gate.event("rotation_announced")
        self.visit(alice)
        self.assertEqual(self.owner.do("rotate", "abort", "--json").json, {"aborted": first})
        self.gate.event("rotation_aborted", next_pin=first)
        self.assertFalse(os.path.exists(os.path.join(self.owner.state, "next.key")))
        self.assertIn("will not have the key that it had announced", self.visit(alice).err)
        self.assertEqual(self.known_pins(alice), {self.old})
        self.assertEqual(self.owner.run("rotate", "commit").code, 1)
        self.assertEqual(self.owner.do("rotate", "status", "--json").json, {"rotation": None})
        self.assertNotEqual(self.prepare(), first)

    def test_an_abort_while_no_server_runs_reaches_them_too(self):
        alice = self.joined("alice")
        self.prepare()
        self.gate.event("rotation_announced")
        self.visit(alice)
        self.gate.drain()
        self.assertEqual(self.gate.wait(), 0)
        self.owner.do("rotate", "abort")
        self.gate = self.server(self.owner, self.service, listen=self.gate.address)
        eventually(lambda: "will not have the key that it had announced" in self.visit(alice).err, "it is withdrawn")
        self.assertEqual(self.known_pins(alice), {self.old})

    def test_a_withdrawn_key_never_comes_back_even_if_its_file_does(self):
        first = self.prepare()
        kept = {name: pathlib.Path(self.owner.state, name).read_bytes() for name in ("next.key", "next.crt")}
        self.owner.do("rotate", "abort")
        for name, content in kept.items():
            descriptor = os.open(os.path.join(self.owner.state, name), os.O_CREAT | os.O_WRONLY, 0o600)
            os.write(descriptor, content)
            os.close(descriptor)
        self.assertNotEqual(self.prepare(), first)

    def test_what_is_committed_is_not_taken_back(self):
        self.prepare()
        self.owner.do("rotate", "commit")
        again = self.owner.run("rotate", "commit", "--json")
        self.assertEqual((again.code, again.json["rotation"]["state"]), (0, "committed"))
        self.assertEqual(self.owner.run("rotate", "abort").code, 1)

    def test_one_rotation_follows_another(self):
        alice = self.joined("alice")
        for _ in range(2):
            next_pin = self.prepare()
            self.gate.event("rotation_announced", next_pin=next_pin)
            self.visit(alice)
            eventually(lambda: self.status()["can_commit"], "ready")
            self.owner.do("rotate", "commit")
            self.visit(alice)
            self.assertEqual(self.known_pins(alice), {next_pin})


class Impostor:
    """A TLS server with a certificate of the test's, which says these octets first and ends."""

    def __init__(self, certificate, key, words):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._context.set_alpn_protocols(["cotter/1"])
        self._words = words
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._listener.accept()
        connection.settimeout(DEADLINE)
        with self._context.wrap_socket(connection, server_side=True) as stream:
            stream.sendall(self._words)
            try:
                stream.unwrap()
            except (OSError, ssl.SSLError):
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        self._thread.join(DEADLINE)


class Local:
    """A plain connection to a client that listens."""

    def __init__(self, at):
        self._socket = socket.create_connection(at, DEADLINE)

    def echo(self, data):
        self._socket.sendall(data)
        return self._socket.recv(len(data), socket.MSG_WAITALL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()


if __name__ == "__main__":
    unittest.main()
