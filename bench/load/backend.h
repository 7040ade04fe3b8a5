// The backend of the load: echoes, takes and gives bulk, behind a proxy.
#pragma once

#include "connection.h"

#include <cotter/error.h>

namespace cotter::load {

/// Listens on 127.0.0.1:`port`, says "ready" on standard output and serves until the process is ended. `tls` null:
/// plain.
[[nodiscard]] Result<void> run_backend(std::uint16_t port, const Tls* tls);

}  // namespace cotter::load
