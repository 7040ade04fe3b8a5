// The addresses that servers' names lead to, so that each can be looked at.
#pragma once

#include "observatory/target.h"

#include <cstddef>
#include <vector>

namespace cotter::observatory {

/// Most addresses of one name that are looked at.
inline constexpr std::size_t kMostAddresses = 16;

/// For each target one for every address of its name, in the order of the addresses; one whose name leads nowhere stays
/// as it is. Asks the system's resolver, several names at once.
[[nodiscard]] std::vector<Target> at_each_address(const std::vector<Target>& targets);

}  // namespace cotter::observatory
