// Acceptance: what a client sees to before a certificate that came over the wire takes the place of its own. It is for
// the client's own key, for the same name and purpose, by the same authority, and good for longer.
#pragma once

#include "identity/identity.h"
#include "x509/certificate.h"

#include <cotter/error.h>

#include <vector>

namespace cotter::authority {

/// Nothing if the chain (the client's certificate first, the root's last) may follow `present`, for that key, now; else
/// an Error "bad_certificate" that says why not. Both certificates must have a path to the chain's root through the
/// same issuer, so that whatever trusts the present one trusts its successor.
[[nodiscard]] Result<void> see_that_it_may_follow(const x509::Certificate& present, const x509::PublicKey& key,
                                                  const std::vector<x509::Certificate>& chain, x509::Time now);

}  // namespace cotter::authority
