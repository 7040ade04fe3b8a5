// Assessment: what the judge says of a look: by trust anchors alone, and by the policy file's entry where one covers
// the server; and which of the entry's pins that rests on.
#pragma once

#include "evidence/known_peers.h"
#include "tls/peer.h"
#include "trust/policy_set.h"
#include "trust/verdict.h"

#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <optional>
#include <vector>

namespace cotter::observatory {

/// A pin of the policy that is of a certificate of the judged chain.
struct RestingPin {
    Pin pin;
    bool is_needed = false;  ///< without it the server would be refused
};

struct PolicyAssessment {
    trust::TrustMode trust = trust::TrustMode::kPins;
    trust::Verdict verdict;
    std::vector<RestingPin> pins;
};

struct Assessment {
    trust::Verdict by_roots;
    std::optional<PolicyAssessment> by_policy;  ///< none: no entry covers the server
};

/// What looks are held against. May be asked by several threads at once.
class Assessor {
  public:
    /// `memory`: for entries whose trust is key continuity.
    Assessor(x509::TrustAnchors roots, trust::PolicySet policy, evidence::KnownPeers memory)
        : roots_(std::move(roots)), policy_(std::move(policy)), memory_(std::move(memory)) {}

    /// `dane`: what the DNS says of the server; asked for where looks_at_dns() says so.
    [[nodiscard]] Assessment assess(const HostPort& server, const tls::Peer& peer, const trust::DaneAnswer& dane,
                                    x509::Time now) const;
    [[nodiscard]] bool looks_at_dns(const HostPort& server) const;
    [[nodiscard]] bool looks_at_dns() const;  ///< for any server
    /// Whether a pin of the policy's entry for the server is of that leaf: one that still counts, and of no proxy.
    [[nodiscard]] bool pins(const HostPort& server, const x509::Certificate& leaf, x509::Time now) const;
    /// Whether known_peers has that leaf's key for the server, and not as revoked.
    [[nodiscard]] bool remembers(const HostPort& server, const x509::Certificate& leaf) const;
    [[nodiscard]] const trust::PolicySet& policy() const { return policy_; }

  private:
    x509::TrustAnchors roots_;
    trust::PolicySet policy_;
    evidence::KnownPeers memory_;
};

}  // namespace cotter::observatory
