"""One work given to one proxy, and what it cost."""

import contextlib
import dataclasses
import os
import pathlib
import statistics
import subprocess
import tempfile

from side_by_side.processes import Process, await_port, free_ports, tally
from side_by_side.proxies import PlainRelay, Task

CORES = sorted(os.sched_getaffinity(0))
PROXY_CORES = set(CORES[:1])
LOAD_CORES = set(CORES[1:2])


class Failed(Exception):
    """The load says that the work was not done as it must be."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One run: the figure that the work is about, and the rest."""

    figure: float
    rate: float  # of the work a second, by the clock on the wall
    p50: float
    p99: float
    p999: float


def median(runs):
    """Each figure's own median."""
    return Run(*(statistics.median(getattr(run, field.name) for run in runs) for field in dataclasses.fields(Run)))


def _client(proxy, work, certificates):
    """What the driver proves, as arguments: nothing where the proxy is the one that speaks TLS, or nobody does."""
    if work.client_side or isinstance(proxy, PlainRelay):
        return []
    pair = certificates.stranger if work.stranger else certificates.client
    return ["--certificate", pair.certificate, "--key", pair.key]


class Bench:
    """A proxy in front of a backend, both running, ready to be given one kind of work again and again."""

    def __init__(self, load, proxy, work, certificates, stack, proxy_cores=None, load_cores=None):
        self._load, self._proxy, self._work, self._certificates = load, proxy, work, certificates
        self._load_cores = load_cores or LOAD_CORES
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        self._folder = folder
        backend_port, self.port = free_ports()
        task = Task(folder, certificates, self.port, backend_port, work.resumption, work.threads)
        server = certificates.server
        tls = ["--certificate", server.certificate, "--key", server.key] if work.client_side else []
        backend = stack.enter_context(
            Process([load, "backend", "--port", backend_port, *tls], self._load_cores, folder / "backend.log"))
        await_port(backend_port, backend)
        command = proxy.connect(task) if work.client_side else proxy.serve(task)
        self.process = stack.enter_context(Process(command, proxy_cores or PROXY_CORES, folder / "proxy.log", env=task.environment()))
        await_port(self.port, self.process)

    def driver(self, work=None, stranger=False, **more):
        """A load process that does the work, started."""
        work = work or self._work
        work = dataclasses.replace(work, stranger=work.stranger or stranger)
        return Process([self._load, *work.arguments, "--port", self.port, "--connections", work.connections,
                        "--count", work.count, *_client(self._proxy, work, self._certificates)],
                       self._load_cores, self._folder / "driver.log", stdout=subprocess.PIPE, **more)

    def finish(self, driver, work):
        """The driver's own count, once it has ended well."""
        said, code = driver.finish()
        if code != 0 or not said:
            raise Failed(f"{self._proxy.name}, {work.name}: the load ended with {code}: {driver.said()}")
        counted = tally(said.splitlines()[-1])
        if counted["failed"] or not counted["done"]:
            raise Failed(f"{self._proxy.name}, {work.name}: {counted}; the proxy said: {self.process.said()[-500:]}")
        return counted

    def run(self):
        work = self._work
        return self._hold() if work.idle else self._drive()

    def _drive(self):
        work = self._work
        before = self.process.cpu_seconds()
        with self.driver() as driver:
            counted = self.finish(driver, work)
        cpu = self.process.cpu_seconds() - before
        # Of each place the first connection has nothing to resume.
        if work.resumption and counted["resumed"] < work.count - work.connections:
            raise Failed(f"{self._proxy.name}: only {counted['resumed']} of {work.count} handshakes were resumed")
        figure = counted["p50"] if work.latency else cpu * work.scale() / work.count
        return Run(figure, work.count / counted["seconds"], counted["p50"], counted["p99"], counted["p999"])

    def _hold(self):
        work = self._work
        before = self.process.pss_kib()
        with self.driver(stdin=subprocess.PIPE) as driver:
            if driver.stdout.readline().strip() != b"open":
                raise Failed(f"{self._proxy.name}, {work.name}: {driver.said()}")
            held = self.process.pss_kib() - before
            counted = self.finish(driver, work)
        return Run(held / work.count, counted["done"] / counted["seconds"], counted["p50"], counted["p99"],
                   counted["p999"])


def measure(load, proxies, work, certificates, repeats, report):
    """The runs of every proxy, which take turns, so that what else the machine does hits all of them."""
    runs = {proxy.name: [] for proxy in proxies}
    for _ in range(repeats):
        for proxy in proxies:
            with contextlib.ExitStack() as stack:
                bench = Bench(load, proxy, work, certificates, stack)
                runs[proxy.name].append(bench.run())
            report(proxy, work, runs[proxy.name][-1])
    return {name: median(taken) for name, taken in runs.items()}
