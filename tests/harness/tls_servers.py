"""TLS servers of other makes, for cotter's client to meet: Python's own (which records all it gets), and openssl s_server.
"""

import queue
import socket
import ssl
import threading

from harness.processes import DEADLINE, Process


def server_context(issued, version=None, client_ca=None, chain=None):
    """A server's context; `client_ca`: demand certificates of that CA; `chain`: present that file instead."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain or issued.certificate, issued.key)
    context.num_tickets = 0
    if version:
        context.minimum_version = context.maximum_version = version
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    return context


class Meeting:
    """One connection as the server saw it."""

    def __init__(self, tcp):
        self.tcp = tcp
        self.tls = None
        self.failure = None  # OpenSSL's reason, where the handshake failed
        self.name = None  # by SNI
        self.received = b""  # application octets
        self.end = None  # "closed" (close_notify), "truncated", or what broke it
        self._ended = threading.Event()

    def receive(self, size=65536):
        data = self.tls.recv(size)
        self.received += data
        return data

    def finish(self, how):
        self.end = self.end or how
        self._ended.set()

    def wait(self):
        """Waits for the end; itself."""
        if not self._ended.wait(DEADLINE):
            raise AssertionError("the connection hasn't ended")
        return self


def echo(meeting):
    while data := meeting.receive():
        meeting.tls.sendall(data)


def sink(meeting):
    while meeting.receive():
        pass


class PythonServer:
    """Python's ssl on a free loopback port; `behaviour` has each connection after its handshake, in a thread."""

    def __init__(self, context, behaviour=echo, host="127.0.0.1", port=0):
        self._context = context
        self._behaviour = behaviour
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self.port = self._listener.getsockname()[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self._meetings = queue.Queue()
        self._open = []
        self.count = 0
        context.sni_callback = self._note_name
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @staticmethod
    def _note_name(tls, name, _context):
        tls.meeting_name = name

    def _accept(self):
        while True:
            try:
                tcp, _ = self._listener.accept()
            except OSError:
                return
            tcp.settimeout(DEADLINE)
            self.count += 1
            meeting = Meeting(tcp)
            self._open.append(meeting)
            self._meetings.put(meeting)
            threading.Thread(target=self._serve, args=(meeting,), daemon=True).start()

    def _serve(self, meeting):
        try:
            meeting.tls = self._context.wrap_socket(meeting.tcp, server_side=True, do_handshake_on_connect=False,
                                                    suppress_ragged_eofs=False)
            meeting.tls.do_handshake()
        except OSError as fault:
            meeting.failure = getattr(fault, "reason", None) or type(fault).__name__
            meeting.finish("handshake")
            self._close(meeting)
            return
        finally:
            meeting.name = getattr(meeting.tls, "meeting_name", None)
        try:
            self._behaviour(meeting)
            meeting.finish("closed")
            meeting.tls.unwrap()
        except ssl.SSLEOFError:
            meeting.finish("truncated")
        except (OSError, ValueError) as fault:
            meeting.finish(getattr(fault, "reason", None) or type(fault).__name__)
        self._close(meeting)

    @staticmethod
    def _close(meeting):
        (meeting.tls or meeting.tcp).close()

    def meeting(self):
        """The next connection that came."""
        try:
            return self._meetings.get(timeout=DEADLINE)
        except queue.Empty:
            raise AssertionError("nobody came to the server") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._thread.join(DEADLINE)
        for meeting in self._open:
            for one in (meeting.tls, meeting.tcp):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except (OSError, AttributeError, ValueError):
                    pass


class OpensslServer(Process):
    """openssl s_server, answering lines backwards (-rev) unless `arguments` say otherwise."""

    def __init__(self, issued, *arguments, mode=("-rev",), env=None):
        issuer = getattr(issued, "issuer", None)
        chain = ["-cert_chain", issuer.certificate] if issuer else []
        super().__init__(["openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1000", "-cert", issued.certificate,
                          "-key", issued.key, *chain, *mode, *arguments], env=env)
        accept = self.out.wait(lambda line: line if line.startswith("ACCEPT") else None, "ACCEPT line")
        self.address = accept.split()[-1]
        self.port = int(self.address.rsplit(":", 1)[1])
