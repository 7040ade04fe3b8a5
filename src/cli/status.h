// What a running server says of itself, for the commands that ask it.
#pragma once

#include "cli/invocation.h"

#include <cotter/error.h>

#include <nlohmann/json_fwd.hpp>

namespace cotter::cli {

/// The document of service/status.h. Error code "not_running": no server runs with this state folder.
[[nodiscard]] Result<nlohmann::ordered_json> ask_server(const Invocation& invocation);

}  // namespace cotter::cli
