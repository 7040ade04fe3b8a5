// TrustKit's dictionary, both ways.
#include "formats/trustkit.h"

#include "formats/app_policy.h"
#include "formats/document.h"
#include "formats/losses.h"
#include "formats/property_list_writer.h"
#include "formats/reading.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>

namespace cotter::formats {
namespace {

constexpr std::string_view kName = "TrustKit";
constexpr std::string_view kConfiguration = "TSKConfiguration";
constexpr std::string_view kDomains = "TSKPinnedDomains";
constexpr std::string_view kHashes = "TSKPublicKeyHashes";
constexpr std::string_view kEnforce = "TSKEnforcePinning";
constexpr std::string_view kSubdomains = "TSKIncludeSubdomains";
constexpr std::string_view kExpiration = "TSKExpirationDate";
constexpr std::string_view kExclude = "TSKExcludeSubdomainFromParentPolicy";
/// What TrustKit's code calls it, by a slip of the pen; its manual has the other.
constexpr std::string_view kExcludeInCode = "kSKExcludeSubdomainFromParentPolicy";
constexpr std::size_t kLeastEnforced = 2;

constexpr Room kRoom{.format = kName,
                     .names_hosts = true,
                     .subdomains = true,
                     .addresses = false,
                     .reports = true,
                     .ending = Ending::kOpen,
                     .path = Path::kAlways,
                     .positions = Positions::kAny};

class DictionaryReader {
  public:
    explicit DictionaryReader(const ImportContext& context) : context_(context) {}

    Result<Imported> read(const Document& root) {
        const auto configuration = configuration_of(root);
        if (!configuration) return unexpected(configuration.error());
        Fields fields(**configuration, context_.source);
        const auto domains = fields.map(kDomains);
        if (!domains) return unexpected(domains.error());
        if (auto done = read_settings(fields); !done) return unexpected(done.error());
        if (*domains == nullptr || (*domains)->items.empty()) {
            return fields.refuse(kDomains, "no_pins", "there are no TSKPinnedDomains in it");
        }
        for (std::size_t i = 0; i < (*domains)->items.size(); ++i) {
            if (auto done = read_domain((*domains)->keys[i], (*domains)->items[i]); !done) {
                return unexpected(done.error());
            }
        }
        if (auto done = check_exclusions(**domains); !done) return unexpected(done.error());
        return std::move(imported_);
    }

  private:
    Result<const Document*> configuration_of(const Document& root) const {
        if (!root.is_map()) return refuse_value(context_.source, root, "bad_type", "a dictionary is needed");
        const Document* const inner = root.find(kConfiguration);
        if (inner == nullptr) return &root;
        if (!inner->is_map()) return refuse_value(context_.source, *inner, "bad_type", "a dictionary is needed");
        return inner;
    }

    void lose(std::string code, std::string host, std::string message) {
        imported_.lost.push_back({std::move(code), std::move(host), std::move(message)});
    }
    void note_unread(const Fields& fields, const std::string& host) {
        for (const std::string& key : fields.unread()) {
            lose("unknown_key", host, "the key " + text::escape(key, 64) + " is not known here: left out");
        }
    }

    Result<void> read_settings(Fields& fields) {
        const auto swizzles = fields.boolean("TSKSwizzleNetworkDelegates");
        if (!swizzles) return unexpected(swizzles.error());
        const auto ignores = fields.boolean("TSKIgnorePinningForUserDefinedTrustAnchors");
        if (!ignores) return unexpected(ignores.error());
        if (ignores->value_or(false)) {
            lose("override_pins", {},
                 "TSKIgnorePinningForUserDefinedTrustAnchors lets chains to a person's own trust anchors pass there "
                 "without a pin; here a pin must match always");
        }
        note_unread(fields, {});
        return {};
    }

