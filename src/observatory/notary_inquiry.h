// Asking notaries which key they see a server show.
#pragma once

#include "identity/identity.h"
#include "observatory/notary_address.h"
#include "observatory/target.h"
#include "trust/notary_finding.h"

#include <chrono>
#include <optional>
#include <vector>

namespace cotter::observatory {

struct InquirySettings {
    std::vector<NotaryAddress> notaries;  ///< not empty; each key once (parse_notaries)
    std::size_t quorum = 1;               ///< 1 … as many as there are
    /// The notary that each question goes through, which learns who asks and not what; each of `notaries` then learns
    /// what is asked and not who does.
    std::optional<NotaryAddress> relay{};
    identity::KeyFiles identity;  ///< as whom we come: they answer only to their clients
    std::chrono::milliseconds timeout{10'000};
};

/// Asks all of them at once, and waits until each has answered or has had its time. Who did not answer, or whose answer
/// is not one (INVARIANT A233), is silent, and why is said.
[[nodiscard]] trust::NotaryFindings inquire(const InquirySettings& settings, const Target& target);

}  // namespace cotter::observatory
