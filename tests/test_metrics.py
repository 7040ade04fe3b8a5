"""`--metrics`: what Prometheus reads of a server and of a client that listens, who is answered, and that nobody who asks
holds up the tunnel."""

import datetime
import json
import os
import pathlib
import re
import signal
import socket
import unittest
import urllib.request

from harness import backends
from harness.case import TunnelTest
from harness.certificates import Authority, self_signed
from harness.cotter import Server, admit
from harness.facts import processor_seconds
from harness.processes import DEADLINE, Finished, event_of, eventually
from harness.scrape import ask, exchange, scrape
from harness.tls_peer import alert_for, client_context
from test_services import Configured, service

TOP = pathlib.Path(__file__).resolve().parents[1]
ONE = {"service": "default"}


def metrics_of(process):
    """Where a process of ours says that it serves its metrics."""
    return process.out.wait(lambda line: (event_of(line) or {}).get("metrics"), "listening event with metrics")


class MetricsTest(TunnelTest):
    def measured(self, behaviour=backends.echo, *arguments):
        """The usual scene, and where the server's metrics are."""
        owner, backend, server, alice = self.tunnel(behaviour, "--metrics", "0", *arguments)
        server.metrics = metrics_of(server)
        return owner, backend, server, alice

    def until(self, address, holds, what):
        """A scrape of which that is true."""

        def look():
            page = scrape(address)
            return page if holds(page) else None

        return eventually(look, what)


