"""Key files and the state folder: who may read them, what is refused, and that one identity is made once."""

import os
import stat
import sys
import unittest

from harness import backends
from harness.case import TunnelTest
from harness.certificates import self_signed
from harness.chains import new_key, openssl
from harness.tls_servers import PythonServer, server_context


class KeyFiles(TunnelTest):
    def setUp(self):
        self.alice = self.side("alice")
        self.own = self_signed(self.alice.folder, "own")

    def connect_with(self, certificate, key, *arguments):
        """connect by these files to a server that takes anybody."""
        issued = self_signed(self.alice.folder, "server")
        with PythonServer(server_context(issued)) as server:
            done = self.alice.run("connect", server.address, "--pin", issued.pin(), "--cert", certificate, "--key", key,
                                  *arguments, stdin=b"in")
            if done.code != 0:
                self.assertEqual(server.count, 0, "it went to the server nonetheless")
            return done

    def test_A185_a_key_that_others_can_read_is_refused_with_the_chmod_to_run(self):
        for mode in (0o640, 0o604, 0o644, 0o660, 0o620):
            os.chmod(self.own.key, mode)
            done = self.connect_with(self.own.certificate, self.own.key)
            self.assertEqual((done.code, done.raw), (1, b""), oct(mode))
            self.assertIn(f"chmod 600 {self.own.key}", done.err)
        os.chmod(self.own.key, 0o600)
        self.assertEqual(self.connect_with(self.own.certificate, self.own.key).raw, b"in")

    def test_A78_an_encrypted_key_is_refused_without_a_question(self):
        for options in (["-aes256"], ["-aes256", "-traditional"]):
            path = self.alice.path("encrypted")
            openssl("pkey", "-in", self.own.key, *options, "-passout", "pass:secret", "-out", path)
            os.chmod(path, 0o600)
            done = self.connect_with(self.own.certificate, path)
            self.assertEqual((done.code, done.raw), (1, b""), done)
            self.assertIn("encrypted with a passphrase", done.err)
            self.assertNotIn("Enter", done.err)

    def test_A186_a_key_of_another_certificate_is_refused(self):
        other = self_signed(self.alice.folder, "other")
        done = self.connect_with(self.own.certificate, other.key)
        self.assertEqual((done.code, done.raw), (1, b""), done)
        self.assertIn("the certificate is of another key", done.err)

    def test_A78_what_holds_no_key_or_two_is_refused(self):
        with open(self.own.key, "rb") as file:
            pem = file.read()
        for content in (b"", b"garbage", pem[:60], pem + pem, openssl("pkey", "-in", self.own.key, "-pubout")):
            path = self.alice.path("bad")
            with open(path, "wb") as file:
                file.write(content)
            os.chmod(path, 0o600)
            done = self.connect_with(self.own.certificate, path)
            self.assertIn(done.code, (1, 2), done)
            self.assertIn("next: ", done.err)

    def test_A62_a_key_that_is_no_file_is_refused(self):
        fifo = self.alice.path("fifo")
        os.mkfifo(fifo, 0o600)
        for path in (fifo, self.alice.folder, "/dev/null", self.alice.path("nowhere")):
            done = self.connect_with(self.own.certificate, path)
            self.assertIn(done.code, (1, 2), done)

    def test_a_key_named_by_a_link_is_followed_as_certificate_tools_lay_them_out(self):
        link = self.alice.path("link")
        os.symlink(self.own.key, link)
        self.assertEqual(self.connect_with(self.own.certificate, link).raw, b"in")


class StateFolder(TunnelTest):
    def setUp(self):
        self.alice = self.side("alice")

    def test_A185_it_is_made_0700_with_its_key_0600(self):
        before = os.umask(0)
        try:
            self.alice.pin()
        finally:
            os.umask(before)
        self.assertEqual(stat.S_IMODE(os.stat(self.alice.state).st_mode), 0o700)
        for name in os.listdir(self.alice.state):
            mode = stat.S_IMODE(os.stat(os.path.join(self.alice.state, name)).st_mode)
            self.assertEqual(mode & 0o077, 0, name)

    def test_A129_a_folder_that_others_can_look_into_is_refused_with_the_chmod(self):
        self.alice.pin()
        os.chmod(self.alice.state, 0o750)
        for arguments in (("id",), ("connect", "localhost:1", "--trust", "strict"), ("client", "list"),
                          ("verify", "localhost:1", "--trust", "strict")):
            done = self.alice.run(*arguments)
            self.assertEqual(done.code, 1, done)
            self.assertIn(f"chmod 700 {self.alice.state}", done.err)

    def test_A129_a_link_in_place_of_the_own_key_is_refused(self):
        self.alice.pin()
        elsewhere = self.alice.path("elsewhere")
        os.rename(self.alice.key, elsewhere)
        os.symlink(elsewhere, self.alice.key)
        done = self.alice.run("id")
        self.assertEqual((done.code, done.out), (1, ""))
        self.assertIn("symbolic link", done.err)

    def test_A185_an_own_key_that_became_readable_is_refused(self):
        self.alice.pin()
        os.chmod(self.alice.key, 0o644)
        done = self.alice.run("id")
        self.assertEqual((done.code, done.out), (1, ""))
        self.assertIn(f"chmod 600 {self.alice.key}", done.err)

    def test_A131_concurrent_first_runs_make_one_identity(self):
        runs = [self.enterContext(self.alice.start("id", "--json")) for _ in range(8)]
        pins = set()
        for run in runs:
            self.assertEqual(run.wait(), 0, run.err.text())
            pins.add(run.out.text())
        self.assertEqual(len(pins), 1)
        self.assertEqual(sorted(name for name in os.listdir(self.alice.state) if name.startswith(".")), [])

    def test_a_half_identity_is_mended_or_refused_but_never_replaced(self):
        pin = self.alice.pin()
        os.unlink(self.alice.certificate)
        self.assertEqual(self.alice.pin(), pin)
        os.unlink(self.alice.key)
        done = self.alice.run("id")
        self.assertEqual((done.code, done.out), (1, ""))
        self.assertIn("identity.key is not", done.err)
        self.assertFalse(os.path.exists(self.alice.key))

    def test_every_kind_of_key_that_can_be_made_connects(self):
        owner = self.side("owner")
        backend = self.backend(backends.echo)
        clients = []
        for kind in ("p256", "ed25519", "rsa3072"):
            client = self.side(kind)
            client.do("id", "--key-type", kind)
            owner.do("client", "add", kind, client.pin())
            clients.append(client)
        server = self.server(owner, backend)
        for client in clients:
            self.assertEqual(client.do("connect", server.address, "--pin", server.pin, stdin=b"in").raw, b"in")

    def test_a_key_of_ones_own_making_serves_as_identity(self):
        os.mkdir(self.alice.state, 0o700)
        new_key(self.alice.key)
        self.assertEqual(self.alice.pin(), self.alice.do("pin", self.alice.key, "--format", "cotter").out.strip())


if __name__ == "__main__":
    sys.exit(unittest.main())
