"""What an admitted client may do besides being admitted: where from, when, how many streams, how fast, which service; and
what becomes of streams that are open when that changes."""

import datetime
import os
import socket
import ssl
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import backends
from harness.case import TunnelTest
from harness.certificates import Authority
from harness.clock import MovedClock
from harness.cotter import Server, admit
from harness.processes import eventually
from harness.tls_peer import UNKNOWN, TlsPeer, alert_for, client_context
from test_services import Configured, service


def hours_around(now, before=1, after=1):
    """Hours of every day that hold this moment, to the minute."""
    begin, end = now - datetime.timedelta(minutes=before), now + datetime.timedelta(minutes=after)
    return f"daily {begin:%H:%M}-{end:%H:%M}"


def alert_over(connection, side):
    """The alert that the server answers with over a socket that is connected, or None."""
    inbound, outbound = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_context(side.certificate, side.key).wrap_bio(inbound, outbound)
    try:
        while True:
            try:
                tls.do_handshake()
                tls.read(1)
                return None
            except ssl.SSLWantReadError:
                connection.sendall(outbound.read())
                inbound.write(connection.recv(65536))
    except ssl.SSLError as refusal:
        return refusal.reason


class RulesTest(TunnelTest):
    def rule(self, owner, *arguments):
        return owner.do("client", "rules", "alice", *arguments, "--json").json

    def alert(self, server, side, source=None):
        return alert_for(server, client_context(side.certificate, side.key), source)


class WhereFrom(RulesTest):
    def test_a_client_comes_from_its_networks_only(self):
        owner, _, server, alice = self.tunnel()
        self.rule(owner, "--from", "127.0.0.0/30", "--from", "2001:db8::/32")
        self.assertIsNone(self.alert(server, alice, "127.0.0.2"))
        self.assertEqual(self.alert(server, alice, "127.0.0.9"), UNKNOWN, "told as a stranger is (A228)")
        refused = server.event("refused", client="alice")
        self.assertEqual((refused["codes"], refused["reason"]), ("not_admitted", "alice may not come from 127.0.0.9"))

    def test_A221_ipv4_through_a_socket_of_both_kinds_is_ipv4(self):
        owner, backend = self.side("owner"), self.backend()
        alice = self.admitted(owner, "alice")
        server = self.server(owner, backend, listen="[::]:0")
        server.host = "127.0.0.1"
        self.rule(owner, "--from", "::/0")
        self.assertEqual(self.alert(server, alice), UNKNOWN, "IPv6 networks don't hold it")
        self.rule(owner, "--from", "127.0.0.0/8")
        self.assertIsNone(self.alert(server, alice))
        server.host = "::1"
        self.assertEqual(self.alert(server, alice), UNKNOWN)

    def test_an_open_stream_from_elsewhere_is_closed_when_the_rule_comes(self):
        owner, _, server, alice = self.tunnel()
        near = self.peer(server, alice, source="127.0.0.2")
        far = self.peer(server, alice, source="127.0.0.9")
        for peer in (near, far):
            peer.send(b"!")
            self.assertEqual(peer.receive(1), b"!")
        done = self.rule(owner, "--from", "127.0.0.2")
        self.assertEqual((done["done"], done["streams_closed"], done["servers"]), ("rules_set", 1, 1))
        with self.assertRaises(ConnectionResetError):
            far.receive(1)
        near.send(b"?")
        self.assertEqual(near.receive(1), b"?")

    def test_nobody_is_in_a_network_behind_a_unix_socket(self):
        owner, backend = self.side("owner"), self.backend()
        alice = self.admitted(owner, "alice")
        path = owner.path("gate.sock")
        server = self.server(owner, backend, listen="127.0.0.1:0")
        self.rule(owner, "--from", "0.0.0.0/0", "--from", "::/0")
        self.assertIsNone(self.alert(server, alice))
        server.drain()
        server.wait()
        gate = self.enterContext(owner.start("serve", "--listen", f"unix:{path}", "--to", backend.address, "--log-format", "json"))
        eventually(lambda: os.path.exists(path), "the server listens")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            self.assertEqual(alert_over(connection, alice), UNKNOWN)
        self.assertIn("comes from none", gate.err.wait(lambda line: "refused" in line and line, "refusal"))


