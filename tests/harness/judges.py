"""Three programs asked the same question: is this chain good for a TLS server of that name (or client), by these anchors, now?"""

import ipaddress
import os
import pathlib

from harness.handmade import CLIENT_AUTH, SERVER_AUTH, pem
from harness.processes import Finished

TRUSTED, REFUSED = "trusted", "refused"
PURPOSES = {"server": SERVER_AUTH, "client": CLIENT_AUTH}


class Question:
    """`chain` leaf first, `roots` the anchors, `crls` in DER; written into `folder` for the programs to read."""

    def __init__(self, folder, chain, roots, host, crls=(), purpose="server"):
        self.folder, self.host, self.purpose = folder, host, purpose
        self.chain = self._file("chain.pem", pem("CERTIFICATE", *(one.der for one in chain)))
        self.leaf = self._file("leaf.pem", pem("CERTIFICATE", chain[0].der))
        self.rest = self._file("rest.pem", pem("CERTIFICATE", *(one.der for one in chain[1:]))) if chain[1:] else None
        self.roots = self._file("roots.pem", pem("CERTIFICATE", *(one.der for one in roots)))
        self.all_lists = self._file("all.crl", pem("X509 CRL", *crls)) if crls else None
        self.lists = [self._file(f"{i}.crl", pem("X509 CRL", one)) for i, one in enumerate(crls)]

    def _file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def is_of_an_address(self):
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True


def cotter(side, question):
    """Verdict, the reasons' codes joined by blanks, each once ("malformed" where the input itself is refused), document."""
    lists = [word for one in question.lists for word in ("--crl", one)]
    # The chains share their authorities: none is to be judged by the lists of another.
    pathlib.Path(side.state, "crl_numbers").unlink(missing_ok=True)
    host = f"[{question.host}]" if ":" in question.host else question.host
    done = side.run("verify", "--chain", question.chain, "--host", host, "--trust", "chain", "--roots", question.roots,
                    "--purpose", question.purpose, *lists, "--json")
    document = done.json
    if done.code == 2 and document["error"]["code"] == "bad_pem":
        return REFUSED, "malformed", document
    codes = " ".join(dict.fromkeys(reason["code"] for reason in document.get("reasons", [document.get("error")])))
    return {0: TRUSTED, 3: REFUSED}.get(done.code, f"exit {done.code}"), codes, document


def openssl(question, *more):
    """`openssl verify` with everything asked for that it doesn't do by itself."""
    named = ["-verify_ip" if question.is_of_an_address() else "-verify_hostname", question.host]
    rest = ["-untrusted", question.rest] if question.rest else []
    lists = ["-crl_check_all", *(word for one in question.lists for word in ("-CRLfile", one))] if question.lists else []
    done = Finished(["openssl", "verify", "-no-CApath", "-no-CAstore", "-CAfile", question.roots, "-partial_chain", "-auth_level",
                     "2", "-purpose", f"ssl{question.purpose}", *named, *lists, *more, *rest, question.leaf])
    return (TRUSTED if done.code == 0 else REFUSED), done.out + done.err


def gnutls(question):
    lists = ["--load-crl", question.all_lists] if question.all_lists else []
    done = Finished(["certtool", "--verify", "--verify-profile", "medium", "--verify-purpose", PURPOSES[question.purpose],
                     "--verify-hostname", question.host, "--load-ca-certificate", question.roots, *lists, "--infile",
                     question.chain])
    return (TRUSTED if done.code == 0 else REFUSED), done.out + done.err


def version_of(*command):
    return Finished([*command]).out.splitlines()[0]
