"""Established streams while strangers attack: the time of an echo, quiet and under the flood, and the memory."""

import contextlib
import subprocess

from side_by_side.measure import Bench, Failed
from side_by_side.works import Work

STREAMS = [
    Work("64-byte echo alone", ("echo", "--size", "64"), "µs", 30_000),
    Work("64-byte echo, 16 connections", ("echo", "--size", "64"), "µs", 60_000, connections=16),
]
FLOOD = Work("flood", ("flood",), "µs", 1, connections=384)


def measure(load, proxy, certificates):
    """For each kind of stream its percentiles, quiet and attacked; attacks made a second; KiB in use, before and behind."""
    rows = []
    for streams in STREAMS:
        with contextlib.ExitStack() as stack:
            bench = Bench(load, proxy, streams, certificates, stack)

            def echoes():
                with bench.driver() as driver:
                    return bench.finish(driver, streams)

            echoes()
            quiet = echoes()
            calm_kib = bench.process.pss_kib()
            # On the load's core and at idle priority: it takes all that the echoes leave, and never their turn.
            flood = stack.enter_context(
                bench.driver(FLOOD, stranger=True, idle_priority=True, stdin=subprocess.PIPE))
            if flood.stdout.readline().strip() != b"open":
                raise Failed(f"{proxy.name}: the flood did not begin: {flood.said()}")
            attacked = echoes()
            attacked_kib = bench.process.pss_kib()
            made = bench.finish(flood, FLOOD)
            rows.append({"streams": streams.name, "quiet": quiet, "attacked": attacked,
                         "attacks_per_second": made["done"] / made["seconds"], "calm_kib": calm_kib,
                         "attacked_kib": attacked_kib})
    return rows
