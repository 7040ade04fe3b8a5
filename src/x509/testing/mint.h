// Makes certificates for tests: mint().leaf("db.example").signed_by(ca).expired(). Never linked into the product.
#pragma once

#include "x509/certificate.h"
#include "x509/openssl.h"
#include "x509/path.h"

#include <string>
#include <vector>

namespace cotter::x509::testing {

enum class MintKey : std::uint8_t {
    kP256,
    kP384,
    kP521,
    kEd25519,
    kRsa2048,
    kRsa3072,
    kRsa1024,
    kP192,
    kP256Compressed,
    kP256Explicit,
    kDsa
};

/// A private key and its certificate. Copies share the key.
class Minted {
  public:
    Minted(std::shared_ptr<EVP_PKEY> key, ByteVector der) : key_(std::move(key)), der_(std::move(der)) {}
    [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
    [[nodiscard]] std::shared_ptr<EVP_PKEY> shared_key() const { return key_; }
    [[nodiscard]] const ByteVector& der() const { return der_; }
    [[nodiscard]] Certificate certificate() const;  ///< aborts the test if cotter refuses to parse it
    [[nodiscard]] std::string pem() const;
    [[nodiscard]] std::string key_pem() const;  ///< PKCS#8, unencrypted

  private:
    std::shared_ptr<EVP_PKEY> key_;
    ByteVector der_;
};

/// A certificate in the making. Defaults: P-256, self-signed, version 3, valid from a day before to a year after
/// kMintNow, random serial, SHA-256.
class Mint {
  public:
    Mint& leaf(std::string dns_name);  ///< SAN dNSName, CN the same, EKU server and client, CA:false
    Mint& authority(std::string name, int path_length = -1);  ///< CA:true, keyCertSign and cRLSign
    Mint& signed_by(const Minted& issuer);
    Mint& key(MintKey kind);
    Mint& reuse_key(std::shared_ptr<EVP_PKEY> key);
    Mint& san_dns(std::string name);  ///< one more
    Mint& san_ip(std::string literal);
    Mint& san_uri(std::string uri);
    Mint& san_email(std::string address);
    Mint& no_san();
    Mint& common_name(std::string name);
    Mint& extended_key_usage(std::vector<std::string> short_names);  ///< "serverAuth", "clientAuth", …; empty: none
    Mint& key_usage(std::string openssl_text);                       ///< "digitalSignature"; empty: none
    Mint& is_ca(bool value);
    Mint& version(int version);
    Mint& serial(long serial);
    Mint& valid(Time from, Time until);
    Mint& expired();                 ///< ended a day before kMintNow
    Mint& not_yet_valid();           ///< begins a day after kMintNow
    Mint& digest(std::string name);  ///< "SHA1", "MD5", "SHA384"
    Mint& extension(std::string oid, bool critical, std::string hex_value);
    Mint& name_constraints(std::string openssl_text);  ///< "permitted;DNS:example.com"
    [[nodiscard]] Minted make() const;
    operator Minted() const { return make(); }  // NOLINT(google-explicit-constructor): reads as a sentence in tests

  private:
    struct Wishes;
    friend Mint mint();
    std::shared_ptr<Wishes> wishes_;
};

[[nodiscard]] Mint mint();

/// The instant at which minted certificates are in the middle of their lives: tests judge at it.
inline constexpr Time kMintNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};

/// A CRL of that issuer listing those serials; valid from a day before to a week after kMintNow unless told otherwise.
[[nodiscard]] CertificateRevocationList mint_crl(const Minted& issuer, const std::vector<Certificate>& revoked,
                                                 Time this_update = kMintNow - std::chrono::hours(24),
                                                 Time next_update = kMintNow + std::chrono::hours(168),
                                                 long number = 1);
[[nodiscard]] std::string mint_crl_pem(const Minted& issuer, const std::vector<Certificate>& revoked, Time this_update,
                                       Time next_update);

}  // namespace cotter::x509::testing
