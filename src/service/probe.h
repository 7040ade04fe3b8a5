// probe: what chain a live server presents, and what a policy makes of it. No stream is ever opened.
#pragma once

#include "service/client_settings.h"
#include "service/connect_failure.h"
#include "tls/peer.h"
#include "trust/coverage.h"

#include <cotter/expected.h>

#include <optional>

namespace cotter::service {

/// A finished look: possession of the leaf's key was proven.
struct Seen {
    tls::Peer peer;
    trust::Verdict verdict;
    std::optional<trust::Coverage> coverage;  ///< none where no policy covers the server
    std::optional<Incident> incident;         ///< of a verdict that is not trusting, by a policy
};

/// Connects, looks, fetches what settings.status asks for, and closes. Without settings.identity no certificate is
/// offered.
[[nodiscard]] expected<Seen, ConnectFailure> probe(const ClientSettings& settings);

}  // namespace cotter::service
