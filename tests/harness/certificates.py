"""Certificates for tests, made by the openssl command when they are needed and never kept."""

import base64
import hashlib
import os

from harness.processes import Finished


def _openssl(*arguments):
    done = Finished(["openssl", *arguments])
    if done.code != 0:
        raise AssertionError(str(done))
    return done


class Issued:
    """A certificate and its key, as files."""

    def __init__(self, certificate, key):
        self.certificate = certificate
        self.key = key

    def pin(self):
        """The SPKI's SHA-256 in canonical text, by the openssl command alone."""
        der = Finished(["openssl", "x509", "-in", self.certificate, "-noout", "-pubkey"]).raw
        spki = Finished(["openssl", "pkey", "-pubin", "-outform", "DER"], stdin=der).raw
        return "sha256/" + base64.b64encode(hashlib.sha256(spki).digest()).decode()


class Authority:
    """A private CA in a folder."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.certificate = os.path.join(folder, f"{name}.crt")
        self.key = os.path.join(folder, f"{name}.key")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                 f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, names="", usage="clientAuth", days=10):
        """A leaf with that common name, subject alternative names ("DNS:…") and extended key usage."""
        path = os.path.join(self.folder, name)
        extensions = f"{path}.ext"
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"basicConstraints=critical,CA:false\nextendedKeyUsage={usage}\nkeyUsage=critical,digitalSignature\n")
            if names:
                file.write(f"subjectAltName={names}\n")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout",
                 f"{path}.key", "-out", f"{path}.csr")
        _openssl("x509", "-req", "-in", f"{path}.csr", "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                 "-days", str(days), "-extfile", extensions, "-out", f"{path}.crt")
        os.chmod(f"{path}.key", 0o600)
        return Issued(f"{path}.crt", f"{path}.key")

    def revocation_list(self, path, *revoked, days=30):
        """Writes a CRL with these certificates in it to `path`."""
        configuration = os.path.join(self.folder, "crl.cnf")
        index = os.path.join(self.folder, "index.txt")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(f"[ca]\ndefault_ca=it\n[it]\ndatabase={index}\ndefault_md=sha256\ndefault_crl_days={days}\n"
                       f"certificate={self.certificate}\nprivate_key={self.key}\n")
        with open(index, "a", encoding="ascii"):
            pass
        for issued in revoked:
            _openssl("ca", "-config", configuration, "-revoke", issued.certificate)
        _openssl("ca", "-config", configuration, "-gencrl", "-out", path)


def self_signed(folder, name, key="ec"):
    """A self-signed certificate with its key (`key`: "ec", "rsa:2048", "ed25519")."""
    path = os.path.join(folder, name)
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["-newkey", key]
    _openssl("req", "-x509", *kind, "-nodes", "-days", "30", "-subj", f"/CN={name}", "-addext",
             "basicConstraints=critical,CA:false", "-keyout", f"{path}.key", "-out", f"{path}.crt")
    os.chmod(f"{path}.key", 0o600)
    return Issued(f"{path}.crt", f"{path}.key")
