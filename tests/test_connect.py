"""connect in pipe mode: the stream arrives byte for byte, exit codes are exact, and nothing is said before the verdict."""

import hashlib
import os
import pty
import random
import ssl
import subprocess
import sys
import unittest

from harness import backends, tls_servers
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.cotter import Connection
from harness.processes import DEADLINE, Finished, Process
from harness.tls_servers import PythonServer, server_context

MEBIBYTE = 1 << 20
SIZE = 8 * MEBIBYTE if os.environ.get("COTTER_SANITIZE") else 48 * MEBIBYTE


def noise(size, seed=1):
    return random.Random(seed).randbytes(size)


def digest(data):
    """What is compared in place of many octets, whose difference nobody could read."""
    return len(data), hashlib.sha256(data).hexdigest()


class Bytes(TunnelTest):
    def test_A183_what_goes_in_comes_back_byte_for_byte(self):
        _, _, server, alice = self.tunnel()
        sent = noise(SIZE)
        done = alice.run("connect", server.address, "--pin", server.pin, stdin=sent)
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(done.err, "")
        self.assertEqual(digest(done.raw), digest(sent))

    def test_A183_every_octet_and_every_small_size_passes(self):
        _, _, server, alice = self.tunnel()
        for sent in (b"", b"\0", bytes(range(256)), b"\r\n.\r\n~.", noise(16384), noise(16385), noise(65537)):
            done = alice.run("connect", server.address, "--pin", server.pin, stdin=sent)
            self.assertEqual((done.code, digest(done.raw)), (0, digest(sent)))

    def test_an_answer_that_comes_after_our_end_arrives_whole(self):
        answer = noise(3 * MEBIBYTE)
        _, backend, server, alice = self.tunnel(backends.answer_after_end(answer))
        done = alice.run("connect", server.address, "--pin", server.pin, stdin=b"question")
        self.assertEqual((done.code, digest(done.raw)), (0, digest(answer)))
        self.assertEqual(backend.visit().first, b"question")

    def test_standard_input_may_be_a_file(self):
        _, backend, server, alice = self.tunnel()
        sent = noise(MEBIBYTE, seed=3)
        with open(alice.path("in"), "wb") as file:
            file.write(sent)
        with open(alice.path("in"), "rb") as source, open(alice.path("out"), "wb") as target:
            with alice.start("connect", server.address, "--pin", server.pin, stdin=source, stdout=target) as client:
                self.assertEqual(client.wait(), 0)
        with open(alice.path("out"), "rb") as file:
            self.assertEqual(digest(file.read()), digest(sent))
        self.assertEqual(backend.visit().wait(), "eof")

    def test_standard_input_may_be_nothing(self):
        _, _, server, alice = self.tunnel(backends.source(1000))
        with alice.start("connect", server.address, "--pin", server.pin, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE) as client:
            self.assertEqual(len(client.popen.stdout.read()), 1000)
            self.assertEqual(client.wait(), 0)
            client.popen.stdout.close()

    def test_at_a_terminal_it_ends_when_the_server_has_finished(self):
        _, _, server, alice = self.tunnel(backends.speak(b"hello\n"))
        ours, theirs = pty.openpty()
        with alice.start("connect", server.address, "--pin", server.pin, stdin=theirs, stdout=subprocess.PIPE) as client:
            os.close(theirs)
            self.assertEqual(client.popen.stdout.read1(6), b"hello\n")
            os.write(ours, b"typed\n")
            self.assertEqual(client.popen.stdout.read1(6), b"typed\n")
            os.write(ours, b"\x04")
            self.assertEqual(client.popen.stdout.read(), b"")
            self.assertEqual(client.wait(), 0, client.err.text())
            client.popen.stdout.close()
        os.close(ours)

    def test_at_a_terminal_nothing_more_is_awaited_once_the_server_has_finished(self):
        _, _, server, alice = self.tunnel(backends.source(5))
        ours, theirs = pty.openpty()
        with alice.start("connect", server.address, "--pin", server.pin, stdin=theirs, stdout=subprocess.PIPE) as client:
            os.close(theirs)
            self.assertEqual(len(client.popen.stdout.read()), 5)
            self.assertEqual(client.wait(), 0, client.err.text())
            client.popen.stdout.close()
        os.close(ours)

    def test_A183_a_non_blocking_standard_output_loses_nothing(self):
        _, _, server, alice = self.tunnel(backends.source(4 * MEBIBYTE))
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        with alice.start("connect", server.address, "--pin", server.pin, stdout=writing) as client:
            os.close(writing)
            with os.fdopen(reading, "rb") as pipe:
                self.assertEqual(len(pipe.read()), 4 * MEBIBYTE)
            self.assertEqual(client.wait(), 0, client.err.text())


