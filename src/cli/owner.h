// What commands of a server's owner share: the registry they change, who changes it, and how it is told.
#pragma once

#include "cli/invocation.h"
#include "registry/registry.h"

#include <cotter/error.h>

#include <cstdint>
#include <memory>
#include <string>

namespace cotter::cli {

/// What --registry takes, as every help says it.
inline constexpr const char* kRegistryOption = "sqlite:PATH, postgresql://…; else the state folder's";

/// The registry of --registry, else of the state folder.
[[nodiscard]] Result<std::unique_ptr<registry::Registry>> open_owners_registry(const Invocation& invocation,
                                                                               const std::string& url);

/// Waits, two seconds at most, until every live server has said that it acts on the version.
[[nodiscard]] Result<registry::Enforcement> await_enforcement(registry::Registry& registry, const std::string& name,
                                                              std::uint64_t version);

/// "login@host", now.
[[nodiscard]] registry::Change change_by_owner();

}  // namespace cotter::cli
