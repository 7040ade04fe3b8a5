// Key: a public key as TUF's metadata has it, and signing with a private one. What it is named there is only a name:
// two ids may stand for one key, which is_same() tells (INVARIANT A139).
#pragma once

#include "formats/document.h"
#include "x509/public_key.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <openssl/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace cotter::bundle {

class Key {
  public:
    /// Reads a key object (specification 4.2): ed25519 in hex; ecdsa-sha2-nistp256 and -nistp384 in PEM, or as a point
    /// in hex, as early go-tuf wrote it; rsassa-pss-sha256 in PEM. A key of another kind is read, and nothing that it
    /// signs counts. Refused: one of a known kind that is malformed or weak.
    [[nodiscard]] static Result<Key> parse(const formats::Document& object, std::string_view source);

    /// The public half of a key of P-256, P-384, Ed25519 or RSA.
    [[nodiscard]] static Result<Key> of(const x509::PublicKey& key);

    /// SHA-256 of the object's canonical JSON, in hex: the name that we give a key.
    [[nodiscard]] const std::string& digest() const { return digest_; }
    [[nodiscard]] const formats::Document& object() const { return object_; }
    /// Nothing for a kind that this cotter doesn't know.
    [[nodiscard]] const std::optional<x509::PublicKey>& public_key() const { return public_key_; }
    [[nodiscard]] const std::string& scheme() const { return scheme_; }

    [[nodiscard]] bool has_signed(Bytes message, Bytes signature) const;

  private:
    Key() = default;
    formats::Document object_;
    std::string digest_;
    std::string scheme_;
    std::optional<x509::PublicKey> public_key_;
};

/// A signature by the scheme that Key::of() gives the key's public half.
[[nodiscard]] Result<ByteVector> sign(EVP_PKEY* key, Bytes message);

/// The public half of a private key.
[[nodiscard]] Result<x509::PublicKey> public_half(EVP_PKEY* key);

}  // namespace cotter::bundle
