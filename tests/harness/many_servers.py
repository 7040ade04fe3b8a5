"""Hundreds of TLS servers in few threads, for what looks at many: each listens at a port of its own on loopback, shakes hands, and
closes when the client does."""

import concurrent.futures
import contextlib
import selectors
import socket
import threading
import time

from harness.processes import DEADLINE
from harness.tls_servers import server_context


class ManyServers:
    """`chosen`: a certificate for each server; server i listens on 127.1.0.(i % hosts + 1). Before its handshake each waits for
    `hold` seconds, so that connections meet; how many did is `most_waiting`."""

    def __init__(self, chosen, hold=0.0, hosts=50):
        self._contexts = {}
        self._chosen = list(chosen)
        self._hold = hold
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._listeners = [socket.create_server((f"127.1.0.{i % hosts + 1}", 0)) for i in range(len(self._chosen))]
        self.addresses = ["{}:{}".format(*listener.getsockname()) for listener in self._listeners]
        self.count = 0
        self.most_waiting = 0
        self._waiting = 0
        self._wake, self._woken = socket.socketpair()
        self._pool = concurrent.futures.ThreadPoolExecutor(64)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def show(self, index, issued):
        """Server `index` shows another certificate from its next connection on."""
        self._chosen[index] = issued

    def _context(self, index):
        issued = self._chosen[index]
        with self._lock:
            if issued.certificate not in self._contexts:
                self._contexts[issued.certificate] = server_context(issued)
            return self._contexts[issued.certificate]

    def _accept(self):
        for index, listener in enumerate(self._listeners):
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ, index)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                with contextlib.suppress(BlockingIOError):
                    peer, _ = key.fileobj.accept()
                    with self._lock:
                        self.count += 1
                        self._waiting += 1
                        self.most_waiting = max(self.most_waiting, self._waiting)
                    self._pool.submit(self._serve, key.data, peer)

    def _serve(self, index, peer):
        with contextlib.suppress(OSError), peer:
            peer.settimeout(DEADLINE)
            time.sleep(self._hold)
            with self._lock:
                self._waiting -= 1
            with self._context(index).wrap_socket(peer, server_side=True) as tls:
                tls.recv(1)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._wake.send(b"!")
        self._thread.join()
        self._pool.shutdown()
        for one in (*self._listeners, self._wake, self._woken, self._selector):
            one.close()
