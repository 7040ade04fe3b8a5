"""How a stream ends: each direction on its own, and an end that is no end is passed on as one that is none."""

import os
import subprocess
import threading
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.processes import DEADLINE
from harness.tls_peer import TlsPeer, Truncated, client_context

ANSWER = bytes(range(256)) * (3 * 4096)  # 3 MiB
QUESTION = b"q" * 1000


def finish_first_and_go_on(taken):
    """A backend that ends its direction at once and goes on taking; the octets that came are put into `taken`."""

    def behave(visit):
        visit.connection.sendall(b"farewell")
        visit.connection.shutdown(backends.socket.SHUT_WR)
        backends.sink(visit)
        taken.set()

    return behave


class HalfClose(TunnelTest):
    def test_A178_a_client_that_ends_first_still_gets_a_long_answer(self):
        _, backend, server, alice = self.tunnel(backends.answer_after_end(ANSWER))
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            peer.send(QUESTION)
            peer.close_notify()
            self.assertEqual(peer.receive_all(), ANSWER)
        visit = backend.visit()
        self.assertEqual((visit.wait(), visit.count), ("eof", len(QUESTION)))
        closed = server.event("closed", end="done")
        self.assertEqual((closed["bytes_in"], closed["bytes_out"]), (len(QUESTION), len(ANSWER)))

    def test_A178_a_backend_that_ends_first_still_gets_everything(self):
        taken = threading.Event()
        _, backend, server, alice = self.tunnel(finish_first_and_go_on(taken))
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            self.assertEqual(peer.receive_all(), b"farewell")
            peer.send(b"x" * 200_000)
            peer.close_notify()
            visit = backend.visit()
            self.assertEqual((visit.wait(), visit.count), ("eof", 200_000))
        server.event("closed", end="done", bytes_in=200_000, bytes_out=8)

    def test_A178_connect_ends_first_and_still_gets_a_long_answer(self):
        _, backend, server, alice = self.tunnel(backends.answer_after_end(ANSWER))
        stream = self.connect(alice, server)
        stream.send(QUESTION)
        stream.finish_sending()
        self.assertEqual(stream.receive_all(), ANSWER)
        self.assertEqual(stream.wait(), 0)
        self.assertEqual(backend.visit().wait(), "eof")

    def test_A178_connect_goes_on_sending_after_the_backend_has_ended(self):
        taken = threading.Event()
        _, backend, server, alice = self.tunnel(finish_first_and_go_on(taken))
        stream = self.connect(alice, server)
        self.assertEqual(stream.receive_all(), b"farewell")
        stream.send(b"x" * 200_000)
        stream.finish_sending()
        self.assertEqual(stream.wait(), 0)
        visit = backend.visit()
        self.assertEqual((visit.wait(), visit.count), ("eof", 200_000))

    def test_A178_half_closes_pass_through_listening_connect_too(self):
        _, _, server, alice = self.tunnel(backends.answer_after_end(ANSWER))
        client = self.listening(alice, server)
        with backends.socket.create_connection(client, DEADLINE) as local:
            local.sendall(QUESTION)
            local.shutdown(backends.socket.SHUT_WR)
            self.assertEqual(local.makefile("rb").read(), ANSWER)

    def test_a_backend_that_closes_wholly_while_the_client_still_sends_loses_none_of_its_answer(self):
        # A server that answers and closes without reading to the end: the client's octets find nobody, but what the
        # backend said before its end was said, and the end with it. The answer has left the backend's system before
        # more comes to it: what is still in there when octets meet a closed socket, that system throws away.
        sent = threading.Event()

        def answer_and_close(visit):
            backends.receive(visit)
            visit.connection.sendall(ANSWER)
            visit.connection.close()
            sent.set()

        _, _, server, alice = self.tunnel(answer_and_close)
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            peer.send(b"begin")
            self.assertEqual(len(peer.receive(len(ANSWER))), len(ANSWER))
            self.assertTrue(sent.wait(DEADLINE))
            peer.send(b"more that nobody wants")
            peer.send(b"and more")
            self.assertEqual(peer.receive_all(), b"", "the end of the answer is a clean one")
        server.event("closed")

    def test_an_empty_stream_ends_on_both_sides(self):
        _, backend, server, alice = self.tunnel()
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            peer.close_notify()
            self.assertEqual(peer.receive_all(), b"")
        visit = backend.visit()
        self.assertEqual((visit.wait(), visit.count), ("eof", 0))
        server.event("closed", end="done", bytes_in=0, bytes_out=0)


