"""Chains for tests: certificates of any date, purpose, key and signature, and their CRLs, made by the openssl command.

`certificates.py` has what a tunnel needs; here is what a judge must refuse, too.
"""

import os
import tempfile

from harness.processes import Finished

PAST, BEGIN, END, FUTURE = "20200101000000Z", "20240101000000Z", "20400101000000Z", "20390101000000Z"
SERVER = "basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n"
AUTHORITY = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n"
CONFIGURATION = """[ca]
default_ca=it
[it]
database={folder}/index.txt
new_certs_dir={folder}
rand_serial=yes
unique_subject=no
default_md=sha256
policy=any
string_mask=utf8only
[any]
countryName=optional
organizationName=optional
commonName=optional
"""
KEYS = {
    "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:named_curve"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-pkeyopt", "ec_param_enc:named_curve"],
    "p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521", "-pkeyopt", "ec_param_enc:named_curve"],
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "pss": ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ed25519": ["-algorithm", "ED25519"],
    "ed448": ["-algorithm", "ED448"],
}


def openssl(*arguments, stdin=b""):
    """What the openssl command writes; it must succeed."""
    done = Finished(["openssl", *arguments], stdin=stdin)
    if done.code != 0:
        raise AssertionError(str(done))
    return done.raw


def new_key(path, kind="ec"):
    """A private key file, PKCS#8, 0600."""
    openssl("genpkey", *KEYS[kind], "-out", path)
    os.chmod(path, 0o600)
    return path


class Minted:
    """A certificate with its key, as files, and its issuer (None: itself)."""

    def __init__(self, certificate, key, issuer):
        self.certificate = certificate
        self.key = key
        self.issuer = issuer

    def pem(self):
        with open(self.certificate, encoding="ascii") as file:
            return file.read()

    def der(self):
        return openssl("x509", "-in", self.certificate, "-outform", "DER")

    def spki(self):
        return openssl("pkey", "-pubin", "-outform", "DER", stdin=openssl("x509", "-in", self.certificate, "-noout", "-pubkey"))


class Mint:
    """A folder in which certificates are made."""

    def __init__(self, folder):
        self.folder = folder
        self.configuration = os.path.join(folder, "mint.cnf")
        with open(self.configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(folder=folder))
        with open(os.path.join(folder, "index.txt"), "w", encoding="ascii"):
            pass

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, content):
        """Writes a file into the folder; its path."""
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def bundle(self, name, *minted):
        """A PEM file of these certificates, in that order."""
        return self.file(name, "".join(one.pem() for one in minted))

    def certificate(self, name, extensions, issuer=None, key="ec", subject=None, begin=BEGIN, end=END, digest="sha256"):
        """`key`: a kind of KEYS, or the path of a key that is there. Dates are of the form 20240101000000Z."""
        path = tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder)
        key = key if os.path.exists(key) else new_key(f"{path}/key", key)
        with open(f"{path}/ext", "w", encoding="utf-8") as file:
            file.write(extensions)
        openssl("req", "-new", "-utf8", "-key", key, "-subj", subject or f"/CN={name}", "-out", f"{path}/csr")
        signer = ["-selfsign", "-keyfile", key] if issuer is None else ["-cert", issuer.certificate, "-keyfile", issuer.key]
        openssl("ca", "-batch", "-config", self.configuration, *signer, "-in", f"{path}/csr", "-out", f"{path}/crt", "-notext",
                "-utf8", "-extfile", f"{path}/ext", "-startdate", begin, "-enddate", end, "-md",
                "default" if self._is_edwards(issuer.key if issuer else key) else digest)
        return Minted(f"{path}/crt", key, issuer)

    @staticmethod
    def _is_edwards(key):
        return b"ED" in openssl("pkey", "-in", key, "-noout", "-text")[:8]

    def authority(self, name, issuer=None, extensions=AUTHORITY, **options):
        return self.certificate(name, extensions, issuer, **options)

    def server(self, name, issuer=None, names=None, extensions=SERVER, **options):
        """A leaf for servers, for DNS:name unless `names` says otherwise ("" for no subject alternative name)."""
        names = f"DNS:{name}" if names is None else names
        return self.certificate(name, extensions + (f"subjectAltName={names}\n" if names else ""), issuer, **options)

    def crl(self, name, issuer, *revoked, begin=BEGIN, end=END):
        """The path of a CRL of that issuer."""
        for one in revoked:
            openssl("ca", "-config", self.configuration, "-cert", issuer.certificate, "-keyfile", issuer.key, "-revoke",
                    one.certificate)
        path = self.path(f"{name}.crl")
        openssl("ca", "-config", self.configuration, "-cert", issuer.certificate, "-keyfile", issuer.key, "-gencrl",
                "-crl_lastupdate", begin, "-crl_nextupdate", end, "-out", path)
        if revoked:  # the next CRL begins anew
            with open(self.path("index.txt"), "w", encoding="ascii"):
                pass
        return path
