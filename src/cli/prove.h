// cotter verify --prove: what is printed of a proof.
#pragma once

#include "cli/invocation.h"
#include "service/client_settings.h"

namespace cotter::cli {

/// Runs the proof and prints one line a trial, or one JSON document. 0: everything came out as it must; 3: something
/// was let in or refused that must not be; 1: a connection came to no verdict.
[[nodiscard]] int run_proof(const Invocation& invocation, const service::ClientSettings& settings);

}  // namespace cotter::cli
