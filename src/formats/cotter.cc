// From entries to TOML.
#include "formats/cotter.h"

#include "formats/policy_file.h"
#include "text/escape.h"
#include "text/time.h"
#include "trust/words.h"

#include <algorithm>

namespace cotter::formats {
namespace {

using trust::PolicyEntry;
using trust::PolicyPin;

/// A basic string (TOML 1.0). Characters that don't show, or change how others look, are written by number: the same
/// text to a reader of TOML, and harmless on a terminal.
std::string toml_text(std::string_view value) {
    const std::string escaped = text::escape(value, 8 * value.size() + 8);
    std::string result = "\"";
    for (std::size_t i = 0; i < escaped.size(); ++i) {
        const std::string_view rest = std::string_view(escaped).substr(i);
        if (rest.starts_with("\\\\")) {
            result += "\\\\";
            ++i;
        } else if (rest.starts_with("\\x")) {
            result += "\\u00" + escaped.substr(i + 2, 2);
            i += 3;
        } else if (rest.starts_with("\\u{")) {
            const std::size_t digits = rest.find('}') - 3;
            result += (digits == 4 ? "\\u" : "\\U00") + escaped.substr(i + 3, digits);
            i += digits + 3;
        } else if (escaped[i] == '"') {
            result += "\\\"";
        } else {
            result += escaped[i];
        }
    }
    return result + "\"";
}

bool is_plain(const PolicyPin& pin) {
    return pin.role == trust::PinRole::kPrimary && pin.label.empty() && !pin.expires && pin.approved_by.empty();
}

template <class Pins, class TextOf>
void write_list(std::string& into, std::string_view key, const Pins& pins, const TextOf& pin_text) {
    into += std::string(key) + " = [\n";
    for (const auto& pin : pins) into += "  " + toml_text(pin_text(pin)) + ",\n";
    into += "]\n";
}

void write_pin(std::string& into, const PolicyPin& pin) {
    into += "\n[[host.pin]]\npin = " + toml_text(pin.pin.to_string()) + "\n";
    if (pin.role != trust::PinRole::kPrimary) into += "role = " + toml_text(text_of(pin.role)) + "\n";
    if (!pin.label.empty()) into += "label = " + toml_text(pin.label) + "\n";
    if (pin.expires) into += "expires = " + text::rfc3339(*pin.expires) + "\n";
    if (!pin.approved_by.empty()) into += "approved_by = " + toml_text(pin.approved_by) + "\n";
}

void write_entry(std::string& into, const PolicyEntry& entry) {
    const trust::HostPattern& host = entry.host;
    const trust::ServerPolicy& policy = entry.policy;
    into += "\n[[host]]\nname = " + toml_text((host.is_wildcard() ? "*." : "") + host.base().to_string()) + "\n";
    if (host.port()) into += "port = " + std::to_string(*host.port()) + "\n";
    if (host.includes_subdomains()) into += "include_subdomains = true\n";
    into += "trust = " + toml_text(trust::text_of(policy.trust)) + "\n";
    if (policy.match != trust::Match::kLeaf) into += "match = " + toml_text(trust::text_of(policy.match)) + "\n";
    if (policy.mode != trust::Mode::kEnforce) into += "mode = " + toml_text(text_of(policy.mode)) + "\n";
    if (policy.expires) into += "expires = " + text::rfc3339(*policy.expires) + "\n";
    if (policy.on_expiry == trust::OnExpiry::kChain) into += "on_expiry = \"chain\"\n";
    if (policy.require_backup) into += "require_backup = true\n";
    // The reader takes the short list before the long forms: from the first pin that needs one on, all have it, and the
    // order stays.
    const auto first_long = std::ranges::find_if_not(policy.pins, is_plain);
    if (policy.pins.empty() && trust::looks_at_pins(policy.trust)) into += "pins = []\n";
    if (first_long != policy.pins.begin()) {
        write_list(into, "pins", std::ranges::subrange(policy.pins.begin(), first_long),
                   [](const PolicyPin& pin) { return pin.pin.to_string(); });
    }
    if (!policy.deny.empty()) write_list(into, "deny", policy.deny, [](const Pin& pin) { return pin.to_string(); });
    for (auto pin = first_long; pin != policy.pins.end(); ++pin) write_pin(into, *pin);
}

}  // namespace

Result<Imported> import_cotter(std::string_view text, const ImportContext& context) {
    const auto set = parse_policy(text, context.source, context.folder);
    if (!set) return unexpected(set.error());
    return Imported{set->entries()};
}

Result<Exported> export_cotter(const std::vector<PolicyEntry>& entries, trust::Time /*now*/) {
    Exported result{"version = 1\n"};
    for (const PolicyEntry& entry : entries) write_entry(result.text, entry);
    if (const auto again = parse_policy(result.text, "the policy to write", {}); !again)
        return unexpected(again.error());
    return result;
}

}  // namespace cotter::formats
