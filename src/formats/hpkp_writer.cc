// Writing pins as a header field.
#include "formats/hpkp.h"

#include "formats/losses.h"
#include "text/encoding.h"
#include "text/time.h"

namespace cotter::formats {

std::string hpkp_directive(const Pin& pin) {
    return "pin-sha256=\"" + text::base64(pin.octets()) + "\"";
}

Result<Exported> export_hpkp(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    constexpr Room kRoom{.format = "HPKP", .reports = true, .ending = Ending::kOpen};
    Exported result;
    const auto written = writable(entries, kRoom, now, result.lost);
    if (!written) return unexpected(written.error());
    const WritableEntry& one = written->front();
    const trust::HostPattern& host = one.entry->host;
    const std::string name = host.to_string();
    const std::string what = "writing the entry of " + name + " as HPKP";
    if (host.base().is_address()) return malformed("address_host", what, "for an address such a header is ignored");
    if (host.is_wildcard()) {
        return malformed("wildcard_host", what, "a header is of the host that sends it", "choose one with --host NAME");
    }
    if (one.pins.size() < 2) {
        return malformed("no_backup", what, "with one pin alone a browser ignores the header (RFC 7469, 2.5)",
                         "make the next key now, keep it off line, and add its pin with role = \"backup\"");
    }
    if (host.port()) {
        result.lost.push_back({"port", name, "the header counts for every port of the host"});
    }
    const bool is_report = one.entry->policy.mode == trust::Mode::kReport;
    result.text = is_report ? "Public-Key-Pins-Report-Only: " : "Public-Key-Pins: ";
    for (std::size_t i = 0; i < one.pins.size(); ++i)
        result.text += (i == 0 ? "" : "; ") + hpkp_directive(one.pins[i].pin);
    // In a header that only reports, max-age means nothing (2.1.2).
    if (!is_report) {
        const bool ends_before = one.expires && *one.expires - now < kMostHpkpAge;
        const std::chrono::seconds age = ends_before ? *one.expires - now : kMostHpkpAge;
        if (age.count() == 0) {
            return malformed("policy_expired", what, "it ends this very second, and max-age=0 takes pins back");
        }
        result.text += "; max-age=" + std::to_string(age.count());
        if (!ends_before) {
            result.lost.push_back({"max_age", name,
                                   "a browser forgets the pins 60 days after it has last seen the header, and then "
                                   "trusts any valid chain"});
        }
    }
    if (host.includes_subdomains()) result.text += "; includeSubDomains";
    result.text += "\n";
    return result;
}

}  // namespace cotter::formats
