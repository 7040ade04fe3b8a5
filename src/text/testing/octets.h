// Octets as tests write them. Never linked into the product.
#pragma once

#include <cotter/bytes.h>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cotter::text::testing {

/// Octets of hex digits; blanks between them don't count. What isn't hex ends the test.
[[nodiscard]] inline ByteVector octets(std::string_view hex) {
    ByteVector result;
    bool is_second = false;
    for (const char c : hex) {
        if (c == ' ') continue;
        const std::size_t digit = std::string_view("0123456789abcdef").find(c);
        if (digit == std::string_view::npos) throw std::invalid_argument("not hex: " + std::string(hex));
        if (is_second) {
            result.back() |= static_cast<std::byte>(digit);
        } else {
            result.push_back(static_cast<std::byte>(digit << 4U));
        }
        is_second = !is_second;
    }
    if (is_second) throw std::invalid_argument("half an octet: " + std::string(hex));
    return result;
}

/// That many octets, each of that value.
[[nodiscard]] inline ByteVector filled(std::size_t count, unsigned value) {
    return ByteVector(count, static_cast<std::byte>(value));
}

/// The octets of text, as a view of it.
[[nodiscard]] inline Bytes octets_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace cotter::text::testing
