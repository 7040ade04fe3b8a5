// Reading a file with one private key, which may be under a passphrase.
#pragma once

#include "x509/unpack.h"

#include <cotter/error.h>

#include <openssl/types.h>

#include <filesystem>
#include <memory>

namespace cotter::authority {

/// The one private key of a PEM file that only we may read, and that is no link (INVARIANTS A129, A185). `ask` is
/// called only if it is encrypted. No part of the key is in any error (A157).
[[nodiscard]] Result<std::shared_ptr<EVP_PKEY>> read_key_file(const std::filesystem::path& file,
                                                              const x509::AskPassphrase& ask);

/// For keys that nobody ever encrypts: an Error instead of a question.
[[nodiscard]] x509::AskPassphrase never_ask(const std::filesystem::path& file);

}  // namespace cotter::authority
