"""cotter itself as a test meets it: a side's state folder, a running server, a running client."""

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile

from harness.processes import DEADLINE, Finished, Process, cotter_binary, environment, event_of


class Side:
    """One side of the tunnel (a server's owner, a client, a stranger): its own state folder, and commands run in it."""

    def __init__(self, name):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix=f"cotter-{name}-")
        self.state = os.path.join(self.folder, "state")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def env(self):
        return environment(COTTER_STATE=self.state, HOME=self.folder)

    def command(self, *arguments):
        return [cotter_binary(), *map(str, arguments)]

    def run(self, *arguments, stdin=b"", deadline=DEADLINE):
        """Runs a command to its end; the caller looks at the exit code."""
        return Finished(self.command(*arguments), stdin=stdin, env=self.env(), deadline=deadline)

    def do(self, *arguments, stdin=b""):
        """Runs a command that must succeed."""
        done = self.run(*arguments, stdin=stdin)
        if done.code != 0:
            raise AssertionError(str(done))
        return done

    def start(self, *arguments, stdin=subprocess.DEVNULL, stdout=None):
        return Process(self.command(*arguments), env=self.env(), stdin=stdin, stdout=stdout)

    @property
    def registry(self):
        return os.path.join(self.state, "registry.db")

    def query(self, sql, *values):
        """Rows of this side's registry, read as anyone with the file can."""
        database = sqlite3.connect(f"file:{self.registry}?mode=ro", uri=True, timeout=DEADLINE)
        try:
            return database.execute(sql, values).fetchall()
        finally:
            database.close()

    def pin(self):
        """The pin of this side's own key; made if there is none yet."""
        return self.do("id", "--json").json["pin"]

    @property
    def certificate(self):
        return os.path.join(self.state, "identity.crt")

    @property
    def key(self):
        return os.path.join(self.state, "identity.key")


class Server(Process):
    """`cotter serve` of a side, listening: `address` is HOST:PORT, `pin` what clients pin. `variables`: more of its
    environment."""

    def __init__(self, side, to, *arguments, listen="127.0.0.1:0", variables=None):
        super().__init__(side.command("serve", "--listen", listen, "--to", to, "--json", "--log-format", "json", *arguments),
                         env={**side.env(), **(variables or {})})
        self.side = side
        try:
            ready = self.out.wait(lambda line: self._is("listening", event_of(line)), "listening event")
        except AssertionError as fault:
            self.end()
            raise AssertionError(f"{fault}\n--- standard error\n{self.err.text()}") from None
        self.address = ready["listen"]
        self.pin = ready["pin"]
        self.host, port = self.address.rsplit(":", 1)
        self.port = int(port)

    @staticmethod
    def _is(name, event, **fields):
        if event and event.get("event") == name and all(event.get(key) == value for key, value in fields.items()):
            return event
        return None

    def mark(self):
        """Where the log ends now, for `event(…, since=mark)`."""
        return self.err.count()

    def event(self, name, since=0, deadline=DEADLINE, **fields):
        """Waits for the log's event of that name with these fields."""
        return self.err.wait(lambda line: self._is(name, event_of(line), **fields), f"event {name} {fields}", since, deadline)

    def events(self, name):
        """Every event of that name so far."""
        return [event for line in self.err.text().splitlines() if (event := self._is(name, event_of(line)))]

    def reload(self):
        self.signal(signal.SIGHUP)

    def drain(self):
        self.signal(signal.SIGTERM)


def admit(owner, client, name, *arguments):
    """The owner admits the client's key under that name."""
    owner.do("client", "add", name, client.pin(), *arguments)


class Connection(Process):
    """`cotter connect` with standard input and output in the test's hands."""

    def __init__(self, side, server, *arguments, pin=None):
        super().__init__(side.command("connect", server.address, "--pin", pin or server.pin, *arguments), env=side.env(),
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, data):
        self.popen.stdin.write(data)
        self.popen.stdin.flush()

    def finish_sending(self):
        self.popen.stdin.close()

    def receive(self, count):
        """Exactly so many octets, or fewer if the stream ends before."""
        received = b""
        while len(received) < count:
            part = self.popen.stdout.read1(count - len(received))
            if not part:
                break
            received += part
        return received

    def receive_all(self):
        return self.popen.stdout.read()

    def end(self):
        super().end()
        self.popen.stdout.close()
