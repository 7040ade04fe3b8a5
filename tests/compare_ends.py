#!/usr/bin/env python3
"""Measures what revocation and the ends of streams really do: cotter and, where they are installed, other TLS proxies.

    python3 tests/compare_ends.py [--peers cotter,stunnel,haproxy,nginx,hitch] [--slow]

One CA; alice has an open stream and a saved session; then she is revoked, and the proxy is told as its manual says.
Prints a Markdown table, a row a question, a column a proxy. All on loopback; nothing is installed or left behind.
--slow also waits until each closes a client that says nothing (up to six minutes).
"""

import argparse
import os
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time

from harness import backends
from harness.certificates import Authority
from harness.cotter import Side
from harness.processes import Finished, Process, cotter_binary, eventually
from harness.tls_peer import TlsPeer, Truncated, client_context

ANSWER = 3 << 20
WAIT = 6.0  # how long an open stream may live after the revocation before it counts as alive


class Proxy:
    """One proxy in front of a backend, with a client CA and a CRL, in a folder of its own."""

    name = ""
    silence = ""  # what closes a client that says nothing

    def __init__(self, folder, authority, server, to, crl):
        self.folder, self.authority, self.server, self.to, self.crl = folder, authority, server, to, crl
        self.host, self.port = "127.0.0.1", backends.unused_port()
        self.process = self.start()
        eventually(self.listens, f"{self.name} listens", 20)

    def listens(self):
        try:
            socket.create_connection((self.host, self.port), 1).close()
            return True
        except OSError:
            return False

    def path(self, name):
        return os.path.join(self.folder, f"{self.name}-{name}")

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        return self.path(name)

    def pem(self):
        text = "".join(open(path, encoding="ascii").read() for path in (self.server.certificate, self.server.key))
        return self.write("server.pem", text)

    def reload(self):
        self.process.signal(signal.SIGHUP)

    def end(self):
        self.process.end()

    @classmethod
    def version(cls):
        return ""

    @classmethod
    def installed(cls):
        return bool(shutil.which(cls.name) or os.path.exists(f"/usr/sbin/{cls.name}"))

    @classmethod
    def said(cls, *command):
        done = Finished(command)
        return next((line for line in (done.out + done.err).splitlines() if any(c.isdigit() for c in line)), "").strip()


class Cotter(Proxy):
    name = "cotter"
    silence = "10 s (`--handshake-timeout`)"

    def start(self):
        self.side = Side("compare")
        return self.side.start("serve", "--listen", f"{self.host}:{self.port}", "--to", "%s:%d" % self.to, "--cert",
                               self.server.certificate, "--key", self.server.key, "--client-ca", self.authority.certificate,
                               "--client-crl", self.crl, "--min-tls", "1.2", "--resumption", "--threads", "1")

    def end(self):
        super().end()
        self.side.__exit__()

    @classmethod
    def installed(cls):
        return os.path.exists(cotter_binary())

    @classmethod
    def version(cls):
        return cls.said(cotter_binary(), "version")


class Stunnel(Proxy):
    name = "stunnel"
    silence = "300 s (`TIMEOUTbusy`)"

    def start(self):
        return Process(["stunnel", self.write("conf", f"""foreground = yes
debug = 4
pid = {self.path("pid")}
[it]
accept = {self.host}:{self.port}
connect = {self.to[0]}:{self.to[1]}
cert = {self.server.certificate}
key = {self.server.key}
CAfile = {self.authority.certificate}
CRLfile = {self.crl}
verifyChain = yes
""")])

    @classmethod
    def version(cls):
        return cls.said("stunnel", "-version")


class Haproxy(Proxy):
    name = "haproxy"
    silence = "`timeout client`, here 60 s"

    def start(self):
        self.conf = self.write("cfg", f"""global
  stats socket {self.folder}/haproxy.sock
defaults
  mode tcp
  timeout client 60s
  timeout server 60s
  timeout connect 5s
listen it
  bind {self.host}:{self.port} ssl crt {self.pem()} ca-file {self.authority.certificate} crl-file {self.crl} verify required
  server backend {self.to[0]}:{self.to[1]}
""")
        return Process(["haproxy", "-W", "-db", "-f", self.conf])

    def reload(self):
        self.process.signal(signal.SIGUSR2)

    @classmethod
    def version(cls):
        return cls.said("haproxy", "-v")


