"""The PROXY header that tells a backend who the client is: first, once, and never taken from a client."""

import socket
import struct
import unittest

from harness.backends import sink
from harness.case import TunnelTest
from harness.certificates import Authority
from harness.tls_peer import TlsPeer, client_context

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def parse_v2(octets):
    """(command, family, addresses, TLVs, what follows) of a version 2 header, by HAProxy's specification."""
    assert octets[:12] == SIGNATURE, octets[:16]
    command, family, size = struct.unpack(">BBH", octets[12:16])
    body, rest = octets[16 : 16 + size], octets[16 + size :]
    assert len(body) == size
    address_size = {0x11: 12, 0x21: 36, 0x00: 0}[family]
    addresses, tlvs, at = body[:address_size], {}, address_size
    while at < len(body):
        kind, length = struct.unpack(">BH", body[at : at + 3])
        assert kind not in tlvs
        tlvs[kind] = body[at + 3 : at + 3 + length]
        assert len(tlvs[kind]) == length
        at += 3 + length
    return command, family, addresses, tlvs, rest


class Headers(TunnelTest):
    def exchange(self, version, payload, listen="127.0.0.1:0"):
        owner = self.side("owner")
        backend = self.backend(sink)
        self.alice = self.admitted(owner, "alice")
        server = self.server(owner, backend, "--proxy-protocol", version, listen=listen)
        server.host = server.host.strip("[]")
        peer = self.peer(server, self.alice)
        peer.send(payload)
        peer.close_notify()
        visit = backend.visit()
        self.assertEqual(visit.wait(), "eof")
        self.conn = server.event("closed")
        self.assertEqual(self.conn["bytes_in"], len(payload), "the header is not the client's")
        return server, peer, visit.first

    def test_A215_version_1_is_one_line_before_everything(self):
        server, peer, octets = self.exchange("v1", b"payload")
        line = f"PROXY TCP4 127.0.0.1 127.0.0.1 {peer.local[1]} {server.port}\r\n".encode()
        self.assertEqual(octets, line + b"payload")

    def test_A215_version_1_over_ipv6(self):
        if not socket.has_ipv6:
            self.skipTest("no IPv6 here")
        server, peer, octets = self.exchange("v1", b"payload", "[::1]:0")
        self.assertEqual(octets, f"PROXY TCP6 ::1 ::1 {peer.local[1]} {server.port}\r\n".encode() + b"payload")

    def test_A215_version_2_has_addresses_name_pin_and_connection(self):
        server, peer, octets = self.exchange("v2", b"payload")
        command, family, addresses, tlvs, rest = parse_v2(octets)
        self.assertEqual((command, family, rest), (0x21, 0x11, b"payload"))
        loopback = socket.inet_aton("127.0.0.1")
        self.assertEqual(addresses, loopback + loopback + struct.pack(">HH", peer.local[1], server.port))
        self.assertEqual(tlvs[0xE0], b"alice")
        self.assertEqual(tlvs[0xE1].decode(), self.alice.pin())
        self.assertEqual(tlvs[0x05].decode(), self.conn["conn"])
        self.assertEqual(tlvs[0x20][0] & 1, 1, "the client came by TLS")
        self.assertEqual(tlvs[0x20][1:5], bytes(4), "and was verified")

    def test_A215_version_2_over_ipv6(self):
        server, peer, octets = self.exchange("v2", b"", "[::1]:0")
        command, family, addresses, _, rest = parse_v2(octets)
        one = socket.inet_pton(socket.AF_INET6, "::1")
        self.assertEqual((command, family, rest), (0x21, 0x21, b""))
        self.assertEqual(addresses, one + one + struct.pack(">HH", peer.local[1], server.port))

    def test_A215_what_a_client_sends_is_never_a_header(self):
        forged = b"PROXY TCP4 6.6.6.6 6.6.6.6 666 666\r\n" + SIGNATURE + b"\x20\x00\x00\x00"
        server, peer, octets = self.exchange("v1", forged)
        self.assertEqual(octets, f"PROXY TCP4 127.0.0.1 127.0.0.1 {peer.local[1]} {server.port}\r\n".encode() + forged)

    def test_A215_without_the_flag_a_clients_header_is_just_octets(self):
        _, backend, server, alice = self.tunnel(sink)
        peer = self.peer(server, alice)
        peer.send(b"PROXY TCP4 6.6.6.6 6.6.6.6 666 666\r\n")
        peer.close_notify()
        visit = backend.visit()
        self.assertEqual((visit.wait(), visit.first), ("eof", b"PROXY TCP4 6.6.6.6 6.6.6.6 666 666\r\n"))

    def test_A215_connect_finds_the_header_before_its_own_octets(self):
        owner = self.side("owner")
        backend = self.backend(sink)
        alice = self.admitted(owner, "alice")
        server = self.server(owner, backend, "--proxy-protocol", "v1")
        stream = self.connect(alice, server)
        stream.send(b"first")
        stream.finish_sending()
        visit = backend.visit()
        visit.wait()
        self.assertRegex(visit.first, rb"^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nfirst$")

    def test_A217_a_hostile_name_of_a_certificate_stays_inside_its_tlv(self):
        owner = self.side("owner")
        authority = Authority(owner.folder)
        evil = authority.issue("evil", '@alt\n[alt]\nURI.1="https://x/\\r\\nPROXY UNKNOWN\\r\\n%s"' % ("a" * 600))
        backend = self.backend(sink)
        server = self.server(owner, backend, "--client-ca", authority.certificate, "--proxy-protocol", "v2")
        with TlsPeer(server, client_context(evil.certificate, evil.key)) as peer:
            peer.send(b"payload")
            peer.close_notify()
            visit = backend.visit()
            self.assertEqual(visit.wait(), "eof")
        _, _, _, tlvs, rest = parse_v2(visit.first)
        self.assertEqual(rest, b"payload")
        self.assertTrue(tlvs[0xE0].startswith(b"ca:"))
        self.assertFalse(any(octet < 0x20 for octet in tlvs[0xE0]), tlvs[0xE0])


if __name__ == "__main__":
    unittest.main()
