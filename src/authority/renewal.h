// Renewal: a client's certificate gives way to its next one at the client's own wish, which its present certificate
// authenticates. Nobody gets more by it than the owner once gave: the same name and purpose, a key that is proven to be
// the client's, at most the same life, as long as the owner has it admitted, and not often (INVARIANTS A32, A211,
// A213).
#pragma once

#include "authority/authority.h"
#include "registry/registry.h"

#include <cotter/error.h>

#include <optional>
#include <vector>

namespace cotter::authority {

/// Who asks, as a handshake has shown.
struct RenewalWish {
    registry::ClientName name;              ///< under which it is admitted
    Pin admitted_by;                        ///< its key that the registry has
    x509::Certificate present;              ///< whose key the handshake proved
    std::optional<x509::PublicKey> next{};  ///< the key to certify, proven to be held as well; none: the present one
};

struct Renewed {
    std::vector<x509::Certificate> chain;  ///< the client's first, the root's last
    bool is_new = false;                   ///< false: it was issued before, and is given once more
};

/// From when on a certificate may be renewed: the middle of its life.
[[nodiscard]] Time renewable_from(Time issued, const x509::Certificate& certificate);
/// When one of ours was issued, as far as it says itself.
[[nodiscard]] Time issued_by_its_dates(const x509::Certificate& certificate);

/// Certifies the key, and registers it if it is another than the present one (Renewals::begin; the client has the
/// former dropped by Renewals::finish), all in one transaction. Where the key has a certificate that is not to be
/// renewed yet, as after an answer that was lost, that is given again and nothing is issued. Errors: "not_ours" (this
/// authority has not issued the certificate to this client, or it is revoked or past), "too_early", "not_later" (the
/// authority or the client's admission ends no later), "too_many_certificates", and those of Renewals::begin.
[[nodiscard]] Result<Renewed> renew_at_its_wish(registry::Registry& registry, const Authority& authority,
                                                const RenewalWish& wish, const registry::Change& change);

}  // namespace cotter::authority
