"""The library as other programs meet it: headers, what find_package and pkg-config give, the C interface, the symbols."""

import contextlib
import ctypes
import functools
import pathlib
import shutil
import socket
import tempfile
import unittest

from abi.symbols import symbols_of
from harness.built_example import TOP, built, built_example, installed
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.processes import Finished, Process, cotter_binary, eventually
from harness.tls_peer import Truncated
from harness.tls_servers import PythonServer, server_context

HEADERS = sorted(str(path.relative_to(TOP / "include")) for path in (TOP / "include").rglob("*.h"))


def pin_of(issued):
    """The canonical pin of a certificate's key."""
    listed = Finished([cotter_binary(), "pin", issued.certificate, "--json"]).json
    return listed["certificates"][0]["pins"]["spki-sha256"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Headers(unittest.TestCase):
    def compiles(self, compiler, standard, headers):
        included = [part for header in headers for part in ("-include", header)]
        # Qt's headers are in a folder of their own, and want this of whoever includes them.
        qt = Finished(["pkg-config", "--cflags", "Qt6Network"]).out.replace("-I", "-isystem").split()
        done = Finished([compiler, f"-std={standard}", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I",
                         TOP / "include", "-fPIC", *qt, *included, "-x", "c++", "/dev/null"], deadline=300)
        self.assertEqual(done.code, 0, done)

    def test_each_compiles_alone(self):
        for header in HEADERS:
            with self.subTest(header=header):
                self.compiles("g++", "c++20", [header])

    def test_all_compile_together_in_both_language_versions_and_compilers(self):
        for compiler, standard in (("g++", "c++23"), ("clang++-19", "c++20"), ("clang++-19", "c++23")):
            with self.subTest(compiler=compiler, standard=standard):
                self.compiles(compiler, standard, HEADERS)

    def test_the_c_interface_is_c(self):
        done = Finished(["gcc", "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I",
                         TOP / "include", "-include", "cotter.h", "-x", "c", "/dev/null"], deadline=60)
        self.assertEqual(done.code, 0, done)


class Symbols(unittest.TestCase):
    def test_the_shared_library_shows_what_is_listed_and_nothing_else(self):
        library = next(installed().glob("lib*/**/libcotter.so"))
        kept = (TOP / "tests/abi/libcotter.symbols").read_text(encoding="utf-8").splitlines()
        self.assertEqual(symbols_of(library), kept, "if the change is meant, tests/abi/symbols.py writes the list anew")


class Examples(TunnelTest):
    """Each is a project of its own, as a user's is, and talks to real servers."""

    CLIENTS = ("openssl_client", "boost_asio_client", "asio_client", "c_client")

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="cotter-library-")
        self.addCleanup(shutil.rmtree, self.folder)

    def server(self, issued):
        def answer(meeting):
            while b"\n" not in meeting.received:
                if not meeting.receive():
                    return
            meeting.tls.sendall(meeting.received.upper())

        return self.enterContext(PythonServer(server_context(issued), answer))

    def test_a_client_talks_to_the_pinned_server_and_to_no_other(self):
        ours = self_signed(self.folder, "db.example")
        other = self_signed(self.folder, "other.example")
        for client in self.CLIENTS:
            program = built_example(client, client)
            with self.subTest(client=client):
                server = self.server(ours)
                done = Finished([program, f"127.0.0.1:{server.port}", pin_of(ours)], stdin=b"hello\n")
                self.assertEqual((done.code, done.out), (0, "HELLO\n"), done)
                server = self.server(ours)
                done = Finished([program, f"127.0.0.1:{server.port}", pin_of(other)], stdin=b"secret\n")
                self.assertEqual((done.code, done.out), (3, ""), done)
                self.assertNotIn(b"secret", server.meeting().wait().received, "nothing of the stream reaches a refused server")

    def test_the_static_library_serves_as_well(self):
        source = pathlib.Path(self.folder) / "source"
        source.mkdir()
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(statically LANGUAGES CXX)\n"
            "find_package(cotter REQUIRED COMPONENTS static)\n"
            f"add_executable(statically {TOP}/examples/openssl_client/main.cc)\n"
            "target_link_libraries(statically PRIVATE cotter::static)\n", encoding="utf-8")
        program = built(source, "statically", pathlib.Path(self.folder) / "build")
        self.assertNotIn("libcotter", Finished(["ldd", program]).out)
        ours = self_signed(self.folder, "db.example")
        server = self.server(ours)
        done = Finished([program, f"127.0.0.1:{server.port}", pin_of(ours)], stdin=b"hello\n")
        self.assertEqual((done.code, done.out), (0, "HELLO\n"), done)


