// The words that policy files and JSON documents have for a verdict's and a policy's enumerations.
#pragma once

#include "trust/policy.h"
#include "trust/verdict.h"

#include <string_view>

namespace cotter::trust {

[[nodiscard]] std::string_view text_of(Outcome outcome);     ///< "trusted", "refused", "reported"
[[nodiscard]] std::string_view text_of(Mode mode);           ///< "enforce", "report", "off"
[[nodiscard]] std::string_view text_of(PinRole role);        ///< "primary", "backup", "proxy"
[[nodiscard]] std::string_view text_of(OnExpiry on_expiry);  ///< "refuse", "chain"

}  // namespace cotter::trust
