// stubby's upstreams, both ways.
#include "formats/stubby.h"

#include "formats/document.h"
#include "formats/losses.h"
#include "formats/reading.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <charconv>
#include <set>
#include <utility>

namespace cotter::formats {
namespace {

constexpr std::string_view kName = "stubby";
constexpr std::uint16_t kDefaultPort = 853;
constexpr Room kRoom{
    .format = kName, .names_hosts = true, .ports = true, .path = Path::kNever, .positions = Positions::kAny};

class UpstreamReader {
  public:
    UpstreamReader(const Document& map, const ImportContext& context, std::vector<Loss>& lost)
        : map_(map), fields_(map, context.source), source_(context.source), lost_(lost) {}

    /// Nothing: it has no pins, and a Loss says so.
    Result<std::optional<trust::PolicyEntry>> read() {
        auto host = read_host();
        if (!host) return unexpected(host.error());
        const auto name = fields_.text("tls_auth_name");
        if (!name) return unexpected(name.error());
        const auto pinset = fields_.list("tls_pubkey_pinset");
        if (!pinset) return unexpected(pinset.error());
        const std::string shown = host->to_string();
        if (*pinset == nullptr) {
            lost_.push_back({"no_pins", shown, "the upstream has no tls_pubkey_pinset: left out"});
            return std::nullopt;
        }
        trust::ServerPolicy policy;
        policy.trust = trust::TrustMode::kPins;
        policy.match = trust::Match::kAny;
        if (auto done = read_pins(**pinset, policy); !done) return unexpected(done.error());
        if (*name) {
            lost_.push_back({"tls_auth_name", shown,
                             "the name " + text::escape(**name, 100) +
                                 " is not carried over: the entry is for the address, and a pinned key of the server's "
                                 "own counts whatever name its certificate has"});
        }
        return trust::PolicyEntry{std::move(*host), std::move(policy)};
    }

  private:
    Result<trust::HostPattern> read_host() {
        const auto address = fields_.text("address_data");
        if (!address) return unexpected(address.error());
        if (!*address) return fields_.refuse("address_data", "no_address", "the upstream has no address_data");
        const auto literal = IpAddress::parse(**address);
        if (!literal) return placed(literal.error(), place_of(source_, *map_.find("address_data")));
        std::uint16_t port = kDefaultPort;
        if (const Document* const given = fields_.any("tls_port"); given != nullptr) {
            const std::string& digits = given->text;
            const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
            if (fault != std::errc{} || end != digits.data() + digits.size() || port == 0) {
                return fields_.refuse("tls_port", "bad_port", "a port is a number from 1 to 65535");
            }
        }
        auto host = trust::HostPattern::parse(literal->to_string(), port, false);
        if (!host) return placed(host.error(), place_of(source_, map_));
        return host;
    }

    Result<void> read_pins(const Document& pinset, trust::ServerPolicy& policy) {
        for (const Document& item : pinset.items) {
            if (!item.is_map()) return refuse_value(source_, item, "bad_type", "a pin is a digest with a value");
            Fields pin_fields(item, source_);
            const auto digest = pin_fields.text("digest");
            const auto value = pin_fields.text("value");
            if (!digest) return unexpected(digest.error());
            if (!value) return unexpected(value.error());
            if (!*digest || **digest != "sha256") {
                return pin_fields.refuse("digest", "pin_unknown_form", "stubby's pins are digest: \"sha256\"");
            }
            if (!*value) return pin_fields.refuse("value", "no_pin", "the pin has no value");
            if (const auto unread = pin_fields.unread(); !unread.empty()) {
                return pin_fields.refuse(unread.front(), "unknown_key",
                                         "a pin has no key " + text::escape(unread.front(), 64));
            }
            auto pin = pin_from_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, **value);
            if (!pin) return placed(pin.error(), place_of(source_, *item.find("value")));
            add_pin(policy, std::move(*pin));
        }
        if (policy.pins.empty()) {
            return refuse_value(source_, pinset, "empty_pinset", "the pinset is empty, which pins nothing");
        }
        return {};
    }

    const Document& map_;
    Fields fields_;
    std::string_view source_;
    std::vector<Loss>& lost_;
};

}  // namespace

Result<Imported> import_stubby(std::string_view text, const ImportContext& context) {
    const auto documents = read_yaml(text, context.source);
    if (!documents) return unexpected(documents.error());
    if (documents->size() != 1 || !documents->front().is_map()) {
        return refuse_at(context, text, 0, "bad_type", "stubby's configuration is one map of keys and values");
    }
    Fields root(documents->front(), context.source);
    const auto upstreams = root.list("upstream_recursive_servers");
    if (!upstreams) return unexpected(upstreams.error());
    if (*upstreams == nullptr) {
        return refuse_at(context, text, 0, "no_pins", "there is no upstream_recursive_servers in it");
    }
    Imported imported;
    for (const Document& upstream : (*upstreams)->items) {
        if (!upstream.is_map()) {
            return refuse_value(context.source, upstream, "bad_type", "an upstream has keys and values");
        }
        auto entry = UpstreamReader(upstream, context, imported.lost).read();
        if (!entry) return unexpected(entry.error());
        if (*entry) imported.entries.push_back(std::move(**entry));
    }
    if (imported.entries.empty()) {
        return refuse_at(context, text, 0, "no_pins", "no upstream in it has a tls_pubkey_pinset");
    }
    return imported;
}

Result<Exported> export_stubby(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    Exported exported;
    const auto writable_entries = writable(entries, kRoom, now, exported.lost);
    if (!writable_entries) return unexpected(writable_entries.error());
    exported.text = "upstream_recursive_servers:\n";
    std::set<std::pair<std::string, std::uint16_t>> known;
    for (const WritableEntry& entry : *writable_entries) {
        const trust::HostPattern& host = entry.entry->host;
        if (!host.base().is_address()) {
            return malformed("name_host", "writing the entry of " + host.to_string() + " as stubby",
                             "stubby goes to addresses, and this is a name", "give the entry the server's address");
        }
        const std::uint16_t port = host.port().value_or(kDefaultPort);
        if (!known.emplace(host.base().to_string(), port).second) {
            return malformed("one_name_twice", "writing the policy as stubby",
                             "two entries are for " + host.base().to_string() + " at port " + std::to_string(port),
                             "keep one of them");
        }
        if (!host.port()) {
            exported.lost.push_back({"port", host.to_string(), "the pins count there for port 853 alone"});
        }
        exported.text += "  - address_data: " + json_quoted(host.base().to_string()) + "\n";
        exported.text += "    tls_port: " + std::to_string(port) + "\n";
        exported.text += "    tls_pubkey_pinset:\n";
        for (const trust::PolicyPin& pin : entry.pins) {
            exported.text +=
                "      - digest: \"sha256\"\n        value: " + json_quoted(text::base64(pin.pin.octets())) + "\n";
        }
    }
    return exported;
}

}  // namespace cotter::formats
