// How clients and changes to them are printed.
#pragma once

#include "cli/invocation.h"
#include "registry/registry.h"

#include <string_view>
#include <vector>

namespace cotter::cli {

void print_added(const Invocation& invocation, const registry::ClientName& name,
                 const std::vector<registry::NewKey>& keys, std::optional<x509::Time> expires);
void print_list(const Invocation& invocation, const std::vector<registry::Client>& clients, x509::Time now);
void print_client(const Invocation& invocation, const registry::Client& client, const registry::Activity& activity,
                  const std::vector<registry::AuditEntry>& audit, x509::Time now);
void print_enforced(const Invocation& invocation, std::string_view done, const registry::ClientName& name,
                    const registry::Enforcement& enforcement);
/// On standard error, if there is a server that has not said yet that it acts on the change.
void warn_of_late_servers(const registry::Enforcement& enforcement);

}  // namespace cotter::cli
