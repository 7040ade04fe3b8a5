#!/usr/bin/env python3
"""How long a survey of many hosts takes, and what of the machine: cotter against servers of nginx's on loopback, each host an
address and port of its own, a hundred different chains.

    python3 -B bench/survey.py [--hosts 10000] [--cotter build/release/cotter] [-- OPTION...]     options of cotter survey
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))
from harness.certificates import Authority  # noqa: E402
from harness.nginx import Nginx  # noqa: E402

CHAINS = 100
FIRST_PORT = 20000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--cotter", default="build/release/cotter")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("options", nargs="*", default=["--rate", "0", "--parallel", "128"])
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # nginx may give up its rights
        authority = Authority(folder)
        leaves = [authority.issue(f"host{i}", "IP:127.0.0.1", usage="serverAuth") for i in range(min(CHAINS, arguments.hosts))]
        places = [f"127.2.{i // 250 % 250}.{i % 250 + 1}:{FIRST_PORT + i // 62500}" for i in range(arguments.hosts)]
        servers = [(place, leaves[i % len(leaves)], "TLSv1.3") for i, place in enumerate(places)]
        with open(os.path.join(folder, "servers.txt"), "w", encoding="ascii") as file:
            file.write("\n".join(places) + "\n")
        with Nginx(folder, servers) as nginx:
            figures = [run(arguments, folder, authority, nginx.pid, number) for number in range(arguments.runs)]
    for name in ("wall", "cotter", "nginx"):
        print(f"{name:8} {statistics.median(figure[name] for figure in figures):8.2f} s")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(arguments, folder, authority, nginx, number):
    state = os.path.join(folder, f"state{number}")
    before, served, begin = resource.getrusage(resource.RUSAGE_CHILDREN), processor_seconds(nginx), time.monotonic()
    done = subprocess.run([arguments.cotter, "--state", state, "survey", os.path.join(folder, "servers.txt"), "--roots",
                           authority.certificate, "--json", *arguments.options], stdout=subprocess.PIPE, check=True)
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    end = json.loads(done.stdout.splitlines()[-1])
    if end["answered"] != arguments.hosts:
        raise SystemExit(f"{end['failed']} hosts did not answer")
    return {"wall": wall, "cotter": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "nginx": processor_seconds(nginx) - served}


if __name__ == "__main__":
    main()