    Result<void> read_domain(const std::string& name, const Document& value) {
        if (!value.is_map()) return refuse_value(context_.source, value, "bad_type", "a domain has keys and values");
        Fields fields(value, context_.source);
        for (const std::string_view key : {kExclude, kExcludeInCode}) {
            const auto excludes = fields.boolean(key);
            if (!excludes) return unexpected(excludes.error());
            if (!*excludes) continue;
            if (value.keys.size() > 1) {
                return fields.refuse(key, "exclusion_with_keys",
                                     std::string(kExclude) + " stands alone, and here are other keys beside it");
            }
            if (**excludes) return add_excluded(name, value);
        }
        const auto below = fields.boolean(kSubdomains);
        if (!below) return unexpected(below.error());
        auto host = read_host(name, value, below->value_or(false));
        if (!host) return unexpected(host.error());
        auto policy = read_policy_of(fields, host->to_string());
        if (!policy) return unexpected(policy.error());
        imported_.entries.push_back({std::move(*host), std::move(*policy)});
        return {};
    }

    Result<trust::HostPattern> read_host(const std::string& name, const Document& value, bool below) const {
        const Place place = place_of(context_.source, value);
        if (name.contains('*')) {
            return refuse_place(place, "bad_host_name", "TrustKit knows no wildcards: this names no host",
                                "write the parent with TSKIncludeSubdomains");
        }
        auto host = trust::HostPattern::parse(name, std::nullopt, below);
        if (!host) return placed(host.error(), place);
        return host;
    }

    Result<trust::ServerPolicy> read_policy_of(Fields& fields, const std::string& host) {
        trust::ServerPolicy policy = pins_in_a_chain();
        const auto enforces = fields.boolean(kEnforce);
        if (!enforces) return unexpected(enforces.error());
        const auto expiration = fields.text(kExpiration);
        if (!expiration) return unexpected(expiration.error());
        const auto hashes = fields.texts(kHashes);
        if (!hashes) return unexpected(hashes.error());
        for (const Document* hash : *hashes) {
            auto pin = pin_from_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, hash->text);
            if (!pin) return placed(pin.error(), place_of(context_.source, *hash));
            add_pin(policy, std::move(*pin));
        }
        if (policy.pins.empty()) return fields.refuse(kHashes, "empty_pinset", "the domain has no TSKPublicKeyHashes");
        const bool is_enforced = enforces->value_or(true);
        if (is_enforced && policy.pins.size() < kLeastEnforced) {
            return fields.refuse(kHashes, "no_backup", "TrustKit doesn't load fewer than two pins of a domain",
                                 "make the next key now and add its pin");
        }
        if (*expiration) {
            const auto end = beginning_of_day(**expiration);
            if (!end) return fields.refuse(kExpiration, end.error().code, end.error().why, end.error().next);
            policy.expires = *end;
            policy.on_expiry = trust::OnExpiry::kChain;
            imported_.lost.push_back(local_midnight(host, **expiration));
        }
        if (!is_enforced && policy.expires) policy.mode = trust::Mode::kReport;
        if (!is_enforced && !policy.expires) {
            lose("report_only", host,
                 "TSKEnforcePinning = NO only reports; without an end a policy doesn't, so a wrong pin refuses here");
        }
        if (auto done = note_rest(fields, host); !done) return unexpected(done.error());
        return policy;
    }

    Result<void> note_rest(Fields& fields, const std::string& host) {
        // How TrustKit hashes, which is the same for every key now; and its own address for reports.
        if (const auto algorithms = fields.texts("TSKPublicKeyAlgorithms"); !algorithms) {
            return unexpected(algorithms.error());
        }
        if (const auto silent = fields.boolean("TSKDisableDefaultReportUri"); !silent)
            return unexpected(silent.error());
        const auto reports = fields.texts("TSKReportUris");
        if (!reports) return unexpected(reports.error());
        for (const Document* report : *reports) {
            lose("report_uri", host, "reports to " + text::escape(report->text, 200) + " are not sent from here");
        }
        if (fields.any("TSKAdditionalTrustAnchors") != nullptr) {
            lose("trust_anchors", host,
                 "TSKAdditionalTrustAnchors are not carried over: the chain is judged here by the system's trust "
                 "store, or "
                 "by --roots FILE");
        }
        note_unread(fields, host);
        return {};
    }

