// EntryChoice: which entry of a policy decides on a host, and why each of the others doesn't. For people; the choice
// itself is PolicySet::find.
#pragma once

#include "trust/policy_set.h"

#include <cstddef>
#include <string>
#include <vector>

namespace cotter::trust {

struct EntryChoice {
    std::size_t entry = 0;  ///< index in PolicySet::entries()
    bool decides = false;
    bool covers = false;
    std::string why;  ///< one sentence without a full stop
};

/// One for each entry, in their order.
[[nodiscard]] std::vector<EntryChoice> choices_for(const PolicySet& set, const HostPort& host);

}  // namespace cotter::trust
