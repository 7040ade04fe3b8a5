// CrlMemory: the newest CRL that has been seen of each issuer, so that an older one, however well signed and in its
// time, is not believed again (INVARIANT A112). Plain data; its file is evidence/crl_numbers.h.
#pragma once

#include "x509/path.h"

#include <array>
#include <compare>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct x509_st;

namespace cotter::x509 {

/// Whose certificates a CRL speaks of: its issuer by the key that signed it, and the part of them that its issuing
/// distribution point says. Numbers go up within that (RFC 5280 5.2.3).
struct CrlScope {
    std::array<std::byte, 32> issuer_key{};           ///< SHA-256 of the SubjectPublicKeyInfo
    std::optional<std::array<std::byte, 32>> part{};  ///< SHA-256 of the issuing distribution point; none: all
    auto operator<=>(const CrlScope&) const = default;
};

/// Which one it was.
struct CrlEdition {
    std::optional<std::string> number{};  ///< lower-case hex without leading zeros; a CRL need not have one
    Time this_update;
    std::array<std::byte, 32> digest{};  ///< SHA-256 of its DER
    bool operator==(const CrlEdition&) const = default;

    /// Whether the other came before: by number where both have one, or by time.
    [[nodiscard]] bool is_newer_than(const CrlEdition& other) const;
    [[nodiscard]] std::string to_string() const;  ///< "number 2a of 2026-11-24T00:00:00Z"
};

struct CrlSighting {
    CrlScope scope;
    CrlEdition edition;
};

/// When its successor is due.
[[nodiscard]] std::optional<Time> next_update_of(const CertificateRevocationList& crl);

/// What these CRLs are, where one of the certificates presented or an anchor has signed them, and they have begun at
/// `now`.
[[nodiscard]] std::vector<CrlSighting> sightings(const std::vector<CertificateRevocationList>& crls,
                                                 const std::vector<Certificate>& presented, const TrustAnchors& anchors,
                                                 Time now);

/// The edition in `memory` that is newer than this CRL, if `issuer`, decoded by OpenSSL as `decoded_issuer`, has signed
/// it: then it does not count. Null if there is none.
[[nodiscard]] const CrlEdition* newer_than(const CrlMemory& memory, const CertificateRevocationList& crl,
                                           const Certificate& issuer, x509_st* decoded_issuer);

}  // namespace cotter::x509
