// SHA-2 over octets.
#pragma once

#include <cotter/bytes.h>
#include <cotter/pin.h>

#include <array>

namespace cotter {

[[nodiscard]] std::array<std::byte, 32> sha256(Bytes octets);

/// The digest of that form; for kDer a copy of the octets themselves.
[[nodiscard]] ByteVector digest(PinForm form, Bytes octets);

}  // namespace cotter
