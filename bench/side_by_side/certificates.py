"""The certificates of a comparison: one authority, P-256 throughout, the same files for every proxy."""

import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass(frozen=True)
class Pair:
    """A certificate and its key, apart and in one file, in PEM."""

    certificate: pathlib.Path
    key: pathlib.Path
    both: pathlib.Path


class Certificates:
    """Made in a folder: `server` and `client` by the authority `ca`, and `stranger` by nobody whom anyone knows."""

    def __init__(self, folder):
        self._folder = folder
        ca = self._make("ca", "/CN=bench authority", ["-addext", "basicConstraints=critical,CA:TRUE"])
        self.ca = ca.certificate
        self.server = self._certified("server", ca, "serverAuth")
        self.client = self._certified("client", ca, "clientAuth")
        self.stranger = self._make("stranger", "/CN=stranger", ["-addext", "extendedKeyUsage=clientAuth"])

    def _certified(self, name, ca, use):
        return self._make(name, "/CN=localhost", [
            "-CA", ca.certificate, "-CAkey", ca.key, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE", "-addext", f"extendedKeyUsage={use}"])

    def _make(self, name, subject, more):
        pair = Pair(*(self._folder / f"{name}{ending}" for ending in (".crt", ".key", ".pem")))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "30", "-subj", subject, "-keyout", pair.key, "-out", pair.certificate, *more],
                       check=True, capture_output=True)
        pair.both.write_text(pair.certificate.read_text() + pair.key.read_text())
        pair.both.chmod(0o600)
        return pair
