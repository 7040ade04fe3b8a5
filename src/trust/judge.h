// The judge: the one place where trust is decided, in both directions. Pure: no I/O, no clock, no global state.
#pragma once

#include "trust/evidence.h"
#include "trust/policy.h"
#include "trust/verdict.h"

namespace cotter::trust {

/// A client judges a server (INTERFACE 6 and 7). Every doubt refuses; all reasons that apply are listed.
[[nodiscard]] Verdict judge(const Evidence& evidence, const ServerPolicy& policy, Time now);

/// A client judges a server that no policy covers: refused with `no_policy`.
[[nodiscard]] Verdict judge_without_policy(const Evidence& evidence);

/// A server judges a client. Admitted by an active registry row of the leaf's exact pin; or, with `by_authority`, by a
/// path for client authentication to the evidence's anchors, unless the registry denies key or issuer and serial. The
/// name never comes from the certificate where the key has a row (INVARIANTS A05, A30).
[[nodiscard]] Verdict judge(const Evidence& evidence, const AdmissionPolicy& policy, Time now);

}  // namespace cotter::trust
