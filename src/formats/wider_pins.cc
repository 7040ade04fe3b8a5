// Which entries share hosts, and whose pins count there.
#include "formats/wider_pins.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cotter::formats {
namespace {

using trust::HostPattern;
using trust::PolicyEntry;
using trust::PolicyPin;

std::string name_of(const HostPattern& pattern) {
    return pattern.base().to_string();
}

/// On label boundaries.
bool is_below(std::string_view name, std::string_view parent) {
    return name.size() > parent.size() && name.ends_with(parent) && name[name.size() - parent.size() - 1] == '.';
}

bool is_one_below(std::string_view name, std::string_view parent) {
    return is_below(name, parent) && name.find('.') == name.size() - parent.size() - 1;
}

/// Whether every name of `narrow` is one of `wide`; ports apart.
bool covers_names(const HostPattern& wide, const HostPattern& narrow) {
    const std::string parent = name_of(wide);
    const std::string name = name_of(narrow);
    if (wide.includes_subdomains()) return name == parent || is_below(name, parent);
    if (wide.is_wildcard()) {
        return narrow.is_wildcard() ? name == parent : !narrow.includes_subdomains() && is_one_below(name, parent);
    }
    return !narrow.is_wildcard() && !narrow.includes_subdomains() && name == parent;
}

/// Whether some name is of both.
bool share_a_name(const HostPattern& one, const HostPattern& other) {
    if (covers_names(one, other) || covers_names(other, one)) return true;
    // What is left: a star, and below it the name of an entry with subdomains.
    const auto meet = [](const HostPattern& star, const HostPattern& below) {
        return star.is_wildcard() && below.includes_subdomains() && is_one_below(name_of(below), name_of(star));
    };
    return meet(one, other) || meet(other, one);
}

bool covers_ports(const HostPattern& wide, const HostPattern& narrow) {
    return !wide.port() || wide.port() == narrow.port();
}

bool share_a_port(const HostPattern& one, const HostPattern& other) {
    return !one.port() || !other.port() || one.port() == other.port();
}

void add(std::vector<PolicyPin>& pins, const PolicyPin& more) {
    const auto same = std::ranges::find(pins, more.pin, &PolicyPin::pin);
    if (same == pins.end()) {
        pins.push_back(more);
    } else if (same->expires && (!more.expires || *more.expires > *same->expires)) {
        same->expires = more.expires;
    }
}

bool has_all(const PolicyEntry& entry, const PolicyEntry& pins_of) {
    return std::ranges::all_of(pins_of.policy.pins, [&](const PolicyPin& pin) {
        return std::ranges::find(entry.policy.pins, pin.pin, &PolicyPin::pin) != entry.policy.pins.end();
    });
}

/// Whether `one` is judged by for the names that both have (INTERFACE 6: exact, one label, then the longest suffix).
bool counts_before(const HostPattern& one, const HostPattern& other) {
    const auto is_exact = [](const HostPattern& pattern) {
        return !pattern.is_wildcard() && !pattern.includes_subdomains();
    };
    if (is_exact(one) != is_exact(other)) return is_exact(one);
    const std::string name = name_of(one);
    const std::string parent = name_of(other);
    // An entry with subdomains is exact for its own name.
    if (one.is_wildcard() != other.is_wildcard()) {
        return one.is_wildcard() ? !is_one_below(parent, name) : is_one_below(name, parent);
    }
    return name.size() >= parent.size();
}

/// Finds the entries that may share hosts with a given one, without looking at all of them.
class Neighbours {
  public:
    explicit Neighbours(const std::vector<PolicyEntry>& entries) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const HostPattern& host = entries[i].host;
            index_.emplace(key(kind_of(host), name_of(host)), i);
        }
    }

    /// Those of which a pattern covers all that `narrow` does, ports apart, or overlaps with it; itself among them.
    [[nodiscard]] std::vector<std::size_t> wider_than(const HostPattern& narrow) const {
        std::vector<std::size_t> found;
        const std::string name = name_of(narrow);
        const std::size_t dot = name.find('.');
        const std::string parent = dot == std::string::npos ? "" : name.substr(dot + 1);
        if (kind_of(narrow) == Kind::kName) collect(key(Kind::kName, name), found);
        collect(key(Kind::kStar, narrow.is_wildcard() ? name : parent), found);
        for (std::string_view above = name;;) {
            collect(key(Kind::kBelow, above), found);
            const std::size_t next = above.find('.');
            if (next == std::string_view::npos) return found;
            above.remove_prefix(next + 1);
        }
    }

    /// Entries with subdomains of that very name.
    [[nodiscard]] std::vector<std::size_t> with_subdomains(const HostPattern& host) const {
        std::vector<std::size_t> found;
        collect(key(Kind::kBelow, name_of(host)), found);
        return found;
    }

  private:
    enum class Kind : char { kName = 'n', kStar = 's', kBelow = 'b' };

    static Kind kind_of(const HostPattern& pattern) {
        return pattern.is_wildcard() ? Kind::kStar : pattern.includes_subdomains() ? Kind::kBelow : Kind::kName;
    }
    static std::string key(Kind kind, std::string_view name) { return static_cast<char>(kind) + std::string(name); }

    void collect(const std::string& key, std::vector<std::size_t>& into) const {
        const auto [begin, end] = index_.equal_range(key);
        for (auto one = begin; one != end; ++one) into.push_back(one->second);
    }

    std::unordered_multimap<std::string, std::size_t> index_;
};

