// Composition: metadata as an owner writes it: what is to be signed, and signing it.
#pragma once

#include "bundle/metadata.h"

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::bundle {

/// A private key with its public half.
struct SigningKey {
    std::shared_ptr<EVP_PKEY> key;
    Key half;

    [[nodiscard]] static Result<SigningKey> from(std::shared_ptr<EVP_PKEY> key);
};

// What is signed of each kind. Of `content` its version and end count, too.
[[nodiscard]] formats::Document to_sign(const Root& content);
[[nodiscard]] formats::Document to_sign(const Timestamp& content);
[[nodiscard]] formats::Document to_sign(const Snapshot& content);
[[nodiscard]] formats::Document to_sign(const Targets& content);

/// A file's text: what is signed with nobody's signature yet.
[[nodiscard]] std::string unsigned_file(formats::Document signed_part);

struct SignedFile {
    std::string text;
    std::size_t added = 0;  ///< signatures that were not there before
};

/// The same file with signatures of those keys that are the role's by one of `roots`: a new root is signed by the keys
/// of the one before it, too. Signatures that are there stay.
[[nodiscard]] Result<SignedFile> with_signatures(const std::string& file, Role role,
                                                 const std::vector<const Root*>& roots,
                                                 const std::vector<SigningKey>& keys);

/// How another file describes these octets.
[[nodiscard]] FileDescription describe(std::string_view content, std::uint64_t version = 0);

}  // namespace cotter::bundle
