"""What Prometheus would read of a running process, and raw HTTP for what it never would say."""

import re
import socket

from harness.processes import DEADLINE

SAMPLE = re.compile(r'^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)')


class Answer:
    """An HTTP answer as it came."""

    def __init__(self, octets):
        head, _, self.body = octets.partition(b"\r\n\r\n")
        lines = head.decode("ascii").split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0] else None
        self.fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.text = self.body.decode("utf-8")


def exchange(address, octets, deadline=DEADLINE):
    """Sends the octets and gives all that comes back until the other side ends."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), deadline) as connection:
        connection.sendall(octets)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


def ask(address, path, method="GET", host=None, fields=(), version="1.1"):
    """One request; `host`: another Host than the address, or several, or none by []."""
    hosts = [address] if host is None else [host] if isinstance(host, str) else host
    lines = [f"{method} {path} HTTP/{version}", *(f"Host: {one}" for one in hosts), *fields, "", ""]
    return Answer(exchange(address, "\r\n".join(lines).encode()))


class Metrics:
    """A page of metrics, taken apart: samples by name and labels, types and helps by name."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        self.types = {}
        self.helps = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.types[name] = kind
            elif line.startswith("# HELP "):
                _, _, name, said = line.split(" ", 3)
                self.helps[name] = said
            else:
                name, labels, value = SAMPLE.match(line).groups()
                key = (name, frozenset(LABEL.findall(labels or "")))
                assert key not in self.samples, f"twice: {line}"
                self.samples[key] = float(value)

    def value(self, name, **labels):
        """The sample with exactly these labels."""
        return self.samples[(name, frozenset(labels.items()))]

    def values(self, name, **labels):
        """Every sample of that name with at least these labels, as (labels, value)."""
        return [(dict(has), value) for (one, has), value in self.samples.items()
                if one == name and labels.items() <= dict(has).items()]

    def sum(self, name, **labels):
        return sum(value for _, value in self.values(name, **labels))


def scrape(address):
    answer = ask(address, "/metrics")
    if answer.status != 200:
        raise AssertionError(f"{answer.status}: {answer.text}")
    return Metrics(answer.text)
