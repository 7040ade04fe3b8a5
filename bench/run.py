#!/usr/bin/env python3
"""cotter beside stunnel, HAProxy, nginx and hitch: the same certificates, cipher and work, one core for the proxy and
one for the load. Prints Markdown; --output FOLDER keeps that, JSON and a plot."""

import argparse
import os
import pathlib
import sys
import tempfile

from side_by_side import report, scaling, under_attack
from side_by_side.certificates import Certificates
from side_by_side.measure import CORES, measure
from side_by_side.proxies import Cotter, Haproxy, Hitch, Nginx, PlainRelay, Stunnel, installed
from side_by_side.works import WORKS


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cotter", required=True, help="the binary")
    parser.add_argument("--load", required=True, help="the load generator")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", action="append", help="only works whose name has this in it; may be repeated")
    parser.add_argument("--peer", action="append", help="only these peers, or 'none'; may be repeated")
    parser.add_argument("--output", type=pathlib.Path, help="a folder for comparison.md, .json and .svg")
    return parser.parse_args()


def main():
    options = arguments()
    if len(CORES) < 2:
        sys.exit("bench: two cores are needed, one for the proxy and one for the load")
    wanted = lambda name: not options.work or any(part in name for part in options.work)
    works = [work for work in WORKS if wanted(work.name)]
    cotter = Cotter(os.path.abspath(options.cotter))
    load = os.path.abspath(options.load)
    peers = [peer for peer in (Stunnel(), Haproxy(), Nginx(), Hitch(), PlainRelay())
             if installed(peer) and (not options.peer or peer.name in options.peer)]

    def say(proxy, work, run):
        print(f"{work.name}: {proxy.name} {run.figure:.2f}", file=sys.stderr)

    results, attack, threads = {}, [], None
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        certificates = Certificates(folder)
        for work in works:
            able = [cotter] + [peer for peer in peers if work.without_tls_too or not isinstance(peer, PlainRelay)]
            if work.client_side:
                able = [proxy for proxy in able if hasattr(proxy, "connect") and not isinstance(proxy, PlainRelay)]
            results[work.name] = measure(load, able, work, certificates, options.repeats, say)
        if wanted("two threads"):
            threads = scaling.measure(load, cotter, certificates, options.repeats)
        if wanted("under attack"):
            attack = under_attack.measure(load, cotter, certificates)

    names = [proxy.name for proxy in (cotter, *peers)]
    versions = {proxy.name: proxy.version() for proxy in (cotter, *peers)}
    text = report.markdown(results, names, works) if results else ""
    if threads:
        text += "\n" + scaling.sentence(threads)
    if attack:
        text += "\n" + report.attack_markdown(attack)
    print(text, end="")
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "comparison.md").write_text(text)
        (options.output / "comparison.json").write_text(report.document(results, versions, attack, threads))
        (options.output / "comparison.svg").write_text(report.plot(results, names, works))


if __name__ == "__main__":
    main()
