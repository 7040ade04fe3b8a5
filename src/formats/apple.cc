// NSPinnedDomains, both ways.
#include "formats/apple.h"

#include "formats/app_policy.h"
#include "formats/document.h"
#include "formats/losses.h"
#include "formats/property_list_writer.h"
#include "formats/reading.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <map>

namespace cotter::formats {
namespace {

constexpr std::string_view kName = "NSPinnedDomains";
constexpr std::string_view kSecurity = "NSAppTransportSecurity";
constexpr std::string_view kSubdomains = "NSIncludesSubdomains";
constexpr std::string_view kAuthorities = "NSPinnedCAIdentities";
constexpr std::string_view kLeaves = "NSPinnedLeafIdentities";
constexpr std::string_view kDigest = "SPKI-SHA256-BASE64";

constexpr Room kRoom{.format = kName,
                     .names_hosts = true,
                     .wildcards = true,
                     .subdomains = true,
                     .addresses = false,
                     .path = Path::kAlways,
                     .positions = Positions::kSaid};

class DomainsReader {
  public:
    explicit DomainsReader(const ImportContext& context) : context_(context) {}

    Result<Imported> read(const Document& root) {
        const Document* const security = root.find(kSecurity);
        const Document* const domains = (security == nullptr ? root : *security).find(kName);
        if (domains == nullptr) {
            return refuse_value(context_.source, root, "no_pins", "there are no NSPinnedDomains in it");
        }
        if (!domains->is_map() || domains->items.empty()) {
            return refuse_value(context_.source, *domains, "no_pins", "NSPinnedDomains has domains as keys");
        }
        for (std::size_t i = 0; i < domains->items.size(); ++i) {
            if (auto done = read_domain(domains->keys[i], domains->items[i]); !done) return unexpected(done.error());
        }
        return std::move(imported_);
    }

  private:
    Result<void> read_domain(const std::string& name, const Document& value) {
        if (!value.is_map()) return refuse_value(context_.source, value, "bad_type", "a domain has keys and values");
        Fields fields(value, context_.source);
        const auto below = fields.boolean(kSubdomains);
        if (!below) return unexpected(below.error());
        const auto authorities = fields.list(kAuthorities);
        if (!authorities) return unexpected(authorities.error());
        const auto leaves = fields.list(kLeaves);
        if (!leaves) return unexpected(leaves.error());
        const bool has_both = *authorities != nullptr && *leaves != nullptr && !(*authorities)->items.empty() &&
                              !(*leaves)->items.empty();
        if (has_both) {
            return fields.refuse(
                kLeaves, "two_lists",
                "pins of the server's own key and of a CA must match both there, and a policy asks for one "
                "pin",
                "keep NSPinnedLeafIdentities alone, or NSPinnedCAIdentities");
        }
        trust::ServerPolicy policy = pins_in_a_chain();
        const bool is_leaf = *leaves != nullptr && !(*leaves)->items.empty();
        policy.match = is_leaf ? trust::Match::kLeaf : trust::Match::kIssuer;
        const Document* const list = is_leaf ? *leaves : *authorities;
        if (list == nullptr || list->items.empty()) {
            return fields.refuse({}, "empty_pinset", "the domain " + text::escape(name, 100) + " has no pin");
        }
        for (const Document& item : list->items) {
            auto pin = read_pin(item);
            if (!pin) return unexpected(pin.error());
            add_pin(policy, std::move(*pin));
        }
        return add_entries(name, value, fields, below->value_or(false), policy);
    }

    Result<Pin> read_pin(const Document& item) const {
        const std::string wanted = "a pin is a dictionary with SPKI-SHA256-BASE64";
        if (!item.is_map()) return refuse_value(context_.source, item, "bad_type", wanted);
        Fields fields(item, context_.source);
        const auto text = fields.text(kDigest);
        if (!text) return unexpected(text.error());
        if (!*text) return fields.refuse({}, "no_pin", wanted);
        if (const auto unread = fields.unread(); !unread.empty()) {
            return fields.refuse(unread.front(), "unknown_key", "a pin has no key " + text::escape(unread.front(), 64));
        }
        auto pin = pin_from_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, **text);
        if (!pin) return placed(pin.error(), place_of(context_.source, *item.find(kDigest)));
        return pin;
    }