@functools.cache
def c_library():
    """By ctypes, as other languages would call it."""
    library = ctypes.CDLL(str(next(installed().glob("lib*/**/libcotter.so"))))
    for name in ("policy_of_pins", "verifier_new", "verifier_verify", "admission_open", "admission_judge", "pin_parse",
                 "pin_of_certificate"):
        getattr(library, f"cotter_{name}").restype = ctypes.c_void_p
    for name in ("version", "error_code", "error_message", "verdict_text", "verdict_reason_code", "verdict_client_name",
                 "verdict_matched_pin"):
        getattr(library, f"cotter_{name}").restype = ctypes.c_char_p
    return library


class Presented(ctypes.Structure):
    """What a peer shows: one certificate, in TLS 1.3."""

    _fields_ = [("certificates", ctypes.POINTER(ctypes.c_char_p)), ("sizes", ctypes.POINTER(ctypes.c_size_t)),
                ("count", ctypes.c_size_t), ("is_key_proven", ctypes.c_int), ("version", ctypes.c_int)]

    def __init__(self, certificate, is_key_proven=1):
        der = Finished(["openssl", "x509", "-in", certificate, "-outform", "DER"]).raw
        super().__init__((ctypes.c_char_p * 1)(der), (ctypes.c_size_t * 1)(len(der)), 1, is_key_proven, 3)


