// Sight: what is written down of a server's certificate when its key is seen, so that a change of the key can later be
// told apart: rotation from attack, as far as that goes.
#pragma once

#include "x509/certificate.h"

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace cotter::trust {

struct Sight {
    using Digest = std::array<std::byte, 32>;

    std::optional<x509::Time> not_after;  ///< of the certificate; none: nothing is written down at all
    /// SHA-256 over the DER of the issuer's name; none where the certificate names itself. Anybody can write a name.
    std::optional<Digest> issuer_name;
    /// SHA-256 over the SubjectPublicKeyInfo of the certificate that issued it, where that was presented, too, and the
    /// signature, its dates and its right to issue held.
    std::optional<Digest> issuer_key;

    bool operator==(const Sight&) const = default;
};

/// Of a chain as presented, leaf first and not empty.
[[nodiscard]] Sight sight_of(const std::vector<x509::Certificate>& presented, x509::Time now);

/// The key of the certificate among those presented that issued the leaf; none: no issuer was presented.
[[nodiscard]] std::optional<Sight::Digest> issuer_key_of(const std::vector<x509::Certificate>& presented,
                                                         x509::Time now);

}  // namespace cotter::trust
