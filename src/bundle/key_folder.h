// KeyFolder: an owner's private keys, a file a key, named for the role that it signs for: "root.key", "targets.key". It
// lies apart from what is published; a role's keys may be moved elsewhere, and are brought back to sign.
#pragma once

#include "authority/key_file.h"
#include "bundle/composition.h"
#include "identity/identity.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cotter::bundle {

/// How the passphrase of that file is had.
using AskFor = std::function<x509::AskPassphrase(const std::filesystem::path& file)>;

class KeyFolder {
  public:
    explicit KeyFolder(std::filesystem::path path) : path_(std::move(path)) {}

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// A new key for the role, written 0600 into the folder, which is made 0700 where it isn't there; under the
    /// passphrase (PKCS#8, AES-256), where there is one. One that is there is never replaced.
    [[nodiscard]] Result<Key> make(Role role, identity::KeyChoice choice, const x509::Passphrase* passphrase) const;

    /// Those of the role: "ROLE.key" and "ROLE-ANYTHING.key". Others are not even opened.
    [[nodiscard]] Result<std::vector<SigningKey>> of(Role role, const AskFor& ask) const;

  private:
    std::filesystem::path path_;
};

/// A private key out of a file.
[[nodiscard]] Result<SigningKey> read_signing_key(const std::filesystem::path& file, const AskFor& ask);

/// A public key, or the public half of a private one that nothing encrypts, out of a file.
[[nodiscard]] Result<Key> read_public_key(const std::filesystem::path& file);

}  // namespace cotter::bundle
