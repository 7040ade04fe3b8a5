// Base64 and hex.
#include "text/encoding.h"

#include <cotter/detail/base64.h>

#include <algorithm>

namespace cotter::text {

std::string of_octets(Bytes octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

std::string hex(Bytes octets) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(octets.size() * 2);
    for (const std::byte octet : octets) {
        const auto value = std::to_integer<unsigned>(octet);
        out += kDigits[value >> 4U];
        out += kDigits[value & 0xfU];
    }
    return out;
}

std::optional<ByteVector> octets_of_hex(std::string_view digits) {
    const auto value_of = [](char digit) -> int {
        if (digit >= '0' && digit <= '9') return digit - '0';
        if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
        return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
    };
    if (digits.size() % 2 != 0) return std::nullopt;
    ByteVector octets;
    octets.reserve(digits.size() / 2);
    for (std::size_t at = 0; at < digits.size(); at += 2) {
        const int high = value_of(digits[at]);
        const int low = value_of(digits[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        octets.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return octets;
}

std::string base64(Bytes octets) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((octets.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < octets.size(); at += 3) {
        const std::size_t have = std::min<std::size_t>(3, octets.size() - at);
        unsigned group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group = (group << 8U) | (i < have ? std::to_integer<unsigned>(octets[at + i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            out += i <= have ? kDigits[(group >> (18U - 6U * i)) & 0x3fU] : '=';
        }
    }
    return out;
}

std::optional<ByteVector> octets_of_base64(std::string_view text) {
    const detail::Base64Check check = detail::check_base64(text);
    if (check.fault != detail::Base64Fault::kNone) return std::nullopt;
    ByteVector octets(check.size);
    detail::decode_base64(text, octets.data());
    return octets;
}

}  // namespace cotter::text
