"""cotter survey: many servers looked at once, what they show kept once, and what the reports say of it."""

import json
import os
import signal
import socket
import sqlite3
import ssl
import threading
import time
import unittest

from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.many_servers import ManyServers
from harness.nginx import Nginx
from harness.processes import Process, eventually
from harness.terminal import Terminal
from harness.tls_servers import OpensslServer, PythonServer, server_context


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class SurveyTest(TunnelTest):
    def setUp(self):
        self.me = self.side("me")

    def list_of(self, *lines, name="servers.txt"):
        path = self.me.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def survey(self, lines, *arguments, code=0):
        """The objects that a survey prints, by the server."""
        done = self.me.run("survey", self.list_of(*lines), "--json", *arguments)
        self.assertEqual(done.code, code, done)
        events = [json.loads(line) for line in done.out.splitlines()]
        self.last = events[-1]
        return {event["server"]: event for event in events[:-1]}

    def report(self, *arguments):
        return self.me.do("survey", "report", *arguments, "--json").json["rows"]

    def archive(self, sql):
        database = sqlite3.connect(f"file:{self.me.state}/observatory.db?mode=ro", uri=True)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()


class ManyHosts(SurveyTest):
    def test_hundreds_of_hosts_give_one_result_each_and_every_certificate_is_kept_once(self):
        kinds = [self_signed(self.me.folder, f"host{i}") for i in range(6)]
        with ManyServers([kinds[i % 6] for i in range(300)]) as servers:
            seen = self.survey(servers.addresses, "--rate", "0")
            self.assertEqual(len(seen), 300)
            self.assertEqual(servers.count, 300, "each was looked at once")
        for i, address in enumerate(servers.addresses):
            self.assertIsNone(seen[address]["failure"], seen[address])
            leaf = seen[address]["shown"]["presented"][0]
            self.assertEqual(leaf["pins"]["spki-sha256"], kinds[i % 6].pin())
            self.assertTrue(seen[address]["shown"]["possession_proven"])
            self.assertEqual(seen[address]["roots"]["verdict"], "refused")
        self.assertEqual(self.last["event"], "finished")
        self.assertEqual((self.last["looked_at"], self.last["answered"], self.last["failed"]), (300, 300, 0))
        self.assertEqual(self.archive("SELECT count(*) FROM certificates"), [(6,)])
        self.assertEqual(self.archive("SELECT count(*) FROM survey_results"), [(300,)])
        shared = self.report("keys")
        self.assertEqual({row["pin"] for row in shared}, {kind.pin() for kind in kinds})
        self.assertEqual([row["hosts"] for row in shared], [50 // 2] * 6, "of 50 addresses, each kind is at every second one")

    def test_A232_no_more_looks_are_under_way_than_allowed_and_two_at_one_host(self):
        issued = self_signed(self.me.folder, "host")
        with ManyServers([issued] * 60, hold=0.05) as servers:
            self.survey(servers.addresses, "--rate", "0", "--parallel", "7")
            self.assertLessEqual(servers.most_waiting, 7)
            self.assertGreater(servers.most_waiting, 2)
        with ManyServers([issued] * 12, hold=0.05, hosts=1) as servers:
            self.survey(servers.addresses, "--rate", "0", "--parallel", "12")
            self.assertEqual((servers.count, servers.most_waiting), (12, 2))

    def test_looks_are_begun_no_faster_than_the_rate(self):
        issued = self_signed(self.me.folder, "host")
        with ManyServers([issued] * 40) as servers:
            begin = time.monotonic()
            self.assertEqual(len(self.survey(servers.addresses, "--rate", "40", "--parallel", "40")), 40)
        # A quarter of a second's worth may come at once; the rest takes three quarters, however fast the machine is.
        self.assertGreaterEqual(time.monotonic() - begin, 0.7)

    def test_interrupted_it_goes_on_where_it_was(self):
        issued = self_signed(self.me.folder, "host")
        with ManyServers([issued] * 120, hold=0.02) as servers:
            path = self.list_of(*servers.addresses)
            with self.me.start("survey", path, "--json", "--rate", "40", "--parallel", "4") as first:
                eventually(lambda: servers.count >= 30, "thirty were looked at")
                first.signal(signal.SIGINT)
                self.assertEqual(first.wait(), 130)
                before = [json.loads(line) for line in first.out.text().splitlines()]
            self.assertEqual(before[-1]["event"], "interrupted")
            kept = len(before) - 1
            self.assertEqual(self.archive("SELECT count(*) FROM survey_results"), [(kept,)])
            partial = self.me.do("survey", "report", "summary", "--json").json
            self.assertIsNone(partial["finished"])
            asked = servers.count
            done = self.me.run("survey", path, "--json", "--rate", "0")
            self.assertEqual(done.code, 0, done)
            after = [json.loads(line) for line in done.out.splitlines()]
            self.assertEqual(after[-1]["survey"], before[-1]["survey"])
            self.assertEqual(len(after) - 1, 120 - kept)
            self.assertEqual(servers.count - asked, 120 - kept, "nobody was asked twice who had answered")
        self.assertEqual(self.archive("SELECT count(*) FROM survey_results"), [(120,)])

    def test_at_a_terminal_a_line_says_how_far_it_is_and_makes_room_for_what_comes_after(self):
        issued = self_signed(self.me.folder, "host")
        with ManyServers([issued] * 60) as servers, Terminal() as terminal:
            path = self.list_of(*servers.addresses)
            command = 'exec "$@" 2>"$0"'
            with Process(["sh", "-c", command, terminal.path, *self.me.command("survey", path, "--rate", "40")],
                         env={**self.me.env(), "TERM": "xterm"}) as survey:
                shown = terminal.read_until(" s left")
                self.assertRegex(shown, r"\r\x1b\[K  \d+/60 \[#*-*\]  \d+/s, \d+ s left")
                self.assertEqual(survey.wait(), 0)
            self.assertTrue(survey.out.text().startswith("survey 1: looked at 60 servers"))
            self.assertTrue((terminal.screen + terminal.rest()).endswith("\r\x1b[K"), "nothing of the line stays")
            quiet = Process(["sh", "-c", command, terminal.path, *self.me.command("survey", path, "--rate", "0", "--quiet")],
                            env={**self.me.env(), "TERM": "xterm"})
            with quiet:
                self.assertEqual(quiet.wait(), 0)
            self.assertEqual(terminal.rest(), "")

    def test_killed_it_has_kept_what_was_a_second_old(self):
        issued = self_signed(self.me.folder, "host")
        with ManyServers([issued] * 200) as servers:
            path = self.list_of(*servers.addresses)
            with self.me.start("survey", path, "--json", "--rate", "20") as first:
                eventually(lambda: os.path.exists(f"{self.me.state}/observatory.db") and
                           self.archive("SELECT count(*) FROM sqlite_master WHERE name = 'survey_results'") == [(1,)] and
                           self.archive("SELECT count(*) FROM survey_results")[0][0] > 0, "something is kept")
                first.popen.kill()
                first.popen.wait()
            kept = self.archive("SELECT count(*) FROM survey_results")[0][0]
            done = self.me.run("survey", path, "--json", "--rate", "0")
            self.assertEqual(done.code, 0, done)
            self.assertEqual(len(done.out.splitlines()) - 1, 200 - kept)


class OtherMakes(SurveyTest):
    def test_servers_of_other_makes_show_chain_version_and_suite(self):
        authority = Authority(self.me.folder)
        leaf = authority.issue("server", "IP:127.0.0.1,DNS:localhost", usage="serverAuth")
        leaf.issuer = authority
        port, old_port, gnutls_port = free_port(), free_port(), free_port()
        folder = os.path.join(self.me.folder, "nginx")
        os.mkdir(folder)
        self.enterContext(Nginx(folder, [(f"127.0.0.1:{port}", leaf, "TLSv1.2 TLSv1.3"),
                                         (f"127.0.0.1:{old_port}", leaf, "TLSv1.2")]))
        openssl = self.enterContext(OpensslServer(leaf))
        self.enterContext(Process(["gnutls-serv", "--http", "--port", str(gnutls_port), "--x509certfile", leaf.certificate,
                                   "--x509keyfile", leaf.key, "--quiet"]))
        eventually(lambda: self.accepts(gnutls_port), "gnutls-serv listens")
        names = [f"localhost:{port}", f"localhost:{old_port}", f"localhost:{openssl.port}", f"localhost:{gnutls_port}"]
        seen = self.survey(names, "--versions", "--roots", authority.certificate)
        for name in names:
            self.assertIsNone(seen[name]["failure"], seen[name])
            self.assertEqual(seen[name]["shown"]["presented"][0]["pins"]["spki-sha256"], leaf.pin())
            self.assertEqual(seen[name]["roots"], {"verdict": "trusted", "reasons": []}, name)
        self.assertEqual(seen[names[0]]["shown"]["versions"], ["TLSv1.3", "TLSv1.2"])
        self.assertEqual(seen[names[1]]["shown"]["versions"], ["TLSv1.2"])
        self.assertTrue(seen[names[1]]["shown"]["suite"].startswith("ECDHE-"))
        self.assertEqual(len(seen[names[2]]["shown"]["presented"]), 2, "the chain as it was presented")

    @staticmethod
    def accepts(port):
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return True
        except OSError:
            return False

    def test_a_server_that_wants_a_certificate_shows_its_own_all_the_same(self):
        authority = Authority(self.me.folder)
        leaf = authority.issue("server", "IP:127.0.0.1", usage="serverAuth")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            server = self.enterContext(PythonServer(server_context(leaf, version, client_ca=authority.certificate)))
            seen = self.survey([server.address])[server.address]
            self.assertEqual(seen["shown"]["presented"][0]["pins"]["spki-sha256"], leaf.pin(), version)

    def test_what_is_no_tls_server_is_a_failure_with_its_reason_and_nobody_else_suffers(self):
        good = self.enterContext(PythonServer(server_context(self_signed(self.me.folder, "good"))))
        closed = free_port()
        silent = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        rude = self.enterContext(socket.create_server(("127.0.0.1", 0)))

        def insult():
            while True:
                try:
                    peer, _ = rude.accept()
                except OSError:
                    return
                with peer:
                    peer.sendall(b"\x1b[31mgo away\x1b]0;owned\x07\r\n")

        threading.Thread(target=insult, daemon=True).start()
        places = {"silent": f"127.0.0.1:{silent.getsockname()[1]}", "rude": f"127.0.0.1:{rude.getsockname()[1]}",
                  "closed": f"127.0.0.1:{closed}", "nowhere": "nobody.invalid:443"}
        seen = self.survey([good.address, *places.values()], "--handshake-timeout", "500ms")
        self.assertIsNone(seen[good.address]["failure"])
        codes = {name: seen[place]["failure"]["code"] for name, place in places.items()}
        self.assertEqual(codes, {"silent": "handshake_timeout", "rude": "handshake_failed", "closed": "cannot_connect",
                                 "nowhere": "cannot_connect"})
        self.assertIn("can't be resolved", seen[places["nowhere"]]["failure"]["message"])
        shown = self.me.do("survey", "report", "failures").out
        self.assertNotIn("\x1b", shown)
        self.assertEqual({row["code"] for row in self.report("failures")}, set(codes.values()))
        rude.shutdown(socket.SHUT_RDWR)


class Verdicts(SurveyTest):
    def test_who_would_be_refused_if_a_pin_went(self):
        leaf, backup, other = (self_signed(self.me.folder, name) for name in ("leaf", "backup", "other"))
        servers = [self.enterContext(PythonServer(server_context(leaf))) for _ in range(3)]
        strange = self.enterContext(PythonServer(server_context(other)))
        policy = self.list_of(
            "version = 1",
            *(line for server in servers[:2] for line in
              ("[[host]]", 'name = "127.0.0.1"', f"port = {server.port}", f'pins = ["{leaf.pin()}", "{backup.pin()}"]')),
            "[[host]]", 'name = "127.0.0.1"', f"port = {servers[2].port}",
            f'pins = ["{leaf.pin()}", "cert:file:{leaf.certificate}"]'.replace(f"cert:file:{leaf.certificate}", self.cert_pin(leaf)),
            "[[host]]", 'name = "127.0.0.1"', f"port = {strange.port}", f'pins = ["{leaf.pin()}"]', name="policy.toml")
        seen = self.survey([server.address for server in [*servers, strange]], "--policy", policy)
        for server in servers:
            self.assertEqual(seen[server.address]["policy"]["verdict"], "trusted")
        self.assertEqual(seen[strange.address]["policy"]["verdict"], "refused")
        self.assertEqual(seen[strange.address]["policy"]["reasons"][0]["code"], "pin_mismatch")
        pins = {row["pin"]: (row["servers"], row["refused_without_it"]) for row in self.report("pins")}
        self.assertEqual(pins, {leaf.pin(): (3, 2), self.cert_pin(leaf): (1, 0)})
        holders = {row["server"]: row["refused_without_it"] for row in self.report("pins", "--pin", leaf.pin())}
        self.assertEqual(holders, {servers[0].address: "yes", servers[1].address: "yes", servers[2].address: "no"})
        strangers = self.report("pins", "--pin", other.pin())
        self.assertEqual(strangers, [{"server": strange.address, "presents_it": "yes", "refused_without_it": "no policy"}])

    def cert_pin(self, issued):
        return self.me.do("pin", issued.certificate, "--json").json["certificates"][0]["pins"]["cert-sha256"]

    def test_weak_keys_issuers_and_ends_are_reported(self):
        authority = Authority(self.me.folder)
        soon = authority.issue("soon", "IP:127.0.0.1", usage="serverAuth", days=3)
        later = authority.issue("later", "IP:127.0.0.1", usage="serverAuth", days=20)
        weak = self_signed(self.me.folder, "weak", key="rsa:1024")
        places = [self.enterContext(PythonServer(server_context(issued))) for issued in (soon, later)]
        # Python's own server refuses so small a key; openssl's is told not to mind.
        small = self.enterContext(OpensslServer(weak, "-cipher", "DEFAULT@SECLEVEL=0"))
        seen = self.survey([*(place.address for place in places), f"127.0.0.1:{small.port}"])
        self.assertEqual(len(seen), 3)
        weaknesses = self.report("weak")
        self.assertEqual([(row["key"], row["place"]) for row in weaknesses], [("RSA 1024", "leaf")])
        self.assertIn(("CN=ca", 2), [(row["issuer"], row["servers"]) for row in self.report("issuers")])
        self.assertEqual([row["subject"] for row in self.report("expiring", "--within", "7d")], ["CN=soon"])
        self.assertEqual(self.report("expiring")[0]["subject"], "CN=soon")

    def test_text_of_certificates_is_escaped_in_every_format(self):
        evil = self_signed(self.me.folder, "e\x1b[31mvil\u202e")
        server = self.enterContext(PythonServer(server_context(evil)))
        self.survey([server.address])
        for arguments in (["servers"], ["servers", "--format", "csv"], ["servers", "--format", "json-lines"], ["issuers"]):
            text = self.me.do("survey", "report", *arguments).out
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\u202e", text)


class Refusals(SurveyTest):
    def test_a_list_with_a_bad_line_is_refused_before_anybody_is_looked_at(self):
        server = self.enterContext(PythonServer(server_context(self_signed(self.me.folder, "host"))))
        done = self.me.run("survey", self.list_of(server.address, "10.0.0.0/8"), "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (2, "target_range"))
        self.assertIn("line 2", done.json["error"]["message"])
        self.assertEqual(server.count, 0)

    def test_a_list_comes_from_standard_input_too(self):
        server = self.enterContext(PythonServer(server_context(self_signed(self.me.folder, "host"))))
        done = self.me.do("survey", "-", stdin=f"{server.address}\n".encode())
        self.assertIn("looked at 1 server", done.out)

    def test_what_verdicts_rest_on_must_be_readable(self):
        path = self.list_of("127.0.0.1:1")
        missing = self.me.path("missing")
        for arguments, code in ((["--roots", missing], 1), (["--policy", missing], 1), (["--resolver", "x y"], 2),
                                (["--handshake-timeout", "0"], 2), (["--parallel", "0"], 2), (["--rate", "-1"], 2)):
            done = self.me.run("survey", path, *arguments)
            self.assertEqual(done.code, code, done)
        self.assertFalse(os.path.exists(f"{self.me.state}/observatory.db"))

    def test_a_report_needs_a_survey(self):
        done = self.me.run("survey", "report", "--json")
        self.assertEqual((done.code, done.json["error"]["code"]), (1, "archive_unavailable"))
        self.survey(["127.0.0.1:1"])
        for arguments, code in ((["nonsense"], 2), (["keys", "--within", "3d"], 2), (["keys", "--pin", "x"], 2),
                                (["--survey", "99"], 1), (["--format", "xml"], 2)):
            self.assertEqual(self.me.run("survey", "report", *arguments).code, code, arguments)

    def test_an_archive_that_others_may_read_is_refused(self):
        self.survey(["127.0.0.1:1"])
        os.chmod(f"{self.me.state}/observatory.db", 0o644)
        done = self.me.run("survey", self.list_of("127.0.0.1:1"))
        self.assertEqual(done.code, 1)
        self.assertIn("chmod 600", done.err)


if __name__ == "__main__":
    unittest.main()