/// Of a name, and the same name with those below it, a policy has one: the wider, whose pins alone count then.
void drop_names_of_wider(std::vector<PolicyEntry>& entries, std::vector<Loss>& lost) {
    const std::vector<PolicyEntry> original = entries;
    const Neighbours neighbours(original);
    std::erase_if(entries, [&](const PolicyEntry& narrow) {
        if (narrow.host.is_wildcard() || narrow.host.includes_subdomains()) return false;
        for (const std::size_t i : neighbours.with_subdomains(narrow.host)) {
            if (original[i].host.port() != narrow.host.port()) continue;
            if (!has_all(original[i], narrow)) {
                lost.push_back(
                    {"overlap", narrow.host.to_string(),
                     "the pins for that name alone are left out: here they would count for names below it as "
                     "well"});
            }
            return true;
        }
        return false;
    });
}

}  // namespace

void add_wider_pins(std::vector<PolicyEntry>& entries, std::vector<Loss>& lost) {
    drop_names_of_wider(entries, lost);
    const std::vector<PolicyEntry> original = entries;
    const Neighbours neighbours(original);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const HostPattern& narrow = original[i].host;
        for (const std::size_t j : neighbours.wider_than(narrow)) {
            const HostPattern& wide = original[j].host;
            if (i == j) continue;
            if (covers_names(wide, narrow) && covers_ports(wide, narrow)) {
                for (const PolicyPin& pin : original[j].policy.pins) add(entries[i].policy.pins, pin);
            } else if (share_a_name(wide, narrow) && share_a_port(wide, narrow) && !covers_names(narrow, wide) &&
                       counts_before(narrow, wide) && !has_all(original[i], original[j])) {
                lost.push_back({"overlap", narrow.to_string(),
                                "the pins of " + wide.to_string() + " count there, too, for " + name_of(narrow) +
                                    " itself; here they don't, since they would for names below it as well"});
            }
        }
    }
}

std::optional<Clash> first_clash(const std::vector<PolicyEntry>& entries, Ports ports) {
    const auto counts = [&](const HostPattern& one, const HostPattern& other) {
        // Without ports two entries of one host are one host; with them the one that says its port comes first.
        if (covers_names(one, other) && covers_names(other, one))
            return ports == Ports::kNone || one.port().has_value();
        return counts_before(one, other);
    };
    const Neighbours neighbours(entries);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        for (const std::size_t j : neighbours.wider_than(entries[i].host)) {
            if (i == j || !share_a_name(entries[i].host, entries[j].host)) continue;
            if (ports == Ports::kSaid && !share_a_port(entries[i].host, entries[j].host)) continue;
            for (const auto& [one, other] : {std::pair{i, j}, std::pair{j, i}}) {
                if (counts(entries[one].host, entries[other].host) && !has_all(entries[one], entries[other])) {
                    return Clash{one, other};
                }
            }
        }
    }
    return std::nullopt;
}

}  // namespace cotter::formats
