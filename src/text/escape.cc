// Escaping for terminals and logs.
#include "text/escape.h"

#include <cstdint>
#include <optional>

namespace cotter::text {
namespace {

struct CodePoint {
    std::uint32_t value;
    std::size_t size;
};

/// The character that begins here, if it is well-formed UTF-8 (RFC 3629: shortest form, no surrogates).
std::optional<CodePoint> decode(std::string_view text) {
    const auto octet = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const std::uint32_t first = octet(0);
    if (first < 0x80) return CodePoint{first, 1};
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < size) return std::nullopt;
    std::uint32_t value = first & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((octet(i) & 0xc0U) != 0x80U) return std::nullopt;
        value = (value << 6U) | (octet(i) & 0x3fU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < kLeast[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return std::nullopt;
    return CodePoint{value, size};
}

bool changes_how_others_look(std::uint32_t value) {
    return value < 0x20 || (value >= 0x7f && value <= 0x9f) || value == 0x061c || value == 0x200e || value == 0x200f ||
           (value >= 0x2028 && value <= 0x202e) || (value >= 0x2066 && value <= 0x206f) || value == 0xfeff ||
           value == 0x200b || value == 0x2060 || (value >= 0xfff9 && value <= 0xfffb) ||
           (value >= 0xe0000 && value <= 0xe007f);
}

std::string hexadecimal(std::uint32_t value, std::size_t digits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string result(digits, '0');
    for (std::size_t i = digits; i-- > 0; value >>= 4U) result[i] = kDigits[value & 0xfU];
    return result;
}

enum class Backslash : std::uint8_t { kDoubled, kKept };

std::string escape_with(Backslash backslash, std::string_view text, std::size_t most) {
    constexpr std::string_view kCut = "…";
    std::string result;
    while (!text.empty()) {
        const auto point = decode(text);
        const std::size_t size = point ? point->size : 1;
        std::string piece(text.substr(0, size));
        if (!point) {
            piece = "\\x" + hexadecimal(static_cast<unsigned char>(text[0]), 2);
        } else if (point->value == '\\' && backslash == Backslash::kDoubled) {
            piece = "\\\\";
        } else if (changes_how_others_look(point->value)) {
            piece = point->value < 0x80 ? "\\x" + hexadecimal(point->value, 2)
                                        : "\\u{" + hexadecimal(point->value, point->value > 0xffff ? 6 : 4) + "}";
        }
        if (result.size() + piece.size() > most) return result.append(kCut);
        result += piece;
        text.remove_prefix(size);
    }
    return result;
}

}  // namespace

std::string escape(std::string_view text, std::size_t most) {
    return escape_with(Backslash::kDoubled, text, most);
}

std::string escape_remaining(std::string_view text, std::size_t most) {
    return escape_with(Backslash::kKept, text, most);
}

}  // namespace cotter::text
