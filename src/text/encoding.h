// Base64 and hex of octets. Reading base64 is cotter/detail/base64.h.
#pragma once

#include <cotter/bytes.h>

#include <string>

namespace cotter::text {

[[nodiscard]] std::string base64(Bytes octets);  ///< RFC 4648 4, padded
[[nodiscard]] std::string hex(Bytes octets);     ///< lower case, no separators

}  // namespace cotter::text
