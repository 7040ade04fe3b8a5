// Envoy's validation context, both ways.
#include "formats/envoy.h"

#include "formats/document.h"
#include "formats/losses.h"
#include "formats/reading.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>
#include <array>

namespace cotter::formats {
namespace {

constexpr std::string_view kName = "Envoy";
constexpr std::string_view kSystemRoots = "/etc/ssl/certs/ca-certificates.crt";
constexpr PinKind kKinds[] = {{PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256},
                              {PinTarget::kCertificate, PinForm::kSha256}};
constexpr Room kRoom{.format = kName, .path = Path::kSaid, .positions = Positions::kLeaf, .kinds = kKinds};

/// A field of the message by its two spellings.
struct Spelling {
    std::string_view snake;
    std::string_view camel;
};
constexpr Spelling kSpki{"verify_certificate_spki", "verifyCertificateSpki"};
constexpr Spelling kHash{"verify_certificate_hash", "verifyCertificateHash"};
constexpr std::array kAuthorities{Spelling{"trusted_ca", "trustedCa"},
                                  Spelling{"ca_certificate_provider_instance", "caCertificateProviderInstance"},
                                  Spelling{"system_root_certs", "systemRootCerts"}};
/// What says nothing against what the pins mean here.
constexpr std::array kSilent{Spelling{"trust_chain_verification", "trustChainVerification"},
                             Spelling{"allow_expired_certificate", "allowExpiredCertificate"}};

bool has(const Document& value, const Spelling& field) {
    return value.find(field.snake) != nullptr || value.find(field.camel) != nullptr;
}

/// What stands beside a default context and is merged into it: an authority may come from there.
constexpr std::array kMerged{
    Spelling{"validation_context_sds_secret_config", "validationContextSdsSecretConfig"},
    Spelling{"validation_context_certificate_provider", "validationContextCertificateProvider"},
    Spelling{"validation_context_certificate_provider_instance", "validationContextCertificateProviderInstance"}};

/// A map that has pins, and whether another context is merged into it.
struct Found {
    const Document* map;
    bool is_merged;
};

/// The maps that have pins, wherever they stand. Depth is bounded by the reader.
// NOLINTNEXTLINE(misc-no-recursion)
void collect(const Document& value, bool is_merged, std::vector<Found>& into) {
    if (has(value, kSpki) || has(value, kHash)) into.push_back({&value, is_merged});
    const bool merges = std::ranges::any_of(kMerged, [&](const Spelling& field) { return has(value, field); });
    for (const Document& item : value.items) collect(item, merges, into);
}

class ContextReader {
  public:
    ContextReader(const Found& found, const ImportContext& context)
        : fields_(*found.map, context.source), is_merged_(found.is_merged), context_(context) {}

    Result<Imported> read() {
        auto host = host_from(context_, kName);
        if (!host) return unexpected(host.error());
        host_ = host->to_string();
        policy_.match = trust::Match::kLeaf;
        // What is merged in isn't seen here: it is taken to ask for a chain, which asks for more.
        const bool names_authority = std::ranges::any_of(kAuthorities, [&](const Spelling& field) {
            return fields_.any(field.snake) != nullptr || fields_.any(field.camel) != nullptr;
        });
        const bool has_authority = names_authority || is_merged_;
        policy_.trust = has_authority ? trust::TrustMode::kChainAndPins : trust::TrustMode::kPins;
        if (auto done = read_pins(kSpki, spki_pin); !done) return unexpected(done.error());
        if (auto done = read_pins(kHash, certificate_pin); !done) return unexpected(done.error());
        if (policy_.pins.empty()) return fields_.refuse({}, "empty_pinset", "the lists of pins are empty");
        if (has_authority) {
            lose("trust_anchors",
                 "the context's own CA is not carried over: the chain is judged here by the system's "
                 "trust store, or by --roots FILE");
            lose("host_name",
                 "the certificate's name is compared here with the host; Envoy compares it only with the "
                 "names that the context lists");
        }
        note_others();
        imported_.entries.push_back({std::move(*host), std::move(policy_)});
        return std::move(imported_);
    }

  private:
    static Result<Pin> spki_pin(std::string_view text) {
        return pin_from_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, text);
    }
    static Result<Pin> certificate_pin(std::string_view text) {
        return pin_from_hex(PinTarget::kCertificate, PinForm::kSha256, text, true);
    }

