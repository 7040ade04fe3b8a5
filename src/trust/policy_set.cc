// The index: one key for each way in which an entry reaches hosts.
#include "trust/policy_set.h"

namespace cotter::trust {
namespace {

constexpr std::uint16_t kAnyPort = 0;

/// No name holds a slash, so no two different things have the same key.
std::string key_of(Reach reach, std::string_view name, std::uint16_t port) {
    return std::to_string(static_cast<int>(reach)) + "/" + std::to_string(port) + "/" + std::string(name);
}

std::vector<Reach> reaches_of(const HostPattern& pattern) {
    if (pattern.is_wildcard()) return {Reach::kOneLabel};
    if (pattern.includes_subdomains()) return {Reach::kExact, Reach::kSubdomain};
    return {Reach::kExact};
}

}  // namespace

Result<PolicySet> PolicySet::from(std::vector<PolicyEntry> entries) {
    PolicySet set;
    set.entries_ = std::move(entries);
    for (std::size_t i = 0; i < set.entries_.size(); ++i) {
        const HostPattern& host = set.entries_[i].host;
        for (const Reach reach : reaches_of(host)) {
            const auto [place, is_new] =
                set.index_.emplace(key_of(reach, host.base().to_string(), host.port().value_or(kAnyPort)), i);
            if (!is_new) {
                return malformed("duplicate_host", "reading the policy",
                                 "two entries are for " + host.to_string() + ": number " +
                                     std::to_string(place->second + 1) + " and number " + std::to_string(i + 1),
                                 "keep one of them");
            }
        }
    }
    return set;
}

const PolicyEntry* PolicySet::at(Reach reach, std::string_view name, std::uint16_t port) const {
    for (const std::uint16_t tried : {port, kAnyPort}) {
        const auto found = index_.find(key_of(reach, name, tried));
        if (found != index_.end()) return &entries_[found->second];
    }
    return nullptr;
}

const PolicyEntry* PolicySet::find(const HostPort& host) const {
    const std::string name = host.host.to_string();
    if (const PolicyEntry* exact = at(Reach::kExact, name, host.port)) return exact;
    if (host.host.is_address()) return nullptr;
    std::string_view parent = name;
    for (bool is_first = true;; is_first = false) {
        const std::size_t dot = parent.find('.');
        if (dot == std::string_view::npos) return nullptr;
        parent.remove_prefix(dot + 1);
        if (is_first) {
            if (const PolicyEntry* wildcard = at(Reach::kOneLabel, parent, host.port)) return wildcard;
        }
        if (const PolicyEntry* suffix = at(Reach::kSubdomain, parent, host.port)) return suffix;
    }
}

}  // namespace cotter::trust
