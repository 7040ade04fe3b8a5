// SHA-2 over octets, and HMAC with it.
#pragma once

#include <cotter/bytes.h>
#include <cotter/pin.h>

#include <array>

namespace cotter {

[[nodiscard]] std::array<std::byte, 32> sha256(Bytes octets);

/// HMAC with SHA-256 (RFC 2104).
[[nodiscard]] std::array<std::byte, 32> hmac_sha256(Bytes key, Bytes octets);

/// The digest of that form; for kDer a copy of the octets themselves.
[[nodiscard]] ByteVector digest(PinForm form, Bytes octets);

}  // namespace cotter
