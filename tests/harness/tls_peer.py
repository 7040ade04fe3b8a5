"""A TLS client of Python's own, over a socket that the test controls: it can half-close, vanish, reset, or fall silent.

`ssl.SSLSocket` hides the difference between an end and a truncation; here OpenSSL sees memory only, and the test sees both
the records and the socket.
"""

import socket
import ssl

from harness.backends import reset
from harness.processes import DEADLINE


class Truncated(Exception):
    """The TCP stream ended without close_notify."""


def client_context(certificate=None, key=None, version=None, alpn=None):
    """A client context that shows that certificate and checks nothing of the server: the server is what is tested."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate, key)
    if version:
        context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols([alpn])
    return context


class TlsPeer:
    """One TLS connection to `server` (anything with host and port), handshake done when made."""

    def __init__(self, server, context, session=None, deadline=DEADLINE, source=None):
        self.socket = socket.create_connection((server.host, server.port), deadline, source_address=(source, 0) if source else None)
        self.local = self.socket.getsockname()[:2]
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_hostname=None, session=session)
        try:
            self._pump(self.tls.do_handshake)
        except BaseException:
            self.socket.close()
            raise

    def _flush(self):
        if self._out.pending:
            self.socket.sendall(self._out.read())

    def _pump(self, action):
        """Does `action`, moving octets between OpenSSL and the socket until it is done."""
        while True:
            try:
                result = action()
            except ssl.SSLWantReadError:
                self._flush()
                data = self.socket.recv(65536)
                if not data:
                    self._in.write_eof()
                    raise Truncated from None
                self._in.write(data)
            except ssl.SSLError:
                self._flush()
                raise
            else:
                self._flush()
                return result

    def send(self, data):
        for start in range(0, len(data), 16384):
            self._pump(lambda begin=start: self.tls.write(data[begin : begin + 16384]))

    def receive_some(self, most=65536):
        """What there is, at least one octet; b"" after close_notify; Truncated if the stream ends without it."""
        try:
            return self._pump(lambda: self.tls.read(most))
        except ssl.SSLZeroReturnError:
            return b""

    def receive(self, count):
        """Exactly so many octets, or fewer if close_notify comes before."""
        received = b""
        while len(received) < count:
            part = self.receive_some(count - len(received))
            if not part:
                break
            received += part
        return received

    def receive_all(self):
        """Everything up to close_notify."""
        received = []
        while part := self.receive_some():
            received.append(part)
        return b"".join(received)

    def close_notify(self):
        """Ends this direction only: sends close_notify and goes on receiving."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self._flush()

    def vanish(self):
        """Closes the TCP connection (FIN) without close_notify."""
        self.socket.close()

    def reset(self):
        """Closes the TCP connection with a reset."""
        reset(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


UNKNOWN = "SSLV3_ALERT_CERTIFICATE_UNKNOWN"  # what a stranger is told


def alert_for(server, context, source=None, session=None):
    """The alert by which the server refuses this client, as OpenSSL calls it; None if the client gets an answer."""
    try:
        with TlsPeer(server, context, session=session, source=source) as peer:
            peer.send(b"hello\n")
            peer.receive(1)
    except ssl.SSLError as fault:
        return fault.reason
    return None
