"""Certificates and CRLs put together octet by octet: what no program that issues certificates would make.

The keys are the openssl command's; DER and RSA signatures are written here, so that a certificate costs no process.
`chains.py` has what openssl itself can issue.
"""

import base64
import hashlib
import itertools
import time

from harness.processes import Finished

NOW = int(time.time())
DAY = 86400
SHA256, SHA384, SHA1, MD5 = "sha256", "sha384", "sha1", "md5"
_SIGNATURES = {SHA256: "1.2.840.113549.1.1.11", SHA384: "1.2.840.113549.1.1.12", SHA1: "1.2.840.113549.1.1.5",
               MD5: "1.2.840.113549.1.1.4"}
_DIGEST_INFO = {SHA256: "3031300d060960864801650304020105000420", SHA384: "3041300d060960864801650304020205000430",
                SHA1: "3021300906052b0e03021a05000414", MD5: "3020300c06082a864886f70d020505000410"}
SERVER_AUTH, CLIENT_AUTH, EMAIL, ANY_USAGE = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4", "2.5.29.37.0"
DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, KEY_CERT_SIGN, CRL_SIGN = 0, 2, 5, 6
_serials = itertools.count(0x1F2E3D4C5B6A)


# -- DER

def tlv(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts):
    return tlv(0x30, *parts)


