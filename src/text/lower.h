// Letters of ASCII in lower case: how names are compared that know no other (RFC 4343 3).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace cotter::text {

[[nodiscard]] inline std::string ascii_lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

}  // namespace cotter::text
