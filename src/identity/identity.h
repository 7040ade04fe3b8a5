// Identity: our own private key with its certificate. Made once in the state folder, or given as two files.
#pragma once

#include "x509/certificate.h"
#include "x509/openssl.h"

#include <cotter/error.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace cotter::identity {

enum class KeyChoice : std::uint8_t { kP256, kEd25519, kRsa3072 };
[[nodiscard]] std::optional<KeyChoice> key_choice_from(std::string_view text);  ///< "p256", "ed25519", "rsa3072"

[[nodiscard]] Result<std::shared_ptr<EVP_PKEY>> make_key(KeyChoice choice);

/// A private key and its certificate, as files.
struct KeyFiles {
    std::filesystem::path key;
    std::filesystem::path certificate;
};

/// Whose key it is that changes (succession.h, key_proof.h).
enum class KeyRole : std::uint8_t { kServer, kClient };

/// A key and the chain that goes with it, leaf first; the leaf is of that key. Copies share both.
class Identity {
  public:
    [[nodiscard]] const x509::Certificate& certificate() const { return chain_.front(); }
    [[nodiscard]] const std::vector<x509::Certificate>& chain() const { return chain_; }
    /// In OpenSSL's default library context; valid as long as this identity.
    [[nodiscard]] EVP_PKEY* private_key() const { return key_.get(); }
    [[nodiscard]] Pin pin() const;  ///< spki sha256

    /// Refuses a key and a chain that don't belong together, and a weak key.
    [[nodiscard]] static Result<Identity> from(std::shared_ptr<EVP_PKEY> key, std::vector<x509::Certificate> chain);

  private:
    Identity(std::shared_ptr<EVP_PKEY> key, std::vector<x509::Certificate> chain)
        : key_(std::move(key)), chain_(std::move(chain)) {}
    std::shared_ptr<EVP_PKEY> key_;
    std::vector<x509::Certificate> chain_;
};

/// What a symbolic link in the place of a key file means. Certificate tools lay out live/NAME/privkey.pem as a link, so
/// where a person names the file, its target counts: ours or root's, a regular file, private. In our own state folder
/// nobody but us makes files, so a link there is refused.
enum class KeyLink : std::uint8_t { kFollow, kRefuse };

/// Reads a PEM key (PKCS#8, PKCS#1 or SEC1, unencrypted; text and other blocks around it are passed over, a second key
/// is not) and a PEM chain. A key file that others can read, that belongs to another user, or that is encrypted is
/// refused, with the command to run; nobody is asked for a passphrase (INVARIANTS A78, A185, A186). No part of the key
/// is in any error (A157).
[[nodiscard]] Result<Identity> load_identity(const std::filesystem::path& key_file,
                                             const std::filesystem::path& certificate_file,
                                             KeyLink link = KeyLink::kFollow);

/// A fresh key and a self-signed certificate for it: version 3, CA:false, client and server authentication, 128-bit
/// random serial, valid for ten years from `now` less a day, subject CN "cotter".
[[nodiscard]] Result<Identity> make_identity(KeyChoice choice, x509::Time now);

/// The key of that file with a fresh self-signed certificate as make_identity() gives it: the same key, so the same
/// pins.
[[nodiscard]] Result<Identity> certify_key(const std::filesystem::path& key_file, x509::Time now,
                                           KeyLink link = KeyLink::kFollow);

}  // namespace cotter::identity
