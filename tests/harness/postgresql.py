"""A PostgreSQL cluster of the test's own: in a temporary folder, on a UNIX socket and one loopback port, as a user without
rights. Whatever cluster the machine has besides is left alone."""

import os
import pathlib
import pwd
import shutil
import signal
import tempfile

from harness.backends import unused_port
from harness.certificates import Authority
from harness.processes import Finished, Process, environment


def _programs():
    found = [folder for folder in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (folder / "postgres").exists()]
    if not found:
        raise AssertionError("no PostgreSQL server here: apt-get install postgresql")
    return max(found, key=lambda folder: float(folder.parent.name))


def _as_user():
    """How a command is run as somebody whom PostgreSQL serves, and who that is: it refuses root."""
    if os.geteuid() != 0:
        return [], None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"], user
    raise AssertionError("root, and neither a user postgres nor nobody")


class Cluster:
    """Made and started by `with`. Its superuser is `cotter`, whom the socket trusts and the port asks for a password."""

    PASSWORD = "s3cret-of-the-cluster"

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cotter-postgresql-")
        self.port = unused_port()
        self._databases = 0
        self._server = None
        prefix, user = _as_user()
        self._command = [*prefix, str(_programs() / "postgres"), "-D", f"{self.folder}/data", "-k", self.folder, "-h", "127.0.0.1",
                         "-p", str(self.port), "-c", "fsync=off", "-c", "max_connections=60"]
        self.authority = Authority(self.folder)
        issued = self.authority.issue("db", "DNS:db.example", "serverAuth")
        # The server's key has to be its user's, and nobody else's to read.
        self.certificate, self.key = issued.certificate, issued.key
        os.chmod(self.key, 0o600)
        if user:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            os.chown(self.key, user.pw_uid, user.pw_gid)
        self._command += ["-c", "ssl=on", "-c", f"ssl_cert_file={self.certificate}", "-c", f"ssl_key_file={self.key}"]
        made = Finished([*prefix, str(_programs() / "initdb"), "-D", f"{self.folder}/data", "-U", "cotter", "--auth-local=trust",
                         "--auth-host=scram-sha-256", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C.UTF-8"],
                        env=self.env(), cwd=self.folder)
        if made.code != 0:
            raise AssertionError(str(made))

    @staticmethod
    def env():
        """Without what would lead libpq elsewhere."""
        return {name: value for name, value in environment().items() if not name.startswith("PG")}

    def __enter__(self):
        self.start()
        self.sql("postgres", f"ALTER ROLE cotter PASSWORD '{self.PASSWORD}'")
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        self._server = Process(self._command, env=self.env(), cwd=self.folder)
        self._server.err.wait(lambda line: "ready to accept connections" in line, "ready PostgreSQL")

    def stop(self):
        """At once, as in a crash: what was committed is found again at the next start."""
        if self._server and self._server.running():
            self.resume()
            self._server.signal(signal.SIGQUIT)
            self._server.wait()

    def _workers(self):
        """The processes that the server has made."""
        children = pathlib.Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children")
        return [int(pid) for pid in children.read_text(encoding="ascii").split()]

    def _signal_all(self, number):
        # The server first, so that it makes no more.
        for pid in (self._server.pid, *self._workers()):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # it has ended by itself

    def pause(self):
        """It holds its connections, and the kernel takes new ones for it, but it says nothing more."""
        self._signal_all(signal.SIGSTOP)

    def resume(self):
        self._signal_all(signal.SIGCONT)

    def database(self):
        """The name of a new, empty one."""
        self._databases += 1
        name = f"registry_{self._databases}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        return name

    def url(self, database, user="cotter"):
        """By the socket."""
        return f"postgresql:///{database}?user={user}&host={self.folder}&port={self.port}"

    def sql(self, database, *statements, user="cotter"):
        """The rows of the last statement, as lists of texts; all are one transaction."""
        arguments = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database, user)]
        if len(statements) > 1:
            arguments.append("-1")
        for statement in statements:
            arguments += ["-c", statement]
        done = Finished(arguments, env=self.env(), cwd="/")
        if done.code != 0:
            raise AssertionError(str(done))
        return [line.split("|") for line in done.out.splitlines()]