class WhatAServerCounts(MetricsTest):
    def test_admitted_refused_and_failed_handshakes(self):
        owner, _, server, alice = self.measured(backends.echo, "--threads", "2")
        before = scrape(server.metrics)
        self.assertEqual(before.sum("cotter_connections_total"), 0)
        self.assertEqual({labels["outcome"] for labels, _ in before.values("cotter_handshakes_total", **ONE)},
                         {"admitted", "refused", "failed", "exchange", "not_admitted"})
        for _ in range(3):
            self.assertEqual(self.open_stream(alice, server).running(), True)
        stranger = self_signed(owner.folder, "stranger")
        alert_for(server, client_context(stranger.certificate, stranger.key))
        alert_for(server, client_context())
        with socket.create_connection((server.host, server.port), DEADLINE) as wrong:
            wrong.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while wrong.recv(4096):
                pass
        with socket.create_connection((server.host, server.port), DEADLINE) as silent:
            silent.sendall(b"\x16")
        counted = {("admitted", None): 3, ("refused", "not_admitted"): 1, ("refused", "no_certificate"): 1, ("failed", "tls"): 1,
                   ("failed", "closed"): 1}
        page = self.until(server.metrics, lambda page: page.sum("cotter_handshakes_total") == sum(counted.values()),
                          "all handshakes are counted")
        self.assertEqual({(labels["outcome"], labels.get("reason")): value
                          for labels, value in page.values("cotter_handshakes_total", **ONE) if value}, counted)
        self.assertEqual(page.value("cotter_connections_total", **ONE), 7)
        self.assertEqual(page.value("cotter_open_handshakes", **ONE), 0)
        self.assertEqual(page.value("cotter_open_streams", **ONE), 3)

    def test_every_connection_comes_to_one_outcome(self):
        """The total of connections is that of the outcomes and of those that are under way, whatever happens to them."""
        owner, _, server, alice = self.measured(backends.echo, "--threads", "1", "--handshake-timeout", "5s",
                                                "--max-connections", "3")
        silent = [self.enterContext(socket.create_connection((server.host, server.port), DEADLINE)) for _ in range(3)]
        self.open_stream(alice, server).end()
        owner.do("client", "revoke", "alice")
        self.assertEqual(self.connect(alice, server).wait(), 3)
        bob = self.side("bob")
        bob.do("join", owner.do("invite", "bob", "--address", server.address, "--json").json["code"])
        self.open_stream(bob, server)
        page = self.until(server.metrics, lambda page: page.value("cotter_open_handshakes", **ONE) == 0, "none is under way")
        self.assertEqual(page.value("cotter_connections_total", **ONE), page.sum("cotter_handshakes_total", **ONE))
        self.assertEqual(len(silent), page.value("cotter_handshakes_total", **ONE, outcome="failed", reason="timeout")
                         + page.value("cotter_handshakes_total", **ONE, outcome="failed", reason="crowded"))
        self.assertEqual(page.value("cotter_handshakes_total", **ONE, outcome="refused", reason="revoked"), 1)
        self.assertEqual(page.value("cotter_handshakes_total", **ONE, outcome="exchange"), 1)
        self.assertEqual(page.value("cotter_handshakes_total", **ONE, outcome="admitted"), 2)

    def test_bytes_and_ends_of_streams(self):
        owner, _, server, alice = self.measured()
        stream = self.open_stream(alice, server)
        stream.send(b"x" * 99_999)
        stream.receive(99_999)
        # While it is open, too.
        self.until(server.metrics, lambda page: page.value("cotter_stream_bytes_total", **ONE, direction="out") == 100_000,
                   "the bytes of an open stream are counted")
        stream.finish_sending()
        self.assertEqual(stream.wait(), 0)
        other = self.open_stream(alice, server)
        owner.do("client", "revoke", "alice")
        self.assertNotEqual(other.wait(), 0)
        page = self.until(server.metrics, lambda page: page.value("cotter_open_streams", **ONE) == 0, "both have ended")
        self.assertEqual(page.value("cotter_stream_bytes_total", **ONE, direction="in"), 100_001)
        self.assertEqual(page.value("cotter_stream_bytes_total", **ONE, direction="out"), 100_001)
        self.assertEqual({labels["reason"]: value for labels, value in page.values("cotter_streams_ended_total", **ONE) if value},
                         {"done": 1, "no_longer_admitted": 1})

    def test_a_backend_that_is_away(self):
        owner = self.side("owner")
        gone = self.backend()
        alice = self.admitted(owner, "alice")
        server = self.server(owner, gone, "--metrics", "0")
        at = metrics_of(server)
        self.assertEqual((scrape(at).value("cotter_backends", **ONE), scrape(at).value("cotter_backends_up", **ONE)), (1, 1))
        gone.__exit__(None, None, None)
        self.assertEqual(self.connect(alice, server).wait(), 1)
        page = self.until(at, lambda page: page.value("cotter_open_streams", **ONE) == 0, "it has ended")
        self.assertEqual(page.value("cotter_streams_ended_total", **ONE, reason="backend_unreachable"), 1)
        self.assertEqual(page.value("cotter_backends_up", **ONE), 0)

    def test_the_seconds_of_handshakes(self):
        _, _, server, alice = self.measured()
        self.open_stream(alice, server)
        page = scrape(server.metrics)
        admitted = {**ONE, "outcome": "admitted"}
        self.assertEqual(page.value("cotter_handshake_seconds_count", **admitted), 1)
        self.assertEqual(page.value("cotter_handshake_seconds_bucket", **admitted, le="+Inf"), 1)
        taken = page.value("cotter_handshake_seconds_sum", **admitted)
        self.assertGreater(taken, 0)
        for labels, value in page.values("cotter_handshake_seconds_bucket", **admitted):
            self.assertEqual(value, 1 if taken <= float(labels["le"]) else 0, labels)

    def test_clients_by_state_and_the_age_of_the_list(self):
        owner, _, server, _ = self.measured()
        for name in ("bob", "carol", "dave"):
            admit(owner, self.side(name), name)
        owner.do("client", "add", "erin", self.side("erin").pin(), "--expires", "1s")
        owner.do("client", "add", "frank", self.side("frank").pin(), "--expires", "30d")
        owner.do("client", "suspend", "bob")
        owner.do("client", "revoke", "carol")
        page = self.until(server.metrics, lambda page: page.value("cotter_clients", state="expired") == 1
                          and page.value("cotter_clients", state="revoked") == 1, "erin's admission has ended")
        self.assertEqual({labels["state"]: value for labels, value in page.values("cotter_clients")},
                         {"active": 3, "suspended": 1, "revoked": 1, "expired": 1})
        self.assertEqual(page.value("cotter_registry_reachable"), 1)
        self.assertLess(page.value("cotter_registry_snapshot_age_seconds"), 30)
        # Of the active ones, frank's admission ends first.
        ends = page.value("cotter_first_expiry_timestamp_seconds", of="client") - page.value("process_start_time_seconds")
        self.assertAlmostEqual(ends / 86400, 30, delta=0.1)

    def test_dates_of_files_and_reloads(self):
        owner = self.side("owner")
        authority = Authority(owner.folder)
        own = authority.issue("server", usage="serverAuth", days=20)
        server = self.server(owner, self.backend(), "--metrics", "0", "--cert", own.certificate, "--key", own.key,
                             "--client-ca", authority.certificate)
        at = metrics_of(server)
        page = scrape(at)
        first = {labels["of"]: (value - page.value("process_start_time_seconds")) / 86400
                 for labels, value in page.values("cotter_first_expiry_timestamp_seconds")}
        self.assertEqual({kind: round(days) for kind, days in first.items()}, {"server_certificate": 20, "client_ca": 30})
        began = page.value("cotter_configuration_timestamp_seconds")
        pathlib.Path(owner.path("kept.crt")).write_bytes(pathlib.Path(own.certificate).read_bytes())
        pathlib.Path(own.certificate).write_text("nothing", encoding="ascii")
        server.reload()
        server.event("reload", result="kept")
        page = scrape(at)
        self.assertEqual((page.value("cotter_reloads_total", result="kept"), page.value("cotter_last_reload_successful")), (1, 0))
        self.assertEqual(page.value("cotter_configuration_timestamp_seconds"), began)
        pathlib.Path(own.certificate).write_bytes(pathlib.Path(owner.path("kept.crt")).read_bytes())
        server.reload()
        server.event("reload", result="applied")
        page = scrape(at)
        self.assertEqual((page.value("cotter_reloads_total", result="applied"), page.value("cotter_last_reload_successful")), (1, 1))

    def test_services_are_told_apart(self):
        owner, alice = self.side("owner"), self.side("alice")
        admit(owner, alice, "alice")
        file = owner.path("cotter.toml")
        with open(file, "w", encoding="utf-8") as out:
            out.write("\n".join(["version = 1", 'metrics = "127.0.0.1:0"', 'log_format = "json"',
                                 *service("db", self.backend().address), *service("web", self.backend().address)]) + "\n")
        server = self.enterContext(Configured(owner, file, 2))
        at = metrics_of(server)
        self.open_stream(alice, server.services["web"])
        page = scrape(at)
        self.assertEqual((page.value("cotter_open_streams", service="db"), page.value("cotter_open_streams", service="web")), (0, 1))

    def test_A223_no_client_pin_or_address_is_named(self):
        owner, backend, server, alice = self.measured()
        stream = self.open_stream(alice, server)
        stranger = self_signed(owner.folder, "stranger")
        alert_for(server, client_context(stranger.certificate, stranger.key))
        text = scrape(server.metrics).text
        for secret in ("alice", "stranger", "sha256/", backend.address, server.address, "127.0.0.1", owner.folder, owner.state):
            self.assertNotIn(secret, text)
        self.assertTrue(stream.running())

    def test_A173_the_number_of_samples_does_not_grow(self):
        owner, _, server, alice = self.measured()
        before = set(scrape(server.metrics).samples)
        for number in range(5):
            admit(owner, self.side(f"client{number}"), f"client{number}")
            stranger = self_signed(owner.folder, f"stranger{number}")
            alert_for(server, client_context(stranger.certificate, stranger.key))
        self.open_stream(alice, server)
        self.assertEqual(set(scrape(server.metrics).samples), before)


