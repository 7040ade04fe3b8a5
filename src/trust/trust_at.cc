// The two ways in which a policy stands aside.
#include "trust/trust_at.h"

namespace cotter::trust {

TrustMode trust_at(const ServerPolicy& policy, Time now) {
    const bool has_ended = policy.expires && now > *policy.expires;
    const bool is_bare_chain = policy.mode == Mode::kOff || (has_ended && policy.on_expiry == OnExpiry::kChain);
    return is_bare_chain ? TrustMode::kChain : policy.trust;
}

}  // namespace cotter::trust
