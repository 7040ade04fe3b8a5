// PublicKey: a SubjectPublicKeyInfo read strictly, and CanonicalKey: the one name that a key has whatever its encoding.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace cotter::x509 {

enum class KeyType : std::uint8_t {
    kRsa,
    kRsaPss,
    kEcP256,
    kEcP384,
    kEcP521,
    kEcOther,
    kEd25519,
    kEd448,
    kDsa,
    kOther
};

/// Names a key by its mathematics, never by its encoding: SHA-256 over a label and the RSA modulus (the exponent left
/// out), or the curve and the affine point, or the Edwards octets. Denial and "one key, one name" go by it
/// (INVARIANTS A71, A73, A75, A76).
struct CanonicalKey {
    std::array<std::byte, 32> digest{};

    bool operator==(const CanonicalKey&) const = default;
    auto operator<=>(const CanonicalKey&) const = default;
};

/// A public key out of a certificate, CSR or key file. Holds its own copy of the exact SubjectPublicKeyInfo.
class PublicKey {
  public:
    /// Reads the DER of one SubjectPublicKeyInfo (RFC 5280 4.1.2.7; RFC 5480, 8410, 8017). Refused as malformed: what
    /// is not strict DER, explicit EC parameters, hybrid points, points off the curve, Edwards points for which anybody
    /// can sign (small order, not reduced), RSA with an even modulus or exponent (INVARIANTS A73, A101, A107).
    [[nodiscard]] static Result<PublicKey> parse(Bytes subject_public_key_info);

    [[nodiscard]] Bytes subject_public_key_info() const { return spki_; }
    /// The concrete key: content of the BIT STRING (RSAPublicKey, EC point, Edwards octets). A view into this object.
    [[nodiscard]] Bytes key_octets() const;
    [[nodiscard]] KeyType type() const { return type_; }
    [[nodiscard]] unsigned bits() const { return bits_; }
    /// Whether a `key` pin may match it: rsaEncryption, P-256/384/521 or Ed25519/Ed448 (INVARIANTS A74, A77).
    [[nodiscard]] bool binds_concrete_key() const;
    [[nodiscard]] const CanonicalKey& canonical() const { return canonical_; }
    /// "EC P-256", "RSA 3072", "Ed25519".
    [[nodiscard]] std::string description() const;
    /// Why it must not be relied on (RSA under 2048 or over 8192 bits, exponent under 65537 or over 64 bits, a modulus
    /// of ROCA's shape, DSA, a curve under 224 bits, an unknown algorithm), else nothing. INVARIANTS A101, A102, A104.
    [[nodiscard]] std::optional<std::string> weakness() const;
    /// Whether encoding the key afresh would give other bytes (compressed point, absent NULL): pins that other tools
    /// made of it will differ.
    [[nodiscard]] bool reencodes_differently() const { return reencodes_differently_; }

    bool operator==(const PublicKey& other) const { return spki_ == other.spki_; }

  private:
    PublicKey() = default;

    ByteVector spki_;
    std::size_t key_offset_ = 0;
    KeyType type_ = KeyType::kOther;
    unsigned bits_ = 0;
    CanonicalKey canonical_;
    std::optional<std::string> weakness_;
    bool reencodes_differently_ = false;
};

}  // namespace cotter::x509
