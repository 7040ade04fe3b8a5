"""A clean Debian root: made once by debootstrap from the mirror that this machine uses, unpacked for each test program, run
as a container by systemd-nspawn, and booted with a real systemd, on a throw-away layer, as often as a test likes."""

import contextlib
import os
import pathlib
import shutil
import tempfile

from harness.processes import DEADLINE, Finished, Process, eventually

SUITE = "bookworm"
TOP = pathlib.Path(__file__).resolve().parents[2]
# What a server's system has besides the least that is Debian.
INCLUDED = ("dbus", "systemd", "systemd-sysv")


def run(*command, deadline=DEADLINE, stdin=b"", **variables):
    """Runs a command that must succeed."""
    done = Finished(command, stdin=stdin, env={**os.environ, "LC_ALL": "C.UTF-8", **variables}, deadline=deadline)
    if done.code != 0:
        raise AssertionError(str(done))
    return done


def sources():
    """This machine's own sources of the suite: lines as sources.list(5) has them."""
    targets = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages").out
    wanted = (SUITE, f"{SUITE}-updates", f"{SUITE}-security")
    found = [line.split() for line in targets.splitlines() if len(line.split()) == 3]
    lines = [(uri, release, part) for uri, release, part in found if release in wanted and part == "main"]
    if not any(release == SUITE for _, release, _ in lines):
        raise AssertionError(f"this machine's apt has no source of {SUITE} main: without one no clean root can be made")
    return lines


def archive():
    """The root's archive under build/, made now if it isn't there."""
    kept = TOP / "build" / f"debian-root-{SUITE}.tar"
    if kept.exists():
        return kept
    kept.parent.mkdir(exist_ok=True)
    mirror = next(uri for uri, release, _ in sources() if release == SUITE)
    with tempfile.TemporaryDirectory(prefix="cotter-debootstrap-") as folder:
        root = os.path.join(folder, "root")
        run("debootstrap", "--variant=minbase", f"--include={','.join(INCLUDED)}", SUITE, root, mirror, deadline=900,
            DEBIAN_FRONTEND="noninteractive")
        shutil.rmtree(os.path.join(root, "var/cache/apt/archives"))
        part = kept.with_suffix(".part")
        run("tar", "--create", f"--file={part}", f"--directory={root}", "--numeric-owner", ".", deadline=300)
        part.rename(kept)
    return kept


class Root:
    """An unpacked root."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cotter-root-")
        self.path = os.path.join(self.folder, "root")
        os.mkdir(self.path, 0o755)
        run("tar", "--extract", f"--file={archive()}", f"--directory={self.path}", "--numeric-owner", "--same-permissions",
            deadline=300)
        self.write("etc/apt/sources.list", "".join(f"deb {uri} {release} {part}\n" for uri, release, part in sources()))
        proxies = [line for line in run("apt-config", "dump").out.splitlines() if "::Proxy" in line and '""' not in line]
        self.write("etc/apt/apt.conf.d/90proxies", "".join(f"{line}\n" for line in proxies))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def at(self, path):
        return os.path.join(self.path, path.lstrip("/"))

    def write(self, path, text):
        pathlib.Path(self.at(path)).write_text(text, encoding="utf-8")

    def run(self, *command, deadline=DEADLINE, **variables):
        """Runs a command in the root, which nobody has booted, with this machine's network; the caller looks at its code."""
        settings = [f"--setenv={name}={value}" for name, value in variables.items()]
        settings += [f"--setenv={name}" for name in ("http_proxy", "https_proxy") if name in os.environ]
        return Finished(["systemd-nspawn", "--quiet", f"--directory={self.path}", "--register=no", "--keep-unit",
                         "--resolv-conf=replace-host", "--pipe", *settings, *command], deadline=deadline)

    def do(self, *command, deadline=DEADLINE, **variables):
        done = self.run(*command, deadline=deadline, **variables)
        if done.code != 0:
            raise AssertionError(str(done))
        return done

    @contextlib.contextmanager
    def booted(self):
        """The root under its own systemd, with a network of its own that has but loopback; what it changes is forgotten."""
        with Process(["systemd-nspawn", f"--directory={self.path}", "--boot", "--register=no", "--keep-unit",
                      "--private-network", "--volatile=overlay"]) as container:
            machine = Machine(container)
            try:
                yield machine
            finally:
                # Else it would wait for what a test has left.
                machine.run("systemctl", "--force", "--force", "--no-wall", "poweroff")


class Machine:
    """A booted root."""

    def __init__(self, container):
        self._container = container
        self.leader = None  # its first process, as this machine numbers it
        eventually(self._is_up, "systemd is up in the container", deadline=120)

    def _is_up(self):
        if not self._container.running():
            raise AssertionError(f"systemd does not boot in systemd-nspawn:\n{self._container.out.text()}\n"
                                 f"{self._container.err.text()}")
        children = pathlib.Path(f"/proc/{self._container.pid}/task/{self._container.pid}/children").read_text(encoding="ascii")
        # While it is made, its place is another process's.
        self.leader = next(iter(children.split()), None)
        return self.leader and self.run("systemctl", "is-system-running").out.strip() in ("running", "degraded")

    def inside(self, *command):
        """The command line that runs it in the container."""
        return ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "env", "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root", *command]

    def inside_network(self, *command):
        """The command line that runs a program of this machine's in the container's network."""
        return ["nsenter", f"--target={self.leader}", "--net", *command]

    def run(self, *command, stdin=b"", deadline=DEADLINE):
        return Finished(self.inside(*command), stdin=stdin, deadline=deadline)

    def do(self, *command, stdin=b"", deadline=DEADLINE):
        done = self.run(*command, stdin=stdin, deadline=deadline)
        if done.code != 0:
            raise AssertionError(f"{done}\n{self.journal()}")
        return done

    def journal(self):
        return self.run("journalctl", "--no-pager", "--boot", "--unit=cotter.service", "--unit=cotter.socket").out

    def write(self, path, content):
        octets = content if isinstance(content, bytes) else content.encode()
        self.do("install", "-D", "--mode=0644", "/dev/stdin", path, stdin=octets)

    def everything(self):
        """Every path on its disk."""
        return set(self.do("find", "/", "-xdev", "-not", "-path", "/var/log/*").out.splitlines())

    def show(self, unit, *properties):
        """Properties of a unit."""
        lines = self.do("systemctl", "show", unit, *(f"--property={name}" for name in properties)).out.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def status_of(self, pid):
        """/proc/PID/status of a process, by its number in the container."""
        text = self.do("cat", f"/proc/{pid}/status").out
        return {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}
