// Packing: a private key as a file's content, plain or under a passphrase, alone or with its certificates. What
// x509/unpack.h opens.
#pragma once

#include "x509/certificate.h"
#include "x509/unpack.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <openssl/types.h>

#include <string>
#include <vector>

namespace cotter::x509 {

/// The content of a file that holds a private key; wiped when it goes.
class Packed {
  public:
    explicit Packed(ByteVector content) : content_(std::move(content)) {}
    Packed(Packed&& other) noexcept = default;
    Packed& operator=(Packed&& other) = delete;
    ~Packed();
    [[nodiscard]] Bytes content() const { return content_; }

  private:
    ByteVector content_;
};

/// PKCS#8 in PEM, unprotected (RFC 5958, RFC 7468 10).
[[nodiscard]] Result<Packed> key_pem(const EVP_PKEY* key);

/// Encrypted PKCS#8 in PEM (RFC 7468 11): PBES2 with AES-256-CBC and scrypt of N=2^14, r=8, p=5, the most memory that
/// OpenSSL's reader allows (RFC 7914).
[[nodiscard]] Result<Packed> encrypted_key_pem(const EVP_PKEY* key, const Passphrase& passphrase);

/// PKCS#12 (RFC 7292) with the key and its chain, leaf first: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256, and a MAC
/// by SHA-256, each of 600,000 rounds. `friendly_name`: what programs that import it show.
[[nodiscard]] Result<Packed> pkcs12(EVP_PKEY* key, const std::vector<Certificate>& chain,
                                    const std::string& friendly_name, const Passphrase& passphrase);

}  // namespace cotter::x509
