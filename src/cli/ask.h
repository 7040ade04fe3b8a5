// --trust ask: a person at the terminal says whether an unknown key is right.
#pragma once

#include "cli/invocation.h"
#include "service/client_settings.h"
#include "trust/policy.h"

#include <optional>

namespace cotter::cli {

/// Where the policy says `ask` and nothing is remembered of the server: looks at it (as nobody, sending nothing), puts
/// its key to the person at the terminal, and remembers it if he confirms it. Nothing: go on; the connection is then
/// judged by what is remembered and nothing else, so that the key which was confirmed is the key of the stream. Else
/// the exit code of a refusal, which has been printed. Without a terminal the answer is no (INVARIANT A133).
[[nodiscard]] std::optional<int> ask_at_first_contact(const Invocation& invocation,
                                                      const service::ClientSettings& settings,
                                                      const trust::ServerPolicy& policy);

}  // namespace cotter::cli
