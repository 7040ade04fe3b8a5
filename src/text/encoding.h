// Base64 and hex of octets. Reading base64 is cotter/detail/base64.h.
#pragma once

#include <cotter/bytes.h>

#include <optional>
#include <string>
#include <string_view>

namespace cotter::text {

[[nodiscard]] std::string base64(Bytes octets);  ///< RFC 4648 4, padded
[[nodiscard]] std::string hex(Bytes octets);     ///< lower case, no separators
/// Nothing for what isn't pairs of hex digits, in either case.
[[nodiscard]] std::optional<ByteVector> octets_of_hex(std::string_view digits);

}  // namespace cotter::text