class Ends(TunnelTest):
    def test_A183_a_closed_standard_output_ends_it_with_1(self):
        _, _, server, alice = self.tunnel(backends.source(4 * MEBIBYTE))
        with self.connect(alice, server) as client:
            client.receive(1000)
            client.popen.stdout.close()
            self.assertEqual(client.wait(), 1)
            self.assertIn("standard output was closed", client.err.text())

    def test_A177_a_truncated_stream_is_1_and_says_that_something_may_be_missing(self):
        stranger = self.side("alice")
        issued = self_signed(stranger.folder, "server")

        def cut(meeting):
            meeting.tls.sendall(b"half of")
            meeting.receive()
            os.close(meeting.tls.detach())  # FIN without close_notify

        with PythonServer(server_context(issued), cut) as server:
            with Connection(stranger, server, pin=issued.pin()) as client:
                self.assertEqual(client.receive(7), b"half of")
                client.send(b"!")
                self.assertEqual(client.receive_all(), b"")
                self.assertEqual(client.wait(), 1)
                self.assertIn("what came may not be all", client.err.text())

    def test_a_backend_that_resets_is_1(self):
        _, _, server, alice = self.tunnel(backends.reset_after(3))
        with self.connect(alice, server) as client:
            client.send(b"abc")
            self.assertEqual(client.wait(), 1)

    def test_a_server_that_ends_the_process_is_1(self):
        _, _, server, alice = self.tunnel()
        client = self.open_stream(alice, server)
        server.popen.kill()
        self.assertEqual(client.wait(), 1)

    def test_nobody_there_is_1_with_the_address_that_was_tried(self):
        alice = self.side("alice")
        port = backends.unused_port()
        done = alice.run("connect", f"localhost:{port}", "--pin", alice.pin())
        self.assertEqual((done.code, done.raw), (1, b""))
        self.assertIn("127.0.0.1: Connection refused", done.err)
        self.assertIn("next: check that something listens there", done.err)

    def test_a_name_that_is_nobodys_is_1(self):
        alice = self.side("alice")
        done = alice.run("connect", "nobody.invalid:443", "--pin", alice.pin())
        self.assertEqual(done.code, 1)
        self.assertIn("can't be resolved", done.err)

    def test_a_bad_call_is_2_and_touches_no_network(self):
        alice = self.side("alice")
        with backends.Backend() as nobody:
            for arguments in ([], ["localhost"], ["localhost:0"], ["localhost:65536"], ["localhost:x"], ["a b:1"], ["::1:443"],
                              [nobody.address, "--pin", "sha256/short"], [nobody.address, "--pin", ""],
                              [nobody.address, "--trust", "blindly"], [nobody.address, "--min-tls", "1.1"],
                              [nobody.address, "--pin", alice.pin(), "--trust", "chain"],
                              [nobody.address, "--pin", alice.pin(), "--cert", alice.certificate],
                              [nobody.address, "--pin", alice.pin(), "--handshake-timeout", "off"],
                              [nobody.address, "--pin", alice.pin(), "--server-name", "a..b"],
                              [nobody.address, "--pin", alice.pin(), "--bogus"]):
                done = alice.run("connect", *arguments)
                self.assertEqual((done.code, done.raw), (2, b""), f"{arguments} {done}")
                self.assertIn("cotter: ", done.err)
                self.assertIn("\n  next: ", done.err)
            self.assertEqual(nobody.count, 0)


