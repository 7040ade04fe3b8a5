// Presented: what one end of a connection has shown of itself, as it is judged by the other.
#pragma once

#include <cotter/bytes.h>

#include <cstdint>
#include <vector>

namespace cotter {

/// A version of TLS: of a connection, or the lowest that is taken.
enum class TlsVersion : std::uint8_t {
    kTls12,  ///< RFC 5246
    kTls13,  ///< RFC 8446
};

/// What a judge is told of a peer; whoever fills it in vouches for it.
struct Presented {
    /// DER of each certificate as it came, the leaf first, the rest in any order. Empty: none came, which is refused.
    std::vector<ByteVector> chain{};
    /// Whether the peer has proven that it holds the leaf's private key: by a signature in this handshake (TLS 1.3, or
    /// 1.2 with ECDHE and extended master secret), or in the handshake whose session is resumed. If not, it is
    /// refused.
    bool is_key_proven = false;
    TlsVersion version = TlsVersion::kTls12;  ///< of the connection
};

}  // namespace cotter
