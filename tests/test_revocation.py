"""Revocation bites: open streams die on every server at once, sessions are of no use, and no connect slips through."""

import datetime
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness.backends import echo, receive, sink
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.foreign_clients import s_client
from harness.processes import eventually
from harness.tls_peer import UNKNOWN, TlsPeer, Truncated, alert_for, client_context

SANITIZED = bool(os.environ.get("COTTER_SANITIZE"))
# COTTER_RACES=1000 for a long run.
RACES = int(os.environ.get("COTTER_RACES", "10" if SANITIZED else "60"))


def flood(visit):
    """Sends without end, and takes what comes."""

    broke = threading.Event()

    def send():
        try:
            while True:
                visit.connection.sendall(b"x" * 65536)
        except ConnectionError:
            broke.set()
        except OSError:
            pass  # closed below, since the other side had ended

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        while data := visit.connection.recv(65536):
            visit.take(data)
    except ConnectionError:
        broke.set()
    visit.connection.close()
    sender.join()
    # A socket tells of its reset once, to whichever of the two asks first.
    visit.finished("reset" if broke.is_set() else "eof")


def answer_once(visit):
    """Gives back the first octets and ends."""
    visit.connection.sendall(receive(visit))
    visit.connection.shutdown(socket.SHUT_WR)
    sink(visit)


