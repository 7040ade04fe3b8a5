"""A real Redis behind the tunnel, on a free loopback port, keeping nothing."""

import shutil
import tempfile

from harness.backends import unused_port
from harness.processes import Finished, Process


class Redis(Process):
    """redis-server, ready when made. `address` is HOST:PORT."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="cotter-redis-")
        self.port = unused_port()
        self.address = f"127.0.0.1:{self.port}"
        super().__init__(["redis-server", "--bind", "127.0.0.1", "--port", self.port, "--dir", self._folder, "--save", "",
                          "--appendonly", "no", "--daemonize", "no"], cwd=self._folder)
        self.out.wait(lambda line: "Ready to accept connections" in line, "ready Redis")

    def end(self):
        super().end()
        shutil.rmtree(self._folder, ignore_errors=True)


def redis_cli(address, *arguments):
    """What redis-cli prints when it speaks to HOST:PORT."""
    host, port = address.rsplit(":", 1)
    return Finished(["redis-cli", "-h", host, "-p", port, *arguments])
