"""`cotter status`: what a running server says of itself to its owner, and to nobody else; and the dates it warns of."""

import datetime
import json
import os
import signal
import socket
import stat
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import backends
from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.cotter import admit
from harness.processes import DEADLINE, Finished, eventually
from harness.tls_peer import alert_for, client_context
from test_services import Configured, service

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"


class StatusTest(TunnelTest):
    def status(self, owner):
        return owner.do("status", "--json").json

    def socket_of(self, owner):
        return os.path.join(owner.state, "status.sock")


class WhatItSays(StatusTest):
    def test_it_names_services_threads_clients_registry_and_refusals(self):
        owner, backend, server, alice = self.tunnel(backends.echo, "--threads", "2")
        self.open_stream(alice, server)
        self.open_stream(alice, server)
        stranger = self_signed(owner.folder, "stranger")
        alert_for(server, client_context(stranger.certificate, stranger.key))
        server.event("refused")
        told = self.status(owner)
        self.assertEqual((told["pid"], told["pin"], told["pending"]), (server.pid, server.pin, False))
        self.assertEqual(told["services"], [{"name": "", "listen": server.address,
                                             "backends": [{"to": backend.address, "up": True}]}])
        self.assertEqual((len(told["threads"]), told["streams"]), (2, 2))
        self.assertEqual(sum(thread["streams"] for thread in told["threads"]), 2)
        (client,) = told["clients"]
        self.assertEqual((client["name"], client["streams"], client["bytes_in"], client["bytes_out"]), ("alice", 2, 2, 2))
        self.assertRegex(client["from"], r"^127\.0\.0\.1:\d+$")
        self.assertRegex(client["since"], TIME)
        self.assertEqual(set(client["conns"]), {event["conn"] for event in server.events("admitted")})
        self.assertEqual((told["registry"]["clients"], told["registry"]["reachable"]), (1, True))
        self.assertLess(told["registry"]["age_ms"], 60_000)
        (refusal,) = told["refusals"]
        self.assertEqual((refusal["pin"], refusal["codes"], refusal["client"]), (stranger.pin(), "not_admitted", ""))
        self.assertEqual(refusal["conn"], server.events("refused")[0]["conn"])
        text = owner.do("status").out
        for words in (f"listening on {server.address}", f"{backend.address} (up)", "1 client in sqlite:", "2 streams and 0 handshakes",
                      "  alice  2 streams, the oldest ", "refused ", stranger.pin()):
            self.assertIn(words, text)

    def test_A192_it_names_the_library_that_the_server_runs_on(self):
        owner, _, _, _ = self.tunnel()
        said = owner.do("version", "--json").json
        library = self.status(owner)["openssl"]
        self.assertRegex(library, r"^OpenSSL 3\.\d+\.\d+")
        self.assertIn(library.split()[1], json.dumps(said))
        self.assertIn(library, owner.do("status").out)

    def test_a_backend_that_is_down_is_told(self):
        owner = self.side("owner")
        gone = self.backend()
        address = gone.address
        gone.__exit__(None, None, None)
        file = owner.path("cotter.toml")
        with open(file, "w", encoding="utf-8") as out:
            out.write("\n".join(["version = 1", 'log_format = "json"',
                                 *service("db", address, self.backend().address, health_check="100ms")]) + "\n")
        self.enterContext(Configured(owner, file, 1))
        eventually(lambda: [backend["up"] for backend in self.status(owner)["services"][0]["backends"]] == [False, True],
                   "the first is down")
        self.assertIn("db: listening on", owner.do("status").out)
        self.assertIn(f"{address} (down)", owner.do("status").out)

    def test_a_registry_that_cannot_be_read_is_told(self):
        owner, _, server, _ = self.tunnel()
        os.rename(owner.registry, owner.registry + ".away")
        with open(owner.registry, "wb") as file:
            file.write(b"no database at all, and longer than a header of SQLite would be" * 20)
        os.chmod(owner.registry, 0o600)
        server.event("registry_stale")
        self.assertFalse(self.status(owner)["registry"]["reachable"])
        self.assertIn("it can't be read now", owner.do("status").out)

    def test_the_last_refusals_are_few_and_the_newest(self):
        owner, _, server, alice = self.tunnel(backends.echo, "--threads", "1")
        owner.do("client", "suspend", "alice")
        context = client_context(alice.certificate, alice.key)

        def come():
            for _ in range(8):
                alert_for(server, context)
            return self.status(owner)["refusals"]

        refusals = eventually(lambda: (found := come()) and len(found) == 32 and found, "the list is full")
        first = refusals[0]["conn"]
        eventually(lambda: first not in [one["conn"] for one in come()], "the oldest has given way")
        self.assertEqual(len(come()), 32)

    def test_what_peers_say_is_escaped(self):
        owner, backend = self.side("owner"), self.backend()
        authority = Authority(owner.folder)
        server = self.server(owner, backend, "--client-ca", authority.certificate)
        evil = authority.issue("evil", names="URI:spiffe://x/\\1b[31mred")
        context = client_context(evil.certificate, evil.key)
        self.assertIsNone(alert_for(server, context))
        peer = self.peer(server, type("Side", (), {"certificate": evil.certificate, "key": evil.key}))
        peer.send(b"!")
        peer.receive(1)
        raw = owner.do("status").raw
        self.assertNotIn(b"\x1b", raw)
        (client,) = self.status(owner)["clients"]
        self.assertIn("ca:URI:spiffe", client["name"])
        self.assertIn(" is admitted\n  open      1 stream", owner.do("explain", client["name"]).out)


