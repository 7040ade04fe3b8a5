"""The kinds of work, and the figures that each gives."""

import dataclasses

GIGA = 1e9


@dataclasses.dataclass(frozen=True)
class Work:
    """`arguments` drive the load; `count` is how much of it makes a run; a figure is CPU per unit unless told otherwise."""

    name: str
    arguments: tuple
    unit: str
    count: int
    connections: int = 1
    client_side: bool = False
    resumption: bool = False
    stranger: bool = False
    without_tls_too: bool = False  # a plain relay is measured beside it
    latency: bool = False          # the figure is the p50, not CPU
    idle: bool = False             # the figure is memory
    threads: int = 1

    def scale(self):
        """CPU seconds a run times this over what was done is the figure."""
        return {"s/GB": GIGA, "µs": 1e6}[self.unit]


def _handshakes(name, count, *flags, **more):
    return Work(name, ("handshakes", *flags), "µs", count, connections=16, **more)


def _bulk(name, octets, *flags, **more):
    return Work(name, ("bulk", *flags), "s/GB", octets, connections=4, **more)


WORKS = [
    _handshakes("full handshake, one byte echoed", 1600),
    _handshakes("resumed handshake", 2400, "--resume", resumption=True),
    Work("stranger refused", ("strangers",), "µs", 3000, connections=16, stranger=True),
    _bulk("client to backend", 1_500_000_000, "--up", without_tls_too=True),
    _bulk("backend to client", 1_500_000_000, "--down", without_tls_too=True),
    _bulk("both ways", 1_500_000_000, "--up", "--down", without_tls_too=True),
    Work("64-byte echo, 64 connections", ("echo", "--size", "64"), "µs", 100_000, connections=64, without_tls_too=True),
    Work("64-byte echo alone", ("echo", "--size", "64"), "µs", 12_000, latency=True, without_tls_too=True),
    Work("16 KiB echo, 16 connections", ("echo", "--size", "16384"), "µs", 50_000, connections=16, without_tls_too=True),
    Work("idle connection, of 5,000", ("idle",), "KiB", 5000, connections=5000, idle=True),
    _handshakes("client side: handshake", 1600, client_side=True),
    _bulk("client side: up", 1_500_000_000, "--up", client_side=True),
    _bulk("client side: down", 1_500_000_000, "--down", client_side=True),
]
