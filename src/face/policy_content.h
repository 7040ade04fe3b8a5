// PolicyContent: what a Policy of the face holds.
#pragma once

#include "trust/policy_set.h"

#include <cotter/host_name.h>

#include <optional>

namespace cotter {

/// One policy for every server, or one for each that the set covers.
struct PolicyContent {
    std::optional<trust::ServerPolicy> everywhere{};
    trust::PolicySet set{};

    /// Null: nothing covers it.
    [[nodiscard]] const trust::ServerPolicy* find(const HostPort& server) const;
    /// Whether any of it looks for a path to trust anchors.
    [[nodiscard]] bool needs_anchors() const;
};

}  // namespace cotter
