// From Android's XML to entries.
#include "formats/android.h"
#include "formats/app_policy.h"
#include "formats/reading.h"
#include "formats/xml_reader.h"
#include "text/escape.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <unordered_set>

namespace cotter::formats {
namespace {

/// What a domain-config hands on to those inside.
struct Inherited {
    std::optional<std::vector<Pin>> pins;
    std::string expiration;  ///< of the pin-set; empty: none
    std::string anchors;     ///< the sources of the trust anchors but the system's, for people
    bool overrides_pins = false;
    bool enforces = true;
};

class ConfigReader {
  public:
    explicit ConfigReader(const XmlText& xml) : xml_(xml) {}

    Result<Imported> read() {
        const pugi::xml_node root = xml_.root();
        if (std::string_view(root.name()) != "network-security-config") {
            return xml_.refuse(root, "no_network_security_config", "it is XML, but no network-security-config");
        }
        note_unknown_attributes(root, {});
        Inherited base;
        if (auto done = read_base(root, base); !done) return unexpected(done.error());
        for (const pugi::xml_node child : elements(root)) {
            const std::string_view name = child.name();
            if (name == "domain-config") {
                if (auto done = read_domain_config(child, base); !done) return unexpected(done.error());
            } else if (name == "debug-overrides") {
                lose("debug_overrides", {}, "debug-overrides is for builds that are debugged: left out");
            } else if (name != "base-config") {
                note_unknown(child);
            }
        }
        if (!has_pins_) {
            return xml_.refuse(root, "no_pins", "there is no pin-set in it");
        }
        return std::move(imported_);
    }

  private:
    static std::vector<pugi::xml_node> elements(pugi::xml_node node) {
        std::vector<pugi::xml_node> result;
        for (const pugi::xml_node child : node.children()) {
            if (child.type() == pugi::node_element) result.push_back(child);
        }
        return result;
    }

    void lose(std::string code, std::string host, std::string message) {
        imported_.lost.push_back({std::move(code), std::move(host), std::move(message)});
    }
    void note_unknown(pugi::xml_node node) {
        lose("unknown_element", {}, "<" + text::escape(node.name(), 64) + "> is not known here: left out");
    }
    void note_unknown_attributes(pugi::xml_node node, std::initializer_list<std::string_view> known) {
        for (const pugi::xml_attribute attribute : node.attributes()) {
            const std::string_view name = attribute.name();
            if (std::ranges::find(known, name) != known.end() || name.starts_with("xmlns") ||
                name.starts_with("tools:"))
                continue;
            lose("unknown_attribute", {},
                 "the attribute " + text::escape(name, 64) + " of <" + text::escape(node.name(), 64) +
                     "> is not known here: left out");
        }
    }

    Result<std::optional<bool>> boolean(pugi::xml_node node, const char* name) const {
        const pugi::xml_attribute attribute = node.attribute(name);
        if (!attribute) return std::nullopt;
        const std::string_view value = attribute.value();
        if (value == "true") return true;
        if (value == "false") return false;
        return xml_.refuse(node, "bad_type", std::string(name) + " must be \"true\" or \"false\"");
    }

    Result<std::string> text_in(pugi::xml_node node) const {
        const auto text = only_text(node);
        if (!text) return xml_.refuse(node, "bad_type", "there are elements inside of a text");
        return std::string(trimmed(*text));
    }

    /// Android refuses a second base-config, and pins or domains inside of one.
    Result<void> read_base(pugi::xml_node root, Inherited& base) {
        bool has_base = false;
        for (const pugi::xml_node node : root.children("base-config")) {
            if (has_base) return xml_.refuse(node, "two_elements", "there is a second base-config");
            has_base = true;
            if (auto done = note_cleartext(node, {}); !done) return done;
            for (const pugi::xml_node child : elements(node)) {
                const std::string_view name = child.name();
                if (name == "trust-anchors") {
                    if (auto done = read_anchors(child, base); !done) return done;
                } else if (name == "pin-set" || name == "domain") {
                    return xml_.refuse(child, "bad_element",
                                       "a base-config holds no " + std::string(name) + ": it is of every host");
                } else {
                    note_unknown(child);
                }
            }
        }
        return {};
    }