class CInterface(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.library = c_library()

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="cotter-c-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.error = ctypes.c_void_p()

    def text(self, pointer):
        said = ctypes.string_at(pointer).decode()
        self.library.cotter_text_free(ctypes.c_void_p(pointer))
        return said

    def der(self, issued):
        return Finished(["openssl", "x509", "-in", issued.certificate, "-outform", "DER"]).raw

    def code(self):
        said = self.library.cotter_error_code(self.error).decode()
        self.library.cotter_error_free(self.error)
        return said

    def test_pins(self):
        issued = self_signed(self.folder, "db.example")
        der = self.der(issued)
        pin = self.text(self.library.cotter_pin_of_certificate(der, ctypes.c_size_t(len(der)), 0, 0, None))
        self.assertEqual(pin, pin_of(issued))
        self.assertEqual(self.text(self.library.cotter_pin_parse(b"spki-" + pin.encode(), None)), pin)
        self.assertEqual(self.library.cotter_pin_matches(pin.encode(), der, ctypes.c_size_t(len(der)), None), 1)
        self.assertEqual(self.library.cotter_pin_matches(b"nonsense", der, ctypes.c_size_t(len(der)),
                                                         ctypes.byref(self.error)), -1)
        self.assertIsNotNone(self.library.cotter_error_message(self.error))
        self.code()

    def test_a_server_is_judged_by_a_policy(self):
        ours = self_signed(self.folder, "db.example")
        other = self_signed(self.folder, "other.example")
        policy = ctypes.c_void_p(self.library.cotter_policy_of_pins(pin_of(ours).encode(), None))
        verifier = ctypes.c_void_p(self.library.cotter_verifier_new(policy, None, None, 3, None))
        self.library.cotter_policy_free(policy)
        for issued, proven, passes, reason in ((ours, 1, 1, None), (ours, 0, 0, b"no_certificate"),
                                               (other, 1, 0, b"pin_mismatch")):
            verdict = ctypes.c_void_p(self.library.cotter_verifier_verify(
                verifier, b"db.example:5432", ctypes.byref(Presented(issued.certificate, proven)), ctypes.c_int64(2000000000),
                None))
            self.assertEqual(self.library.cotter_verdict_lets_pass(verdict), passes,
                             self.library.cotter_verdict_text(verdict))
            self.assertEqual(self.library.cotter_verdict_reason_code(verdict, ctypes.c_size_t(0)), reason)
            self.library.cotter_verdict_free(verdict)
        self.library.cotter_verifier_free(verifier)

    def test_a_version_that_is_not_said_is_none_that_is_trusted(self):
        ours = self_signed(self.folder, "db.example")
        policy = ctypes.c_void_p(self.library.cotter_policy_of_pins(pin_of(ours).encode(), None))
        verifier = ctypes.c_void_p(self.library.cotter_verifier_new(policy, None, None, 3, None))
        shown = Presented(ours.certificate)
        shown.version = 0
        self.assertIsNone(self.library.cotter_verifier_verify(verifier, b"db.example:5432", ctypes.byref(shown),
                                                              ctypes.c_int64(2000000000), ctypes.byref(self.error)))
        self.assertEqual(self.code(), "bad_tls_version")
        self.library.cotter_policy_free(policy)
        self.library.cotter_verifier_free(verifier)

    def test_null_is_an_error_and_never_trust(self):
        self.assertIsNone(self.library.cotter_policy_of_pins(None, ctypes.byref(self.error)))
        self.assertEqual(self.code(), "null_argument")
        self.assertIsNone(self.library.cotter_verifier_new(None, None, None, 3, ctypes.byref(self.error)))
        self.assertEqual(self.code(), "null_argument")
        self.assertEqual(self.library.cotter_verdict_lets_pass(None), 0)
        self.assertEqual(self.library.cotter_openssl_expect(None, b"db.example:1", ctypes.byref(self.error)), -1)
        self.assertEqual(self.code(), "null_argument")


class AdmissionOfClients(TunnelTest):
    """examples/openssl_server, whose own SSL_CTX goes by the list that cotter keeps."""

    def is_greeted(self, server, side):
        """Whether that side hears its greeting; the example closes at once, so that its alert may be lost to a reset."""
        try:
            return self.peer(server, side).receive(5) == b"hello"
        except (OSError, Truncated):
            return False

    def test_admits_by_key_greets_by_name_and_obeys_a_revocation(self):
        owner, mallory = self.side("owner"), self.side("mallory")
        alice = self.admitted(owner, "alice")
        mallory.do("id")
        identity = self_signed(owner.folder, "server")
        port = free_port()
        program = built_example("openssl_server", "openssl_server")
        server = self.enterContext(Process([program, port, identity.certificate, identity.key,
                                            f"sqlite:{owner.registry}"], env=owner.env()))
        server.out.wait(lambda line: line.startswith("listening"), "listening")
        server.host, server.port = "127.0.0.1", port

        stream = self.peer(server, alice)
        self.assertEqual(stream.receive(12), b"hello alice\n")
        stream.send(b"!")
        self.assertEqual(stream.receive(1), b"!")
        self.assertFalse(self.is_greeted(server, mallory))

        said = owner.do("client", "revoke", "alice").out
        self.assertIn("1 server", said)
        stream.send(b"?")
        with contextlib.suppress(OSError, Truncated):
            self.assertEqual(stream.receive_all(), b"", "nothing comes back to a client that is revoked")
        self.assertFalse(self.is_greeted(server, alice))

    def test_a_client_is_looked_up_from_c(self):
        library = c_library()
        owner, mallory = self.side("owner"), self.side("mallory")
        alice = self.admitted(owner, "alice")
        mallory.do("id")
        owner.do("client", "rules", "alice", "--from", "192.0.2.0/24")
        admission = ctypes.c_void_p(library.cotter_admission_open(f"sqlite:{owner.registry}".encode(), None, None, None, None,
                                                                  None))
        self.addCleanup(library.cotter_admission_free, admission)

        def judged(side, source):
            verdict = ctypes.c_void_p(library.cotter_admission_judge(admission, ctypes.byref(Presented(side.certificate)),
                                                                     source, None))
            self.addCleanup(library.cotter_verdict_free, verdict)
            return verdict

        let_in = judged(alice, b"192.0.2.7")
        self.assertEqual(library.cotter_verdict_lets_pass(let_in), 1, library.cotter_verdict_text(let_in))
        self.assertEqual(library.cotter_verdict_client_name(let_in), b"alice")
        for side, source in ((alice, b"198.51.100.7"), (alice, None), (mallory, b"192.0.2.7")):
            with self.subTest(side=side, source=source):
                self.assertEqual(library.cotter_verdict_lets_pass(judged(side, source)), 0)

        for source, admits in ((b"192.0.2.7", 1), (b"198.51.100.7", 0), (None, 0), (b"nonsense", 0)):
            with self.subTest(source=source):
                self.assertEqual(library.cotter_admission_still_admits(admission, let_in, source), admits)
        owner.do("client", "revoke", "alice")
        eventually(lambda: not library.cotter_admission_still_admits(admission, let_in, b"192.0.2.7"), "alice is out")


if __name__ == "__main__":
    unittest.main()
