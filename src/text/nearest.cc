// Levenshtein's distance over short words.
#include "text/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace cotter::text {
namespace {

std::size_t distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[to.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words) {
    constexpr std::size_t kLongest = 64;
    if (word.size() > kLongest) return std::nullopt;
    const std::string* best = nullptr;
    std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& candidate : words) {
        const std::size_t changes = distance(word, candidate);
        if (changes >= least) continue;
        best = &candidate;
        least = changes;
    }
    return best == nullptr ? std::nullopt : std::optional(*best);
}

}  // namespace cotter::text