    Result<void> note_cleartext(pugi::xml_node node, const std::string& host) {
        note_unknown_attributes(node, {"cleartextTrafficPermitted"});
        const auto permitted = boolean(node, "cleartextTrafficPermitted");
        if (!permitted) return unexpected(permitted.error());
        if (permitted->value_or(false)) {
            lose("cleartext", host, "connections without TLS are allowed there, and never here");
        }
        return {};
    }

    Result<void> read_anchors(pugi::xml_node node, Inherited& config) {
        note_unknown_attributes(node, {});
        config.anchors.clear();
        config.overrides_pins = false;
        for (const pugi::xml_node child : elements(node)) {
            if (std::string_view(child.name()) != "certificates") {
                note_unknown(child);
                continue;
            }
            note_unknown_attributes(child, {"src", "overridePins"});
            const std::string_view source = child.attribute("src").value();
            if (source.empty()) return xml_.refuse(child, "no_source", "certificates has no src");
            const auto overrides = boolean(child, "overridePins");
            if (!overrides) return unexpected(overrides.error());
            config.overrides_pins = config.overrides_pins || overrides->value_or(false);
            if (source != "system") {
                config.anchors += (config.anchors.empty() ? "" : ", ") + text::escape(source, 64);
            }
        }
        return {};
    }

    Result<void> read_pin_set(pugi::xml_node node, Inherited& config) {
        note_unknown_attributes(node, {"expiration"});
        config.pins.emplace();
        config.expiration = node.attribute("expiration").value();
        if (node.attribute("expiration")) {
            if (const auto end = beginning_of_day(config.expiration); !end)
                return placed(end.error(), xml_.place(node));
        }
        for (const pugi::xml_node child : elements(node)) {
            if (std::string_view(child.name()) != "pin") {
                note_unknown(child);
                continue;
            }
            auto pin = read_pin(child);
            if (!pin) return unexpected(pin.error());
            config.pins->push_back(std::move(*pin));
        }
        if (config.pins->empty()) {
            return xml_.refuse(node, "empty_pinset", "the pin-set is empty: for Android that is no pinning at all");
        }
        has_pins_ = true;
        return {};
    }