    Result<void> add_excluded(const std::string& name, const Document& value) {
        auto host = read_host(name, value, false);
        if (!host) return unexpected(host.error());
        trust::ServerPolicy policy;
        policy.trust = trust::TrustMode::kChain;
        policy.mode = trust::Mode::kOff;
        imported_.entries.push_back({std::move(*host), std::move(policy)});
        return {};
    }

    /// TrustKit doesn't load an exclusion from nothing.
    Result<void> check_exclusions(const Document& domains) const {
        for (const trust::PolicyEntry& entry : imported_.entries) {
            if (entry.policy.mode != trust::Mode::kOff || is_covered(entry.host, imported_.entries)) continue;
            return refuse_value(context_.source, domains, "exclusion_without_parent",
                                entry.host.to_string() + " is excluded, and no domain above it is pinned");
        }
        return {};
    }

    const ImportContext& context_;
    Imported imported_;
};

Result<void> write_domain(PropertyListWriter& list, const WritableEntry& entry, std::vector<Loss>& lost) {
    const trust::HostPattern& host = entry.entry->host;
    const bool is_enforced = entry.entry->policy.mode == trust::Mode::kEnforce;
    if (is_enforced && entry.pins.size() < kLeastEnforced) {
        return malformed("no_backup", "writing the entry of " + host.to_string() + " as TrustKit",
                         "TrustKit doesn't load fewer than two pins, and one can be written",
                         "make the next key now and add its pin with role = \"backup\"");
    }
    list.begin_dictionary(host.base().to_string());
    list.boolean(kSubdomains, host.includes_subdomains());
    list.boolean(kEnforce, is_enforced);
    list.begin_array(kHashes);
    for (const trust::PolicyPin& pin : entry.pins) list.text(text::base64(pin.pin.octets()));
    list.end();
    if (entry.expires) {
        const std::string day = day_from(*entry.expires);
        list.text(kExpiration, day);
        lost.push_back(local_midnight(host.to_string(), day));
    }
    list.end();
    return {};
}

}  // namespace

Result<Imported> import_trustkit(std::string_view text, const ImportContext& context) {
    const auto root = read_property_list_or_json(text, context.source);
    if (!root) return unexpected(root.error());
    return DictionaryReader(context).read(*root);
}

Result<Exported> export_trustkit(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    Exported exported;
    Room exclusions = kRoom;
    exclusions.subdomains = false;
    const auto [pinned, unpinned] = parted_by_mode(entries, exclusions, exported.lost);
    const auto writable_entries = writable(pinned, kRoom, now, exported.lost);
    if (!writable_entries) return unexpected(writable_entries.error());
    std::vector<const trust::PolicyEntry*> named;
    for (const WritableEntry& entry : *writable_entries) named.push_back(entry.entry);
    for (const trust::PolicyEntry& entry : unpinned) named.push_back(&entry);
    if (auto done = names_stand_once(named, kName); !done) return unexpected(done.error());

    PropertyListWriter list;
    list.begin_dictionary();
    list.begin_dictionary(kConfiguration);
    list.boolean("TSKSwizzleNetworkDelegates", true);
    list.begin_dictionary(kDomains);
    for (const WritableEntry& entry : *writable_entries) {
        if (auto done = write_domain(list, entry, exported.lost); !done) return unexpected(done.error());
    }
    for (const trust::PolicyEntry& entry : unpinned) {
        list.begin_dictionary(entry.host.base().to_string());
        list.boolean(kExcludeInCode, true);
        list.end();
    }
    list.end();
    list.end();
    list.end();
    exported.text = std::move(list).finish();
    return exported;
}

}  // namespace cotter::formats
