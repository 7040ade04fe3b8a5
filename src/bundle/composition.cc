// Writing and signing.
#include "bundle/composition.h"

#include "bundle/canonical_json.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/time.h"
#include "x509/openssl.h"

#include <algorithm>
#include <set>

namespace cotter::bundle {
namespace {

using formats::Document;

constexpr std::string_view kSpecification = "1.0.31";

Document dated(Role role, const Dated& content) {
    return json_object({{"_type", json_string(text_of(role))},
                        {"spec_version", json_string(kSpecification)},
                        {"version", json_number(content.version)},
                        {"expires", json_string(text::rfc3339(content.expires))}});
}

Document described(const FileDescription& description) {
    Document value = json_object({});
    if (description.version != 0) set_member(value, "version", json_number(description.version));
    if (description.length) set_member(value, "length", json_number(*description.length));
    Document hashes = json_object({});
    for (const auto& [name, octets] : description.hashes) set_member(hashes, name, json_string(text::hex(octets)));
    if (!description.hashes.empty()) set_member(value, "hashes", std::move(hashes));
    return value;
}

Document described(const std::map<std::string, FileDescription>& files) {
    Document value = json_object({});
    for (const auto& [name, description] : files) set_member(value, name, described(description));
    return value;
}

}  // namespace

Result<SigningKey> SigningKey::from(std::shared_ptr<EVP_PKEY> key) {
    const auto half = public_half(key.get());
    if (!half) return unexpected(half.error());
    auto as_key = Key::of(*half);
    if (!as_key) return unexpected(as_key.error());
    return SigningKey{std::move(key), std::move(*as_key)};
}

Document to_sign(const Root& content) {
    Document value = dated(Role::kRoot, content);
    set_member(value, "consistent_snapshot", json_boolean(content.consistent_snapshot));
    Document keys = json_object({});
    for (const auto& [id, key] : content.keys) set_member(keys, id, key.object());
    set_member(value, "keys", std::move(keys));
    Document roles = json_object({});
    for (const auto& [role, role_keys] : content.roles) {
        std::vector<Document> ids;
        ids.reserve(role_keys.key_ids.size());
        for (const std::string& id : role_keys.key_ids) ids.push_back(json_string(id));
        set_member(
            roles, text_of(role),
            json_object({{"keyids", json_list(std::move(ids))}, {"threshold", json_number(role_keys.threshold)}}));
    }
    set_member(value, "roles", std::move(roles));
    return value;
}

Document to_sign(const Timestamp& content) {
    Document value = dated(Role::kTimestamp, content);
    set_member(value, "meta", json_object({{"snapshot.json", described(content.snapshot)}}));
    return value;
}

Document to_sign(const Snapshot& content) {
    Document value = dated(Role::kSnapshot, content);
    set_member(value, "meta", described(content.files));
    return value;
}

Document to_sign(const Targets& content) {
    Document value = dated(Role::kTargets, content);
    set_member(value, "targets", described(content.targets));
    return value;
}

std::string unsigned_file(Document signed_part) {
    return json_text(json_object({{"signatures", json_list({})}, {"signed", std::move(signed_part)}}));
}

Result<SignedFile> with_signatures(const std::string& file, Role role, const std::vector<const Root*>& roots,
                                   const std::vector<SigningKey>& keys) {
    auto document = formats::read_json(file, "what is to be signed");
    if (!document) return unexpected(document.error());
    const Document* const signed_part = document->find("signed");
    const Document* const present = document->find("signatures");
    if (signed_part == nullptr || present == nullptr)
        return malformed("bad_metadata", "signing a part of a bundle", "it is no metadata");
    const auto canonical = canonical_json(*signed_part);
    if (!canonical) return unexpected(canonical.error());
    Document signatures = *present;
    SignedFile result;
    // By canonical key: the root may name the key as another implementation does.
    std::set<std::string> done;
    for (const Document& one : signatures.items) {
        if (const Document* const id = one.find("keyid")) done.insert(id->text);
    }
    for (const SigningKey& own : keys) {
        for (const Root* const root : roots) {
            for (const std::string& id : root->roles.at(role).key_ids) {
                const auto& listed = root->keys.at(id).public_key();
                if (!listed || listed->canonical() != own.half.public_key()->canonical() || done.contains(id)) continue;
                const auto octets = sign(own.key.get(), x509::as_bytes(*canonical));
                if (!octets) return unexpected(octets.error());
                signatures.items.push_back(
                    json_object({{"keyid", json_string(id)}, {"sig", json_string(text::hex(*octets))}}));
                done.insert(id);
                ++result.added;
            }
        }
    }
    set_member(*document, "signatures", std::move(signatures));
    result.text = json_text(*document);
    return result;
}

FileDescription describe(std::string_view content, std::uint64_t version) {
    return {version, content.size(), {{"sha256", digest(PinForm::kSha256, x509::as_bytes(content))}}};
}

}  // namespace cotter::bundle
