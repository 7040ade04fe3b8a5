// kubeadm's hashes, both ways.
#include "formats/kubeadm.h"

#include "formats/document.h"
#include "formats/losses.h"
#include "formats/reading.h"
#include "formats/shell_words.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>

namespace cotter::formats {
namespace {

constexpr std::string_view kName = "kubeadm";
constexpr std::string_view kOption = "--discovery-token-ca-cert-hash";
constexpr std::string_view kPrefix = "sha256:";
constexpr std::string_view kListKey = "caCertHashes";
constexpr std::uint16_t kApiPort = 6443;
constexpr Room kRoom{.format = kName, .path = Path::kNever, .positions = Positions::kIssuer};

Result<Pin> pin_of(std::string_view value) {
    if (!value.starts_with(kPrefix)) {
        return malformed("pin_unknown_form", "reading the hash of a CA's key",
                         "kubeadm's hashes begin with sha256: and go on in hex");
    }
    return pin_from_hex(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, value.substr(kPrefix.size()));
}

/// The pins and the server that a text names.
struct Found {
    trust::ServerPolicy policy;
    std::string server;
    Place server_place{};
};

/// The comma-separated values of one option.
Result<void> add_pins(std::string_view values, trust::ServerPolicy& policy) {
    for (;;) {
        const std::size_t comma = std::min(values.find(','), values.size());
        auto pin = pin_of(values.substr(0, comma));
        if (!pin) return unexpected(pin.error());
        add_pin(policy, std::move(*pin));
        if (comma == values.size()) return {};
        values.remove_prefix(comma + 1);
    }
}

Result<Found> from_command(std::string_view text, const ImportContext& context) {
    const auto words = shell_words(text, context);
    if (!words) return unexpected(words.error());
    const auto values = option_values(*words, kOption, text, context);
    if (!values) return unexpected(values.error());
    Found found;
    for (const ShellWord& value : *values) {
        const Place place = place_at(context.source, text, value.offset);
        if (auto done = add_pins(value.text, found.policy); !done) return placed(done.error(), place);
    }
    const auto join = std::ranges::find(*words, "join", &ShellWord::text);
    if (join != words->end() && join + 1 != words->end() && !(join + 1)->text.starts_with('-')) {
        found.server = (join + 1)->text;
        found.server_place = place_at(context.source, text, (join + 1)->offset);
    }
    return found;
}

/// The map that has the list, wherever it stands. Depth is bounded by the reader.
// NOLINTNEXTLINE(misc-no-recursion)
void collect(const Document& value, std::vector<const Document*>& into) {
    if (value.find(kListKey) != nullptr) into.push_back(&value);
    for (const Document& item : value.items) collect(item, into);
}

Result<Found> from_configuration(std::string_view text, const ImportContext& context) {
    const auto documents = read_yaml(text, context.source);
    if (!documents) return unexpected(documents.error());
    std::vector<const Document*> maps;
    for (const Document& document : *documents) collect(document, maps);
    if (maps.size() != 1) {
        return refuse_at(context, text, 0, maps.empty() ? "no_pins" : "two_lists",
                         maps.empty() ? "there is no caCertHashes in it" : "there is more than one caCertHashes in it");
    }
    Fields fields(*maps.front(), context.source);
    const auto hashes = fields.texts(kListKey);
    if (!hashes) return unexpected(hashes.error());
    const auto server = fields.text("apiServerEndpoint");
    if (!server) return unexpected(server.error());
    Found found;
    for (const Document* hash : *hashes) {
        auto pin = pin_of(hash->text);
        if (!pin) return placed(pin.error(), place_of(context.source, *hash));
        add_pin(found.policy, std::move(*pin));
    }
    if (*server) {
        found.server = **server;
        found.server_place = place_of(context.source, *maps.front()->find("apiServerEndpoint"));
    }
    return found;
}

Result<trust::HostPattern> host_of(const Found& found, const ImportContext& context) {
    if (context.host || found.server.empty()) return host_from(context, kName);
    const auto server = HostPort::parse(found.server, kApiPort);
    if (!server) return placed(server.error(), found.server_place);
    auto host = trust::HostPattern::parse(server->host.to_string(), server->port, false);
    if (!host) return placed(host.error(), found.server_place);
    return host;
}

}  // namespace

Result<Imported> import_kubeadm(std::string_view text, const ImportContext& context) {
    auto found = text.contains(kListKey) ? from_configuration(text, context) : from_command(text, context);
    if (!found) return unexpected(found.error());
    if (found->policy.pins.empty()) {
        return refuse_at(context, text, 0, "no_pins", "there is no pin in it",
                         "a pin is --discovery-token-ca-cert-hash sha256:HEX");
    }
    found->policy.trust = trust::TrustMode::kPins;
    found->policy.match = trust::Match::kIssuer;
    auto host = host_of(*found, context);
    if (!host) return unexpected(host.error());
    Imported imported;
    imported.lost.push_back({"ca_presented", host->to_string(),
                             "kubeadm is told the CA's certificate by the cluster; here the pin counts only where the "
                             "server presents that certificate in its chain"});
    imported.entries.push_back({std::move(*host), std::move(found->policy)});
    return imported;
}

Result<Exported> export_kubeadm(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    Exported exported;
    const auto writable_entries = writable(entries, kRoom, now, exported.lost);
    if (!writable_entries) return unexpected(writable_entries.error());
    for (const trust::PolicyPin& pin : writable_entries->front().pins) {
        exported.text += std::string(kOption) + "=" + std::string(kPrefix) + text::hex(pin.pin.octets()) + "\n";
    }
    return exported;
}

}  // namespace cotter::formats