class WhatAClientCounts(MetricsTest):
    def listening_with_metrics(self, side, server, *arguments, **options):
        client = self.listening_process(side, server, "--metrics", "0", *arguments, **options)
        client.metrics = metrics_of(client)
        return client

    def use(self, client, data=b"hello"):
        with socket.create_connection(client.at, DEADLINE) as connection:
            connection.sendall(data)
            received = b""
            while len(received) < len(data):
                received += connection.recv(65536)
            self.assertEqual(received, data)

    def test_streams_that_were_opened(self):
        _, _, server, alice = self.tunnel()
        client = self.listening_with_metrics(alice, server)
        self.use(client)
        page = self.until(client.metrics, lambda page: page.value("cotter_streams_ended_total", **ONE, reason="done") == 1,
                          "the stream has ended")
        self.assertEqual(page.value("cotter_handshakes_total", **ONE, outcome="admitted"), 1)
        self.assertEqual(page.value("cotter_stream_bytes_total", **ONE, direction="in"), 5)
        self.assertEqual(page.value("cotter_stream_bytes_total", **ONE, direction="out"), 5)
        ((labels, one),) = page.values("cotter_build_info")
        self.assertEqual((labels["role"], one), ("connect", 1))

    def test_bytes_of_a_stream_that_is_open(self):
        _, _, server, alice = self.tunnel()
        client = self.listening_with_metrics(alice, server)
        with socket.create_connection(client.at, DEADLINE) as connection:
            connection.sendall(b"hello")
            self.until(client.metrics, lambda page: page.value("cotter_stream_bytes_total", **ONE, direction="in") == 5,
                       "its bytes are counted")
            self.assertEqual(scrape(client.metrics).value("cotter_open_streams", **ONE), 1)

    def test_a_server_that_is_refused_that_refuses_or_is_away_and_the_reports(self):
        owner, _, server, alice = self.tunnel()
        other = self.side("other").pin()
        reports = alice.path("reports.jsonl")
        refusing = self.listening_with_metrics(alice, server, "--report", f"file:{reports}", trust=["--pin", other])
        stranger = self.listening_with_metrics(self.side("stranger"), server)

        class Nobody:
            address = f"127.0.0.1:{backends.unused_port()}"
            pin = server.pin

        away = self.listening_with_metrics(alice, Nobody)
        for client in (refusing, stranger, away):
            self.assert_cut_off(client.at)
        for client, outcome in ((refusing, {"outcome": "refused", "reason": "pin_mismatch"}), (stranger, {"outcome": "not_admitted"}),
                                (away, {"outcome": "failed", "reason": "unreachable"})):
            page = self.until(client.metrics, lambda page: page.sum("cotter_handshakes_total") == 1, "it is counted")
            self.assertEqual(page.value("cotter_handshakes_total", **ONE, **outcome), 1)
        page = self.until(refusing.metrics, lambda page: page.value("cotter_reports_delivered_total") == 1, "it is reported")
        self.assertEqual(page.value("cotter_reports_dropped_total"), 0)

    def assert_cut_off(self, at):
        """Whoever connects there is reset, as early as it may be."""
        with self.assertRaises(ConnectionResetError), socket.create_connection(at, DEADLINE) as connection:
            connection.recv(1)

    def test_a_report_that_cannot_be_delivered(self):
        owner, _, server, alice = self.tunnel()
        client = self.listening_with_metrics(alice, server, "--report", f"file:{alice.path('no')}/such/folder",
                                             trust=["--pin", self.side("other").pin()])
        self.assert_cut_off(client.at)
        self.until(client.metrics, lambda page: page.value("cotter_report_attempts_failed_total") == 1, "the attempt is counted")

    def test_metrics_need_a_client_that_listens(self):
        done = self.side("alice").run("connect", "127.0.0.1:1", "--pin", self.side("other").pin(), "--metrics", "0")
        self.assertEqual(done.code, 2)
        self.assertIn("--listen", done.err)