class When(RulesTest):
    def test_a_client_comes_in_its_hours_only(self):
        owner, _, server, alice = self.tunnel()
        now = datetime.datetime.now(datetime.timezone.utc)
        self.rule(owner, "--hours", hours_around(now, 5, 60))
        self.assertIsNone(self.alert(server, alice))
        self.rule(owner, "--hours", hours_around(now + datetime.timedelta(hours=3)))
        self.assertEqual(self.alert(server, alice), UNKNOWN)
        self.assertIn("alice may come at certain hours only: daily", server.event("refused", client="alice")["reason"])
        east = datetime.timezone(datetime.timedelta(hours=9))
        self.rule(owner, "--hours", hours_around(now.astimezone(east), 5, 60) + " +09:00")
        self.assertIsNone(self.alert(server, alice))

    @unittest.skipIf(os.environ.get("COTTER_SANITIZE"), "a sanitizer must be loaded before the clock")
    def test_an_open_stream_ends_with_them(self):
        owner, backend = self.side("owner"), self.backend()
        alice = self.admitted(owner, "alice")
        now = datetime.datetime.now(datetime.timezone.utc)
        end = now.replace(second=0, microsecond=0) + datetime.timedelta(hours=1)
        self.rule(owner, "--hours", hours_around(end, 60, 0))
        clock = MovedClock(owner.folder)
        # Enough of them is left to open a stream, however slow this machine is.
        server = self.server(owner, backend, variables=clock.moved_by((end - now).total_seconds() - 15))
        stream = self.open_stream(alice, server)
        server.event("closed", client="alice", end="expired")
        self.assertNotEqual(stream.wait(), 0)
        self.assertEqual(self.alert(server, alice), UNKNOWN)


class HowMany(RulesTest):
    def test_no_more_streams_at_once_than_may_be(self):
        owner, _, server, alice = self.tunnel()
        self.rule(owner, "--max-streams", "2")
        first = self.open_stream(alice, server)
        self.open_stream(alice, server)
        third = self.connect(alice, server)
        self.assertEqual(third.wait(), 3)
        self.assertIn("does not admit this key", third.err.text())
        self.assertEqual(server.event("refused", client="alice")["reason"], "alice has 2 streams open, as many as it may")
        first.finish_sending()
        self.assertEqual(first.wait(), 0)
        server.event("closed", client="alice", end="done")
        self.open_stream(alice, server)

    def test_of_many_that_come_at_once_no_more_are_let_in(self):
        owner, _, server, alice = self.tunnel(backends.echo, "--threads", "4")
        self.rule(owner, "--max-streams", "3")
        streams = [self.connect(alice, server) for _ in range(12)]
        for stream in streams:
            try:
                stream.send(b"!")
            except BrokenPipeError:
                pass
        let_in = [stream for stream in streams if stream.receive(1) == b"!"]
        self.assertEqual(len(let_in), 3, server.err.text())
        self.assertEqual(len(server.events("admitted")), 3)

    def test_a_lower_number_closes_those_that_are_too_many(self):
        owner, _, server, alice = self.tunnel(backends.echo, "--threads", "2")
        for _ in range(4):
            self.open_stream(alice, server)
        self.assertEqual(self.rule(owner, "--max-streams", "3")["streams_closed"], 1)
        self.assertEqual(self.rule(owner, "--max-streams", "1")["streams_closed"], 2)
        shown = eventually(lambda: (found := owner.do("client", "show", "alice", "--json").json)["open_streams"] == 1 and found,
                           "one stream is left")
        self.assertEqual(shown["rules"]["max_streams"], 1)
        self.assertEqual(self.rule(owner, "--clear")["streams_closed"], 0)
        self.open_stream(alice, server)


