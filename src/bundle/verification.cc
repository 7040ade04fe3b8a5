// Counting keys, comparing octets and dates.
#include "bundle/verification.h"

#include "pin/digest.h"
#include "text/escape.h"
#include "text/time.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::bundle {
namespace {

std::string checking(std::string_view source) {
    return "checking " + text::escape(source, 300);
}

/// What a person should know of keys whose signatures count for nothing.
std::string unknown_kinds(const Root& root, const RoleKeys& role) {
    std::string schemes;
    for (const std::string& id : role.key_ids) {
        const Key& key = root.keys.at(id);
        if (!key.public_key()) schemes += (schemes.empty() ? "" : ", ") + key.scheme();
    }
    return schemes.empty() ? schemes : "; this cotter can't check what keys of these kinds sign: " + schemes;
}

}  // namespace

std::set<x509::CanonicalKey> signers(const Root& root, Role role, std::string_view canonical,
                                     const std::vector<Signature>& signatures) {
    std::set<x509::CanonicalKey> result;
    const RoleKeys& keys = root.roles.at(role);
    for (const Signature& signature : signatures) {
        if (std::ranges::find(keys.key_ids, signature.key_id) == keys.key_ids.end()) continue;
        const Key& key = root.keys.at(signature.key_id);
        if (key.has_signed(x509::as_bytes(canonical), signature.octets)) result.insert(key.public_key()->canonical());
    }
    return result;
}

Result<void> check_signatures(const Root& root, Role role, std::string_view canonical,
                              const std::vector<Signature>& signatures, std::string_view source) {
    const RoleKeys& keys = root.roles.at(role);
    const std::size_t count = signers(root, role, canonical, signatures).size();
    if (count >= keys.threshold) return {};
    return refused(Refusal::kUnderSigned, checking(source),
                   std::to_string(count) + " of the " + std::string(text_of(role)) +
                       " role's keys have signed it, and " + std::to_string(keys.threshold) + " must" +
                       unknown_kinds(root, keys),
                   "ask the bundle's owner; whoever sent this may not be him");
}

Result<void> check_content(const FileDescription& description, std::string_view content, Refusal refusal,
                           std::string_view source) {
    const std::string advice = "try again: it may just be changing; if it stays so, ask the bundle's owner";
    if (description.length && *description.length != content.size()) {
        return refused(refusal, checking(source),
                       "it has " + std::to_string(content.size()) + " octets, and " +
                           std::to_string(*description.length) + " were signed for",
                       advice);
    }
    for (const auto& [name, hash] : description.hashes) {
        const PinForm form = name == "sha256" ? PinForm::kSha256 : PinForm::kSha512;
        if (digest(form, x509::as_bytes(content)) != hash)
            return refused(refusal, checking(source), "its " + name + " is not the one that was signed for", advice);
    }
    return {};
}

Result<void> check_end(const Dated& file, x509::Time now, std::string_view source) {
    if (now < file.expires) return {};
    return refused(Refusal::kExpired, checking(source),
                   "it ended at " + text::rfc3339(file.expires) + ", and nothing younger is here",
                   "ask the bundle's owner to publish anew; if he has, somebody between keeps it from you");
}

}  // namespace cotter::bundle
