"""systemd as a daemon meets it: the socket that it is told things by, sockets that it passes, a thread that hangs."""

import contextlib
import ctypes
import os
import socket
import sys
import time

from harness.processes import DEADLINE

# Opens a listening socket for each NAME=ADDRESS ("HOST:PORT", "unix:PATH", "udp:PORT"), and becomes the command after --.
PASS = """
import os, socket, sys
cut = sys.argv.index("--")
names, sockets = [], []
for argument in sys.argv[1:cut]:
    name, address = argument.split("=", 1)
    if address.startswith("unix:"):
        opened = socket.socket(socket.AF_UNIX)
        opened.bind(address[5:])
        opened.listen()
    elif address.startswith("udp:"):
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind(("127.0.0.1", int(address[4:])))
    else:
        host, port = address.rsplit(":", 1)
        opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        opened.bind((host.strip("[]"), int(port)))
        opened.listen()
    names.append(name)
    sockets.append(os.dup2(opened.fileno(), 100 + len(sockets)))
for place, descriptor in enumerate(sockets, 3):
    os.dup2(descriptor, place)
    os.close(descriptor)
os.environ.update(LISTEN_FDS=str(len(names)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=":".join(names))
os.execv(sys.argv[cut + 1], sys.argv[cut + 1:])
"""


def passing(sockets, command):
    """The command that runs `command` with these listening sockets, {NAME: ADDRESS} or [(NAME, ADDRESS)], passed."""
    pairs = sockets.items() if isinstance(sockets, dict) else sockets
    return [sys.executable, "-c", PASS, *(f"{name}={address}" for name, address in pairs), "--", *command]


class Supervisor:
    """The datagram socket of $NOTIFY_SOCKET (sd_notify(3))."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def variables(self, watchdog=None):
        """The environment of a service; `watchdog`: WatchdogSec=, in seconds."""
        found = {"NOTIFY_SOCKET": self.path}
        if watchdog:
            found["WATCHDOG_USEC"] = str(int(watchdog * 1_000_000))
        return found

    def hears(self, wanted, deadline=DEADLINE):
        """The fields of the next message that has the field `wanted`, NAME or NAME=VALUE."""
        until = time.monotonic() + deadline
        heard = []
        while (left := until - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                lines = self._socket.recv(65536).decode().splitlines()
            except TimeoutError:
                break
            heard.append(lines)
            if any(line == wanted or line.startswith(wanted + "=") for line in lines):
                return dict(line.split("=", 1) for line in lines)
        raise AssertionError(f"not told {wanted} in {deadline} s, but {heard}")

    def hears_nothing(self, seconds):
        """Whether nothing is told for so long, after what has been told already."""
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(65536):
                pass
        self._socket.settimeout(seconds)
        try:
            told = self._socket.recv(65536)
        except TimeoutError:
            return True
        raise AssertionError(f"told {told}")


SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17  # ptrace(2)


@contextlib.contextmanager
def hanging(thread):
    """One thread of another process, by its number, stands still in the `with`."""
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]

    def ptrace(request):
        if library.ptrace(request, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of {thread}")

    ptrace(SEIZE)
    ptrace(INTERRUPT)
    os.waitpid(thread, 0x40000000)  # __WALL: a thread of another process
    try:
        yield
    finally:
        ptrace(DETACH)