class Probes(MetricsTest):
    def test_alive_and_ready(self):
        _, _, server, alice = self.measured()
        for path in ("/livez", "/readyz"):
            answer = ask(server.metrics, path)
            self.assertEqual((answer.status, answer.text), (200, "ok\n"))
        client = self.listening_process(alice, server, "--metrics", "0")
        for path in ("/livez", "/readyz"):
            self.assertEqual(ask(metrics_of(client), path).status, 200)

    def test_a_server_that_drains_is_alive_and_not_ready_and_lets_the_port_go(self):
        owner, _, server, alice = self.measured()
        stream = self.open_stream(alice, server)
        server.drain()
        server.event("drain")
        answer = ask(server.metrics, "/readyz")
        self.assertEqual(answer.status, 503)
        self.assertIn("draining", answer.text)
        self.assertEqual(answer.text.count("\n"), 1)
        self.assertEqual(ask(server.metrics, "/livez").status, 200)
        stream.finish_sending()
        self.assertEqual(server.wait(), 0)
        again = self.enterContext(Server(owner, self.backend().address, "--metrics", server.metrics))
        self.assertEqual(metrics_of(again), server.metrics)

    def test_a_client_that_drains_is_not_ready(self):
        _, _, server, alice = self.tunnel()
        client = self.listening_process(alice, server, "--metrics", "0")
        with socket.create_connection(client.at, DEADLINE) as connection:
            connection.sendall(b"!")
            self.assertEqual(connection.recv(1), b"!")
            client.signal(signal.SIGTERM)
            client.err.wait(lambda line: (event_of(line) or {}).get("event") == "drain", "event drain")
            self.assertEqual(ask(metrics_of(client), "/readyz").status, 503)

    def test_a_registry_that_cannot_be_read_for_longer_than_its_grace(self):
        owner, _, server, _ = self.measured(backends.echo, "--registry-grace", "1s")
        away = owner.path("away.db")
        os.rename(owner.registry, away)
        answer = eventually(lambda: (found := ask(server.metrics, "/readyz")).status == 503 and found, "it is not ready")
        self.assertIn("nobody new is admitted", answer.text)
        page = scrape(server.metrics)
        self.assertEqual(page.value("cotter_registry_reachable"), 0)
        self.assertGreater(page.value("cotter_registry_snapshot_age_seconds"), 1)
        self.assertEqual(ask(server.metrics, "/livez").status, 200)
        os.rename(away, owner.registry)
        eventually(lambda: ask(server.metrics, "/readyz").status == 200, "it is ready again")


