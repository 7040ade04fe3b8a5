"""Servers that speak another protocol before TLS, one small dialogue each, for cotter and `openssl s_client -starttls`."""

import struct

from harness.tls_servers import PythonServer, echo

LDAP_REQUEST = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
XMPP_TLS = b"urn:ietf:params:xml:ns:xmpp-tls"


class Unexpected(OSError):
    """The client said something else than the protocol wants."""


class Plain:
    """The connection before TLS, read octet by octet, so that nothing that belongs to TLS is taken."""

    def __init__(self, tcp, injected):
        self._tcp = tcp
        self._injected = injected

    def say(self, data):
        self._tcp.sendall(data)

    def agree(self, data):
        """Says that TLS can begin, and with it what is to be injected."""
        self._tcp.sendall(data + self._injected)

    def exactly(self, size):
        data = b""
        while len(data) < size:
            part = self._tcp.recv(size - len(data))
            if not part:
                raise Unexpected("the client has gone")
            data += part
        return data

    def line(self):
        data = b""
        while not data.endswith(b"\n"):
            data += self.exactly(1)
        return data.strip()

    def until(self, end):
        data = b""
        while not data.endswith(end):
            data += self.exactly(1)
        return data


def want(said, expected):
    if said.upper() != expected.upper():
        raise Unexpected(f"{said!r} instead of {expected!r}")


def smtp(plain):
    plain.say(b"220-mail.example\r\n220 ESMTP\r\n")
    if not plain.line().upper().startswith(b"EHLO "):
        raise Unexpected("no EHLO")
    plain.say(b"250-mail.example\r\n250-STARTTLS\r\n250 8BITMIME\r\n")
    want(plain.line(), b"STARTTLS")
    plain.agree(b"220 go ahead\r\n")


def imap(plain):
    plain.say(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
    while True:
        tag, _, command = plain.line().partition(b" ")
        if command.upper() == b"STARTTLS":
            return plain.agree(tag + b" OK begin\r\n")
        want(command, b"CAPABILITY")  # openssl asks first
        plain.say(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + tag + b" OK\r\n")


def pop3(plain):
    plain.say(b"+OK ready\r\n")
    want(plain.line(), b"STLS")
    plain.agree(b"+OK begin\r\n")


def ftp(plain):
    plain.say(b"220-welcome\r\n here\r\n220 ready\r\n")
    said = plain.line()
    if said.upper() == b"FEAT":  # openssl asks first
        plain.say(b"211-features\r\n AUTH TLS\r\n211 end\r\n")
        said = plain.line()
    want(said, b"AUTH TLS")
    plain.agree(b"234 go ahead\r\n")


def ldap(plain):
    want(plain.exactly(len(LDAP_REQUEST)), LDAP_REQUEST)
    plain.agree(bytes.fromhex("3084000000100201017884000000070a010004000400"))  # lengths as Active Directory writes them


def xmpp(plain):
    plain.until(b"<stream:stream ")
    plain.until(b">")
    plain.say(b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
              b"<stream:features><starttls xmlns='" + XMPP_TLS + b"'/></stream:features>")
    if XMPP_TLS not in plain.until(b"/>"):
        raise Unexpected("no starttls")
    plain.agree(b"<proceed xmlns='" + XMPP_TLS + b"'/>")


def postgres(plain):
    want(plain.exactly(8), struct.pack("!II", 8, 80877103))
    plain.agree(b"S")


def mysql(plain):
    greeting = b"\x0a8.0.36\0" + struct.pack("<I", 7) + b"abcdefgh\0" + b"\xff\xff" + b"\x21\x02\x00" + bytes(13) + b"abcdefghijkl\0"
    plain.agree(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
    head = plain.exactly(4)
    if int.from_bytes(head[:3], "little") != 32 or not int.from_bytes(plain.exactly(32)[:4], "little") & 0x800:
        raise Unexpected("no SSLRequest")


DIALOGUES = {"smtp": smtp, "imap": imap, "pop3": pop3, "ftp": ftp, "ldap": ldap, "xmpp": xmpp, "postgres": postgres, "mysql": mysql}


class StartTlsServer(PythonServer):
    """A PythonServer behind such a dialogue; `injected` is sent in clear text along with the consent."""

    def __init__(self, context, dialogue, injected=b"", behaviour=echo, port=0):
        self._dialogue = dialogue
        self._injected_octets = injected
        super().__init__(context, behaviour, port=port)

    def _serve(self, meeting):
        try:
            self._dialogue(Plain(meeting.tcp, self._injected_octets))
        except OSError as fault:
            meeting.failure = str(fault)
            meeting.finish("in clear text")
            self._close(meeting)
            return
        super()._serve(meeting)
