// The PROXY protocol header that tells a backend who the client is (HAProxy's specification, versions 1 and 2). cotter
// only ever writes it, first and once; nothing a client sends is taken for one (INVARIANTS A215–A217).
#pragma once

#include <cotter/bytes.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cotter::stream {

enum class ProxyVersion : std::uint8_t { kV1, kV2 };

/// What the header says. Addresses as stream::remote_address prints them; anything but IP addresses is told as unknown.
struct ProxyFacts {
    std::string source;
    std::string destination;
    std::string client_name;    ///< v2 only, TLV 0xE0
    std::string client_pin;     ///< v2 only, TLV 0xE1: canonical text
    std::string connection_id;  ///< v2 only, TLV 0x05 (unique id)
    std::string tls_version;    ///< v2 only, TLV 0x20, sub-TLV 0x21
    std::string tls_suite;      ///< v2 only, TLV 0x20, sub-TLV 0x23
};

inline constexpr std::byte kTlvClientName{0xe0};
inline constexpr std::byte kTlvClientPin{0xe1};

[[nodiscard]] ByteVector proxy_header(ProxyVersion version, const ProxyFacts& facts);

}  // namespace cotter::stream
