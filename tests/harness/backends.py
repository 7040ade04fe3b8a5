"""TCP and UNIX services behind the tunnel, in threads of the test: what each does with a connection is a function."""

import hashlib
import os
import queue
import socket
import struct
import threading

from harness.processes import DEADLINE


def reset(connection):
    """Closes so that the other side gets a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Visit:
    """One connection that the backend got: the octets' number and digest, and how the other side ended it."""

    def __init__(self, connection):
        self.connection = connection
        self.count = 0
        self.first = b""
        self._digest = hashlib.sha256()
        self._changed = threading.Condition()
        self.end = None  # "eof" or "reset"

    def take(self, data):
        with self._changed:
            self.count += len(data)
            self._digest.update(data)
            if len(self.first) < 65536:
                self.first += data
            self._changed.notify_all()

    def digest(self):
        return self._digest.hexdigest()

    def finished(self, how):
        with self._changed:
            self.end = how
            self._changed.notify_all()

    def wait(self, deadline=DEADLINE):
        """How the other side ended the stream, once it has."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.end, deadline):
                raise AssertionError(f"the backend's stream hasn't ended after {deadline} s, {self.count} octets in")
            return self.end

    def wait_for(self, count, deadline=DEADLINE):
        """Returns once so many octets have come."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.count >= count or self.end, deadline) or self.count < count:
                raise AssertionError(f"{self.count} octets of {count} came to the backend")


def receive(visit, size=65536):
    """The next octets, counted; b"" at the end, which is then recorded."""
    try:
        data = visit.connection.recv(size)
    except ConnectionError:
        visit.finished("reset")
        return b""
    if data:
        visit.take(data)
    else:
        visit.finished("eof")
    return data


def echo(visit):
    """Gives back what comes, and ends when the other side has ended."""
    while data := receive(visit):
        visit.connection.sendall(data)
    if visit.end == "eof":
        visit.connection.shutdown(socket.SHUT_WR)


def sink(visit):
    """Takes everything and says nothing."""
    while receive(visit):
        pass


def source(count, block=bytes(range(256)) * 256):
    """Sends so many octets, ends its direction, and then takes what comes."""

    def behave(visit):
        left = count
        while left:
            sent = block[: min(left, len(block))]
            visit.connection.sendall(sent)
            left -= len(sent)
        visit.connection.shutdown(socket.SHUT_WR)
        sink(visit)

    return behave


def answer_after_end(answer):
    """Takes everything up to the other side's end, and only then answers."""

    def behave(visit):
        sink(visit)
        if visit.end == "eof":
            visit.connection.sendall(answer)
            visit.connection.shutdown(socket.SHUT_WR)

    return behave


def reset_after(count):
    """Takes so many octets and resets."""

    def behave(visit):
        while visit.count < count and receive(visit, count - visit.count):
            pass
        reset(visit.connection)

    return behave


def speak(greeting):
    """Says the greeting first, then echoes."""

    def behave(visit):
        visit.connection.sendall(greeting)
        echo(visit)

    return behave


class Backend:
    """Listens on a free loopback port (or at a UNIX path) and lets `behaviour` have each connection in a thread."""

    def __init__(self, behaviour=echo, unix=None):
        self._behaviour = behaviour
        if unix:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(unix)
            self.address = f"unix:{unix}"
        else:
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
            self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._listener.listen(1024)
        self._unix = unix
        self._visits = queue.Queue()
        self._open = set()
        self._lock = threading.Lock()
        self.count = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            visit = Visit(connection)
            with self._lock:
                self.count += 1
                self._open.add(connection)
            self._visits.put(visit)
            threading.Thread(target=self._serve, args=(visit,), daemon=True).start()

    def _serve(self, visit):
        try:
            self._behaviour(visit)
        except OSError:
            visit.finished("reset")
        finally:
            visit.connection.close()
            with self._lock:
                self._open.discard(visit.connection)

    def visit(self, deadline=DEADLINE):
        """The next connection that came."""
        try:
            return self._visits.get(timeout=deadline)
        except queue.Empty:
            raise AssertionError(f"nobody came to the backend in {deadline} s") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A listener is only woken from accept() by shutdown().
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._thread.join(DEADLINE)
        if self._unix:
            os.unlink(self._unix)


def unused_port():
    """A loopback port on which nobody listens (just now)."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