class HowFast(RulesTest):
    RATE = 256 << 10

    def test_a_rate_bounds_each_way_and_holds_nothing_back_in_memory(self):
        owner, backend, server, alice = self.tunnel(backends.source(64 << 20))
        self.rule(owner, "--rate", "256k")
        peer = self.peer(server, alice)
        received, begun = 0, time.monotonic()
        while received < 3 * self.RATE:
            received += len(peer.receive_some())
        took = time.monotonic() - begun
        # A second's worth comes at once; only too fast is wrong, however slow this machine is.
        self.assertGreaterEqual(took, 1.7)
        self.assertLess(backend.visit().count, 1 << 20)

    def test_streams_of_one_client_share_it_on_all_threads(self):
        owner, _, server, alice = self.tunnel(backends.source(64 << 20), "--threads", "2")
        self.rule(owner, "--rate", "256k")
        peers = [self.peer(server, alice) for _ in range(4)]
        begun = time.monotonic()
        received = [0] * 4
        while sum(received) < 3 * self.RATE:
            for number, peer in enumerate(peers):
                received[number] += len(peer.receive_some())
        self.assertGreaterEqual(time.monotonic() - begun, 1.7)
        self.assertTrue(all(received), received)

    def test_a_rule_that_comes_and_goes_is_felt_by_an_open_stream(self):
        owner, _, server, alice = self.tunnel(backends.source(1 << 30))
        peer = self.peer(server, alice)
        self.assertEqual(len(peer.receive(1 << 20)), 1 << 20)
        self.rule(owner, "--rate", "16k")
        # What was on its way comes at first; then there is a tenth of a second with no more than the rate.

        def has_become_slow():
            before = time.monotonic()
            got = len(peer.receive_some())
            return got <= 16 << 10 and time.monotonic() - before > 0.05

        eventually(has_become_slow, "the stream has become slow")
        self.rule(owner, "--clear")
        begun = time.monotonic()
        self.assertEqual(len(peer.receive(4 << 20)), 4 << 20)
        self.assertLess(time.monotonic() - begun, (4 << 20) / (16 << 10) / 2, "far faster than the rule let it be")
        self.assertEqual(server.events("closed"), [])


class WhichService(RulesTest):
    def serve(self, owner, *tables, head=()):
        file = owner.path("cotter.toml")
        with open(file, "w", encoding="utf-8") as out:
            out.write("\n".join(["version = 1", "threads = 2", 'log_format = "json"', *head,
                                 *(line for table in tables for line in table)]) + "\n")
        return self.enterContext(Configured(owner, file, len(tables)))

    def test_a_client_uses_the_services_named_only(self):
        owner, alice = self.side("owner"), self.side("alice")
        admit(owner, alice, "alice")
        db, cache = self.backend(), self.backend()
        server = self.serve(owner, service("db", db.address), service("cache", cache.address))
        self.rule(owner, "--service", "db")
        self.open_stream(alice, server.services["db"])
        refused = self.connect(alice, server.services["cache"])
        self.assertEqual(refused.wait(), 3)
        self.assertEqual(server.event("refused", client="alice")["reason"], "alice may not use the service cache")
        self.assertEqual(cache.count, 0)

    def test_no_rule_names_the_only_service_of_flags(self):
        owner, _, server, alice = self.tunnel()
        self.rule(owner, "--service", "db")
        self.assertEqual(self.alert(server, alice), UNKNOWN)
        self.assertIn("this one has no name", server.event("refused", client="alice")["reason"])

    def test_a_services_own_rules_bind_all_of_its_clients(self):
        owner, alice = self.side("owner"), self.side("alice")
        admit(owner, alice, "alice")
        backend = self.backend()
        bound = [*service("db", backend.address), "[service.rules]", "max_streams = 1", 'from = ["127.0.0.0/8"]']
        server = self.serve(owner, bound, service("cache", backend.address))
        self.open_stream(alice, server.services["db"])
        second = self.connect(alice, server.services["db"])
        self.assertEqual(second.wait(), 3)
        self.assertEqual(server.event("refused", client="alice")["reason"],
                         "at the service db, alice has 1 stream open, as many as it may")
        self.open_stream(alice, server.services["cache"])

    def test_a_file_with_a_bad_rule_does_not_start(self):
        owner = self.side("owner")
        for line, said in (('from = ["10.0.0.1/8"]', "bits set beyond"), ('hours = ["always"]', "hours"),
                           ("max_streams = 0", "most streams"), ('colour = "red"', "no key colour"), ('rate = "fast"', "rate")):
            file = owner.path("cotter.toml")
            with open(file, "w", encoding="utf-8") as out:
                out.write("\n".join(["version = 1", *service("db", "127.0.0.1:1"), "[service.rules]", line]) + "\n")
            done = owner.run("check", file)
            self.assertEqual(done.code, 2, f"{line}: {done}")
            self.assertIn(said, done.err)


class Resumed(RulesTest):
    def test_A36_a_resumed_session_is_held_to_the_rules_of_now_and_to_its_own_address(self):
        owner, _, server, alice = self.tunnel(backends.echo, "--resumption", "--threads", "1")
        context = client_context(alice.certificate, alice.key)
        self.rule(owner, "--from", "127.0.0.2")

        def visit(source, session=None):
            with TlsPeer(server, context, session=session, source=source) as peer:
                peer.send(b"!")
                self.assertEqual(peer.receive(1), b"!")
                kept, reused = peer.tls.session, peer.tls.session_reused
                peer.close_notify()
            return kept, reused

        session, _ = visit("127.0.0.2")
        session, reused = visit("127.0.0.2", session)
        self.assertTrue(reused, "where the rules let it in, a session is resumed")
        self.assertEqual(alert_for(server, context, "127.0.0.9", session), UNKNOWN)
        server.event("refused", client="alice", reason="alice may not come from 127.0.0.9")


