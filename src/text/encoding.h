// Base64 and hex of octets.
#pragma once

#include <cotter/bytes.h>

#include <optional>
#include <string>
#include <string_view>

namespace cotter::text {

[[nodiscard]] std::string of_octets(Bytes octets);  ///< each a character, whatever it is
[[nodiscard]] std::string base64(Bytes octets);     ///< RFC 4648 4, padded
[[nodiscard]] std::string hex(Bytes octets);        ///< lower case, no separators
/// The octets of base64, if that and nothing else is there: padded, canonical, not empty.
[[nodiscard]] std::optional<ByteVector> octets_of_base64(std::string_view text);
/// Nothing for what isn't pairs of hex digits, in either case.
[[nodiscard]] std::optional<ByteVector> octets_of_hex(std::string_view digits);

}  // namespace cotter::text
