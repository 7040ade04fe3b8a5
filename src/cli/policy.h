// The commands under `cotter policy`, one file each.
#pragma once

#include "cli/invocation.h"

namespace cotter::cli {

/// `cotter policy convert`.
void add_policy_convert(CLI::App& policy, Invocation& invocation);

}  // namespace cotter::cli