    Result<Pin> read_pin(pugi::xml_node node) {
        note_unknown_attributes(node, {"digest"});
        std::string digest = node.attribute("digest").value();
        std::ranges::transform(digest, digest.begin(),
                               [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
        if (digest != "SHA-256") {
            const bool is_weak = digest == "SHA-1" || digest == "SHA1" || digest == "MD5";
            return xml_.refuse(
                node, is_weak ? "pin_weak_digest" : "pin_unknown_form",
                is_weak ? "SHA-1 and MD5 can be forged and are not taken" : "Android's pins are of digest=\"SHA-256\"",
                "cotter pin FILE prints the SHA-256 pins of a certificate");
        }
        const auto text = text_in(node);
        if (!text) return unexpected(text.error());
        auto pin = pin_from_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, *text);
        if (!pin) return placed(pin.error(), xml_.place(node));
        return pin;
    }

    Result<void> read_trustkit(pugi::xml_node node, Inherited& config) {
        note_unknown_attributes(node, {"enforcePinning", "disableDefaultReportUri"});
        const auto enforces = boolean(node, "enforcePinning");
        if (!enforces) return unexpected(enforces.error());
        if (*enforces) config.enforces = **enforces;
        for (const pugi::xml_node child : elements(node)) {
            if (std::string_view(child.name()) == "report-uri") {
                lose("report_uri", {},
                     "reports to " + text::escape(child.child_value(), 200) + " are not sent from here");
            } else {
                note_unknown(child);
            }
        }
        return {};
    }

    // Depth is bounded by XmlText.
    // NOLINTNEXTLINE(misc-no-recursion)
    Result<void> read_domain_config(pugi::xml_node node, Inherited config) {
        std::vector<trust::HostPattern> hosts;
        std::unordered_set<std::string> seen;
        for (const pugi::xml_node child : elements(node)) {
            const std::string name = child.name();
            if ((name == "pin-set" || name == "trust-anchors") && !seen.insert(name).second) {
                return xml_.refuse(child, "two_elements", "there is a second " + name + " in one domain-config");
            }
            Result<void> done;
            if (name == "domain") {
                done = read_domain(child, hosts);
            } else if (name == "pin-set") {
                done = read_pin_set(child, config);
            } else if (name == "trust-anchors") {
                done = read_anchors(child, config);
            } else if (name == "trustkit-config") {
                done = read_trustkit(child, config);
            } else if (name != "domain-config") {
                note_unknown(child);
            }
            if (!done) return done;
        }
        if (hosts.empty()) return xml_.refuse(node, "no_domain", "the domain-config has no domain");
        if (auto done = note_cleartext(node, hosts.front().to_string()); !done) return done;
        for (trust::HostPattern& host : hosts) add_entry(std::move(host), config);
        for (const pugi::xml_node child : node.children("domain-config")) {
            if (auto done = read_domain_config(child, config); !done) return done;
        }
        return {};
    }

    Result<void> read_domain(pugi::xml_node node, std::vector<trust::HostPattern>& hosts) {
        note_unknown_attributes(node, {"includeSubdomains"});
        const auto below = boolean(node, "includeSubdomains");
        if (!below) return unexpected(below.error());
        const auto name = text_in(node);
        if (!name) return unexpected(name.error());
        if (name->contains('*')) {
            return xml_.refuse(node, "bad_host_name", "Android knows no wildcards: this names no host",
                               "write the parent with includeSubdomains=\"true\"");
        }
        auto host = trust::HostPattern::parse(*name, std::nullopt, below->value_or(false));
        if (!host) return placed(host.error(), xml_.place(node));
        if (!domains_.insert(host->base().to_string()).second) {
            return xml_.refuse(node, "duplicate_host", "the domain " + host->base().to_string() + " stands twice");
        }
        hosts.push_back(std::move(*host));
        return {};
    }

    void add_entry(trust::HostPattern host, const Inherited& config) {
        const std::string name = host.to_string();
        if (!config.anchors.empty()) {
            lose("trust_anchors", name,
                 "the trust anchors " + config.anchors +
                     " are not carried over: the chain is judged here by the system's trust store, or by --roots FILE");
        }
        if (!config.pins) {
            trust::ServerPolicy policy;
            policy.trust = trust::TrustMode::kChain;
            policy.mode = trust::Mode::kOff;
            imported_.entries.push_back({std::move(host), std::move(policy)});
            return;
        }
        trust::ServerPolicy policy = pins_in_a_chain();
        for (const Pin& pin : *config.pins) add_pin(policy, pin);
        if (config.overrides_pins) {
            lose("override_pins", name,
                 "overridePins lets chains to some trust anchors pass there without a pin; here a pin must match "
                 "always");
        }
        if (!config.expiration.empty()) {
            policy.expires = *beginning_of_day(config.expiration);
            policy.on_expiry = trust::OnExpiry::kChain;
            imported_.lost.push_back(local_midnight(name, config.expiration));
        }
        if (!config.enforces) {
            if (policy.expires) policy.mode = trust::Mode::kReport;
            lose("report_only", name,
                 policy.expires
                     ? "enforcePinning=\"false\" is TrustKit's; Android itself refuses a wrong pin"
                     : "enforcePinning=\"false\" only reports; without an end a policy doesn't, so a wrong pin "
                       "refuses here");
        }
        imported_.entries.push_back({std::move(host), std::move(policy)});
    }

    const XmlText& xml_;
    Imported imported_;
    std::unordered_set<std::string> domains_;
    bool has_pins_ = false;
};

}  // namespace

Result<Imported> import_android(std::string_view text, const ImportContext& context) {
    const auto xml = XmlText::parse(text, context.source);
    if (!xml) return unexpected(xml.error());
    return ConfigReader(*xml).read();
}

}  // namespace cotter::formats
