// A key that signs what this side publishes of itself: Ed25519, in a file of its own, made where there is none.
#pragma once

#include <cotter/error.h>

#include <openssl/types.h>

#include <filesystem>
#include <memory>

namespace cotter::identity {

/// The key in that file, which nobody else may read; written 0600 under `lock` if there is none.
[[nodiscard]] Result<std::shared_ptr<EVP_PKEY>> signing_key(const std::filesystem::path& file,
                                                            const std::filesystem::path& lock);

}  // namespace cotter::identity
