// Writing the PROXY protocol.
#include "stream/proxy_protocol.h"

#include "x509/openssl.h"

#include <cotter/host_name.h>

#include <array>

namespace cotter::stream {
namespace {

constexpr std::array<unsigned, 12> kSignature{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr unsigned kVersion2Proxy = 0x21;
constexpr unsigned kTcp4 = 0x11;
constexpr unsigned kTcp6 = 0x21;
constexpr unsigned kUnspecified = 0x00;
constexpr std::byte kTlvUniqueId{0x05};
constexpr std::byte kTlvSsl{0x20};
constexpr std::byte kSubTlvVersion{0x21};
constexpr std::byte kSubTlvSuite{0x23};
constexpr unsigned kClientUsesTls = 0x01 | 0x02;  // over TLS, with a certificate in this connection
// A longer value is left out: what is cut might be somebody else's.
constexpr std::size_t kMostTlv = 12U << 10U;

struct Addresses {
    IpAddress source;
    IpAddress destination;
    std::uint16_t source_port;
    std::uint16_t destination_port;
};

std::optional<Addresses> addresses_of(const ProxyFacts& facts) {
    const auto source = HostPort::parse(facts.source);
    const auto destination = HostPort::parse(facts.destination);
    if (!source || !destination || !source->host.is_address() || !destination->host.is_address()) return std::nullopt;
    Addresses addresses{*source->host.address(), *destination->host.address(), source->port, destination->port};
    if (addresses.source.is_v6() != addresses.destination.is_v6()) return std::nullopt;
    return addresses;
}

void put(ByteVector& out, unsigned value) {
    out.push_back(static_cast<std::byte>(value & 0xffU));
}
void put16(ByteVector& out, std::size_t value) {
    put(out, static_cast<unsigned>(value >> 8U));
    put(out, static_cast<unsigned>(value));
}
void put(ByteVector& out, Bytes bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void put_tlv(ByteVector& out, std::byte type, Bytes value) {
    if (value.size() > kMostTlv) return;
    out.push_back(type);
    put16(out, value.size());
    put(out, value);
}

void put_tlv(ByteVector& out, std::byte type, std::string_view value) {
    if (!value.empty()) put_tlv(out, type, x509::as_bytes(value));
}

ByteVector version1(const ProxyFacts& facts) {
    std::string line = "PROXY UNKNOWN\r\n";
    if (const auto addresses = addresses_of(facts)) {
        line = std::string("PROXY ") + (addresses->source.is_v6() ? "TCP6 " : "TCP4 ") + addresses->source.to_string() +
               " " + addresses->destination.to_string() + " " + std::to_string(addresses->source_port) + " " +
               std::to_string(addresses->destination_port) + "\r\n";
    }
    const Bytes bytes = x509::as_bytes(line);
    return {bytes.begin(), bytes.end()};
}

ByteVector version2(const ProxyFacts& facts) {
    ByteVector body;
    const auto addresses = addresses_of(facts);
    if (addresses) {
        put(body, addresses->source.octets());
        put(body, addresses->destination.octets());
        put16(body, addresses->source_port);
        put16(body, addresses->destination_port);
    }
    put_tlv(body, kTlvUniqueId, facts.connection_id);
    ByteVector ssl;
    put(ssl, kClientUsesTls);
    for (int i = 0; i < 4; ++i) put(ssl, 0U);  // verify: 0, the client was verified
    put_tlv(ssl, kSubTlvVersion, facts.tls_version);
    put_tlv(ssl, kSubTlvSuite, facts.tls_suite);
    put_tlv(body, kTlvSsl, Bytes(ssl));
    put_tlv(body, kTlvClientName, facts.client_name);
    put_tlv(body, kTlvClientPin, facts.client_pin);

    ByteVector header;
    for (const unsigned octet : kSignature) put(header, octet);
    put(header, kVersion2Proxy);
    put(header, !addresses ? kUnspecified : addresses->source.is_v6() ? kTcp6 : kTcp4);
    put16(header, body.size());
    put(header, body);
    return header;
}

}  // namespace

ByteVector proxy_header(ProxyVersion version, const ProxyFacts& facts) {
    return version == ProxyVersion::kV1 ? version1(facts) : version2(facts);
}

}  // namespace cotter::stream
