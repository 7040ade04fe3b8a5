// Offer: what every context offers and takes, for people who ask.
#pragma once

namespace cotter::tls {

/// Lists in OpenSSL's names, joined by colons.
struct Offer {
    const char* suites_13;
    const char* suites_12;  ///< where TLS 1.2 is allowed at all
    const char* groups;
    const char* signatures;
    long most_certificate_octets;  ///< of the peer's Certificate message
};
[[nodiscard]] Offer offer();

}  // namespace cotter::tls
