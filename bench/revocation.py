#!/usr/bin/env python3
"""How long a revocation takes to close the streams on two servers that share one PostgreSQL database: with notifications,
and with every notification lost. Of each round the later server's close counts, from before the change is committed.

    COTTER_BIN=build/release/cotter bench/revocation.py [ROUNDS]
"""

import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
from harness.backends import Backend, echo
from harness.cotter import Server, Side
from harness.postgresql import Cluster
from harness.processes import eventually
from harness.tls_peer import TlsPeer, alert_for, client_context

SUSPEND = "UPDATE clients SET state = 'suspended'"
RESTORE = "UPDATE clients SET state = 'active'"
VERSION = "UPDATE meta SET version = version + 1"


def wait_until_closed(peers):
    """Until the servers have ended every stream."""
    for peer in peers:
        try:
            while peer.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass


def rounds(cluster, database, servers, client, count, *notify):
    context = client_context(client.certificate, client.key)
    took = []
    for _ in range(count):
        peers = [TlsPeer(server, context) for server in servers]
        for peer in peers:
            peer.send(b"!")
            peer.receive(1)
        begun = time.monotonic()
        cluster.sql(database, "SET search_path = cotter", SUSPEND, VERSION, *notify)
        wait_until_closed(peers)
        took.append(time.monotonic() - begun)
        for peer in peers:
            peer.socket.close()
        cluster.sql(database, "SET search_path = cotter", RESTORE, VERSION, "NOTIFY cotter")
        for server in servers:
            eventually(lambda at=server: alert_for(at, context) is None, "admitted again")
    return sorted(took)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with Cluster() as cluster, Side("owner") as owner, Side("alice") as alice, Backend(echo) as backend:
        database = cluster.database()
        url = cluster.url(database)
        owner.do("client", "add", "alice", alice.pin(), "--registry", url)
        with Server(owner, backend.address, "--registry", url) as one, Server(owner, backend.address, "--registry", url) as two:
            for name, notify in (("notified", ["NOTIFY cotter"]), ("notification lost", [])):
                took = rounds(cluster, database, (one, two), alice, count, *notify)
                milliseconds = [round(1000 * seconds) for seconds in (statistics.median(took), took[int(0.99 * len(took))], took[-1])]
                print("{}: median {} ms, p99 {} ms, most {} ms, of {}".format(name, *milliseconds, len(took)))


if __name__ == "__main__":
    main()
