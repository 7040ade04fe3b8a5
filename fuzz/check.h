// What a fuzz target does with a broken promise: it stops there and then, with libFuzzer's report of the input.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

namespace cotter::fuzz {

inline void promise(bool kept) {
    if (!kept) std::abort();
}

[[nodiscard]] inline std::string text_of(const std::uint8_t* data, std::size_t size) {
    return {data, data + size};
}

[[nodiscard]] inline Bytes bytes_of(const std::uint8_t* data, std::size_t size) {
    return std::as_bytes(std::span(data, size));
}

/// An error says what failed and why, and carries no control character of the input to a terminal or a log.
inline void promise_readable(const Error& error) {
    promise(!error.code.empty() && !error.what.empty() && !error.why.empty());
    for (const std::string_view text : {error.code, error.what, error.why, error.next}) {
        promise(std::ranges::none_of(text, [](char octet) { return (octet >= 0 && octet < 0x20) || octet == 0x7f; }));
    }
}

}  // namespace cotter::fuzz
