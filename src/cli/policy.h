// The commands under `cotter policy`, one file each.
#pragma once

#include "cli/invocation.h"

namespace cotter::cli {

/// `cotter policy show`: the entries as understood, and the one that decides on a host.
void add_policy_show(CLI::App& policy, Invocation& invocation);

/// `cotter policy check`: whether it loads, and what it may still do to its owner.
void add_policy_check(CLI::App& policy, Invocation& invocation);

/// `cotter policy convert`.
void add_policy_convert(CLI::App& policy, Invocation& invocation);

}  // namespace cotter::cli