class CertificateEnd(RulesTest):
    def test_A123_where_asked_for_a_pinned_clients_stream_ends_with_its_certificate(self):
        owner, backend = self.side("owner"), self.backend()
        now = datetime.datetime.now(datetime.timezone.utc)
        end = now.replace(microsecond=0) + datetime.timedelta(seconds=6)
        dates = [f"{time:%Y%m%d%H%M%SZ}" for time in (now - datetime.timedelta(days=1), end)]
        short = Authority(owner.folder).issue("alice", dates=dates)
        owner.do("client", "add", "alice", short.certificate)
        strict = self.server(owner, backend, "--end-with-certificate")
        by_key = self.server(owner, backend)
        context = client_context(short.certificate, short.key)
        ends, stays = (self.enterContext(TlsPeer(server, context)) for server in (strict, by_key))
        for peer in (ends, stays):
            peer.send(b"!")
            self.assertEqual(peer.receive(1), b"!")
        with self.assertRaises(ConnectionResetError):
            ends.receive(1)
        self.assertGreater(datetime.datetime.now(datetime.timezone.utc), end, "its last second counts")
        self.assertEqual(strict.event("closed", client="alice")["end"], "expired")
        self.assertEqual(alert_for(strict, context), "SSLV3_ALERT_CERTIFICATE_EXPIRED")
        stays.send(b"?")
        self.assertEqual(stays.receive(1), b"?", "a pin needs no dates")
        self.assertIsNone(alert_for(by_key, context))


class Commands(RulesTest):
    def test_rules_are_shown_as_they_are_given(self):
        owner, alice = self.side("owner"), self.side("alice")
        admit(owner, alice, "alice")
        self.assertIn("alice has no rules", owner.do("client", "rules", "alice").out)
        self.assertIsNone(owner.do("client", "show", "alice", "--json").json["rules"])
        self.rule(owner, "--service", "db", "--from", "10.0.0.0/8", "--hours", "fri-mon 22:00-06:00 +02:00", "--max-streams", "3",
                  "--rate", "1M")
        self.assertEqual(owner.do("client", "rules", "alice").out,
                         "--service db\n--from 10.0.0.0/8\n--hours 'mon,fri-sun 22:00-06:00 +02:00'\n--max-streams 3\n--rate 1M\n")
        self.assertEqual(owner.do("client", "rules", "alice", "--json").json,
                         {"name": "alice", "rules": {"services": ["db"], "from": ["10.0.0.0/8"],
                                                     "hours": ["mon,fri-sun 22:00-06:00 +02:00"], "max_streams": 3,
                                                     "rate": 1 << 20}})
        self.assertIn("rule      --rate 1M", owner.do("client", "show", "alice").out)
        history = owner.do("client", "show", "alice", "--json").json["history"][0]
        self.assertEqual(history["action"], "rules")
        self.assertIn("max-streams 3", history["detail"])

    def test_what_cannot_be_read_changes_nothing(self):
        owner, alice = self.side("owner"), self.side("alice")
        admit(owner, alice, "alice")
        self.rule(owner, "--rate", "1M")
        for arguments, code, error in ((("--from", "10.0.0.1/8"), 2, "bad_network"), (("--hours", "noon"), 2, "bad_hours"),
                                       (("--max-streams", "0"), 2, "bad_max_streams"), (("--rate", "1"), 2, "bad_rate"),
                                       (("--service", "D B"), 2, "bad_service"), (("--clear", "--rate", "2M"), 2, "bad_call")):
            done = owner.run("client", "rules", "alice", *arguments, "--json")
            self.assertEqual((done.code, done.json["error"]["code"]), (code, error), str(done))
        self.assertEqual(owner.run("client", "rules", "ghost", "--clear").code, 1)
        self.assertEqual(owner.do("client", "rules", "alice").out, "--rate 1M\n")


