"""Somebody between a client and a server: a proxy that opens TLS with an authority of its own, as companies' and thieves' do; and
the name that leads one side to him and the other to the server."""

import contextlib
import socket
import ssl
import threading

from harness.accepting import Accepting
from harness.preload import compile_preload
from harness.processes import DEADLINE
from harness.tls_servers import server_context

NAME = "watched.test"

# NAME leads to the addresses in $WATCHED_ADDRESSES, all others to where they lead.
_LOOK_UP = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
typedef int (*lookup)(const char*, const char*, const struct addrinfo*, struct addrinfo**);
int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
    lookup real = (lookup)dlsym(RTLD_NEXT, "getaddrinfo");
    const char* wanted = getenv("WATCHED_ADDRESSES");
    if (name == 0 || wanted == 0 || strcmp(name, "watched.test") != 0) return real(name, service, hints, found);
    char* list = strdup(wanted);
    struct addrinfo** end = found;
    *found = 0;
    for (char* one = strtok(list, " "); one != 0; one = strtok(0, " ")) {
        if (real(one, service, hints, end) != 0) return EAI_FAIL;
        while (*end != 0) end = &(*end)->ai_next;
    }
    free(list);
    return 0;
}
"""


def leading_to(folder, *addresses):
    """The environment in which NAME leads there."""
    return {"LD_PRELOAD": compile_preload(folder, "watched_name", _LOOK_UP), "WATCHED_ADDRESSES": " ".join(addresses)}


class Interceptor(Accepting):
    """Shows a certificate of its own for the same name, and passes on what is said to the server that it stands before."""

    def __init__(self, authority, server, **where):
        super().__init__(**where)
        shown = authority.issue("intercepted", f"DNS:{NAME},IP:127.0.0.1", usage="serverAuth")
        self._context = server_context(shown)
        self._server = server
        self.heard = b""

    def meet(self, peer):
        onward = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        onward.check_hostname, onward.verify_mode = False, ssl.CERT_NONE
        with self._context.wrap_socket(peer, server_side=True) as inside, \
                socket.create_connection(self._server, DEADLINE) as tcp, onward.wrap_socket(tcp) as outside:
            back = threading.Thread(target=self._pass_on, args=(outside, inside), daemon=True)
            back.start()
            while data := inside.recv(65536):
                self.heard += data
                outside.sendall(data)
            outside.unwrap()
            back.join(DEADLINE)

    @staticmethod
    def _pass_on(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