class Nginx(Proxy):
    name = "nginx"
    silence = "60 s"

    @classmethod
    def module(cls):
        return next((p for p in ("/usr/lib/nginx/modules/ngx_stream_module.so",) if os.path.exists(p)), None)

    @classmethod
    def installed(cls):
        return super().installed() and cls.module() is not None

    def start(self):
        conf = self.write("conf", f"""load_module {self.module()};
daemon off; pid {self.path("pid")}; error_log {self.path("log")};
user root;
events {{}}
stream {{ server {{
  listen {self.host}:{self.port} ssl; proxy_pass {self.to[0]}:{self.to[1]};
  ssl_certificate {self.server.certificate}; ssl_certificate_key {self.server.key};
  ssl_client_certificate {self.authority.certificate}; ssl_crl {self.crl}; ssl_verify_client on;
  ssl_protocols TLSv1.2 TLSv1.3;
}} }}
""")
        return Process(["nginx", "-p", self.folder, "-c", conf, "-e", self.path("log")])

    @classmethod
    def version(cls):
        return cls.said("nginx", "-v")


class Hitch(Proxy):
    name = "hitch"
    silence = "30 s"

    def start(self):
        # hitch knows no CRL: who is revoked leaves with the whole CA, the other one stays under a new one.
        shutil.copy(self.authority.certificate, self.path("clients.crt"))
        user = 'user = "nobody"' if os.geteuid() == 0 else ""
        conf = self.write("conf", f"""frontend = {{ host = "{self.host}" port = "{self.port}" }}
backend = "[{self.to[0]}]:{self.to[1]}"
pem-file = "{self.pem()}"
client-verify = required
client-verify-ca = "{self.path("clients.crt")}"
daemon = off
{user}
""")
        return Process(["hitch", "--config", conf])

    def reload(self):
        other = Authority(self.folder, "other")
        shutil.copy(other.certificate, self.path("clients.crt"))
        super().reload()

    @classmethod
    def version(cls):
        return cls.said("hitch", "--version")


PEERS = {proxy.name: proxy for proxy in (Cotter, Stunnel, Haproxy, Nginx, Hitch)}


def serve(visit):
    """A backend that does what the first octet asks: half-closes in either order, or an echo."""
    first = backends.receive(visit, 1)
    if first == b"A":  # answer after the client's end
        backends.sink(visit)
        if visit.end == "eof":
            visit.connection.sendall(b"y" * ANSWER)
            visit.connection.shutdown(socket.SHUT_WR)
    elif first == b"B":  # end first, then take
        visit.connection.sendall(b"b")
        visit.connection.shutdown(socket.SHUT_WR)
        backends.sink(visit)
    else:
        visit.connection.sendall(first)
        backends.echo(visit)