class WhoMayAsk(StatusTest):
    def test_without_a_server_it_is_exit_1(self):
        owner, _, server, _ = self.tunnel()
        server.drain()
        self.assertEqual(server.wait(), 0)
        done = owner.run("status", "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (1, "not_running"))
        self.assertFalse(os.path.exists(self.socket_of(owner)), "a server that ends takes its socket away")
        self.assertEqual(self.side("nobody").run("status").code, 1)

    def test_A218_A219_the_socket_is_the_owners_and_in_the_state_folder(self):
        owner, _, _, _ = self.tunnel()
        path = self.socket_of(owner)
        status = os.stat(path)
        self.assertTrue(stat.S_ISSOCK(status.st_mode))
        self.assertEqual((stat.S_IMODE(status.st_mode), status.st_uid), (0o600, os.geteuid()))
        self.assertEqual(stat.S_IMODE(os.stat(owner.state).st_mode), 0o700)

    def test_A218_a_socket_left_behind_is_replaced_and_anything_else_is_not(self):
        owner, backend, server, _ = self.tunnel()
        server.signal(signal.SIGKILL)
        server.wait()
        self.assertTrue(os.path.exists(self.socket_of(owner)))
        server = self.server(owner, backend)
        self.assertEqual(self.status(owner)["pid"], server.pid)
        server.drain()
        server.wait()
        with open(self.socket_of(owner), "w", encoding="ascii") as file:
            file.write("mine")
        server = self.server(owner, backend)
        server.event("status_unavailable")
        with open(self.socket_of(owner), encoding="ascii") as file:
            self.assertEqual(file.read(), "mine")

    def test_a_second_server_of_the_folder_serves_and_leaves_the_first_its_socket(self):
        owner, backend, first, alice = self.tunnel()
        second = self.server(owner, backend)
        second.event("status_unavailable")
        self.open_stream(alice, second)
        self.assertEqual(self.status(owner)["pid"], first.pid)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_A218_another_user_is_told_nothing(self):
        owner, _, _, _ = self.tunnel()
        path = self.socket_of(owner)
        os.chmod(owner.folder, 0o755)
        os.chmod(owner.state, 0o755)  # what nobody should do
        os.chmod(path, 0o666)
        asks = ("import os, socket, sys; os.setuid(65534); s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
                "sys.stdout.write(repr(s.recv(100)))")
        done = Finished([sys.executable, "-c", asks, path])
        self.assertEqual((done.code, done.out), (0, "b''"), str(done))

    def test_A227_what_is_said_to_it_changes_nothing(self):
        owner, backend, server, alice = self.tunnel()
        stream = self.open_stream(alice, server)
        path = self.socket_of(owner)
        for words in (b"", b"POST /shutdown HTTP/1.1\r\n\r\n", b'{"stop":true}\n', os.urandom(1 << 16)):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(DEADLINE)
                connection.connect(path)
                try:
                    connection.sendall(words)
                except OSError:
                    pass
                answer = b""
                try:
                    while part := connection.recv(65536):
                        answer += part
                except ConnectionResetError:
                    pass  # closed over words that nobody reads
                if not words:
                    self.assertEqual(json.loads(answer)["pid"], server.pid)
        stream.send(b"?")
        self.assertEqual(stream.receive(1), b"?")
        self.assertEqual(self.status(owner)["streams"], 1)

    def test_who_asks_and_never_listens_holds_nobody_up(self):
        owner, _, server, alice = self.tunnel()
        idle = self.enterContext(socket.socket(socket.AF_UNIX))
        idle.connect(self.socket_of(owner))
        self.open_stream(alice, server)
        self.assertEqual(self.status(owner)["pid"], server.pid)


class Explain(StatusTest):
    def test_it_says_of_a_client_whether_it_is_let_in_and_why_it_was_refused(self):
        owner, _, server, alice = self.tunnel()
        self.assertIn("alice is admitted: active until revoked\n", owner.do("explain", "alice").out)
        owner.do("client", "rules", "alice", "--from", "10.0.0.0/8")
        self.assertIsNotNone(alert_for(server, client_context(alice.certificate, alice.key)))
        refused = server.event("refused", client="alice")
        text = owner.do("explain", "alice").out
        for words in ("alice is admitted: active until revoked, within its rules", f"key       {alice.pin()}",
                      "rule      --from 10.0.0.0/8", "alice may not come from 127.0.0.1", refused["conn"]):
            self.assertIn(words, text)
        told = owner.do("explain", "alice", "--json").json
        self.assertEqual((told["name"], told["admitted"], told["pins"], told["open"]), ("alice", True, [alice.pin()], []))
        self.assertEqual([one["conn"] for one in told["refusals"]], [refused["conn"]])
        eventually(lambda: owner.do("log", "show", "--connection", refused["conn"]).out, "the refusal is on record")
        server.drain()
        self.assertEqual(server.wait(), 0)
        told = owner.do("explain", "alice", "--json").json
        self.assertEqual([one["conn"] for one in told["refusals"]], [refused["conn"]], "still known without the server")

    def test_what_the_list_says_comes_first(self):
        owner = self.side("owner")
        pin = self.side("alice").pin()
        owner.do("client", "add", "alice", pin)
        now = datetime.datetime.now(datetime.timezone.utc)
        later = f"daily {now + datetime.timedelta(hours=3):%H:%M}-{now + datetime.timedelta(hours=4):%H:%M}"
        for command, words in ((("rules", "alice", "--hours", later), "certain hours only, and not now"),
                               (("suspend", "alice", "--reason", "holiday"), "suspended since"),
                               (("revoke", "alice", "--reason", "stolen"), "revoked since")):
            owner.do("client", *command)
            text = owner.do("explain", "alice").out
            self.assertIn("alice is refused: ", text)
            self.assertIn(words, text)
            self.assertIn("no server runs with this state folder", text)
            self.assertFalse(owner.do("explain", "alice", "--json").json["admitted"])

    def test_it_finds_a_connection_by_the_id_that_both_ends_print(self):
        owner, _, server, alice = self.tunnel()
        self.open_stream(alice, server)
        admitted = server.event("admitted")["conn"]
        self.assertIn("alice is admitted\n  open      1 stream, the oldest ", owner.do("explain", admitted).out)
        told = owner.do("explain", admitted, "--json").json
        self.assertEqual((told["asked"], told["open"][0]["name"], told["refusals"]), (admitted, "alice", []))
        stranger = self.side("stranger")
        connection = self.connect(stranger, server)
        self.assertEqual(connection.wait(), 3)
        refused = server.event("refused")["conn"]
        text = owner.do("explain", refused).out
        self.assertIn(f"connection {refused} was refused (not_admitted)", text)
        self.assertIn(f"cotter client add NAME {stranger.pin()}", text)
        self.assertEqual(owner.do("explain", refused, "--json").json["refusals"][0]["pin"], stranger.pin())
        pin = stranger.pin()
        eventually(lambda: owner.do("log", "show", "--connection", refused).out, "the refusal is on record")
        server.signal(signal.SIGKILL)
        server.wait()
        text = owner.do("explain", refused).out
        self.assertIn(f"connection {refused} was refused (not_admitted)", text)
        self.assertIn(f"cotter client add NAME {pin}", text)
        done = owner.run("explain", "00000000", "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (1, "not_found"))


class Dates(StatusTest):
    def stamp(self, **ahead):
        return f"{datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**ahead):%Y%m%d%H%M%SZ}"

    def test_every_date_that_will_refuse_somebody_is_told_in_log_and_status(self):
        owner, backend = self.side("owner"), self.backend()
        authority = Authority(owner.folder)  # for thirty days
        crl = owner.path("clients.crl")
        authority.revocation_list(crl, dates=(self.stamp(days=-1), self.stamp(hours=20)))
        own = authority.issue("server", names="DNS:server.example", usage="serverAuth",
                              dates=(self.stamp(days=-1), self.stamp(days=6)))
        admit(owner, self.side("alice"), "alice", "--expires", "3d")
        admit(owner, self.side("bob"), "bob", "--expires", "300d")
        admit(owner, self.side("gone"), "gone", "--expires", "3d")
        owner.do("client", "suspend", "gone")
        server = self.server(owner, backend, "--cert", own.certificate, "--key", own.key, "--client-ca", authority.certificate,
                             "--client-crl", crl)
        told = self.status(owner)["expiries"]
        self.assertEqual([expiry["what"] for expiry in told],
                         ["the CRL of CN=ca", "the client alice", "this server's certificate", "the client CA CN=ca"])
        self.assertFalse(any(expiry["is_past"] for expiry in told))
        for expiry in told:
            self.assertEqual(server.event("expires_soon", what=expiry["what"])["at"], expiry["at"])
        self.assertRegex(owner.do("status").out, r"ends: the client alice, in [23] d \(")
        before = len(server.events("expires_soon"))
        server.reload()
        server.event("reload", result="applied")
        self.status(owner)
        self.assertEqual(len(server.events("expires_soon")), before, "each is told once")

    def test_a_listening_client_tells_the_dates_of_its_policy(self):
        owner, _, server, alice = self.tunnel()
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=5)
        host = server.address.rsplit(":", 1)[0]
        file = alice.path("policy.toml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(f'version = 1\n[[host]]\nname = "{host}"\ntrust = "pins"\npins = ["{server.pin}"]\n'
                      f"expires = {end:%Y-%m-%dT%H:%M:%SZ}\n")
        client = self.listening_process(alice, server, trust=["--policy", file])
        line = json.loads(client.err.wait(lambda line: "expires_soon" in line and line, "the date"))
        self.assertEqual((line["what"], line["at"]), (f"the policy for {server.address}", f"{end:%Y-%m-%dT%H:%M:%SZ}"))

    def test_a_reload_that_brings_a_nearer_date_tells_it(self):
        owner, backend = self.side("owner"), self.backend()
        authority = Authority(owner.folder)
        crl = owner.path("clients.crl")
        authority.revocation_list(crl, dates=(self.stamp(days=-2), self.stamp(days=60)))
        server = self.server(owner, backend, "--client-ca", authority.certificate, "--client-crl", crl)
        self.assertEqual(len(self.status(owner)["expiries"]), 1)
        authority.revocation_list(crl, dates=(self.stamp(days=-1), self.stamp(hours=-1)))
        server.reload()
        self.assertEqual(server.event("expired")["what"], "the CRL of CN=ca")
        self.assertIn("ended: the CRL of CN=ca", owner.do("status").out)


if __name__ == "__main__":
    unittest.main()
