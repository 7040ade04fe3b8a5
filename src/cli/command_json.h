// What the tool knows of its commands, as JSON.
#pragma once

#include "cli/command_tree.h"

#include <nlohmann/json_fwd.hpp>

namespace cotter::cli {

/// `cotter help --json`: the command with its arguments and options, and all commands below it.
[[nodiscard]] nlohmann::ordered_json to_json(const CommandFacts& command);

}  // namespace cotter::cli
