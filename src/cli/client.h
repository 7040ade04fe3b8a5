// What the files of `cotter client` share.
#pragma once

#include "cli/client_print.h"
#include "cli/invocation.h"
#include "registry/registry.h"

#include <CLI/App.hpp>

#include <functional>
#include <string>

namespace cotter::cli {

/// Adds a command that works on the registry of --registry, else of the state folder.
CLI::App* add_registry_command(CLI::App& parent, Invocation& invocation, const std::string& name,
                               const std::string& description, const std::string& examples,
                               std::function<int(registry::Registry&)> action);

/// A change of one client that servers act on: made, waited for, told. Gives the exit code.
[[nodiscard]] int change_and_tell(const Invocation& invocation, registry::Registry& registry, const std::string& name,
                                  const Done& done,
                                  const std::function<Result<std::uint64_t>(const registry::ClientName&)>& change);

/// rules, disconnect.
void add_client_rules(CLI::App& client, Invocation& invocation);
/// pending, approve.
void add_client_pending(CLI::App& client, Invocation& invocation);

}  // namespace cotter::cli