class BeforeTheVerdict(TunnelTest):
    def impostor(self, folder, **options):
        issued = self_signed(folder, "impostor")
        return self.enterContext(PythonServer(server_context(issued, **options), tls_servers.sink))

    def test_A08_an_impostor_gets_no_octet_and_standard_input_stays_unread(self):
        alice = self.side("alice")
        reading, writing = os.pipe()
        os.write(writing, b"secret")
        impostor = self.impostor(alice.folder)
        with alice.start("connect", impostor.address, "--pin", alice.pin(), stdin=reading) as client:
            self.assertEqual(client.wait(), 3)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            self.assertEqual(pipe.read(), b"secret")
        meeting = impostor.meeting().wait()
        self.assertEqual(meeting.end, "handshake")
        self.assertIn("ALERT", meeting.failure)
        self.assertEqual(meeting.received, b"")
        self.assertEqual(client.out.text(), "")

    def test_A08_neither_does_an_impostor_of_tls_1_2(self):
        alice = self.side("alice")
        impostor = self.impostor(alice.folder, version=ssl.TLSVersion.TLSv1_2)
        done = alice.run("connect", impostor.address, "--pin", alice.pin(), "--min-tls", "1.2", stdin=b"secret")
        self.assertEqual(done.code, 3, done)
        meeting = impostor.meeting().wait()
        self.assertEqual((meeting.end, meeting.received), ("handshake", b""))

    def test_A08_standard_input_stays_unread_until_the_server_admits_us(self):
        owner, backend, server, _ = self.tunnel()
        del owner
        stranger = self.side("stranger")
        reading, writing = os.pipe()
        os.write(writing, b"secret")
        with stranger.start("connect", server.address, "--pin", server.pin, stdin=reading) as client:
            self.assertEqual(client.wait(), 3)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            self.assertEqual(pipe.read(), b"secret")
        self.assertEqual(backend.count, 0)

    def test_what_the_server_says_before_it_is_trusted_never_reaches_standard_output(self):
        alice = self.side("alice")
        issued = self_signed(alice.folder, "impostor")

        def speak(meeting):
            meeting.tls.sendall(b"believe me\n")

        with PythonServer(server_context(issued), speak) as impostor:
            done = alice.run("connect", impostor.address, "--pin", alice.pin())
            self.assertEqual((done.code, done.raw), (3, b""))


class Descriptors(TunnelTest):
    def closed(self, side, server, redirection):
        """connect with some standard descriptors closed, as a shell's redirection says."""
        command = " ".join([*side.command("connect", server.address, "--pin", server.pin), redirection])
        return Finished(["sh", "-c", command], stdin=b"x" * 1000, env=side.env())

    def test_A184_a_closed_standard_input_is_an_end_and_not_the_next_descriptor(self):
        _, backend, server, alice = self.tunnel(backends.answer_after_end(b"answer"))
        done = self.closed(alice, server, "<&-")
        self.assertEqual((done.code, done.raw), (0, b"answer"), done.err)
        self.assertEqual(backend.visit().count, 0)

    def test_A184_a_closed_standard_output_takes_nothing_and_is_no_socket(self):
        _, backend, server, alice = self.tunnel(backends.speak(b"for standard output"))
        done = self.closed(alice, server, ">&-")
        self.assertEqual(done.code, 1, done.err)
        self.assertNotIn(b"for standard output", backend.visit().first)

    def test_an_output_that_takes_no_more_is_1_even_for_the_last_octets(self):
        _, _, server, alice = self.tunnel(backends.source(10))
        done = self.closed(alice, server, ">/dev/full")
        self.assertEqual(done.code, 1)
        self.assertIn("No space left on device", done.err)

    def test_A184_a_closed_standard_error_is_no_socket_either(self):
        _, _, server, alice = self.tunnel()
        done = self.closed(alice, server, "2>&-")
        self.assertEqual((done.code, done.raw), (0, b"x" * 1000))


class ProxyCommand(TunnelTest):
    def test_it_serves_as_the_pipe_of_another_program(self):
        _, _, server, alice = self.tunnel()
        script = alice.path("tunnel")
        with open(script, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nexec " + " ".join(alice.command("connect", server.address, "--pin", server.pin)) + "\n")
        os.chmod(script, 0o700)
        sent = noise(MEBIBYTE, seed=5)
        done = Finished(["socat", "-t", "30", "-", f"EXEC:{script}"], stdin=sent, env=alice.env())
        self.assertEqual((done.code, digest(done.raw)), (0, digest(sent)), done.err)

    def test_its_exit_code_tells_the_verdict_from_the_network(self):
        alice = self.side("alice")
        issued = self_signed(alice.folder, "impostor")
        with PythonServer(server_context(issued)) as impostor:
            for address, code in ((impostor.address, 3), (f"127.0.0.1:{backends.unused_port()}", 1)):
                with Process(alice.command("connect", address, "--pin", alice.pin()), env=alice.env()) as client:
                    self.assertEqual(client.wait(DEADLINE), code)


if __name__ == "__main__":
    sys.exit(unittest.main())
