// What every command prints alike: a JSON document, a count.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cotter::cli {

/// On standard output, in one line. Octets that are no UTF-8 are replaced.
void print_document(const nlohmann::ordered_json& document);

/// "1 stream", "2 streams".
[[nodiscard]] std::string count_text(std::uint64_t count, std::string_view noun);

}  // namespace cotter::cli
