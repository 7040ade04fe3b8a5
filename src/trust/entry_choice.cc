// Saying why an entry is not the one.
#include "trust/entry_choice.h"

namespace cotter::trust {
namespace {

std::string_view name_of(Reach reach) {
    switch (reach) {
        case Reach::kExact: return "its exact name";
        case Reach::kOneLabel: return "one label";
        case Reach::kSubdomain: return "its suffix";
    }
    return "";
}

std::string why_it_decides(const HostPattern& pattern, Reach reach) {
    return "reaches it by " + std::string(name_of(reach)) + (pattern.port() ? " and port" : ", at every port");
}

/// Why an entry doesn't reach the host at all.
std::string why_not(const HostPattern& pattern, const HostPort& host) {
    if (pattern.port() && *pattern.port() != host.port) {
        const auto anywhere = HostPattern::parse((pattern.is_wildcard() ? "*." : "") + pattern.base().to_string(),
                                                 std::nullopt, pattern.includes_subdomains());
        if (anywhere && anywhere->reaches(host)) return "is for port " + std::to_string(*pattern.port());
    }
    const std::string name = host.host.to_string();
    const std::string base = pattern.base().to_string();
    if (name == base) return "a star is exactly one label, so it never stands for the name itself";
    if (!name.ends_with("." + base)) return "is for another name";
    if (pattern.is_wildcard()) return "a star is exactly one label";
    return "does not include subdomains";
}

/// Why an entry that reaches the host is less specific than the one that decides.
std::string why_less(const PolicyEntry& entry, Reach reach, const PolicyEntry& decisive, Reach decisive_reach) {
    const std::string by = " than " + decisive.host.to_string();
    if (reach != decisive_reach) {
        return "reaches it by " + std::string(name_of(reach)) + ", which is less specific" + by;
    }
    if (entry.host.base() != decisive.host.base()) return "is for a shorter suffix" + by;
    return "is for every port, which is less specific" + by;
}

}  // namespace

std::vector<EntryChoice> choices_for(const PolicySet& set, const HostPort& host) {
    const PolicyEntry* const decisive = set.find(host);
    std::vector<EntryChoice> choices;
    for (std::size_t i = 0; i < set.entries().size(); ++i) {
        const PolicyEntry& entry = set.entries()[i];
        const auto reach = entry.host.reaches(host);
        EntryChoice choice{i, &entry == decisive, reach.has_value(), {}};
        if (choice.decides && reach) {
            choice.why = why_it_decides(entry.host, *reach);
        } else if (reach && decisive != nullptr) {
            choice.why = why_less(entry, *reach, *decisive, *decisive->host.reaches(host));
        } else {
            choice.why = why_not(entry.host, host);
        }
        choices.push_back(std::move(choice));
    }
    return choices;
}

}  // namespace cotter::trust
