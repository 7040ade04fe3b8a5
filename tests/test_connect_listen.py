"""connect --listen: a stream for each local connection, where it listens, and to whom it goes."""

import os
import signal
import socket
import stat
import sys
import threading
import unittest

from harness import backends
from harness.backends import unused_port
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.cotter import Server
from harness.processes import DEADLINE, Finished, event_of
from harness.tls_servers import PythonServer, server_context


class ListenTest(TunnelTest):
    def client(self, side, server, *arguments, listen="127.0.0.1:0", pin=None):
        """`connect --listen`, listening: `at` is the address that it names."""
        process = self.enterContext(side.start("connect", server.address, "--pin", pin or server.pin, "--listen", listen,
                                               "--json", "--log-format", "json", *arguments))
        ready = process.out.wait(lambda line: (event_of(line) or {}).get("event") == "listening" and event_of(line),
                                 "listening event")
        process.at = ready["listen"]
        process.ready = ready
        return process

    def dial(self, address):
        if address.startswith("unix:"):
            connection = self.enterContext(socket.socket(socket.AF_UNIX))
            connection.connect(address.removeprefix("unix:"))
        else:
            host, port = address.rsplit(":", 1)
            connection = self.enterContext(socket.create_connection((host.strip("[]"), int(port)), DEADLINE))
        connection.settimeout(DEADLINE)
        return connection

    def exchange(self, connection, data):
        """Sends, ends, and gives all that comes back."""
        threading.Thread(target=lambda: (connection.sendall(data), connection.shutdown(socket.SHUT_WR)), daemon=True).start()
        with connection.makefile("rb") as file:
            return file.read()


class Where(ListenTest):
    def test_port_0_takes_a_free_port_of_loopback_and_names_it(self):
        _, _, server, alice = self.tunnel()
        client = self.client(alice, server, listen="0")
        self.assertRegex(client.at, r"^127\.0\.0\.1:[1-9][0-9]*$")
        self.assertEqual((client.ready["to"], client.ready["pin"]), (server.address, alice.pin()))
        self.assertEqual(self.exchange(self.dial(client.at), b"there and back"), b"there and back")

    def test_people_are_told_in_words(self):
        _, _, server, alice = self.tunnel()
        with alice.start("connect", server.address, "--pin", server.pin, "--listen", "0") as client:
            client.out.wait(lambda line: line.startswith("listening on 127.0.0.1:") and server.address in line, "line")

    def test_a_unix_socket_is_its_owners_alone_and_goes_with_the_client(self):
        _, _, server, alice = self.tunnel()
        path = alice.path("local.sock")
        client = self.client(alice, server, listen=f"unix:{path}")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(self.exchange(self.dial(client.at), b"by path"), b"by path")
        client.signal(signal.SIGTERM)
        self.assertEqual(client.wait(), 0)
        self.assertFalse(os.path.exists(path))

    def test_a_unix_socket_left_by_a_crash_is_taken_over_and_a_living_one_is_not(self):
        _, _, server, alice = self.tunnel()
        path = alice.path("local.sock")
        first = self.client(alice, server, listen=f"unix:{path}")
        second = alice.run("connect", server.address, "--pin", server.pin, "--listen", f"unix:{path}")
        self.assertEqual(second.code, 1)
        self.assertIn("something listens there already", second.err)
        first.popen.kill()
        first.popen.wait()
        self.assertTrue(os.path.exists(path))
        self.assertEqual(self.exchange(self.dial(self.client(alice, server, listen=f"unix:{path}").at), b"x"), b"x")

    def test_ipv6_loopback_needs_no_leave(self):
        _, _, server, alice = self.tunnel()
        client = self.client(alice, server, listen="[::1]:0")
        self.assertRegex(client.at, r"^\[::1\]:[1-9][0-9]*$")
        self.assertEqual(self.exchange(self.dial(client.at), b"six"), b"six")

    def test_beyond_loopback_it_refuses_to_listen_unless_told_that_it_is_unsafe(self):
        alice = self.side("alice")
        for listen in ("0.0.0.0:0", "[::]:0"):
            done = alice.run("connect", "localhost:1", "--pin", alice.pin(), "--listen", listen)
            self.assertEqual(done.code, 2, done)
            self.assertIn("not encrypted", done.err)
            self.assertIn("--unsafe-listen", done.err)

    def test_a_taken_port_is_1_and_says_so(self):
        alice = self.side("alice")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = alice.run("connect", "localhost:1", "--pin", alice.pin(), "--listen", taken.getsockname()[1])
        self.assertEqual(done.code, 1)
        self.assertIn("something listens there already", done.err)

    def test_an_address_to_listen_at_is_no_name(self):
        alice = self.side("alice")
        for listen in ("example.org:1", "1.2.3:1", ":1", "x", "65536", "unix:", "unix:" + "x" * 108):
            done = alice.run("connect", "localhost:1", "--pin", alice.pin(), "--listen", listen)
            self.assertEqual(done.code, 2, f"{listen} {done}")


