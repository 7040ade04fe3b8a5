// Whether enough of a role's keys have signed, and whether a file is the one that another describes.
#pragma once

#include "bundle/metadata.h"
#include "bundle/refusal.h"

#include <set>

namespace cotter::bundle {

/// The keys of the role that have signed these octets. By the key itself: one key under two ids counts once, and so
/// does one in two encodings (INVARIANT A139; specification 5, "Clients MUST NOT count the same key twice"). An id need
/// not be the digest of its key (TAP 12): it only says which key of the root's to try.
[[nodiscard]] std::set<x509::CanonicalKey> signers(const Root& root, Role role, std::string_view canonical,
                                                   const std::vector<Signature>& signatures);

/// Refusal::kUnderSigned where these are fewer than the role's threshold.
[[nodiscard]] Result<void> check_signatures(const Root& root, Role role, std::string_view canonical,
                                            const std::vector<Signature>& signatures, std::string_view source);

template <class Content>
[[nodiscard]] Result<void> check_signatures(const Root& root, const Signed<Content>& file, std::string_view source) {
    return check_signatures(root, Content::kRole, file.canonical, file.signatures, source);
}

/// Whether these are the octets that were described: length and every hash that is known here. Else the Error of that
/// refusal.
[[nodiscard]] Result<void> check_content(const FileDescription& description, std::string_view content, Refusal refusal,
                                         std::string_view source);

/// Refusal::kExpired once `now` has come to its end.
[[nodiscard]] Result<void> check_end(const Dated& file, x509::Time now, std::string_view source);

}  // namespace cotter::bundle
