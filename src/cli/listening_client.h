// Running a client that listens, for `connect --listen` and `join --listen`.
#pragma once

#include "cli/invocation.h"
#include "cli/report.h"
#include "cli/stream_options.h"
#include "service/client_settings.h"

namespace cotter::cli {

/// Says where it listens, runs until it is ended, and gives the exit code.
[[nodiscard]] int run_listening_client(const Invocation& invocation, const Attempt& attempt,
                                       const service::ClientSettings& settings, const StreamOptions& options);

}  // namespace cotter::cli
