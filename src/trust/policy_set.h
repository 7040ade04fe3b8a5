// PolicySet: the entries of a policy, and the one that a host is judged by. What a policy looks like in a file is the
// business of the room `formats`.
#pragma once

#include "trust/host_pattern.h"
#include "trust/policy.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace cotter::trust {

struct PolicyEntry {
    HostPattern host;
    ServerPolicy policy;
};

/// Immutable, and found in by an index: the same answer for one entry and for 100,000 (INVARIANT A64).
class PolicySet {
  public:
    PolicySet() = default;
    /// Two entries that are equally specific for some host are an Error that names them.
    [[nodiscard]] static Result<PolicySet> from(std::vector<PolicyEntry> entries);

    /// The most specific entry that covers it: exact name and port, exact name, one-label wildcard, then the longest
    /// subdomain suffix; where two reach equally, the one with the port. Null if none does. Valid as long as this set.
    [[nodiscard]] const PolicyEntry* find(const HostPort& host) const;

    [[nodiscard]] const std::vector<PolicyEntry>& entries() const { return entries_; }

  private:
    [[nodiscard]] const PolicyEntry* at(Reach reach, std::string_view name, std::uint16_t port) const;

    std::vector<PolicyEntry> entries_;
    std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace cotter::trust
