// Looking at a chain for what is worth remembering.
#include "trust/sight.h"

#include "pin/digest.h"
#include "x509/path.h"

#include <algorithm>

namespace cotter::trust {
namespace {

/// Whether a valid path of two leads from `candidate` to the leaf.
bool has_issued(const x509::Certificate& candidate, const std::vector<x509::Certificate>& leaf, x509::Time now) {
    if (!std::ranges::equal(candidate.subject(), leaf.front().issuer_and_serial().issuer)) return false;
    const x509::TrustAnchors anchor({candidate});
    const auto path = x509::validate_path({.presented = &leaf, .anchors = &anchor, .now = now});
    const auto* verified = std::get_if<x509::VerifiedPath>(&path);
    return verified != nullptr && verified->size() == 2;
}

}  // namespace

std::optional<Sight::Digest> issuer_key_of(const std::vector<x509::Certificate>& presented, x509::Time now) {
    constexpr std::size_t kMostTried = 4;  // a peer may send many of the right name, and each costs a signature check
    const std::vector<x509::Certificate> leaf{presented.front()};
    for (std::size_t i = 1; i < std::min(presented.size(), 1 + kMostTried); ++i) {
        if (has_issued(presented[i], leaf, now)) return sha256(presented[i].public_key().subject_public_key_info());
    }
    return std::nullopt;
}

Sight sight_of(const std::vector<x509::Certificate>& presented, x509::Time now) {
    const x509::Certificate& leaf = presented.front();
    Sight sight{leaf.not_after(), std::nullopt, std::nullopt};
    if (leaf.is_self_issued()) return sight;
    sight.issuer_name = sha256(leaf.issuer_and_serial().issuer);
    sight.issuer_key = issuer_key_of(presented, now);
    return sight;
}

}  // namespace cotter::trust
