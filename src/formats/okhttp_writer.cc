// Writing pins as calls.
#include "formats/losses.h"
#include "formats/okhttp.h"
#include "formats/wider_pins.h"

namespace cotter::formats {

Result<Exported> export_okhttp(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    constexpr Room kRoom{.format = "OkHttp", .names_hosts = true, .wildcards = true, .subdomains = true};
    Exported result;
    const auto written = writable(entries, kRoom, now, result.lost);
    if (!written) return unexpected(written.error());
    std::vector<trust::PolicyEntry> told;
    for (const WritableEntry& one : *written) {
        told.push_back(*one.entry);
        told.back().policy.pins = one.pins;
    }
    if (const auto clash = first_clash(told, Ports::kNone)) {
        return malformed("wider_pins", "writing the policy as OkHttp",
                         "there, the pins of " + told[clash->adds].host.to_string() + " would count for " +
                             told[clash->counts].host.to_string() +
                             ", too, which would trust more than the policy does",
                         "write them apart: --host NAME");
    }
    result.text = "CertificatePinner.Builder()\n";
    for (const trust::PolicyEntry& entry : told) {
        const trust::HostPattern& host = entry.host;
        // Neither a host name nor base64 has a character that means something in quotes.
        result.text += std::string("    .add(\"") +
                       (host.is_wildcard()           ? "*."
                        : host.includes_subdomains() ? "**."
                                                     : "") +
                       host.base().to_string() + "\"";
        for (const trust::PolicyPin& pin : entry.policy.pins) result.text += ", \"" + pin.pin.to_string() + "\"";
        result.text += ")\n";
    }
    result.text += "    .build()\n";
    return result;
}

}  // namespace cotter::formats
