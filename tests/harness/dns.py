"""A signed corner of the DNS on loopback: zones made by ldns, served by nsd, resolved by unbound, and a liar between."""

import os
import shutil
import signal
import socket
import struct
import threading

from harness.backends import unused_port
from harness.processes import DEADLINE, Finished, Process, eventually

TLSA = 52
SOA = 6


def _program(name):
    """Servers are in sbin, which is not in everybody's PATH."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise AssertionError(f"{name} is not installed (packaging/debian-packages)")
    return found


class Zone:
    """A zone with its key: records are lines of a zone file, names without a last dot are below the zone."""

    def __init__(self, folder, name):
        self.name = name
        self.folder = folder
        self.file = os.path.join(folder, f"{name}zone")
        self.records = []
        self.serial = 0
        done = Finished([_program("ldns-keygen"), "-k", "-a", "ECDSAP256SHA256", "-r", "/dev/urandom", name], cwd=folder)
        self._key = os.path.join(folder, done.out.strip())
        self.anchor = f"{self._key}.ds"

    def add(self, *lines):
        self.records += lines

    def ds(self):
        """The line by which a parent delegates to this zone with its key."""
        with open(self.anchor, encoding="ascii") as file:
            return file.read().strip()

    def write(self, signed=True, dates=None):
        """Writes the zone file; `dates`: inception and expiration of the signatures, as YYYYMMDDHHMMSS."""
        self.serial += 1
        with open(self.file, "w", encoding="ascii") as file:
            file.write(f"$ORIGIN {self.name}\n$TTL 1\n@ IN SOA ns hostmaster {self.serial} 3600 60 86400 1\n@ IN NS ns\n"
                       "ns IN A 127.0.0.1\n" + "\n".join(self.records) + "\n")
        if signed:
            when = ["-i", dates[0], "-e", dates[1]] if dates else []
            done = Finished([_program("ldns-signzone"), "-n", "-s", "", "-t", "0", *when, "-f", self.file, self.file, self._key])
            if done.code != 0:
                raise AssertionError(str(done))
        return self

    def forge(self, old, new):
        """Changes what is signed, and leaves the signature as it is."""
        with open(self.file, encoding="ascii") as file:
            text = file.read()
        if text.count(old) != 1:
            raise AssertionError(f"{old!r} is {text.count(old)} times in {text}")
        with open(self.file, "w", encoding="ascii") as file:
            file.write(text.replace(old, new))


def question(name, kind):
    """A query as on the wire, for that name (with its last dot) and type."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    return struct.pack(">HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def ask(port, name, kind):
    """The answer's octets, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(1)
        connection.connect(("127.0.0.1", port))
        try:
            connection.send(question(name, kind))
            return connection.recv(65535)
        except OSError:
            return None


class _Server(Process):
    """A DNS server on a loopback port, answering for a zone."""

    def __init__(self, arguments, port, zone):
        self.port = port
        self.resolver = f"127.0.0.1@{port}"
        super().__init__(arguments)
        try:
            self.wait_for(zone)
        except AssertionError:
            self.end()
            raise AssertionError(f"no answer for {zone.name}:\n{self.err.text()}") from None

    def wait_for(self, zone):
        """Until the zone is answered for as it was last written."""
        serial = struct.pack(">I", zone.serial) + struct.pack(">I", 3600)
        eventually(lambda: serial in (ask(self.port, zone.name, SOA) or b""), f"an answer with serial {zone.serial}")


class NameServer(_Server):
    """nsd, authoritative for the zones."""

    def __init__(self, folder, zones):
        port = unused_port()
        configuration = os.path.join(folder, "nsd.conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(f'server:\n  ip-address: 127.0.0.1@{port}\n  username: ""\n  zonesdir: "{folder}"\n  pidfile: ""\n'
                       f'  xfrdfile: ""\n  xfrdir: "{folder}"\n  zonelistfile: "{folder}/zone.list"\n  server-count: 1\n'
                       f'  database: ""\n  cookie-secret-file: "{folder}/cookies"\n  rrl-ratelimit: 0\n'
                       "remote-control:\n  control-enable: no\n")
            for zone in zones:
                file.write(f'zone:\n  name: "{zone.name}"\n  zonefile: "{zone.file}"\n')
        super().__init__([_program("nsd"), "-d", "-c", configuration], port, zones[0])

    def reload(self, zone):
        """Serves the zone as it was last written."""
        self.signal(signal.SIGHUP)
        self.wait_for(zone)


class Resolver(_Server):
    """unbound, asking that name server for its zones."""

    def __init__(self, folder, name_server, zones):
        port = unused_port()
        configuration = os.path.join(folder, f"unbound-{port}.conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(f'server:\n  interface: 127.0.0.1@{port}\n  username: ""\n  chroot: ""\n  directory: "{folder}"\n'
                       '  pidfile: ""\n  do-daemonize: no\n  use-syslog: no\n  num-threads: 1\n  do-not-query-localhost: no\n'
                       f'  do-ip6: no\n  trust-anchor-file: "{zones[0].anchor}"\nremote-control:\n  control-enable: no\n')
            for zone in zones:
                file.write(f'stub-zone:\n  name: "{zone.name}"\n  stub-addr: {name_server.resolver}\n')
        super().__init__([_program("unbound"), "-d", "-c", configuration], port, zones[0])


class Liar:
    """A resolver that passes questions on and calls every answer authentic (the AD bit), whatever it is."""

    AUTHENTIC = 0x20

    def __init__(self, name_server):
        self._server = ("127.0.0.1", name_server.port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.resolver = f"127.0.0.1@{self._socket.getsockname()[1]}"
        self.lies = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._ends = False
        self._thread.start()

    def _serve(self):
        while True:
            query, whence = self._socket.recvfrom(65535)
            if self._ends:
                return
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as onward:
                onward.settimeout(DEADLINE)
                onward.sendto(query, self._server)
                answer = bytearray(onward.recv(65535))
            answer[3] |= self.AUTHENTIC
            self.lies += 1
            self._socket.sendto(answer, whence)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ends = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join(DEADLINE)
        self._socket.close()
