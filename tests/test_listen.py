"""Where cotter listens: port 0, taken ports, IPv6, UNIX sockets fresh and stale, and what is too exposed."""

import os
import socket
import stat
import threading
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.processes import DEADLINE


class Tcp(TunnelTest):
    def test_port_0_takes_a_free_port_and_names_it(self):
        _, _, server, alice = self.tunnel()
        self.assertNotEqual(server.port, 0)
        self.open_stream(alice, server)

    def test_A222_a_taken_port_is_an_error_whoever_has_it(self):
        owner, _, server, _ = self.tunnel()
        with socket.create_server(("127.0.0.1", 0)) as other:
            for name, port in (("another program's", other.getsockname()[1]), ("a cotter's", server.port)):
                for threads in ("1", "2"):
                    with self.subTest(name, threads=threads):
                        done = owner.run("serve", "--listen", f"127.0.0.1:{port}", "--to", "127.0.0.1:1", "--threads", threads)
                        self.assertEqual(done.code, 1, str(done))
                        self.assertIn("something listens there already", done.err)

    def test_A221_an_address_that_is_not_ours_is_an_error(self):
        done = self.side("owner").run("serve", "--listen", "192.0.2.1:0", "--to", "127.0.0.1:1")
        self.assertEqual(done.code, 1, str(done))
        self.assertIn("next:", done.err)

    def test_ipv6(self):
        owner = self.side("owner")
        backend = self.backend()
        alice = self.admitted(owner, "alice")
        server = self.server(owner, backend, listen="[::1]:0")
        self.assertTrue(server.address.startswith("[::1]:"))
        self.open_stream(alice, server)
        self.assertTrue(server.event("admitted")["peer"].startswith("[::1]:"))

    def test_A221_without_a_host_serve_takes_ipv6_and_ipv4_and_connect_only_loopback(self):
        owner = self.side("owner")
        backend = self.backend()
        alice = self.admitted(owner, "alice")
        server = self.server(owner, backend, listen="0")
        self.assertTrue(server.address.startswith("[::]:"), server.address)
        for host in ("127.0.0.1", "[::1]"):
            server.address = f"{host}:{server.port}"
            self.open_stream(alice, server)
        self.assertIn("127.0.0.1:", server.event("admitted")["peer"], "IPv4 is written as IPv4")
        self.assertEqual(self.listening(alice, server, listen="0")[0], "127.0.0.1")

    def test_connect_beyond_loopback_needs_the_unsafe_flag(self):
        _, _, server, alice = self.tunnel()
        done = alice.run("connect", server.address, "--pin", server.pin, "--listen", "0.0.0.0:0")
        self.assertEqual(done.code, 2, str(done))
        self.assertIn("--unsafe-listen", done.err)

    def test_bad_addresses_are_bad_calls(self):
        owner = self.side("owner")
        for address in ("", ":", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x", "example.com:1", "unix:",
                        "unix:" + "x" * 200):
            with self.subTest(address):
                done = owner.run("serve", f"--listen={address}", "--to", "127.0.0.1:1")
                self.assertEqual(done.code, 2, str(done))


class Unix(TunnelTest):
    def test_A218_a_unix_listener_is_for_its_owner_from_its_first_moment_and_gone_at_the_end(self):
        _, _, server, alice = self.tunnel()
        path = alice.path("local.sock")
        before = os.umask(0)
        try:
            client = self.listening_process(alice, server, listen=f"unix:{path}")
        finally:
            os.umask(before)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with socket.socket(socket.AF_UNIX) as local:
            local.settimeout(DEADLINE)
            local.connect(path)
            local.sendall(b"hello")
            self.assertEqual(local.recv(5, socket.MSG_WAITALL), b"hello")
        client.end()
        self.assertFalse(os.path.exists(path))

    def test_A218_a_stale_socket_is_replaced_and_nothing_else_is(self):
        _, _, server, alice = self.tunnel()
        stale = alice.path("stale.sock")
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(stale)
        client = self.listening_process(alice, server, listen=f"unix:{stale}")
        client.end()

        alive = alice.path("alive.sock")
        living = self.enterContext(socket.socket(socket.AF_UNIX))
        living.bind(alive)
        living.listen()
        plain = alice.path("plain")
        with open(plain, "w", encoding="ascii") as file:
            file.write("keep me")
        link = alice.path("link")
        os.symlink(plain, link)
        for path in (alive, plain, link, alice.path("no/such/folder.sock")):
            with self.subTest(path):
                done = alice.run("connect", server.address, "--pin", server.pin, "--listen", f"unix:{path}")
                self.assertEqual(done.code, 1, str(done))
        with open(plain, encoding="ascii") as file:
            self.assertEqual(file.read(), "keep me")

    def test_serve_on_a_unix_socket_with_two_threads(self):
        # TLS over a UNIX socket: for a local relay in front.
        owner = self.side("owner")
        backend = self.backend()
        alice = self.admitted(owner, "alice")
        path = owner.path("server.sock")
        server = owner.start("serve", "--listen", f"unix:{path}", "--to", backend.address, "--threads", "2", "--json",
                             "--log-format", "json")
        with server:
            ready = server.out.wait(lambda line: "listening" in line and line, "listening event")
            self.assertIn(f"unix:{path}", ready)
            front = self.enterContext(backends.Backend(lambda visit: relay_to(visit, path)))
            server.address = front.address
            pin = owner.pin()
            stream = self.connect(alice, server, pin=pin)
            stream.send(b"!")
            self.assertEqual(stream.receive(1), b"!")
            stream.finish_sending()
            self.assertEqual(stream.wait(), 0)
        self.assertFalse(os.path.exists(path))


def relay_to(visit, path):
    """A plain relay to a UNIX socket, for as long as it takes."""
    onward = socket.socket(socket.AF_UNIX)
    onward.connect(path)

    def back():
        while data := onward.recv(65536):
            visit.connection.sendall(data)
        visit.connection.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=back, daemon=True)
    thread.start()
    while data := backends.receive(visit):
        onward.sendall(data)
    onward.shutdown(socket.SHUT_WR)
    thread.join(DEADLINE)
    onward.close()


if __name__ == "__main__":
    unittest.main()
