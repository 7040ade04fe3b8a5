"""Adapters that fetch over HTTPS, by their examples: every host judged by its own entry, over redirects and resumption."""

import base64
import hashlib
import os
import queue
import re
import shutil
import subprocess
import tempfile
import unittest

from harness.built_example import built_example
from harness.certificates import self_signed
from harness.processes import Finished, Process
from harness.tls_servers import PythonServer, server_context


def http(*answers):
    """A behaviour: each connection takes one request and gets the next answer (status line's end, header, body)."""
    left = queue.SimpleQueue()
    for answer in answers:
        left.put(answer)

    def behave(meeting):
        meeting.is_resumed = meeting.tls.session_reused
        while b"\r\n\r\n" not in meeting.received:
            if not meeting.receive():
                return
        status, header, body = left.get_nowait()
        head = f"HTTP/1.1 {status}\r\n{header}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        meeting.tls.sendall(head.encode() + body.encode())

    return behave


def ok(body):
    return "200 OK", "", body


def moved(url):
    return "302 Found", f"Location: {url}\r\n", ""


class Fetching:
    """What holds of every one of them; EXAMPLE: folder and program."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="cotter-curl-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.known = os.path.join(self.folder, "known_peers")

    def issued(self, name):
        return self_signed(self.folder, name)

    def server(self, issued, *answers, tickets=0):
        context = server_context(issued)
        context.num_tickets = tickets
        return self.enterContext(PythonServer(context, http(*answers)))

    def client(self, *entries, known=False, **variables):
        policy = os.path.join(self.folder, "policy.toml")
        with open(policy, "w", encoding="utf-8") as file:
            file.write("version = 1\n" + "".join(f"[[host]]\n{entry}\n" for entry in entries))
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return self.enterContext(Process([built_example(*self.EXAMPLE), policy, *([self.known] if known else [])],
                                         stdin=subprocess.PIPE, env={**environment, **variables}))

    @staticmethod
    def fetch(client, url):
        """What the client says of that URL."""
        since = client.out.count()
        client.popen.stdin.write(url.encode() + b"\n")
        client.popen.stdin.flush()
        return client.out.wait(lambda line: line, f"word about {url}", since)

    def assert_resumed(self, meeting):
        self.assertTrue(meeting.is_resumed)

    def assert_nothing_came(self, meeting):
        self.assertEqual(meeting.wait().received, b"")

    def test_the_pinned_server_is_fetched_from(self):
        key = self.issued("a")
        server = self.server(key, ok("hello"))
        client = self.client(f'name = "127.0.0.1"\npins = ["{key.pin()}"]')
        self.assertEqual(self.fetch(client, f"https://{server.address}/"), "fetched: hello")

    def test_a_server_with_another_key_gets_no_request(self):
        server = self.server(self.issued("a"), ok("hello"))
        client = self.client(f'name = "127.0.0.1"\npins = ["{self.issued("b").pin()}"]')
        self.assertIn("not fetched", self.fetch(client, f"https://{server.address}/secret"))
        self.assert_nothing_came(server.meeting())

    def test_a_host_without_an_entry_gets_no_request(self):
        key = self.issued("a")
        server = self.server(key, ok("hello"))
        client = self.client(f'name = "localhost"\npins = ["{key.pin()}"]')
        self.assertIn("not fetched", self.fetch(client, f"https://{server.address}/"))
        self.assert_nothing_came(server.meeting())

    def test_a_resumed_session_is_judged_by_what_holds_now(self):
        key = self.issued("a")
        server = self.server(key, ok("one"), ok("two"), ok("three"), tickets=2)
        client = self.client('name = "127.0.0.1"\ntrust = "accept-new"', known=True)
        url = f"https://{server.address}/"
        self.assertEqual(self.fetch(client, url), "fetched: one")
        server.meeting().wait()
        self.assertEqual(self.fetch(client, url), "fetched: two")
        self.assertTrue(server.meeting().wait().is_resumed)

        with open(self.known, encoding="ascii") as file:
            remembered = file.read()
        self.assertIn(key.pin(), remembered)
        with open(self.known, "w", encoding="ascii") as file:
            file.write(remembered.replace(key.pin(), self.issued("b").pin()))
        self.assertIn("not fetched", self.fetch(client, url))
        client.popen.stdin.close()  # until then curl keeps a connection, through which nothing goes
        self.assertEqual(client.wait(), 3)
        refused = server.meeting()
        self.assert_nothing_came(refused)
        self.assert_resumed(refused)


class Curl(Fetching, unittest.TestCase):
    EXAMPLE = ("curl", "curl_client")

    def test_a_redirect_is_judged_by_the_entry_of_the_host_that_it_leads_to(self):
        first, second = self.issued("first"), self.issued("second")
        end = self.server(second, ok("there"), ok("there"))
        start = self.server(first, *[moved(f"https://localhost:{end.port}/next")] * 2)
        entry = f'name = "127.0.0.1"\npins = ["{first.pin()}"]'
        right = self.client(entry, f'name = "localhost"\npins = ["{second.pin()}"]')
        self.assertEqual(self.fetch(right, f"https://{start.address}/"), "fetched: there")
        self.assertIn(b"GET /next", end.meeting().wait().received)

        wrong = self.client(entry, f'name = "localhost"\npins = ["{first.pin()}"]')
        self.assertIn("not fetched", self.fetch(wrong, f"https://{start.address}/"))
        self.assert_nothing_came(end.meeting())

    def test_a_redirect_to_plain_http_is_not_followed(self):
        key = self.issued("a")
        server = self.server(key, moved("http://127.0.0.1:1/"))
        client = self.client(f'name = "127.0.0.1"\npins = ["{key.pin()}"]')
        self.assertIn("not supported", self.fetch(client, f"https://{server.address}/"))

    def test_a_proxy_that_speaks_tls_is_not_taken_for_the_server(self):
        key = self.issued("a")
        proxy = self.server(key, ok("from the proxy"))
        client = self.client('name = "127.0.0.1"\ntrust = "accept-new"', known=True, https_proxy=f"https://{proxy.address}")
        self.assertIn("not fetched", self.fetch(client, "https://127.0.0.1:1/"))
        self.assert_nothing_came(proxy.meeting())
        self.assertFalse(os.path.exists(self.known))


class Beast(Fetching, unittest.TestCase):
    EXAMPLE = ("beast_https", "beast_https")


class StandaloneAsio(Fetching, unittest.TestCase):
    EXAMPLE = ("asio_https", "asio_https")


class Qt(Fetching, unittest.TestCase):
    EXAMPLE = ("qt_client", "qt_client")

    def assert_resumed(self, meeting):
        """Qt cuts it with the client's last message of the handshake unsent, which the server has no session without."""
        self.assertIsNone(getattr(meeting, "is_resumed", None))
        self.assertIsNotNone(meeting.end or meeting.failure)


