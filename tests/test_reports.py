"""--report: a server that is refused, or let in by report mode alone, is told to a file and to a collector; once, later if
need be, without holding anything up, and never to the server itself."""

import contextlib
import http.server
import json
import os
import queue
import socket
import stat
import threading
import unittest

from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.processes import DEADLINE, eventually
from harness.tls_servers import server_context

RFC_7469 = ("date-time", "hostname", "port", "effective-expiration-date", "include-subdomains", "noted-hostname",
            "served-certificate-chain", "validated-certificate-chain", "known-pins")


class Collector:
    """An HTTPS server that keeps what is posted to it; `answers` are the statuses that it gives, the last one for ever."""

    def __init__(self, issued, *answers, location=None):
        self.posted = queue.Queue()
        self._answers = list(answers) or [200]
        self._location = location
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                collector.posted.put((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                status = collector._answers[0]
                if len(collector._answers) > 1:
                    collector._answers.pop(0)
                self.send_response(status)
                if collector._location:
                    self.send_header("Location", collector._location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # a client that goes away is no error of the test
        self._server.socket = server_context(issued).wrap_socket(self._server.socket, server_side=True,
                                                                 do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self.url = f"https://127.0.0.1:{self.port}/reports"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self):
        """The next report that was posted."""
        headers, body = self.posted.get(timeout=DEADLINE)
        assert headers["Content-Type"] == "application/json", headers
        return json.loads(body)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class Reports(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")
        self.alice = self.admitted(self.owner, "alice")
        # The collector is at 127.0.0.1, and no report goes to the address of the server that failed.
        self.failing = self.server(self.owner, self.backend(), listen="127.0.0.2:0")
        self.wrong = self.side("somebody").pin()
        self.issued = self_signed(self.alice.folder, "collector")

    def collector(self, *answers, **options):
        return self.enterContext(Collector(self.issued, *answers, **options))

    def arguments(self, *targets):
        return [word for target in targets for word in ("--report", target)] + ["--report-pin", self.issued.pin()]

    def connect(self, *arguments, server=None):
        return self.alice.run("connect", (server or self.failing).address, "--pin", self.wrong, *arguments, stdin=b"octets")

    def waiting(self):
        folder = os.path.join(self.alice.state, "reports")
        return [name for name in (os.listdir(folder) if os.path.isdir(folder) else []) if name.endswith(".json")]

    def make_due(self):
        """As if the time until the next attempt had passed."""
        for name in self.waiting():
            path = os.path.join(self.alice.state, "reports", name)
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
            document["due"] = document["made"]
            with open(path, "w", encoding="utf-8") as file:
                json.dump(document, file)

    def test_a_refusal_is_a_line_in_a_private_file(self):
        path = self.alice.path("reports.jsonl")
        done = self.connect("--report", f"file:{path}")
        self.assertEqual(done.code, 3, done)
        with open(path, encoding="utf-8") as file:
            (line,) = file.read().splitlines()
        report = json.loads(line)
        self.assertEqual([key for key in RFC_7469 if key not in report], [])
        self.assertEqual((report["hostname"], report["port"]), ("127.0.0.2", self.failing.port))
        self.assertEqual((report["verdict"], report["trust"], report["reasons"][0]["code"]), ("refused", "pins", "pin_mismatch"))
        self.assertEqual(report["known-pins"], [f'pin-sha256="{self.wrong.removeprefix("sha256/")}"'])
        self.assertEqual(report["presented-pins"], [self.failing.pin])
        self.assertIn("BEGIN CERTIFICATE", report["served-certificate-chain"][0])
        self.assertIn(report["connection"], done.err)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_a_collector_gets_it_by_https_and_its_key_is_pinned(self):
        collector = self.collector()
        self.assertEqual(self.connect(*self.arguments(collector.url)).code, 3)
        report = collector.take()
        self.assertEqual((report["hostname"], report["verdict"]), ("127.0.0.2", "refused"))
        self.assertEqual(self.waiting(), [])

    def test_a_collector_that_cant_prove_itself_gets_nothing_and_the_report_waits(self):
        collector = self.collector()
        for arguments in (["--report-pin", self.wrong], []):
            with self.subTest(arguments):
                done = self.connect("--report", collector.url, *arguments)
                self.assertEqual(done.code, 3)
                self.assertIn("kept for later", done.err)
                self.assertEqual(len(self.waiting()), 1)
                self.make_due()
        self.assertTrue(collector.posted.empty())

    def test_the_same_failure_is_reported_once_and_another_again(self):
        path = self.alice.path("reports.jsonl")
        for _ in range(3):
            self.connect("--report", f"file:{path}")
        other = self.server(self.side("other"), self.backend(), listen="127.0.0.2:0")
        self.connect("--report", f"file:{path}", server=other)
        with open(path, encoding="utf-8") as file:
            ports = [json.loads(line)["port"] for line in file]
        self.assertEqual(ports, [self.failing.port, other.port])

    def test_what_could_not_be_delivered_is_delivered_by_a_later_run(self):
        collector = self.collector(503, 200)
        done = self.connect(*self.arguments(collector.url))
        self.assertEqual(done.code, 3)
        self.assertIn("503; it is kept for later", done.err)
        self.assertEqual(len(self.waiting()), 1)
        collector.take()
        self.connect(*self.arguments(collector.url))
        self.assertTrue(collector.posted.empty(), "not before its time")
        self.make_due()
        right = self.alice.run("connect", self.failing.address, "--pin", self.failing.pin, *self.arguments(collector.url))
        self.assertEqual(right.code, 0, right)
        self.assertEqual(collector.take()["verdict"], "refused")
        self.assertEqual(self.waiting(), [])

    def test_A142_the_server_that_failed_never_gets_its_report(self):
        collector = self.collector()
        here = self.server(self.owner, self.backend())  # at the collector's address
        named = collector.url.replace("127.0.0.1", "localhost")
        for url in (collector.url, named):
            with self.subTest(url):
                done = self.connect(*self.arguments(url), server=here)
                self.assertEqual(done.code, 3)
                self.assertIn("the collector is the server that failed; it is given up", done.err)
        self.assertTrue(collector.posted.empty())
        self.assertEqual(self.waiting(), [])

    def test_A142_a_redirect_is_not_followed(self):
        elsewhere = self.collector()
        collector = self.collector(307, location=elsewhere.url)
        done = self.connect(*self.arguments(collector.url))
        self.assertIn("redirects are not followed; it is given up", done.err)
        collector.take()
        self.assertTrue(elsewhere.posted.empty())

    def test_A12_what_report_mode_lets_in_is_reported_while_the_stream_flows(self):
        collector = self.collector()
        path = self.alice.path("report.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'version = 1\n[[host]]\nname = "127.0.0.2"\npins = ["{self.wrong}"]\nmode = "report"\n'
                       "expires = 2099-01-01T00:00:00Z\n")
        done = self.alice.run("connect", self.failing.address, "--policy", path, *self.arguments(collector.url), stdin=b"octets")
        self.assertEqual((done.code, done.raw), (0, b"octets"), done)
        report = collector.take()
        self.assertEqual((report["verdict"], report["noted-hostname"]), ("reported", "127.0.0.2"))
        self.assertEqual(report["effective-expiration-date"], "2099-01-01T00:00:00Z")

    def test_a_collector_that_never_answers_holds_up_no_stream(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
            path = self.alice.path("report.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f'version = 1\n[[host]]\nname = "127.0.0.2"\npins = ["{self.wrong}"]\nmode = "report"\n'
                           "expires = 2099-01-01T00:00:00Z\n")
            url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
            client = self.listening_process(self.alice, self.failing, *self.arguments(url), trust=["--policy", path])
            for _ in range(3):
                with socket.create_connection(client.at, DEADLINE) as stream:
                    stream.sendall(b"octets")
                    self.assertEqual(stream.recv(6, socket.MSG_WAITALL), b"octets")
            silent.settimeout(DEADLINE)
            asked, _ = silent.accept()  # it was asked, and has still not answered
            asked.close()

    def test_a_listening_client_reports_each_refused_connection_once(self):
        collector = self.collector()
        client = self.listening_process(self.alice, self.failing, *self.arguments(collector.url), trust=["--pin", self.wrong])
        for _ in range(2):
            with socket.create_connection(client.at, DEADLINE) as stream, contextlib.suppress(ConnectionError):
                self.assertEqual(stream.recv(1), b"")
        self.assertEqual(collector.take()["verdict"], "refused")
        eventually(lambda: not self.waiting(), "the report is delivered")
        self.assertTrue(collector.posted.empty())

    def test_verify_reports_too_live_and_of_a_file(self):
        path = self.alice.path("reports.jsonl")
        target = ["--report", f"file:{path}"]
        self.assertEqual(self.alice.run("verify", self.failing.address, "--pin", self.wrong, *target).code, 3)
        self.assertEqual(self.alice.run("verify", self.failing.address, "--pin", self.failing.pin, *target).code, 0)
        self.assertEqual(self.alice.run("verify", "--chain", self.issued.certificate, "--host", "db.invalid", "--pin", self.wrong,
                                        *target).code, 3)
        with open(path, encoding="utf-8") as file:
            self.assertEqual([json.loads(line)["hostname"] for line in file], ["127.0.0.2", "db.invalid"])

    def test_nothing_is_reported_unless_asked_for(self):
        self.assertEqual(self.connect().code, 3)
        self.assertFalse(os.path.exists(os.path.join(self.alice.state, "reports")))

    def test_a_file_that_cant_be_written_changes_no_verdict(self):
        os.mkfifo(self.alice.path("fifo"))
        for path in (self.alice.path("no/such/folder"), self.alice.folder, self.alice.path("fifo")):
            with self.subTest(path):
                done = self.connect("--report", f"file:{path}")
                self.assertEqual(done.code, 3, done)
                self.assertIn("kept for later", done.err)

    def test_bad_targets_are_exit_2(self):
        for target in ("http://collector.example/", "https://user@collector.example/", "mail:me", "file:"):
            self.assertEqual(self.connect("--report", target).code, 2, target)
        self.assertEqual(self.connect("--report", "syslog", "--report-pin", "cert-" + self.wrong).code, 2)


if __name__ == "__main__":
    unittest.main()
