"""The harness itself: backends and peers do what the other tests believe that they do. Needs no cotter."""

import socket
import sys
import unittest

from harness import backends
from harness.processes import Finished, Process, SanitizerFault
from harness.redis import Redis, redis_cli


def dial(backend):
    host, port = backend.address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), 10)


class Backends(unittest.TestCase):
    def test_echo_answers_and_ends_when_the_other_side_ends(self):
        with backends.Backend() as backend, dial(backend) as client:
            client.sendall(b"octets")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.makefile("rb").read(), b"octets")
            self.assertEqual(backend.visit().wait(), "eof")

    def test_a_reset_is_told_from_an_end(self):
        with backends.Backend(backends.sink) as backend:
            client = dial(backend)
            client.sendall(b"octets")
            visit = backend.visit()
            backends.reset(client)
            self.assertEqual(visit.wait(), "reset")

    def test_a_source_sends_what_it_was_asked_to(self):
        with backends.Backend(backends.source(200_000)) as backend, dial(backend) as client:
            self.assertEqual(len(client.makefile("rb").read()), 200_000)

    def test_an_answer_comes_only_after_the_end(self):
        with backends.Backend(backends.answer_after_end(b"late")) as backend, dial(backend) as client:
            client.sendall(b"question")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.makefile("rb").read(), b"late")

    def test_a_backend_that_resets_resets(self):
        with backends.Backend(backends.reset_after(3)) as backend, dial(backend) as client:
            client.sendall(b"abc")
            with self.assertRaises(ConnectionResetError):
                client.recv(1)

    def test_the_backend_stops_listening_with_its_block(self):
        with backends.Backend() as backend:
            pass
        with self.assertRaises(ConnectionRefusedError):
            dial(backend)


class Processes(unittest.TestCase):
    def test_a_sanitizers_words_fail_the_test(self):
        words = "import sys; sys.stderr.write('x.cc:1: runtime error: overflow\\n')"
        with self.assertRaises(SanitizerFault):
            Finished([sys.executable, "-c", words])
        with self.assertRaises(SanitizerFault), Process([sys.executable, "-c", words]) as process:
            process.wait()

    def test_a_line_that_never_comes_fails_with_what_there_was(self):
        with Process([sys.executable, "-c", "print('something else')"]) as process:
            with self.assertRaisesRegex(AssertionError, "something else"):
                process.out.wait(lambda line: "wanted" in line, "wanted line")

    def test_the_process_ends_with_its_block(self):
        with Process([sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]) as process:
            process.out.wait(lambda line: line == "up", "line")
        self.assertFalse(process.running())


class RealServices(unittest.TestCase):
    def test_redis_answers(self):
        with Redis() as redis:
            self.assertEqual(redis_cli(redis.address, "ping").out, "PONG\n")


if __name__ == "__main__":
    unittest.main()