class Bench:
    """The questions, asked of one proxy."""

    def __init__(self, kind, slow):
        self.kind, self.slow, self.answers = kind, slow, {}

    def run(self):
        self.folder = tempfile.mkdtemp(prefix="compare-ends-")
        try:
            self.authority = Authority(self.folder)
            self.clients = {name: self.authority.issue(name, f"DNS:{name}.example") for name in ("alice", "bob")}
            server = self.authority.issue("server", "DNS:localhost", "serverAuth")
            self.crl = os.path.join(self.folder, "clients.crl")
            self.authority.revocation_list(self.crl)
            with backends.Backend(serve) as backend:
                host, port = backend.address.rsplit(":", 1)
                self.backend = backend
                proxy = self.kind(self.folder, self.authority, server, (host, int(port)), self.crl)
                try:
                    self.ask(proxy)
                finally:
                    proxy.end()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        return self.answers

    def context(self, name="alice", version=None):
        issued = self.clients[name]
        return client_context(issued.certificate, issued.key, version)

    def echo(self, peer):
        peer.send(b"E")
        return peer.receive(1) == b"E"

    def visit(self, kind):
        """The backend's connection that was just asked for this; those of earlier questions are passed over."""
        while True:
            visit = self.backend.visit(20)
            try:
                visit.wait_for(1, 20)
            except AssertionError:
                continue  # a connection that never said anything
            if visit.first[:1] == kind:
                return visit

    def ask(self, proxy):
        self.answers["client ends first, then 3 MiB of answer"] = self.client_first(proxy)
        self.answers["backend ends first, then 200 000 octets of client"] = self.backend_first(proxy)
        self.answers["client vanishes (FIN, no close_notify): backend sees"] = self.vanish(proxy, TlsPeer.vanish)
        self.answers["client resets: backend sees"] = self.vanish(proxy, TlsPeer.reset)
        self.answers["client that says nothing is closed after"] = self.silence(proxy) if self.slow else proxy.silence
        sessions = {version: self.session(proxy, version) for version in self.versions()}
        stream = TlsPeer(proxy, self.context())
        self.echo(stream)
        self.authority.revocation_list(self.crl, self.clients["alice"])
        proxy.reload()
        self.answers["alice's open stream after her revocation"] = self.fate(stream)
        seen = {version: self.knock(proxy, self.context(version=version)) for version in self.versions()}
        self.answers["alice, full handshake"] = " / ".join(dict.fromkeys(outcome for outcome, _ in seen.values()))
        resumed = {version: self.knock(proxy, context, session) for version, (context, session) in sessions.items()}
        self.answers["alice, resumed session"] = " / ".join(dict.fromkeys(outcome for outcome, _ in resumed.values()))
        for version, label in ((ssl.TLSVersion.TLSv1_3, "1.3"), (ssl.TLSVersion.TLSv1_2, "1.2")):
            self.answers[f"what alice sees (TLS {label})"] = seen[version][1]

    @staticmethod
    def versions():
        return (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2)

    def client_first(self, proxy):
        with TlsPeer(proxy, self.context()) as peer:
            peer.socket.settimeout(10)
            peer.send(b"A" + b"q" * 999)
            peer.close_notify()
            return self.count(peer, ANSWER)

    @staticmethod
    def count(peer, whole):
        received, how = 0, "clean end"
        try:
            while part := peer.receive_some():
                received += len(part)
        except Truncated:
            how = "no close_notify"
        except (ConnectionError, ssl.SSLError):
            how = "reset"
        except TimeoutError:
            how = "no end"
        return f"all, {how}" if received == whole else f"{received} octets, {how}"

    def backend_first(self, proxy):
        with TlsPeer(proxy, self.context()) as peer:
            peer.socket.settimeout(10)
            peer.send(b"B")
            visit = self.visit(b"B")
            try:
                while peer.receive_some():
                    pass
                for _ in range(20):
                    peer.send(b"x" * 10_000)
                peer.close_notify()
            except (OSError, Truncated):
                pass
            try:
                end = visit.wait(10)
            except AssertionError:
                end = "no end"
            return ("all" if visit.count == 200_001 else f"{visit.count - 1} octets") + f", {end}"

    def vanish(self, proxy, how):
        peer = TlsPeer(proxy, self.context())
        self.echo(peer)
        visit = self.visit(b"E")
        how(peer)
        try:
            return {"eof": "a clean end", "reset": "a reset"}[visit.wait(10)]
        except AssertionError:
            return "nothing"

    def silence(self, proxy):
        begin = time.monotonic()
        with socket.create_connection((proxy.host, proxy.port), 400) as stranger:
            try:
                stranger.recv(1)
            except ConnectionError:
                pass
            except TimeoutError:
                return "more than 400 s"
        return f"{time.monotonic() - begin:.1f} s"

    def session(self, proxy, version):
        context = self.context(version=version)
        with TlsPeer(proxy, context) as peer:
            self.echo(peer)
            return context, peer.tls.session

    def fate(self, stream):
        stream.socket.settimeout(WAIT)
        try:
            while stream.receive_some():
                pass
            return "ended"
        except (Truncated, ConnectionError, ssl.SSLError):
            return "closed"
        except TimeoutError:
            try:
                stream.socket.settimeout(5)
                return "alive" if self.echo(stream) else "closed"
            except (OSError, Truncated):
                return "closed"

    def knock(self, proxy, context, session=None):
        """("admitted" or "refused", what she sees)."""
        try:
            with TlsPeer(proxy, context, session) as peer:
                peer.socket.settimeout(10)
                begun = "handshake succeeds, then "
                try:
                    if self.echo(peer):
                        return "admitted", "–"
                    return "refused", begun + "a clean end"
                except ssl.SSLError as alert:
                    return "refused", begun + self.alert(alert)
                except Truncated:
                    return "refused", begun + "a bare EOF"
                except ConnectionError:
                    return "refused", begun + "a reset"
        except ssl.SSLError as alert:
            return "refused", self.alert(alert)
        except Truncated:
            return "refused", "a bare EOF"
        except ConnectionError:
            return "refused", "a reset"

    @staticmethod
    def alert(error):
        return "alert " + (error.reason or "?").lower().replace("sslv3_alert_", "").replace("tlsv1_alert_", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default=",".join(PEERS), help="which, of " + ", ".join(PEERS))
    parser.add_argument("--slow", action="store_true", help="measure how long a silent client is kept")
    options = parser.parse_args()
    threading.stack_size(512 * 1024)
    columns, versions = {}, []
    for name in options.peers.split(","):
        if name not in PEERS:
            parser.error(f"unknown peer {name}")
        if not PEERS[name].installed():
            print(f"{name} isn't installed: skipped", file=sys.stderr)
            continue
        columns[name] = Bench(PEERS[name], options.slow).run()
        versions.append(f"{name}: {PEERS[name].version()}")
    if not columns:
        return 1
    print("| | " + " | ".join(columns) + " |\n" + "|---" * (len(columns) + 1) + "|")
    for question in next(iter(columns.values())):
        print(f"| {question} | " + " | ".join(column[question] for column in columns.values()) + " |")
    print("\nVersions: " + "; ".join(versions) + f"; client: {ssl.OPENSSL_VERSION}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