class Truncation(TunnelTest):
    def test_A177_a_client_that_vanishes_without_close_notify_gives_the_backend_a_reset(self):
        _, backend, server, alice = self.tunnel(backends.sink)
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            peer.send(b"half of a me")
            visit = backend.visit()
            visit.wait_for(12)
            peer.vanish()
        self.assertEqual((visit.wait(), visit.first), ("reset", b"half of a me"))
        closed = server.event("closed", end="truncated", bytes_in=12)
        self.assertIn("close_notify", closed["reason"])

    def test_A177_octets_right_before_a_truncation_are_no_whole_either(self):
        # The FIN comes in the same moment as the last octets.
        _, backend, server, alice = self.tunnel(backends.sink)
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            peer.send(b"x" * 100_000)
            peer.vanish()
        self.assertEqual(backend.visit().wait(), "reset")
        server.event("closed", end="truncated")

    def test_A177_connect_that_is_killed_gives_the_backend_a_reset(self):
        _, backend, server, alice = self.tunnel()
        stream = self.open_stream(alice, server)
        stream.popen.kill()
        stream.popen.wait()
        self.assertEqual(backend.visit().wait(), "reset")
        self.assertIn(server.event("closed")["end"], ("truncated", "peer_reset"))

    def test_A177_a_server_that_vanishes_is_an_error_of_connect(self):
        _, _, server, alice = self.tunnel()
        stream = self.open_stream(alice, server)
        server.popen.kill()
        server.popen.wait()
        self.assertEqual(stream.receive_all(), b"")
        self.assertEqual(stream.wait(), 1)
        self.assertIn("may not be all", stream.err.text())

    def test_A177_a_server_that_vanishes_resets_the_local_end_of_listening_connect(self):
        _, _, server, alice = self.tunnel()
        client = self.listening(alice, server)
        with backends.socket.create_connection(client, DEADLINE) as local:
            local.sendall(b"!")
            self.assertEqual(local.recv(1), b"!")
            server.popen.kill()
            server.popen.wait()
            with self.assertRaises(ConnectionResetError):
                local.recv(1)

    def test_A177_a_local_program_that_resets_listening_connect_resets_the_backend(self):
        _, backend, server, alice = self.tunnel()
        client = self.listening(alice, server)
        local = backends.socket.create_connection(client, DEADLINE)
        local.sendall(b"!")
        self.assertEqual(local.recv(1), b"!")
        backends.reset(local)
        self.assertEqual(backend.visit().wait(), "reset")


