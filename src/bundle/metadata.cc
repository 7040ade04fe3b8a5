// From JSON to types.
#include "bundle/metadata.h"

#include "bundle/canonical_json.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "text/time.h"

#include <algorithm>
#include <set>

namespace cotter::bundle {
namespace {

using formats::Document;
using formats::Fields;

constexpr std::size_t kMostKeyId = 128;

/// Reads what stands in an object, and says what is wrong with it.
class Reader {
  public:
    explicit Reader(std::string_view source) : source_(source) {}

    unexpected<Error> refuse(const Document& value, std::string why) const {
        return formats::refuse_value(source_, value, "bad_metadata", std::move(why));
    }

    Result<const Document*> object_in(const Document& outer, std::string_view key) const {
        const Document* const value = outer.find(key);
        if (value == nullptr) return refuse(outer, "it lacks " + std::string(key));
        if (!value->is_map()) return refuse(*value, std::string(key) + " must be an object");
        return value;
    }

    Result<std::string> text_in(const Document& outer, std::string_view key) const {
        Fields fields(outer, source_);
        const auto value = fields.text(key);
        if (!value) return unexpected(value.error());
        if (!*value) return refuse(outer, "it lacks " + std::string(key));
        return **value;
    }

    Result<std::uint64_t> positive_in(const Document& outer, std::string_view key) const {
        const Document* const value = outer.find(key);
        if (value == nullptr) return refuse(outer, "it lacks " + std::string(key));
        const auto number = whole_number(*value);
        if (!number || *number == 0) return refuse(*value, std::string(key) + " must be a whole number above 0");
        return *number;
    }

    Result<Dated> dated(const Document& content, Role role) const {
        const auto type = text_in(content, "_type");
        const auto specification = text_in(content, "spec_version");
        const auto version = positive_in(content, "version");
        const auto expires = text_in(content, "expires");
        if (!type) return unexpected(type.error());
        if (!specification) return unexpected(specification.error());
        if (!version) return unexpected(version.error());
        if (!expires) return unexpected(expires.error());
        if (*type != text_of(role)) {
            return refuse(content, "it says that it is " + text::escape(*type, 32) + " and should be " +
                                       std::string(text_of(role)));
        }
        if (!specification->starts_with("1."))
            return refuse(content, "it follows version " + text::escape(*specification, 32) +
                                       " of the specification, and this cotter reads 1");
        const auto time = text::parse_rfc3339(*expires);
        if (!time || !expires->ends_with('Z'))
            return refuse(*content.find("expires"), "expires must be a time such as 2027-06-01T00:00:00Z");
        return Dated{*version, *time};
    }

    Result<FileDescription> description(const Document& value) const {
        if (!value.is_map()) return refuse(value, "what describes a file must be an object");
        FileDescription description;
        if (const Document* const length = value.find("length")) {
            const auto number = whole_number(*length);
            if (!number) return refuse(*length, "length must be a whole number");
            description.length = number;
        }
        const Document* const hashes = value.find("hashes");
        if (hashes == nullptr) return description;
        if (!hashes->is_map()) return refuse(*hashes, "hashes must be an object");
        for (std::size_t i = 0; i < hashes->keys.size(); ++i) {
            const std::string& name = hashes->keys[i];
            const std::size_t size = name == "sha256" ? 32 : name == "sha512" ? 64 : 0;
            const auto digits = formats::text_of(hashes->items[i]);
            if (!digits) return refuse(hashes->items[i], "a hash must be a text");
            if (size == 0) continue;
            const auto octets = text::octets_of_hex(*digits);
            if (!octets || octets->size() != size) return refuse(hashes->items[i], "it is no " + name + " in hex");
            description.hashes.emplace(name, *octets);
        }
        // A hash that is there and can't be checked would be one that is passed over.
        if (description.hashes.empty()) return refuse(*hashes, "there is neither sha256 nor sha512");
        return description;
    }

    Result<FileDescription> versioned(const Document& value) const {
        auto result = description(value);
        if (!result) return result;
        const auto version = positive_in(value, "version");
        if (!version) return unexpected(version.error());
        result->version = *version;
        return result;
    }

    Result<RoleKeys> role(const Document& roles, Role which, const std::map<std::string, Key>& keys) const {
        const auto object = object_in(roles, text_of(which));
        if (!object) return unexpected(object.error());
        const auto threshold = positive_in(**object, "threshold");
        if (!threshold) return unexpected(threshold.error());
        Fields fields(**object, source_);
        const auto ids = fields.texts("keyids");
        if (!ids) return unexpected(ids.error());
        RoleKeys result{{}, *threshold};
        for (const Document* const id : *ids) {
            if (!keys.contains(id->text)) return refuse(*id, "this key is not among the keys");
            if (std::ranges::find(result.key_ids, id->text) != result.key_ids.end())
                return refuse(*id, "this key stands twice in one role");
            result.key_ids.push_back(id->text);
        }
        if (result.key_ids.size() < result.threshold)
            return refuse(**object, "it asks for more signatures than it has keys");
        return result;
    }

    Result<Root> content(const Document& value, Root root) const {
        const Document* const consistent = value.find("consistent_snapshot");
        if (consistent != nullptr && consistent->kind != Document::Kind::kBoolean)
            return refuse(*consistent, "consistent_snapshot must be true or false");
        root.consistent_snapshot = consistent != nullptr && consistent->is_true;
        const auto keys = object_in(value, "keys");
        const auto roles = object_in(value, "roles");
        if (!keys) return unexpected(keys.error());
        if (!roles) return unexpected(roles.error());
        for (std::size_t i = 0; i < (*keys)->keys.size(); ++i) {
            const std::string& id = (*keys)->keys[i];
            if (id.empty() || id.size() > kMostKeyId)
                return refuse((*keys)->items[i], "a key's id is empty or too long");
            auto key = Key::parse((*keys)->items[i], source_);
            if (!key) return unexpected(key.error());
            root.keys.emplace(id, std::move(*key));
        }
        for (const Role which : kRoles) {
            auto keys_of_role = role(**roles, which, root.keys);
            if (!keys_of_role) return unexpected(keys_of_role.error());
            root.roles.emplace(which, std::move(*keys_of_role));
        }
        return root;
    }

