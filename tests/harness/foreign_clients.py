"""Clients that aren't ours: openssl s_client, gnutls-cli and curl, each showing a certificate and saying one line."""

import subprocess

from harness.processes import DEADLINE, Process


class ForeignClient(Process):
    """A running client; `say` gives it a line for the server, `heard` waits for a word in what it prints."""

    def __init__(self, command):
        super().__init__(command, stdin=subprocess.PIPE)

    def say(self, line):
        try:
            self.popen.stdin.write(line)
            self.popen.stdin.flush()
        except BrokenPipeError:
            pass  # it has gone; what it printed says why

    def heard(self, word, deadline=DEADLINE):
        return self.out.wait(lambda line: word in line, f"{word!r} from {self.arguments[0]}", deadline=deadline)

    def told(self):
        """Everything it printed, once it has ended."""
        self.wait()
        return self.out.text() + "\n" + self.err.text()


def s_client(server, certificate=None, key=None, *arguments):
    shown = ["-cert", certificate, "-key", key] if certificate else []
    return ForeignClient(["openssl", "s_client", "-connect", server.address, "-quiet", *shown, *arguments])


def gnutls_cli(server, certificate=None, key=None, *arguments):
    shown = ["--x509certfile", certificate, "--x509keyfile", key] if certificate else []
    return ForeignClient(["gnutls-cli", "--insecure", *shown, *arguments, "--port", server.port, server.host])


def curl(server, certificate=None, key=None, *arguments):
    """Asks for / over HTTP; the server's key is pinned by curl itself."""
    shown = ["--cert", certificate, "--key", key] if certificate else []
    return ForeignClient(["curl", "--silent", "--show-error", "--insecure", "--pinnedpubkey",
                          server.pin.replace("sha256/", "sha256//"), *shown, *arguments, f"https://{server.address}/"])