class BeastWebSocket(unittest.TestCase):
    """Over the same gate: a server that is refused never sees the request to upgrade."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="cotter-websocket-")
        self.addCleanup(shutil.rmtree, self.folder)

    @staticmethod
    def echo(meeting):
        """Upgrades (RFC 6455 4.2.2), and sends one short masked text message back unmasked (5.2)."""
        while b"\r\n\r\n" not in meeting.received:
            meeting.receive()
        key = re.search(rb"Sec-WebSocket-Key: *(\S+)", meeting.received, re.IGNORECASE)[1]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        meeting.tls.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        kind, size = meeting.tls.recv(2)
        mask_and_text = meeting.tls.recv(4 + (size & 0x7f))
        text = bytes(octet ^ mask_and_text[i % 4] for i, octet in enumerate(mask_and_text[4:]))
        meeting.tls.sendall(bytes([kind, len(text)]) + text)
        meeting.receive()  # its close, answered by ours
        meeting.tls.sendall(b"\x88\x00")

    def say(self, server, pin):
        return Finished([built_example("beast_websocket", "beast_websocket"), server.address, pin], stdin=b"hello\n")

    def test_a_message_goes_to_the_pinned_server_and_back(self):
        key = self_signed(self.folder, "a")
        server = self.enterContext(PythonServer(server_context(key), self.echo))
        done = self.say(server, key.pin())
        self.assertEqual((done.code, done.out), (0, "hello\n"), done)
        self.assertIn(f"Host: {server.address}".encode(), server.meeting().received)

    def test_a_server_with_another_key_sees_no_request(self):
        server = self.enterContext(PythonServer(server_context(self_signed(self.folder, "a")), self.echo))
        done = self.say(server, self_signed(self.folder, "b").pin())
        self.assertEqual((done.code, done.out), (3, ""), done)
        self.assertEqual(server.meeting().wait().received, b"")


if __name__ == "__main__":
    unittest.main()
