// RevocationReason: why a certificate is revoked, as CRLs and OCSP answers say it (RFC 5280 5.3.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cotter::x509 {

enum class RevocationReason : std::uint8_t {
    kUnspecified = 0,
    kKeyCompromise = 1,
    kCaCompromise = 2,
    kAffiliationChanged = 3,
    kSuperseded = 4,
    kCessationOfOperation = 5,
    kCertificateHold = 6,
    kRemoveFromCrl = 8,
    kPrivilegeWithdrawn = 9,
    kAaCompromise = 10,
};

/// In the RFC's words: "keyCompromise".
[[nodiscard]] std::string_view text_of(RevocationReason reason);
/// Nothing for a word, or a number, that is no reason.
[[nodiscard]] std::optional<RevocationReason> revocation_reason_of(std::string_view word);
[[nodiscard]] std::optional<RevocationReason> revocation_reason_of(std::int64_t number);

}  // namespace cotter::x509