    Result<void> add_entries(const std::string& name, const Document& value, const Fields& fields, bool below,
                             const trust::ServerPolicy& policy) {
        const Place place = place_of(context_.source, value);
        if (name.contains('*')) {
            return refuse_place(place, "bad_host_name", "NSPinnedDomains knows no wildcards: this names no host",
                                "write the parent with NSIncludesSubdomains");
        }
        for (const bool is_wildcard : {false, true}) {
            if (is_wildcard && !below) continue;
            auto host = trust::HostPattern::parse((is_wildcard ? "*." : "") + name, std::nullopt, false);
            if (!host) return placed(host.error(), place);
            imported_.entries.push_back({std::move(*host), policy});
        }
        for (const std::string& key : fields.unread()) {
            imported_.lost.push_back({"unknown_key", imported_.entries.back().host.to_string(),
                                      "the key " + text::escape(key, 64) + " is not known here: left out"});
        }
        return {};
    }

    const ImportContext& context_;
    Imported imported_;
};

/// What is written under one name: the entry for it, the one for its wildcard, or one for both.
struct Domain {
    const WritableEntry* own = nullptr;
    const WritableEntry* wildcard = nullptr;
};

std::vector<Pin> pins_of(const WritableEntry& entry) {
    std::vector<Pin> pins;
    for (const trust::PolicyPin& pin : entry.pins) pins.push_back(pin.pin);
    return pins;
}

bool says_the_same(const WritableEntry& one, const WritableEntry& other) {
    return pins_of(one) == pins_of(other) && one.entry->policy.match == other.entry->policy.match;
}

Result<void> write_domain(PropertyListWriter& list, const std::string& name, const Domain& domain,
                          std::vector<Loss>& lost) {
    const WritableEntry& entry = domain.own != nullptr ? *domain.own : *domain.wildcard;
    const std::string host = entry.entry->host.to_string();
    if (domain.own != nullptr && domain.wildcard != nullptr && !says_the_same(*domain.own, *domain.wildcard)) {
        return malformed("one_name_twice", "writing the policy as NSPinnedDomains",
                         name + " and *." + name + " have other pins, and it has one list for both",
                         "keep one of them");
    }
    if (domain.own == nullptr) lost.push_back({"wildcard", host, "the pins count there for " + name + " itself, too"});
    const bool is_deep = entry.entry->host.includes_subdomains();
    if (is_deep) {
        lost.push_back({"subdomains", host, "one label more is covered there: deeper names are not pinned"});
    }
    const trust::Match match = entry.entry->policy.match;
    if (match == trust::Match::kAny) {
        lost.push_back({"match", host,
                        "the pins are written as those of CAs: one of the server's own key matches nothing there, and "
                        "belongs into NSPinnedLeafIdentities"});
    }
    list.begin_dictionary(name);
    list.boolean(kSubdomains, is_deep || domain.wildcard != nullptr);
    list.begin_array(match == trust::Match::kLeaf ? kLeaves : kAuthorities);
    for (const trust::PolicyPin& pin : entry.pins) {
        list.begin_dictionary();
        list.text(kDigest, text::base64(pin.pin.octets()));
        list.end();
    }
    list.end();
    list.end();
    return {};
}

}  // namespace

Result<Imported> import_apple(std::string_view text, const ImportContext& context) {
    const auto root = read_property_list_or_json(text, context.source);
    if (!root) return unexpected(root.error());
    return DomainsReader(context).read(*root);
}

Result<Exported> export_apple(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    Exported exported;
    const auto writable_entries = writable(entries, kRoom, now, exported.lost);
    if (!writable_entries) return unexpected(writable_entries.error());
    std::vector<const trust::PolicyEntry*> named;
    std::map<std::string, Domain> domains;
    for (const WritableEntry& entry : *writable_entries) {
        named.push_back(entry.entry);
        Domain& domain = domains[entry.entry->host.base().to_string()];
        (entry.entry->host.is_wildcard() ? domain.wildcard : domain.own) = &entry;
    }
    if (auto done = names_stand_once(named, kName); !done) return unexpected(done.error());

    PropertyListWriter list;
    list.begin_dictionary();
    list.begin_dictionary(kSecurity);
    list.begin_dictionary(kName);
    for (const auto& [name, domain] : domains) {
        if (auto done = write_domain(list, name, domain, exported.lost); !done) return unexpected(done.error());
    }
    list.end();
    list.end();
    list.end();
    exported.text = std::move(list).finish();
    return exported;
}

}  // namespace cotter::formats
