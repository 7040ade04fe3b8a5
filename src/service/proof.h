// Proof: showing that on this very path (this binary, this policy, this network) a server that should be refused is
// refused, and the right one is let in. Real connections, each under a policy that has been made worse in one way.
#pragma once

#include "service/client_settings.h"
#include "service/connect_failure.h"

#include <cotter/expected.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::service {

/// One connection, and what came of it.
struct Trial {
    std::string_view name;                      ///< stable: "wrong_pin"
    std::string what;                           ///< what was changed, for people
    std::optional<trust::ReasonCode> expected;  ///< the reason to be refused for; none: to be trusted
    std::optional<trust::Verdict> verdict;      ///< none: not tried
    std::string why_not_tried;

    [[nodiscard]] bool was_tried() const { return verdict.has_value(); }
    /// Whether it came out as it must.
    [[nodiscard]] bool has_held() const;
};

struct Proof {
    std::vector<Trial> trials;  ///< the right policy first
    /// Whether every trial that was tried came out as it must.
    [[nodiscard]] bool has_held() const;
};

/// Connects once for each trial, and closes; no byte of a stream is sent, nothing is remembered and nothing is
/// reported. A connection that comes to no verdict (network, TLS) fails the whole proof.
[[nodiscard]] expected<Proof, ConnectFailure> prove(const ClientSettings& settings);

}  // namespace cotter::service