class Disconnect(RulesTest):
    def test_disconnect_closes_what_is_open_on_every_server_and_the_client_may_come_back(self):
        owner, backend = self.side("owner"), self.backend()
        alice, bob = self.admitted(owner, "alice"), self.admitted(owner, "bob")
        other = self.side("other")
        one = self.server(owner, backend, "--threads", "2")
        two = self.enterContext(Server(other, backend.address, "--registry", f"sqlite:{owner.registry}"))
        for server in (one, one, two):
            self.open_stream(alice, server)
        stays = self.open_stream(bob, one)
        done = owner.do("client", "disconnect", "alice", "--json").json
        self.assertEqual(done, {"done": "disconnected", "name": "alice", "streams_closed": 3, "servers": 2, "servers_applied": 2})
        for server in (one, two):
            self.assertEqual(server.event("closed", client="alice")["end"], "disconnected")
        stays.send(b"?")
        self.assertEqual(stays.receive(1), b"?")
        self.open_stream(alice, one)
        self.assertEqual(owner.do("client", "disconnect", "alice").out, "disconnected alice: closed 1 stream on 2 servers\n")
        self.assertEqual(owner.do("client", "show", "alice", "--json").json["history"][0]["action"], "disconnect")
        self.assertEqual(owner.run("client", "disconnect", "ghost").code, 1)


class Farewell(RulesTest):
    WORDS = "your laptop was reported stolen; call the desk \u2014 42"

    def revoked(self, *arguments):
        owner, backend, server, alice = self.tunnel()
        stream = self.open_stream(alice, server)
        owner.do("client", "revoke", "alice", *arguments)
        server.event("revoked_closed", client="alice")
        stream.wait()
        return owner, backend, server, alice

    def test_a_revoked_client_is_told_what_its_owner_says_and_gets_no_stream(self):
        owner, backend, server, alice = self.revoked("--reason", "stolen", "--message", self.WORDS)
        before = backend.count
        again = self.connect(alice, server)
        self.assertEqual(again.wait(), 3)
        self.assertIn(f"does not admit this key any more; its owner says: {self.WORDS}", again.err.text())
        refused = server.event("refused", client="alice")
        self.assertEqual((refused["codes"], refused["reason"]), ("revoked", "alice is revoked (stolen)"))
        self.assertIn(refused["conn"], again.err.text(), "both sides have the same connection id")
        self.assertEqual(backend.count, before)
        self.assertEqual(owner.do("client", "show", "alice", "--json").json["message"], self.WORDS)
        self.assertIn(f"is told   {self.WORDS}", owner.do("client", "show", "alice").out)

    def test_A228_others_are_told_what_strangers_are(self):
        owner, _, server, alice = self.revoked("--message", self.WORDS)
        self.assertEqual(self.alert(server, alice), UNKNOWN, "a program that doesn't speak cotter/1")
        bob = self.admitted(owner, "bob")
        owner.do("client", "revoke", "bob")
        for side in (bob, self.side("stranger")):
            refused = self.connect(side, server)
            self.assertEqual(refused.wait(), 3)
            self.assertNotIn("stolen", refused.err.text())
            self.assertIn("certificate_unknown", refused.err.text())
        owner.do("client", "remove", "alice")
        server.event("refused", codes="revoked", client="bob")
        refused = self.connect(alice, server)
        self.assertEqual(refused.wait(), 3)
        self.assertIn("certificate_unknown", refused.err.text(), "removed, its message is gone and its key still refused")

    def test_A228_a_certificate_of_its_issuer_and_serial_with_another_key_hears_nothing(self):
        owner, backend = self.side("owner"), self.backend()
        authority = Authority(owner.folder)
        real = authority.issue("alice", serial="77")
        owner.do("client", "add", "alice", real.certificate)
        owner.do("client", "revoke", "alice", "--message", self.WORDS)
        forged = authority.issue("forged", serial="77")
        server = self.server(owner, backend)
        for pair, words in ((real, self.WORDS), (forged, "certificate_unknown")):
            refused = self.connect(self.side("other"), server, "--cert", pair.certificate, "--key", pair.key)
            self.assertEqual(refused.wait(), 3)
            self.assertIn(words, refused.err.text())
            server.event("refused", codes="revoked")

    def test_what_is_no_line_of_text_revokes_nobody(self):
        owner, _, server, alice = self.tunnel()
        for words in ("two\nlines", "\x1b[31mred", "x" * 513, "\u202eback"):
            done = owner.run("client", "revoke", "alice", "--message", words, "--json")
            self.assertEqual((done.code, done.json["error"]["code"]), (2, "bad_farewell"), words)
        self.open_stream(alice, server)


if __name__ == "__main__":
    unittest.main()
