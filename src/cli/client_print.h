// How clients and changes to them are printed.
#pragma once

#include "cli/invocation.h"
#include "registry/registry.h"

#include <string>
#include <string_view>
#include <vector>

namespace cotter::cli {

/// How a change that servers act on is told when it is done.
struct Done {
    std::string_view word;      ///< in JSON
    std::string_view sentence;  ///< before the client's name
    bool can_close_streams;
};

void print_added(const Invocation& invocation, const registry::ClientName& name,
                 const std::vector<registry::NewKey>& keys, std::optional<x509::Time> expires,
                 const registry::Enforcement& enforcement);
void print_list(const Invocation& invocation, const std::vector<registry::Client>& clients, x509::Time now);
void print_client(const Invocation& invocation, const registry::Client& client, const registry::Activity& activity,
                  const std::vector<audit::Entry>& audit, x509::Time now);
/// Each rule as `cotter client rules` takes it.
[[nodiscard]] std::vector<std::string> rule_lines(const trust::ClientRules& rules);
/// Null: there are none.
void print_rules(const Invocation& invocation, const registry::ClientName& name, const trust::ClientRules* rules);
void print_enforced(const Invocation& invocation, const Done& done, const registry::ClientName& name,
                    const registry::Enforcement& enforcement);

}  // namespace cotter::cli