class Streams(ListenTest):
    def test_each_connection_has_its_own_stream_several_at_once(self):
        _, backend, server, alice = self.tunnel()
        client = self.client(alice, server)
        count = 8 if os.environ.get("COTTER_SANITIZE") else 40
        connections = [self.dial(client.at) for _ in range(count)]
        for number, connection in enumerate(connections):  # all open before the first is used
            connection.sendall(b"%d!" % number)
        for number, connection in reversed(list(enumerate(connections))):
            expected = b"%d!" % number
            received = b""
            while len(received) < len(expected):
                received += connection.recv(100)
            self.assertEqual(received, expected)
        self.assertEqual(backend.count, count)

    def test_both_ways_at_once_and_large(self):
        _, _, server, alice = self.tunnel()
        client = self.client(alice, server)
        sent = os.urandom(4 << 20)
        self.assertTrue(self.exchange(self.dial(client.at), sent) == sent)

    def test_a_half_close_passes_and_the_answer_comes(self):
        _, _, server, alice = self.tunnel(backends.answer_after_end(b"answer"))
        client = self.client(alice, server)
        self.assertEqual(self.exchange(self.dial(client.at), b"question"), b"answer")

    def test_its_log_has_a_line_for_the_beginning_and_the_end(self):
        _, _, server, alice = self.tunnel()
        client = self.client(alice, server)
        self.exchange(self.dial(client.at), b"12345")

        def event(name):
            return client.err.wait(lambda line: (event_of(line) or {}).get("event") == name and event_of(line), name)

        begun, ended = event("connected"), event("closed")
        self.assertEqual(begun["conn"], ended["conn"])
        self.assertEqual((ended["bytes_in"], ended["bytes_out"], ended["end"]), (5, 5, "done"))
        self.assertEqual(server.event("closed")["conn"], begun["conn"])

    def test_A177_a_refused_or_broken_stream_resets_the_local_connection(self):
        alice = self.side("alice")
        issued = self_signed(alice.folder, "impostor")
        with PythonServer(server_context(issued)) as impostor:
            client = self.client(alice, impostor, pin=alice.pin())
            connection = self.dial(client.at)
            with self.assertRaises(ConnectionResetError):
                connection.sendall(b"secret")
                connection.recv(1)
            self.assertEqual(impostor.meeting().wait().received, b"")
            client.out.wait(lambda line: '"pin_mismatch"' in line, "the refusal")
            self.assertTrue(client.running())

    def test_the_server_may_go_away_and_come_back(self):
        owner, backend, server, alice = self.tunnel()
        client = self.client(alice, server)
        self.assertEqual(self.exchange(self.dial(client.at), b"before"), b"before")
        server.end()
        with self.assertRaises(ConnectionResetError):
            self.dial(client.at).recv(1)
        client.out.wait(lambda line: '"cannot_connect"' in line, "the failure")
        self.enterContext(Server(owner, backend.address, listen=server.address))
        self.assertEqual(self.exchange(self.dial(client.at), b"after"), b"after")

    def test_it_may_listen_before_the_server_does(self):
        owner = self.side("owner")
        alice = self.admitted(owner, "alice")
        backend = self.backend()
        port = unused_port()
        server = type("Later", (), {"address": f"127.0.0.1:{port}", "pin": owner.pin()})
        client = self.client(alice, server)
        self.enterContext(Server(owner, backend.address, listen=server.address))
        self.assertEqual(self.exchange(self.dial(client.at), b"late"), b"late")

    def test_a_stranger_is_told_what_to_send_to_the_owner(self):
        _, _, server, _ = self.tunnel()
        stranger = self.side("stranger")
        client = self.client(stranger, server)
        with self.assertRaises(ConnectionResetError):
            self.dial(client.at).recv(1)
        client.out.wait(lambda line: f"cotter client add NAME {stranger.pin()}" in line, "the line for the owner")


class Signals(ListenTest):
    def test_sigterm_and_sigint_end_it_with_0(self):
        _, _, server, alice = self.tunnel()
        for number in (signal.SIGTERM, signal.SIGINT):
            client = self.client(alice, server)
            client.signal(number)
            self.assertEqual(client.wait(), 0)

    def test_sighup_takes_a_new_key_up_and_a_bad_one_keeps_the_old(self):
        owner, _, server, alice = self.tunnel()
        issued = self_signed(alice.folder, "mine")
        owner.do("client", "add-key", "alice", issued.pin())
        client = self.client(alice, server, "--cert", issued.certificate, "--key", issued.key)

        def reload():
            mark = client.err.count()
            client.signal(signal.SIGHUP)
            return client.err.wait(lambda line: (event_of(line) or {}).get("event") == "reload" and event_of(line), "reload",
                                   since=mark)["result"]

        os.chmod(issued.key, 0o644)
        self.assertEqual(reload(), "kept")
        os.chmod(issued.key, 0o600)
        self.assertEqual(reload(), "applied")
        self.assertEqual(self.exchange(self.dial(client.at), b"x"), b"x")


class RealClients(ListenTest):
    def test_curl_speaks_http_through_it(self):
        owner = self.side("owner")
        alice = self.admitted(owner, "alice")
        with open(owner.path("page"), "wb") as file:
            file.write(b"a page\n" * 10000)

        def respond(visit):
            request = b""
            while b"\r\n\r\n" not in request:
                request += backends.receive(visit)
            with open(owner.path("page"), "rb") as file:
                body = file.read()
            visit.connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        backend = self.backend(respond)
        client = self.client(alice, self.server(owner, backend))
        done = Finished(["curl", "-sS", "--noproxy", "*", f"http://{client.at}/"])
        self.assertEqual((done.code, len(done.raw)), (0, 70000), done.err)


if __name__ == "__main__":
    sys.exit(unittest.main())