    Result<Timestamp> content(const Document& value, Timestamp timestamp) const {
        const auto meta = object_in(value, "meta");
        if (!meta) return unexpected(meta.error());
        const auto snapshot = object_in(**meta, "snapshot.json");
        if (!snapshot) return unexpected(snapshot.error());
        auto described = versioned(**snapshot);
        if (!described) return unexpected(described.error());
        timestamp.snapshot = std::move(*described);
        return timestamp;
    }

    Result<Snapshot> content(const Document& value, Snapshot snapshot) const {
        const auto meta = object_in(value, "meta");
        if (!meta) return unexpected(meta.error());
        for (std::size_t i = 0; i < (*meta)->keys.size(); ++i) {
            auto described = versioned((*meta)->items[i]);
            if (!described) return unexpected(described.error());
            snapshot.files.emplace((*meta)->keys[i], std::move(*described));
        }
        if (!snapshot.files.contains("targets.json")) return refuse(**meta, "it lacks targets.json");
        return snapshot;
    }

    Result<Targets> content(const Document& value, Targets targets) const {
        const auto files = object_in(value, "targets");
        if (!files) return unexpected(files.error());
        for (std::size_t i = 0; i < (*files)->keys.size(); ++i) {
            auto described = description((*files)->items[i]);
            if (!described) return unexpected(described.error());
            if (!described->length || described->hashes.empty())
                return refuse((*files)->items[i], "a target needs length and hashes");
            targets.targets.emplace((*files)->keys[i], std::move(*described));
        }
        targets.has_delegations = value.find("delegations") != nullptr;
        return targets;
    }

    Result<std::vector<Signature>> signatures(const Document& document) const {
        Fields fields(document, source_);
        const auto list = fields.list("signatures");
        if (!list) return unexpected(list.error());
        if (*list == nullptr) return refuse(document, "it lacks signatures");
        std::vector<Signature> result;
        std::set<std::string> seen;
        for (const Document& one : (*list)->items) {
            if (!one.is_map()) return refuse(one, "a signature must be an object");
            auto id = text_in(one, "keyid");
            const auto digits = text_in(one, "sig");
            if (!id) return unexpected(id.error());
            if (!digits) return unexpected(digits.error());
            if (!seen.insert(*id).second) return refuse(one, "one key's id stands twice among the signatures");
            // An empty one holds a place for who has yet to sign.
            const auto octets = digits->empty() ? ByteVector() : text::octets_of_hex(*digits);
            if (!octets) return refuse(one, "a signature is not in hex");
            result.push_back({std::move(*id), *octets});
        }
        return result;
    }

  private:
    std::string_view source_;
};

bool is_control(char character) {
    const auto octet = static_cast<unsigned char>(character);
    return octet < 0x20 || octet == 0x7f;
}

}  // namespace

std::string_view text_of(Role role) {
    switch (role) {
        case Role::kRoot: return "root";
        case Role::kTargets: return "targets";
        case Role::kSnapshot: return "snapshot";
        case Role::kTimestamp: return "timestamp";
    }
    return {};
}

std::optional<Role> role_from(std::string_view text) {
    for (const Role role : kRoles) {
        if (text == text_of(role)) return role;
    }
    return std::nullopt;
}

template <class Content>
Result<Signed<Content>> parse_metadata(std::string_view text, std::string_view source) {
    auto document = formats::read_json(text, source);
    if (!document) return unexpected(document.error());
    const Reader reader(source);
    if (!document->is_map()) return reader.refuse(*document, "it must be an object");
    const auto value = reader.object_in(*document, "signed");
    if (!value) return unexpected(value.error());
    auto signatures = reader.signatures(*document);
    if (!signatures) return unexpected(signatures.error());
    const auto dated = reader.dated(**value, Content::kRole);
    if (!dated) return unexpected(dated.error());
    Content begun;
    begun.version = dated->version;
    begun.expires = dated->expires;
    auto content = reader.content(**value, std::move(begun));
    if (!content) return unexpected(content.error());
    auto canonical = canonical_json(**value);
    if (!canonical) return unexpected(canonical.error());
    return Signed<Content>{std::move(*content), std::move(*canonical), std::move(*signatures), std::move(*document)};
}

template Result<Signed<Root>> parse_metadata<Root>(std::string_view, std::string_view);
template Result<Signed<Timestamp>> parse_metadata<Timestamp>(std::string_view, std::string_view);
template Result<Signed<Snapshot>> parse_metadata<Snapshot>(std::string_view, std::string_view);
template Result<Signed<Targets>> parse_metadata<Targets>(std::string_view, std::string_view);

bool is_target_name(std::string_view name) {
    constexpr std::size_t kMost = 256;
    if (name.empty() || name.size() > kMost) return false;
    if (std::ranges::any_of(name, [](char c) { return is_control(c) || c == '\\' || c == '%'; })) return false;
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t end = std::min(name.find('/', at), name.size());
        const std::string_view part = name.substr(at, end - at);
        if (part.empty() || part == "." || part == "..") return false;
        at = end + 1;
    }
    return true;
}

}  // namespace cotter::bundle
