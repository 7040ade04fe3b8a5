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
        self._configuration = os.path.join(folder, f"{name}.cnf")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                 f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, names="", usage="clientAuth", days=10, key=None, serial=None, dates=None):
        """A leaf with that common name, subject alternative names ("DNS:…") and extended key usage.

        `key` is a file to use instead of a new key; `serial` a number; `dates` notBefore and notAfter as YYYYMMDDHHMMSSZ.
        """
        path = os.path.join(self.folder, name)
        extensions = f"{path}.ext"
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"basicConstraints=critical,CA:false\nextendedKeyUsage={usage}\nkeyUsage=critical,digitalSignature\n")
            if names:
                file.write(f"subjectAltName={names}\n")
        kind = ["-key", key] if key else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                                          f"{path}.key"]
        key = key or f"{path}.key"
        _openssl("req", "-new", *kind, "-subj", f"/CN={name}", "-out", f"{path}.csr")
        if dates:
            self._configure()
            _openssl("ca", "-config", self._configuration, "-batch", "-notext", "-in", f"{path}.csr", "-extfile", extensions,
                     "-startdate", dates[0], "-enddate", dates[1], "-out", f"{path}.crt")
        else:
            numbered = ["-set_serial", str(serial)] if serial else ["-CAcreateserial"]
            _openssl("x509", "-req", "-in", f"{path}.csr", "-CA", self.certificate, "-CAkey", self.key, *numbered,
                     "-days", str(days), "-extfile", extensions, "-out", f"{path}.crt")
        os.chmod(key, 0o600)
        return Issued(f"{path}.crt", key)

    def _configure(self):
        index = os.path.join(self.folder, "index.txt")
        with open(self._configuration, "w", encoding="ascii") as file:
            file.write(f"[ca]\ndefault_ca=it\n[it]\ndatabase={index}\nnew_certs_dir={self.folder}\ndefault_md=sha256\n"
                       f"unique_subject=no\ncertificate={self.certificate}\nprivate_key={self.key}\npolicy=any\nrand_serial=yes\n"
                       "[any]\ncommonName=supplied\n")
        with open(index, "a", encoding="ascii"):
            pass

    def revocation_list(self, path, *revoked, days=30, dates=None):
        """Writes a CRL with these certificates in it to `path`; `dates` are thisUpdate and nextUpdate."""
        self._configure()
        for issued in revoked:
            _openssl("ca", "-config", self._configuration, "-revoke", issued.certificate)
        when = ["-crl_lastupdate", dates[0], "-crl_nextupdate", dates[1]] if dates else ["-crldays", str(days)]
        _openssl("ca", "-config", self._configuration, "-gencrl", *when, "-out", path)


def self_signed(folder, name, key="ec"):
    """A self-signed certificate with its key (`key`: "ec", "rsa:2048", "ed25519")."""
    path = os.path.join(folder, name)
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["-newkey", key]
    _openssl("req", "-x509", *kind, "-nodes", "-days", "30", "-subj", f"/CN={name}", "-addext",
             "basicConstraints=critical,CA:false", "-keyout", f"{path}.key", "-out", f"{path}.crt")
    os.chmod(f"{path}.key", 0o600)
    return Issued(f"{path}.crt", f"{path}.key")


def self_signed_with(key, path, name, serial=None):
    """A self-signed certificate for a key that there is, with that common name and serial number."""
    numbered = ["-set_serial", str(serial)] if serial else []
    _openssl("req", "-x509", "-new", "-key", key, "-days", "30", "-subj", f"/CN={name}", *numbered, "-addext",
             "basicConstraints=critical,CA:false", "-out", path)
    return Issued(path, key)


def serial_of(certificate):
    """The serial number, as an integer."""
    return int(_openssl("x509", "-in", certificate, "-noout", "-serial").out.strip().removeprefix("serial="), 16)


def recoded_key(key, path, *how):
    """The same EC key written otherwise: `-conv_form compressed`, `-param_enc explicit`."""
    _openssl("ec", "-in", key, *how, "-out", path)
    os.chmod(path, 0o600)
    return path


def rsa_with_other_exponent(key, path, exponent=65539):
    """A key of the same RSA modulus with another public exponent: what the holder of the first can make (INVARIANT A76)."""
    text = _openssl("rsa", "-in", key, "-noout", "-text").out
    numbers = {}
    for name in ("modulus", "prime1", "prime2"):
        numbers[name] = int("".join(text.split(f"{name}:")[1].split("publicExponent")[0].split("prime2")[0]
                                    .split("exponent1")[0].split()).replace(":", ""), 16)
    p, q = numbers["prime1"], numbers["prime2"]
    private = pow(exponent, -1, (p - 1) * (q - 1))
    fields = [0, p * q, exponent, private, p, q, private % (p - 1), private % (q - 1), pow(q, -1, p)]
    with open(f"{path}.conf", "w", encoding="ascii") as file:
        file.write("asn1=SEQUENCE:key\n[key]\n" + "".join(f"n{i}=INTEGER:0x{field:x}\n" for i, field in enumerate(fields)))
    _openssl("asn1parse", "-genconf", f"{path}.conf", "-noout", "-out", f"{path}.der")
    _openssl("rsa", "-inform", "DER", "-in", f"{path}.der", "-out", path)
    os.chmod(path, 0o600)
    return path


_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _element(der, at):
    """Where the content of the DER element at `at` begins and ends (short tags)."""
    size = der[at + 1]
    begin = at + 2
    if size & 0x80:
        begin += size & 0x7F
        size = int.from_bytes(der[at + 2 : begin], "big")
    return begin, begin + size


def _encoded(tag, content):
    size = len(content)
    head = bytes([size]) if size < 0x80 else bytes([0x80 | (size.bit_length() + 7) // 8]) + size.to_bytes(
        (size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + head + content


def malleated(certificate, path):
    """The same certificate with the ECDSA P-256 signature (r, n-s) for (r, s): as valid, and with another digest (A71)."""
    der = _openssl("x509", "-in", certificate, "-outform", "DER").raw
    begin, _ = _element(der, 0)
    _, tbs_end = _element(der, begin)
    _, algorithm_end = _element(der, tbs_end)
    bits, _ = _element(der, algorithm_end)
    pair, _ = _element(der, bits + 1)
    r_begin, r_end = _element(der, pair)
    s_begin, s_end = _element(der, r_end)
    other = _P256_ORDER - int.from_bytes(der[s_begin:s_end], "big")
    signature = _encoded(0x30, _encoded(2, der[r_begin:r_end]) + _encoded(2, other.to_bytes(other.bit_length() // 8 + 1, "big")))
    written = _encoded(0x30, der[begin:algorithm_end] + _encoded(3, b"\0" + signature))
    with open(path, "w", encoding="ascii") as file:
        file.write("-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(written).decode() + "-----END CERTIFICATE-----\n")
    return path
