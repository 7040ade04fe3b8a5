"""The scene in which certificates are renewed: an owner whose authority issued some half a day ago, a server that has it renew
them, and a client with the files."""

import os
import pathlib
import unittest

from harness.case import TunnelTest
from harness.clock import MovedClock
from harness.processes import Finished

# Of certificates that are good for a day, more than half has passed.
AGO = -13


@unittest.skipIf(os.environ.get("COTTER_SANITIZE"), "a sanitizer must be loaded before the clock")
class ReissueTest(TunnelTest):
    serving = ("--renew-certificates",)
    initially = ("--intermediate",)

    def setUp(self):
        self.owner = self.side("owner")
        self.clock = MovedClock(self.owner.folder)
        self.clock.do(self.owner, AGO, "ca", "init", *self.initially)
        self.service = self.backend()
        self.prepare()
        self.gate = self.server(self.owner, self.service, *self.serving)
        self.client = self.side("client")

    def prepare(self):
        """What is done before the server starts."""

    def issue(self, name, ago=AGO, *arguments):
        """The files of a client, whose certificate is good for 24 hours from then on."""
        self.clock.do(self.owner, ago, "ca", "issue", name, "--hours", "24", "--out", self.client.path(name), "--forget",
                      *arguments)
        return self.client.path(f"{name}/{name}.crt"), self.client.path(f"{name}/{name}.key")

    def renewal(self, files, *arguments, gate=None):
        gate = gate or self.gate
        return ["renew", gate.address, "--pin", gate.pin, "--cert", files[0], "--key", files[1], "--json", *arguments]

    def renew(self, files, *arguments):
        return self.client.do(*self.renewal(files, *arguments)).json

    def refused(self, files, *arguments, gate=None):
        """The code of the error, and nothing has changed."""
        before = [pathlib.Path(file).read_bytes() for file in files]
        folder = sorted(os.listdir(os.path.dirname(files[0])))
        done = self.client.run(*self.renewal(files, *arguments, gate=gate))
        self.assertNotEqual(done.code, 0, str(done))
        self.assertEqual([pathlib.Path(file).read_bytes() for file in files], before)
        left = [name for name in sorted(os.listdir(os.path.dirname(files[0]))) if not name.endswith(".lock")]
        self.assertEqual(left, folder)
        return done.json["error"]["code"]

    def visit(self, files):
        done = self.client.run("connect", self.gate.address, "--pin", self.gate.pin, "--cert", files[0], "--key", files[1],
                               stdin=b"hello")
        self.assertEqual((done.code, done.out), (0, "hello"), str(done))

    def openssl(self, *arguments):
        done = Finished(["openssl", *arguments])
        self.assertEqual(done.code, 0, str(done))
        return done.out

    def facts(self, files):
        """What openssl reads of the certificate."""
        return dict(line.split("=", 1) for line in self.openssl(
            "x509", "-in", files[0], "-noout", "-serial", "-subject", "-startdate", "-enddate", "-nameopt", "RFC2253"
        ).splitlines())

    def verify(self, files):
        ca = os.path.join(self.owner.state, "ca", "ca.crt")
        self.openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ca, "-untrusted", files[0], files[0])
        self.assertEqual(self.openssl("x509", "-in", files[0], "-noout", "-pubkey"),
                         self.openssl("pkey", "-in", files[1], "-pubout"))

    def issued(self, name):
        return self.owner.query("SELECT count(*) FROM issued_certificates WHERE client = ?", name)[0][0]
