"""How certificates' status is told: OCSP responses and CRLs by the openssl command, and a server on loopback that hands
them out and remembers who asked.
"""

import http.server
import os
import tempfile
import threading

from harness.chains import AUTHORITY, BEGIN, END, SERVER, openssl

DELEGATE = "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=OCSPSigning\n"


def new_file(mint, name):
    """A path that nobody has used yet."""
    return os.path.join(tempfile.mkdtemp(dir=mint.folder), name)


def serial_of(minted):
    return openssl("x509", "-in", minted.certificate, "-noout", "-serial").decode().strip().removeprefix("serial=")


def index_of(mint, good=(), revoked=()):
    """The path of a CA's database in which these are valid and revoked; what it doesn't name is unknown."""
    lines = [f"V\t400101000000Z\t\t{serial_of(one)}\tunknown\t/CN=x\n" for one in good]
    lines += [f"R\t400101000000Z\t250101000000Z,keyCompromise\t{serial_of(one)}\tunknown\t/CN=x\n" for one in revoked]
    path = new_file(mint, "index.txt")
    with open(path, "w", encoding="ascii") as file:
        file.write("".join(lines))
    return path


def ocsp_request(mint, minted):
    """The path of an OCSP request about that certificate."""
    path = new_file(mint, "request.der")
    openssl("ocsp", "-issuer", minted.issuer.certificate, "-cert", minted.certificate, "-no_nonce", "-reqout", path)
    return path


def ocsp_response(mint, issuer, request, index, signer=None, minutes=60):
    """The path of the response that `openssl ocsp` gives to a request file; `signer`: a delegate of the issuer."""
    path = new_file(mint, "response.der")
    signer = signer or issuer
    openssl("ocsp", "-index", index, "-CA", issuer.certificate, "-rsigner", signer.certificate, "-rkey", signer.key, "-reqin",
            request, "-respout", path, "-nmin", str(minutes))
    return path


def ocsp_about(mint, minted, state="good", signer=None, minutes=60):
    """A response file about that certificate: good, revoked, or unknown."""
    index = index_of(mint, *{"good": ([minted],), "revoked": ([], [minted]), "unknown": ()}[state])
    return ocsp_response(mint, minted.issuer, ocsp_request(mint, minted), index, signer, minutes)


def numbered_crl(mint, issuer, number, *revoked, begin=BEGIN, end=END, form="PEM"):
    """The path of a CRL with that number."""
    folder = tempfile.mkdtemp(prefix="crl-", dir=mint.folder)
    with open(mint.configuration, encoding="utf-8") as file:
        configuration = file.read().replace(f"{mint.folder}/index.txt", f"{folder}/index.txt")
    with open(f"{folder}/ca.cnf", "w", encoding="utf-8") as file:
        file.write(configuration.replace("[it]\n", f"[it]\ncrlnumber={folder}/number\n"))
    with open(f"{folder}/number", "w", encoding="ascii") as file:
        file.write(f"{number:02X}\n")
    os.replace(index_of(mint, revoked=revoked), f"{folder}/index.txt")
    openssl("ca", "-config", f"{folder}/ca.cnf", "-cert", issuer.certificate, "-keyfile", issuer.key, "-gencrl", "-crl_lastupdate",
            begin, "-crl_nextupdate", end, "-out", f"{folder}/crl")
    if form == "DER":
        openssl("crl", "-in", f"{folder}/crl", "-outform", "DER", "-out", f"{folder}/crl")
    return f"{folder}/crl"


class StatusServer:
    """HTTP on loopback: CRLs by GET, OCSP by POST to /ocsp. `requests` has the path of each request so far."""

    def __init__(self, mint):
        self.mint = mint
        self.files = {}  # path -> content, or a path (begins with http: and the like) to be sent on to
        self.authorities = {}  # path -> (issuer, index, signer)
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append(self.path)
                found = outer.files.get(self.path)
                if isinstance(found, str):
                    self.send_response(302)
                    self.send_header("Location", found)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(200 if found is not None else 404)
                self.send_header("Content-Length", str(len(found or b"")))
                self.end_headers()
                try:
                    self.wfile.write(found or b"")
                except OSError:
                    pass  # who asked has seen enough

            def do_POST(self):
                outer.requests.append(self.path)
                request = new_file(outer.mint, "request.der")
                with open(request, "wb") as file:
                    file.write(self.rfile.read(int(self.headers["Content-Length"])))
                known = outer.authorities.get(self.path)
                answer = b""
                if known:
                    with open(ocsp_response(outer.mint, known[0], request, known[1], known[2]), "rb") as file:
                        answer = file.read()
                self.send_response(200 if known else 500)
                self.send_header("Content-Type", "application/ocsp-response")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def answer(self, path, issuer, good=(), revoked=(), signer=None):
        """From now on the responder at `path` speaks for that issuer."""
        self.authorities[path] = (issuer, index_of(self.mint, good, revoked), signer)

    def serve(self, path, file):
        with open(file, "rb") as content:
            self.files[path] = content.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class StatusChain:
    """root > middle > leaf db.example, whose certificates name the server's responders and CRLs."""

    def __init__(self, mint, server, more=""):
        def pointers(name):
            return (f"authorityInfoAccess=OCSP;URI:{server.url}/ocsp-{name}\n"
                    f"crlDistributionPoints=URI:{server.url}/{name}.crl\n")

        self.root = mint.authority("root")
        self.middle = mint.authority("middle", self.root, extensions=AUTHORITY + pointers("root"))
        self.leaf = mint.server("db.example", self.middle, extensions=SERVER + pointers("middle") + more)
        self.bundle = mint.bundle("status-chain.pem", self.leaf, self.middle)
