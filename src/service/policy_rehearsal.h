// Rehearsal: what a policy would do to the servers as they are now, before it locks anybody out (INVARIANT A140).
#pragma once

#include "trust/policy_warnings.h"

#include <filesystem>
#include <vector>

namespace cotter::service {

struct Rehearsal {
    std::vector<trust::PolicyWarning> warnings;
    std::size_t asked = 0;      ///< servers that were looked at
    std::size_t not_asked = 0;  ///< entries that name no single server: wildcards
};

/// Looks at the server of each entry that names one (port 443 where it names none), one after the other. `file`: the
/// policy file that the set came from.
[[nodiscard]] Rehearsal rehearse(const trust::PolicySet& set, const std::filesystem::path& file);

}  // namespace cotter::service