class Resets(TunnelTest):
    def test_A179_a_client_that_resets_gives_the_backend_a_reset(self):
        _, backend, server, alice = self.tunnel()
        peer = TlsPeer(server, client_context(alice.certificate, alice.key))
        peer.send(b"octets")
        self.assertEqual(peer.receive(6), b"octets")
        peer.reset()
        self.assertEqual(backend.visit().wait(), "reset")
        server.event("closed", end="peer_reset", bytes_in=6, bytes_out=6)
        self.assertTrue(server.running())

    def test_A179_a_backend_that_resets_is_no_clean_end_for_the_client(self):
        _, _, server, alice = self.tunnel(backends.reset_after(6))
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            peer.send(b"octets")
            with self.assertRaises((Truncated, ConnectionResetError)):
                peer.receive_all()
        server.event("closed", end="plain_reset", bytes_in=6)

    def test_A179_a_backend_that_resets_is_an_error_of_connect(self):
        _, _, server, alice = self.tunnel(backends.reset_after(6))
        stream = self.connect(alice, server)
        stream.send(b"octets")
        self.assertEqual(stream.receive_all(), b"")
        self.assertEqual(stream.wait(), 1)
        self.assertIn("cotter: the stream to", stream.err.text())

    def test_A179_a_client_that_resets_after_its_own_end_is_noticed_while_the_backend_is_silent(self):
        silent = threading.Event()
        self.addCleanup(silent.set)

        def say_nothing(visit):
            backends.sink(visit)
            silent.wait(DEADLINE)

        _, backend, server, alice = self.tunnel(say_nothing)
        peer = TlsPeer(server, client_context(alice.certificate, alice.key))
        peer.send(b"a long question")
        peer.close_notify()
        visit = backend.visit()
        self.assertEqual(visit.wait(), "eof")
        peer.reset()
        server.event("closed", end="peer_reset", bytes_in=15)

    def test_A179_a_client_that_resets_while_the_backend_does_not_read_is_noticed(self):
        wake = threading.Event()
        self.addCleanup(wake.set)
        _, _, server, alice = self.tunnel(lambda visit: wake.wait(DEADLINE))
        peer = TlsPeer(server, client_context(alice.certificate, alice.key))
        peer.socket.settimeout(1)
        with self.assertRaises(TimeoutError):
            for _ in range(100):
                peer.send(b"x" * 1_000_000)
        peer.reset()
        server.event("closed", end="peer_reset")

    def test_A179_a_reset_amid_a_flood_both_ways_leaves_the_server_whole(self):
        def flood(visit):
            while True:  # until sendall meets the reset
                visit.connection.sendall(b"y" * 65536)

        _, backend, server, alice = self.tunnel(flood)
        for i in range(8):
            peer = TlsPeer(server, client_context(alice.certificate, alice.key))
            peer.send(b"x" * 100_000)
            peer.receive(300_000)
            (peer.reset if i % 2 else peer.vanish)()
            self.assertEqual(backend.visit().wait(), "reset")
        with TlsPeer(server, client_context(alice.certificate, alice.key)) as peer:
            self.assertEqual(len(peer.receive(1000)), 1000)


class Pipes(TunnelTest):
    def test_A183_a_reader_that_goes_away_ends_connect_with_an_error_and_no_signal(self):
        _, backend, server, alice = self.tunnel(backends.source(100 << 20))
        read_end, write_end = os.pipe()
        with alice.start("connect", server.address, "--pin", server.pin, stdin=subprocess.PIPE, stdout=write_end) as stream:
            os.close(write_end)
            self.assertEqual(len(os.read(read_end, 10)), 10)
            os.close(read_end)
            self.assertEqual(stream.wait(), 1)
            self.assertIn("standard output was closed", stream.err.text())
        self.assertEqual(backend.visit().wait(), "reset")

    def test_A183_closed_standard_streams_never_become_sockets(self):
        # With descriptor 2 free, the next socket or database would take its number, and log lines would go into it.
        owner = self.side("owner")
        backend = self.backend()
        port = backends.unused_port()
        alice = self.admitted(owner, "alice")
        owner.pin()
        command = " ".join(["exec", *owner.command("serve", "--listen", f"127.0.0.1:{port}", "--to", backend.address),
                            "<&-", ">&-", "2>&-"])
        with self.shell(owner, command) as server:
            server.host, server.port = "127.0.0.1", port
            peer = self.patient_peer(server, alice)
            with peer:
                peer.send(b"only these octets")
                self.assertEqual(peer.receive(17), b"only these octets")
                peer.close_notify()
                self.assertEqual(peer.receive_all(), b"")
            visit = backend.visit()
            self.assertEqual((visit.wait(), visit.first), ("eof", b"only these octets"))
        self.assertEqual(owner.do("client", "list", "--json").code, 0)

    def test_A183_connect_without_standard_input_sends_nothing_and_receives_everything(self):
        _, backend, server, alice = self.tunnel(backends.answer_after_end(ANSWER))
        command = " ".join(["exec", *alice.command("connect", server.address, "--pin", server.pin), "<&-"])
        stream = self.shell(alice, command, stdout=subprocess.PIPE)
        with stream:
            self.assertEqual(stream.popen.stdout.read(), ANSWER)
            self.assertEqual(stream.wait(), 0)
            stream.popen.stdout.close()
        visit = backend.visit()
        self.assertEqual((visit.wait(), visit.count), ("eof", 0))


if __name__ == "__main__":
    unittest.main()
