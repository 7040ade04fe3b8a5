"""The proxies that are compared: how each is told to do the same work. Each gets what is known to make it fast."""

import dataclasses
import os
import pathlib
import pwd
import shutil
import subprocess

from side_by_side.certificates import Certificates


@dataclasses.dataclass(frozen=True)
class Task:
    """A proxy's part: listen on `port`, pass on to `backend`; keep sessions to resume; threads."""

    folder: pathlib.Path
    certificates: Certificates
    port: int
    backend: int
    resumption: bool = False
    threads: int = 1

    def environment(self):
        """For the peers: OpenSSL sends two tickets after each handshake unless it is told not to, and HAProxy, nginx and
        hitch have no word of their own for that."""
        if self.resumption:
            return dict(os.environ)
        tickets = self.write("openssl.cnf", "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\n"
                                            "system_default = bench\n[bench]\nNumTickets = 0\n")
        return {**os.environ, "OPENSSL_CONF": str(tickets)}

    def write(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return file


def _user():
    return pwd.getpwuid(os.geteuid()).pw_name


def _said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Cotter:
    name = "cotter"

    def __init__(self, binary):
        self._binary = binary

    def version(self):
        return _said(self._binary, "version").splitlines()[0]

    def _call(self, task, *arguments):
        return [self._binary, "--state", task.folder / "state", *arguments]

    def _pin(self, certificate):
        return _said(self._binary, "pin", "--format", "cotter", certificate).splitlines()[0]

    def serve(self, task):
        subprocess.run(self._call(task, "client", "add", "bench", f"file:{task.certificates.client.certificate}"),
                       check=True, capture_output=True)
        server = task.certificates.server
        return self._call(task, "serve", "--listen", f"127.0.0.1:{task.port}", "--to", f"127.0.0.1:{task.backend}",
                          "--cert", server.certificate, "--key", server.key, "--threads", task.threads,
                          "--log-level", "warning", *(["--resumption"] if task.resumption else []))

    def connect(self, task):
        client = task.certificates.client
        return self._call(task, "connect", f"127.0.0.1:{task.backend}", "--listen", f"127.0.0.1:{task.port}",
                          "--server-name", "localhost", "--pin", self._pin(task.certificates.server.certificate),
                          "--cert", client.certificate, "--key", client.key, "--log-level", "warning")


class Stunnel:
    name = "stunnel"

    def version(self):
        return "stunnel " + _debian("stunnel4")

    def _file(self, task, pair, *more):
        return ["stunnel", task.write("stunnel.conf", "\n".join([
            "foreground = yes", "pid =", "debug = 3", "syslog = no", "socket = l:TCP_NODELAY=1",
            "socket = r:TCP_NODELAY=1", f"sessionResume = {'yes' if task.resumption else 'no'}", "[bench]",
            f"accept = 127.0.0.1:{task.port}", f"connect = 127.0.0.1:{task.backend}",
            f"cert = {pair.certificate}", f"key = {pair.key}", f"CAfile = {task.certificates.ca}",
            "verifyChain = yes", "sslVersionMin = TLSv1.3", *more, ""]))]

    def serve(self, task):
        return self._file(task, task.certificates.server)

    def connect(self, task):
        return self._file(task, task.certificates.client, "client = yes", "checkHost = localhost")


class Haproxy:
    name = "haproxy"
    # Larger buffers make bulk cheaper and idle connections no dearer: they are only had while bytes move.
    buffer = 65536

    def version(self):
        return "HAProxy " + _debian("haproxy")

    def _file(self, task, bind, server):
        return ["haproxy", "-db", "-f", task.write("haproxy.cfg", "\n".join([
            "global", f"  nbthread {task.threads}", "  maxconn 9000", f"  tune.bufsize {self.buffer}",
            f"  tune.ssl.cachesize {20000 if task.resumption else 0}",
            "  ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets",
            "  ssl-default-server-options ssl-min-ver TLSv1.3",
            "defaults", "  mode tcp", "  timeout connect 10s", "  timeout client 1h", "  timeout server 1h",
            "listen bench", f"  bind 127.0.0.1:{task.port} {bind}", f"  server one 127.0.0.1:{task.backend} {server}",
            ""]))]

    def serve(self, task):
        files = task.certificates
        return self._file(task, f"ssl crt {files.server.both} ca-file {files.ca} verify required", "")

    def connect(self, task):
        files = task.certificates
        reuse = "" if task.resumption else "no-ssl-reuse "
        return self._file(task, "", f"ssl crt {files.client.both} ca-file {files.ca} verify required {reuse}"
                                    "verifyhost localhost sni str(localhost)")


class PlainRelay(Haproxy):
    """HAProxy without TLS: what passing the bytes on costs by itself."""

    name = "plain relay"

    def version(self):
        return "HAProxy without TLS"

    def serve(self, task):
        return self._file(task, "", "")


class Nginx:
    name = "nginx"

    def version(self):
        return "nginx " + _debian("nginx")

    def _file(self, task, listen, lines):
        return ["nginx", "-p", task.folder, "-c", task.write("nginx.conf", "\n".join([
            "load_module /usr/lib/nginx/modules/ngx_stream_module.so;", "daemon off;", f"user {_user()};",
            f"worker_processes {task.threads};", "error_log stderr crit;", f"pid {task.folder}/nginx.pid;",
            "events { worker_connections 19000; }", "stream {", "server {",
            f"listen 127.0.0.1:{task.port} backlog=4096 {listen};", f"proxy_pass 127.0.0.1:{task.backend};",
            "proxy_buffer_size 64k;", "tcp_nodelay on;", *lines, "}", "}", ""]))]

    def serve(self, task):
        files = task.certificates
        cache = "shared:bench:20m" if task.resumption else "off"
        return self._file(task, "ssl", [
            f"ssl_certificate {files.server.certificate};", f"ssl_certificate_key {files.server.key};",
            f"ssl_client_certificate {files.ca};", "ssl_verify_client on;", "ssl_protocols TLSv1.3;",
            f"ssl_session_cache {cache};", "ssl_session_tickets off;"])

    def connect(self, task):
        files = task.certificates
        return self._file(task, "", [
            "proxy_ssl on;", f"proxy_ssl_certificate {files.client.certificate};",
            f"proxy_ssl_certificate_key {files.client.key};", f"proxy_ssl_trusted_certificate {files.ca};",
            "proxy_ssl_verify on;", "proxy_ssl_name localhost;", "proxy_ssl_protocols TLSv1.3;",
            f"proxy_ssl_session_reuse {'on' if task.resumption else 'off'};"])


class Hitch:
    name = "hitch"

    def version(self):
        return "hitch " + _debian("hitch")

    def serve(self, task):
        files = task.certificates
        lines = [f'frontend = {{ host = "127.0.0.1" port = "{task.port}" }}', f'backend = "[127.0.0.1]:{task.backend}"',
                 f"workers = {task.threads}", f'pem-file = "{files.server.both}"', 'tls-protos = TLSv1.3',
                 "client-verify = required", f'client-verify-ca = "{files.ca}"', "daemon = off", "quiet = on",
                 "keepalive = 3600", "backlog = 4096"]
        if os.geteuid() == 0:
            lines += ['user = "nobody"', 'group = "nogroup"']
        return ["hitch", f"--config={task.write('hitch.conf', chr(10).join(lines + ['']))}"]


def _debian(package):
    return _said("dpkg-query", "-W", "-f", "${Version}", package)


def installed(proxy):
    """Whether the program is here; cotter's own was just built."""
    program = {"plain relay": "haproxy"}.get(proxy.name, proxy.name)
    return proxy.name == "cotter" or shutil.which(program) is not None