def in_seconds(seconds):
    """A time soon, as `--expires` takes it."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


class OpenStreams(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")

    def flooding_client(self, side, gate):
        """A client whose stream carries bytes both ways as fast as it can."""
        zeros = self.enterContext(open("/dev/zero", "rb"))
        return self.enterContext(side.start("connect", gate.address, "--pin", gate.pin, stdin=zeros,
                                            stdout=subprocess.DEVNULL))

    def test_A44_A118_every_way_of_taking_a_client_off_closes_its_flowing_streams_on_every_server(self):
        service = self.backend(flood)
        quiet = self.backend(echo)
        gates = [self.server(self.owner, service), self.server(self.owner, service)]
        beside = self.server(self.owner, quiet)
        bob = self.open_stream(self.admitted(self.owner, "bob"), beside)
        for verb, done in (("suspend", "suspended"), ("revoke", "revoked"), ("remove", "removed")):
            with self.subTest(verb):
                alice = self.admitted(self.owner, f"alice-{verb}")
                clients = [self.flooding_client(alice, gate) for gate in gates for _ in range(2)]
                visits = [service.visit() for _ in clients]
                for visit in visits:
                    visit.wait_for(1_000_000)
                told = self.owner.do("client", verb, f"alice-{verb}", "--json").json
                self.assertEqual(told, {"done": done, "name": f"alice-{verb}", "streams_closed": 4, "servers": 3,
                                        "servers_applied": 3})
                for visit in visits:
                    self.assertEqual(visit.wait(), "reset")
                for client in clients:
                    self.assertEqual(client.wait(), 1, client.err.text())
                for gate in gates:
                    line = gate.event("revoked_closed", client=f"alice-{verb}")
                    self.assertEqual(line["reason"], "the client is no longer admitted")
                    self.assertGreater(line["bytes_in"], 0)
                    self.assertGreater(line["bytes_out"], 0)
                again = alice.run("connect", gates[0].address, "--pin", gates[0].pin)
                self.assertEqual(again.code, 3, str(again))
        bob.send(b"?")
        self.assertEqual(bob.receive(1), b"?", "others' streams live on")

    def test_A44_the_command_says_in_a_sentence_what_it_closed(self):
        gate = self.server(self.owner, self.backend())
        alice = self.admitted(self.owner, "alice")
        self.open_stream(alice, gate)
        self.assertEqual(self.owner.do("client", "suspend", "alice").out, "suspended alice: closed 1 stream on 1 server\n")
        self.assertEqual(self.owner.do("client", "restore", "alice").out, "restored alice: 1 server told\n")
        self.open_stream(alice, gate)

    def test_A44_a_client_whose_admission_ends_loses_its_stream_then(self):
        service = self.backend(flood)
        gate = self.server(self.owner, service)
        alice = self.admitted(self.owner, "alice", "--expires", in_seconds(4))
        client = self.flooding_client(alice, gate)
        line = gate.event("closed", client="alice", end="expired")
        self.assertEqual(line["reason"], "the admission reached its end")
        self.assertEqual(service.visit().wait(), "reset")
        self.assertEqual(client.wait(), 1)
        refused = alice.run("connect", gate.address, "--pin", gate.pin)
        self.assertEqual(refused.code, 3, str(refused))
        gate.event("refused", codes="client_expired", client="alice")
        self.assertEqual(self.owner.do("client", "list", "--json").json["clients"][0]["state"], "expired")

    def test_A44_dropping_a_key_closes_the_streams_of_that_key_only(self):
        gate = self.server(self.owner, self.backend())
        alice = self.admitted(self.owner, "alice")
        second = self_signed(alice.folder, "second")
        self.owner.do("client", "add-key", "alice", second.certificate)
        kept = self.open_stream(alice, gate)
        with TlsPeer(gate, client_context(second.certificate, second.key)) as peer:
            peer.send(b"!")
            self.assertEqual(peer.receive(1), b"!")
            told = self.owner.do("client", "drop-key", "alice", second.pin(), "--json").json
            self.assertEqual(told["streams_closed"], 1)
            gate.event("revoked_closed", client="alice", pin=second.pin())
        kept.send(b"?")
        self.assertEqual(kept.receive(1), b"?")
        self.assertEqual(alert_for(gate, client_context(second.certificate, second.key)), UNKNOWN)
        self.owner.do("client", "add-key", "alice", second.certificate)
        self.assertIsNone(alert_for(gate, client_context(second.certificate, second.key)), "a dropped key may come back")

    def test_show_counts_what_the_client_does(self):
        gate = self.server(self.owner, self.backend())
        alice = self.admitted(self.owner, "alice")
        stream = self.open_stream(alice, gate)

        def shown():
            return self.owner.do("client", "show", "alice", "--json").json

        eventually(lambda: shown()["open_streams"] == 1, "an open stream is counted")
        stream.finish_sending()
        self.assertEqual(stream.wait(), 0)
        now = eventually(lambda: shown() if shown()["open_streams"] == 0 and shown()["bytes_in"] else None, "it is closed")
        self.assertEqual((now["bytes_in"], now["bytes_out"], now["refused"]), (1, 1, 0))
        self.assertRegex(now["last_address"], r"^127\.0\.0\.1:\d+$")
        self.owner.do("client", "suspend", "alice")
        alice.run("connect", gate.address, "--pin", gate.pin)
        eventually(lambda: shown()["refused"] == 1, "the refusal is counted")

    def test_a_server_that_was_killed_acts_on_what_changed_meanwhile(self):
        service = self.backend()
        gate = self.server(self.owner, service)
        alice, bob = self.admitted(self.owner, "alice"), self.admitted(self.owner, "bob")
        self.open_stream(alice, gate)
        gate.signal(signal.SIGKILL)
        self.assertEqual(gate.wait(), -signal.SIGKILL)
        self.owner.do("client", "revoke", "alice")
        again = self.server(self.owner, service, listen=gate.address)
        self.assertEqual(alice.run("connect", again.address, "--pin", again.pin).code, 3)
        self.open_stream(bob, again)


class Races(TunnelTest):
    def test_A43_after_a_suspension_has_returned_no_stream_is_open_and_none_opens(self):
        owner = self.side("owner")
        service = self.backend()
        gate = self.server(owner, service)
        alice = self.admitted(owner, "alice")
        context = client_context(alice.certificate, alice.key)
        faults = []

        def race(start):
            start.wait()
            try:
                with TlsPeer(gate, context) as peer:
                    peer.send(b"!")
                    while peer.receive_some():
                        pass
            except (ssl.SSLError, Truncated, ConnectionError):
                return
            except OSError as fault:
                faults.append(f"a stream stayed open: {fault!r}")

        admitted_in_race = 0
        for number in range(RACES):
            before = service.count
            start = threading.Barrier(4)
            racers = [threading.Thread(target=race, args=(start,)) for _ in range(3)]
            for racer in racers:
                racer.start()
            start.wait()
            told = owner.do("client", "suspend", "alice", "--json").json
            self.assertEqual(told["servers_applied"], 1)
            reached = service.count
            self.assertEqual(alert_for(gate, context), UNKNOWN, f"round {number}")
            for racer in racers:
                racer.join(60)
                self.assertFalse(racer.is_alive(), f"round {number}: a stream is open after the suspension")
            self.assertEqual(service.count, reached, f"round {number}: the backend was dialled after the suspension")
            for _ in range(service.count - before):
                self.assertEqual(service.visit().wait(), "reset")
            admitted_in_race += service.count - before
            owner.do("client", "restore", "alice")
        self.assertEqual(faults, [])
        self.assertGreater(admitted_in_race, 0, "the race was never close")


class Sessions(TunnelTest):
    """With --resumption a session is of use only as long as its client would be let in anyway (A36)."""

    def setUp(self):
        self.owner = self.side("owner")
        self.service = self.backend()

    def serve(self, *arguments):
        return self.server(self.owner, self.service, "--resumption", "--threads", "1", *arguments)

    def session_of(self, gate, context, session=None):
        with TlsPeer(gate, context, session=session) as peer:
            peer.send(b"!")
            self.assertEqual(peer.receive(1), b"!")
            kept = peer.tls.session
            reused = peer.tls.session_reused
            peer.close_notify()
        return kept, reused

    def test_A36_without_the_flag_there_is_nothing_to_resume(self):
        gate = self.server(self.owner, self.service)
        alice = self.admitted(self.owner, "alice")
        context = client_context(alice.certificate, alice.key)
        session, _ = self.session_of(gate, context)
        self.assertFalse(session and session.has_ticket)
        out = self.owner.path("session")
        client = self.enterContext(s_client(gate, alice.certificate, alice.key, "-sess_out", out))
        client.say(b"hello\n")
        client.heard("hello")
        client.end()
        self.assertFalse(os.path.exists(out))

    def test_A36_a_session_of_a_client_that_was_taken_off_resumes_nothing(self):
        gate = self.serve("--min-tls", "1.2")
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            for verb in ("suspend", "revoke", "remove"):
                with self.subTest(f"{verb} {version.name}"):
                    name = f"{verb}-{version.name[-1]}"
                    alice = self.admitted(self.owner, name)
                    context = client_context(alice.certificate, alice.key, version)
                    session, _ = self.session_of(gate, context)
                    session, reused = self.session_of(gate, context, session)
                    self.assertTrue(reused, "a session of an admitted client is resumed")
                    gate.event("admitted", client=name, resumed="yes")
                    self.owner.do("client", verb, name)
                    reached = self.service.count
                    self.assertEqual(alert_for(gate, context, session=session), UNKNOWN)
                    self.assertEqual(self.service.count, reached)

    def test_A36_a_session_ends_with_the_admission(self):
        gate = self.serve()
        alice = self.admitted(self.owner, "alice", "--expires", in_seconds(4))
        context = client_context(alice.certificate, alice.key)
        session, _ = self.session_of(gate, context)
        with TlsPeer(gate, context, session=session) as peer:
            self.assertTrue(peer.tls.session_reused)
            gate.event("closed", client="alice", end="expired")
        self.assertEqual(alert_for(gate, context, session=session), UNKNOWN)

    def test_A38_a_session_without_the_certificate_carries_the_client_that_made_it_and_dies_with_it(self):
        self.service = self.backend(answer_once)
        gate = self.serve()
        alice = self.admitted(self.owner, "alice")
        session = self.owner.path("session")
        first = self.enterContext(s_client(gate, alice.certificate, alice.key, "-sess_out", session))
        first.say(b"hello\n")
        first.heard("hello")
        first.wait()
        second = self.enterContext(s_client(gate, None, None, "-sess_in", session))
        second.say(b"again\n")
        second.heard("again")
        gate.event("admitted", client="alice", resumed="yes", pin=alice.pin())
        self.owner.do("client", "suspend", "alice")
        third = self.enterContext(s_client(gate, None, None, "-sess_in", session))
        third.say(b"again\n")
        self.assertIn("SSL alert number 116", third.told(), "a full handshake, and no certificate in it")

    def test_A35_a_session_of_one_server_is_nothing_to_another(self):
        gates = [self.serve(), self.serve()]
        alice = self.admitted(self.owner, "alice")
        context = client_context(alice.certificate, alice.key)
        session, _ = self.session_of(gates[0], context)
        _, reused = self.session_of(gates[1], context, session)
        self.assertFalse(reused)

    def test_A36_a_reload_makes_every_earlier_session_useless(self):
        gate = self.serve()
        alice = self.admitted(self.owner, "alice")
        context = client_context(alice.certificate, alice.key)
        session, _ = self.session_of(gate, context)
        mark = gate.mark()
        gate.reload()
        gate.event("reload", since=mark, result="applied")
        _, reused = self.session_of(gate, context, session)
        self.assertFalse(reused)


if __name__ == "__main__":
    unittest.main()
