// Alerts: how a verdict is told to the peer, and what a peer's alert tells us (RFC 8446 6.2).
#pragma once

#include "trust/verdict.h"

#include <cstdint>
#include <string_view>

namespace cotter::tls {

/// An alert description, by its number.
struct Alert {
    std::uint8_t number = 0;

    [[nodiscard]] std::string_view name() const;  ///< "certificate_unknown"; "unassigned" if RFC 8446 has none
    /// Whether a server says by it that it does not take this client's certificate.
    [[nodiscard]] bool refuses_certificate() const;

    bool operator==(const Alert&) const = default;
};

/// The X509_V_ERR_… that makes OpenSSL send the alert for this refusal. What the registry decides is always
/// certificate_unknown, so that a stranger can't tell an unknown key from a revoked or suspended one (INVARIANT A228);
/// a stale CRL is never told as an expired certificate.
[[nodiscard]] int verify_error_for(const trust::Verdict& refusal);

}  // namespace cotter::tls
