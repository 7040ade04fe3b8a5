// From entries to Android's XML.
#include "formats/android.h"
#include "formats/app_policy.h"
#include "formats/losses.h"
#include "formats/xml_reader.h"
#include "text/encoding.h"

namespace cotter::formats {
namespace {

constexpr Room kRoom{.format = "Android",
                     .names_hosts = true,
                     .subdomains = true,
                     .reports = true,
                     .ending = Ending::kOpen,
                     .path = Path::kAlways,
                     .positions = Positions::kAny};

std::string domain_of(const trust::HostPattern& host) {
    return "    <domain includeSubdomains=\"" + std::string(host.includes_subdomains() ? "true" : "false") + "\">" +
           xml_escaped(host.base().to_string()) + "</domain>\n";
}

std::string pin_set_of(const WritableEntry& entry, std::vector<Loss>& lost) {
    std::string text = "    <pin-set";
    if (entry.expires) {
        const std::string day = day_from(*entry.expires);
        text += " expiration=\"" + day + "\"";
        lost.push_back(local_midnight(entry.entry->host.to_string(), day));
    }
    text += ">\n";
    for (const trust::PolicyPin& pin : entry.pins) {
        text += "      <pin digest=\"SHA-256\">" + xml_escaped(text::base64(pin.pin.octets())) + "</pin>\n";
    }
    return text + "    </pin-set>\n";
}

}  // namespace

Result<Exported> export_android(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    Exported exported;
    const auto [pinned, unpinned] = parted_by_mode(entries, kRoom, exported.lost);
    const auto writable_entries = writable(pinned, kRoom, now, exported.lost);
    if (!writable_entries) return unexpected(writable_entries.error());
    std::vector<const trust::PolicyEntry*> named;
    for (const WritableEntry& entry : *writable_entries) named.push_back(entry.entry);
    for (const trust::PolicyEntry& entry : unpinned) named.push_back(&entry);
    if (auto done = names_stand_once(named, kRoom.format); !done) return unexpected(done.error());

    exported.text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<network-security-config>\n";
    const std::string begin = "  <domain-config cleartextTrafficPermitted=\"false\">\n";
    const std::string end = "  </domain-config>\n";
    for (const WritableEntry& entry : *writable_entries) {
        exported.text += begin + domain_of(entry.entry->host) + pin_set_of(entry, exported.lost);
        if (entry.entry->policy.mode == trust::Mode::kReport) {
            exported.text += "    <trustkit-config enforcePinning=\"false\"/>\n";
            exported.lost.push_back({"report_only", entry.entry->host.to_string(),
                                     "only TrustKit can be told to report: Android itself refuses a wrong pin"});
        }
        exported.text += end;
    }
    for (const trust::PolicyEntry& entry : unpinned) exported.text += begin + domain_of(entry.host) + end;
    exported.text += "</network-security-config>\n";
    return exported;
}

}  // namespace cotter::formats
