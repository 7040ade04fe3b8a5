"""Two threads on both cores beside one thread on one, in handshakes for the CPU that they had."""

import contextlib
import dataclasses
import statistics

from side_by_side.measure import LOAD_CORES, PROXY_CORES, Bench
from side_by_side.works import WORKS

BOTH = PROXY_CORES | LOAD_CORES


def _microseconds(load, proxy, certificates, threads):
    work = dataclasses.replace(WORKS[0], threads=threads)
    cores = BOTH if threads == 2 else PROXY_CORES
    with contextlib.ExitStack() as stack:
        return Bench(load, proxy, work, certificates, stack, proxy_cores=cores,
                     load_cores=BOTH if threads == 2 else LOAD_CORES).run().figure


def measure(load, proxy, certificates, repeats):
    """CPU microseconds a handshake with one thread and with two, and how many times as many handshakes two cores give."""
    one, two = [], []
    for _ in range(repeats):
        one.append(_microseconds(load, proxy, certificates, 1))
        two.append(_microseconds(load, proxy, certificates, 2))
    one, two = statistics.median(one), statistics.median(two)
    return {"one": one, "two": two, "speedup": 2 * one / two}


def sentence(threads):
    return (f"Two threads: {threads['two']:.0f} µs of CPU a handshake, one thread {threads['one']:.0f} µs: "
            f"{threads['speedup']:.2f} times as many handshakes for the CPU of two cores.\n")