def integer(number):
    return tlv(2, number.to_bytes((number if number >= 0 else ~number).bit_length() // 8 + 1, "big", signed=True))


def oid(text):
    first, second, *rest = (int(arc) for arc in text.split("."))
    octets = bytearray()
    for arc in (40 * first + second, *rest):
        piece = [arc & 0x7F]
        while arc := arc >> 7:
            piece.append(0x80 | arc & 0x7F)
        octets += bytes(reversed(piece))
    return tlv(6, bytes(octets))


def bit_string(octets):
    return tlv(3, b"\0", octets)


def name(common_name, tag=0x0C):
    """A Name of one common name (UTF8String unless `tag` says otherwise); None: the empty Name."""
    if common_name is None:
        return sequence()
    return sequence(tlv(0x31, sequence(oid("2.5.4.3"), tlv(tag, common_name.encode()))))


def moment(seconds):
    """UTCTime until 2049, GeneralizedTime from then on (RFC 5280 4.1.2.5); bytes are taken as they are."""
    if isinstance(seconds, bytes):
        return seconds
    parts = time.gmtime(seconds)
    if parts.tm_year < 2050:
        return tlv(0x17, time.strftime("%y%m%d%H%M%SZ", parts).encode())
    return tlv(0x18, time.strftime("%Y%m%d%H%M%SZ", parts).encode())


# -- Extensions

def extension(identifier, value, critical=False):
    return sequence(oid(identifier), tlv(1, b"\xff") if critical else b"", tlv(4, value))


def basic_constraints(is_ca, path_length=None, critical=True):
    return extension("2.5.29.19", sequence(tlv(1, b"\xff") if is_ca else b"", b"" if path_length is None else integer(path_length)),
                     critical)


def key_usage(*bits):
    unused = 7 - max(bits)
    return extension("2.5.29.15", tlv(3, bytes([unused, sum(0x80 >> bit for bit in bits)])), critical=True)


def extended_key_usage(*purposes):
    return extension("2.5.29.37", sequence(*map(oid, purposes)))


def dns(text):
    return tlv(0x82, text if isinstance(text, bytes) else text.encode())


def address(*octets):
    return tlv(0x87, bytes(octets))


def alternative_names(*names, critical=False):
    return extension("2.5.29.17", sequence(*names), critical)


def name_constraints(permitted=(), excluded=(), critical=True):
    def subtrees(tag, names):
        return tlv(tag, *map(sequence, names)) if names else b""
    return extension("2.5.29.30", sequence(subtrees(0xA0, permitted), subtrees(0xA1, excluded)), critical)


def subject_key_identifier(key):
    return extension("2.5.29.14", tlv(4, key.identifier))


def authority_key_identifier(key):
    return extension("2.5.29.35", sequence(tlv(0x80, key if isinstance(key, bytes) else key.identifier)))


# -- Keys, certificates, CRLs

def _integers(der):
    """The INTEGERs of a SEQUENCE of nothing else."""
    def element(at):
        size, begin = der[at + 1], at + 2
        if size & 0x80:
            begin += size & 0x7F
            size = int.from_bytes(der[at + 2:begin], "big")
        return begin, begin + size
    at, end = element(0)
    numbers = []
    while at < end:
        begin, at = element(at)
        numbers.append(int.from_bytes(der[begin:at], "big"))
    return numbers


class RsaKey:
    """A private key that signs."""

    def __init__(self, bits=2048):
        pem = Finished(["openssl", "genrsa", "-traditional", str(bits)]).out
        der = base64.b64decode("".join(line for line in pem.splitlines() if not line.startswith("-----")))
        _, self.modulus, exponent, _, self.p, self.q, self.d_p, self.d_q, self.q_inverse = _integers(der)
        self.spki = sequence(sequence(oid("1.2.840.113549.1.1.1"), tlv(5)),
                             bit_string(sequence(integer(self.modulus), integer(exponent))))
        self.identifier = hashlib.sha1(self.spki, usedforsecurity=False).digest()

    def sign(self, message, digest):
        """RSASSA-PKCS1-v1_5 (RFC 8017 8.2.1)."""
        info = bytes.fromhex(_DIGEST_INFO[digest]) + hashlib.new(digest, message, usedforsecurity=False).digest()
        size = (self.modulus.bit_length() + 7) // 8
        padded = int.from_bytes(b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info, "big")
        by_p, by_q = pow(padded, self.d_p, self.p), pow(padded, self.d_q, self.q)
        return (by_q + self.q * (self.q_inverse * (by_p - by_q) % self.p)).to_bytes(size, "big")


class ForeignKey:
    """A public key of another kind, to be certified."""

    def __init__(self, *options):
        made = Finished(["openssl", "genpkey", *options]).raw
        self.spki = Finished(["openssl", "pkey", "-pubout", "-outform", "DER"], stdin=made).raw
        self.identifier = hashlib.sha1(self.spki, usedforsecurity=False).digest()


class Certificate:
    """`issuer` None: it signs itself. `begin` and `end` are seconds since 1970, or the DER of a time."""

    def __init__(self, subject, key, issuer=None, extensions=(), *, begin=NOW - DAY, end=NOW + 300 * DAY, serial=None,
                 version=3, digest=SHA256, claimed_digest=None, issuer_name=None, signer=None):
        signer = signer or (issuer.key if issuer else key)
        self.key = key
        self.serial = next(_serials) if serial is None else serial
        self.subject = subject if isinstance(subject, bytes) else name(subject)
        self.issuer_name = issuer_name or (issuer.subject if issuer else self.subject)
        algorithm = sequence(oid(_SIGNATURES[digest]), tlv(5))
        signed = sequence(tlv(0xA0, integer(version - 1)) if version > 1 else b"", integer(self.serial),
                          sequence(oid(_SIGNATURES[claimed_digest or digest]), tlv(5)), self.issuer_name,
                          sequence(moment(begin), moment(end)), self.subject, key.spki,
                          tlv(0xA3, sequence(*extensions)) if extensions else b"")
        self.der = sequence(signed, algorithm, bit_string(signer.sign(signed, digest)))


def revocation_list(issuer, *revoked, begin=NOW - DAY, end=NOW + 30 * DAY, signer=None, number=1, extensions=()):
    """The DER of a CRL."""
    algorithm = sequence(oid(_SIGNATURES[SHA256]), tlv(5))
    entries = [sequence(integer(one.serial), moment(begin)) for one in revoked]
    signed = sequence(integer(1), algorithm, issuer.subject, moment(begin), moment(end), sequence(*entries) if entries else b"",
                      tlv(0xA0, sequence(extension("2.5.29.20", integer(number)), *extensions)))
    return sequence(signed, algorithm, bit_string((signer or issuer.key).sign(signed, SHA256)))


def pem(label, *ders):
    return "".join(f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n" for der in ders)