    Result<void> read_pins(const Spelling& field, Result<Pin> (*pin_of)(std::string_view)) {
        for (const std::string_view key : {field.snake, field.camel}) {
            const auto texts = fields_.texts(key);
            if (!texts) return unexpected(texts.error());
            for (const Document* text : *texts) {
                auto pin = pin_of(text->text);
                if (!pin) return placed(pin.error(), place_of(context_.source, *text));
                add_pin(policy_, std::move(*pin));
            }
        }
        return {};
    }

    /// What else the context says.
    void note_others() {
        for (const Spelling& field : kSilent) {
            for (const std::string_view key : {field.snake, field.camel}) {
                if (fields_.any(key) == nullptr) continue;
                lose(std::string(field.snake), std::string(field.snake) +
                                                   " is not carried over: what it lets pass is refused here, where the "
                                                   "chain is looked at");
            }
        }
        for (const std::string& key : fields_.unread()) {
            lose("unknown_key", text::escape(key, 64) +
                                    " is not carried over: what it asks for besides the pins is "
                                    "not asked for here");
        }
    }

    void lose(std::string code, std::string message) {
        imported_.lost.push_back({std::move(code), host_, std::move(message)});
    }

    Fields fields_;
    bool is_merged_;
    const ImportContext& context_;
    std::string host_;
    trust::ServerPolicy policy_;
    Imported imported_;
};

/// Envoy compares no host name by itself. A wildcard of a certificate counts for a name that is asked for exactly.
std::string name_rules(const trust::HostPattern& host, std::vector<Loss>& lost) {
    const auto rule = [](std::string_view type, std::string_view how, const std::string& name) {
        return "    - san_type: " + std::string(type) + "\n      matcher: {" + std::string(how) + ": " +
               json_quoted(name) + "}\n";
    };
    const std::string name = host.base().to_string();
    std::string rules = "  match_typed_subject_alt_names:\n";
    if (host.base().is_address()) return rules + rule("IP_ADDRESS", "exact", name);
    if (!host.is_wildcard()) rules += rule("DNS", "exact", name);
    if (host.is_wildcard() || host.includes_subdomains()) {
        rules += rule("DNS", "suffix", "." + name);
        lost.push_back({"host_name", host.to_string(),
                        "any name below " + name + " in a certificate counts there, whichever of them was asked for"});
    }
    return rules;
}

std::string pin_list(std::string_view key, const std::vector<std::string>& pins) {
    if (pins.empty()) return {};
    std::string text = "  " + std::string(key) + ":\n";
    for (const std::string& pin : pins) text += "    - " + json_quoted(pin) + "\n";
    return text;
}

}  // namespace

Result<Imported> import_envoy(std::string_view text, const ImportContext& context) {
    const auto documents = read_yaml(text, context.source);
    if (!documents) return unexpected(documents.error());
    std::vector<Found> contexts;
    for (const Document& document : *documents) collect(document, false, contexts);
    if (contexts.empty()) {
        return refuse_at(context, text, 0, "no_pins",
                         "there is neither verify_certificate_spki nor verify_certificate_hash in it");
    }
    if (contexts.size() > 1) {
        return refuse_value(context.source, *contexts[1].map, "two_lists", "there is a second context with pins",
                            "give the validation context of one connection alone");
    }
    return ContextReader(contexts.front(), context).read();
}

Result<Exported> export_envoy(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    Exported exported;
    const auto writable_entries = writable(entries, kRoom, now, exported.lost);
    if (!writable_entries) return unexpected(writable_entries.error());
    const WritableEntry& entry = writable_entries->front();
    std::vector<std::string> keys;
    std::vector<std::string> certificates;
    for (const trust::PolicyPin& pin : entry.pins) {
        if (pin.pin.target() == PinTarget::kCertificate) {
            certificates.push_back(text::hex(pin.pin.octets()));
        } else {
            keys.push_back(text::base64(pin.pin.octets()));
        }
    }
    exported.text = "validation_context:\n";
    if (entry.entry->policy.trust == trust::TrustMode::kChainAndPins) {
        exported.text += "  trusted_ca: {filename: " + json_quoted(kSystemRoots) + "}\n";
        exported.text += name_rules(entry.entry->host, exported.lost);
        exported.lost.push_back({"trust_anchors", entry.entry->host.to_string(),
                                 "the policy doesn't say whose chains are trusted: trusted_ca names Debian's trust "
                                 "store, change it to your own"});
    }
    exported.text += pin_list(kSpki.snake, keys) + pin_list(kHash.snake, certificates);
    return exported;
}

}  // namespace cotter::formats
