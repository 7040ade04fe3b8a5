// Learning a server's status before it is judged: a look at its chain, and then what its certificates name.
#pragma once

#include "evidence/status_fetch.h"
#include "service/client_settings.h"
#include "service/connect_failure.h"

#include <cotter/expected.h>

#include <memory>
#include <stop_token>

namespace cotter::service {

using StatusPtr = std::shared_ptr<const evidence::FetchedStatus>;

/// Looks at the server on a connection of its own, which offers no certificate and carries no stream, judges it without
/// asking for revocation, and fetches for the path that this verdict verified. Null where settings.status fetches
/// nothing. Runs a reactor of its own until it is done, or `stop` is asked for.
[[nodiscard]] expected<StatusPtr, ConnectFailure> look_up_status(const ClientSettings& settings,
                                                                 const std::stop_token& stop = {});

}  // namespace cotter::service
