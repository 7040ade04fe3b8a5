"""A listener on loopback that meets one connection after the other, in a thread, until the `with` ends."""

import contextlib
import socket
import threading

from harness.processes import DEADLINE


class Accepting:
    """Whoever derives from it says in meet(peer) what is done with a connection; one that breaks is no fault."""

    def __init__(self, host="127.0.0.1", port=0):
        self._listener = socket.create_server((host, port))
        self.port = self._listener.getsockname()[1]
        self.address = f"{host}:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            peer.settimeout(DEADLINE)
            with contextlib.suppress(OSError), peer:
                self.meet(peer)

    def meet(self, peer):
        raise NotImplementedError

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
