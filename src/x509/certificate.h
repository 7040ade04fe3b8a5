// Certificate: one X.509 certificate read strictly from the bytes that came, immutable, cheap to copy. Path validation
// is x509/path.h; text and files are x509/pem.h.
#pragma once

#include "x509/public_key.h"

#include <cotter/bytes.h>
#include <cotter/error.h>
#include <cotter/pin.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cotter::x509 {

/// Wall-clock time in whole seconds (RFC 5280 4.1.2.5 knows no fractions).
using Time = std::chrono::sys_seconds;

enum class SanType : std::uint8_t { kDns, kIpAddress, kUri, kEmail, kOther };

/// One subjectAltName entry. `value`: the octets as in the certificate (4 or 16 for an address).
struct SubjectAltName {
    SanType type = SanType::kOther;
    std::string value;
    bool operator==(const SubjectAltName&) const = default;

    /// "DNS:a.example", "IP:192.0.2.1", escaped for a terminal or a log; cut where it is longer than any honest name.
    [[nodiscard]] std::string to_string() const;
    /// Whether to_string() says all of it, so that no other name reads the same.
    [[nodiscard]] bool is_told_whole() const;

    static constexpr std::size_t kMostName = 255;
    static constexpr std::size_t kMostUri = 2048;
};

/// Issuer name and serial number: how a certificate is denied (INVARIANTS A71, A117).
struct IssuerAndSerial {
    ByteVector issuer;  ///< DER of the Name
    ByteVector serial;  ///< INTEGER content without leading zero
    bool operator==(const IssuerAndSerial&) const = default;
    auto operator<=>(const IssuerAndSerial&) const = default;
};

class Certificate {
  public:
    /// Reads exactly one certificate. Copies `der`. Refused as malformed (the Error tells where): anything not strict
    /// DER, trailing bytes, inner and outer algorithm differing, negative or zero serial, duplicate extensions, times
    /// not in the Z form, a key that PublicKey refuses, a SAN with a control byte (INVARIANTS A70, A72, A73, A81, A94,
    /// A99, A121).
    [[nodiscard]] static Result<Certificate> parse(Bytes der);

    [[nodiscard]] Bytes der() const;  ///< the exact bytes; valid while any copy of this certificate lives
    [[nodiscard]] const PublicKey& public_key() const;
    [[nodiscard]] const IssuerAndSerial& issuer_and_serial() const;
    [[nodiscard]] Bytes subject() const;  ///< DER of the Name
    [[nodiscard]] Time not_before() const;
    [[nodiscard]] Time not_after() const;
    [[nodiscard]] bool is_ca() const;   ///< basicConstraints CA:true
    [[nodiscard]] int version() const;  ///< 1, 2 or 3
    [[nodiscard]] bool is_self_issued() const;
    [[nodiscard]] const std::vector<SubjectAltName>& subject_alternative_names() const;
    [[nodiscard]] std::string subject_text() const;  ///< RFC 4514, escaped for a terminal
    [[nodiscard]] std::string issuer_text() const;   ///< RFC 4514, escaped for a terminal
    [[nodiscard]] std::string serial_text() const;   ///< lower-case hex, no colons
    /// Why its own signature algorithm is too weak to be relied on (MD5, SHA-1, unknown), else nothing.
    [[nodiscard]] std::optional<std::string> signature_weakness() const;

    /// The value (content of the OCTET STRING) of the extension whose identifier has these content octets, else
    /// nothing; valid while any copy of this certificate lives. Nobody has looked into it yet.
    [[nodiscard]] std::optional<Bytes> extension(Bytes oid) const;

    /// This certificate's pin of that target and form, over the exact bytes received. A `key` pin of a key that
    /// binds_concrete_key() denies: nothing.
    [[nodiscard]] std::optional<Pin> pin(PinTarget target, PinForm form) const;
    /// Whether the pin is of this certificate; target, form and every octet count. Constant time in the digest.
    [[nodiscard]] bool matches(const Pin& pin) const;

    bool operator==(const Certificate& other) const;  ///< the same bytes

  private:
    struct Fields;
    explicit Certificate(std::shared_ptr<const Fields> fields) : fields_(std::move(fields)) {}
    std::shared_ptr<const Fields> fields_;
};

/// The same two questions for a bare key (no `cert` pins).
[[nodiscard]] std::optional<Pin> pin_of(const PublicKey& key, PinTarget target, PinForm form);
[[nodiscard]] bool matches(const PublicKey& key, const Pin& pin);

}  // namespace cotter::x509
