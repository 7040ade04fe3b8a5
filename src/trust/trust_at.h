// What a policy comes to at a time: its trust mode, or the chain alone.
#pragma once

#include "trust/policy.h"

namespace cotter::trust {

/// kChain where the policy's mode is off, or where it has ended and says so (on_expiry); else its trust mode.
[[nodiscard]] TrustMode trust_at(const ServerPolicy& policy, Time now);

}  // namespace cotter::trust
