// Strict base64 (RFC 4648, 4: canonical and padded), usable at compile time. Part of pins' text; not a public
// interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cotter::detail {

enum class Base64Fault : std::uint8_t {
    kNone,
    kEmpty,
    kWhiteSpace,
    kUrlAlphabet,
    kBadCharacter,
    kMissingPadding,
    kTrailing,
    kPaddingBits
};

struct Base64Check {
    Base64Fault fault = Base64Fault::kNone;
    std::size_t offset = 0;  ///< of the fault
    std::size_t size = 0;    ///< octets that it decodes to
};

[[nodiscard]] constexpr int base64_digit(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return -1;
}

[[nodiscard]] constexpr bool is_white_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Looks at all of `text`, which must be base64 and nothing else.
[[nodiscard]] constexpr Base64Check check_base64(std::string_view text) {
    if (text.empty()) return {Base64Fault::kEmpty, 0, 0};
    std::size_t digits = 0;
    while (digits < text.size() && base64_digit(text[digits]) >= 0) ++digits;
    if (digits < text.size() && text[digits] != '=') {
        const char c = text[digits];
        if (is_white_space(c)) return {Base64Fault::kWhiteSpace, digits, 0};
        if (c == '-' || c == '_') return {Base64Fault::kUrlAlphabet, digits, 0};
        return {Base64Fault::kBadCharacter, digits, 0};
    }
    const std::size_t wanted = (4 - digits % 4) % 4;
    std::size_t padding = 0;
    while (digits + padding < text.size() && text[digits + padding] == '=') ++padding;
    if (wanted == 3 || padding < wanted) return {Base64Fault::kMissingPadding, digits + padding, 0};
    if (padding > wanted || digits + padding < text.size()) {
        const std::size_t end = digits + wanted;
        return {is_white_space(text[end]) ? Base64Fault::kWhiteSpace : Base64Fault::kTrailing, end, 0};
    }
    const int last = base64_digit(text[digits - 1]);
    if ((wanted == 1 && (last & 0x3) != 0) || (wanted == 2 && (last & 0xf) != 0)) {
        return {Base64Fault::kPaddingBits, digits - 1, 0};
    }
    return {Base64Fault::kNone, 0, digits * 6 / 8};
}

/// Decodes checked text into `into`, which has room for check_base64(text).size octets.
constexpr void decode_base64(std::string_view text, std::byte* into) {
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        if (c == '=') break;
        bits = (bits << 6U) | static_cast<std::uint32_t>(base64_digit(c));
        count += 6;
        if (count >= 8) {
            count -= 8;
            *into++ = static_cast<std::byte>((bits >> count) & 0xffU);
        }
    }
}

}  // namespace cotter::detail
