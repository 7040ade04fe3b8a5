// Base64 and hex, strict and usable at compile time.
#pragma once

#include <cotter/bytes.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cotter::text {

[[nodiscard]] std::string base64(Bytes octets);  ///< RFC 4648 4, padded
[[nodiscard]] std::string hex(Bytes octets);     ///< lower case, no separators

}  // namespace cotter::text
