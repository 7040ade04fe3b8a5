// The word that somebody probably meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::text {

/// That of `words` which is fewest changes of one letter away from `word`; nothing if all are more than a third of its
/// length away.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words);

}  // namespace cotter::text