class WhoIsAnswered(MetricsTest):
    def test_by_any_http_client(self):
        _, _, server, _ = self.measured()
        with urllib.request.urlopen(f"http://{server.metrics}/metrics", timeout=DEADLINE) as answer:
            self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            self.assertIn(b"cotter_build_info", answer.read())
        curl = Finished(["curl", "-sS", "-i", f"http://{server.metrics}/readyz"])
        self.assertIn("HTTP/1.1 200 OK", curl.out)
        for field in ("Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Connection: close"):
            self.assertIn(field, curl.out)

    def test_head_is_answered_without_the_text(self):
        _, _, server, _ = self.measured()
        answer = ask(server.metrics, "/metrics", method="HEAD")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertGreater(int(answer.fields["content-length"]), 1000)

    def test_A223_only_this_machine_is_answered_unless_it_is_said_otherwise(self):
        owner = self.side("owner")
        admit(owner, self.side("alice"), "alice")
        for words in (["--metrics", "0.0.0.0:0"], ["--metrics", "[::]:0"]):
            done = owner.run("serve", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", *words)
            self.assertEqual(done.code, 2, words)
            self.assertIn("--unsafe-metrics", done.err)
        server = self.server(owner, self.backend(), "--metrics", "0")
        self.assertTrue(metrics_of(server).startswith("127.0.0.1:"))
        other = self.side("other")
        wide = self.server(other, self.backend(), "--metrics", "0.0.0.0:0", "--unsafe-metrics")
        at = metrics_of(wide).replace("0.0.0.0", "127.0.0.1")
        self.assertEqual(ask(at, "/livez").status, 200)
        self.assertEqual(ask(at, "/livez", host="evil.example").status, 421)
        self.assertEqual(owner.run("serve", "--listen", "1", "--to", "127.0.0.1:1", "--unsafe-metrics").code, 2)
        self.assertEqual(owner.run("serve", "--listen", "1", "--to", "127.0.0.1:1", "--metrics", "unix:/tmp/x").code, 2)

    def test_an_address_that_is_taken_is_named(self):
        owner = self.side("owner")
        taken = self.backend()
        done = owner.run("serve", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--metrics", taken.address)
        self.assertEqual(done.code, 1)
        self.assertIn(taken.address.rpartition(":")[2], done.err)
        self.assertIn("metrics", done.err)

    def test_A224_a_name_that_points_here_is_not_answered(self):
        _, _, server, _ = self.measured()
        port = server.metrics.rpartition(":")[2]
        for host, status in ((f"127.0.0.1:{port}", 200), (f"localhost:{port}", 200), (f"evil.example:{port}", 421),
                             ("192.0.2.1", 421), ("", 421), ([], 400), (["127.0.0.1", "127.0.0.1"], 400)):
            with self.subTest(host=host):
                answer = ask(server.metrics, "/metrics", host=host)
                self.assertEqual(answer.status, status)
                self.assertEqual("cotter_" in answer.text, status == 200)
        self.assertEqual(ask(server.metrics, "http://evil.example/metrics").status, 404)
        self.assertEqual(ask(server.metrics, "/metrics", fields=["Origin: http://evil.example"]).status, 403)

    def test_A225_nothing_is_changed_there(self):
        _, _, server, alice = self.measured()
        stream = self.open_stream(alice, server)
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "QUERY"):
            with self.subTest(method=method):
                answer = ask(server.metrics, "/metrics", method=method)
                self.assertIn(answer.status, (400, 405))
        self.assertEqual(ask(server.metrics, "/metrics", method="POST").fields["allow"], "GET, HEAD")
        for path in ("/", "/quit", "/-/quit", "/-/reload", "/debug/pprof", "/../etc/passwd", "/metrics/x"):
            self.assertEqual(ask(server.metrics, path).status, 404)
        self.assert_alive(stream)

    def test_A226_what_is_no_small_request_is_refused(self):
        _, _, server, _ = self.measured()
        self.assertEqual(ask(server.metrics, "/metrics", fields=["X: " + "x" * 9000]).status, 431)
        self.assertEqual(ask(server.metrics, "/" + "x" * 9000).status, 431)
        self.assertEqual(ask(server.metrics, "/metrics", fields=[f"X{n}: y" for n in range(2000)]).status, 431)
        self.assertEqual(ask(server.metrics, "/metrics", fields=["Content-Length: 5"]).status, 400)
        self.assertEqual(ask(server.metrics, "/metrics", fields=["Transfer-Encoding: chunked"]).status, 400)
        for octets in (b"\x16\x03\x01" + bytes(100) + b"\r\n\r\n", b"hello\r\n\r\n", b"GET /metrics\r\n\r\n"):
            self.assertTrue(exchange(server.metrics, octets).startswith(b"HTTP/1.1 400 "), octets)
        self.assertEqual(exchange(server.metrics, b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 3).count(b"HTTP/1.1 200"), 1)
        self.assertEqual(ask(server.metrics, "/livez").status, 200)

    def test_A226_who_dawdles_is_dropped_and_holds_nobody_up(self):
        _, _, server, alice = self.measured()
        stream = self.open_stream(alice, server)
        host, _, port = server.metrics.rpartition(":")
        slow = [self.enterContext(socket.create_connection((host, int(port)), DEADLINE)) for _ in range(40)]
        for connection in slow:
            try:
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
            except ConnectionError:
                pass  # it has had to make room already
        self.assertEqual(ask(server.metrics, "/livez").status, 200)
        self.assert_alive(stream)
        # The rest by their deadline, without a further octet from them.
        for connection in slow:
            connection.settimeout(DEADLINE)
            try:
                self.assertEqual(connection.recv(1), b"")
            except ConnectionError:
                pass
        self.assertEqual(ask(server.metrics, "/livez").status, 200)

    def test_A226_a_flood_of_requests_does_not_take_the_processor(self):
        _, _, server, alice = self.measured(backends.echo, "--threads", "1")
        stream = self.open_stream(alice, server)
        before = processor_seconds(server.pid)
        answered = 0
        for _ in range(3):
            flood = [self.enterContext(socket.create_connection(server.metrics.rsplit(":", 1), DEADLINE)) for _ in range(8)]
            for connection in flood:
                connection.sendall(f"GET /metrics HTTP/1.1\r\nHost: {server.metrics}\r\n\r\n".encode())
            for connection in flood:
                answered += connection.recv(12) == b"HTTP/1.1 200"
            self.assert_alive(stream)
        self.assertEqual(answered, 24)
        self.assertLess(processor_seconds(server.pid) - before, 1.0)

    def test_A34_it_leads_to_no_backend(self):
        _, backend, server, _ = self.measured()
        ask(server.metrics, f"http://{backend.address}/")
        ask(server.metrics, backend.address, method="CONNECT")
        exchange(server.metrics, bytes(300))
        scrape(server.metrics)
        self.assertEqual(backend.count, 0)


class TheFormat(MetricsTest):
    def pages(self):
        """A page of each end, every metric in it."""
        owner, _, server, alice = self.measured()
        owner.do("client", "add", "bob", self.side("bob").pin(), "--expires", "1d")
        policy = pathlib.Path(alice.path("policy.toml"))
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=5)
        policy.write_text(f'version = 1\n[[host]]\nname = "127.0.0.1"\ntrust = "pins"\npins = ["{server.pin}"]\n'
                          f"expires = {ends:%Y-%m-%dT%H:%M:%SZ}\n", encoding="ascii")
        client = self.listening_process(alice, server, "--metrics", "0", trust=["--policy", str(policy)])
        return {"serve": self.until(server.metrics, lambda page: page.values("cotter_first_expiry_timestamp_seconds", of="client"),
                                    "bob is known"),
                "connect": scrape(metrics_of(client))}

    def test_promtool_finds_nothing_to_mend(self):
        for role, page in self.pages().items():
            with self.subTest(role=role):
                checked = Finished(["promtool", "check", "metrics"], stdin=page.text.encode())
                self.assertEqual((checked.code, checked.out + checked.err), (0, ""))

    def test_the_page_in_docs_has_each_metric_and_no_other(self):
        rows = re.findall(r"^\| `([a-z_]+)` \| (\w+) \| ([^|]+) \|", (TOP / "docs/metrics.md").read_text(encoding="utf-8"),
                          re.MULTILINE)
        documented = {name: (kind, ends.strip()) for name, kind, ends in rows}
        found = {}
        for role, page in self.pages().items():
            for name, kind in page.types.items():
                found.setdefault(name, (kind, []))[1].append(role)
        self.assertEqual(documented, {name: (kind, ", ".join(roles)) for name, (kind, roles) in found.items()})

    def test_help_names_the_flags(self):
        self.assertIn("/readyz", self.side("owner").do("help", "operation").out)


