// Days and names.
#include "formats/app_policy.h"

#include "text/escape.h"
#include "text/time.h"

#include <algorithm>
#include <unordered_map>

namespace cotter::formats {

Result<trust::Time> beginning_of_day(std::string_view text) {
    constexpr std::string_view kShape = "0000-00-00";
    const bool has_shape = std::ranges::equal(
        text, kShape, [](char c, char shape) { return shape == '0' ? c >= '0' && c <= '9' : c == shape; });
    const auto time = has_shape ? text::parse_rfc3339(std::string(text) + "T00:00:00Z")
                                : Result<trust::Time>(failed("bad_date", {}, {}));
    if (!time) {
        return malformed("bad_date", "reading the date \"" + text::escape(text, 40) + "\"",
                         "it is no day of the years 1970 to 9999", "write it as 2027-06-01");
    }
    return *time;
}

std::string day_from(trust::Time time) {
    constexpr std::size_t kDaySize = 10;
    constexpr std::chrono::sys_days kLast = std::chrono::year(9999) / 12 / 31;
    const std::chrono::sys_days day = std::min(std::chrono::ceil<std::chrono::days>(time), kLast);
    return text::rfc3339(day).substr(0, kDaySize);
}

Loss local_midnight(std::string_view host, std::string_view day) {
    return {
        "local_midnight", std::string(host),
        "the pins end there as " + std::string(day) + " begins on the device's own clock, here as it begins in UTC"};
}

bool is_covered(const trust::HostPattern& host, const std::vector<trust::PolicyEntry>& entries) {
    const HostPort asked{host.base(), host.port().value_or(1)};
    return std::ranges::any_of(entries, [&](const trust::PolicyEntry& other) {
        return other.policy.mode != trust::Mode::kOff && trust::looks_at_pins(other.policy.trust) &&
               other.host.reaches(asked) == trust::Reach::kSubdomain;
    });
}

PartedByMode parted_by_mode(const std::vector<trust::PolicyEntry>& entries, const Room& room, std::vector<Loss>& lost) {
    PartedByMode parted;
    for (const trust::PolicyEntry& entry : entries) {
        const trust::HostPattern& host = entry.host;
        if (entry.policy.mode != trust::Mode::kOff) {
            parted.pinned.push_back(entry);
            continue;
        }
        const bool is_writable = !host.port() && !host.is_wildcard() &&
                                 (room.subdomains || !host.includes_subdomains()) &&
                                 (room.addresses || !host.base().is_address());
        if (!entry.policy.deny.empty()) {
            lost.push_back({"deny", host.to_string(),
                            "the list of denied pins is left out: a chain that holds one of them is trusted there"});
        }
        if (is_writable && is_covered(host, entries)) {
            parted.off.push_back(entry);
            continue;
        }
        lost.push_back({"mode_off", host.to_string(),
                        is_writable ? "the entry says that pins don't count for it, and nothing pins it there either: "
                                      "left out"
                                    : "the entry says that pins don't count for it; " + std::string(room.format) +
                                          " can't say so of this host, and a wider entry may cover it there"});
    }
    return parted;
}

Result<void> names_stand_once(const std::vector<const trust::PolicyEntry*>& entries, std::string_view format) {
    std::unordered_map<std::string, const trust::PolicyEntry*> known;
    for (const trust::PolicyEntry* entry : entries) {
        const std::string name = entry->host.base().to_string();
        const auto [other, is_new] = known.emplace((entry->host.is_wildcard() ? "*." : "") + name, entry);
        if (is_new) continue;
        return malformed("one_name_twice", "writing the policy as " + std::string(format),
                         other->second->host.to_string() + " and " + entry->host.to_string() +
                             " have the same name, and it knows no ports",
                         "keep one of them");
    }
    return {};
}

}  // namespace cotter::formats
