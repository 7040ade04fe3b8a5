// JSON as it is signed, and as it is written: two texts of one tree. Reading it is formats/document.h, which refuses a
// key that stands twice.
#pragma once

#include "formats/document.h"

#include <cotter/error.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cotter::bundle {

/// Canonical JSON as OLPC defines it and TUF signs it (specification 4.2): no white space, keys in the order of their
/// code points, in strings only `"` and `\` escaped, numbers whole. A number with a fraction or an exponent, or beyond
/// 64 bits, is an Error. The text is for hashing alone: a string's control characters stand in it as they are.
[[nodiscard]] Result<std::string> canonical_json(const formats::Document& value);

/// Valid JSON (RFC 8259) of the same, one key a line, ending in a newline.
[[nodiscard]] std::string json_text(const formats::Document& value);

// Trees to write.
[[nodiscard]] formats::Document json_string(std::string_view text);
[[nodiscard]] formats::Document json_number(std::uint64_t number);
[[nodiscard]] formats::Document json_boolean(bool value);
[[nodiscard]] formats::Document json_list(std::vector<formats::Document> items);
[[nodiscard]] formats::Document json_object(std::vector<std::pair<std::string, formats::Document>> members);
/// Adds a member, or puts another value in the place of the one that is there.
void set_member(formats::Document& object, std::string_view key, formats::Document value);

/// The number, if it is a whole one from 0 to 2^63 - 1, which every implementation can hold.
[[nodiscard]] std::optional<std::uint64_t> whole_number(const formats::Document& value);

}  // namespace cotter::bundle