class WhatIsMadeOfIt(MetricsTest):
    """The dashboard and the alerts in contrib/ are of metrics that there are."""

    ALERTS = TOP / "contrib/prometheus-alerts.yml"
    DASHBOARD = TOP / "contrib/grafana-dashboard.json"

    def dashboard_queries(self):
        dashboard = json.loads(self.DASHBOARD.read_text(encoding="utf-8"))
        variables = [one["query"]["query"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
        notes = [one["expr"] for one in dashboard["annotations"]["list"]]
        panels = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
        self.assertGreater(len(panels), 30)
        return variables, notes + panels

    def test_each_metric_and_label_that_they_ask_for_is_there(self):
        pages = TheFormat.pages(self)
        samples = set().union(*(page.samples for page in pages.values()))
        names = {name for name, _ in samples}
        labels = {label for _, has in samples for label, _ in has}
        values = {(label, value) for _, has in samples for label, value in has}
        variables, queries = self.dashboard_queries()
        rules = re.findall(r"^        expr: (.*)$", self.ALERTS.read_text(encoding="utf-8"), re.MULTILINE)
        self.assertGreater(len(rules), 10)
        for query in variables + queries + rules:
            with self.subTest(query=query):
                asked = set(re.findall(r"\b(?:cotter|process)_[a-z_]+\b", query))
                self.assertTrue(asked or query.startswith("up"), query)
                self.assertLessEqual(asked, names)
                chosen = [choice for block in re.findall(r"\{(.*?)\}", query)
                          for choice in re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', block)]
                for label, _, value in chosen:
                    if label in ("job", "instance") or "$" in value:
                        continue
                    for one in value.split("|"):
                        self.assertTrue((label, one) in values or (label, one) in self.RARE, (label, one))
                for grouped in re.findall(r"(?:by|on) \(([a-z_, ]+)\)", query):
                    self.assertLessEqual(set(grouped.split(", ")), labels | {"instance"})

    # What a page has only where there is such a thing.
    RARE = {("of", kind) for kind in ("client_ca", "crl", "authority", "policy", "pin")}

    def test_promtool_takes_the_alerts_and_they_say_what_they_should(self):
        for words in (["check", "rules", self.ALERTS.name], ["test", "rules", "prometheus-alerts-test.yml"]):
            done = Finished(["promtool", *words], cwd=self.ALERTS.parent)
            self.assertEqual(done.code, 0, str(done))
            self.assertIn("SUCCESS", done.out)

    def test_each_alert_is_tested(self):
        alerts = re.findall(r"- alert: (\w+)", self.ALERTS.read_text(encoding="utf-8"))
        tested = (self.ALERTS.parent / "prometheus-alerts-test.yml").read_text(encoding="utf-8")
        self.assertEqual([alert for alert in alerts if f'alertname="{alert}"' not in tested], [])

    def test_promtool_takes_the_queries_of_the_dashboard(self):
        _, queries = self.dashboard_queries()
        rules = [{"record": f"test:query{number}", "expr": query.replace("$__rate_interval", "5m")}
                 for number, query in enumerate(queries)]
        file = pathlib.Path(self.side("owner").folder, "rules.yml")
        # JSON is YAML.
        file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
        done = Finished(["promtool", "check", "rules", "--lint=none", str(file)])
        self.assertEqual(done.code, 0, str(done))


if __name__ == "__main__":
    unittest.main()
